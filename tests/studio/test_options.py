"""How a studio is set up: what is unsafe is refused before anything is bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyart.errors import BadSetting, OutputProblem
from keyart.settings import Given
from keyart.studio import serve as serving
from keyart.studio.options import Studio
from keyart.studio.serve import options_of, serve

TOKEN = "correct horse battery staple"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert Studio(host=host).is_local


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.example.org"])
def test_anything_else_does(host: str) -> None:
    with pytest.raises(BadSetting, match="KEYART_STUDIO_TOKEN"):
        Studio(host=host)
    assert not Studio(host=host, token=TOKEN).is_local


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"token": "short"}, "at least 16"),
        ({"port": 70000}, "0 to 65535"),
        ({"jobs": 0}, "1 to 16"),
        ({"hosts": ("studio.example.org",)}, "needs a token"),
        ({"max_upload_gb": 0.0}, "more than 0"),
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(BadSetting, match=said):
        Studio(**wrong)  # type: ignore[arg-type]


def test_flags_win_over_environment_and_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "keyart.toml"
    config.write_text("[studio]\nport = 1111\njobs = 3\n[stills]\ncount = 5\n[studio.more]\n", "utf-8")
    with pytest.raises(BadSetting, match="no setting 'more'"):
        options_of([], config)
    config.write_text("[studio]\nport = 1111\njobs = 3\n[stills]\ncount = 5\n", "utf-8")
    monkeypatch.setenv("KEYART_STUDIO_PORT", "2222")
    monkeypatch.setenv("KEYART_STUDIO_TOKEN", TOKEN)
    found = options_of([Given("studio", "host", "0.0.0.0", "--host")], config)
    assert (found.port, found.jobs, found.host, found.token) == (2222, 3, "0.0.0.0", TOKEN)


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    held = serving._bound(Studio(port=0))
    with pytest.raises(BadSetting, match="try another --port"):
        serve(Studio(port=held.getsockname()[1], data=tmp_path))
    held.close()


def test_a_data_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputProblem, match="--data"):
        serve(Studio(port=0, data=tmp_path / "file"))

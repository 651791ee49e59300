"""A channel in effect, from the command line to the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyart.cli import main
from tests.conftest import ClipFactory, Take


def test_covers_of_a_channel_have_its_look_and_a_second_one_is_told_of_the_first(
    clip: ClipFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYART_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KEYART_CHANNEL", raising=False)
    video = clip(takes=(Take("scene-1", 1.0),), size_px=(160, 90))
    channel = tmp_path / "channel.toml"
    channel.write_text(
        'index = "channel.near"\n[font]\nname = "DejaVu Sans Bold"\n[palette]\naccent = "#ff5a36"\n'
        '[cover]\ntemplates = ["panel"]\n'
    )

    def made(name: str, text: str, *more: str) -> Path:
        folder = tmp_path / name
        words = ["covers", str(video), "--at", "0.5", "--text", text, "--presets", "youtube", "-o", str(folder), "-q"]
        assert main([*words, *more]) == 0
        return folder

    first = made("a.keyart", "The old bridge", "--channel", str(channel))
    assert capsys.readouterr().err == ""
    second = made("b.keyart", "Nine rules", "--channel", str(channel))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("keyart: covers/youtube_1.jpg is nearly the same as covers/youtube_1.jpg of a.keyart")
    for folder in (first, second):
        (product,) = (
            one for one in json.loads((folder / "package.json").read_text())["products"] if one["kind"] == "cover"
        )
        facts = product["receipt"]
        assert (facts["font"]["name"], facts["accent"], facts["template"]) == ("DejaVu Sans Bold", "#ff5a36", "panel")
        assert "near_covers" not in json.loads((folder / "package.json").read_text())
    assert json.loads((first / "run.json").read_text())["near_covers"] == []
    assert json.loads((second / "run.json").read_text())["near_covers"][0]["older"] == "a.keyart"
    third = made("c.keyart", "Nine rules", "--channel", "none")
    assert "near_covers" not in json.loads((third / "run.json").read_text())
    assert capsys.readouterr().err == ""

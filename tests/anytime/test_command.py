"""What `keyart make --budget` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keyart import cli
from keyart.anytime import Tried, Within, command

FOUND = {
    "titles": [{"text": "Ракета летит"}],
    "products": [{"kind": "cover", "path": "covers/a.jpg"}, {"kind": "cover", "path": "covers/b.jpg"}],
}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `make_within` is asked for; it answers with a sketch, or with what is put under `level`."""
    seen: dict[str, Any] = {"level": "sketch", "seconds": 1.25}
    (tmp_path / "index.html").write_text("")

    def make(video: Path, seconds: float, folder: Path, recipe: object, **named: Any) -> Within:
        seen.update(video=video, budget=seconds, folder=folder, recipe=recipe, **named)
        tried = (Tried("sketch", "made", 1.0), Tried("full", "passed over", 12.4))
        return Within(tmp_path, seen["level"], FOUND, seen["seconds"], tried)

    monkeypatch.setattr(command, "make_within", make)
    return seen


def test_it_says_what_came_and_what_more_time_would_bring(
    tmp_path: Path, asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["make", "a.mp4", "-o", str(tmp_path), "--budget", "2s", "--covers-count", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  Ракета летит"
    assert lines[1].split() == ["cover", "2", "covers/a.jpg", "..."]
    assert lines[2].split() == ["page", "1", "index.html"]
    assert lines[-1] == "a package of the level 'sketch', in 1.2 s; the whole one takes about 12 s"
    assert asked["budget"] == 2.0
    assert asked["recipe"].covers.count == 2
    assert asked["folder"] == tmp_path


def test_it_says_that_it_ran_over_and_that_it_is_whole(
    tmp_path: Path, asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    asked.update(seconds=1.5)
    assert cli.main(["make", "a.mp4", "-o", str(tmp_path), "--budget", "0.1s"]) == 0
    assert "in 1.5 s, 1.4 s over the budget" in capsys.readouterr().out
    asked.update(level="full", seconds=9.0)
    assert cli.main(["make", "a.mp4", "-o", str(tmp_path), "--budget", "1m"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "the whole package, in 9.0 s"


def test_json_is_the_manifest_and_quiet_is_nothing(
    tmp_path: Path, asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["make", "a.mp4", "-o", str(tmp_path), "--budget", "9s", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == FOUND
    assert cli.main(["make", "a.mp4", "-o", str(tmp_path), "--budget", "9s", "-q"]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_no_time_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["make", "a.mp4", "-o", str(tmp_path), "--budget", "soon"]) == 1
    assert capsys.readouterr().err.startswith("keyart: budget cannot be 'soon'; allowed is a time above 0")


def test_whatever_the_work_raises_is_told(tmp_path: Path) -> None:
    from keyart.anytime.within import _safely
    from tests.anytime import bodies

    said: list[dict[str, Any]] = []
    job: Any = None
    _safely(bodies.has_a_fault, job, lambda line: said.append(dict(line)))
    _safely(bodies.has_no_room, job, lambda line: said.append(dict(line)))
    assert [one.get("kind") for one in said] == ["Fault", None, "OutputProblem"]

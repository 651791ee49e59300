"""The report of groups from a file of headlines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.clusters import main
from keyart.titles.dedup import DEDUPERS

LINES = "Как сварить борщ дома\nКак сварить борщ\n\nПогода в Москве\n"


def test_every_way_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(LINES, "utf-8")
    picture = tmp_path / "a.png"
    assert main([str(tmp_path / "a.txt"), "--embedders", "letters", "--tau", "0.5", "-o", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(DEDUPERS)
    assert {one["masters"] for one in found.values()} == {2} and {one["above_tau"] for one in found.values()} == {0}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("одна\n", "utf-8")
    assert main([str(tmp_path / "a.txt")]) == 1 and "1 headlines" in capsys.readouterr().err
    (tmp_path / "a.txt").write_text(LINES, "utf-8")
    assert main([str(tmp_path / "a.txt"), "--embedders", "bart"]) == 1 and "bart" in capsys.readouterr().err

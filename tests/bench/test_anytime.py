"""How the bench of budgets tells whether more time has bought less."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench import anytime
from bench.anytime import Cell, falls
from bench.anytime_worth import Ruler, Worth, worth_of
from bench.report import markdown
from keyart.anytime import LEVELS
from tests.conftest import ClipFactory, Take

WORTH = Worth(parts=0.5, best_still=0.8, scores=(0.8, 0.7, 0.6), num_stills=3, covers=1, contrast=7.0, products=9)


def _cell(asked: str, worth: Worth | None, seconds: float = 1.0) -> Cell:
    return Cell("a.mp4", asked, "sketch" if worth else "", worth, 0.5, seconds)


def test_a_fall_is_named_and_nothing_before_something_is_none() -> None:
    cells = [_cell("1", None), _cell("2", WORTH), _cell("4", replace(WORTH, covers=0)), _cell("8", WORTH)]
    assert falls(cells, "covers") == ["a.mp4: 2 -> 4"]
    assert falls(cells, "parts") == []
    assert falls([_cell("1", WORTH), _cell("2", None)], "parts") == ["a.mp4: 1 -> 2"]
    assert falls([_cell("1", WORTH), _cell("2", replace(WORTH, best_still=0.79))], "best_still") == []


def test_as_many_stills_are_compared_as_both_offer() -> None:
    one = replace(WORTH, scores=(0.8,), num_stills=1)
    assert one.first_stills == 0.8 and WORTH.first_stills == pytest.approx(0.7)
    assert falls([_cell("1", one), _cell("2", WORTH)], "first_stills") == []
    worse = replace(WORTH, scores=(0.7, 0.9, 0.9))
    assert falls([_cell("1", one), _cell("2", worse)], "first_stills") == ["a.mp4: 1 -> 2"]
    assert falls([_cell("1", WORTH), _cell("2", None)], "first_stills") == ["a.mp4: 1 -> 2"]


def test_the_result_has_its_tables_and_survives_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [_cell(level.name, WORTH) for level in LEVELS] + [_cell("2", WORTH, 9.0)]
    result = anytime._result(cells, (2.0,))
    assert not any(result["falls"].values())
    assert result["facts"]["anytime_clips"] == "1"
    assert "| 2 s | 1 sketch | 9.0 s | 1 |" in markdown(result["tables"]["anytime_budgets"])
    assert markdown(result["tables"]["anytime_levels"]).count("\n") == 5
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(asdict(cell)) + "\n" for cell in cells))
    assert anytime._read(log) == cells


def test_the_ruler_tells_a_picture_from_black(clip: ClipFactory) -> None:
    ruler = Ruler(clip(takes=(Take("photo-astronaut", 1.0), Take("black", 1.0)), size_px=(320, 180)))
    good, black = ruler.scores([0.5, 1.5])
    assert good > black
    manifest = {
        "stills": [{"seconds": 0.5}, {"seconds": 1.5}, {"seconds": 0.0, "origin": "embedded cover"}],
        "shots": [1], "titles": [],
        "products": [{"kind": "cover", "receipt": {"readable": True, "contrast_at_138x77": 8.0}}],
    }  # fmt: skip
    worth = worth_of(manifest, ruler)
    assert (worth.best_still, worth.num_stills, worth.covers, worth.contrast) == (good, 2, 1, 8.0)
    assert worth.parts == pytest.approx(3 / 9, abs=0.001)

"""The scorer of shot boundaries, on ten numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.shots import Score, Truth, main, measure, score, truths
from tests.conftest import ClipFactory, Take


def test_hits_misses_and_false_ones() -> None:
    truth = Truth(cuts=(1.0, 2.0, 3.0, 4.0), gradual=((6.0, 7.0), (9.0, 9.5)), ignore=((11.0, 12.0),))
    found = [1.1, 2.0, 2.1, 3.2, 6.5, 6.6, 10.0, 11.5]
    one = score(found, truth)
    # 1.1 and 2.0 hit; 2.1 and 3.2 and 10.0 are false; 3.0 and 4.0 are missed; 6.5, 6.6 are one dissolve
    assert one == Score(hits=2, false=3, missed=2, gradual_hits=1, gradual_total=2)
    assert one.precision == pytest.approx(0.4) and one.recall == 0.5 and one.f1 == pytest.approx(4 / 9)


def test_each_boundary_answers_for_one_cut() -> None:
    assert score([1.0], Truth((0.9, 1.1))) == Score(hits=1, missed=1)
    assert score([0.95, 1.2], Truth((1.0, 1.1))) == Score(hits=2)


def test_nothing_is_perfect() -> None:
    assert score([], Truth(())).f1 == score([], Truth(())).precision == score([], Truth(())).recall == 1.0
    assert (Score(1, 2, 3, 4, 5) + Score(1, 1, 1, 1, 1)) == Score(2, 3, 4, 5, 6)


def test_truth_counts_from_the_first_picture(tmp_path: Path) -> None:
    one = {"cuts": [11.0], "gradual": [[12.0, 13.0]], "ignore": [[10.0, 10.5]]}
    path = tmp_path / "truth.json"
    path.write_text(json.dumps({"videos": {"a.ts": one, "b.mp4": one}}))
    read = truths(path, {"a.ts": 10.0})
    assert read["a.ts"] == Truth((1.0,), ((2.0, 3.0),), ((0.0, 0.5),)) and read["b.mp4"].cuts == (11.0,)


def test_from_video_to_json(clip: ClipFactory, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = clip(takes=(Take("scene-1", 1.0), Take("scene-2", 1.0)))
    one = {"cuts": [1.0], "gradual": [], "ignore": []}
    (tmp_path / "truth.json").write_text(json.dumps({"videos": {path.name: one}}))
    output = tmp_path / "results"
    assert not main(
        ["--truth", str(tmp_path / "truth.json"), "--videos", str(path.parent), "--parts", "-o", str(output)]
    )
    result = json.loads((output / "shots.json").read_text())
    assert result["total"]["f1"] == 1.0 and "1 hit" in capsys.readouterr().out
    assert measure({"a": path}, {"a": Truth(())})["total"]["false"] == 1

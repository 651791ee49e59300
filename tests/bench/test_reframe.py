"""The scorers of reframing on a few numbers; the published values where the annotations are at hand."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from bench.reframe import ANNOTATIONS, failures, ideal, is_cut, jitter, largest
from bench.reframe_scenes import GROUPS, scenes
from bench.retargetvid import (
    centre_run,
    counts,
    overlaps,
    people_against_each_other,
    score,
)
from keyart.learn.sets.retargetvid import read_annotators, read_run, read_windows
from keyart.models import have
from keyart.teasers.reframe import CameraPath, Pane, Part
from keyart.types import Box


def test_corners_are_inclusive_and_negative_ones_are_zero() -> None:
    one = np.array([[0.0, 0, 9, 9], [0, 0, 9, 9], [0, 0, 9, 9], [20, 0, 29, 9]])
    other = np.array([[0.0, 0, 9, 9], [5, 0, 14, 9], [-5, -358, 9, 9], [0, 0, 9, 9]])
    assert overlaps(one, other).tolist() == [1.0, pytest.approx(50 / 150), 1.0, 0.0]


def test_a_published_run_is_read_and_scored(tmp_path: Path) -> None:
    for number in range(1, 7):
        with zipfile.ZipFile(tmp_path / f"annotator_{number}.zip", "w") as archive:
            lines = f"{number},0,{number + 9},29\n" * 3
            archive.writestr(f"annotator_{number}/001_1-3.txt", lines)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "001_1-3.txt").write_text("1,-5,10,29\n" * 2)
    annotators = read_annotators(tmp_path, "1-3")
    run = read_run(tmp_path / "run", "1-3")
    found = score(run, annotators, counts(annotators))
    assert found.best == 100 and found.worst == pytest.approx(100 * 5 / 15) and found.videos == 1
    assert read_run(tmp_path / "run", "3-1") == {} and read_windows("1,2,3,4\n\n").tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize(("aspect", "people", "centre"), [("1-3", 67.8, 45.0), ("3-1", 82.6, 75.4)])
def test_known_values_are_reproduced(aspect: str, people: float, centre: float) -> None:
    if not (ANNOTATIONS / "annotator_1.zip").is_file():
        pytest.skip("no annotations of RetargetVid here")
    annotators = read_annotators(ANNOTATIONS, aspect)
    assert round(people_against_each_other(annotators, counts(annotators)), 1) == people
    assert round(score(centre_run(annotators, aspect), annotators, counts(annotators)).mean, 1) == centre


def test_the_ideal_window_stays_in_the_picture() -> None:
    assert largest((640, 360), (9, 16)) == (202.5, 360)
    assert ideal(Box(600, 100, 40, 40), (202.5, 360.0), (640, 360)) == Box(437.5, 0, 202.5, 360)
    assert ideal(Box(300, 100, 40, 40), (202.5, 360.0), (640, 360)).x == 320 - 101.25


def test_cut_heads_are_those_that_would_fit() -> None:
    window = Box(0, 0, 100, 100)
    assert is_cut(Box(80, 0, 40, 40), window) and not is_cut(Box(40, 0, 40, 40), window)
    assert not is_cut(Box(200, 0, 40, 40), window) and not is_cut(Box(50, 0, 140, 40), window)


def test_jitter_is_the_second_difference_in_windows() -> None:
    places = np.array([[0.0, 0], [0, 0], [50, 0], [50, 0]])
    pane = Pane(100, 100, np.arange(4) / 4, places)
    path = CameraPath(300, 100, 1, (Part(0, 0.75, "pan", 1, "", (pane,)),))  # type: ignore[arg-type]
    assert 0.5 / 0.25**2 * 0.8 < jitter(path, 100) <= 0.5 / 0.25**2 + 1e-6


def test_scenes_know_their_subject() -> None:
    if not all(have(name) for name in ("photo-coffee", "photo-hubble", "photo-rocket", "photo-astronaut")):
        pytest.skip("needs the sample photographs: keyart models pull samples")
    made = list(scenes())
    assert {scene.group for scene in made} == set(GROUPS) and len({scene.name for scene in made}) == len(made)
    ball = next(scene for scene in made if scene.group == "ball rolls")
    box, image = ball.subject(3.0), ball.image(3.0)
    red, green, _ = image[int(box.center[1]), int(box.center[0])].tolist()
    assert red > 2 * green and ball.heads(3.0) == []
    cut = next(scene for scene in made if scene.group == "cut to the other side")
    assert cut.subject(2.9).center[0] > 320 > cut.subject(3.1).center[0] and len(cut.heads(0.0)) == 1


def test_what_is_promised_is_checked() -> None:
    good = {"overlap": 60.0, "centre": 50.0, "jitter": 0.5, "cut_heads": 0}
    assert failures({"ball rolls": good}, 1.0) == []
    assert len(failures({"ball rolls": {**good, "overlap": 50.0, "jitter": 2.0, "cut_heads": 1}}, 1.0)) == 3
    assert failures({"subject in the middle": {**good, "overlap": 49.5}}, 1.0) == []

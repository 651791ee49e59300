"""Fields woven as recorders weave them, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pytest

from keyart.media.scan import Glimpse
from keyart.shots.structure import HYPOTHESES, Evidence, Hypothesis, StructureFinder, fields, vote
from keyart.types import Gray, VideoInfo
from tests.shots.test_boundaries import INFO

ROWS, COLUMNS = 160, 240
VIDEO = replace(INFO, coded_width_px=COLUMNS, coded_height_px=ROWS, frames_per_second=30.0)


@dataclass
class Sight:
    picture: Gray
    seconds: float

    def detail(self, width_px: int) -> Gray:
        assert width_px == COLUMNS
        return self.picture


def moment(when: float, speed: float, noise: float = 0.0) -> Gray:
    """A texture that drifts and sways: the whole picture at one moment, in frames."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    x = x - speed * when
    waves = np.sin(x / 9 + y / 31) + np.sin(x / 23 - y / 17) + np.sin((x + y) / 13)
    random = np.random.default_rng(round(1000 * when))
    return np.asarray(np.clip(128 + 35 * waves + random.normal(0, noise, waves.shape), 0, 255), np.uint8)


def woven(truth: Hypothesis, frames: int, speed: float, noise: float = 0.0) -> Iterator[Gray]:
    for number in range(frames):
        upper, lower = truth.moments(number)
        frame = moment(upper, speed, noise)
        frame[1::2] = moment(lower, speed, noise)[1::2]
        yield frame


def told(pictures: Iterator[Gray], info: VideoInfo = VIDEO, start_frame: int = 0) -> tuple[str, int | None]:
    finder = StructureFinder(info)
    for number, picture in enumerate(pictures):
        finder.see(cast(Glimpse, Sight(picture, number / 30)), number, changed=False)
    return finder.of(0.0, 99.0, start_frame)[:2]


@pytest.mark.parametrize(
    "truth", HYPOTHESES, ids=lambda one: f"{one.structure}-{one.phase}-{one.lower_first}-{one.evened:.1f}"
)
@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_every_structure_at_every_pace(truth: Hypothesis, speed: float) -> None:
    expected = (truth.structure, truth.phase if truth.structure == "pulldown" else None)
    assert told(woven(truth, 30, speed, noise=1.0)) == expected


@pytest.mark.parametrize("lower", [False, True])
def test_pulldown_tells_which_field_comes_first(lower: bool) -> None:
    finder = StructureFinder(VIDEO)
    for number, picture in enumerate(woven(Hypothesis("pulldown", 2, lower), 30, 3.0)):
        finder.see(cast(Glimpse, Sight(picture, number / 30)), number, changed=False)
    assert finder.of(0.0, 99.0, 0) == ("pulldown", 2, "bff" if lower else "tff")


def test_phase_counts_from_the_shot() -> None:
    assert told(woven(Hypothesis("pulldown", 3), 30, 3.0), start_frame=4) == ("pulldown", 2)


def test_still_pictures_are_taken_for_what_the_file_says() -> None:
    still = [moment(0.0, 0.0)] * 30
    assert told(iter(still)) == ("", None)
    assert told(iter(still), replace(VIDEO, field_order="bff")) == ("bff", None)


def test_small_pictures_and_gaps_tell_nothing() -> None:
    assert told(woven(Hypothesis("tff"), 30, 3.0), replace(VIDEO, coded_height_px=100)) == ("", None)
    tall = replace(VIDEO, coded_height_px=1536)  # never looked at: no standard has fields there
    assert told(woven(Hypothesis("tff"), 30, 3.0), tall) == ("progressive", None)
    finder = StructureFinder(VIDEO)
    for number, picture in enumerate(woven(Hypothesis("tff"), 12, 3.0)):
        finder.see(cast(Glimpse, Sight(picture, float(number))), number, changed=False)
    assert finder.of(0.0, 99.0, 0) == ("", None, "")


def test_each_shot_has_its_own() -> None:
    finder = StructureFinder(VIDEO)
    pictures = [*woven(Hypothesis("progressive"), 40, 3.0), *woven(Hypothesis("tff"), 40, 3.0)]
    for number, picture in enumerate(pictures):
        finder.see(cast(Glimpse, Sight(picture, number / 30)), number, changed=number == 40)
    assert finder.of(0.0, 40 / 30, 0)[0] == "progressive" and finder.of(40 / 30, 80 / 30, 40)[0] == "tff"


def test_a_shot_of_which_nothing_is_known_is_like_the_film() -> None:
    finder = StructureFinder(VIDEO)
    for number, picture in enumerate(woven(Hypothesis("tff"), 30, 3.0)):
        finder.see(cast(Glimpse, Sight(picture, number / 30)), number, changed=False)
    assert finder.of(50.0, 60.0, 1500) == ("tff", None, "tff")


@pytest.mark.parametrize(
    ("triple", "structure"), [((0, 2, 2), "progressive"), ((1, 3, 1), "tff"), ((1, 1, 3), "bff"), ((5, 9, 5), "tff")]
)
def test_a_triple_votes_for_its_pattern(triple: tuple[float, ...], structure: str) -> None:
    best, lead = sum((vote(triple, number) for number in range(5)), Evidence()).verdict()
    assert best is not None and best.structure == structure and lead > 0.1


def test_nothing_moves_nothing_votes() -> None:
    assert vote((1.0, 1.0, 1.0), 0).weight == 0 and Evidence().verdict() == (None, 0.0)


@pytest.mark.parametrize("columns", [240, 480, 720, 961, 1280, 1366, 1440, 1920])
def test_fields_are_means_of_columns(columns: int) -> None:
    plane = np.random.default_rng(columns).integers(0, 256, (ROWS, columns), dtype=np.uint8)
    each = -(-columns // 360)
    upper, _ = fields(plane)
    assert upper.shape == (ROWS // 2 - 2, columns // each)
    if columns % each == 0:
        means = plane.reshape(ROWS, columns // each, each).mean(axis=2)[0::2]
        raised = 0.75 * means[1:-1] + 0.25 * means[2:]
        assert np.abs(upper - raised).max() <= 1.01 and abs(float((upper - raised).mean())) < 0.3


def test_fields_meet_half_way() -> None:
    ramp = np.repeat(np.arange(ROWS, dtype=np.uint8)[:, None], COLUMNS, axis=1)
    upper, lower = fields(ramp)
    assert upper.shape == lower.shape and np.abs(upper.astype(int) - lower).max() <= 1

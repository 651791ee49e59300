"""Thresholds follow the video, down to floors; transitions are kept clear of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyart.errors import BadSetting
from keyart.stills.gate import MIN_SHARPNESS, Gate, shot_at, transition_distance
from keyart.types import Shot

from .conftest import sample_of

BLANK = sample_of(spread=0.0, contrast=0.0, entropy_bits=0.0, sharpness=0.0, brightness=0.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"sharpness": 5.0},
        {"blur_share": 0.75},
        {"blur_share": 0.59, "change": 0.1},
        {"brightness": 0.03},
        {"brightness": 0.97},
        {"contrast": 0.04},
        {"spread": 0.2},
        {"entropy_bits": 0.5},
    ],
)
def test_one_bad_frame_among_good_ones_does_not_pass(changes: dict[str, float]) -> None:
    good = [sample_of(number=n) for n in range(9)]
    bad = sample_of(number=9, **changes)
    assert Gate()([*good, bad]) == tuple(good)


def test_a_dark_soft_film_still_passes() -> None:
    dark = [sample_of(number=n, brightness=0.05, contrast=0.05, sharpness=6.0, blur_share=0.62) for n in range(9)]
    assert Gate()([*dark, BLANK]) == tuple(dark)
    limits = Gate().thresholds(dark)
    assert limits.dark == pytest.approx(0.025) and limits.contrast == pytest.approx(0.025)
    assert limits.sharp == pytest.approx(MIN_SHARPNESS) and limits.blur == pytest.approx(0.74)


def test_a_bright_screen_recording_still_passes() -> None:
    bright = [sample_of(number=n, brightness=0.96) for n in range(9)]
    assert len(Gate()(bright)) == 9


def test_blank_never_passes() -> None:
    assert Gate()([BLANK] * 20) == ()
    assert Gate(theta_sharp=0.0, brightness=(0.0, 1.0), theta_contrast=0.0)([BLANK]) == ()


def test_set_threshold_of_the_thesis_is_kept() -> None:
    samples = [sample_of(number=n, sharpness=100.0 * n) for n in range(5)]
    assert [sample.sharpness for sample in Gate(theta_sharp=250.0)(samples)] == [300.0, 400.0]


@pytest.mark.parametrize("changes", [{"brightness": (0.9, 0.1)}, {"sharp_share": 1.5}])
def test_wrong_settings_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        replace(Gate(), **changes)  # type: ignore[arg-type]


SHOTS = (
    Shot(0, 2, 0, 50, "start"),
    Shot(2, 4, 50, 100, "cut"),
    Shot(4, 9, 100, 225, "dissolve", 0.5),
)


@pytest.mark.parametrize(("seconds", "number"), [(0.0, 0), (1.99, 0), (2.0, 1), (8.9, 2), (12.0, 2)])
def test_shot_at(seconds: float, number: int) -> None:
    assert shot_at(seconds, SHOTS) == number
    assert shot_at(seconds, ()) == 0


@pytest.mark.parametrize(("seconds", "distance"), [(1.0, 1.0), (2.1, 0.1), (3.6, 0.0), (4.4, 0.0), (5.0, 0.5)])
def test_transition_distance(seconds: float, distance: float) -> None:
    assert transition_distance(seconds, SHOTS) == pytest.approx(distance)
    assert transition_distance(seconds, SHOTS[:1]) == float("inf")


def test_of_a_dissolve_half_its_length_may_count_on_either_side() -> None:
    assert transition_distance(3.6, SHOTS, 0.5) == pytest.approx(0.15)
    assert transition_distance(3.8, SHOTS, 0.5) == 0.0

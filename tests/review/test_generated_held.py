"""Frames that are held, by how much each pair of frames changes: what is a fault, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest

from keyart.review.generated.groups import smear_whole
from keyart.review.generated.held import Floats, halted, held_surely, held_whole

PAIRS = 59


def moving(seed: int = 3) -> Floats:
    """Changes of a clip that moves: about one per cent a pair, never the same twice."""
    return 1.0 + 0.15 * np.random.default_rng(seed).standard_normal(PAIRS)


def share(steps: Floats) -> float:
    return held_whole({"change": steps})["held_share"]


def frozen(steps: Floats, start: int, count: int, leap: float = 4.0) -> Floats:
    found = steps.copy()
    found[start : start + count] = 0.001
    if start + count < found.size:
        found[start + count] = leap
    return found


def test_what_moves_holds_nothing() -> None:
    assert share(moving()) == 0
    assert not held_surely(moving()).any()


@pytest.mark.parametrize("start", [0, 20, PAIRS - 12])
def test_a_freeze_is_held_wherever_it_lies(start: int) -> None:
    found = held_whole({"change": frozen(moving(), start, 12)})
    assert found["held_share"] == found["held_longest"]
    assert 0.7 * 12 / PAIRS < found["held_share"] <= 12 / PAIRS


def test_the_longer_the_freeze_the_more_is_held() -> None:
    shares = [share(frozen(moving(), 10, count)) for count in (2, 5, 10, 20, 30)]
    assert shares == sorted(set(shares))


def test_frames_in_the_place_of_others_are_held_though_they_lie_evenly() -> None:
    steps = moving()
    steps[4::5] = 0.01
    steps[5::5] *= 2  # the motion of two frames at once
    assert share(steps) > 0.1


def test_frames_given_twice_for_the_rate_are_not_held() -> None:
    """24 frames a second shown at 30: every fifth pair is of one frame, and what follows moves as ever."""
    steps = moving()
    steps[4::5] = 0.01
    assert share(steps) == 0
    uneven = moving()
    uneven[[3, 10, 12, 25, 31, 33, 47]] = 0.01
    assert share(uneven) > 0.05


def test_every_second_frame_may_as_well_be_a_fault() -> None:
    steps = moving()
    steps[1::2] = 0.01
    assert share(steps) > 0.3


def test_what_comes_to_rest_and_moves_off_again_is_not_held() -> None:
    """Long before the least change it slows down: what rests is never far below what lies beside it."""
    way = np.concatenate([np.geomspace(2.0, 0.02, 24), np.full(10, 0.018), np.geomspace(0.02, 2.0, 25)])
    assert share(way) < 0.02
    assert share(frozen(moving(), 24, 10, leap=1.0)) > 0.1


def test_an_encoder_s_faint_noise_hides_no_held_frame_after_which_the_picture_leaps() -> None:
    steps = 0.3 * moving()
    noisy = steps.copy()
    noisy[[9, 23, 30, 44]] = 0.035
    assert share(noisy) == 0  # a tenth of what is usual, and the picture goes on
    noisy[[10, 24, 31, 45]] *= 2.2
    assert share(noisy) > 0.5 * 4 / PAIRS * 0.5


def test_a_freeze_is_seen_by_its_leap_in_a_clip_in_which_hardly_anything_moves() -> None:
    steps = 0.1 * moving()
    assert share(frozen(steps, 20, 10, leap=0.1)) < 0.6 * share(frozen(steps, 20, 10, leap=3.0))


def test_what_stands_still_is_held_whole() -> None:
    assert share(np.zeros(PAIRS)) == 1.0
    assert held_whole({})["held_longest"] == 0.0


def test_a_freeze_and_the_leap_after_it_are_no_motion() -> None:
    off = halted(frozen(moving(), 20, 6))
    assert np.flatnonzero(off).tolist() == list(range(20, 27))
    assert not halted(moving()).any()
    assert halted(frozen(moving(), PAIRS - 6, 6)).sum() == 6  # no leap: the clip ends


def test_trails_are_not_read_off_a_freeze() -> None:
    """What sinks most is the leap after it."""
    steps, sinks = frozen(moving(), 20, 6), np.zeros(PAIRS - 1)
    sinks[26] = 50.0
    series = {"change": steps, "sinks_next": sinks, "moves_next": np.full(PAIRS - 1, 10.0)}
    assert smear_whole(series)["sinks"] == 0.0
    assert smear_whole({**series, "change": moving()})["sinks"] > 0.5

"""Key frames come the closer together the more happens."""

from __future__ import annotations

import pytest

from keyart.shots.keyframes import KeyFrameFinder
from tests.shots.test_activity import moved, texture


def finder_of(paces: list[float], rate: float = 25.0) -> KeyFrameFinder:
    """A picture that moves so many pixels from each frame to the next."""
    found, at = KeyFrameFinder(), 0.0
    for number, pace in enumerate(paces):
        at += pace
        found.see(number / rate, moved(texture(1, 72, 256), -at)[:, :128].copy())
    return found


def test_more_happens_more_key_frames() -> None:
    finder = finder_of([0.2] * 50 + [3.0] * 50)
    slow, fast = finder.of(0.0, 2.0, 0.2), finder.of(2.0, 4.0, 0.2)
    assert len(fast) > 2 * len(slow) and all(2.0 <= one < 4.0 for one in fast)


def test_still_shot_is_represented_by_its_middle() -> None:
    (middle,) = finder_of([0.0] * 50).of(0.0, 2.0, 1.0)
    assert middle == pytest.approx(1.0, abs=0.1)


def test_the_sum_starts_anew_with_each_shot() -> None:
    finder = finder_of([1.0] * 100)
    whole = finder.of(0.0, 4.0, 0.3)
    again = finder.of(whole[0], 4.0, 0.3)
    assert again == whole[1:]


def test_threshold_sets_the_distance() -> None:
    finder = finder_of([1.0] * 100)
    assert len(finder.of(0.0, 4.0, 0.1)) > len(finder.of(0.0, 4.0, 0.5)) >= 1


def test_nothing_seen_nothing_found() -> None:
    assert KeyFrameFinder().of(0.0, 1.0, 1.0) == ()


def test_pictures_that_change_size() -> None:
    finder = KeyFrameFinder()
    finder.see(0.0, texture(1))
    finder.see(1.0, texture(1, 45, 80))
    assert len(finder.of(0.0, 2.0, 1.0)) == 1

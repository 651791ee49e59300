"""Short dissolves, wipes and slow mixes; what looks like them and is none."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.shots.test_boundaries import mixed, scenery, starts, still, watch


def swaying(seed: int, frames: int) -> list[NDArray[np.float64]]:
    """A scene in which something always moves a little."""
    wide = np.concatenate([scenery(seed), scenery(seed + 50)], axis=1)
    return [wide[:, round(3 + 2 * np.sin(number / 4)) :][:, :64] for number in range(frames)]


def wipe(one: NDArray[Any], other: NDArray[Any], frames: int) -> list[NDArray[Any]]:
    found = []
    for number in range(1, frames + 1):
        picture = one.copy()
        edge = round(64 * number / (frames + 1))
        picture[:, :edge] = other[:, :edge]
        found.append(picture)
    return found


@pytest.mark.parametrize("frames", [2, 3, 4])
def test_dissolve_of_few_frames(frames: int) -> None:
    found = watch([*still(1, 30), *mixed(scenery(1), scenery(2), frames), *still(2, 30)]).shots(0)
    assert [shot.transition for shot in found] == ["start", "dissolve"]
    assert found[1].start == pytest.approx((30 + frames) / 25, abs=0.09)
    assert found[1].transition_seconds == pytest.approx((frames + 1) / 25, abs=0.05)


def test_jerk_of_the_camera_is_no_short_dissolve() -> None:
    wide = np.concatenate([scenery(seed) for seed in range(4)], axis=1)
    path = [0] * 30 + [25, 50, 75, 100] + [100 + 6 * step for step in range(1, 14)]
    assert not [one for one in starts(watch([wide[:, at : at + 64] for at in path])) if one[1] == "dissolve"]


def test_short_mix_with_something_that_goes_again() -> None:
    there = mixed(scenery(1), scenery(2), 2)
    assert starts(watch([*still(1, 30), *there, scenery(2), *there[::-1], *still(1, 30)])) == []


@pytest.mark.parametrize("frames", [8, 15, 25])
def test_wipe(frames: int) -> None:
    pictures = [*still(1, 40), *wipe(scenery(1), scenery(2), frames), *still(2, 40)]
    found = watch(pictures).shots(0)
    assert [shot.transition for shot in found] == ["start", "wipe"]
    assert found[1].start == pytest.approx((40 + frames / 2) / 25, abs=0.12)
    assert found[1].transition_seconds == pytest.approx(frames / 25, rel=0.4)


def test_something_that_walks_through_is_no_wipe() -> None:
    passing = []
    for left in range(-24, 64, 3):
        picture = scenery(1)
        picture[:, max(0, left) : left + 24] = scenery(2)[:, max(0, left) : left + 24]
        passing.append(picture)
    assert starts(watch([*still(1, 40), *passing, *still(1, 40)])) == []


def test_slow_mix_of_moving_scenes() -> None:
    one, two = swaying(1, 80), swaying(2, 80)
    shares = [min(1.0, max(0.0, (number - 40) / 25)) for number in range(80)]
    frames = [(1 - share) * a + share * b for a, b, share in zip(one, two, shares, strict=True)]
    assert [kind for _, kind in starts(watch(frames))] == ["dissolve"]


def test_boundaries_keep_apart() -> None:
    frames = [*still(1, 30), *mixed(scenery(1), scenery(2), 3), *still(2, 30), *wipe(scenery(2), scenery(4), 12)]
    found = starts(watch([*frames, *still(4, 30)]))
    assert [kind for _, kind in found] == ["dissolve", "wipe"] and all(b[0] > a[0] for a, b in pairwise(found))

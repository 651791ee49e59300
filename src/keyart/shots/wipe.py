"""Wipes: between two pictures each block changes from one to the other at once, a few at a time, and stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_CHANGED = 12.0
"""Grey levels by which a block must differ between the ends to be told apart in between."""
_MIN_CHANGED, _MIN_SETTLED = 0.5, 0.66
_NEAR = 0.3
"""Of the way from the one picture to the other."""
_MAX_BACK, _MAX_AT_ONCE = 0.1, 0.5
_BEGUN, _DONE = 0.06, 0.94


def wipe_extent(pictures: Sequence[Floats]) -> tuple[int, int] | None:
    """Block means from a quiet frame before to a quiet one after -> places of the last and first clean frame.

    None where this is no wipe: blocks that are neither the one picture nor the other (motion, a mix), or all at once.
    """
    before, after = pictures[0], pictures[-1]
    way = after - before
    told = np.abs(way) > _CHANGED
    if len(pictures) < 5 or told.mean() < _MIN_CHANGED:
        return None
    shares = (np.stack(pictures)[:, told] - before[told]) / way[told]
    new = np.abs(shares - 1) < _NEAR
    settled = (new | (np.abs(shares) < _NEAR)).mean(axis=1)
    gone = new.mean(axis=1)
    steps = np.diff(gone)
    if settled.min() < _MIN_SETTLED or steps.max() > _MAX_AT_ONCE or steps.min() < -_MAX_BACK:
        return None
    if (np.maximum.accumulate(new, axis=0) & ~new).mean(axis=1).max() > 2 * _MAX_BACK:
        return None
    between = (gone > _BEGUN) & (gone < _DONE)
    if between.sum() < 3:
        return None
    # the ends are blurred by what moves in either picture: the middle of the way tells the pace
    early, late = (float(np.argmax(gone >= share)) for share in (0.25, 0.75))
    pace = max(1.0, late - early)
    begun, done = early - pace / 2, late + pace / 2
    return max(0, round(begun)), min(round(done), len(gone) - 1)

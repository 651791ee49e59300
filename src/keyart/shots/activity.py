"""How much happens between two pictures: motion, what motion does not explain, and both in one number. D5.4 §3.5.

    AMM(I, J)  mean length of the motion vectors between I and J (Dense Inverse Search, Kroeger 2016)
    SWR(I, J)  1 - normalised cross-correlation of I with J warped back along them: light that flickers does not count
    ACT(I, J)  their geometric mean

Departures from the source, which gives no sizes: vectors are measured in hundredths of the picture's longer side, so
that a threshold holds at every resolution, and two even pictures are alike (their correlation is not defined).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from keyart.types import Gray

_UNSEEN_VARIANCE = 4.0
"""Grey levels squared: pictures that vary less than this are even, whatever their noise says."""
_LEAST_SIDE_PX = 16
"""Dense Inverse Search wants room for two of its patches."""
_SMALL_PX = 128
"""Below this the preset's own finest scale leaves too few patches."""
_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Activity:
    """What lies between two pictures."""

    amm: float
    """Mean motion in hundredths of the longer side."""
    swr: float
    """Dissimilarity after motion compensation, 0 ... 2."""

    @property
    def act(self) -> float:
        return sqrt(self.amm * self.swr)


STILL = Activity(0.0, 0.0)


def activity(one: Gray, other: Gray) -> Activity:
    """Between two pictures of one size. Raises `ValueError` where their sizes differ."""
    if one.shape != other.shape:
        raise ValueError(f"activity is measured between pictures of one size, not {one.shape} and {other.shape}")
    field = motion(one, other)
    # the field is smooth: every second vector of every second row tells its mean
    length = 100 * float(np.hypot(field[::2, ::2, 0], field[::2, ::2, 1]).mean()) / max(one.shape)
    return Activity(length, dissimilarity(one, warped(other, field)))


def motion(one: Gray, other: Gray) -> NDArray[np.float32]:
    """(height, width, 2): where each pixel of `one` went in `other`, x and y in pixels; zero where there is no room."""
    import cv2

    if min(one.shape) < _LEAST_SIDE_PX:
        return np.zeros((*one.shape, 2), np.float32)
    # made anew: its state outlives a call, and the same two pictures must always give the same field
    flow: Any = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)  # type: ignore[attr-defined]
    flow.setFinestScale(1 if max(one.shape) < _SMALL_PX else 2)
    return np.asarray(flow.calc(np.ascontiguousarray(one), np.ascontiguousarray(other), None), np.float32)


def warped(picture: Gray, field: NDArray[np.float32]) -> Gray:
    """`picture` brought back along the field to where the other one was."""
    import cv2

    places, both_in_one = field + _places(*picture.shape), cast(Any, None)
    return np.asarray(
        cv2.remap(picture, places, both_in_one, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


@lru_cache(maxsize=8)
def _places(rows: int, columns: int) -> NDArray[np.float32]:
    """(rows, columns, 2): x and y of each pixel."""
    return np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(np.float32)


def dissimilarity(one: Gray, other: Gray) -> float:
    """1 - normalised cross-correlation: 0 for the same picture in another light, 1 for unrelated ones, 2 at most."""
    import cv2

    count = one.size
    mean, other_mean = cv2.mean(one)[0], cv2.mean(other)[0]
    varies = max(0.0, cv2.norm(one, cv2.NORM_L2SQR) / count - mean * mean)
    other_varies = max(0.0, cv2.norm(other, cv2.NORM_L2SQR) / count - other_mean * other_mean)
    apart = cv2.norm(one, other, cv2.NORM_L2SQR) / count
    # |a - b|^2 = var a + var b - 2 cov + (mean a - mean b)^2
    together = (varies + other_varies + (mean - other_mean) ** 2 - apart) / 2
    most = sqrt((varies + _UNSEEN_VARIANCE) * (other_varies + _UNSEEN_VARIANCE))
    return max(0.0, 1 - (together + _UNSEEN_VARIANCE) / most)


class Measures:
    """Activities asked for by the names of two pictures: measured at the first asking, then remembered.

    `picture(name)` is called only for what has to be measured. `counted` says how often that was.
    """

    def __init__(self, picture: Callable[[Hashable], Gray], most_kept: int = _MOST_KEPT) -> None:
        self._picture, self._most_kept = picture, most_kept
        self._known: OrderedDict[tuple[Hashable, Hashable], Activity] = OrderedDict()
        self.counted = 0

    def between(self, one: Hashable, other: Hashable) -> Activity:
        if one == other:
            return STILL
        known = self._known.get((one, other))
        if known is None:
            first, second = self._picture(one), self._picture(other)
            # a stream whose pictures change size on the way: nothing to compare motion by
            known = activity(first, second) if first.shape == second.shape else Activity(100.0, 1.0)
            self.counted += 1
            self._known[one, other] = known
            if len(self._known) > self._most_kept:
                self._known.popitem(last=False)
        return known

    def act(self, one: Hashable, other: Hashable) -> float:
        return self.between(one, other).act

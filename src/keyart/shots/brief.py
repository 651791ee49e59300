"""Dissolves of a few frames: a check of every frame on block means, and a deep one where it fires. D5.4 §3.5.

The hypothesis at frame a: the K frames up to it lead from I_t (t = a - K) to I_a, K = 2 ... 5. It holds where
ACT(I_t, I_t-j) and ACT(I_a, I_a+j) are far smaller than ACT(I_t, I_a). K = 1 is a hard cut, which has a check of its
own, but for light that flickers so that steps are no measure: there likeness is.

Departures from the source: what follows must be quiet as well as what went before (a whip pan starts as abruptly, but
goes on); what lies between must be a mix of both; and the deep check takes the coarse luma that every frame has.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.shots.activity import Measures
from keyart.shots.gradual import likeness
from keyart.types import Gray

Floats = NDArray[np.float32]

_FRAMES = (2, 3, 4, 5)
_SIDE_FRAMES = 3
"""Looked at on either side."""
_MIN_STEP, _MAX_LIKENESS = 8.0, 0.8
_QUIET = 2.2
"""How many times the sides' own change the step is at least, on block means."""
_MAX_RESIDUAL, _MAX_UNEVEN = 0.35, 0.25
"""Of the mixed frames: distance from the line between the ends, and from their even places on it."""
_MAX_CUT_LIKENESS, _CUT_QUIET = 0.6, 4.0
_EVEN = 6.0
"""Standard deviation of a picture without a motif."""
_ACTIVE = 2.5
"""How many times the sides' own activity that across the transition is at least."""


@dataclass(frozen=True, slots=True)
class Brief:
    """A dissolve of few frames, found `start` ... `end` seconds: last frame before it, first frame after it."""

    start: float
    end: float
    after: float
    """Where the first frame after it is shown."""
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    number: int
    seconds: float
    blocks: Floats
    luma: Gray


class BriefFinder:
    """Keeps eleven coarse frames. `found` grows; overlapping finds are merged into the strongest."""

    def __init__(self, frame_seconds: float, num_luma: int) -> None:
        """`num_luma`: how many of the blocks, from the first, are of luma; likeness is theirs."""
        self._num_luma = num_luma
        self.found: list[Brief] = []
        self.cuts: list[Brief] = []
        self._seen: deque[_Seen] = deque(maxlen=_FRAMES[-1] + 2 * _SIDE_FRAMES + 1)
        self._most_seconds = 2.5 * frame_seconds
        self._measures = Measures(self._luma)
        self.fired = 0

    def see(self, number: int, seconds: float, blocks: Floats, luma: Gray) -> None:
        if self._seen and seconds - self._seen[-1].seconds > self._most_seconds:
            self._seen.clear()
        self._seen.append(_Seen(number, seconds, blocks, luma))
        if len(self._seen) == self._seen.maxlen:
            self._check(list(self._seen))

    def _luma(self, number: Hashable) -> Gray:
        return next(one.luma for one in self._seen if one.number == number)

    def _check(self, seen: list[_Seen]) -> None:
        after = len(seen) - 1 - _SIDE_FRAMES
        # the cheapest first: whatever K is, it lies between these two
        if _apart(seen[after], seen[after - _FRAMES[-1]]) < _MIN_STEP:
            return
        if _apart(seen[after], seen[after - 1]) >= _MIN_STEP and self._is_cut(seen, after):
            self.fired += 1
            self._check_deeply(seen, after - 1, after)
            return
        fits = {frames: self._fit(seen, after, frames) for frames in _FRAMES}
        frames = min(fits, key=lambda one: fits[one])
        if fits[frames] < 1:
            self.fired += 1
            self._check_deeply(seen, after - frames, after)

    def _likeness(self, one: _Seen, other: _Seen) -> float:
        return likeness(one.blocks[: self._num_luma], other.blocks[: self._num_luma])

    def _is_cut(self, seen: list[_Seen], after: int) -> bool:
        """Unlike across, alike on either side, whatever the light."""
        across = 1 - self._likeness(seen[after - 1], seen[after])
        if across < 1 - _MAX_CUT_LIKENESS:
            return False
        sides = [*range(after - _SIDE_FRAMES, after), *range(after + 1, after + _SIDE_FRAMES + 1)]
        own = max(1 - self._likeness(seen[one - 1], seen[one]) for one in sides)
        return across > _CUT_QUIET * own

    def _fit(self, seen: list[_Seen], after: int, frames: int) -> float:
        """How far the hypothesis of that length is from an even mix between two quiet sides; 1 or more: it is none."""
        before = after - frames
        step = _apart(seen[before], seen[after])
        if step < _MIN_STEP:
            return 1.0
        own = max(
            _apart(seen[before - _SIDE_FRAMES], seen[before]),
            _apart(seen[after], seen[after + _SIDE_FRAMES]),
        )
        if step < _QUIET * own or self._likeness(seen[before], seen[after]) > _MAX_LIKENESS:
            return 1.0
        return _unlike_a_mix([one.blocks for one in seen[before : after + 1]])

    def _check_deeply(self, seen: list[_Seen], before: int, after: int) -> None:
        if any(float(seen[end].luma.std()) < _EVEN for end in (before, after)):
            return  # to or from black: half of a fade
        act = self._measures.act
        across = act(seen[before].number, seen[after].number)
        sides = [act(seen[before].number, seen[before - j].number) for j in range(1, _SIDE_FRAMES + 1)]
        sides += [act(seen[after].number, seen[after + j].number) for j in range(1, _SIDE_FRAMES + 1)]
        strength = across / (max(sides) + 1e-3)
        if strength < _ACTIVE:
            return
        find = Brief(seen[before].seconds, seen[after].seconds, seen[after].seconds, strength)
        heap = self.cuts if after - before == 1 else self.found
        if heap and find.start < heap[-1].end:
            if strength > heap[-1].strength:
                heap[-1] = find
        else:
            heap.append(find)


def _apart(one: _Seen, other: _Seen) -> float:
    return float(np.abs(one.blocks - other.blocks).sum() / one.blocks.size)


def _unlike_a_mix(pictures: list[Floats]) -> float:
    first, last = pictures[0], pictures[-1]
    way = last - first
    square = float(way @ way)
    worst = 0.0
    for number, picture in enumerate(pictures[1:-1], 1):
        gone = picture - first
        share = float(gone @ way) / square
        rest = gone - share * way
        residual = float(np.sqrt(rest @ rest / square))
        uneven = abs(share - number / (len(pictures) - 1))
        worst = max(worst, residual / _MAX_RESIDUAL, uneven / _MAX_UNEVEN)
    return worst

"""Dissolves, fades and wipes, found as they pass: the middle of a mix lies on the straight line between its two ends.

Where things move the middle strays from that line. It may stray further if the time before and after is quiet and the
picture loses contrast on the way, as mixes of unlike pictures do and moving cameras do not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyart.shots.wipe import wipe_extent

Floats = NDArray[np.float32]

_SPANS_SECONDS = (0.3, 0.6, 1.2, 2.0)
_STRIDE_SECONDS = 0.03
_MIN_DISTANCE = 12.0
"""Root mean square between the ends, in grey levels."""
_MAX_LIKENESS = 0.75
_SAME_LIKENESS = 0.85
_MAX_JUMP = 0.5
"""Of the distance, that one step may take: more is a cut."""
_FLAT = 6.0
"""Standard deviation of an even picture: black, white, a plain title ground."""
_QUARTERS = (0.25, 0.5, 0.75)
_SIDE_SECONDS = 0.24
"""Before and after a transition, that must be quiet for the milder judgement and for a wipe."""
_MAX_SIDE = 0.33
"""Of the distance between the ends, that the sides may change by."""
_MILDER = 1.9
"""How much further the middle may then stray."""
_DIP = (0.5, 1.5)
"""Of the contrast that a mix of the two ends must lose half way, that is really lost; more is a fade through black."""
Spread = tuple[float, float]
"""Of a picture: its sum, and the squares of its distances from its mean; known once for all it is compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class Gradual:
    """A mix of two pictures over time."""

    start: float
    end: float
    residual: float
    """Distance of the middle from the line between the ends, as a share of theirs; 0 is a perfect mix."""
    flat_before: bool
    flat_after: bool
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    clarity: float = 0.0
    """Distance of the ends in grey levels, less the residual: tells which of overlapping finds saw all of the mix."""
    through_flat: bool = False
    """Faded out and in again."""
    is_wipe: bool = False

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def kind(self) -> Literal["dissolve", "fade", "wipe"]:
        if self.is_wipe:
            return "wipe"
        return "fade" if self.through_flat or self.flat_before or self.flat_after else "dissolve"

    @property
    def is_undone(self) -> bool:
        """The same scene on both sides: a long flash, a lid shut and opened."""
        return self.through_flat and likeness(self.before.astype(float), self.after.astype(float)) > _SAME_LIKENESS


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two pictures that may be the ends of a mix: unlike, and no cut between them."""

    first: int
    """The number of the earlier one, from the beginning of the video."""
    way: Floats
    square: float
    """Of the way's length."""
    distance: float
    """Root mean square, in grey levels."""
    similar: float


def joined(found: Sequence[Gradual], gap_seconds: float) -> list[Gradual]:
    """A fade-out and the fade-in that follows it within `gap_seconds` are one transition."""
    whole: list[Gradual] = []
    for one in found:
        last = whole[-1] if whole else None
        if last is not None and last.flat_after and one.flat_before and one.start - last.end < gap_seconds:
            whole[-1] = replace(
                one,
                start=last.start,
                residual=max(last.residual, one.residual),
                flat_before=last.flat_before,
                before=last.before,
                through_flat=True,
            )
        else:
            whole.append(one)
    return whole


class BlendFinder:
    """Looks back over the last two seconds at each frame; `found` holds overlapping finds merged into the best one."""

    def __init__(self, max_residual: float) -> None:
        self.max_residual = max_residual
        self.found: list[Gradual] = []
        self._reach: list[float] = []  # how far the finds merged into each of `found` reach
        self._times: list[float] = []
        self._pictures: list[Floats] = []
        self._spreads: list[Spread] = []
        self._steps: list[float] = []
        self._pairs: list[tuple[_Pair, ...]] = []  # that each picture is the later one of
        self._num_gone = 0

    def see(self, seconds: float, blocks: Floats) -> None:
        if self._times and seconds - self._times[-1] < _STRIDE_SECONDS:
            return
        self._take_in(seconds, blocks)
        here = len(self._times) - 1
        for pair in self._pairs[here]:
            self._judge(pair.first - self._num_gone, here, pair, self.max_residual)
        # once there is something to see after it
        earlier = bisect_right(self._times, seconds - _SIDE_SECONDS) - 1
        for pair in self._pairs[earlier] if earlier > 0 else ():
            if pair.first >= self._num_gone:
                self._judge_mildly(pair.first - self._num_gone, earlier, pair)

    def _take_in(self, seconds: float, blocks: Floats) -> None:
        self._steps.append(_distance(blocks, self._pictures[-1]) if self._pictures else 0.0)
        self._times.append(seconds)
        self._pictures.append(blocks)
        self._spreads.append(_spread(blocks))
        oldest = bisect_left(self._times, seconds - _SPANS_SECONDS[-1] - 2 * _SIDE_SECONDS - 0.5)
        if oldest:
            for kept in (self._times, self._pictures, self._spreads, self._steps, self._pairs):
                del kept[:oldest]
            self._num_gone += oldest
        self._pairs.append(tuple(pair for span in _SPANS_SECONDS if (pair := self._pair(span)) is not None))

    def _pair(self, span: float) -> _Pair | None:
        """Of the newest picture and the one `span` seconds before it."""
        last = len(self._times) - 1
        first = bisect_right(self._times, self._times[last] - span) - 1
        # a gap in the video or too few frames in between leave nothing to judge by
        if first < 0 or last - first < 5 or self._times[last] - self._times[first] > 1.5 * span:
            return None
        before, after = self._pictures[first], self._pictures[last]
        way = after - before
        square = float(way @ way)
        if square < _MIN_DISTANCE**2 * way.size:
            return None
        distance = sqrt(square / way.size)
        if max(self._steps[first + 1 : last + 1]) > _MAX_JUMP * distance:
            return None
        similar = _likeness(before, after, self._spreads[first], self._spreads[last])
        return _Pair(first + self._num_gone, way, square, distance, similar) if similar <= _MAX_LIKENESS else None

    def _judge_mildly(self, first: int, last: int, pair: _Pair) -> None:
        """Where not much changes before and after, mildness is in order."""
        if not self._is_quiet_around(first, last, _MAX_SIDE * pair.distance):
            return
        if self._loses_contrast(first, last):
            self._judge(first, last, pair, _MILDER * self.max_residual)
        self._judge_wipe(first, last, pair.distance)

    def _is_quiet_around(self, first: int, last: int, most: float) -> bool:
        before = bisect_right(self._times, self._times[first] - _SIDE_SECONDS) - 1
        if before < 0:
            return False
        after = len(self._times) - 1
        sides = ((self._pictures[before], self._pictures[first]), (self._pictures[last], self._pictures[after]))
        return all(_distance(one, other) < most for one, other in sides)

    def _loses_contrast(self, first: int, last: int) -> bool:
        middle = bisect_left(self._times, (self._times[first] + self._times[last]) / 2)
        before, after, between = (self._pictures[number] for number in (first, last, middle))
        usual = (float(before.var()) + float(after.var())) / 2
        due = usual - float(((before + after) / 2).var())
        return _DIP[0] * due < usual - float(between.var()) < _DIP[1] * due

    def _judge_wipe(self, first: int, last: int, distance: float) -> None:
        extent = wipe_extent(self._pictures[first : last + 1])
        if extent is not None:
            start, end = (self._times[first + place] for place in extent)
            self._keep(first, last, (start, end), 0.0, distance, is_wipe=True)

    def _judge(self, first: int, last: int, pair: _Pair, max_residual: float) -> None:
        """Between pictures that are alike, less than `max_residual` must do."""
        way, square = pair.way, pair.square
        start, end = self._times[first], self._times[last]
        middles = [bisect_left(self._times, start + part * (end - start)) for part in _QUARTERS]
        shares, residual = [], 0.0
        for middle in middles:
            gone = self._pictures[middle] - self._pictures[first]
            share = float(gone @ way) / square
            rest = gone - share * way
            shares.append(share)
            residual = max(residual, sqrt(float(rest @ rest) / square))
        rising = all(b - a > 0.02 for a, b in zip([0.0, *shares], [*shares, 1.0], strict=True))
        if rising and residual < max_residual * (1 - 0.85 * pair.similar):
            times = [self._times[middle] for middle in middles]
            clarity = pair.distance * (1 - residual)
            self._keep(first, last, _extent(times, shares, start, end), residual, clarity)

    def _keep(
        self,
        first: int,
        last: int,
        extent: tuple[float, float],
        residual: float,
        clarity: float,
        *,
        is_wipe: bool = False,
    ) -> None:
        before, after = self._pictures[first], self._pictures[last]
        find = Gradual(
            *extent,
            residual,
            float(before.std()) < _FLAT,
            float(after.std()) < _FLAT,
            np.clip(before, 0, 255).astype(np.uint8),
            np.clip(after, 0, 255).astype(np.uint8),
            clarity,
            is_wipe=is_wipe,
        )
        if self.found and self._times[first] < self._reach[-1]:
            self._reach[-1] = max(self._reach[-1], self._times[last])
            if clarity > self.found[-1].clarity:
                self.found[-1] = find
        else:
            self.found.append(find)
            self._reach.append(self._times[last])


def _extent(times: list[float], shares: list[float], start: float, end: float) -> tuple[float, float]:
    """Where the line through the quarters meets 0 and 1: the mix may be shorter or longer than where it was seen."""
    slope = (shares[-1] - shares[0]) / max(1e-6, times[-1] - times[0])
    begins, ends = times[0] - shares[0] / slope, times[-1] + (1 - shares[-1]) / slope
    reach = end - start
    return max(begins, start - reach), min(ends, end + reach)


def likeness(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Correlation of two pictures, -1 ... 1; 0 where one of them is even. Light and contrast do not matter."""
    return _likeness(one, other, _spread(one), _spread(other))


def _spread(one: NDArray[np.floating]) -> Spread:
    total = float(one.sum())
    return total, max(0.0, float(one @ one) - total * total / one.size)


def _likeness(one: NDArray[np.floating], other: NDArray[np.floating], spread: Spread, other_spread: Spread) -> float:
    (total, varies), (other_total, other_varies), count = spread, other_spread, one.size
    return (float(one @ other) - total * other_total / count) / (sqrt(varies * other_varies) + count)


def _distance(one: Floats, other: Floats) -> float:
    way = one - other
    return sqrt(float(way @ way) / way.size)

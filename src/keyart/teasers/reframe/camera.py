"""The camera's way: as still as a tripod, else as steady as a dolly. L1-optimal paths (Grundmann et al. 2011).

Minimising the absolute first, second and third differences of a path makes most of them zero: stretches that stand,
move evenly, or change from one to the other at an even rate. The subject is free to move in the window's middle, and
speed and acceleration are bounded; a linear programme, solved by HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keyart.teasers.reframe.cast import Floats


@dataclass(frozen=True, slots=True)
class Rig:
    """What the camera may do. Lengths are windows: widths of the crop where it moves sideways, heights else."""

    max_speed: float = 0.8
    """Windows a second, 0.05 ... 5."""
    max_acceleration: float = 0.8
    """Windows a second per second, 0.05 ... 20."""
    free: float = 0.1
    """How far the subject may go from its place in the window before the camera follows, 0 ... 0.4."""


_WEIGHTS = {"speed": 1.0, "change": 2.0, "jerk": 10.0}
_LOST, _CUT, _OFF = 1.0, 20.0, 0.02


def steady_path(targets: Floats, interval: float, low: float, high: float, keep: Floats, rig: Rig) -> Floats:
    """The window's edge at each of n even steps, in windows, shape (n,).

    `targets` (n,) is where it would best be; `keep` (n, 2) the least and greatest place at which the chosen heads are
    whole (-inf, inf where it does not matter). Speed and acceleration are never exceeded; heads are kept whole before
    the target is kept near.
    """
    from scipy.optimize import linprog  # type: ignore[import-untyped]  # ships no types
    from scipy.sparse import coo_array  # type: ignore[import-untyped]

    count = len(targets)
    if count < 4 or high - low < 1e-9:
        return np.full(count, float(np.clip(np.median(targets), low, high)))
    programme = _Programme(count, coo_array)
    place = programme.variables(count, low, high)
    lost = programme.variables(count, 0.0, np.inf, _LOST)
    off = programme.variables(count, 0.0, np.inf, _OFF)
    cut = programme.variables(count, 0.0, np.inf, _CUT)
    one = [(place, 0, 1.0)]
    programme.within(one, lost, targets - rig.free, targets + rig.free)
    programme.within(one, off, targets, targets)
    programme.within(one, cut, keep[:, 0], keep[:, 1])
    bounds = rig.max_speed * interval, rig.max_acceleration * interval**2, np.inf
    rows = ((-1.0, 1.0), (1.0, -2.0, 1.0), (-1.0, 3.0, -3.0, 1.0))
    # a difference is worth the same however fine the steps are
    scale = 1.0, 1.0 / interval, 1.0 / interval**2
    for row, bound, weight, unit in zip(rows, bounds, _WEIGHTS.values(), scale, strict=True):
        size = count - len(row) + 1
        magnitude = programme.variables(size, 0.0, bound, weight * unit * 0.2 ** (len(row) - 2))
        terms = [(place, step, factor) for step, factor in enumerate(row)]
        programme.within(terms, magnitude, np.zeros(size), np.zeros(size))
    found = linprog(programme.costs, programme.left(), programme.right, bounds=programme.bounds, method="highs")
    if found.x is None:  # the solver gave up: stand still
        return np.full(count, float(np.clip(np.median(targets), low, high)))
    return np.asarray(np.clip(found.x[place : place + count], low, high), np.float64)


class _Programme:
    """min costs . x with left x <= right, put together row by row."""

    def __init__(self, count: int, sparse: type) -> None:
        self.count, self._sparse = count, sparse
        self.costs: Floats = np.empty(0)
        self.bounds: list[tuple[float, float | None]] = []
        self._rows: list[Floats] = []
        self._columns: list[Floats] = []
        self._factors: list[Floats] = []
        self.right: Floats = np.empty(0)

    def variables(self, size: int, low: float, high: float, cost: float = 0.0) -> int:
        """Number of the first of `size` new variables."""
        first = len(self.costs)
        self.costs = np.concatenate([self.costs, np.full(size, cost)])
        self.bounds += [(low, None if np.isinf(high) else high)] * size
        return first

    def within(self, terms: list[tuple[int, int, float]], slack: int, low: Floats, high: Floats) -> None:
        """low - slack <= sum of factor * variable[first + step + i] <= high + slack, for each i."""
        for sign, limit in ((1.0, high), (-1.0, -low)):
            kept = np.flatnonzero(np.isfinite(limit))
            rows = len(self.right) + np.arange(len(kept), dtype=np.float64)
            for first, step, factor in terms:
                self._add(rows, np.asarray(first + step + kept, np.float64), sign * factor)
            self._add(rows, np.asarray(slack + kept, np.float64), -1.0)
            self.right = np.concatenate([self.right, limit[kept]])

    def _add(self, rows: Floats, columns: Floats, factor: float) -> None:
        self._rows.append(rows)
        self._columns.append(columns)
        self._factors.append(np.full(len(rows), factor))

    def left(self) -> object:
        rows, columns = np.concatenate(self._rows).astype(int), np.concatenate(self._columns).astype(int)
        shape = len(self.right), len(self.costs)
        return self._sparse((np.concatenate(self._factors), (rows, columns)), shape=shape).tocsr()

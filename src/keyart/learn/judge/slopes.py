"""A smooth score that falls with every fault: what a forest, which has steps, does not see of a faint one.

Takes of one scene are compared in pairs (the pairwise logistic loss of RankNet, Burges et al., 2005): the weights, none
of them negative, are those that rank most takes as their ratings do. As takes of a scene show the same things, a weight
says what a fault does and not how scenes differ. The sum of faults then becomes a score by a curve from 10 down to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST, MOST = 1.0, 10.0
_LEAST_APART = 0.3
"""Points of the score that two takes differ by, to be a pair."""


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """score = 1 + 9 / (1 + exp(weights . asinh((features - middle) / unit) - start))."""

    middle: Floats
    """Of each feature, shape (features,)."""
    unit: Floats
    weights: Floats
    """0 or more: how much more of a feature takes away."""
    start: float

    def faults(self, X: Floats) -> Floats:
        """What all that is wrong comes to, (clips,)."""
        return np.asarray(np.arcsinh((X - self.middle) / self.unit) @ self.weights, np.float64)

    def predict(self, X: Floats) -> Floats:
        """Scores, (clips,)."""
        return _curve(self.faults(X) - self.start)


def _curve(faults: Floats) -> Floats:
    return np.asarray(LEAST + (MOST - LEAST) / (1.0 + np.exp(np.clip(faults, -60, 60))), np.float64)


PENALTY, USUAL_WEIGHT = 0.05, 0.05
"""How much a weight is held to what it is without pairs that speak of it: each feature then says a little."""


def fit_slope(X: Floats, y: Floats, groups: NDArray[np.int64], penalty: float = PENALTY) -> Slope | None:
    """The slope of rated takes whose features are all such that more is worse; None where no group has two takes that
    are rated apart."""
    pairs = pairs_of(y, groups)
    if not len(pairs):
        return None
    middle, unit = np.median(X, axis=0), _units(X, y)
    waves = np.arcsinh((X - middle) / unit)
    weights = _ranked(waves[pairs[:, 1]] - waves[pairs[:, 0]], y[pairs[:, 0]] - y[pairs[:, 1]], penalty)
    steep, start = _calibrated(waves @ weights, y)
    return Slope(middle, unit, weights * steep, start)


def pairs_of(y: Floats, groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of takes of one group, (pairs, 2): the better rated and the worse."""
    better, worse = np.nonzero((groups[:, None] == groups) & (y[:, None] - y > _LEAST_APART))
    return np.stack([better, worse], 1).astype(np.int64)


_BEST, _LEAST_PART = 9.5, 0.2


def _units(X: Floats, y: Floats) -> Floats:
    """Half the way from the lowest tenth of the best rated clips to the highest: what differs among them is no fault.
    A fifth of the same of all clips at least; 1 for a feature that hardly ever differs."""
    spread = _half_spread(X)
    best = X[y >= _BEST]
    spread = np.maximum(_half_spread(best), _LEAST_PART * spread) if len(best) > 1 else spread
    return np.where(spread > 1e-6, spread, 1.0)


def _half_spread(X: Floats) -> Floats:
    return np.asarray(np.percentile(X, 90, axis=0) - np.percentile(X, 10, axis=0), np.float64) / 2


def _ranked(steps: Floats, apart: Floats, penalty: float) -> Floats:
    """Weights for which the sums of the faults rise by more than nothing from the better take to the worse."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # ships no types

    worth = np.minimum(apart, 2.0) / np.minimum(apart, 2.0).sum()

    def loss(weights: Floats) -> tuple[float, Floats]:
        rise = steps @ weights
        off = weights - USUAL_WEIGHT
        value = float(worth @ np.logaddexp(0.0, -rise)) + 0.5 * penalty * float(off @ off)
        pull = -worth / (1.0 + np.exp(np.clip(rise, -60, 60)))
        return value, steps.T @ pull + penalty * off

    count = steps.shape[1]
    found: Any = minimize(loss, np.full(count, 0.1), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * count)
    return np.asarray(found.x, np.float64)


def _calibrated(faults: Floats, y: Floats) -> tuple[float, float]:
    """How steep the curve is and where it starts, by least squares of the scores."""
    from scipy.optimize import minimize

    def loss(given: Floats) -> float:
        return float(((_curve(np.exp(given[0]) * faults - given[1]) - y) ** 2).mean())

    spread = max(1e-6, float(faults.std()))
    found: Any = minimize(loss, np.array([-np.log(spread), 0.0]), method="Nelder-Mead")
    return float(np.exp(found.x[0])), float(found.x[1])

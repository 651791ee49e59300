"""An array of any length -> the same few numbers: the fifteen of seed 003 §3.2, and its first hundred as they are.

The seed leaves three things open; they are settled here so. The moving average is the recursion
`s = a * x + (1 - a) * s` from the first value on, and its last state is the number. The deviation is that of the whole
array (divided by n). Percentiles lie on the line between neighbours, as numpy's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLAIN_LENGTH = 100
"""Values of an array that is not aggregated: longer ones are cut, shorter ones filled with zeros."""


def ewma(values: Floats, alpha: float) -> float:
    """Last state of the exponentially weighted moving average.

    >>> ewma(np.array([1.0, 3.0]), 0.5)
    2.0
    """
    state = float(values[0])
    for one in values[1:]:
        state = alpha * float(one) + (1 - alpha) * state
    return state


def min_to_max(values: Floats) -> float:
    """Least over greatest; 0 where the greatest is 0."""
    greatest = float(values.max())
    return float(values.min()) / greatest if greatest else 0.0


def _ewma(alpha: float) -> Callable[[Floats], float]:
    return lambda values: ewma(values, alpha)


AGGREGATIONS: Mapping[str, Callable[[Floats], float]] = {
    **{f"ewma_{alpha}": _ewma(alpha) for alpha in (0.1, 0.3, 0.5, 0.7, 0.9)},
    "sum": lambda values: float(values.sum()),
    "mean": lambda values: float(values.mean()),
    "median": lambda values: float(np.median(values)),
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
    "std": lambda values: float(values.std()),
    "p25": lambda values: float(np.percentile(values, 25)),
    "p75": lambda values: float(np.percentile(values, 75)),
    "iqr": lambda values: float(np.subtract(*np.percentile(values, (75, 25)))),
    "min_to_max": min_to_max,
}
"""Name -> one number of an array, in the seed's order."""


def aggregated(values: Sequence[float] | Floats, names: Sequence[str] = tuple(AGGREGATIONS)) -> Floats:
    """One number a name; zeros for an empty array (a clip of one frame has no pairs)."""
    exact = np.asarray(values, np.float64).reshape(-1)
    if not exact.size:
        return np.zeros(len(names))
    return np.array([AGGREGATIONS[name](exact) for name in names])


def as_it_is(values: Sequence[float] | Floats, length: int = PLAIN_LENGTH) -> Floats:
    """The first values, filled with zeros.

    >>> as_it_is([1.0, 2.0], 3)
    array([1., 2., 0.])
    """
    found = np.zeros(length)
    first = np.asarray(values, np.float64).reshape(-1)[:length]
    found[: first.size] = first
    return found

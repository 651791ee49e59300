"""Fragments, their scores and a budget -> the fragments that are worth most together: the field's 0/1 knapsack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEP_SECONDS = 0.1
"""Lengths are rounded up to this, the budget down: a choice never runs over."""


def choose(seconds: Sequence[float], values: Sequence[float], budget_seconds: float) -> tuple[int, ...]:
    """Indices, in order, of the fragments worth most in all that fit into `budget_seconds`.

    Exact, by dynamic programming over tenths of a second; what is worth nothing is left out.
    """
    weights = [int(np.ceil(one / STEP_SECONDS - 1e-6)) for one in seconds]
    return knapsack(weights, values, int(np.floor(budget_seconds / STEP_SECONDS + 1e-6)))


def knapsack(weights: Sequence[int], values: Sequence[float], capacity: int) -> tuple[int, ...]:
    """0/1 knapsack over whole weights (frames, tenths): indices of the best set, in order. O(items x capacity)."""
    if len(weights) != len(values):
        raise ValueError(f"{len(weights)} weights and {len(values)} values")
    best = np.zeros(max(0, capacity) + 1)
    taken: NDArray[np.bool_] = np.zeros((len(weights), len(best)), np.bool_)
    for item, (weight, value) in enumerate(zip(weights, values, strict=True)):
        if value <= 0 or weight > capacity:
            continue
        with_it = np.full_like(best, -np.inf)
        with_it[weight:] = best[: len(best) - weight] + value
        taken[item] = with_it > best + 1e-12
        best = np.where(taken[item], with_it, best)
    return _traced(taken, weights, capacity)


def _traced(taken: NDArray[np.bool_], weights: Sequence[int], capacity: int) -> tuple[int, ...]:
    chosen, left = [], capacity
    for item in range(len(weights) - 1, -1, -1):
        if left >= 0 and taken[item, left]:
            chosen.append(item)
            left -= weights[item]
    return tuple(reversed(chosen))

"""Fragments, their scores and a budget -> the fragments that are worth most together: the field's 0/1 knapsack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]
STEP_SECONDS = 0.1
"""Lengths are rounded up to this, the budget down: a choice never runs over."""


def choose(
    seconds: Sequence[float], values: Sequence[float], budget_seconds: float, ties: Sequence[float] = ()
) -> tuple[int, ...]:
    """Indices, in order, of the fragments worth most in all that fit into `budget_seconds`.

    Exact, by dynamic programming over tenths of a second; what is worth nothing is left out. `ties[i]` is what it is
    worth to keep fragment i and the one after it together.
    """
    weights = [int(np.ceil(one / STEP_SECONDS - 1e-6)) for one in seconds]
    return knapsack(weights, values, int(np.floor(budget_seconds / STEP_SECONDS + 1e-6)), ties)


def knapsack(
    weights: Sequence[int], values: Sequence[float], capacity: int, ties: Sequence[float] = ()
) -> tuple[int, ...]:
    """0/1 knapsack over whole weights (frames, tenths): indices of the best set, in order. O(items x capacity).

    Without `ties` the field's own protocol (TVSum, SumMe). With them an item is worth `ties[i]` more where the one
    after it is taken too, which two states for each place keep exact.
    """
    ties = ties or [0.0] * max(0, len(weights) - 1)
    if len(weights) != len(values) or len(ties) < len(weights) - 1:
        raise ValueError(f"{len(weights)} weights, {len(values)} values and {len(ties)} ties")
    without = np.zeros(max(0, capacity) + 1)
    with_last = np.full_like(without, -np.inf)
    came: list[tuple[Bits, Bits]] = []  # an hour of summary would fill memory with whole bytes
    for item, (weight, value) in enumerate(zip(weights, values, strict=True)):
        tied = with_last + (ties[item - 1] if item else 0.0)
        after_taken = tied > without + 1e-12
        taken = np.full_like(without, -np.inf)
        if weight <= capacity:
            taken[weight:] = np.maximum(tied, without)[: len(without) - weight] + value
        left_taken = with_last > without + 1e-12
        came.append((np.packbits(after_taken), np.packbits(left_taken)))
        without, with_last = np.maximum(without, with_last), taken
    return _traced(came, weights, capacity, bool(with_last[-1] > without[-1] + 1e-12))


def _traced(came: Sequence[tuple[Bits, Bits]], weights: Sequence[int], left: int, taken: bool) -> tuple[int, ...]:
    chosen = []
    for item in range(len(came) - 1, -1, -1):
        if taken:
            chosen.append(item)
            left -= weights[item]
        bits = came[item][0 if taken else 1]
        taken = bool(bits[left >> 3] >> (7 - left & 7) & 1)
    return tuple(reversed(chosen))

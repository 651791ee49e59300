"""How summaries are scored on TVSum and SumMe: pure functions over frame scores and frame choices.

F1 of key shots (0/1 knapsack at 15 % of the frames over segments), and rank correlations of importance with people's
(Otani et al., CVPR 2019: Kendall's tau-b and Spearman's rho at every 15th frame of TVSum).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.teasers.summary.knapsack import knapsack

STRIDE = 15
BUDGET_SHARE = 0.15
Numbers = NDArray[Any]
Correlation = Callable[[Numbers, Numbers], float]


def kendall_tau(one: Numbers, other: Numbers) -> float:
    """Tau-b, which counts ties; 0 where one of the two is constant."""
    from scipy.stats import kendalltau  # type: ignore[import-untyped]  # ships no types

    if _constant(one) or _constant(other):
        return 0.0
    return float(kendalltau(one, other).statistic)


def spearman_rho(one: Numbers, other: Numbers) -> float:
    """Correlation of ranks, ties at their mean rank; 0 where one of the two is constant."""
    from scipy.stats import spearmanr  # ships no types

    if _constant(one) or _constant(other):
        return 0.0
    return float(spearmanr(one, other).statistic)


def _constant(values: Numbers) -> bool:
    return bool(np.all(values == values[0]))


def pairwise_agreement(users: Numbers, correlation: Correlation) -> float:
    """Mean over all pairs of people; `users` is (people, frames)."""
    values = [correlation(users[a], users[b]) for a in range(len(users)) for b in range(a + 1, len(users))]
    return float(np.mean(values))


def agreement_with_the_rest(users: Numbers, correlation: Correlation) -> float:
    """Mean over people of one against the mean of all others."""
    total = users.astype(np.float64).sum(axis=0)
    return float(np.mean([correlation(one, (total - one) / (len(users) - 1)) for one in users]))


def agreement(scores: Numbers, users: Numbers, correlation: Correlation) -> float:
    """Mean over people of importance scores against theirs."""
    return float(np.mean([correlation(scores, one) for one in users]))


# --- key shots ----------------------------------------------------------------------------------------------------


def segments_of(num_frames: int, frames_each: int) -> list[tuple[int, int]]:
    """Even segments (first frame, the one after the last); TVSum was annotated in such, of two seconds."""
    return [(first, min(first + frames_each, num_frames)) for first in range(0, num_frames, frames_each)]


def key_shots(scores: Numbers, segments: Sequence[tuple[int, int]], share: float = BUDGET_SHARE) -> NDArray[np.bool_]:
    """Which frames are kept: segments by mean score, 0/1 knapsack over at most `share` of the frames."""
    values = [float(scores[a:b].mean()) for a, b in segments]
    chosen = knapsack([b - a for a, b in segments], values, int(len(scores) * share))
    kept = np.zeros(len(scores), np.bool_)
    for number in chosen:
        kept[slice(*segments[number])] = True
    return kept


def f1(kept: Numbers, truth: Numbers) -> float:
    """Of kept frames against another person's: 2PR / (P + R); 0 where nothing is shared."""
    shared = float((kept & truth).sum())
    return 2 * shared / float(kept.sum() + truth.sum()) if shared else 0.0


def f1_against(kept: Numbers, users: Numbers, how: Callable[[list[float]], float] = max) -> float:
    """Against several people: SumMe takes the best (`max`), TVSum the mean."""
    return how([f1(kept, one) for one in users])

"""GIF proposals for people to judge, from a video's time-sync comments: how the data set of seed 002 was made."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keyart.errors import BadSetting
from keyart.learn.sets.values import Triple


def peaks(comments: ArrayLike, ends: float = 0.05) -> NDArray[np.int64]:
    """Seconds with more comments than the one before and the one after, without those in the two ends of the video.

    `ends` is the share of the seconds that each end takes, at least one; the paper drops both and states no length.

    >>> peaks([9, 1, 4, 2, 2, 3, 1, 5, 0, 9]).tolist()
    [2, 5, 7]
    """
    if not 0 <= ends < 0.5:
        raise BadSetting(f"ends={ends}: each takes a share of 0 up to less than 0.5")
    counts = np.asarray(comments, np.int64)
    margin = max(1, round(ends * len(counts)))
    inner = np.arange(margin, max(margin, len(counts) - margin))
    higher = (counts[inner] > counts[inner - 1]) & (counts[inner] > counts[inner + 1])
    return np.asarray(inner[higher], np.int64)


def proposals(
    comments: ArrayLike, count: int = 31, seed: int = 0, *, ends: float = 0.05, shot_seconds: int = 1
) -> tuple[Triple, ...]:
    """Up to `count` different triples of disjoint shots that begin at peaks, drawn in proportion to their comments.

    The order within a triple is that of drawing, so that it need not be the video's; fewer come where there are not so
    many. The paper makes more than 30 for each video and arranges the shots by rules that it does not state.
    """
    counts = np.asarray(comments, np.float64)
    starts = peaks(comments, ends)
    weights = np.array([counts[start : start + shot_seconds].sum() for start in starts])
    chance = np.random.default_rng(seed)
    found: dict[Triple, None] = {}
    for _ in range(50 * count):
        if len(found) == count:
            break
        triple = _drawn(starts, weights, shot_seconds, chance)
        if triple is not None:
            found.setdefault(triple)
    return tuple(found)


def _drawn(
    starts: NDArray[np.int64], weights: NDArray[np.float64], shot_seconds: int, chance: np.random.Generator
) -> Triple | None:
    """Three of `starts`, one after another, none overlapping one before it; None where one finds no place."""
    chosen: list[int] = []
    for _ in range(3):
        free = np.array([_is_free(int(start), chosen, shot_seconds) for start in starts], np.bool_)
        odds = weights * free
        if odds.sum() <= 0:
            return None
        chosen.append(int(chance.choice(starts, p=odds / odds.sum())))
    first, second, third = chosen
    return first, second, third


def _is_free(start: int, chosen: Sequence[int], shot_seconds: int) -> bool:
    return all(abs(start - other) >= shot_seconds for other in chosen)


def are_disjoint(triple: Triple, shot_seconds: float = 1.0) -> bool:
    """Whether no two of the shots share a moment.

    >>> are_disjoint((3, 9, 4)), are_disjoint((3, 9, 3))
    (True, False)
    """
    return all(later - earlier >= shot_seconds for earlier, later in pairwise(sorted(triple)))

"""Frames in the order of their nearness to a vector, and how many of the first ones people chose."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from keyart.learn.multimodal.values import Floats, MultimodalVideo

RANKS = (1, 3, 5)


def cosines(vector: Floats, frames: Floats) -> NDArray[np.float64]:
    """Of a vector (d,) with each row of (n, d); a row of zeros is near to nothing."""
    rows, one = frames.astype(np.float64), vector.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(one)
    return np.asarray(rows @ one / np.maximum(lengths, 1e-12), np.float64)


def ranked(scores: NDArray[np.floating]) -> list[int]:
    """Highest first; of equals the earlier.

    >>> ranked(np.array([0.1, 0.9, 0.5, 0.9]))
    [1, 3, 2, 0]
    """
    return [int(one) for one in np.argsort(-scores, kind="stable")]


def nearest(vector: Floats, frames: Floats) -> int:
    """The frame that is shown: of greatest cosine."""
    return ranked(cosines(vector, frames))[0]


def precision_at(ranking: Sequence[int], chosen: Collection[int], k: int) -> float:
    """Share of the first k that people chose; where there are fewer frames than k, of all of them.

    >>> precision_at([4, 2, 0, 1], {2, 1}, 3)
    0.3333333333333333
    """
    first = ranking[:k]
    return sum(one in chosen for one in first) / len(first)


def hit_at(ranking: Sequence[int], chosen: Collection[int], k: int) -> float:
    """1 where one of the first k was chosen, else 0."""
    return float(any(one in chosen for one in ranking[:k]))


def scores_of(rankings: Sequence[Sequence[int]], videos: Sequence[MultimodalVideo]) -> dict[str, float]:
    """Precision@k and hit@k, means over the videos."""
    found: dict[str, float] = {}
    for name, measure in (("precision", precision_at), ("hit", hit_at)):
        for k in RANKS:
            each = [measure(ranking, one.chosen, k) for ranking, one in zip(rankings, videos, strict=True)]
            found[f"{name}_at_{k}"] = float(np.mean(each))
    return found

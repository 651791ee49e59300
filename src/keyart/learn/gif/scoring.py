"""Generated GIFs of test videos -> the figures of seed 002, table 2, by Monte Carlo over the latent. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.learn.data import BadData
from keyart.learn.gif.metrics import Cells, best_pme, ps
from keyart.learn.sets.values import GifVideo
from keyart.teasers.learned import closest_matching, most_likely

Draw = Callable[[GifVideo, int], Iterator[NDArray[np.float32]]]
"""A video, and how many GIFs to generate for it -> blocks (L, 3, d) of them."""
SERVED_DRAWS = 64
"""Draws that eq. 10 averages over, as in serving."""


@dataclass(frozen=True, slots=True)
class GifScores:
    """Means over videos."""

    pme: float
    """Eq. 8: of each draw against the ground truth nearest to it, mean over draws; lower is better."""
    ps: float
    """Eq. 9: of each draw's closest matching (eq. 4), mean over draws; NaN where no video has comments."""
    ps_chosen: float
    """Eq. 9 of the one triple that eq. 10 chooses."""

    def facts(self) -> dict[str, float]:
        found = {"PME": self.pme, "PS": self.ps, "PS of eq. 10": self.ps_chosen}
        return {name: round(value, 6) for name, value in found.items() if np.isfinite(value)}


def scored(draw: Draw, videos: Sequence[GifVideo], draws: int) -> GifScores:
    """Scores of a generator; videos without ground truth count for nothing. Raises `BadData` where none has any."""
    annotated = [video for video in videos if video.gifs]
    if not annotated:
        raise BadData(f"none of {len(videos)} videos has a GIF to be compared with")
    rows = np.array([_of_video(draw, video, draws) for video in annotated])
    known = ~np.isnan(rows[:, 1])
    of_comments = rows[known, 1:].mean(axis=0) if known.any() else (float("nan"),) * 2
    return GifScores(float(rows[:, 0].mean()), float(of_comments[0]), float(of_comments[1]))


def _of_video(draw: Draw, video: GifVideo, draws: int) -> tuple[float, float, float]:
    cells, errors, shares, first = Cells(video.features), list[float](), list[float](), None
    comments = _comments(video)
    for block in draw(video, draws):
        first = block if first is None else first
        errors += best_pme(block, cells, video.gifs).tolist()
        if comments is not None:
            shares += [ps(triple, comments) for triple in closest_matching(block, video.features)]
    if first is None or comments is None:
        return float(np.mean(errors)), float("nan"), float("nan")
    chosen = most_likely(first[:SERVED_DRAWS], video.features)
    return float(np.mean(errors)), float(np.mean(shares)), ps(chosen, comments)


def _comments(video: GifVideo) -> NDArray[np.int64] | None:
    """Counts for every row of features; None where nobody commented."""
    counts = np.zeros(max(len(video.features), len(video.counts)), np.int64)
    counts[: len(video.counts)] = video.counts
    return counts if counts.any() else None

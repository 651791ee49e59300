"""Three seconds of a video chosen without looking at it, and their posterior score (seed 002, eq. 9).

None of this needs features: it says what people's GIFs and a model's have to be compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.learn.gif.metrics import ps
from keyart.learn.protocol import half_interval
from keyart.learn.sets.values import GifVideo, Triple

DRAWS = 10_000
"""Of the seed's Monte Carlo estimate."""
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """Mean over videos and half width of its 95 % interval."""

    mean: float
    half: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Score:
        return cls(float(np.mean(values)), half_interval(values))


def is_chronological(triple: Triple) -> bool:
    return triple[0] < triple[1] < triple[2]


def evenly(counts: Counts) -> Triple:
    """The middles of the three thirds.

    >>> evenly(np.zeros(60))
    (10, 30, 50)
    """
    first, second, third = (int((number + 0.5) * len(counts) / 3) for number in range(3))
    return first, second, third


def peaks(counts: Counts) -> list[int]:
    """Seconds with more comments than the one before and the one after; most comments first, then the earlier."""
    inner = [at for at in range(1, len(counts) - 1) if counts[at - 1] < counts[at] > counts[at + 1]]
    return sorted(inner, key=lambda at: (-counts[at], at))


def top_peaks(counts: Counts) -> Triple:
    """The three highest peaks, in the order of time; where there are fewer, the fullest seconds beside them."""
    others = sorted(range(len(counts)), key=lambda at: (-counts[at], at))
    found = list(dict.fromkeys([*peaks(counts), *others]))[:3]
    first, second, third = sorted(found)
    return first, second, third


def fullest(counts: Counts) -> Triple:
    """The three seconds with most comments: no triple of different seconds scores more."""
    first, second, third = sorted(np.argsort(-counts, kind="stable")[:3].tolist())
    return first, second, third


RULES: Mapping[str, Callable[[Counts], Triple]] = {
    "uniform: the middles of the three thirds": evenly,
    "top comment peaks": top_peaks,
    "the three fullest seconds (no triple scores more)": fullest,
}


def expected_at_random(counts: Counts) -> float:
    """Mean PS over all triples of different seconds: each place sees every second equally often."""
    return float(3 * counts.mean() / counts.max()) if counts.max() > 0 else 0.0


def drawn_at_random(counts: Counts, random: np.random.Generator, draws: int = DRAWS) -> float:
    """The same by the seed's Monte Carlo estimate: mean PS of `draws` triples of different seconds."""
    triples = distinct(len(counts), random, draws)
    return float(counts[triples].sum(axis=1).mean() / counts.max()) if counts.max() > 0 else 0.0


def distinct(count: int, random: np.random.Generator, draws: int) -> NDArray[np.int64]:
    """`draws` triples of different numbers below `count`, evenly, shape (draws, 3)."""
    first = random.integers(0, count, draws)
    second = random.integers(0, count - 1, draws)
    third = random.integers(0, count - 2, draws)
    second += second >= first
    low, high = np.minimum(first, second), np.maximum(first, second)
    third += third >= low
    third += third >= high
    return np.stack([first, second, third], axis=1)


def drawn_by_comments(counts: Counts, random: np.random.Generator, draws: int = DRAWS) -> float:
    """Mean PS where seconds are drawn, one after the other and each once, in proportion to their comments: how the
    proposals were made that people then accepted or not. (The least of n exponential times i / p_i comes first.)"""
    weights = counts[counts > 0].astype(np.float64)
    if len(weights) < 3:
        return float(weights.sum() / weights.max()) if len(weights) else 0.0
    totals = []
    for size in [min(1000, draws)] * max(1, draws // 1000):
        times = random.exponential(size=(size, len(weights))) / weights
        totals.append(weights[np.argpartition(times, 2, axis=1)[:, :3]].sum(axis=1).mean())
    return float(np.mean(totals) / weights.max())


def of_people(video: GifVideo) -> list[float]:
    """PS of each of the people's GIFs."""
    return [ps(one, video.counts) for one in video.gifs]

"""Videos as shots of two seconds, each key or not by what twenty people scored (thesis §5). Needs no torch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyart.learn.data import BadData
from keyart.types import RGB

KeyRule = Literal["share", "score"]
"""share: the best of each video; score: a mean of 4 or more.

The thesis says both: about 15 % of the shots have a mean of 4 or more, and about 15 % of the shots of each video are
positive. In the published annotations only 9 of 6317 shots have such a mean (0.14 %): the share is what can be learned
from. The thesis' own accuracy .771, P .717 and R .185 together say that 26 % of its shots were positive."""


@dataclass(frozen=True, slots=True, eq=False)
class ShotVideo:
    """A video as its shots, in order: one picture and / or one row of features each."""

    name: str
    key: NDArray[np.bool_]
    """Shape (n,)."""
    pictures: Sequence[RGB] = ()
    """n of them, or none where there are features."""
    features: NDArray[np.float32] | None = None
    """Shape (n, d)."""

    def __post_init__(self) -> None:
        shots = len(self.key)
        if not shots or self.key.ndim != 1 or self.key.dtype != np.bool_:
            raise BadData(f"{self.name}: key is {self.key.shape} {self.key.dtype}; wanted is one bool a shot")
        if len(self.pictures) not in (0, shots):
            raise BadData(f"{self.name}: {len(self.pictures)} pictures for {shots} shots")
        if self.features is not None and (self.features.ndim != 2 or len(self.features) != shots):
            raise BadData(f"{self.name}: features is {self.features.shape}; wanted is ({shots}, d)")
        if not len(self.pictures) and self.features is None:
            raise BadData(f"{self.name}: neither pictures nor features")


def shot_middles(num_frames: int, frames_per_second: float, seconds: float = 2.0) -> NDArray[np.int64]:
    """The frame in the middle of each shot of `seconds`; a last shot of less than half of that is left out.

    >>> shot_middles(250, 25.0).tolist()
    [25, 75, 125, 175, 225]
    """
    if num_frames < 1 or not frames_per_second > 0 or not seconds > 0:
        raise BadData(f"{num_frames} frames at {frames_per_second} a second in shots of {seconds} s")
    each = frames_per_second * seconds
    middles = np.round((np.arange(int(num_frames / each) + 1) + 0.5) * each).astype(np.int64)
    inside = middles[middles < num_frames]
    return inside if len(inside) else np.array([num_frames // 2], np.int64)


def key_shots(means: NDArray[np.floating], rule: KeyRule, least: float) -> NDArray[np.bool_]:
    """Which shots are key: those with a mean of `least`, or the share `least` of them that has the highest means.

    Of equals the earlier ones; at least one where the rule is the share.

    >>> key_shots(np.array([1.0, 4.5, 4.0, 2.0]), "score", 4.0).tolist()
    [False, True, True, False]
    """
    if rule == "score":
        return np.asarray(means >= least)
    count = max(1, round(least * len(means)))
    found = np.zeros(len(means), np.bool_)
    found[np.argsort(-means, kind="stable")[:count]] = True
    return found


@dataclass(frozen=True, slots=True)
class Parts:
    """70 / 15 / 15 by video, so that no two shots of one video stand on both sides."""

    train: tuple[ShotVideo, ...]
    validation: tuple[ShotVideo, ...]
    test: tuple[ShotVideo, ...]


def split_videos(videos: Sequence[ShotVideo], seed: int = 0) -> Parts:
    """Drawn by the seed (thesis §5.3). Raises `BadData` for fewer than four videos."""
    if len(videos) < 4:
        raise BadData(f"{len(videos)} videos cannot be split 70/15/15; four or more are wanted")
    order = list(videos)
    random.Random(f"videos {seed}").shuffle(order)
    held = max(1, round(0.15 * len(order)))
    return Parts(tuple(order[2 * held :]), tuple(order[:held]), tuple(order[held : 2 * held]))


def all_keys(videos: Sequence[ShotVideo]) -> NDArray[np.bool_]:
    """Of every shot, video after video."""
    return np.concatenate([one.key for one in videos])

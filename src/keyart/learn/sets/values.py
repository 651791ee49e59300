"""What the sets are read into. A value with wrong shapes cannot be made: `BadData` says what came and what may come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.learn.data import BadData


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedVideo:
    """A video as its frames' features and what people thought of its frames."""

    name: str
    features: NDArray[np.float32]
    """Shape (n, d), one row for each pick; (0, 0) where the set brings none."""
    picks: NDArray[np.int64]
    """Shape (n,): the frame number of each row, rising."""
    num_frames: int
    frames_per_second: float
    """0.0 where the set does not say."""
    segments: NDArray[np.int64]
    """Shape (s, 2): first and last frame of each segment, the last one included; together they are the whole video."""
    scores: NDArray[np.float32]
    """Shape (people, num_frames): importance; may be (0, num_frames)."""
    summaries: NDArray[np.bool_]
    """Shape (people, num_frames): the frames that a person kept; may be (0, num_frames)."""
    target: NDArray[np.float32]
    """Shape (n,): mean importance at the picks, 0 ... 1; what supervised recipes learn."""

    def __post_init__(self) -> None:
        say = f"{self.name}:"
        if self.num_frames < 1 or self.frames_per_second < 0:
            raise BadData(f"{say} {self.num_frames} frames at {self.frames_per_second} a second; one or more, at >= 0")
        self._check_picks(say)
        _check_segments(say, self.segments, self.num_frames)
        for name, rows, kind in (("scores", self.scores, np.floating), ("summaries", self.summaries, np.bool_)):
            if rows.ndim != 2 or rows.shape[1] != self.num_frames or not np.issubdtype(rows.dtype, kind):
                wanted = f"(people, {self.num_frames}) {kind.__name__}"
                raise BadData(f"{say} {name} is {rows.shape} {rows.dtype}; wanted is {wanted}")
        if not np.isfinite(self.scores).all():
            raise BadData(f"{say} scores holds numbers that are not finite")

    def _check_picks(self, say: str) -> None:
        picks, features, target = self.picks, self.features, self.target
        if picks.ndim != 1 or not np.issubdtype(picks.dtype, np.integer):
            raise BadData(f"{say} picks is {picks.shape} {picks.dtype}; wanted is one row of whole numbers")
        if len(picks) and (picks[0] < 0 or picks[-1] >= self.num_frames or (np.diff(picks) <= 0).any()):
            raise BadData(f"{say} picks must rise and lie in 0 ... {self.num_frames - 1}; these do not: {_some(picks)}")
        if features.ndim != 2 or (features.size and len(features) != len(picks)):
            raise BadData(f"{say} features is {features.shape}; wanted is ({len(picks)}, d), or (0, 0) for none")
        if target.shape != picks.shape or not np.issubdtype(target.dtype, np.floating):
            raise BadData(f"{say} target is {target.shape} {target.dtype}; wanted are {len(picks)} numbers")
        if not np.isfinite(features).all() or not np.isfinite(target).all():
            raise BadData(f"{say} features or target hold numbers that are not finite")
        if len(target) and not (target.min() >= 0 and target.max() <= 1):
            raise BadData(f"{say} target lies in {target.min():.3g} ... {target.max():.3g}; allowed is 0 ... 1")

    @property
    def has_features(self) -> bool:
        return self.features.size > 0

    @property
    def people(self) -> int:
        return max(len(self.scores), len(self.summaries))


def _check_segments(say: str, segments: NDArray[np.int64], num_frames: int) -> None:
    if segments.ndim != 2 or segments.shape[1:] != (2,) or not np.issubdtype(segments.dtype, np.integer):
        raise BadData(f"{say} segments is {segments.shape} {segments.dtype}; wanted is (s, 2) of whole numbers")
    if not len(segments) or segments[0, 0] != 0 or segments[-1, 1] != num_frames - 1:
        raise BadData(f"{say} segments must reach from frame 0 to {num_frames - 1}: {_some(segments.ravel())}")
    if (segments[:, 1] < segments[:, 0]).any() or (segments[1:, 0] != segments[:-1, 1] + 1).any():
        raise BadData(f"{say} segments must follow each other without gap or overlap: {_some(segments.ravel())}")


def _some(values: NDArray[Any], most: int = 6) -> str:
    shown = ", ".join(str(one) for one in values[:most])
    return f"{shown} ..." if len(values) > most else shown or "none"


def no_features() -> NDArray[np.float32]:
    return np.zeros((0, 0), np.float32)


def even_segments(num_frames: int, frames_each: int) -> NDArray[np.int64]:
    """Segments of one length, the last one shorter; what is used where a set brings none.

    >>> even_segments(7, 3).tolist()
    [[0, 2], [3, 5], [6, 6]]
    """
    if num_frames < 1 or frames_each < 1:
        raise BadData(f"{num_frames} frames in segments of {frames_each}; both are at least one")
    first = np.arange(0, num_frames, frames_each, dtype=np.int64)
    return np.stack([first, np.minimum(first + frames_each, num_frames) - 1], axis=1)


Triple = tuple[int, int, int]
"""Three shots of one second each, by the second in which they start, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, eq=False)
class GifVideo:
    """A video, the three-shot GIFs that people made of it, and how many comments each second drew (seed 002)."""

    name: str
    gifs: tuple[Triple, ...]
    """Empty in the set without annotations."""
    comments: NDArray[np.int64]
    """Shape (seconds,); may be shorter than the video, (0,) where nobody commented."""
    frames_per_second: float
    num_frames: int
    features: NDArray[np.float32]
    """Shape (seconds, d), one row for each second; (0, 0) where they are not at hand."""

    def __post_init__(self) -> None:
        if not self.frames_per_second > 0 or self.num_frames < 1:
            raise BadData(f"{self.name}: {self.num_frames} frames at {self.frames_per_second} a second")
        if self.comments.ndim != 1 or (self.comments < 0).any():
            raise BadData(f"{self.name}: comments is {self.comments.shape}; wanted is a count >= 0 for each second")
        if self.features.ndim != 2:
            raise BadData(f"{self.name}: features is {self.features.shape}; wanted is (seconds, d), or (0, 0) for none")
        for one in self.gifs:
            if len(one) != 3 or min(one) < 0 or max(one) >= self.num_shots:
                raise BadData(
                    f"{self.name}: a GIF of the seconds {tuple(one)}; wanted are three in 0 ... {self.num_shots - 1}"
                )

    @property
    def seconds(self) -> float:
        return self.num_frames / self.frames_per_second

    @property
    def num_shots(self) -> int:
        """Shots of one second, the last one perhaps shorter."""
        return int(np.ceil(self.seconds - 1e-9))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Comments of each shot, shape (num_shots,); 0 where none were counted."""
        found = np.zeros(self.num_shots, np.int64)
        shared = min(len(found), len(self.comments))
        found[:shared] = self.comments[:shared]
        return found


@dataclass(frozen=True, slots=True)
class VideoSplit:
    """Names of the videos to learn from and of those to be judged by."""

    train: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        both = set(self.train) & set(self.test)
        if both or not self.train or not self.test:
            raise BadData(
                f"{len(self.train)} videos to train, {len(self.test)} to test, {len(both)} in both: some, some, none"
            )


def chosen(videos: Sequence[AnnotatedVideo], names: Sequence[str]) -> tuple[AnnotatedVideo, ...]:
    """The videos of these names, in the order of the names. Raises `BadData` where one is not there."""
    known = {one.name: one for one in videos}
    missing = [name for name in names if name not in known]
    if missing:
        raise BadData(
            f"no video is called {', '.join(missing[:5])}; there are {len(known)}, like {next(iter(known), '-')}"
        )
    return tuple(known[name] for name in names)

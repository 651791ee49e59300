"""RetargetVid (Apostolidis & Mezaris 2021), read by `keyart.learn.sets`: the official score of crop windows.

Windows are inclusive corners (left, top, right, bottom) in pixels, one line a frame; negative corners count as 0, in
the annotations too. A run's score is the mean over videos of the mean over frames of the overlap (intersection over
union) with one annotator's windows; of the six scores the worst, the best and the mean are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from keyart.learn.sets.retargetvid import ASPECTS, Run, Windows


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean overlap in per cent."""

    worst: float
    best: float
    mean: float
    videos: int
    """How many of the 200 the run has."""


def overlaps(one: Windows, other: Windows) -> NDArray[np.float64]:
    """Intersection over union, frame by frame, shape (frames,); corners are inclusive, so that sizes are one more."""
    one, other = np.maximum(one, 0), np.maximum(other, 0)
    size = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2]) + 1
    shared = np.maximum(size, 0).prod(axis=1)
    areas = [(each[:, 2:] - each[:, :2] + 1).prod(axis=1) for each in (one, other)]
    return np.asarray(shared / (areas[0] + areas[1] - shared), np.float64)


def score(run: Run, annotators: Sequence[Run], num_frames: Mapping[str, int]) -> Scores:
    """`num_frames` is the first annotator's count; a run that is shorter is scored as far as it goes."""
    each = [_against(run, truth, num_frames) for truth in annotators]
    return Scores(min(each), max(each), float(np.mean(each)), len(run))


def _against(run: Run, truth: Run, num_frames: Mapping[str, int]) -> float:
    means = []
    for video, windows in run.items():
        count = min(num_frames[video], len(windows), len(truth[video]))
        means.append(float(overlaps(truth[video][:count], windows[:count]).mean()))
    return 100 * float(np.mean(means))


def people_against_each_other(annotators: Sequence[Run], num_frames: Mapping[str, int]) -> float:
    """Mean over all pairs."""
    return float(np.mean([_against(one, other, num_frames) for one, other in combinations(annotators, 2)]))


def centre_run(annotators: Sequence[Run], aspect: str) -> Run:
    """The window in the middle of every frame, as large as fits. Sizes are the annotations' own: no video is needed."""
    return {video: _centred([each[video] for each in annotators], aspect) for video in annotators[0]}


def _centred(windows: Sequence[Windows], aspect: str) -> Windows:
    width, height = frame_size(windows, aspect)
    across, down = ASPECTS[aspect]
    size = (height * across / down, height) if across < down else (width, width * down / across)
    left, top = (width - size[0]) / 2, (height - size[1]) / 2
    box = np.round([left, top, left + size[0], top + size[1]])
    return np.repeat(box[None], max(len(each) for each in windows), axis=0)


def frame_size(windows: Sequence[Windows], aspect: str) -> tuple[float, float]:
    """Width and height of the video: the long side of a window is the frame's, the videos are 16:9."""
    corners = np.concatenate(windows)
    if aspect == "1-3":
        height = float(np.median(corners[:, 3]))
        return round(height * 16 / 9), height
    width = float(np.median(corners[:, 2]))
    return width, round(width * 9 / 16)


def counts(annotators: Sequence[Run]) -> dict[str, int]:
    return {video: len(windows) for video, windows in annotators[0].items()}

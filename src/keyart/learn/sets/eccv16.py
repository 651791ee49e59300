"""The HDF5 files that the field passes on (`eccv16_dataset_{summe,tvsum,ovp,youtube}_google_pool5.h5`).

One group for each video: GoogLeNet pool5 features of two frames a second, change points, people's summaries. Originals:
Zhang et al., ECCV 2016; in this form: Zhou et al., AAAI 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.learn.data import BadData
from keyart.learn.sets.hdf5 import array, opened, scalar
from keyart.learn.sets.values import AnnotatedVideo

NEEDED = ("features", "gtscore", "change_points", "n_frames", "picks")


def is_eccv16(file: Any) -> bool:
    """Whether an open HDF5 file looks like one of these."""
    first: Any = next(iter(file.values()), None)
    return hasattr(first, "keys") and {"features", "picks"} <= set(first.keys())


def read_eccv16(path: Path) -> tuple[AnnotatedVideo, ...]:
    """The videos in the order of their numbers, under the file's own names (`video_1` ...), which splits use.

    Raises `MissingFile`, `MissingExtra`, and `BadData` with the video and the key that is wrong.
    """
    with opened(path) as file:
        if not is_eccv16(file):
            raise BadData(f"{path}: no groups with features and picks; its keys are: {', '.join(file)[:200] or 'none'}")
        return tuple(_video(file[name], name, path) for name in sorted(file, key=_number))


def _number(name: str) -> tuple[int, str]:
    digits = name.rpartition("_")[2]
    return (int(digits) if digits.isdigit() else 0), name


def _video(group: Any, name: str, path: Path) -> AnnotatedVideo:
    where = f"{path}: {name}"
    missing = [key for key in NEEDED if key not in group]
    if missing:
        raise BadData(f"{where}: no {', '.join(missing)}; there are: {', '.join(group)[:200]}")
    frames = scalar(group, "n_frames", where)
    picks = array(group, "picks", where, shape=(None,), kind=np.int64)
    features = array(group, "features", where, shape=(len(picks), None), kind=np.float32)
    return AnnotatedVideo(
        name=name,
        features=features,
        picks=picks,
        num_frames=frames,
        frames_per_second=float(scalar(group, "fps", where, float)) if "fps" in group else 0.0,
        segments=_mended(array(group, "change_points", where, shape=(None, 2), kind=np.int64), frames),
        scores=_people(group, "user_scores", where, frames, np.float32),
        summaries=_people(group, "user_summary", where, frames, np.float32) > 0,
        target=array(group, "gtscore", where, shape=(len(picks),), kind=np.float32),
    )


def _mended(segments: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """Some files let the last segment end on the number of frames, not on the last frame."""
    if len(segments) and segments[-1, 1] == frames:
        segments[-1, 1] = frames - 1
    return segments


def _people(group: Any, name: str, where: str, frames: int, kind: Any) -> NDArray[Any]:
    if name not in group:  # OVP and YouTube have one summary of all people: `gtsummary`, at the picks
        return np.zeros((0, frames), kind)
    return array(group, name, where, shape=(None, frames), kind=kind)


def real_names(path: Path) -> dict[str, str]:
    """`video_1` -> the name of the video, where the file holds it (SumMe's does)."""
    with opened(path) as file:
        return {name: _text(group["video_name"][()]) for name, group in file.items() if "video_name" in group}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def with_scores(videos: Sequence[AnnotatedVideo], people: Sequence[AnnotatedVideo]) -> tuple[AnnotatedVideo, ...]:
    """The videos with the scores that each person gave, which these files lack and rank correlations need.

    `people` is TVSum in its own order (`read_tvsum`): `video_7` is its seventh. Raises `BadData` where the numbers of
    frames say that it is not.
    """
    found = []
    for video in videos:
        number = _number(video.name)[0]
        if not 1 <= number <= len(people):
            raise BadData(f"{video.name}: there are {len(people)} videos with scores")
        other = people[number - 1]
        if other.num_frames != video.num_frames:
            raise BadData(f"{video.name} has {video.num_frames} frames, {other.name} has {other.num_frames}")
        found.append(replace(video, scores=other.scores, frames_per_second=other.frames_per_second))
    return tuple(found)

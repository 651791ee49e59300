"""SumMe (Gygli et al., ECCV 2014): 25 videos, 15 to 18 people each, the parts they kept.

`GT/<video>.mat` is as its authors give it out. The features beside it, where they are, are those of a re-implementation
of that paper: quality, tracked objects, uniqueness and length of each superframe, and motion of each frame.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.hdf5 import array, opened
from keyart.learn.sets.values import AnnotatedVideo, even_segments, no_features

PICK_EVERY = 15
SHOT_SECONDS = 2.0
FEATURES, INDEX, CHOICE = "gunter_features.hdf5", "gunter_index_map.json", "gunter_interest.hdf5"
FEATURE_NAMES = (
    "quality", "objects", "uniqueness", "log length", "motion", "motion in the superframe", "its deviation",
    "motion against the video", "change of quality", "change of uniqueness",
)  # fmt: skip
SLACK_FRAMES = 10
"""Decoders differ in the last frames of a video; more than that is another video."""


def read_summe(folder: Path) -> tuple[AnnotatedVideo, ...]:
    """The videos of a folder of `.mat` files (or of `GT` in it), in the order of their names.

    With the features of superframes where `folder` has them, and superframes as segments; else without, in segments of
    two seconds. Raises `MissingFile`, `MissingExtra`, `BadData`.
    """
    truths = folder / "GT" if (folder / "GT").is_dir() else folder
    paths = sorted(truths.glob("*.mat"))
    if not paths:
        raise MissingFile(f"{truths}: no .mat files; SumMe's ground truth is one for each video")
    videos = tuple(read_truth(path) for path in paths)
    if (folder / FEATURES).is_file() and (folder / INDEX).is_file():
        return _with_superframes(videos, folder)
    return videos


def read_truth(path: Path) -> AnnotatedVideo:
    """One `.mat` file: `user_score` (frames, people), above 0 where a person kept the frame."""
    from scipy.io import loadmat  # type: ignore[import-untyped]  # ships no types

    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        values = loadmat(path, variable_names=["user_score", "FPS", "nFrames"])
    except (OSError, ValueError, TypeError, NotImplementedError) as err:  # the last: a file of version 7.3
        raise BadData(f"{path}: no MATLAB file of SumMe: {err}") from err
    missing = [name for name in ("user_score", "FPS") if name not in values]
    if missing:
        raise BadData(f"{path}: no {' and '.join(missing)}; SumMe's files have user_score, FPS, nFrames, gt_score ...")
    kept, rate = np.asarray(values["user_score"]).T > 0, float(np.asarray(values["FPS"]).ravel()[0])
    if kept.ndim != 2 or not kept.size or not rate > 0:
        raise BadData(f"{path}: user_score is {kept.T.shape} at {rate} frames a second")
    frames = kept.shape[1]
    picks = np.arange(0, frames, PICK_EVERY, dtype=np.int64)
    return AnnotatedVideo(
        name=path.stem,
        features=no_features(),
        picks=picks,
        num_frames=frames,
        frames_per_second=rate,
        segments=even_segments(frames, round(SHOT_SECONDS * rate)),
        scores=np.zeros((0, frames), np.float32),
        summaries=kept,
        target=kept[:, picks].mean(axis=0, dtype=np.float32),
    )


# --- features of superframes --------------------------------------------------------------------------------------


def _with_superframes(videos: tuple[AnnotatedVideo, ...], folder: Path) -> tuple[AnnotatedVideo, ...]:
    numbers = _numbers(folder / INDEX)
    missing = [one.name for one in videos if one.name not in numbers]
    if missing:
        raise BadData(f"{folder / INDEX}: no number for {', '.join(missing[:5])}")
    path = folder / FEATURES
    with opened(path) as file:
        return tuple(_described(one, file, numbers[one.name], path) for one in videos)


def _numbers(path: Path) -> dict[str, str]:
    """Name of the video -> the number under which its features are kept."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["map"]
        return {name: number for number, names in rows.items() for name in names}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise BadData(f'{path}: no {{"map": {{"0": ["video"], ...}}}}') from err


def _described(video: AnnotatedVideo, file: Any, number: str, path: Path) -> AnnotatedVideo:
    where = f"{path}: {video.name}"
    rows = array(file, f"fea_{number}", where, shape=(None, 4), kind=np.float64)
    motion = array(file, f"mot_{number}", where, shape=(None,), kind=np.float64)
    lengths = rows[:, 3].astype(np.int64)
    if not len(rows) or (lengths < 1).any() or abs(int(lengths.sum()) - video.num_frames) > SLACK_FRAMES:
        raise BadData(f"{where}: superframes of {int(lengths.sum())} frames in all; the video has {video.num_frames}")
    if abs(len(motion) - video.num_frames) > SLACK_FRAMES:
        raise BadData(f"{where}: motion of {len(motion)} frames; the video has {video.num_frames}")
    first = np.minimum(np.concatenate([[0], np.cumsum(lengths)[:-1]]), video.num_frames - 1)
    segments = np.stack([first, np.append(first[1:] - 1, video.num_frames - 1)], axis=1).astype(np.int64)
    motion = np.concatenate([motion, np.repeat(motion[-1:], max(0, video.num_frames - len(motion)))])
    features = superframe_features(rows, motion[: video.num_frames], segments, video.picks)
    return replace(video, features=features, segments=segments)


def superframe_features(
    rows: NDArray[np.float64], motion: NDArray[np.float64], segments: NDArray[np.int64], picks: NDArray[np.int64]
) -> NDArray[np.float32]:
    """`FEATURE_NAMES` at each pick, shape (n, 10).

    `rows`, shape (segments, 4): quality, objects, uniqueness, length in frames; `motion`, shape (frames,).
    """
    at = np.searchsorted(segments[:, 0], picks, side="right") - 1
    within = [motion[a : b + 1] for a, b in segments]
    mean, deviation = np.array([one.mean() for one in within]), np.array([one.std() for one in within])
    half = PICK_EVERY // 2
    near = np.array([motion[max(0, one - half) : one + half + 1].mean() for one in picks])
    change = np.abs(np.diff(rows[:, [0, 2]], axis=0, prepend=rows[:1, [0, 2]]))
    columns = [
        *rows[at, :3].T, np.log(rows[at, 3]) / 5.0, near, mean[at], deviation[at],
        (near - motion.mean()) / (motion.std() + 1e-9), *change[at].T,
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)


def read_choices(folder: Path) -> dict[str, NDArray[np.bool_]]:
    """Video -> the frames that the re-implementation itself chose, shape (frames,): a system to compare with."""
    numbers, path = _numbers(folder / INDEX), folder / CHOICE
    with opened(path) as file:
        return {
            name: array(file, f"vid_{number}", f"{path}: {name}", shape=(None,), kind=np.float64) > 0
            for name, number in numbers.items()
        }

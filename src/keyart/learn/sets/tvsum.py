"""TVSum (Song et al., CVPR 2015): 50 videos, 20 people each, importance 1 ... 5 of every two seconds.

`ydata-tvsum50.mat` is a MATLAB file of version 7.3, that is, HDF5: a struct array whose fields are rows of references.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.hdf5 import opened
from keyart.learn.sets.values import AnnotatedVideo, even_segments, no_features

PICK_EVERY = 15
"""Frames: the field looks at every 15th."""
SHOT_SECONDS = 2.0
LOWEST, HIGHEST = 1.0, 5.0
FIELDS = ("video", "category", "title", "length", "nframes", "user_anno")


@dataclass(frozen=True, slots=True)
class About:
    """What TVSum says of a video in words."""

    video: str
    title: str
    category: str


def is_tvsum(file: Any) -> bool:
    return "tvsum50" in file


def read_tvsum(path: Path) -> tuple[AnnotatedVideo, ...]:
    """The videos of `ydata-tvsum50.mat` in its order, without features; two-second segments, as people saw them.

    Raises `MissingFile`, `MissingExtra`, and `BadData` with the video that is wrong.
    """
    with opened(path) as file:
        rows = _rows(file, path)
        return tuple(
            _video(
                _text(row["video"]),
                np.asarray(row["user_anno"][()], np.float32),
                float(row["length"][0, 0]),
                int(row["nframes"][0, 0]),
                path,
            )
            for row in rows
        )


def read_abouts(path: Path) -> tuple[About, ...]:
    """Titles and categories, in the same order."""
    with opened(path) as file:
        rows = _rows(file, path)
        return tuple(About(_text(row["video"]), _text(row["title"]), _text(row["category"])) for row in rows)


def _rows(file: Any, path: Path) -> list[dict[str, Any]]:
    if not is_tvsum(file):
        raise BadData(f"{path}: no struct tvsum50; its keys are: {', '.join(file)[:200] or 'none'}")
    struct = file["tvsum50"]
    missing = [name for name in FIELDS if name not in struct]
    if missing:
        raise BadData(f"{path}: tvsum50 has no {', '.join(missing)}; it has: {', '.join(struct)[:200]}")
    return [{name: file[struct[name][number, 0]] for name in FIELDS} for number in range(len(struct["video"]))]


def _text(codes: Any) -> str:
    return "".join(chr(one) for one in np.asarray(codes[()]).ravel())


def _video(name: str, users: NDArray[np.float32], seconds: float, frames: int, path: Path) -> AnnotatedVideo:
    where = f"{path}: {name}"
    if users.ndim != 2 or users.shape[1] != frames:
        raise BadData(f"{where}: user_anno is {users.shape}; wanted is (people, {frames})")
    if users.min() < LOWEST or users.max() > HIGHEST:
        raise BadData(f"{where}: importance {users.min()} ... {users.max()}; allowed is 1 ... 5")
    if not seconds > 0:
        raise BadData(f"{where}: {seconds} seconds long")
    rate = frames / seconds
    picks = np.arange(0, frames, PICK_EVERY, dtype=np.int64)
    return AnnotatedVideo(
        name=name,
        features=no_features(),
        picks=picks,
        num_frames=frames,
        frames_per_second=rate,
        segments=even_segments(frames, round(SHOT_SECONDS * rate)),
        scores=users,
        summaries=np.zeros((0, frames), np.bool_),
        target=((users[:, picks].mean(axis=0) - LOWEST) / (HIGHEST - LOWEST)).astype(np.float32),
    )


def read_tvsum_npz(scores: Path, info: Path) -> tuple[AnnotatedVideo, ...]:
    """The same from `tvsum50_scores.npz` (`<video>_user`: (people, frames)) and `tvsum50_info.json`; needs no h5py."""
    for path in (scores, info):
        if not path.is_file():
            raise MissingFile(f"{path}: no such file")
    try:
        rows = json.loads(info.read_text(encoding="utf-8"))
        with np.load(scores, allow_pickle=False) as arrays:
            return tuple(
                _video(
                    row["video"],
                    arrays[f"{row['video']}_user"].astype(np.float32),
                    float(row["length_s"]),
                    int(row["nframes"]),
                    scores,
                )
                for row in rows
            )
    except (OSError, ValueError, KeyError, TypeError) as err:
        if isinstance(err, BadData):
            raise
        raise BadData(f"{scores} and {info} do not belong together: {type(err).__name__} {err}") from err

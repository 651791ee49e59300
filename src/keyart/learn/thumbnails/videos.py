"""Videos as rows of features with an aesthetic score each, and the pictures that people chose of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.hdf5 import array, opened, scalar
from keyart.learn.thumbnails.matching import LEAST_SSIM, Structure, most_selected
from keyart.types import RGB

Judge = Callable[[Sequence[RGB]], NDArray[np.float32]]
"""Pictures -> aesthetics of each, 0 ... 1."""
AESTHETICS, LIKENESS, CHOSEN = "aesthetic_scores_mean", "ssim_matrix", "top3_thumbnail_ids"
_SUFFIXES = (".mp4", ".mpg", ".mpeg", ".avi", ".flv", ".mkv", ".webm")
_PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True, eq=False)
class ThumbnailVideo:
    name: str
    features: NDArray[np.float32]
    """Shape (T, d)."""
    aesthetics: NDArray[np.float32]
    """Shape (T,), 0 ... 1."""
    alike: NDArray[np.bool_]
    """Shape (chosen, T): which frames match (SSIM > 0.7) which of the pictures that people chose; may be (0, T)."""

    def __post_init__(self) -> None:
        rows, a = self.features, self.aesthetics
        if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
            raise BadData(f"{self.name}: features is {rows.shape}; wanted are finite numbers (T, d)")
        if a.shape != rows.shape[:1] or not (a.min() >= 0 and a.max() <= 1):
            raise BadData(f"{self.name}: aesthetics is {a.shape}; wanted are {len(rows)} numbers in 0 ... 1")
        if self.alike.ndim != 2 or self.alike.shape[1] != len(rows) or self.alike.dtype != np.bool_:
            raise BadData(f"{self.name}: alike is {self.alike.shape}; wanted is (chosen, {len(rows)}) bool")


# --- the form in which the features of OVP and YouTube are passed on ------------------------------------------------


def read_thumbnail_h5(path: Path) -> tuple[ThumbnailVideo, ...]:
    """One group a video: `features`, `aesthetic_scores_mean`, `ssim_matrix`, `top3_thumbnail_ids` (RL-DiVTS' own).

    Raises `MissingFile`, `MissingExtra`, `BadData` with the video and the key that is wrong.
    """
    with opened(path) as file:
        found = tuple(_video(file[name], name, path) for name in sorted(file, key=_number))
    if not found:
        raise BadData(f"{path}: no videos in it")
    return found


def _number(name: str) -> tuple[int, str]:
    digits = re.search(r"(\d+)$", name)
    return (int(digits.group(1)) if digits else 0), name


def _video(group: Any, name: str, path: Path) -> ThumbnailVideo:
    where = f"{path}: {name}"
    missing = [key for key in ("features", AESTHETICS, LIKENESS, CHOSEN) if key not in group]
    if missing:
        raise BadData(f"{where}: no {', '.join(missing)}; there are: {', '.join(group)[:200]}")
    features = array(group, "features", where, shape=(None, None), kind=np.float32)
    aesthetics = array(group, AESTHETICS, where, shape=(len(features),), kind=np.float32)
    likeness = array(group, LIKENESS, where, shape=(None, None), kind=np.float32)
    chosen = np.asarray(group[CHOSEN][()]).size  # rows of the matrix stand in the order of votes
    return ThumbnailVideo(name, features, aesthetics, _at_rows(group, likeness, len(features), where)[:chosen])


def _at_rows(group: Any, likeness: NDArray[np.float32], rows: int, where: str) -> NDArray[np.bool_]:
    """The columns may be all frames of the video, or those with features."""
    columns = likeness.shape[1]
    if columns == rows:
        return likeness > LEAST_SSIM
    frames = scalar(group, "n_frames", where) if "n_frames" in group else columns
    if columns != frames or columns < rows:
        raise BadData(f"{where}: {LIKENESS} has {columns} columns; wanted are {rows} (features) or {frames} (frames)")
    if "picks" in group:
        picks = array(group, "picks", where, shape=(rows,), kind=np.int64)
    else:
        picks = np.arange(rows, dtype=np.int64) * (columns // rows)
    return likeness[:, picks] > LEAST_SSIM


# --- videos and the pictures that people took out of them -----------------------------------------------------------


def watched(folder: Path) -> Iterator[tuple[Path, tuple[float, ...]]]:
    """Each video and the seconds that people chose: as `annotations.json` says, or as their pictures are called.

    Raises `MissingFile`, `BadData`.
    """
    from keyart.learn.sets.own import ANNOTATIONS, read_annotations
    from keyart.media.probe import probe

    if (folder / ANNOTATIONS).is_file():
        yield from ((one.path, one.chosen) for one in read_annotations(folder))
        return
    for file in _video_files(folder):
        rate = probe(file).frames_per_second
        yield file, tuple(number / rate for number in chosen_frames(folder, file.stem))


def _video_files(folder: Path) -> tuple[Path, ...]:
    found = sorted(one for one in folder.rglob("*") if one.suffix.lower() in _SUFFIXES) if folder.is_dir() else []
    if not found:
        raise MissingFile(f"{folder}: no video in it ({', '.join(_SUFFIXES)})")
    return tuple(found)


def chosen_frames(folder: Path, name: str) -> tuple[int, ...]:
    """The frames that most people chose, from `UserSummary/<name>/<person>/Frame<number>.jpeg`; () without any."""
    places = [one for one in folder.rglob(name) if one.is_dir()]
    people = [one for place in places[:1] for one in sorted(place.iterdir()) if one.is_dir()]
    return most_selected(
        [int(number) for one in person.iterdir() if one.suffix.lower() in _PICTURES
         for number in re.findall(r"(\d+)$", one.stem)]
        for person in people
    )  # fmt: skip


def looked_at(file: Path, chosen: Sequence[float], judge: Judge) -> ThumbnailVideo:
    """A video as the rows that the ranker of stills is given, and what is like its pictures at the `chosen` seconds."""
    from keyart.learn.features import frame_features
    from keyart.media.grab import grab
    from keyart.media.probe import probe

    info, seen = probe(file), frame_features(file)
    truths = [Structure(frame.image) for frame in grab(info, chosen)]
    scores, alike = [], []
    for at in range(0, len(seen.seconds), 16):
        pictures = [frame.image for frame in grab(info, seen.seconds[at : at + 16].tolist())]
        scores.append(judge(pictures))
        alike.append(_likenesses(truths, [Structure(one) for one in pictures]))
    return ThumbnailVideo(file.stem, seen.rows, np.concatenate(scores), np.concatenate(alike, axis=1) > LEAST_SSIM)


def _likenesses(truths: Sequence[Structure], pictures: Sequence[Structure]) -> NDArray[np.float64]:
    """(truths, pictures) SSIM."""
    found = [[one.likeness(other) for other in pictures] for one in truths]
    return np.array(found, np.float64).reshape(len(truths), len(pictures))

"""A video as the fusion sees it, and a folder of them: one `.npz` a video, and what made the features."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.files import written_whole
from keyart.learn.training import rng

Floats = NDArray[np.float32]
EXTRACTORS = "features.json"
_ARRAYS = ("frames", "audio", "title", "description", "chosen", "quality", "seconds")


def _nothing() -> Floats:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class MultimodalVideo:
    """A video's frames, sound and words as embeddings, and the frames that were chosen for its thumbnail."""

    name: str
    frames: Floats
    """Shape (n, d), in the order of time; the 1000 best of every 9th frame."""
    audio: Floats
    """Shape (m, a), in the order of time; (0, a) for a video without sound."""
    title: Floats
    """Shape (t,)."""
    description: Floats
    """Shape (t,)."""
    chosen: tuple[int, ...]
    """Rows of `frames`; empty where nobody chose."""
    quality: Floats = field(default_factory=_nothing)
    """Shape (n,): the double-column network's scores; (0,) where it did not look."""
    seconds: Floats = field(default_factory=_nothing)
    """Shape (n,): when each frame is shown; (0,) where that is not known."""

    def __post_init__(self) -> None:
        for name, rank in (("frames", 2), ("audio", 2), ("title", 1), ("description", 1)):
            one = getattr(self, name)
            if one.ndim != rank or not np.issubdtype(one.dtype, np.floating) or not one.shape[-1]:
                raise BadData(f"{self.name}: {name} is {one.shape} {one.dtype}; wanted are numbers with {rank} axes")
        for name in ("frames", "audio", "title", "description", "quality", "seconds"):
            if not np.isfinite(getattr(self, name)).all():
                raise BadData(f"{self.name}: {name} holds numbers that are not finite")
        count = len(self.frames)
        if not count:
            raise BadData(f"{self.name}: no frame to choose from")
        for name in ("quality", "seconds"):
            if getattr(self, name).shape not in ((0,), (count,)):
                raise BadData(f"{self.name}: {name} is {getattr(self, name).shape}; wanted is ({count},) or (0,)")
        if len(set(self.chosen)) != len(self.chosen) or any(not 0 <= one < count for one in self.chosen):
            raise BadData(f"{self.name}: chosen is {self.chosen}; wanted are different rows in 0 ... {count - 1}")

    @property
    def text(self) -> Floats:
        """Title and description in one row, shape (2 t,)."""
        return np.concatenate([self.title, self.description])

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Of a frame's row, a sound's row, the text."""
        return self.frames.shape[1], self.audio.shape[1], len(self.title) + len(self.description)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A folder of videos as it was read."""

    name: str
    videos: tuple[MultimodalVideo, ...]
    sha256: str
    """Of all files, in the order of their names."""
    extractors: dict[str, str]
    """frames, audio, text -> what made the rows; empty where the folder does not say."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Videos to learn from, to keep the best epoch by, and to be judged by."""

    train: tuple[MultimodalVideo, ...]
    validation: tuple[MultimodalVideo, ...]
    test: tuple[MultimodalVideo, ...]


def write_video(folder: Path, video: MultimodalVideo) -> Path:
    """`folder/NAME.npz`, whole or not at all."""
    target = io.BytesIO()
    arrays = {name: np.asarray(getattr(video, name)) for name in _ARRAYS}
    arrays["chosen"] = np.array(video.chosen, np.int64)
    np.savez(target, **arrays)  # type: ignore[arg-type]  # its stub takes the arrays' names for its own flag
    path = folder / f"{video.name}.npz"
    written_whole(path, target.getvalue())
    return path


def write_extractors(folder: Path, extractors: dict[str, str]) -> None:
    """What made the features, for the card of whatever learns from them."""
    written_whole(folder / EXTRACTORS, (json.dumps(extractors, indent=1) + "\n").encode())


def read_video(path: Path) -> MultimodalVideo:
    """Raises `MissingFile`, `BadData`."""
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in _ARRAYS if name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as err:
        raise BadData(f"{path}: no .npz file of arrays: {err}") from err
    missing = [name for name in _ARRAYS[:5] if name not in found]
    if missing:
        raise BadData(f"{path}: no array {', '.join(missing)}; it holds: {', '.join(found) or 'none'}")
    return MultimodalVideo(path.stem, chosen=_rows(path, found.pop("chosen")), **_plain(found))


def _rows(path: Path, chosen: NDArray[Any]) -> tuple[int, ...]:
    if chosen.ndim != 1 or (chosen.size and not np.issubdtype(chosen.dtype, np.integer)):
        raise BadData(f"{path}: chosen is {chosen.shape} {chosen.dtype}; wanted are numbers of frames")
    return tuple(int(one) for one in chosen)


def _plain(found: dict[str, NDArray[Any]]) -> dict[str, Floats]:
    return {name: one.astype(np.float32) if np.issubdtype(one.dtype, np.number) else one for name, one in found.items()}


def read_videos(folder: Path) -> Opened:
    """All videos of a folder that have a chosen frame, by name. Raises `MissingFile`, `BadData`."""
    if not folder.is_dir():
        raise MissingFile(f"{folder}: no such folder")
    paths = sorted(folder.glob("*.npz"))
    videos = tuple(one for one in map(read_video, paths) if one.chosen)
    if not videos:
        raise BadData(f"{folder}: {len(paths)} .npz files, none with a chosen frame")
    sizes = {one.sizes for one in videos}
    if len(sizes) > 1:
        raise BadData(f"{folder}: features of {len(sizes)} sizes (frame, sound, text): {sorted(sizes)[:4]}")
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return Opened(folder.name, videos, digest.hexdigest(), _extractors(folder / EXTRACTORS))


def _extractors(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        facts = json.loads(path.read_text("utf-8"))
        return {str(name): str(value) for name, value in facts.items()}
    except (ValueError, AttributeError) as err:
        raise BadData(f"{path}: no JSON object of names") from err


def parted(videos: Sequence[MultimodalVideo], seed: int, share: float = 1.0) -> Parts:
    """70 / 15 / 15 by video, drawn by the seed; `share` of the first part is kept (the seed: 700 of 1171).

    Raises `BadData` for fewer than ten videos.
    """
    if len(videos) < 10:
        raise BadData(f"{len(videos)} videos cannot be split 70/15/15; ten or more are wanted")
    order = [videos[int(place)] for place in rng("parts", seed).permutation(len(videos))]
    held = max(1, round(0.15 * len(order)))
    return Parts(fewer(order[2 * held :], share), tuple(order[:held]), tuple(order[held : 2 * held]))


def fewer(videos: Sequence[MultimodalVideo], share: float) -> tuple[MultimodalVideo, ...]:
    """The first of them, at least one.

    >>> [len(fewer([None] * 1171, share)) for share in (1.0, 700 / 1171)]
    [1171, 700]
    """
    return tuple(videos[: max(1, round(share * len(videos)))])

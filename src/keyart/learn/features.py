"""The stages that serve, as feature extractors: what a recipe learns from is what it will be asked about.

    frame_features    stills.classical   the stills' own candidates of a pass, about one a second, as ranked
    second_features   teasers.seconds    a row for each second, for GIFs of three one-second shots
    audio_features    sound.logmel       a row for each second of sound

What was made of a video is kept in the stage cache under its content; made again it is read back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from keyart.cache import StageCache, cache_folder, code_stamp, file_sha256, key_of
from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.protocol import kts_segments
from keyart.learn.sets.eccv16 import read_eccv16
from keyart.learn.sets.own import ANNOTATIONS, Annotation, read_annotations
from keyart.learn.sets.summe import FEATURES, read_summe
from keyart.learn.sets.values import AnnotatedVideo, GifVideo
from keyart.media.logmel import SOUND, sound_features

T = TypeVar("T")
Rows = NDArray[np.float32]
FRAMES, SECONDS = "stills.classical", "teasers.seconds"


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """The candidates of a pass over a video, in the order of time."""

    numbers: NDArray[np.int64]
    """Shape (n,): of the frames that the pass decoded, from 0."""
    seconds: NDArray[np.float64]
    """Shape (n,): when each is shown."""
    rows: Rows
    """Shape (n, d): what the ranker of stills is given."""
    num_frames: int
    end_seconds: float
    """When the last frame is shown."""

    @property
    def frames_per_second(self) -> float:
        """0.0 for a video of one frame."""
        return (self.num_frames - 1) / self.end_seconds if self.end_seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows as the cache keeps them."""

    rows: Rows


def frame_features(path: Path, kept: StageCache | None = None) -> FrameFeatures:
    """What the stills' sampler keeps of a video at its default settings. Raises `MissingFile`, `UnreadableVideo`."""
    return _once(path, FRAMES, FrameFeatures, lambda: _frame_features(path), kept)


def second_features(path: Path, kept: StageCache | None = None) -> Rows:
    """Mean descriptor of the pictures of each second, shape (seconds, d), as the teaser makes it of a video."""
    from keyart.media.probe import probe
    from keyart.teasers.learned import second_features as made

    return _once(path, SECONDS, KeptRows, lambda: KeptRows(made(probe(path))), kept).rows


def audio_features(path: Path, kept: StageCache | None = None) -> Rows:
    """Mean and deviation of 40 log-mel bands over each second, shape (seconds, 80); (0, 80) for a silent file."""
    from keyart.media.probe import probe

    return _once(path, SOUND, KeptRows, lambda: KeptRows(sound_features(probe(path))), kept).rows


def _once(path: Path, name: str, kind: type[T], work: Callable[[], T], kept: StageCache | None) -> T:
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    store = StageCache(cache_folder()) if kept is None else kept
    key = key_of(code_stamp(), file_sha256(path), "features", name)
    found = store.get(key, kind)
    if found is None:
        found = work()
        store.put(key, found, kind)
    return found


def _frame_features(path: Path) -> FrameFeatures:
    from keyart.media.probe import probe
    from keyart.media.scan import Scan
    from keyart.stills import PickStills

    info = probe(path)
    sampler = PickStills().sample(info)
    for glimpse in Scan()(info):
        sampler.see(glimpse)
    samples = sampler.finish()
    return FrameFeatures(
        numbers=np.array([one.number for one in samples], np.int64),
        seconds=np.array([one.seconds for one in samples], np.float64),
        rows=np.stack([one.embedding for one in samples]).astype(np.float32),
        num_frames=sampler.num_seen,
        end_seconds=sampler.end_seconds,
    )


# --- annotated videos, whatever they come from ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Annotated:
    """Videos with features and annotations, and what made the features."""

    videos: tuple[AnnotatedVideo, ...]
    features: str
    """The serving extractor, for the card; `set:NAME` for features that a set brings."""
    sha256: str
    """Of what was read."""


def annotated(path: Path, kept: StageCache | None = None) -> Annotated:
    """An h5 file of the field, a folder with SumMe and its features, or a folder of one's own videos.

    Raises `MissingFile`, `MissingExtra`, `UnreadableVideo`, and `BadData` for what is none of these.
    """
    if path.is_file():
        return Annotated(read_eccv16(path), f"set:{path.stem}", _sha256_of([path]))
    if (path / ANNOTATIONS).is_file():
        files = [path / ANNOTATIONS, *(one.path for one in read_annotations(path))]
        return Annotated(own_videos(path, kept), FRAMES, _sha256_of(files))
    if (path / FEATURES).is_file():
        files = [path / FEATURES, *sorted((path / "GT").glob("*.mat"))]
        return Annotated(read_summe(path), "set:summe-superframes", _sha256_of(files))
    wanted = f"an h5 file of the field, or a folder with {ANNOTATIONS} or {FEATURES}"
    raise BadData(f"{path}: wanted is {wanted}; see docs/learn-data.md")


def _sha256_of(files: Sequence[Path]) -> str:
    """Of one file as it lies there, of several of their checksums."""
    digests = [file_sha256(path) for path in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()


def own_videos(folder: Path, kept: StageCache | None = None) -> tuple[AnnotatedVideo, ...]:
    """A folder with videos and `annotations.json`, with the features that will be served.

    Raises `MissingFile`, `UnreadableVideo`, and `BadData` for annotations that do not fit their video.
    """
    return tuple(_own_video(one, frame_features(one.path, kept)) for one in read_annotations(folder))


def _own_video(one: Annotation, seen: FrameFeatures) -> AnnotatedVideo:
    rate = seen.frames_per_second
    by_second = one.by_second(seen.num_frames / rate if rate else 1.0)
    at = np.minimum(np.arange(seen.num_frames) / rate if rate else np.zeros(seen.num_frames), len(by_second) - 1)
    return AnnotatedVideo(
        name=one.path.stem,
        features=seen.rows,
        picks=seen.numbers,
        num_frames=seen.num_frames,
        frames_per_second=rate,
        segments=kts_segments(seen.rows, seen.numbers, seen.num_frames),
        scores=by_second[at.astype(np.int64)][None],
        summaries=np.zeros((0, seen.num_frames), np.bool_),
        target=by_second[np.minimum(seen.seconds.astype(np.int64), len(by_second) - 1)],
    )


def own_gifs(folder: Path, kept: StageCache | None = None) -> tuple[GifVideo, ...]:
    """Those of a folder's videos that have GIFs, with a row for each second. Raises as `own_videos` does."""
    found = []
    for one in read_annotations(folder):
        if not one.gifs:
            continue
        rows = second_features(one.path, kept)
        found.append(GifVideo(one.path.stem, one.gifs, one.comments, 1.0, len(rows), rows))
    if not found:
        raise BadData(f"{folder / ANNOTATIONS}: no video has gifs")
    return tuple(found)

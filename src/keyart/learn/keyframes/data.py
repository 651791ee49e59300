"""Where a recipe's shots come from: TVSum with its videos, or a file of features and importances."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from keyart.cache import file_sha256
from keyart.errors import BadSetting, MissingFile
from keyart.learn.data import BadData
from keyart.learn.files import written_whole
from keyart.learn.keyframes.shots import KeyRule, ShotVideo, key_shots, shot_middles
from keyart.learn.sets.values import AnnotatedVideo
from keyart.types import RGB

FeatureSource = Literal["auto", "resnet", "stills.classical", "set", "pictures"]
"""auto: what the data bring, else resnet; pictures: none, the recipe looks at the pictures themselves."""
ANNOTATIONS = "ydata-tvsum50.mat"
LEAST_SCORE = 4.0
_SUFFIXES = (".mp4", ".webm", ".mkv", ".mov", ".avi")
_SHORTER_PX = 256
"""Of the pictures kept: what a centre crop of 224 is cut from."""


class Wanted(Protocol):
    """The settings of a recipe that say which shots it wants."""

    @property
    def data(self) -> Path: ...
    @property
    def out(self) -> Path: ...
    @property
    def base(self) -> str: ...
    @property
    def features(self) -> FeatureSource: ...
    @property
    def key_rule(self) -> KeyRule: ...
    @property
    def key_share(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """What was read, and what stands for it in the card."""

    videos: tuple[ShotVideo, ...]
    name: str
    sha256: str
    extractor: str
    """Of the features: as a serving extractor is called, or as what no stage can make."""


def open_videos(wanted: Wanted) -> Opened:
    """Raises `MissingFile`, `BadData`, `BadSetting`, and what the extractor raises."""
    if _brings_rows(wanted.data):
        return _of_rows(wanted)
    if wanted.features == "set":
        raise BadSetting(f"{wanted.data} brings no features; --features resnet or stills.classical makes them")
    annotations = _annotations(wanted.data)
    files = _video_files(annotations.parent)
    known = [one for one in _read(annotations) if one.name in files]
    if not known:
        raise BadData(f"{annotations.parent}: no video file is named like one of {ANNOTATIONS}; they are NAME.mp4")
    sha256 = _folder_sha256(annotations, files.values())
    if wanted.features == "stills.classical":
        videos = [_as_served(one, files[one.name], wanted) for one in known]
        return Opened(tuple(videos), annotations.parent.name, sha256, wanted.features)
    extract, extractor = _extractor(wanted)
    videos = []
    for one in known:
        pictures = _pictures(one, files[one.name], wanted.out / "shots" / one.name)
        videos.append(ShotVideo(one.name, keys_of_shots(one, wanted), pictures, extract(one.name, pictures)))
    return Opened(tuple(videos), annotations.parent.name, sha256, extractor)


def featured(video: ShotVideo) -> NDArray[np.float32]:
    """Its features (n, d). Raises `BadData` where it has none."""
    if video.features is None:
        raise BadData(f"{video.name}: no features")
    return video.features


def keys_of_shots(video: AnnotatedVideo, wanted: Wanted) -> NDArray[np.bool_]:
    """Of the shots of two seconds, by the mean of what people gave their middle frames."""
    return _keys_at(video, shot_middles(video.num_frames, video.frames_per_second), wanted)


def _keys_at(video: AnnotatedVideo, frames: NDArray[np.int64], wanted: Wanted) -> NDArray[np.bool_]:
    if not len(video.scores):
        raise BadData(f"{video.name}: nobody's scores")
    least = LEAST_SCORE if wanted.key_rule == "score" else wanted.key_share
    return key_shots(video.scores[:, frames].mean(axis=0), wanted.key_rule, least)


def _as_served(video: AnnotatedVideo, file: Path, wanted: Wanted) -> ShotVideo:
    """The rows that the ranker of stills will be given, about one a second, in place of one a shot."""
    from keyart.learn.features import frame_features

    seen = frame_features(file)
    frames = np.round(seen.seconds * video.frames_per_second).astype(np.int64)
    return ShotVideo(video.name, _keys_at(video, np.minimum(frames, video.num_frames - 1), wanted), features=seen.rows)


def of_rows(video: AnnotatedVideo, key_rule: KeyRule = "share", key_share: float = 0.15) -> ShotVideo:
    """Any annotated video with features: each of its rows is a shot, key by `target` (4 of 1 ... 5 is 0.75 there)."""
    if not video.has_features:
        raise BadData(f"{video.name}: no features")
    least = (LEAST_SCORE - 1) / 4 if key_rule == "score" else key_share
    return ShotVideo(video.name, key_shots(video.target, key_rule, least), features=video.features)


def _brings_rows(data: Path) -> bool:
    """A file of features, SumMe with its own, or a folder of one's own videos, whose rows the serving stage makes."""
    from keyart.learn.sets.own import ANNOTATIONS as OWN
    from keyart.learn.sets.summe import FEATURES

    return data.suffix in (".h5", ".hdf5") or (data / OWN).is_file() or (data / FEATURES).is_file()


def _of_rows(wanted: Wanted) -> Opened:
    from keyart.learn.features import annotated

    found = annotated(wanted.data) if wanted.features not in ("resnet", "pictures") else None
    if found is None or wanted.features not in ("auto", "set", found.features):
        raise BadSetting(f"{wanted.data} brings rows of features and no pictures of shots; --features set takes them")
    videos = tuple(of_rows(one, wanted.key_rule, wanted.key_share) for one in found.videos)
    return Opened(videos, wanted.data.name, found.sha256, found.features)


# --- TVSum ----------------------------------------------------------------------------------------------------------


def _annotations(data: Path) -> Path:
    if data.is_file():
        return data
    found = sorted(data.rglob(ANNOTATIONS)) if data.is_dir() else []
    if not found:
        raise MissingFile(f"{data}: no folder with {ANNOTATIONS} in it")
    return found[0]


def _read(annotations: Path) -> tuple[AnnotatedVideo, ...]:
    from keyart.learn.sets.tvsum import read_tvsum

    return read_tvsum(annotations)


def _video_files(folder: Path) -> dict[str, Path]:
    """The set's own archive has them in a folder beside the annotations' one."""
    for place in (folder, folder.parent):
        found = {one.stem: one for one in sorted(place.rglob("*")) if one.suffix in _SUFFIXES}
        if found:
            return found
    return {}


@dataclass(frozen=True, slots=True)
class StoredPictures(Sequence[RGB]):
    """Pictures that are read when they are looked at: a set of them does not stand in memory."""

    files: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: Any) -> Any:
        from keyart.media.images import read_image

        return read_image(self.files[place])

    def __iter__(self) -> Iterator[RGB]:
        return (self[place] for place in range(len(self)))


def _pictures(video: AnnotatedVideo, file: Path, folder: Path) -> StoredPictures:
    """The middle of each shot, the shorter side 256, kept as JPEG under the recipe's folder."""
    middles = shot_middles(video.num_frames, video.frames_per_second)
    paths = tuple(folder / f"{frame:06d}.jpg" for frame in middles.tolist())
    missing = [(frame, path) for frame, path in zip(middles.tolist(), paths, strict=True) if not path.is_file()]
    for at in range(0, len(missing), 16):
        part = missing[at : at + 16]
        _keep(file, [(frame / video.frames_per_second, path) for frame, path in part])
    return StoredPictures(paths)


def _keep(file: Path, wanted: Sequence[tuple[float, Path]]) -> None:
    import cv2

    from keyart.media.grab import grab
    from keyart.media.images import encode_image
    from keyart.media.probe import probe

    for frame, (_, path) in zip(grab(probe(file), [seconds for seconds, _ in wanted]), wanted, strict=True):
        scale = min(1.0, _SHORTER_PX / min(frame.image.shape[:2]))
        sized = cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        written_whole(path, encode_image(np.asarray(sized, np.uint8), "jpeg", quality=95))


def _extractor(wanted: Wanted) -> tuple[Callable[[str, Sequence[RGB]], NDArray[np.float32] | None], str]:
    if wanted.features == "pictures":
        return (lambda *_: None), f"layer4:{Path(wanted.base).name}"
    from keyart.learn.keyframes.resnet import features_of, load

    resnet, mark = load(wanted.base), hashlib.sha256(wanted.base.encode()).hexdigest()[:8]

    def kept(name: str, pictures: Sequence[RGB]) -> NDArray[np.float32]:
        path = wanted.out / "features" / f"{name}-{mark}.npy"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path.with_suffix(".part.npy"), features_of(resnet, pictures))
            path.with_suffix(".part.npy").replace(path)
        return np.asarray(np.load(path), np.float32)

    return kept, f"resnet:{Path(wanted.base).name}"


def _folder_sha256(annotations: Path, files: Iterable[Path]) -> str:
    """Of the annotations, and of the videos' names and sizes: to read them all would take longer than to train."""
    rows = [(one.name, one.stat().st_size) for one in sorted(files)]
    return hashlib.sha256(f"{file_sha256(annotations)} {rows}".encode()).hexdigest()

"""The values that rooms hand on. Frozen; times are seconds from the first displayed frame, boxes displayed pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
"""A picture, shape (height, width, 3), uint8, sRGB, upright and with square pixels."""
Gray = NDArray[np.uint8]
"""One plane, shape (height, width), uint8."""
Sound = NDArray[np.float32]
"""Mono samples in [-1, 1], shape (n,), float32."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle in displayed pixels; (x, y) is its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, fx: float, fy: float | None = None) -> Box:
        fy = fx if fy is None else fy
        return Box(self.x * fx, self.y * fy, self.width * fx, self.height * fy)

    def moved(self, dx: float, dy: float) -> Box:
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def overlap(self, other: Box) -> float:
        """Area shared with `other`, in square pixels."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: Box) -> float:
        shared = self.overlap(other)
        union = self.area + other.area - shared
        return shared / union if union else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A full picture of the video and when it is shown."""

    image: RGB
    seconds: float

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(f"a frame is (height, width, 3) uint8, not {self.image.shape} {self.image.dtype}")

    @property
    def width_px(self) -> int:
        return int(self.image.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.image.shape[0])


# --- what the file says of itself -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AudioStream:
    index: int
    codec: str
    language: str
    """ISO 639 code as the file has it, or empty."""
    channels: int
    sample_rate_hz: int


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    index: int
    codec: str
    language: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    start: float
    end: float


def file_name(path: Path) -> str:
    """The path's last part for people: a byte that is no UTF-8 becomes a replacement character."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What `probe` reads without decoding the video through. `video_index` is None for sound without pictures."""

    path: Path
    container: str
    size_bytes: int
    video_index: int | None
    codec: str
    pixel_format: str
    width_px: int
    """As displayed: after rotation and sample aspect."""
    height_px: int
    coded_width_px: int
    coded_height_px: int
    sample_aspect: Fraction
    rotation_degrees: Literal[0, 90, 180, 270]
    """Clockwise turn that makes the coded picture upright; applied after `mirrored`."""
    mirrored: bool
    """Whether the coded picture is flipped left to right before it is turned."""
    frames_per_second: float
    """Average over the file; never used to compute times."""
    duration_seconds: float
    """Of the video stream; 0.0 where the header does not say."""
    start_seconds: float
    """Presentation time of the first displayed frame: subtract it from container times."""
    bit_depth: int = 8
    transfer: Literal["sdr", "pq", "hlg"] = "sdr"
    field_order: Literal["progressive", "tff", "bff"] = "progressive"
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    cover_index: int | None = None
    """Stream index of the author's embedded cover picture."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Container metadata, keys in lower case: title, artist, description, language ..."""
    notes: tuple[str, ...] = ()
    """Oddities a user should know, one sentence each."""
    called: str = ""
    """What the file is called where its path does not say; empty takes the path's last part."""
    is_damaged: bool = False
    """Whether a pass met damaged pictures: the video is decoded on one thread then, so as to be the same every time."""
    damaged_spans: tuple[tuple[float, float], ...] = ()
    """Seconds from, to: where the pass met pictures that show damage; in the order of time, apart from one another."""

    @property
    def name(self) -> str:
        """For people: receipts, monograms, titles where nothing better is known. Never a path."""
        return self.called or file_name(self.path)

    @property
    def stem(self) -> str:
        return Path(self.name).stem


# --- pictures ---------------------------------------------------------------------------------------------------

Transition = Literal["start", "cut", "dissolve", "fade", "wipe"]
SamplingStructure = Literal["", "progressive", "tff", "bff", "pulldown"]
"""What the fields of a frame hold: one moment, two (upper or lower first), film in a 3:2 cadence; "" is not known."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One uninterrupted take: start <= t < end. `transition` says how it begins."""

    start: float
    end: float
    start_frame: int
    end_frame: int
    """Number of the first frame after the shot."""
    transition: Transition = "cut"
    transition_seconds: float = 0.0
    structure: SamplingStructure = ""
    pulldown_phase: int | None = None
    """Place of the first frame in its unit of five, 0 ... 4: 0 and 1 whole film frames, 2 and 3 of two, 4 whole."""
    key_frames: tuple[float, ...] = ()
    """Seconds of pictures that stand for the shot, the closer together the more happens."""
    field_order: Literal["", "tff", "bff"] = ""
    """Which field is shown first, upper or lower, where frames have fields of different moments; of pulldown, too."""

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a still."""

    box: Box
    confidence: float
    eyes_open: float | None = None
    """0 shut ... 1 open; None where it was not measured."""
    backend: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One visible part of a score: `weight` * `value`, value in [0, 1] where 1 is better."""

    name: str
    value: float
    weight: float
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A picture offered to the user, best first (`rank` 1), with everything that put it there."""

    rank: int
    frame: Frame
    frame_number: int
    score: float
    """Weighted mean of the terms, 0 ... 1."""
    terms: tuple[Term, ...]
    faces: tuple[Face, ...] = ()
    person_fraction: float | None = None
    """Share of the picture that shows people; None where no model looked."""
    shot: int = 0
    cluster: int = 0
    cluster_size: int = 1
    origin: Literal["scan", "embedded cover", "by hand", "picture"] = "scan"
    avoid: tuple[Box, ...] = ()
    """Regions that already hold text or logos; a headline should stay off them."""

    @property
    def seconds(self) -> float:
        return self.frame.seconds


# --- words ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """A stretch of speech as its source cut it."""

    text: str
    start: float
    end: float
    words: tuple[Word, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    language: str
    """'ru', 'en', another ISO 639-1 code, or '' when it is not known."""
    source: str
    """What the words came from: 'subtitle stream 2 (ru)', 'sidecar talk.srt', 'pocketsphinx' ..."""
    cues: tuple[Cue, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(cue.text for cue in self.cues)


@dataclass(frozen=True, slots=True)
class Headline:
    """A title, and the seconds of the video that support it."""

    text: str
    language: str
    start: float
    end: float
    quote: str
    """The words of the source that the headline is made from."""
    supported: bool
    score: float
    source: Literal["transcript", "chapter", "metadata", "file name", "user"]
    angle: str = "statement"


# --- products ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preset:
    """What a platform accepts, read from presets.toml."""

    name: str
    width_px: int
    height_px: int
    max_bytes: int
    formats: tuple[str, ...]
    kind: Literal["cover", "avatar", "animated", "video"]
    safe: Box
    """Part of the picture that no badge or crop of the platform covers."""
    badge: Box | None
    """Where the platform draws its duration badge."""
    source: str
    checked_at: str
    title: str = ""
    max_seconds: float = 0.0
    """0.0 where the platform sets no limit."""
    min_seconds: float = 0.0
    note: str = ""
    """What was disputed or guessed, one sentence."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a product came to be: enough to explain it and to make it again. Keys are snake_case, values plain JSON."""

    product: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A file to be written: its place in the package, its bytes, its receipt."""

    path: str
    """Relative to the package folder, with forward slashes."""
    data: bytes
    kind: str
    receipt: Receipt


Status = Literal["ok", "degraded", "skipped"]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Generic[T_co]):
    """What a stage made and how well it went; every status except `ok` says why."""

    value: T_co
    status: Status = "ok"
    reason: str = ""
    backend: str = ""
    models: tuple[str, ...] = ()
    """Names of the model cards that took part."""

    def __post_init__(self) -> None:
        if self.status != "ok" and not self.reason:
            raise ValueError(f"a stage that ends {self.status!r} must say why")

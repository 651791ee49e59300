"""The stage: a stretch of video and a shape -> the camera's path through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from keyart.cores import opencv_on_one_thread
from keyart.errors import BadSetting
from keyart.media.clip import stream_clips
from keyart.media.sound import read_sound
from keyart.models import have
from keyart.stills.objects import choose_detector
from keyart.teasers.reframe.camera import Rig
from keyart.teasers.reframe.decide import Director
from keyart.teasers.reframe.focus import Steps
from keyart.teasers.reframe.path import CameraPath, Part
from keyart.teasers.reframe.speakers import Voice
from keyart.teasers.reframe.watch import LOOK_PX, Looks, WatchForReframing
from keyart.types import Shot, VideoInfo

_VOICE_MODEL = "silero-vad"
_SHORTEST_SECONDS = 0.05

Span = tuple[float, float]
Aspect = Fraction | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reframe:
    """Smart cropping to another shape (D5.4 §3.3): what is shown of each moment, never worse than the middle."""

    looks_per_second: float = 4.0
    """Pictures looked at each second, 1 ... 15."""
    detector: str = "auto"
    """Face detector, a name in `DETECTORS` of stills/objects, or auto."""
    max_speed: float = 0.8
    """Of the window, in its own widths (heights, where it moves up and down) a second, 0.05 ... 5."""
    max_acceleration: float = 0.8
    """Of the window, in its widths a second per second, 0.05 ... 20: no frame jerks more than this over fps squared."""
    free: float = 0.1
    """How far the subject may wander in the window before the camera follows, in widths, 0 ... 0.4."""
    cut_seconds: float = 1.6
    """How long a better view must last to be worth a jump to it within a shot, seconds, 0.5 ... 10."""
    static_share: float = 0.93
    """A window that stands is taken where it shows this share of what a moving one would, 0.5 ... 1."""
    min_confidence: float = 0.3
    """Below it the middle is shown, 0 ... 1."""
    least_gain: float = 0.04
    """How much more than the middle a window must show, 0 ... 1."""
    split: bool = True
    """Two people who talk and do not fit one window share a tall or square frame."""
    pad: bool = True
    """What would be cut (lettering, a group, a large head) is shown whole before a blurred ground."""

    def __post_init__(self) -> None:
        allowed: dict[str, tuple[float, float]] = {
            "looks_per_second": (1, 15),
            "max_speed": (0.05, 5),
            "max_acceleration": (0.05, 20),
            "free": (0, 0.4),
            "cut_seconds": (0.5, 10),
            "static_share": (0.5, 1),
            "min_confidence": (0, 1),
            "least_gain": (0, 1),
        }
        for name, (low, high) in allowed.items():
            if not low <= getattr(self, name) <= high:
                raise BadSetting(f"reframe {name}={getattr(self, name)}: allowed is {low} ... {high}")

    def __call__(
        self,
        info: VideoInfo,
        span: Span,
        aspect: Aspect,
        shots: Sequence[Shot],
        *,
        looks: Looks | None = None,
        voice: Voice | None = None,
    ) -> CameraPath:
        """The path through `span` (seconds). `looks` of the span spare decoding it, e.g. for a second shape; `voice`,
        the stretches of speech where they are known: (), there is none; None: listened for if several faces are seen.

        Raises `BadSetting` for an empty span or shape.
        """
        looks = self.look(info, [span]) if looks is None else looks
        voice = self.listen(info, looks) if voice is None else voice
        return self.path(looks, span, aspect, shots, voice)

    def watch(self, info: VideoInfo) -> WatchForReframing:
        """An onlooker for a pass that goes through the video anyway; `seen()` gives the looks."""
        return WatchForReframing.over(info, choose_detector(self.detector)[0], self.looks_per_second)

    def look(self, info: VideoInfo, spans: Sequence[Span]) -> Looks:
        """Decode the spans, small and a few pictures a second."""
        watcher = self.watch(info)
        read = stream_clips(info, sorted(spans), frames_per_second=self.looks_per_second, longest_px=LOOK_PX)
        with opencv_on_one_thread():
            for _, frame in read:
                watcher.look(frame.image, frame.seconds)
        return watcher.seen()

    def listen(self, info: VideoInfo, looks: Looks) -> Voice | None:
        """When a voice is heard; None where there is no sound, nobody to ask about, or no model to listen with."""
        several = any(len(look.faces) > 1 for look in looks.looks)
        if not several or not info.audio or not have(_VOICE_MODEL):
            return None
        from keyart.speech.activity import FindSpeech, listened

        return FindSpeech().among(listened(info, info.audio[0].index, read_sound(info))).segments

    def path(
        self, looks: Looks, span: Span, aspect: Aspect, shots: Sequence[Shot], voice: Voice | None = None
    ) -> CameraPath:
        """The path from what was seen; decodes nothing."""
        ratio = _ratio(aspect)
        if span[1] - span[0] <= 0:
            raise BadSetting(f"reframe span={span}: the end must lie after the start")
        director = Director(
            Rig(self.max_speed, self.max_acceleration, self.free),
            Steps(self.cut_seconds, max_speed=self.max_speed),
            self.min_confidence,
            self.least_gain,
            self.static_share,
            self.split,
            self.pad,
        )
        parts: list[Part] = []
        for start, end in _takes(shots, span):
            parts += director(looks, ratio, start, end, voice)
        return CameraPath(looks.width_px, looks.height_px, ratio, tuple(parts))


def _ratio(aspect: Aspect) -> Fraction:
    width, height = (aspect.numerator, aspect.denominator) if isinstance(aspect, Fraction) else aspect
    if width <= 0 or height <= 0:
        raise BadSetting(f"reframe aspect={width}:{height}: both sides must be positive")
    return Fraction(width, height)


def _takes(shots: Sequence[Shot], span: Span) -> Iterator[Span]:
    """The span cut where shots begin."""
    inner = sorted({shot.start for shot in shots if span[0] + _SHORTEST_SECONDS < shot.start < span[1]})
    edges = [span[0], *inner, span[1]]
    yield from pairwise(edges)

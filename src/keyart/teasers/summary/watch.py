"""The pass over the video -> a few figures for every half second, by which its moments are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from keyart.media.scan import Glimpse
from keyart.stills.embed import classical
from keyart.stills.metrics import coarse_difference, level_spread, luma_histogram
from keyart.stills.objects import FaceDetector, choose_detector
from keyart.types import RGB, Face, Gray

_LOOK_PX = 320
_NEIGHBOUR_SECONDS = 0.25
_STEP_SECONDS = 0.07
"""Movement is measured over steps no shorter than this, so that 60 frames a second do not look half as lively as 30."""
_BLANK_SPREAD = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is remembered of one window of the pass."""

    seconds: float
    embedding: NDArray[np.float16]
    movement: float
    """Mean change of the coarse luma in a tenth of a second, in grey levels."""
    faces: float
    """How well the best face can be seen, 0 (none) ... 1."""
    brightness: float
    """Mean luma, 0 ... 1."""
    spread: float
    """Distance of the 1st and 99th percentile of luma, 0 ... 1."""
    weight: float = 1.0
    """How many windows it stands for."""
    answers: float = 0.0
    """How well the picture answers what was asked for, 0 ... 1."""
    is_damaged: bool = False
    """Whether parts of its picture are made up, or of what that builds on."""

    @property
    def shows(self) -> bool:
        """Whether there is anything to see, and as it was filmed."""
        return self.spread >= _BLANK_SPREAD and not self.is_damaged


@dataclass(slots=True)
class SummaryWatcher:
    """Onlooker of the one pass. Under 2 KB a moment, at most `max_moments`: then neighbours are merged."""

    rate_hz: float = 2.0
    max_moments: int = 1500
    detector: FaceDetector = field(default_factory=lambda: choose_detector("auto")[0])
    liken: Callable[[RGB], float] | None = None
    """Picture -> how well it answers what was asked for, 0 ... 1: a text-image model's, where one is at hand."""
    moments: list[Moment] = field(default_factory=list)
    end_seconds: float = 0.0
    _window: int = -1
    _weight: float = 1.0
    _steps: list[float] = field(default_factory=list)
    _last: tuple[float, Gray] | None = None

    def see(self, glimpse: Glimpse) -> None:
        self._move(glimpse)
        self.end_seconds = glimpse.seconds
        window = int(glimpse.seconds * self.rate_hz)
        if window == self._window:
            return
        self._window = window
        self._close()
        self.moments.append(self._looked(glimpse))
        if len(self.moments) > self.max_moments:
            self.rate_hz /= 2
            self._window //= 2
            self._weight *= 2
            self.moments = _merged(self.moments)

    def finish(self) -> tuple[Moment, ...]:
        """The moments in the order of time; asking again gives the same."""
        self._close()
        return tuple(self.moments)

    def _move(self, glimpse: Glimpse) -> None:
        luma = glimpse.luma
        if self._last is None:
            self._last = glimpse.seconds, luma
            return
        gap = glimpse.seconds - self._last[0]
        if gap < _STEP_SECONDS:
            return
        if gap <= _NEIGHBOUR_SECONDS:
            self._steps.append(255 * coarse_difference(luma, self._last[1]) * 0.1 / gap)
        self._last = glimpse.seconds, luma

    def _close(self) -> None:
        """The movement since the last look belongs to that moment; a cut within it counts as one step among many."""
        if self.moments and self._steps:
            self.moments[-1] = replace(self.moments[-1], movement=float(np.median(self._steps)))
        self._steps = []

    def _looked(self, glimpse: Glimpse) -> Moment:
        view = glimpse.small(_LOOK_PX)
        gray = np.ascontiguousarray(view[..., 1])
        spread = level_spread(luma_histogram(gray))
        height = view.shape[0]
        found = self.detector.glance(view) if spread >= _BLANK_SPREAD else ()
        faces = max((_visible(face, height) for face in found), default=0.0)
        answers = self.liken(view) if self.liken else 0.0
        light, look = float(gray.mean()) / 255, classical(view).astype(np.float16)
        return Moment(
            glimpse.seconds, look, 0.0, faces, light, spread, self._weight, answers, is_damaged=glimpse.is_damaged
        )


def _visible(face: Face, height_px: int) -> float:
    """0 ... 1: full from a quarter of the height on."""
    return float(min(1.0, 0.25 + 3 * face.box.height / height_px) * min(1.0, face.confidence / 0.8))


def _merged(moments: list[Moment]) -> list[Moment]:
    """Of each two neighbours the first stays, with the figures of both."""
    kept = []
    for number in range(0, len(moments), 2):
        pair = moments[number : number + 2]
        shares = np.array([one.weight for one in pair]) / sum(one.weight for one in pair)
        kept.append(
            replace(
                pair[0],
                movement=float(shares @ [one.movement for one in pair]),
                faces=max(one.faces for one in pair),
                weight=sum(one.weight for one in pair),
                answers=max(one.answers for one in pair),
                is_damaged=any(one.is_damaged for one in pair),
            )
        )
    return kept

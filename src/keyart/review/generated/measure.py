"""A video -> arrays of measurements, in one pass that holds two frames: memory does not grow with the clip's length.

What grows is a row of about a hundred numbers a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyart.cores import opencv_on_one_thread
from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.media.scan import Glimpse, Scan
from keyart.review.generated.groups import GROUPS
from keyart.review.generated.moments import Moment
from keyart.review.generated.ssim import WINDOW_PX
from keyart.review.generated.subjects import (
    LOOKS_PER_SECOND,
    OBSERVERS,
    PICTURE_PX,
    REFERENCE,
    Observer,
    Reference,
)
from keyart.types import RGB, VideoInfo

Floats = NDArray[np.float64]
EMBEDDED = (*GROUPS, *OBSERVERS)
"""Groups that need no model of the hub's."""
LEAST_SIDE_PX = 32


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured of one clip."""

    num_frames: int
    seconds: float
    size_px: tuple[int, int]
    """Width and height that were measured at."""
    series: Mapping[str, Floats]
    """Name -> one number a frame, or a pair of frames, in their order."""
    whole: Mapping[str, float]
    """Numbers of the clip as a whole."""
    pair_seconds: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    """When the two frames of each pair are shown, shape (pairs, 2)."""
    notes: tuple[str, ...] = ()


Extra = Callable[[Glimpse], None]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured, and at what size."""

    groups: tuple[str, ...] = EMBEDDED
    """Of the embedded tier: ssim, flow, warp, morph, flicker, tint, held, jump, camera, sharpness, smear, grain,
    faces, lettering."""
    width_px: int = 320
    """Longer side that frames are measured at, 32 ... 4096: the shipped forest was made at 320."""

    def __post_init__(self) -> None:
        if unknown := set(self.groups) - set(EMBEDDED):
            told = ", ".join(sorted(unknown))
            raise BadSetting(f"no group of features is called {told}; there are: {', '.join(EMBEDDED)}")
        if not LEAST_SIDE_PX <= self.width_px <= 4096:
            raise BadSetting(f"width_px is {self.width_px}; it lies between {LEAST_SIDE_PX} and 4096")

    def __call__(
        self,
        video: Path | VideoInfo,
        reference: RGB | None = None,
        onlookers: Sequence[Extra] = (),
        breaks: Sequence[float] = (),
    ) -> Measured:
        """One pass over the video; `onlookers` see each frame too. Frames are not paired across `breaks`: seconds at
        which another take begins. Raises `UnreadableVideo`, `MissingFile`."""
        info = video if isinstance(video, VideoInfo) else probe(video)
        watch = Watch(self, reference, breaks)
        passing = Scan().open(info)
        with opencv_on_one_thread():
            for glimpse in passing:
                watch.see(glimpse)
                for look in onlookers:
                    look(glimpse)
        return watch.measured(passing.report.notes)


class Watch:
    """An onlooker of one pass."""

    def __init__(self, measure: Measure, reference: RGB | None = None, breaks: Sequence[float] = ()) -> None:
        self.measure = measure
        self._breaks = sorted(breaks, reverse=True)
        self._groups = [(name, GROUPS[name]) for name in measure.groups if name in GROUPS]
        self._observers: dict[str, Observer] = {
            name: OBSERVERS[name].make() for name in measure.groups if name in OBSERVERS
        }
        if reference is not None:
            self._observers[REFERENCE] = Reference(reference)
        self._before: Moment | None = None
        self._rows: dict[str, list[float]] = {}
        self._times: list[tuple[float, float]] = []
        self._looked = -1e9
        self._count = 0
        self._size = 0, 0

    def see(self, glimpse: Glimpse) -> None:
        self.take(self._moment(glimpse))

    def take(self, moment: Moment) -> None:
        if self._breaks and moment.seconds >= self._breaks[-1] - 1e-3:
            self._breaks.pop()
            self._before = None
        if self._before is not None and self._before.luma.shape == moment.luma.shape:
            self._times.append((self._before.seconds, moment.seconds))
            moment.after(self._before)
        for _, group in self._groups:
            if moment.is_paired or not group.of_pairs:
                for name, value in group.each(moment).items():
                    self._rows.setdefault(name, []).append(value)
        if moment.seconds - self._looked >= 1 / LOOKS_PER_SECOND - 1e-6:
            self._looked = moment.seconds
            for observer in self._observers.values():
                observer.see(moment)
        self._before, self._count = moment, self._count + 1
        self._size = int(moment.luma.shape[1]), int(moment.luma.shape[0])

    def _moment(self, glimpse: Glimpse) -> Moment:
        luma = glimpse.detail(self.measure.width_px)
        if min(luma.shape) < WINDOW_PX + 1:
            raise BadSetting(f"the video is measured at {luma.shape[1]}x{luma.shape[0]}; that is too narrow to judge")
        planes = glimpse.chroma
        chroma = (128.0, 128.0) if planes is None else (float(planes[0].mean()), float(planes[1].mean()))
        return Moment(glimpse.number, glimpse.seconds, luma, chroma, lambda: glimpse.small(PICTURE_PX))

    def measured(self, notes: Iterable[str] = ()) -> Measured:
        series = {name: np.array(row) for name, row in self._rows.items()}
        whole: dict[str, float] = {}
        for _, group in self._groups:
            whole |= group.whole(series)
        for observer in self._observers.values():
            series |= observer.series()
            whole |= observer.whole()
        for _, group in self._groups:  # of two frames there is no second difference
            series |= {name: np.zeros(0) for name in group.names if name not in series and name not in whole}
        seconds = self._before.seconds if self._before else 0.0
        return Measured(
            self._count, seconds, self._size, series, whole, np.array(self._times).reshape(-1, 2), tuple(notes)
        )

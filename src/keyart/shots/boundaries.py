"""Hard cuts, dissolves and fades from the coarse planes of every frame, in one pass and a few bytes a frame.

A frame becomes 9 x 16 block means. A *cut* is one step between neighbours that stands out from the steps around it and
changes the pattern, not just the light. A *dissolve* is a stretch whose middle lies on the straight line between its
two ends, which differ: moving pictures leave that line, mixed ones cannot.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting
from keyart.media.scan import Glimpse
from keyart.shots.brief import Brief, BriefFinder
from keyart.shots.gradual import BlendFinder, Gradual, joined, likeness
from keyart.shots.keyframes import KeyFrameFinder
from keyart.shots.structure import Sampling, StructureFinder
from keyart.types import Gray, Shot, Transition, VideoInfo

Floats = NDArray[np.float32]

ROWS, COLUMNS = 9, 16
_LUMA = ROWS * COLUMNS
_CHROMA_WEIGHT = 0.5
_AROUND_SECONDS = 0.2
_MIN_STEP = 4.0
_USUAL_STEP, _USUAL_CHANGE, _USUAL_PEAK, _USUAL_RISE = 15.0, 0.3, 1.5, 3.0
_USUAL_SHARE, _LEAST_STEP = 0.45, 5.0
"""Where a step's size (grey levels), change of pattern and height over the steps around it begin to speak for a cut."""
_BACK = ((0.4, 0.75), (0.2, 0.4))
"""What was before is there again: so near, as a share of the step away, and so like (less so if the camera moves)."""
_MAX_SUSPECTS = 8
_STRAIGHT = 0.93
"""Two steps that go the same way add up; those of motion do not."""
_BLACK_GAP_SECONDS = 1.0
"""Fading out and in again with less than this between is one transition."""
_BRIEF_SECONDS = 0.3
_DEEP_STRENGTH = 0.5
_EDGE_SECONDS = 0.5
"""Black shorter than this at the ends of the film, or beside a cut, is no shot."""


class ShotOnlooker(Protocol):
    """Sees the frames of a pass, then tells its shots."""

    @property
    def exact(self) -> bool: ...

    def see(self, glimpse: Glimpse) -> None: ...

    def shots(self, end_seconds: float) -> tuple[Shot, ...]: ...


@dataclass(frozen=True, slots=True)
class DetectShots:
    """Shot boundaries from the passing frames: each step against its surroundings (the best of peers §5's ideas)."""

    detector: str = "embedded"
    """embedded, or transnet: TransNet V2, which needs torch and its weights, and has none of the settings below."""
    threshold: float = 1.4
    """How far a step must stand out, in nats of the combined evidence; 1 finds more, 2 fewer cuts. 0 ... 4."""
    sparse_threshold: float = 1.2
    """The same for frames that are not neighbours (a fast scan), where motion between them counts too. 0 ... 4."""
    min_seconds: float = 0.2
    """Shortest shot; of two boundaries nearer than that the stronger one stays. Seconds, 0 ... 5."""
    flash_seconds: float = 0.4
    """A change that is undone within this time is a flash, no cut. Seconds, 0 ... 2."""
    max_residual: float = 0.19
    """How far the middle of a dissolve may lie from the line between its ends, as a share of theirs. 0 ... 1."""
    gradual: bool = True
    """Whether dissolves, fades and wipes are looked for."""
    structure: bool = True
    """Whether each shot is told to be progressive, interlaced or 3:2 pulldown."""
    key_frame_activity: float = 0.8
    """How much must happen from one dynamic key frame to the next; 0: none are chosen. 0 ... 100."""

    def __post_init__(self) -> None:
        from keyart.shots import DETECTORS

        if self.detector not in DETECTORS:
            raise BadSetting(f"no shot detector is called {self.detector!r}; there are: {', '.join(DETECTORS)}")

    def watch(self, info: VideoInfo) -> ShotOnlooker:
        """An onlooker for the pass. Raises `MissingExtra` or `MissingModel` where the detector asked for needs more."""
        from keyart.shots import DETECTORS

        other = DETECTORS[self.detector]
        return ShotWatcher(self, info) if other is DetectShots else other().watch(info)


@dataclass(frozen=True, slots=True, eq=False)
class _Suspect:
    """A step that may be a cut or a flash: what was there before, until it is known whether that comes back."""

    seconds: float
    before: Floats
    step: float


@dataclass(frozen=True, slots=True)
class _Boundary:
    seconds: float
    transition: Transition
    transition_seconds: float
    strength: float


class ShotWatcher:
    """An onlooker. Keeps 28 bytes a frame and two seconds of block means; `shots` may be asked at any time."""

    def __init__(self, settings: DetectShots, info: VideoInfo) -> None:
        self.settings, self.info = settings, info
        rate = info.frames_per_second
        self._sparse_seconds = max(0.15, 3.5 / rate) if rate else 0.5
        self._seconds = array("d")
        self._steps = array("f")
        self._changes = array("f")
        self._double_steps = array("f")
        self._double_changes = array("f")
        self._contrasts = array("f")
        self._last: list[Floats] = []
        self._suspects: list[_Suspect] = []
        self._flashes: list[tuple[float, float]] = []
        self._blends = BlendFinder(settings.max_residual)
        self._brief = BriefFinder(1 / rate if rate else 0.04, _LUMA)
        self._structure = StructureFinder(info)
        self._key_frames = KeyFrameFinder()
        self.exact = True
        """Whether every frame was seen; False after a fast scan, whose boundaries lie on the frames it looked at."""

    def see(self, glimpse: Glimpse) -> None:
        blocks = block_means(glimpse.luma, glimpse.chroma)
        seconds = glimpse.seconds
        if self._seconds and seconds - self._seconds[-1] > self._sparse_seconds:
            self.exact = False
        step, change = _difference(blocks, self._last[-1]) if self._last else (0.0, 0.0)
        # only asked for where there is a step at all
        double = _difference(blocks, self._last[-2]) if step >= _MIN_STEP and len(self._last) > 1 else (step, change)
        self._look_for_return(seconds, blocks)
        if step >= 2 * _MIN_STEP and len(self._suspects) < _MAX_SUSPECTS:
            self._suspects.append(_Suspect(seconds, self._last[-1], step))
        if self.settings.gradual:
            self._blends.see(seconds, blocks[:_LUMA])
            self._brief.see(len(self._seconds), seconds, blocks, glimpse.luma)
        if self.settings.structure:
            changed = step >= 2 * _MIN_STEP and change > _USUAL_CHANGE
            self._structure.see(glimpse, len(self._seconds), changed=changed)
        if self.settings.key_frame_activity:
            self._key_frames.see(seconds, glimpse.luma)
        self._seconds.append(seconds)
        self._steps.append(step)
        self._changes.append(change)
        self._double_steps.append(double[0])
        self._double_changes.append(double[1])
        self._contrasts.append(_contrast(blocks, self._last[-1]) if step >= _MIN_STEP else 0.0)
        self._last = [*self._last[-1:], blocks]

    def _look_for_return(self, seconds: float, blocks: Floats) -> None:
        """A flash, a single bad frame, a passing hand: what was before is there again."""
        if not self._suspects:
            return
        self._suspects = [one for one in self._suspects if seconds - one.seconds <= self.settings.flash_seconds]
        for one in self._suspects:
            step, change = _difference(blocks, one.before)
            if any(step < far * one.step and 1 - change > like for far, like in _BACK):
                self._flashes.append((one.seconds, seconds))
                self._suspects = [other for other in self._suspects if other.seconds < one.seconds]
                return

    def shots(self, end_seconds: float) -> tuple[Shot, ...]:
        """Shots that tile [0, end_seconds]: every frame belongs to exactly one."""
        if not self._seconds:
            return ()
        end_seconds = max(end_seconds, self._seconds[-1])
        starts = [_Boundary(0.0, "start", 0.0, 0.0), *self._boundaries(end_seconds)]
        ends = [one.seconds for one in starts[1:]] + [end_seconds]
        frames = [self._frame_at(one.seconds) for one in starts] + [self._num_frames(end_seconds)]
        return tuple(
            self._shot(one, end, frames[number], frames[number + 1])
            for number, (one, end) in enumerate(zip(starts, ends, strict=True))
        )

    def _shot(self, opens: _Boundary, end: float, first: int, after: int) -> Shot:
        shot = Shot(opens.seconds, end, first, after, opens.transition, opens.transition_seconds)
        if not self.exact:  # what follows is told from neighbouring frames
            return shot
        found = self._structure.of(shot.start, end, first) if self.settings.structure else Sampling()
        least = self.settings.key_frame_activity
        frames = self._key_frames.of(shot.start, end, least) if least else ()
        return replace(shot, **found._asdict(), key_frames=frames)

    def _frame_at(self, seconds: float) -> int:
        if self.exact:
            return bisect_left(self._seconds, seconds - 1e-9)
        return round(seconds * self.info.frames_per_second)

    def _num_frames(self, end_seconds: float) -> int:
        return len(self._seconds) if self.exact else round(end_seconds * self.info.frames_per_second)

    def _boundaries(self, end_seconds: float) -> list[_Boundary]:
        cuts = self._with_deep_cuts(self._cuts())
        fades = self._gradual(cuts) if self.settings.gradual else []
        # every boundary keeps its distance from stronger ones and from the ends
        taken = [0.0, end_seconds]
        kept: list[_Boundary] = []
        for one in sorted([*cuts, *fades], key=lambda boundary: -boundary.strength):
            if min(abs(one.seconds - other) for other in taken) >= self.settings.min_seconds - 1e-6:
                kept.append(one)
                taken.append(one.seconds)
        return sorted(kept, key=lambda boundary: boundary.seconds)

    # --- cuts -----------------------------------------------------------------------------------------------------

    def _cuts(self) -> list[_Boundary]:
        found = []
        for number in range(1, len(self._seconds)):
            if self._steps[number] < _MIN_STEP:
                continue
            over = self._evidence(number)
            seconds = self._seconds[number]
            if over > 0 and not any(start <= seconds <= end for start, end in self._flashes):
                found.append(_Boundary(seconds, "cut", 0.0, over))
        return found

    def _with_deep_cuts(self, cuts: list[_Boundary]) -> list[_Boundary]:
        """And those that only the deep check tells, because the light around them flickers."""
        known = [one.seconds for one in cuts]
        return cuts + [
            _Boundary(one.after, "cut", 0.0, _DEEP_STRENGTH)
            for one in self._brief.cuts
            if not any(abs(one.after - cut) < _AROUND_SECONDS for cut in known)
            and not any(start <= one.after <= end for start, end in self._flashes)
        ]

    def _evidence(self, number: int) -> float:
        """How far above the threshold a step is, in nats."""
        step, change = self._steps[number], self._changes[number]
        if self._seconds[number] - self._seconds[number - 1] > self._sparse_seconds:
            far = log(step / 20) + log(max(change, 1e-3) / 0.4)
            return far - self.settings.sparse_threshold
        before, after = self._around(number)
        usual = min(_USUAL_STEP, max(_LEAST_STEP, _USUAL_SHARE * self._contrasts[number]))
        alone = _stands_out(step / usual, step, change, before, after)
        # a cut that interlacing or a frame rate conversion spread over two frames
        if before and self._is_one_step(number, before, after):
            whole, turned = self._double_steps[number], self._double_changes[number]
            alone = max(alone, _stands_out(whole / usual, whole, turned, before[:-1], after))
        return alone - self.settings.threshold

    def _is_one_step(self, number: int, before: list[float], after: list[float]) -> bool:
        """Two steps of like size that go the same way, amid much smaller ones."""
        first, second = before[-1], self._steps[number]
        straight = self._double_steps[number] > _STRAIGHT * (first + second)
        alike = min(first, second) > 0.5 * max(first, second)
        return straight and alike and max([*before[:-1], *after], default=0.0) < 0.5 * min(first, second)

    def _around(self, number: int) -> tuple[list[float], list[float]]:
        """The steps shortly before and after this one."""
        reach = max(_AROUND_SECONDS, 0.86 * self._sparse_seconds)
        here = self._seconds[number]
        first = bisect_left(self._seconds, here - reach - 1e-6)
        last = bisect_left(self._seconds, here + reach + 1e-6)
        return list(self._steps[max(1, first) : number]), list(self._steps[number + 1 : last])

    # --- dissolves and fades --------------------------------------------------------------------------------------

    def _gradual(self, cuts: Iterable[_Boundary]) -> list[_Boundary]:
        sharp = [one.seconds for one in cuts]
        long = [
            one
            for one in joined(self._blends.found, _BLACK_GAP_SECONDS)
            if not self._is_edge(one) and not one.is_undone and not _has_cut(one, sharp)
        ]
        brief = [one for one in self._brief.found if not self._is_no_dissolve(one, sharp)]
        # whatever takes a third of a second is measured better over its whole length
        long = [one for one in long if one.seconds >= _BRIEF_SECONDS or not _meets(one, brief)]
        brief = [one for one in brief if not _meets(one, long)]
        return [_Boundary(one.after, "dissolve", round(one.end - one.start, 3), 1.1) for one in brief] + [
            _Boundary(self._frame_seconds((one.start + one.end) / 2), one.kind, round(one.seconds, 3), 1.0)
            for one in long
        ]

    def _is_no_dissolve(self, one: Brief, cuts: Iterable[float]) -> bool:
        """A cut that a codec smeared, or something that flashed up."""
        if any(start <= one.end and one.start <= end for start, end in self._flashes):
            return True
        return any(one.start - 0.1 <= cut <= one.end + 0.1 for cut in cuts)

    def _is_edge(self, one: Gradual) -> bool:
        """The film's own opening from and closing to black."""
        opens = one.flat_before and one.start <= _EDGE_SECONDS
        return opens or (one.flat_after and self._seconds[-1] - one.end <= _EDGE_SECONDS)

    def _frame_seconds(self, seconds: float) -> float:
        """The time of the first frame at or after `seconds`: a boundary lies between frames."""
        return self._seconds[min(bisect_left(self._seconds, seconds), len(self._seconds) - 1)]


def _meets(one: Gradual | Brief, others: Iterable[Gradual | Brief]) -> bool:
    return any(other.start < one.end and one.start < other.end for other in others)


def _has_cut(one: Gradual, cuts: Iterable[float]) -> bool:
    """A cut inside, or beside the black that the fade leads to or comes from: the cut is the boundary then."""
    start = one.start - (_EDGE_SECONDS if one.flat_before else 0.1)
    end = one.end + (_EDGE_SECONDS if one.flat_after else 0.1)
    return any(start <= cut <= end for cut in cuts)


def _contrast(one: Floats, other: Floats) -> float:
    """Standard deviation of the luma, of the more contrasty of two pictures: in a dark scene small steps are large."""
    import cv2

    return max(float(cv2.meanStdDev(picture[:_LUMA])[1][0, 0]) for picture in (one, other))


def _stands_out(size: float, step: float, change: float, before: list[float], after: list[float]) -> float:
    # at the ends of the film one side is all there is
    lead, trail = max(before or after, default=0.0), max(after or before, default=0.0)
    pattern = log(max(change, 1e-3) / _USUAL_CHANGE)
    peak = log(step / (max(lead, trail) + 1) / _USUAL_PEAK)
    rise = log(step / (min(lead, trail) + 1) / _USUAL_RISE)
    return log(size) + 0.5 * pattern + peak + 0.5 * rise


def _difference(one: Floats, other: Floats) -> tuple[float, float]:
    """Mean step in grey levels, colour counted in part, and 1 - correlation of the luma."""
    step = float(np.abs(one - other).sum()) / _LUMA
    if step < _MIN_STEP:
        return step, 0.0
    return step, 1 - likeness(one[:_LUMA], other[:_LUMA])


def block_means(luma: Gray, chroma: tuple[Gray, Gray] | None) -> Floats:
    """Coarse planes -> 144 means of luma, and as many of each colour difference, weighted; 1-d, float32."""
    coarse = _means(luma, _averaging(luma.shape[1], COLUMNS)).ravel()
    if chroma is None:
        return coarse
    colour = _means(np.concatenate(chroma, axis=1), _averaging_pair(chroma[0].shape[1]))
    return np.concatenate((coarse, colour.ravel()))


def _means(plane: Gray, columns: Floats) -> Floats:
    return np.asarray(_averaging(plane.shape[0], ROWS) @ plane.astype(np.float32) @ columns.T, np.float32)


@lru_cache(maxsize=16)
def _averaging(length: int, num_blocks: int) -> Floats:
    """(num_blocks, length) matrix that averages samples into blocks; blocks share a sample where they must."""
    edges = np.linspace(0, length, num_blocks + 1)
    covered = np.arange(length)
    share = np.clip(np.minimum(edges[1:, None], covered + 1) - np.maximum(edges[:-1, None], covered), 0, 1)
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=16)
def _averaging_pair(length: int) -> Floats:
    """The same for the columns of two planes of colour difference that lie side by side, `length` each; weighted."""
    one = _CHROMA_WEIGHT * _averaging(length, COLUMNS)
    return np.block([[one, np.zeros_like(one)], [np.zeros_like(one), one]]).astype(np.float32)

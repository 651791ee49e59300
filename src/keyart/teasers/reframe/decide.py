"""One shot -> what is shown of it: a window that stands, moves or cuts; the middle; two windows; or all, padded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from keyart.teasers.reframe.camera import Rig, steady_path
from keyart.teasers.reframe.cast import Cast, Floats, cast_of
from keyart.teasers.reframe.focus import (
    FACE_IN_HEAD,
    Scores,
    Slide,
    Steps,
    best_places,
    head_weights,
    kept_parts,
    score_places,
)
from keyart.teasers.reframe.lettering import lettering_span
from keyart.teasers.reframe.path import Decision, Pane, Part
from keyart.teasers.reframe.speakers import Voice, speaking
from keyart.teasers.reframe.split import pair_of, two_windows
from keyart.teasers.reframe.watch import Look, Looks
from keyart.types import Box

Ints = NDArray[np.int64]

_MAIN = 0.5
_PAD_MARGIN = 1.06
_MOST_KNOTS = 1500
_LEAP_SECONDS = 2.4
_FACE_MARGIN = 1.15
_LOST_AT_TIMES = 0.4
_GUESS = 0.1
_STILL_SEEN, _OFTEN = 0.7, 0.12
_AIR = 0.05
"""Beside a head, in windows."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture inside its bars and the window that fits into it, in displayed pixels."""

    area: Box
    window_width: float
    window_height: float
    slide: Slide

    @property
    def length_px(self) -> float:
        """Of the whole displayed picture along the axis of the slide: what its shares are shares of."""
        return self.window_length / self.slide.window

    @property
    def window_length(self) -> float:
        return self.window_width if self.slide.axis == 0 else self.window_height

    def pane(self, edges: Floats, times: Floats) -> Pane:
        """Edges along the slide in shares of the picture, (n,); one edge: a window that stands, on whole pixels."""
        along = edges * self.length_px
        if len(edges) == 1:
            along = np.round(along)
        across = np.full(len(edges), self.area.y if self.slide.axis == 0 else self.area.x)
        pair = (along, across) if self.slide.axis == 0 else (across, along)
        return Pane(self.window_width, self.window_height, times, np.stack(pair, axis=1))


def frame_of(looks: Looks, aspect: Fraction) -> Frame | None:
    """Where the window can go; None where the picture has the wanted shape already (within 2 %)."""
    area = looks.area.scaled(looks.width_px, looks.height_px)
    ratio = area.width / area.height / float(aspect)
    if abs(ratio - 1) < 0.02:
        return None
    if ratio > 1:
        width = area.height * float(aspect)
        slide = Slide(0, looks.area.x, looks.area.width, width / looks.width_px)
        return Frame(area, width, area.height, slide)
    height = area.width / float(aspect)
    return Frame(area, area.width, height, Slide(1, looks.area.y, looks.area.height, height / looks.height_px))


@dataclass(frozen=True, slots=True)
class Director:
    """The settings that decide. See `Reframe`, which holds them for users."""

    rig: Rig
    steps: Steps
    min_confidence: float
    least_gain: float
    static_share: float
    split: bool
    pad: bool

    def __call__(
        self, looks: Looks, aspect: Fraction, start: float, end: float, voice: Voice | None
    ) -> tuple[Part, ...]:
        """The parts of one shot. `voice` None: nothing is known of the sound."""
        seen = looks.between(start, end)
        frame = frame_of(looks, aspect)
        if frame is None:
            area = looks.area.scaled(looks.width_px, looks.height_px)
            return (_still("static", start, end, area, 1.0, "the picture has this shape already"),)
        if not seen:
            return (self._centre(frame, start, end, 0.0, "too short to look at"),)
        return _Shot(self, looks, frame, aspect, start, end, seen, voice).parts()

    def _centre(self, frame: Frame, start: float, end: float, confidence: float, reason: str) -> Part:
        pane = frame.pane(np.array([frame.slide.centre]), np.array([start]))
        return Part(start, end, "centre", confidence, reason, (pane,))


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    director: Director
    looks: Looks
    frame: Frame
    aspect: Fraction
    start: float
    end: float
    seen: tuple[Look, ...]
    voice: Voice | None

    def parts(self) -> tuple[Part, ...]:
        cast = cast_of(self.seen)
        told = speaking(cast, self.voice)
        slide, rules = self.frame.slide, self.director
        scores = score_places(self.seen, cast, told, slide)
        if padded := self._padded(cast):
            return (padded,)
        way = best_places(scores, self.looks.interval_seconds, slide.window, rules.steps, cuts=len(cast) > 1)
        if both := self._both(cast, told):
            return (both,)
        rows = np.arange(len(way))
        centre = len(scores.places) // 2
        shown, plain = float(scores.values[rows, way].mean()), float(scores.values[:, centre].mean())
        confidence = self._confidence(scores, way)
        if shown - plain < rules.least_gain:
            return (rules._centre(self.frame, self.start, self.end, confidence, "the middle shows as much"),)
        # without a face it is a guess, and a guess that is wrong is worse than the middle
        if confidence < rules.min_confidence + (0.0 if len(cast) else _GUESS):
            return (rules._centre(self.frame, self.start, self.end, confidence, "nothing stands out surely"),)
        return tuple(self._followed(cast, told, scores, way))

    # --- one window ---------------------------------------------------------------------------------------------

    def _confidence(self, scores: Scores, way: Ints) -> float:
        """Evidence, less where another place far away scores nearly as well."""
        rows = np.arange(len(way))
        apart = np.abs(scores.places[None] - scores.places[way][:, None]) / self.frame.slide.window
        others = np.where(apart > 0.5, scores.values, -np.inf).max(axis=1)
        best = scores.values[rows, way]
        lead = np.where(np.isfinite(others), np.clip(1.5 * (best - others) / np.maximum(best, 1e-6), 0.3, 1.0), 1.0)
        return float(np.clip((scores.evidence * lead).mean(), 0.0, 1.0))

    def _followed(self, cast: Cast, told: Floats, scores: Scores, way: Ints) -> Iterator[Part]:
        """The way cut where it jumps; each piece stands if that shows nearly as much, else it is panned."""
        way = self._leaped(cast, scores.places, way)
        jumps = np.abs(np.diff(scores.places[way])) / self.frame.slide.window
        cuts = np.flatnonzero(jumps > self.director.steps.max_speed * self.looks.interval_seconds + 1e-6) + 1
        edges = [0, *cuts.tolist(), len(way)]
        for number, (first, last) in enumerate(pairwise(edges)):
            start = self.start if first == 0 else self._between(first)
            end = self.end if last == len(way) else self._between(last)
            yield self._piece(cast, told, scores, way, slice(first, last), (start, end), number > 0)

    def _leaped(self, cast: Cast, places: Floats, way: Ints) -> Ints:
        """A fast move from one head to another, both of which stay in the picture, becomes a cut: cameras do not
        sweep between two people, they are two cameras."""
        if len(cast) < 2:
            return way
        slide = self.frame.slide
        starts, sizes = cast.heads[:, :, slide.axis], cast.heads[:, :, 2 + slide.axis]
        off = np.abs(starts + sizes / 2 - places[way][:, None] - slide.window / 2)
        nearest = np.where(np.isfinite(off).any(axis=1), np.nanargmin(np.where(np.isfinite(off), off, 9.0), axis=1), -1)
        leaped = way.copy()
        reach = max(1, round(_LEAP_SECONDS / self.looks.interval_seconds / 2))
        for row in np.flatnonzero(np.diff(nearest)) + 1:
            first, last = max(0, int(row) - reach), min(len(way) - 1, int(row) + reach)
            moved = abs(places[way[last]] - places[way[first]]) / slide.window
            if min(nearest[row - 1], nearest[row]) >= 0 and moved >= self.director.steps.least_cut:
                leaped[first:row], leaped[row : last + 1] = way[first], way[last]
        return leaped

    def _between(self, row: int) -> float:
        return (self.seen[row - 1].seconds + self.seen[row].seconds) / 2

    def _piece(
        self,
        cast: Cast,
        told: Floats,
        scores: Scores,
        way: Ints,
        rows: slice,
        span: tuple[float, float],
        jumped: bool,
    ) -> Part:
        part = Scores(scores.places, scores.values[rows], scores.evidence[rows])
        confidence = self._confidence(part, way[rows])
        totals = part.values.mean(axis=0)
        best = int(totals.argmax())
        kind: Decision = "cut" if jumped else "static"
        why = self._why(cast, told, rows)
        along = part.values[np.arange(len(part.values)), way[rows]]
        lost = float(np.percentile(along - part.values[:, best], 96))
        stands = totals[best] >= self.director.static_share * along.mean() and lost <= _LOST_AT_TIMES
        if stands or len(part.values) < 4:
            pane = self.frame.pane(scores.places[best : best + 1], np.array([span[0]]))
            return Part(*span, kind, confidence, why, (pane,))
        times, edges = self._path(cast, told, scores.places[way[rows]], rows, span)
        if np.ptp(edges) < 0.02 * self.frame.slide.window:
            pane = self.frame.pane(np.array([np.median(edges)]), np.array([span[0]]))
            return Part(*span, kind, confidence, why, (pane,))
        if self.director.pad and (padded := self._outrun(cast, told, times, edges, rows, span)):
            return padded
        return Part(*span, "pan", confidence, f"{why}, followed", (self.frame.pane(edges, times),))

    def _outrun(
        self, cast: Cast, told: Floats, times: Floats, edges: Floats, rows: slice, span: tuple[float, float]
    ) -> Part | None:
        """Where a head leaves the window too often for the speed that a window may have, all of its way is shown."""
        if not len(cast):
            return None
        slide = self.frame.slide
        main = int(head_weights(cast, told)[rows].mean(axis=0).argmax())
        starts, sizes = (values[rows, main] for values in kept_parts(cast, slide))
        ends = starts + sizes
        window = np.interp(cast.seconds[rows], times, edges)
        inside = np.minimum(ends, window + slide.window) - np.maximum(starts, window)
        seen = np.isfinite(starts)
        lost = inside[seen] < _STILL_SEEN * np.minimum(ends - starts, slide.window)[seen]
        if lost.mean() <= _OFTEN:
            return None
        reach = np.percentile(starts[seen], 4), np.percentile(ends[seen], 96)
        return self._all_of((float(reach[0]), float(reach[1])), span, "a head moves too fast and")

    def _path(
        self, cast: Cast, told: Floats, targets: Floats, rows: slice, span: tuple[float, float]
    ) -> tuple[Floats, Floats]:
        """Control points from the very start to the very end of the span, or the window would stop dead before it."""
        slide, rig = self.frame.slide, self.director.rig
        keep = _keep_heads(cast, told, targets, rows, slide)
        seconds = np.array([look.seconds for look in self.seen[rows]])
        count = min(_MOST_KNOTS, max(4, round((span[1] - span[0]) / self.looks.interval_seconds) + 1))
        times = np.linspace(*span, count)
        nearest = np.abs(seconds[None] - times[:, None]).argmin(axis=1)
        low, high = slide.start / slide.window, (slide.start + slide.length - slide.window) / slide.window
        wanted = np.interp(times, seconds, targets) / slide.window
        path = steady_path(wanted, float(times[1] - times[0]), low, high, keep[nearest] / slide.window, rig)
        return times, path * slide.window

    def _why(self, cast: Cast, told: Floats, rows: slice) -> str:
        if len(cast):
            spoken = told[rows].mean(axis=0)
            if len(cast) > 1 and spoken.max() > 0.2:
                return "who speaks"
            return "a face" if len(cast) == 1 else "the faces that fit"
        people = np.mean([len(look.figures) > 0 for look in self.seen[rows]])
        return "a figure" if people > 0.5 else "what moves or stands out"

    # --- other ways out -----------------------------------------------------------------------------------------

    def _padded(self, cast: Cast) -> Part | None:
        """All that must be seen is wider than the window: lettering, a group, or one head."""
        if not self.director.pad:
            return None
        needed, why = self._needed(cast)
        return self._all_of(needed, self._span, why) if needed is not None else None

    def _all_of(self, needed: tuple[float, float], span: tuple[float, float], why: str) -> Part | None:
        """A window of another shape that holds all of a range along the slide; None where the usual one does."""
        slide = self.frame.slide
        if needed[1] - needed[0] <= slide.window:
            return None
        size = min(slide.length, _PAD_MARGIN * (needed[1] - needed[0]))
        edge = float(np.clip((needed[0] + needed[1] - size) / 2, slide.start, slide.start + slide.length - size))
        area = self.frame.area
        along, length = edge * self.frame.length_px, size * self.frame.length_px
        box = Box(along, area.y, length, area.height) if slide.axis == 0 else Box(area.x, along, area.width, length)
        return _still("pad", *span, box, 0.8, f"{why} would be cut")

    def _needed(self, cast: Cast) -> tuple[tuple[float, float] | None, str]:
        slide = self.frame.slide
        if not len(cast):
            return lettering_span(self.seen, slide), "lettering"
        heads = cast.heads[:, :, [slide.axis, 2 + slide.axis]]
        main = np.flatnonzero((cast.prominence >= _MAIN) & (cast.presence >= _MAIN))
        starts, ends = heads[:, main, 0], heads[:, main, 0] + heads[:, main, 1]
        sizes = np.nanmedian(heads[:, main, 1], axis=0) if len(main) else np.zeros(1)
        # of a face whose eyes and mouth do not fit, all is shown; a close-up may lose hair and ears
        if sizes.max() * FACE_IN_HEAD[slide.axis] > slide.window:
            number = int(main[sizes.argmax()])
            middle = float(np.nanmedian(heads[:, number, 0] + heads[:, number, 1] / 2))
            half = float(sizes.max()) * FACE_IN_HEAD[slide.axis] * _FACE_MARGIN / 2
            return (middle - half, middle + half), "a face"
        if len(main) < 3:
            return None, ""
        middles = np.sort(np.nanmedian((starts + ends) / 2, axis=0))
        fit = max(int((np.abs(middles - at - slide.window / 2) <= slide.window / 2).sum()) for at in middles)
        if fit > 0.6 * len(main):
            return None, ""
        return (float(np.nanpercentile(starts, 3)), float(np.nanpercentile(ends, 97))), "part of a group"

    def _both(self, cast: Cast, told: Floats) -> Part | None:
        """Two people of whom it is not known who speaks: half of the frame for each, or one window round both."""
        pair = pair_of(cast, told, self.voice is not None)
        if pair is None:
            return None
        boxes = two_windows(cast, pair, self.frame, self.looks, self.aspect) if self.director.split else None
        if boxes is None:
            return (
                self._all_of(_reach(cast, pair, self.frame.slide), self._span, "one of two")
                if self.director.pad
                else None
            )
        panes = tuple(_pane(box, self.start) for box in boxes)
        return Part(self.start, self.end, "split", 0.8, "two people who do not fit one window", panes)

    @property
    def _span(self) -> tuple[float, float]:
        return self.start, self.end


def _reach(cast: Cast, numbers: Sequence[int], slide: Slide) -> tuple[float, float]:
    """From where to where heads reach along the slide most of the time, in shares."""
    starts = cast.heads[:, list(numbers), slide.axis]
    ends = starts + cast.heads[:, list(numbers), 2 + slide.axis]
    seen = np.isfinite(starts).all(axis=1)
    rows = seen if seen.any() else np.isfinite(starts).any(axis=1)
    return float(np.percentile(np.nanmin(starts[rows], axis=1), 10)), float(
        np.percentile(np.nanmax(ends[rows], axis=1), 90)
    )


def _keep_heads(cast: Cast, told: Floats, targets: Floats, rows: slice, slide: Slide) -> Floats:
    """For each target (n,) the least and greatest edge that leave whole the heads that it shows, (n, 2)."""
    keep = np.full((len(targets), 2), (-np.inf, np.inf))
    if not len(cast):
        return keep
    starts, sizes = (values[rows] for values in kept_parts(cast, slide))
    weights = head_weights(cast, told)[rows]
    middles = starts + sizes / 2
    shown = (middles >= targets[:, None]) & (middles <= targets[:, None] + slide.window) & (weights > 0.2)
    for row in np.flatnonzero(shown.any(axis=1)):
        first = float(starts[row, shown[row]].min())
        last = float((starts + sizes)[row, shown[row]].max())
        if last - first <= slide.window:
            air = min(_AIR * slide.window, (slide.window - last + first) / 2)
            keep[row] = last + air - slide.window, first - air
    low = slide.start, slide.start + slide.length - slide.window
    return np.clip(keep, *low) if np.isfinite(keep).all() else np.where(np.isfinite(keep), np.clip(keep, *low), keep)


def _still(decision: Decision, start: float, end: float, box: Box, confidence: float, reason: str) -> Part:
    return Part(start, end, decision, confidence, reason, (_pane(box, start),))


def _pane(box: Box, start: float) -> Pane:
    return Pane(box.width, box.height, np.array([start]), np.array([[box.x, box.y]]))

"""How well each place of the window shows what the picture is about, look by look; and one place per look from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.teasers.reframe.cast import Cast, Floats
from keyart.teasers.reframe.watch import Look
from keyart.types import Box

_PLACES_PER_WINDOW = 32
_MOST_PLACES = 160
_PEOPLE, _PEOPLE_WITH_FACES = 0.7, 0.25
_DRAWN, _DRAWN_WITH_FACES = 0.8, 0.2
_SPEAKER, _LISTENER = 1.0, 0.25
_MIDDLE, _MIDDLE_WITH_FACES = 0.22, 0.06
_CUT_HEAD = 0.9
_HEAD_OFF = 0.35
_HEAD_AT = 0.5, 0.38
"""Where the middle of a head belongs in the window, from the left and from the top."""
_EDGE = 0.3
_FIGURE, _WIDEST_TOP = 0.5, 0.8
_ALONE = 0.7
FACE_IN_HEAD = 0.56, 0.53
"""Brow to chin and cheek to cheek, as shares of a head's width and height."""
_STILL, _MOVES, _STIRS = 0.35, 0.3, 0.04


@dataclass(frozen=True, slots=True)
class Slide:
    """The one axis along which a window of the target's shape can move in a picture, in shares of that axis."""

    axis: int
    """0: sideways, 1: up and down."""
    start: float
    """Of the part of the picture that is no black bar."""
    length: float
    """Of that part."""
    window: float

    @property
    def places(self) -> Floats:
        """Candidates for the window's left (upper) edge; the middle one is the centre crop."""
        slack = max(0.0, self.length - self.window)
        count = int(np.clip(np.ceil(slack / self.window * _PLACES_PER_WINDOW), 2, _MOST_PLACES))
        return self.start + slack * np.linspace(0.0, 1.0, count + (count + 1) % 2)

    @property
    def centre(self) -> float:
        return self.start + (self.length - self.window) / 2

    def span(self, box: Box) -> tuple[float, float]:
        return (box.x, box.right) if self.axis == 0 else (box.y, box.bottom)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """`values` (T, P): how good each place is at each look. `evidence` (T,): how much speaks for anything, 0 ... 1."""

    places: Floats
    values: Floats
    evidence: Floats


def score_places(looks: Sequence[Look], cast: Cast, told: Floats, slide: Slide) -> Scores:
    """Faces first, those who speak before those who listen; then figures; then what stands out or moves."""
    places = slide.places
    off_centre = (places - slide.centre) / max(1e-9, (slide.length - slide.window) / 2)
    values = np.zeros((len(looks), len(places)))
    evidence = np.zeros(len(looks))
    weights = head_weights(cast, told)
    alive = _alive(looks, slide)
    heads = kept_parts(cast, slide)
    for row, look in enumerate(looks):
        seen = np.flatnonzero(cast.seen[row])
        for number in seen:
            start, size = heads[0][row, number], heads[1][row, number]
            values[row] += weights[row, number] * _head_score(places, slide, start, size)
        faces = bool(len(seen))
        people, drawn = look.people[slide.axis], look.drawn[slide.axis]
        if len(people) > 1:
            people = people * alive
        for head in look.figures if not faces else ():
            start, end = slide.span(head)
            if end - start < _WIDEST_TOP * slide.window:
                here = alive[int(start * len(alive)) : int(end * len(alive)) + 1].mean() / len(look.figures)
                values[row] += _FIGURE * here * _head_score(places, slide, start, end - start)
        one = _PEOPLE_WITH_FACES if faces else _PEOPLE
        other = (_DRAWN_WITH_FACES if faces else _DRAWN) * look.drawn_trust
        values[row] += one * _held(people, places, slide.window) + other * _held(drawn, places, slide.window)
        values[row] -= (_MIDDLE_WITH_FACES if faces else _MIDDLE) * off_centre**2
        sure = float((weights[row, seen] > 0.3).any()) * float(cast.confidence[seen].max()) if faces else 0.0
        evidence[row] = max(sure, 0.7 * float(people.sum()) if len(people) > 1 else 0.0, 0.75 * look.drawn_trust)
    return Scores(places, values, evidence)


def _alive(looks: Sequence[Look], slide: Slide) -> NDArray[np.float32]:
    """How far to believe in people at each place along the slide, 0 ... 1: the person network takes rockets, rocks and
    statues for people. Where something moves in the shot, what stands still beside it is believed less."""
    moved = np.maximum.reduce([look.motion[slide.axis] for look in looks])
    reach = max(1, round(_STIRS * len(moved)))
    around = np.max([np.roll(moved, step) for step in range(-reach, reach + 1)], axis=0)
    doubt = (1 - _STILL) * min(1.0, float(moved.max()) / _MOVES)
    return np.asarray(1 - doubt * (1 - np.minimum(1.0, around / _MOVES)), np.float32)


def kept_parts(cast: Cast, slide: Slide) -> tuple[Floats, Floats]:
    """Start and size along the slide of what must not be cut: heads; faces alone where a head is wider than the window.

    Both (T, N), in shares of the picture.
    """
    starts, sizes = cast.heads[:, :, slide.axis], cast.heads[:, :, 2 + slide.axis]
    large = sizes > slide.window
    margin = np.where(large, (1 - FACE_IN_HEAD[slide.axis]) / 2, 0.0) * sizes
    return starts + margin, sizes - 2 * margin


def head_weights(cast: Cast, told: Floats) -> Floats:
    """(T, N): how much it matters that each head is shown."""
    weights = np.broadcast_to(cast.prominence**1.5 * np.minimum(1.0, 0.3 + cast.presence), told.shape)
    # who is alone in the picture is its subject, however briefly
    most = np.where(cast.seen, weights, 0.0).max(axis=1, initial=0.0)[:, None]
    weights = weights * np.maximum(most, _ALONE) / np.maximum(most, 1e-9)
    certain = told.max(axis=1, initial=0.0)[:, None]
    role = np.where(told > 0, _SPEAKER + 0.5 * told, 1.0 - (1.0 - _LISTENER) * certain)
    return np.asarray(weights * role)


def _head_score(places: Floats, slide: Slide, start: float, size: float) -> Floats:
    """A head in the window counts the more the nearer it is to where heads belong: the middle, or a little higher.

    A head that is cut counts against the place.
    """
    window = slide.window
    inside = np.minimum(start + size, places + window) - np.maximum(start, places)
    share = np.clip(inside / max(size, 1e-9), 0.0, 1.0)
    cut = 4 * share * (1 - share)
    off = np.abs((start + size / 2 - places) / window - _HEAD_AT[slide.axis])
    return np.asarray(share * (1 - _HEAD_OFF * np.clip(2 * off, 0, 1) ** 2) - _CUT_HEAD * cut)


def _kernel(place: Floats) -> Floats:
    """Worth of something at a place in the window (0 ... 1 across it): most in the middle, none outside."""
    within = (place >= 0) & (place <= 1)
    return np.asarray(np.where(within, _EDGE + (1 - _EDGE) * np.sin(np.pi * np.clip(place, 0, 1)), 0.0))


def _held(profile: NDArray[np.float32], places: Floats, window: float) -> Floats:
    if len(profile) < 2:
        return np.zeros(len(places))
    cells = (np.arange(len(profile)) + 0.5) / len(profile)
    return np.asarray(_kernel((cells[None] - places[:, None]) / window) @ profile.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Steps:
    """What it costs to move the window, in seconds of a perfect score."""

    cut_seconds: float = 1.6
    """A jump to another place."""
    pan_seconds: float = 0.5
    """A move by one window."""
    max_speed: float = 0.8
    """Windows a second; what is faster is a cut."""
    least_cut: float = 0.45
    """Jumps shorter than this share of the window are ugly and not made."""


def best_places(scores: Scores, interval: float, window: float, steps: Steps, *, cuts: bool) -> NDArray[np.int64]:
    """Number of the place at each look, shape (T,): the best way through `scores` by dynamic programming."""
    values, places = scores.values * interval, scores.places
    apart = np.abs(places[:, None] - places[None, :]) / window
    costs = np.where(apart <= steps.max_speed * interval + 1e-9, steps.pan_seconds * apart, np.inf)
    if cuts:
        costs = np.where(np.isinf(costs) & (apart >= steps.least_cut), steps.cut_seconds, costs)
    best = values[0].copy()
    came = np.zeros(values.shape, np.int64)
    for row in range(1, len(values)):
        reached = best[:, None] - costs
        came[row] = reached.argmax(axis=0)
        best = reached[came[row], np.arange(len(places))] + values[row]
    way = np.empty(len(values), np.int64)
    way[-1] = int(best.argmax())
    for row in range(len(values) - 1, 0, -1):
        way[row - 1] = came[row, way[row]]
    return way

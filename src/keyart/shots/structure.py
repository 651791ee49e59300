"""Progressive, interlaced (either field order) or 3:2 pulldown, from the fields of a few frames. D5.4 §3.5.

Each frame I_t has an upper field u and a lower one l. Three activities, in units of the time between their moments:

                   v0 = ACT(u_t, l_t)   v1 = ACT(u_t, l_t+1)   v2 = ACT(l_t, u_t+1)
    progressive            0                    2                      2
    upper first            1                    3                      1
    lower first            1                    1                      3
    3:2 pulldown           one after the other  (0 1 1) (0 1 0) (1 2 0) (1 1 0) (0 1 1), v1 and v2 changed over
                                                if the lower field comes first

Less its mean, a triple is a direction in a plane, and these lie 60 degrees apart, however fast the picture moves and
however much noise all three share. Frames vote for each hypothesis with the cosine.

Departures from the source: fields are brought to the line half way between them, or a progressive v0 would measure that
half line; a check without motion vectors comes first and settles most progressive shots; and where motion is so small
that the activities hardly differ, the *signed* displacement of tiles is fitted to the moments of each hypothesis: noise
averages out of a signed figure, not out of a length. Each pulldown has a second hypothesis, half way to even motion: a
codec that may skip a block lets it go on as its neighbours do, and of a slow pan's repeated fields little is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keyart.media.scan import Glimpse
from keyart.shots.activity import activity
from keyart.types import Gray, SamplingStructure, VideoInfo

Floats = NDArray[np.float64]

_COLUMNS = 360
_LEAST_ROWS, _MOST_ROWS = 120, 1152
"""Fewer tell nothing; no standard has fields in frames of more, and looking at them in full is dear."""
_RUN = 5
"""Frames of a pulldown unit, and of a stretch over which motion is taken to be even."""
_SETTLED, _MOST_TRIPLES = 0.08, 40
"""Lead over the next hypothesis that ends the looking; most triples that are looked at in a row."""
_DECIDED = 0.05
_LEAST_CONTRAST, _LEAST_SPREAD, _LEAST_PLAIN_SPREAD = 0.05, 0.0015, 0.4
"""Of a triple's spread to its mean, of its spread in ACT, and in grey levels: below it nothing moves."""
_FILM_WEIGHT = 0.5
"""What the rest of the film shows, beside what the shot itself does."""
_CLEAR = 0.25
"""Lead by the activities alone that needs no signed displacement."""
_SIGNED_WEIGHT = 10.0
_SOON_SECONDS, _EVERY_SECONDS, _RARELY_SECONDS = 0.4, 2.0, 8.0
_AGREED_ENOUGH = 4
_MOST_IN_VAIN = 4
"""Close looks that found too little motion; after them only what visibly moves is looked at closely."""
_TILES = (6, 4)
_EVENED = (0.0, 1 / 3)
"""Fields as they were, and as a codec leaves them where motion is slow."""
_SHOWN = ((0, 0), (1, 1), (1, 2), (2, 3), (3, 3))
"""Film frame in the first and in the second field of each of five video frames."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    structure: Literal["progressive", "tff", "bff", "pulldown"]
    phase: int = 0
    """Place of frame 0 in its pulldown unit."""
    lower_first: bool = False
    evened: float = 0.0
    """How far a codec has drawn repeated fields towards even motion: blocks that it skips go on moving. 0 ... 1."""

    @property
    def verdict(self) -> tuple[str, int, bool]:
        return self.structure, self.phase, self.lower_first

    def moments(self, number: int) -> tuple[float, float]:
        """When the upper and the lower field of a frame were taken, in frames."""
        if self.structure != "pulldown":
            later = 0.0 if self.structure == "progressive" else 0.5
            first, second = float(number), number + later
        else:
            unit, place = divmod(number + self.phase, 5)
            even = number + self.phase
            shown = [1.25 * (4 * unit + film) for film in _SHOWN[place]]
            first, second = (
                (1 - self.evened) * when + self.evened * (even + later)
                for when, later in zip(shown, (0.0, 0.5), strict=True)
            )
        return (second, first) if self.lower_first else (first, second)


HYPOTHESES = (
    Hypothesis("progressive"),
    Hypothesis("tff"),
    Hypothesis("bff", lower_first=True),
    *(
        Hypothesis("pulldown", phase, lower, evened)
        for phase in range(5)
        for lower in (False, True)
        for evened in _EVENED
    ),
)


@cache
def _directions(place: int) -> Floats:
    """(hypotheses, 3): the direction of the triple that begins with a frame whose number is `place` mod 5."""
    triples = []
    for one in HYPOTHESES:
        (u, low), (next_u, next_low) = one.moments(place), one.moments(place + 1)
        triples.append([abs(u - low), abs(u - next_low), abs(low - next_u)])
    return _direction(np.array(triples))


def _direction(triples: Floats) -> Floats:
    leaning = triples - triples.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(leaning, axis=-1, keepdims=True)
    return np.asarray(leaning / np.maximum(length, 1e-12))


@cache
def _ramps(place: int) -> Floats:
    """(hypotheses, fields of a run): the moments of its fields, of mean 0 and length 1."""
    moments = [[when for number in range(_RUN + 1) for when in one.moments(place + number)] for one in HYPOTHESES]
    ramps = np.array(moments) - np.mean(moments, axis=1, keepdims=True)
    return np.asarray(ramps / np.linalg.norm(ramps, axis=1, keepdims=True))


@cache
def _places() -> Floats:
    """Differences between the fields of a run -> where each of them stands; the best fit, its mean 0."""
    differences = np.zeros((3 * _RUN, 2 * _RUN + 2))
    for number in range(_RUN):
        u, low, next_u, next_low = range(2 * number, 2 * number + 4)
        for row, (start, end) in enumerate(((u, low), (u, next_low), (low, next_u))):
            differences[3 * number + row, start], differences[3 * number + row, end] = -1, 1
    return np.asarray(np.linalg.pinv(differences))


# --- fields of a frame --------------------------------------------------------------------------------------------


def fields(plane: Gray) -> tuple[Gray, Gray]:
    """Upper and lower field of a frame's luma at full height, both resampled to the lines half way between theirs."""
    import cv2

    rows, columns = plane.shape[0] // 2 * 2, plane.shape[1]
    each = -(-columns // _COLUMNS)
    if each in (2, 4) and not columns % each:
        narrow = _column_means(plane[:rows], each)
    else:
        size = max(1, columns // each), rows
        narrow = np.asarray(cv2.resize(plane[:rows], size, interpolation=cv2.INTER_AREA), np.uint8)
    upper, lower = narrow[0::2], narrow[1::2]
    raised = cv2.addWeighted(upper[:-1], 0.75, upper[1:], 0.25, 0)[1:]
    lowered = cv2.addWeighted(lower[:-1], 0.25, lower[1:], 0.75, 0)[:-1]
    return np.asarray(raised, np.uint8), np.asarray(lowered, np.uint8)


def _column_means(plane: Gray, count: int) -> Gray:
    """Means of every `count` columns, 2 or 4, added as words of two: OpenCV's quick path is for two by two pixels."""
    sums: NDArray[Any] = plane
    for bits, wide in ((8, np.uint16), (16, np.uint32))[: count // 2]:
        words: NDArray[Any] = sums.view(wide)
        sums = words & (1 << bits) - 1
        sums += words >> bits
    sums += count // 2
    return (sums >> count // 2).astype(np.uint8)


def displacement(one: Gray, other: Gray) -> Floats:
    """Signed shift of each tile, all x and then all y: one least-squares step on the gradients.

    In pixels times the tile's gradient, so that noise weighs the same in all of them.
    """
    import cv2

    half = one.shape[1] // 2, one.shape[0] // 2
    first, second = (
        cv2.GaussianBlur(cv2.resize(picture, half, interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), 1.0)
        for picture in (one, other)
    )
    mean = (first + second) / 2
    x, y = cv2.Sobel(mean, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(mean, cv2.CV_32F, 0, 1, scale=0.125)
    change = first - second
    xx, xy, yy, xt, yt = (
        cv2.resize(product, _TILES, interpolation=cv2.INTER_AREA).astype(np.float64)
        for product in (x * x, x * y, y * y, x * change, y * change)
    )
    xx, yy = xx + 0.3, yy + 0.3
    size = xx * yy - xy * xy
    across, down = (yy * xt - xy * yt) / size * np.sqrt(xx), (xx * yt - xy * xt) / size * np.sqrt(yy)
    return np.concatenate([across.ravel(), down.ravel()])


# --- evidence -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Evidence:
    """What a few triples say for each hypothesis."""

    votes: Floats = field(default_factory=lambda: np.zeros(len(HYPOTHESES)))
    weight: float = 0.0
    explained: Floats = field(default_factory=lambda: np.zeros(len(HYPOTHESES)))
    moved: float = 0.0
    num_moving: int = 0
    num_triples: int = 0

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            self.votes + other.votes,
            self.weight + other.weight,
            self.explained + other.explained,
            self.moved + other.moved,
            self.num_moving + other.num_moving,
            self.num_triples + other.num_triples,
        )

    @property
    def score(self) -> Floats:
        """Of each hypothesis; zero where nothing moves."""
        if not self.weight or self.num_moving < max(3, 0.2 * self.num_triples):
            return np.zeros(len(HYPOTHESES))
        score = self.votes / self.weight
        return score + _SIGNED_WEIGHT * self.explained / self.moved if self.moved else score

    def verdict(self, film: Evidence | None = None) -> tuple[Hypothesis | None, float]:
        """The likeliest, and how far it leads; None where none does. `film` counts in part."""
        score = self.score if film is None else self.score + _FILM_WEIGHT * film.score
        best = HYPOTHESES[int(score.argmax())]
        others = [value for one, value in zip(HYPOTHESES, score, strict=True) if one.verdict != best.verdict]
        lead = float(score.max() - max(others))
        return (best, lead) if lead >= _DECIDED else (None, lead)


def vote(triple: Sequence[float], number: int, least: float = _LEAST_SPREAD) -> Evidence:
    """Of v0, v1, v2 between frame `number` and the next; a spread under `least` is nothing but noise."""
    values = np.asarray(triple, np.float64)
    spread, mean = float(np.linalg.norm(values - values.mean())), float(values.mean())
    if spread < max(_LEAST_CONTRAST * mean, least):
        return Evidence(num_triples=1)
    weight = spread**0.5
    return Evidence(weight * (_directions(number % 5) @ _direction(values)), weight, num_moving=1, num_triples=1)


def signed_vote(shifts: Floats, number: int) -> Evidence:
    """Of the tiles' shifts over a run that begins with frame `number`: (3 * frames, tiles)."""
    places = _places() @ shifts
    return Evidence(explained=((_ramps(number % 5) @ places) ** 2).sum(axis=1), moved=float((places**2).sum()))


# --- the onlooker -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Burst:
    """Frames that are looked at in a row."""

    numbers: list[int] = field(default_factory=list)
    pairs: list[tuple[Gray, Gray]] = field(default_factory=list)
    close: bool = False
    """Whether the check without motion vectors could not settle it."""
    plain: Evidence = field(default_factory=Evidence)
    evidence: Evidence = field(default_factory=Evidence)
    num_shifted: int = 0
    """Triples whose signed displacement is part of the evidence."""


class Sampling(NamedTuple):
    """How a shot was sampled: the fields of `Shot` of these names."""

    structure: SamplingStructure = ""
    pulldown_phase: int | None = None
    field_order: Literal["", "tff", "bff"] = ""


class StructureFinder:
    """Looks at ten frames in a row after each change of shot and every two seconds; at fewer once a film is plain."""

    def __init__(self, info: VideoInfo) -> None:
        self._side = max(info.coded_width_px, info.coded_height_px)
        self._enough_rows = _LEAST_ROWS <= info.coded_height_px <= _MOST_ROWS
        self._flagged: SamplingStructure = info.field_order if info.field_order != "progressive" else ""
        if info.coded_height_px > _MOST_ROWS:
            self._flagged = info.field_order
        self._gap_seconds = 2.5 / info.frames_per_second if info.frames_per_second else 0.1
        self._burst: _Burst | None = None
        self._next_seconds = 0.1
        self._last: tuple[int, float] = (-2, 0.0)
        self._agreed = self._in_vain = 0
        self._usual = ""
        self._found: list[tuple[float, Evidence]] = []

    def see(self, glimpse: Glimpse, number: int, *, changed: bool) -> None:
        """`changed`: a shot may begin here."""
        last, self._last = self._last, (number, glimpse.seconds)
        gap = glimpse.seconds - last[1] > self._gap_seconds
        if not self._enough_rows:
            return
        if changed or gap:
            self._finish(glimpse.seconds)
            if changed and self._agreed < _AGREED_ENOUGH:
                self._next_seconds = min(self._next_seconds, glimpse.seconds + 1.2 * self._gap_seconds)
            return
        if self._burst is None and glimpse.seconds >= self._next_seconds:
            self._burst = _Burst()
        if self._burst is not None:
            self._look(self._burst, glimpse, number)

    def _look(self, burst: _Burst, glimpse: Glimpse, number: int) -> None:
        burst.numbers.append(number)
        burst.pairs.append(fields(glimpse.detail(self._side)))
        if len(burst.pairs) < 2:
            return
        if not burst.close:
            burst.plain += vote(_plain_triple(burst, len(burst.pairs) - 1), number - 1, _LEAST_PLAIN_SPREAD)
            enough = _RUN if self._agreed >= _AGREED_ENOUGH else 2 * _RUN
            if len(burst.pairs) <= enough:
                return
            if self._is_plain(burst.plain):
                burst.evidence = burst.plain
                self._finish(glimpse.seconds)
                return
            if self._is_nothing_new(burst.plain):
                self._finish(glimpse.seconds)
                return
            burst.close = True
            for place in range(1, len(burst.pairs)):
                self._measure(burst, place)
        else:
            self._measure(burst, len(burst.pairs) - 1)
        if (len(burst.pairs) - 1) % _RUN == 0 and self._has_seen_enough(burst):
            self._finish(glimpse.seconds)

    def _has_seen_enough(self, burst: _Burst) -> bool:
        seen = burst.evidence
        if not seen.num_moving or seen.num_triples >= _MOST_TRIPLES:
            return True
        if not burst.num_shifted and seen.verdict()[1] >= _CLEAR:
            return True
        self._shift(burst)
        return burst.evidence.verdict()[1] >= _SETTLED

    def _shift(self, burst: _Burst) -> None:
        """The signed displacements of the runs that lack them."""
        while burst.num_shifted + _RUN < len(burst.pairs):
            first = burst.num_shifted
            sides = [side for place in range(first + 1, first + _RUN + 1) for side in _sides(burst, place)]
            shifts = np.stack([displacement(one, other) for one, other in sides])
            burst.evidence += signed_vote(shifts, burst.numbers[first])
            burst.num_shifted += _RUN

    def _is_nothing_new(self, plain: Evidence) -> bool:
        """Too still, in a film of still shots; or not unlike what a progressive film has shown so far."""
        if plain.num_moving < 3:
            return self._in_vain >= _MOST_IN_VAIN or self._agreed >= _AGREED_ENOUGH
        best, _ = plain.verdict()
        like = best is None or best.structure == "progressive"
        return like and self._usual == "progressive" and self._agreed >= _AGREED_ENOUGH

    def _is_plain(self, plain: Evidence) -> bool:
        """Every triple that shows motion is a progressive one: pulldown would show two in five that are not."""
        best, lead = plain.verdict()
        return best is not None and best.structure == "progressive" and lead > 0.3

    def _measure(self, burst: _Burst, place: int) -> None:
        """v0, v1 and v2 of the pair of frames that ends at `place`."""
        triple = [activity(one, other).act for one, other in _sides(burst, place)]
        burst.evidence += vote(triple, burst.numbers[place - 1])

    def _finish(self, seconds: float) -> None:
        burst, self._burst = self._burst, None
        if burst is None:
            return
        if burst.evidence.num_triples:
            self._found.append((seconds, burst.evidence))
            self._learn(burst)
        if not burst.evidence.num_moving and not self._agreed and self._in_vain < _MOST_IN_VAIN:
            self._next_seconds = seconds + _SOON_SECONDS
            return
        rarely = self._agreed >= _AGREED_ENOUGH or self._in_vain >= _MOST_IN_VAIN
        self._next_seconds = seconds + (_RARELY_SECONDS if rarely else _EVERY_SECONDS)

    def _learn(self, burst: _Burst) -> None:
        """How often the film said the same in a row, and how often nothing."""
        best, _ = burst.evidence.verdict()
        if best is None:
            self._in_vain += burst.close
            return
        self._agreed = self._agreed + 1 if best.structure == self._usual else 1
        self._usual = best.structure

    # --- answers --------------------------------------------------------------------------------------------------

    def of(self, start: float, end: float, start_frame: int) -> Sampling:
        """Structure of the shot, the place of its first frame in a pulldown unit, and which field comes first.

        A shot that shows too little is taken for what the film shows, a still film for what the file says; else "".
        """
        if self._burst is not None:
            self._finish(self._last[1])
        own = sum((evidence for seconds, evidence in self._found if start < seconds <= end), Evidence())
        film = sum((evidence for _, evidence in self._found), Evidence())
        best, _ = own.verdict(film)
        if best is None:
            # where things move and still nothing fits, the file's word is no better
            flagged: SamplingStructure = self._flagged if film.num_moving < 3 else ""
            return Sampling(flagged, field_order=flagged if flagged in ("tff", "bff") else "")
        if best.structure == "progressive":
            return Sampling(best.structure)
        phase = (best.phase + start_frame) % 5 if best.structure == "pulldown" else None
        return Sampling(best.structure, phase, "bff" if best.lower_first else "tff")


def _sides(burst: _Burst, place: int) -> tuple[tuple[Gray, Gray], ...]:
    (u, low), (next_u, next_low) = burst.pairs[place - 1], burst.pairs[place]
    return (u, low), (u, next_low), (low, next_u)


def _plain_triple(burst: _Burst, place: int) -> list[float]:
    """The three distances without motion vectors: root of the mean square in grey levels, every fourth line."""
    import cv2

    return [float(cv2.norm(a[::4], b[::4], cv2.NORM_L2)) / sqrt(a[::4].size) for a, b in _sides(burst, place)]

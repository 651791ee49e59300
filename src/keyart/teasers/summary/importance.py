"""Fragments -> scores whose every part can be read: the unsupervised importance, and the table of scorers.

Each term is one old idea of the field, made a number in [0, 1] that needs no training: what stands for much of the
video (clustering summaries), what moves (attention curves), faces, speech, loudness, what was not seen before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from keyart.stills.rank import check_weights
from keyart.teasers.summary.fragments import Fragment
from keyart.teasers.summary.hearing import Hearing
from keyart.teasers.summary.watch import Moment
from keyart.types import Term

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """What each term counts for, [0, ...]; the score is the weighted mean."""

    representativeness: float = 1.0
    motion: float = 0.8
    faces: float = 0.8
    speech: float = 1.2
    energy: float = 0.6
    novelty: float = 0.8
    words: float = 1.6
    about: float = 6.0
    learned: float = 5.0

    def __post_init__(self) -> None:
        check_weights(self)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a scorer may look at; everything is in seconds from the first displayed frame."""

    fragments: tuple[Fragment, ...]
    moments: tuple[Moment, ...]
    hearing: Hearing
    words: tuple[float, ...] = ()
    """For each fragment how much its words say of the whole talk, 0 ... 1; empty without a transcript."""
    about: tuple[float, ...] = ()
    """For each fragment how well it answers what was asked for, 0 ... 1; empty where nothing was."""
    learned: tuple[float, ...] = ()
    """For each moment what a learned ranker thinks of it, 0 ... 1; empty without one."""
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Term -> a note for each fragment."""

    @cached_property
    def inside(self) -> tuple[list[int], ...]:
        """For each fragment the numbers of its moments; the last one before it where it has none of its own."""
        return tuple(self._inside(one) for one in self.fragments)

    def _inside(self, fragment: Fragment) -> list[int]:
        first, last = (bisect_left(self._times, at) for at in (fragment.start - 1e-6, fragment.end))
        if first < last or not self.moments:
            return list(range(first, last))
        return [max(0, last - 1)]

    @cached_property
    def _times(self) -> list[float]:
        return [one.seconds for one in self.moments]


@dataclass(frozen=True, slots=True)
class Scored:
    fragment: Fragment
    terms: tuple[Term, ...]
    shows: float = 1.0
    """Share of its moments in which there is something to see."""

    @property
    def score(self) -> float:
        total = sum(term.weight for term in self.terms)
        mean = sum(term.value * term.weight for term in self.terms) / total if total else 0.0
        return round(mean * (0.05 + 0.95 * self.shows), 4)


Scorer = Callable[[Evidence, Weights], tuple[Scored, ...]]
"""Fragments with their evidence -> the same fragments, scored, in the same order."""


def embedded(evidence: Evidence, weights: Weights) -> tuple[Scored, ...]:
    """The unsupervised importance: no weights learned from anybody's votes."""
    columns = {name: make(evidence) for name, make in TERMS.items()}
    shows = [_shows(evidence, numbers) for numbers in evidence.inside]
    found = []
    for number, fragment in enumerate(evidence.fragments):
        terms = tuple(
            Term(name, round(column.values[number], 4), getattr(weights, name), column.notes[number])
            for name, column in columns.items()
            if column is not None
        )
        found.append(Scored(fragment, terms, shows[number]))
    return tuple(found)


SCORERS: dict[str, Scorer] = {"embedded": embedded}
"""Name -> scorer. A learned one is one function of the same shape."""


# --- terms ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One term of every fragment."""

    values: tuple[float, ...]
    notes: tuple[str, ...]


def representativeness(evidence: Evidence) -> Column | None:
    """Mean likeness to everything else in the video; what looks like nothing else stands for nothing."""
    if not evidence.moments:
        return None
    rows, weights = _rows(evidence)
    whole = rows.T @ (weights / weights.sum())
    raw = [float(np.mean(rows[numbers] @ whole)) for numbers in evidence.inside]
    return _spread(raw, 0.2, lambda value: f"{value:.2f} like the whole")


def motion(evidence: Evidence) -> Column | None:
    """What moves as much as the livelier parts of this video do; a whip pan or a strobe says nothing."""
    if not evidence.moments:
        return None
    levels = [float(np.mean([evidence.moments[n].movement for n in numbers])) for numbers in evidence.inside]
    usual = max(0.5, float(np.percentile([one.movement for one in evidence.moments], 75)))
    values = [_clip(level / (1.5 * usual)) * (1 - 0.7 * _clip((level - 20) / 20)) for level in levels]
    return Column(tuple(values), tuple(f"{level:.1f} grey levels in 0.1 s" for level in levels))


def faces(evidence: Evidence) -> Column | None:
    """How well somebody's face can be seen; no term where nobody's can in the whole video."""
    if not any(one.faces for one in evidence.moments):
        return None
    values = [float(np.mean([evidence.moments[n].faces for n in numbers])) for numbers in evidence.inside]
    seen = [sum(evidence.moments[n].faces > 0 for n in numbers) for numbers in evidence.inside]
    notes = [f"in {count} of {len(numbers)} looks" for count, numbers in zip(seen, evidence.inside, strict=True)]
    return Column(tuple(values), tuple(notes))


def speech(evidence: Evidence) -> Column | None:
    """Share of its time in which somebody speaks; no term where nobody does."""
    if not evidence.hearing.has_speech:
        return None
    values = [evidence.hearing.mean_voice(one.start, one.end) for one in evidence.fragments]
    return Column(tuple(values), tuple(f"{value:.0%} speech" for value in values))


def energy(evidence: Evidence) -> Column | None:
    """How loud it is among the video's own moments: 0 at its 10th percentile, 1 at its 95th."""
    hearing = evidence.hearing
    if not hearing.has_sound:
        return None
    levels = [hearing.loudness_lufs([(one.start, one.end)]) for one in evidence.fragments]
    heard = hearing.levels_db[hearing.levels_db > -70]
    low, high = (float(one) for one in np.percentile(heard, (10, 95)))
    values = [_clip((max(level, -120.0) - low) / max(6.0, high - low)) for level in levels]
    return Column(tuple(values), tuple(f"{level:.0f} LUFS" if level > -120 else "silent" for level in levels))


def novelty(evidence: Evidence) -> Column | None:
    """How unlike it is to what was shown more than a moment before; the first of its kind counts, not the tenth."""
    if not evidence.moments:
        return None
    rows, _ = _rows(evidence)
    raw = []
    for numbers in evidence.inside:
        before = rows[: numbers[0]]
        raw.append(1 - float((rows[list(numbers)] @ before.T).max(axis=1).mean()) if len(before) else np.nan)
    # nothing comes before the first: that is no merit of its own
    raw = [
        float(np.nanmean(raw)) if len(raw) > 1 and np.isnan(one) else float(np.nan_to_num(one, nan=0.5)) for one in raw
    ]
    return _spread(raw, 0.15, lambda value: f"{value:.2f} unlike what came before")


def words(evidence: Evidence) -> Column | None:
    """What its words say of the whole talk."""
    return _given(evidence, "words", evidence.words)


def about(evidence: Evidence) -> Column | None:
    """How well it answers what was asked for."""
    return _given(evidence, "about", evidence.about)


def learned(evidence: Evidence) -> Column | None:
    """What a learned ranker thinks of its moments, between the video's lowest and highest."""
    if not evidence.learned:
        return None
    raw = [float(np.mean([evidence.learned[n] for n in numbers])) for numbers in evidence.inside]
    return _spread(raw, 1e-6, lambda value: f"{value:.2f} by the ranker")


TERMS: dict[str, Callable[[Evidence], Column | None]] = {
    "representativeness": representativeness,
    "motion": motion,
    "faces": faces,
    "speech": speech,
    "energy": energy,
    "novelty": novelty,
    "words": words,
    "about": about,
    "learned": learned,
}
"""Field of `Weights` -> evidence -> a value for each fragment; None where the term says nothing."""


def _given(evidence: Evidence, name: str, values: tuple[float, ...]) -> Column | None:
    if not values:
        return None
    return Column(values, tuple(evidence.notes.get(name, ("",) * len(values))))


def _rows(evidence: Evidence) -> tuple[Floats, Floats]:
    """Descriptors (n, dimensions) and weights (n,) of the moments."""
    rows = np.stack([one.embedding for one in evidence.moments]).astype(np.float32)
    return rows, np.array([one.weight for one in evidence.moments], np.float32)


def _spread(raw: Sequence[float], least: float, note: Callable[[float], str]) -> Column:
    """Lowest 0, highest 1; where all are alike (within `least`) the differences count for less."""
    low, high = min(raw), max(raw)
    reach = max(least, high - low)
    values = [0.5 + (one - (low + high) / 2) / reach for one in raw]
    return Column(tuple(_clip(one) for one in values), tuple(note(one) for one in raw))


def _shows(evidence: Evidence, numbers: Sequence[int]) -> float:
    return float(np.mean([evidence.moments[n].shows for n in numbers])) if numbers else 1.0


def _clip(value: float) -> float:
    return float(min(1.0, max(0.0, value)))

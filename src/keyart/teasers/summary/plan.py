"""Everything that is known of a video -> its fragments, judged, and those to keep within a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from keyart.errors import BadSetting
from keyart.models.kamodel import Kamodel
from keyart.teasers.summary.fragments import Cutting, Fragment
from keyart.teasers.summary.hearing import Hearing, pauses
from keyart.teasers.summary.importance import SCORERS, Evidence, Scored, Weights
from keyart.teasers.summary.knapsack import choose
from keyart.teasers.summary.said import Said, said
from keyart.teasers.summary.spoken import sentence_spans, voiced
from keyart.teasers.summary.watch import Moment
from keyart.types import Chapter, Shot, Transcript

_CUT_COSTS_SECONDS = 1.0
"""Keeping two neighbours together is worth this much average material: a summary of a hundred cuts tells nothing."""
_LEANING = 0.4
"""Share of its worth that a fragment loses where what it leans on is left out."""
_IS_ABOUT = 0.12
_PIECE_SHARE = 0.5
"""Of the time, that one sentence may take before it is cut at a pause."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The fragments of a video with their scores, for a summary of about one length."""

    scored: tuple[Scored, ...]
    said: Said
    hearing: Hearing
    transcript: Transcript | None = None
    """With the seconds of every word."""

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        return tuple(one.fragment for one in self.scored)


@dataclass(frozen=True, slots=True)
class Judge:
    """How fragments are cut and scored."""

    scorer: str = "embedded"
    weights: Weights = field(default_factory=Weights)
    min_seconds: float = 2.0
    about: str = ""
    ranker: Kamodel | None = None
    """A learned model of kind "frames", trained on rows like the moments'."""

    def __post_init__(self) -> None:
        if self.scorer not in SCORERS:
            raise BadSetting(f"no scorer is called {self.scorer!r}; there are: {', '.join(SCORERS)}")

    def __call__(
        self,
        shots: Sequence[Shot],
        transcript: Transcript | None,
        chapters: Sequence[Chapter],
        moments: Sequence[Moment],
        hearing: Hearing,
        end_seconds: float,
        budget_seconds: float,
    ) -> Judged:
        free = pauses(hearing, transcript, end_seconds)
        timed = voiced(transcript, free) if transcript else None
        spoken = sentence_spans(timed) if timed else []
        cutting = Cutting(
            self.min_seconds,
            max_seconds=max(self.min_seconds, min(6.0, budget_seconds / 5)),
            max_speech_seconds=max(3.0, min(12.0, _PIECE_SHARE * budget_seconds)),
        )
        fragments = cutting(shots, free, spoken, end_seconds, _lit(moments, end_seconds))
        words = said(fragments, timed, chapters, self.about)
        evidence = Evidence(fragments, tuple(moments), hearing, words.words, learned=self._learned(moments))
        words = _seen(words, evidence) if self.about else words
        if words.is_answered:
            notes = {"about": [f"shares: {one}" if one else "" for one in words.answers]}
            evidence = replace(evidence, about=words.about, notes=notes)
        return Judged(SCORERS[self.scorer](evidence, self.weights), words, hearing, timed)

    def _learned(self, moments: Sequence[Moment]) -> tuple[float, ...]:
        if self.ranker is None or not moments:
            return ()
        rows = np.stack([one.embedding for one in moments]).astype(np.float32)
        return tuple(self.ranker.frame_scores(rows).tolist())


def _seen(words: Said, evidence: Evidence) -> Said:
    """What the pictures answer, where a model has looked at them, beside what the words do."""
    if not any(one.answers for one in evidence.moments):
        return words
    seen = [max((evidence.moments[n].answers for n in numbers), default=0.0) for numbers in evidence.inside]
    told = words.about or (0.0,) * len(seen)
    answers = words.answers or ("",) * len(seen)
    return replace(words, about=tuple(map(max, seen, told)), answers=answers)


def _lit(moments: Sequence[Moment], end_seconds: float) -> tuple[float, float]:
    """From the first to the last moment that shows anything; everything where none does."""
    shown = [number for number, one in enumerate(moments) if one.shows]
    if not shown:
        return 0.0, end_seconds
    after = shown[-1] + 1
    return moments[shown[0]].seconds, moments[after].seconds if after < len(moments) else end_seconds


def kept(judged: Judged, budget_seconds: float) -> tuple[int, ...]:
    """Numbers of the fragments worth most together. Where something was asked for and is answered, only what answers.

    A fragment that leans on the one before is worth less alone, and every cut costs a little.
    """
    lengths = [one.seconds for one in judged.fragments]
    values = [one.score * length for one, length in zip(judged.scored, lengths, strict=True)]
    if judged.said.is_answered:
        values = [v if a >= _IS_ABOUT else 0.0 for v, a in zip(values, judged.said.about, strict=True)]
    mean = sum(values) / (sum(lengths) or 1.0)
    inner = [one.after.kind for one in judged.fragments[:-1]]
    # where the video itself cuts, leaving something out adds no cut
    costs = [0.0 if kind == "shot" else _CUT_COSTS_SECONDS * mean for kind in inner]
    ties = [cost * (a > 0 and b > 0) for cost, (a, b) in zip(costs, pairwise(values), strict=True)]
    leans = judged.said.leans
    for number in range(len(ties)):
        first, second = values[number], values[number + 1]
        leaning = bool(leans) and leans[number + 1]
        ties[number] += _LEANING * (second * leaning + first * _breaks_off(judged, number))
    for number in range(len(values)):
        alone = (number > 0 and bool(leans) and leans[number], _breaks_off(judged, number))
        values[number] *= 1 - _LEANING * sum(alone)
    return choose(lengths, values, budget_seconds, ties)


def _breaks_off(judged: Judged, number: int) -> bool:
    """Whether a sentence that is known goes on in the next fragment."""
    is_last = number == len(judged.fragments) - 1
    return bool(judged.said.texts) and not is_last and judged.fragments[number].after.kind == "pause"

"""What is said in each fragment: how much of the talk it carries, whether it stands alone, and whether it answers.

An `about` is a few words, a question or a whole script: each of its sentences looks for its own answer, by lemmas
weighted with how rare they are and, in Russian, by the nearness of word vectors (D5.4 §3.4, without its networks).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keyart.speech.language import guess_language
from keyart.teasers.summary.fragments import Fragment
from keyart.titles.salience import content_lemmas, measure, rarity, sentence_vector
from keyart.titles.sentences import Sentence, split_sentences
from keyart.types import Chapter, Cue, Transcript, Word

_BESIDE = 0.35
"""What stands directly before or after an answer is worth this share of it."""
_FAR, _NEAR = 0.45, 0.85
"""Cosines of mean word vectors: unrelated Russian sentences lie at about .4, those about one thing above .8."""
_ANSWERS = 0.25
"""Below this nothing was answered."""
_OPENERS = frozenset(
    re.findall(
        r"\w+",
        """and but so because which who that this these those it its he she they them his her their then there or also
        thus и а но да же он она оно они его её ее их это этот эта эти тот та те так также тоже потому поэтому затем
        потом который которая которое которые там тогда либо или причём причем зато ведь""",
    )
)
"""First words that lean on the sentence before."""


@dataclass(frozen=True, slots=True)
class Said:
    """For each fragment; empty where no word is known."""

    texts: tuple[str, ...] = ()
    words: tuple[float, ...] = ()
    """How much it says of the whole, 0 ... 1."""
    leans: tuple[bool, ...] = ()
    """Whether it begins with what only the fragment before explains."""
    about: tuple[float, ...] = ()
    """How well it answers what was asked for, 0 ... 1; empty where nothing was."""
    answers: tuple[str, ...] = ()
    """Which words of the question it shares."""

    @property
    def is_answered(self) -> bool:
        return max(self.about, default=0.0) >= _ANSWERS


def said(
    fragments: Sequence[Fragment], transcript: Transcript | None, chapters: Sequence[Chapter] = (), about: str = ""
) -> Said:
    """Reads a transcript whose words have times, and the chapters' titles; `about` may be empty."""
    language = transcript.language if transcript else guess_language(" ".join(one.title for one in chapters))
    words = [word for cue in transcript.cues for word in cue.words] if transcript else []
    words.sort(key=lambda one: one.start + one.end)  # subtitles of two speakers overlap
    if not words and not (chapters and about):
        return Said()
    middles = [(one.start + one.end) / 2 for one in words]
    texts = tuple(_text(words, middles, one) for one in fragments)
    answers = _answers([_with_chapter(*pair, chapters) for pair in zip(texts, fragments, strict=True)], about, language)
    if not words:
        return Said(texts, about=answers[0], answers=answers[1])
    return Said(texts, _weights(texts, fragments, language), tuple(map(_leans, texts, fragments)), *answers)


def _text(words: Sequence[Word], middles: Sequence[float], fragment: Fragment) -> str:
    first, last = (bisect_left(middles, joint.middle) for joint in (fragment.before, fragment.after))
    return " ".join(one.text for one in words[first:last])


def _with_chapter(text: str, fragment: Fragment, chapters: Sequence[Chapter]) -> str:
    middle = (fragment.start + fragment.end) / 2
    return " ".join([text, *(one.title for one in chapters if one.start <= middle < one.end)])


def _weights(texts: Sequence[str], fragments: Sequence[Fragment], language: str) -> tuple[float, ...]:
    """How near each fragment's words are to those of the whole talk, the nearest 1."""
    spoken = [
        Sentence(number, text, one.start, one.end)
        for number, (text, one) in enumerate(zip(texts, fragments, strict=True))
        if text
    ]
    central = measure(spoken, language).central
    return tuple(round(central.get(number, 0.0), 4) for number in range(len(texts)))


def _leans(text: str, fragment: Fragment) -> bool:
    """Whether it goes on with a sentence, or its first word points back."""
    first = re.match(r"\W*([\w'’]+)", text.lower())
    return first is not None and (fragment.before.kind == "pause" or first.group(1) in _OPENERS)


# --- what was asked for -----------------------------------------------------------------------------------------


def _answers(texts: Sequence[str], about: str, language: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    if not about.strip():
        return (), ()
    asked = [one.text for one in split_sentences(Transcript(language, "about", (Cue(about.strip(), 0.0, 0.0),)))]
    asked = [one for one in asked if content_lemmas(one, language)] or [about]
    lemmas = [content_lemmas(text, language) for text in texts]
    found = [[_answer(content_lemmas(one, language), part, language) for part in lemmas] for one in asked]
    best = [max((row[n] for row in found), default=(0.0, "")) for n in range(len(texts))]
    return _widened([value for value, _ in best]), tuple(words for _, words in best)


def _answer(asked: Sequence[str], spoken: Sequence[str], language: str) -> tuple[float, str]:
    """(0 ... 1, the shared words): the weighted share of the asked lemmas that are spoken, and nearness in meaning."""
    weights = {one: rarity(one, language) for one in dict.fromkeys(asked)}
    shared = [one for one in weights if one in set(spoken)]
    share = sum(weights[one] for one in shared) / (sum(weights.values()) or 1.0)
    if language != "ru" or not spoken:
        return round(share, 4), ", ".join(shared)
    near = _nearness(asked, spoken, language)
    return round(max(share, 0.55 * share + 0.45 * near), 4), ", ".join(shared)


def _nearness(asked: Sequence[str], spoken: Sequence[str], language: str) -> float:
    rows = [sentence_vector(part, {one: rarity(one, language) for one in part}, language) for part in (asked, spoken)]
    norms = float(np.linalg.norm(rows[0]) * np.linalg.norm(rows[1]))
    cosine = float(rows[0] @ rows[1]) / norms if norms else 0.0
    return float(np.clip((cosine - _FAR) / (_NEAR - _FAR), 0.0, 1.0))


def _widened(values: Sequence[float]) -> tuple[float, ...]:
    """An answer lends some of its worth to its neighbours: it is understood with them."""
    padded = [0.0, *values, 0.0]
    return tuple(round(max(value, _BESIDE * max(padded[n], padded[n + 2])), 4) for n, value in enumerate(values))

"""Words on a cover -> verdict: our own lists, always there, and a classifier of the hub's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from keyart.review.disguise import Candidate, candidates, folded
from keyart.review.lexicon import LANGUAGES, Entry, lexicon
from keyart.review.verdict import Verdict

_HIDDEN = ("profanity", "hate", "sexual")
"""What people write with stars."""
_LONGEST_DISGUISED = 16  # longer ones are words that ran together


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a text that an entry of the lists fits."""

    start: int
    end: int
    entry: Entry
    disguised: bool


@dataclass(frozen=True, slots=True)
class WordLists:
    """Lists of words in Russian and English, with their inflections and the usual disguises."""

    backend: str = "word lists"
    models: tuple[str, ...] = ()

    def __call__(self, text: str, product: str = "") -> Verdict:
        """The worst that the text holds; mild words are told, but pass."""
        hits = find_words(text)
        if not hits:
            return Verdict(product, "pass", "", "", self.backend)
        worst = max(hits, key=lambda hit: hit.entry.weight)
        told = "; ".join(_told(text, hit) for hit in hits)
        span = (worst.start, worst.end)
        judgement = "pass" if worst.entry.severity == "mild" else worst.entry.severity
        return Verdict(product, judgement, worst.entry.category, told, self.backend, span=span)


def find_words(text: str) -> tuple[Hit, ...]:
    """Everything in the text that is on a list, in order, the worst where several overlap."""
    hits = [hit for one in candidates(text) if (hit := _judged(one)) is not None]
    hits += _phrases(text)
    hits.sort(key=lambda hit: (-hit.entry.weight, hit.disguised, hit.start - hit.end))
    kept: list[Hit] = []
    for hit in hits:
        if all(hit.end <= other.start or hit.start >= other.end for other in kept):
            kept.append(hit)
    return tuple(sorted(kept, key=lambda hit: hit.start))


def _judged(candidate: Candidate) -> Hit | None:
    entry = _under_stars(candidate) if candidate.starred else lexicon(candidate.language).find(candidate.word)
    if entry is None or not _believable(candidate, entry):
        return None
    return Hit(candidate.start, candidate.end, entry, candidate.disguised)


def _believable(candidate: Candidate, entry: Entry) -> bool:
    if candidate.split:
        return entry.severity == "block"
    short = 3 <= len(candidate.word) <= _LONGEST_DISGUISED
    return not candidate.disguised or (entry.severity != "mild" and short)


def _phrases(text: str) -> list[Hit]:
    words = [(one.start(), one.end(), folded(one.group())) for one in re.finditer(r"[^\W\d_]+", text)]
    row = [word for _, _, word in words]
    return [
        Hit(words[first][0], words[last - 1][1], entry, False)
        for language in LANGUAGES
        for first, last, entry in lexicon(language).find_phrases(row)
    ]


def _under_stars(candidate: Candidate) -> Entry | None:
    pattern = re.compile(candidate.word)
    fitting = (entry for word, entry in _starrable(candidate.language) if pattern.fullmatch(word))
    return max(fitting, key=lambda entry: entry.weight, default=None)


@cache
def _starrable(language: str) -> tuple[tuple[str, Entry], ...]:
    from keyart.titles.russian import analyzer

    known = lexicon(language)
    found = dict(known.forms)
    for lemma, entry in known.lemmas.items():
        lexeme = analyzer().parse(lemma)[0].lexeme
        found |= {str(one.word).replace("ё", "е"): entry for one in lexeme} | {lemma: entry}
    return tuple((word, one) for word, one in found.items() if one.category in _HIDDEN and one.severity != "mild")


def _told(text: str, hit: Hit) -> str:
    how = ", disguised" if hit.disguised else ""
    return f"{hit.entry.category}: {masked(text[hit.start : hit.end])}{how}"


def masked(word: str) -> str:
    """The word as it may be shown: first and last letter. A manifest is read by people too."""
    return word if len(word) < 3 else word[0] + "*" * (len(word) - 2) + word[-1]

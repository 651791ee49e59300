"""Words as a recogniser without points writes them -> sentences: cut at pauses, capitals, points, question marks.

As far as a tier without a network for it allows: a pause is the only sign of a full stop that is always heard, and the
commas are those that Russian always sets before a conjunction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from keyart.types import Cue, Word

PAUSE_SECONDS = 0.55
"""A pause that ends a sentence once it has `MIN_WORDS`."""
MIN_WORDS = 4
LONG_WORDS = 18
"""A sentence that grows longer ends at the next shorter pause, ..."""
SHORT_PAUSE_SECONDS = 0.2
MOST_WORDS = 32
"""... and at this length at its longest pause."""
_RU_ASKING = frozenset({
    "кто", "что", "где", "куда", "откуда", "когда", "почему", "зачем", "как", "какой", "какая", "какое", "какие",
    "сколько", "чей",
})  # fmt: skip
_EN_ASKING = frozenset({
    "who", "what", "where", "when", "why", "how", "which", "whose", "is", "are", "do", "does", "did", "can", "could",
    "will", "would", "should",
})  # fmt: skip
_RU_BEFORE_COMMA = re.compile(
    r"(?<=\w) (?=(?:который|которая|которое|которые|которого|которой|которых|которому|которым|которую|потому что"
    r"|так как|чтобы|если|хотя|но|зато)\b)"
)
_ALWAYS_NAMES = ("Name", "Surn", "Patr", "Geox")


def restore_sentences(cues: tuple[Cue, ...], language: str) -> tuple[Cue, ...]:
    """The same words with points and capitals where the text has none; a text that is written out stays as it is."""
    if not cues or is_written(" ".join(cue.text for cue in cues)):
        return cues
    return tuple(cue for one in cues for cue in _restored(one, language))


def is_written(text: str) -> bool:
    """Whether the text has points and capitals of its own: one mark for every forty words, or more."""
    words = text.split()
    marks = len(re.findall(r"[.!?…](?:\s|$)", text))
    return text != text.lower() and marks >= max(1, len(words) / 40)


def _restored(cue: Cue, language: str) -> Iterator[Cue]:
    if not cue.words:
        yield Cue(_sentence(cue.text.split(), language), cue.start, cue.end, (), cue.confidence)
        return
    for words in split_at_pauses(cue.words):
        text = _sentence([word.text for word in words], language)
        yield Cue(text, words[0].start, words[-1].end, tuple(words), cue.confidence)


def split_at_pauses(words: Sequence[Word]) -> list[list[Word]]:
    """Sentences by the clock: a pause ends one that is long enough, any pause one that is too long."""
    found: list[list[Word]] = [[]]
    for place, word in enumerate(words):
        found[-1].append(word)
        if place + 1 == len(words):
            break
        pause, count = words[place + 1].start - word.end, len(found[-1])
        ends = pause >= PAUSE_SECONDS and count >= MIN_WORDS
        if ends or (count >= LONG_WORDS and pause >= SHORT_PAUSE_SECONDS):
            found.append([])
        elif count >= MOST_WORDS:
            found[-1], rest = _cut_at_longest_pause(found[-1])
            found.append(rest)
    if len(found) > 1 and len(found[-1]) < MIN_WORDS and found[-1][0].start - found[-2][-1].end < PAUSE_SECONDS:
        found[-2:] = [found[-2] + found[-1]]
    return [one for one in found if one]


def _cut_at_longest_pause(words: list[Word]) -> tuple[list[Word], list[Word]]:
    places = range(MIN_WORDS, len(words) - MIN_WORDS + 1)
    best = max(places, key=lambda place: words[place].start - words[place - 1].end)
    return words[:best], words[best:]


def _sentence(words: Sequence[str], language: str) -> str:
    text = " ".join(_named(word) for word in words) if language == "ru" else " ".join(words)
    if language == "ru":
        text = _RU_BEFORE_COMMA.sub(", ", text)
    else:
        text = re.sub(r"\bi(?=\b|')", "I", text) if language == "en" else text
    text = text[:1].upper() + text[1:]
    if re.search(r"[.!?…]$", text):
        return text
    return text.rstrip(",;:") + ("?" if _asks(words, language) else ".")


def _asks(words: Sequence[str], language: str) -> bool:
    first = words[0].lower() if words else ""
    asking = _RU_ASKING if language == "ru" else _EN_ASKING if language == "en" else frozenset()
    # 'как только вы ...', 'when you ...' are no questions: only short ones are taken for such
    return first in asking and 3 <= len(words) <= (7 if language == "ru" else 9) and not _answers(words, language)


def _answers(words: Sequence[str], language: str) -> bool:
    second = words[1].lower() if len(words) > 1 else ""
    if language == "ru":
        return second in ("только", "бы", "то", "раз", "правило", "угодно", "бы", "известно", "видите", "говорится")
    return words[0].lower() in ("when", "where", "how", "what", "who") and second in ("you", "i", "we", "they", "he")


def _named(word: str) -> str:
    """A capital for words that can be nothing but a name of a person or place."""
    if not re.fullmatch("[а-яё-]{3,}", word):
        return word
    readings = [one for one in _analyzer().parse(word) if one.score > 0.01]
    known = bool(_analyzer().word_is_known(word))
    names = known and all(any(tag in one.tag for tag in _ALWAYS_NAMES) and "NOUN" in one.tag for one in readings)
    return "-".join(part.capitalize() for part in word.split("-")) if names else word


@cache
def _analyzer() -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer()

"""Transcript -> sentences with their seconds; restored where the source has neither points nor capitals."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from keyart.titles import lexicon
from keyart.titles.shouted import quieted
from keyart.titles.written import is_written
from keyart.types import Cue, Transcript

PAUSE_SECONDS = 0.7
"""A gap between cues that ends a sentence where nothing else does."""
LONG_WORDS = 28
"""A sentence without points that grows longer is cut at the next likely place, ..."""
VERY_LONG_WORDS = 45
"""... and at this length anyway."""

_MONTH = r"(?:янв|февр?|мар|апр|ма[йя]|июн|июл|авг|сент?|окт|но[яь]|дек)[а-я]*"
_DATELINE = re.compile(
    r"^(?:[^\W\d][\w .-]{1,40}, \d{1,2} \w{3,9}\.?\s*[—–-]\s*[^.—]{2,40}\.\s+"
    rf"|(?:[А-ЯЁ][А-ЯЁ -]{{2,}}|[А-ЯЁ][а-яё-]+)(?:, |\. )\d{{1,2}} {_MONTH}\.?(?:\s+(?:INTERFAX\S*|/[^/]{{2,60}}/))?"
    r"[\s./—–-]+|[А-ЯЁ][а-яё-]+\.\s+\d{1,2}\s+\w{3,9}\.\s+[A-Z.]{4,}\s*[—–-]?\s*)"
)
"""'Москва, 1 дек — РИА Новости. ': who reports from where is no part of what is told."""


_FILLING = re.compile(
    r",?\s*\b(?:на самом деле|в принципе|так сказать|скажем так|как говорится|что называется|собственно говоря"
    r"|честно говоря|грубо говоря|в общем-то|по сути(?: дела)?|как бы|что ли)\b\s*,?(?:\s|$)"
    r"|,?\s\bв целом\b(?!\s+мире)\s*,?\s",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    number: int
    text: str
    start: float
    end: float
    restored: bool = False
    """Whether its ends were guessed, not written."""

    @property
    def plain(self) -> str:
        """Without what stands in round brackets and what is said to gain time, which no headline needs."""
        return _FILLING.sub(" ", re.sub(r"\s*\([^()]*\)", "", self.text)).strip()

    @property
    def is_question(self) -> bool:
        return self.text.rstrip("»\"') ").endswith("?")


def split_sentences(transcript: Transcript) -> tuple[Sentence, ...]:
    """Sentences in order; numbered from 0, times from the cues, by share of letters inside a cue."""
    text, clock = _joined(transcript)
    found: list[Sentence] = []
    for start, end, restored in _spans(text, transcript.language, clock):
        words = text[start:end].strip()
        if re.search(r"\w", words):
            first = start + len(text[start:end]) - len(text[start:end].lstrip())
            found.append(Sentence(len(found), words, clock.at(first), clock.at(end), restored))
    return tuple(found)


def following(sentences: Sequence[Sentence], number: int) -> str:
    """The sentence after this one, plain; empty after the last."""
    return sentences[number + 1].plain if number + 1 < len(sentences) else ""


class _Clock:
    """Place in the joined text -> seconds."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.times: list[tuple[int, float, float]] = []

    def add(self, first: int, length: int, start: float, end: float) -> None:
        self.starts.append(first)
        self.times.append((length, start, end))

    def at(self, place: int) -> float:
        if not self.starts:
            return 0.0
        which = max(0, bisect_right(self.starts, place) - 1)
        length, start, end = self.times[which]
        share = min(1.0, (place - self.starts[which]) / max(1, length))
        return start + share * (end - start)

    def pauses(self) -> set[int]:
        """Places where a cue begins after a pause."""
        pairs = zip(self.times, self.times[1:], self.starts[1:], strict=False)
        return {first for (_, _, end), (_, start, _), first in pairs if start - end >= PAUSE_SECONDS}


def unbroken(cues: Sequence[Cue], language: str) -> Iterator[Cue]:
    """Each text on one line; a word that was broken at the end of a line or a cue is whole in the first of them."""
    carried = 0
    for cue, after in zip(cues, [*(cue.text for cue in cues[1:]), ""], strict=False):
        words = _LINE_BREAK.sub(partial(_mended, language=language), html.unescape(cue.text[carried:]))
        words, carried = re.sub(r"\s+", " ", words).strip(), 0
        left, right = re.search(r"(?<![^\W\d_])([^\W\d_]{2,})-$", words), re.match(r"\s*([^\W\d_]{2,})\S*", after)
        joint = _joint(left[1], right[1], language) if left and right else None
        if right and joint is not None:
            words, carried = f"{words[:-1]}{joint}{right[0].strip()}", right.end()
        yield replace(cue, text=words)


_LINE_BREAK = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})-\s+([^\W\d_]{2,})")


def _mended(found: re.Match[str], language: str) -> str:
    joint = _joint(found[1], found[2], language)
    if joint is None:
        joint = "-" if "\n" in found[0] else "- "
    return found[1] + joint + found[2]


def _joint(left: str, right: str, language: str) -> str | None:
    """What joins the halves of a broken word; None where they are none.

    '' of 'госу-' and 'дарство', '-' of 'что-' and 'то', None of 'древнее-' and 'Египет'.
    """
    if not (right.islower() or (left + right).isupper()):
        return None
    whole, parted = (left + right).lower(), f"{left}-{right}".lower()
    if language == "ru":
        from keyart.titles.russian import known_word

        return "" if known_word(whole) else "-" if known_word(parted) else None
    from keyart.titles.english_tags import lexicon

    known = lexicon() if language == "en" else {}
    return "-" if parted in known else "" if whole in known else None


def _joined(transcript: Transcript) -> tuple[str, _Clock]:
    clock, length = _Clock(), 0
    parts: list[str] = []
    for cue in quieted(tuple(unbroken(transcript.cues, transcript.language)), transcript.language):
        words = cue.text if parts else _DATELINE.sub("", cue.text)
        if words:
            clock.add(length, len(words), cue.start, cue.end)
            parts.append(words)
            length += len(words) + 1
    return " ".join(parts), clock


def _spans(text: str, language: str, clock: _Clock) -> Iterator[tuple[int, int, bool]]:
    whole = is_written(text, language)  # long sentences are its nature
    for start, end in _written_spans(text, language):
        if whole or len(text[start:end].split()) <= LONG_WORDS:
            yield start, end, False
        else:
            yield from _restored(text, start, end, clock)


def _written_spans(text: str, language: str) -> Iterator[tuple[int, int]]:
    if text == text.lower() and re.search(r"[.!?]\s", text):
        yield from _caseless_spans(text)
        return
    if language == "en":
        yield from _english_spans(text)
        return
    from razdel import sentenize

    for one in sentenize(text):
        start = one.start
        for found in _MEASURED.finditer(text, one.start, one.stop):
            yield start, found.end()
            start = found.end()
        yield start, one.stop


_MEASURED = re.compile(r"\d\s?(?:млн|млрд|тыс|руб|коп|км|м|см|мм|кг|гр|л|мл|шт|чел|мин|сек|ч)\.(?=\s+[А-ЯЁ][а-яё])")
"""'20 см. Автомобиль ...': after a figure it is no 'смотри', and what begins with a capital a sentence of its own."""


_SHORT = re.compile(r"(?:\b(?:г|гг|ул|им|т|тыс|млн|млрд|руб|см|стр|др|проф|акад|mr|mrs|dr|st|vs|etc|no)|\b\w)\.$")


def _caseless_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in re.finditer(r"[.!?…]+[\"'”’»)\]]*(?=\s)", text):
        if not _SHORT.search(text[start : found.end()]):
            yield start, found.end()
            start = found.end()
    if text[start:].strip():
        yield start, len(text)


_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|No|U\.S|Jr|Sr|Inc|Ltd)|\b[A-Z])\.$")


def _english_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in re.finditer(r"[.!?…]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9]|\s*$)", text):
        if found.group() == "." and _ABBREVIATION.search(text[start : found.end()]):
            continue
        yield start, found.end()
        start = found.end()
    if text[start:].strip():
        yield start, len(text)


def _restored(text: str, start: int, end: int, clock: _Clock) -> Iterator[tuple[int, int, bool]]:
    pauses = clock.pauses()
    first, count = start, 0
    for word in re.finditer(r"\S+", text[start:end]):
        place = start + word.start()
        bare = word.group().strip(',.!?-–—«»"').lower()
        fits = count >= 6 and (place in pauses or (bare in lexicon.STARTERS and count >= 10))
        if fits or count >= VERY_LONG_WORDS or (count >= LONG_WORDS and bare in ("и", "а", "and", "то")):
            yield first, place, True
            first, count = place, 0
        count += 1
    yield first, end, True

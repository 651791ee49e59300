"""What a network wrote where nobody spoke: repeats, phrases out of its training subtitles, words without confidence.

Whisper's own rules (Radford et al., arXiv 2212.04356, §4.5: compression ratio above 2.4, no-speech probability above
0.6 with a mean log probability below -1) and what its users found since: credits and farewells of subtitle files.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keyart.types import Cue, Word

MAX_COMPRESSION = 2.4
MAX_NO_SPEECH = 0.6
MIN_LOG_PROBABILITY = -1.0
DOUBT_NO_SPEECH = 0.2
"""From here a farewell that stands alone is taken for invented."""
MAX_CHARACTERS_A_SECOND = 45.0
"""Nobody speaks faster: the fastest talkers reach about 30."""

_CREDITS = re.compile(
    r"субтитр\w*\s+(?:с?делал|созда|подогна|подготов|добав|перев[её]л|предостав|и перевод|от\b|by\b)|редактор субтитров"
    r"|корректор [а-яё]\.|dimatorzok|продолжение следует|amara\.org"
    r"|(?:sub(?:title)?s|captions?|captioning|transcri(?:bed|ption|pts?)|translat(?:ed|ion))\s+(?:\w+\s+){0,2}by\b"
    r"|subtitles? (?:made|created|edited) |to be continued\W*$",
    re.I,
)
_FAREWELLS = frozenset({
    "спасибо за просмотр", "спасибо за внимание", "подписывайтесь на канал", "подписывайтесь на мой канал",
    "ставьте лайки и подписывайтесь на канал", "до новых встреч", "всем пока", "до свидания", "игорь негода",
    "thanks for watching", "thank you for watching", "thank you so much for watching", "thank you", "thanks", "you",
    "bye", "bye bye", "please subscribe", "subscribe to my channel", "please subscribe to my channel", "the end",
    "like and subscribe", "see you next time", "see you in the next video", "so",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a network wrote, and how sure it says it is; None where it does not say."""

    text: str
    start: float
    end: float
    words: tuple[Word, ...] = ()
    log_probability: float | None = None
    """Mean over the tokens, natural logarithm."""
    no_speech: float | None = None
    """Probability that nobody speaks, 0 ... 1."""


def compression_ratio(text: str) -> float:
    """Bytes of the text by bytes of it packed: about 1 for speech, above 2.4 where it repeats itself; 0 for none."""
    data = text.encode("utf-8", "replace")
    return len(data) / len(zlib.compress(data)) if data else 0.0


def plain_words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", text.lower())


def loop(words: Sequence[str], longest: int = 8) -> int:
    """The most words of a row that one n-gram fills by being repeated: at least four times, or 0.

    >>> loop("я иду домой".split()), loop("ну вот ну вот ну вот ну вот".split())
    (0, 8)
    """
    best = 0
    for size in range(1, longest + 1):
        same = 0
        for place in range(size, len(words)):
            same = same + 1 if words[place] == words[place - size] else 0
            if same >= 3 * size:
                best = max(best, same + size)
    return best


def fault(phrase: Phrase) -> str:
    """Why the phrase is not believed, in two or three words; empty where it is."""
    words = plain_words(phrase.text)
    if not words:
        return "empty"
    if compression_ratio(phrase.text) > MAX_COMPRESSION or loop(words) > len(words) / 2:
        return "repeating itself"
    if _CREDITS.search(phrase.text):
        return "invented credits"
    unsure = phrase.no_speech is None or phrase.no_speech >= DOUBT_NO_SPEECH
    if " ".join(words) in _FAREWELLS and unsure:
        return "invented farewells"
    if _silent(phrase):
        return "written over silence"
    if len(phrase.text) > MAX_CHARACTERS_A_SECOND * max(0.5, phrase.end - phrase.start):
        return "too fast to be spoken"
    return ""


def _silent(phrase: Phrase) -> bool:
    # Whisper's rule asks both; a recogniser that states one of the two only is held to that one, more loosely
    if phrase.no_speech is None:
        return False
    log_probability = phrase.log_probability
    unsure = phrase.no_speech > 0.9 if log_probability is None else log_probability < MIN_LOG_PROBABILITY
    return phrase.no_speech > MAX_NO_SPEECH and unsure


def believed(phrases: Iterable[Phrase]) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
    """(phrases that may have been spoken, one note that says what was dropped). Of equal neighbours one is kept."""
    kept: list[Phrase] = []
    dropped: Counter[str] = Counter()
    last, run = "", 0
    for phrase in phrases:
        shown = " ".join(plain_words(phrase.text))
        run = run + 1 if shown == last else 1
        last = shown
        why = fault(phrase) or ("repeating the one before" if run > 2 else "")
        if run == 3 and kept and " ".join(plain_words(kept[-1].text)) == shown:
            kept.pop()  # twice may be said, three times in a row is a loop: the first is kept
        if why:
            dropped[why] += 1
        else:
            kept.append(phrase)
    told = ", ".join(f"{count} {why}" for why, count in sorted(dropped.items()) if why != "empty")
    count = dropped.total() - dropped["empty"]
    return tuple(kept), ((f"{count} recognised phrase{'s' if count > 1 else ''} dropped: {told}",) if told else ())


def cues_of(phrases: Iterable[Phrase]) -> tuple[Cue, ...]:
    from math import exp

    return tuple(
        Cue(
            one.text.strip(),
            one.start,
            max(one.start, one.end),
            one.words,
            None if one.log_probability is None else min(1.0, exp(one.log_probability)),
        )
        for one in phrases
    )

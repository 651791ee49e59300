"""Where a headline may break: lines that end with a meaning, never with a preposition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

from keyart.covers.fonts import Typeface

MAX_WORDS = 16
MAX_LINES = 7

# words that must not end a line, for they belong to the next one: prepositions, conjunctions, particles, articles
_LEANING_RU = """
    а без безо бы в вместо во вокруг да для до за и из из-за из-под изо или к как ко ли либо меж между мимо на над надо
    не ни но о об обо около от ото перед по под подо после почти при про против ради с сквозь со среди то у уж хоть
    через что чтобы чуть
"""
_LEANING_EN = """
    a an and as at but by for from if in into nor of off on onto or per so than that the to up via vs with without no
    not very after before between over under
"""
# words that would rather not: pronouns, question words, auxiliaries
_CLINGING_RU = """
    ещё еще когда кто мой насчёт так тоже только уже чем эта эти это этот мы вы я ты он она они его её ее их наш ваш моя
    моё мои самый самая самое самые очень всё все весь вся где кому чья чей
"""
_CLINGING_EN = """
    is our their this these those was we were what when where which who why will you your my his her its i he she it
    they are be can do does did has have had how more most about
"""
# what is counted stands with its number, a title or an initial with its name
_COUNTED = """
    тыс тысяч тысячи млн миллион миллиона миллионов млрд миллиард миллиарда миллиардов процент процента процентов
    thousand million billion percent hundred
"""
_NUMERALS = """
    один одна одно одну два две двух три трёх трех четыре пять шесть семь восемь девять десять сто первый первая первое
    первые второй вторая второе третий третья one two three four five six seven eight nine ten first second third
"""
_TITLES = """
    г гг ул пр им св проф акад д-р др рис стр руб mr mrs ms dr st prof no vs jr
"""
_LEANING = frozenset(_LEANING_RU.split()) | frozenset(_LEANING_EN.split())
_QUANTITIES = frozenset(_COUNTED.split())
_NUMBER_WORDS = frozenset(_NUMERALS.split())
_SHORT_TITLES = frozenset(_TITLES.split())
_CLINGING = frozenset(_CLINGING_RU.split()) | frozenset(_CLINGING_EN.split())
# a line may end after these though they are short
_CLOSING = re.compile(r"[,.:;!?…»”)]$|[—–]$")
_DASH = re.compile(r"^[—–-]$")
_INITIAL = re.compile(r"^[«„“\"(]?[^\W\d_]\.$")
_SIGN = re.compile(r"^[№#$€£]$")
_NUMBER = re.compile(r"^[#№$€£~]?\d[\d.,:/%]*$")


@dataclass(frozen=True, slots=True)
class Lines:
    """One way to break the headline. Widths are in ems: multiply by the font size."""

    lines: tuple[str, ...]
    width_em: float
    badness: float
    """0 for even lines that break by meaning; each broken rule adds about 1."""


@lru_cache(128)  # a headline is broken for a hundred places, each time the same
def ways_to_break(text: str, face: Typeface) -> tuple[Lines, ...]:
    """The best way for each number of lines, fewest lines first. Lines that cannot be had are left out."""
    words = glued(text)
    if not words:
        return ()
    font = face.at(100)
    widths = [font.getlength(word) / 100 for word in words]
    space = font.getlength(" ") / 100
    # in Title Case, or all in capitals, a capital tells no name
    told = [word[:1].islower() for word in words[1:] if word[:1].isalpha() and not is_small(word)]
    plain = words if not told or sum(told) >= 0.5 * len(told) else [word.lower() for word in words]
    costs = [_cost_between(left, right, place > 0) for place, (left, right) in enumerate(pairwise(plain))]
    ways = []
    for count in range(1, min(len(words), MAX_LINES) + 1):
        ways.append(_best(words, widths, space, costs, count))
    return tuple(ways)


def glued(text: str) -> list[str]:
    """Words; a dash stays with the word before it, for no line begins with one."""
    words: list[str] = []
    for word in text.split():
        if words and _DASH.match(word):
            words[-1] += " " + word
        else:
            words.append(word)
    while len(words) > MAX_WORDS:  # longer texts are broken in pairs: 2^16 ways are enough to look at
        words = [" ".join(words[index : index + 2]) for index in range(0, len(words), 2)]
    return words


def leans(word: str) -> bool:
    """Whether a word belongs to the next one and must not end a line."""
    bare = _bare(word)
    return bool(bare) and (bare in _LEANING or (len(bare) == 1 and bare.isalpha()))


def is_small(word: str) -> bool:
    """Whether a word carries no meaning of its own."""
    return leans(word) or _bare(word) in _CLINGING


def _bare(word: str) -> str:
    """The last word in lower case, without quotes; empty where punctuation closes it."""
    last = word.split()[-1]
    return "" if _CLOSING.search(last) else last.strip("«»\"'“”„()[]").lower()


def _cost_between(left: str, right: str, inside: bool) -> float:
    """What a line break between two words costs: 1 breaks a rule, below 0 is a good place.

    `inside` says that `left` does not begin the headline, so that a capital means a name.
    """
    if leans(left) or _is_bound(left):
        return 1.0
    if _CLOSING.search(left):
        return -0.12
    if _bare(left) in _CLINGING:
        return 0.3
    if _bare(left) in _NUMBER_WORDS:
        return 0.5  # five | minutes
    if right.lower().rstrip(",.:;!?") in ("же", "ли", "бы", "ль"):
        return 1.0
    if _is_name(left) and _is_name(right):
        return 1.0 if inside else 0.5  # Neil | Armstrong; at the start the first capital may mean nothing
    return -0.06 if leans(right) else 0.0


def _is_bound(left: str) -> bool:
    """Whether a word cannot be parted from the next: 5 | minutes, 20 million | roubles, Mr. | Smith, A. | Chekhov."""
    last = left.split()[-1]
    bare = last.rstrip(".").casefold()
    if _NUMBER.match(last) or _SIGN.match(last) or _INITIAL.match(last):
        return True
    return bare in _QUANTITIES or (last.endswith(".") and bare in _SHORT_TITLES)


def _is_name(word: str) -> bool:
    """A word with a capital, of a headline that is not set in capitals throughout."""
    bare = word.strip("«»\"'“”„()[]")
    return bare[:1].isupper() and not is_small(word)


def _best(words: list[str], widths: list[float], space: float, costs: list[float], count: int) -> Lines:
    best: Lines | None = None
    reach = [0.0]
    for width in widths:
        reach.append(reach[-1] + width + space)
    for cuts in combinations(range(1, len(words)), count - 1):
        edges = (0, *cuts, len(words))
        lengths = [reach[last] - reach[first] - space for first, last in pairwise(edges)]
        widest = max(lengths)
        badness = sum(costs[cut - 1] for cut in cuts) + _raggedness(lengths, widest)
        if best is None or (badness, widest) < (best.badness, best.width_em):
            lines = tuple(" ".join(words[first:last]) for first, last in pairwise(edges))
            best = Lines(lines, widest, badness)
    assert best is not None
    return best


def _raggedness(lengths: Sequence[float], widest: float) -> float:
    """Uneven lines look unset; a line of less than half the widest most of all, the more so as the last."""
    if len(lengths) == 1:
        return 0.0
    uneven = 1 - sum(lengths) / (len(lengths) * widest)
    short = sum(max(0.0, 0.5 - length / widest) for length in lengths) + max(0.0, 0.4 - lengths[-1] / widest)
    return 1.3 * uneven + 1.2 * short


def shortened(text: str, max_characters: int) -> str:
    """The text cut at the end of a clause or word, with an ellipsis; as it is where it fits."""
    if len(text) <= max_characters:
        return text
    head = text[: max_characters - 1]
    clause = max(head.rfind(mark) for mark in (", ", ": ", "; ", ". ", " — ", "! ", "? "))
    if clause >= 0.6 * max_characters:
        return head[:clause].rstrip(" —–,:;")
    whole = text[max_characters - 1].isspace()  # the cut falls between two words
    words = head.split() if whole or " " not in head else head[: head.rfind(" ")].split()
    while len(words) > 1 and leans(words[-1]):
        words.pop()
    return " ".join(words).rstrip(",:;—–-. ") + "…"


_NOT_KEY = re.compile(r"[^\w%-]")


def key_words(text: str) -> str:
    """What to set in the accent colour: a number and its noun, else a name, else the longest word with a meaning."""
    words = [_NOT_KEY.sub("", word) for word in text.split()]
    content = [word for word in words if word and not is_small(word)]
    if len(content) < 2:
        return ""  # a lone word needs no accent beside itself
    numbers = [word for word in content if any(letter.isdigit() for letter in word)]
    if numbers:
        return _with_noun(words, numbers[0])
    names = [word for word in content[1:] if word[0].isupper() and len(word) > 3 and not text.isupper()]
    pool = names or content
    return max(pool, key=lambda word: (len(word), -content.index(word)))


def _with_noun(words: list[str], number: str) -> str:
    after = words[words.index(number) + 1 :][:1]
    return " ".join([number, *(word for word in after if word and not is_small(word))])

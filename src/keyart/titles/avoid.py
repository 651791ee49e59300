"""Words that a channel does not want in its titles: every form of them, phrases, and beginnings as `крипт*`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*\*?")
_CYRILLIC = re.compile("[а-яё]")


def avoided(text: str, avoid: Iterable[str]) -> str:
    """The first of the words or phrases that the text holds, "" where it holds none. Case and ё do not count.

    >>> avoided("Шокирующие кадры", ["скандал", "кадр"])
    'кадр'
    >>> avoided("Криптовалюты падают", ["крипто*"])
    'крипто*'
    """
    words = _words(text)
    for phrase in avoid:
        wanted = _words(phrase)
        if wanted and any(_fits(islice(words, first, None), wanted) for first in range(len(words) - len(wanted) + 1)):
            return phrase
    return ""


def _words(text: str) -> list[str]:
    return [word.replace("ё", "е") for word in _WORD.findall(text.casefold().replace("’", "'"))]


def _fits(words: Iterable[str], wanted: Sequence[str]) -> bool:
    return all(_is(word, one) for word, one in zip(words, wanted, strict=False))


def _is(word: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return word.startswith(wanted[:-1])
    return word == wanted or bool(_lemmas(word) & _lemmas(wanted))


@cache
def _lemmas(word: str) -> frozenset[str]:
    """What the word may be a form of: each reading of a Russian one, the rule's of an English one."""
    if _CYRILLIC.search(word):
        from keyart.titles.russian import readings

        return frozenset(str(one.normal_form).replace("ё", "е") for one in readings(word))
    from keyart.titles.salience import english_lemma

    return frozenset({word, english_lemma(word)})

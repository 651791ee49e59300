"""Captions in capitals throughout, as television writes them: sentence case again, names and abbreviations kept.

What tells a name is what the dictionaries know: pymorphy3's likeliest reading of a Russian word, the spelling that
Brill's lexicon has of an English one. A word that neither knows keeps its capitals where it is as short as an
abbreviation, and one capital where it is no form of a word that is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from keyart.titles import english_tags, lexicon
from keyart.titles.russian import known_word, readings
from keyart.types import Cue

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LEAST_WORDS, _LEAST_SHARE = 3, 0.9
"""Of a text that is taken for shouted: words of two letters and more, and the share of its letters in capitals."""
_ENDS = re.compile(r"[.!?…](?:[\"'”’»)\]]*\s*|\s+[—–]\s*)(?:[«“„\"'(\[]|>>\s*|-\s+)*$")
"""Between two words, the second of which begins a sentence; after '!» — ' it is told who said so."""
_ABBREVIATION_LETTERS = 3
"""An English word that nobody knows is taken for an abbreviation up to this length."""


def quieted(cues: Sequence[Cue], language: str) -> tuple[Cue, ...]:
    """The cues with those in capitals brought to sentence case; as many letters as before, at their places.

    Where nearly all of the text is in capitals each cue is; elsewhere those that are so by themselves, as translated
    signs are. Words that are in lower case in part ("iPHONE") stay as they are. Languages other than Russian and
    English stay as they are, too.
    """
    cased = {"ru": _russian, "en": _english}.get(language)
    if cased is None:
        return tuple(cues)
    everywhere = is_shouted(" ".join(cue.text for cue in cues))
    befores = ["", *(cue.text for cue in cues)]
    return tuple(
        replace(cue, text=_sentence_case(cue.text, cased, begins=not before or bool(_ENDS.search(before))))
        if everywhere or is_shouted(cue.text)
        else cue
        for cue, before in zip(cues, befores, strict=False)
    )


def is_shouted(text: str) -> bool:
    """
    >>> is_shouted("ДЕСЯТЬ ЛЕТ СПУСТЯ, В МОСКВЕ"), is_shouted("США и КНР"), is_shouted("СССР, США")
    (True, False, False)
    """
    capitals, small = sum(map(str.isupper, text)), sum(map(str.islower, text))
    if capitals < _LEAST_SHARE * max(1, capitals + small):
        return False
    return sum(len(word) > 1 for word in _WORD.findall(text)) >= _LEAST_WORDS


def _sentence_case(text: str, cased: Callable[[str, str, str], str], *, begins: bool) -> str:
    words = list(_WORD.finditer(text))
    around = ["", *(word.group() for word in words), ""]
    parts: list[str] = []
    end, initial = 0, False
    for place, word in enumerate(words):
        between = text[end : word.start()]
        if place:
            begins = bool(_ENDS.search(between)) and not initial and around[place].lower() not in _NO_END
        initial = _is_initial(words[place : place + 2], text, cased, after_one=initial)
        low = word.group() if initial or not word.group().isupper() else cased(*around[place : place + 3])
        parts += [between, low[:1].upper() + low[1:] if begins else low]
        end = word.end()
    return "".join([*parts, text[end:]])


def _is_initial(
    words: Sequence[re.Match[str]], text: str, cased: Callable[[str, str, str], str], *, after_one: bool
) -> bool:
    """'А. С. Пушкин', 'Пушкин А. С.'; not 'в 1995 г. В', 'и т. д.', 'это сделал я. Потом'."""
    first = words[0].group()
    if len(first) > 1 or text[words[0].end() : words[0].end() + 1] != ".":
        return False
    if after_one or len(words) < 2:
        return after_one
    following = words[1].group()
    if first.lower() not in lexicon.RU_CONTRACTIONS and len(following) == 1:
        return text[words[1].end() : words[1].end() + 1] == "."
    shown = cased("", following, "")
    return len(following) > 1 and shown[:1].isupper() and (shown != following) and _may_bear(following.lower())


def _may_bear(low: str) -> bool:
    """Whether it may be somebody's surname: 'г. Москва' is none."""
    return not re.search("[а-яё]", low) or "Geox" not in readings(low)[0].tag


_NO_END = frozenset({"г", "гг", "ул", "им", "т"})
"""'В 1995 г. в Казани', 'и т. д.': a point after these rarely ends a sentence."""


# --- Russian --------------------------------------------------------------------------------------------------------


_NAMES = ("Name", "Surn", "Patr", "Geox", "Orgn")


def _russian(before: str, word: str, after: str) -> str:
    low = word.lower()
    if not re.search("[а-яё]", low):
        return word  # GPS, YOUTUBE
    if low in lexicon.RU_CONTRACTIONS:
        return low
    if any("NUMR" in one.tag for one in readings(low)):
        return low  # 'сто' is also a garage
    if len(low) > 1 and ("Abbr" in readings(low)[0].tag or _is_unsayable(low)):
        return word
    if _is_likely(low, _NAMES):
        return "-".join(part.capitalize() for part in low.split("-"))
    beside = any(one and _is_likely(one.lower(), ("Surn", "Patr")) for one in (before, after))
    named = "NOUN" in readings(low)[0].tag and any("Name" in one.tag for one in readings(low))  # Вера, Роман; not 'из'
    return low.capitalize() if beside and named else low


def _is_unsayable(low: str) -> bool:
    return not re.search("[аеёиоуыэюя]", low) and not known_word(low)


def _is_likely(low: str, tags: Sequence[str]) -> bool:
    """Whether the likeliest reading is a noun of these kinds; a guess about an unknown word is one, too."""
    tag = readings(low)[0].tag
    return "NOUN" in tag and any(one in tag for one in tags) and (known_word(low) or len(low) > 4)


# --- English --------------------------------------------------------------------------------------------------------


def _english(before: str, word: str, after: str) -> str:
    low, known = word.lower(), english_tags.lexicon()
    if apart := re.fullmatch("(.+)(['’])(.+)", low):
        stem, mark, clitic = apart.groups()
        if low.replace("’", "'") in known or clitic == "t":
            return low
        return _english(before, stem.upper(), after) + mark + (clitic if len(clitic) < 3 else clitic.capitalize())
    if "-" in low:
        return "-".join(_english("", part.upper(), "") for part in low.split("-"))
    if (len(low) == 1 and low != "a") or (low == "us" and before.lower() == "the"):
        return word  # I, vitamin C
    name = low.capitalize()
    pairs = {f"{before.capitalize()} {name}", f"{name} {after.capitalize()}"}
    if name in _NAMED_LIKE_WORDS or pairs & _NAMED_IN_TWO:
        return name
    if low in known and not known[low].startswith("NNP"):
        named = known.get(name, "") == "NNP" and known[low][:2] in ("NN", "VB", "JJ")
        return name if named and _is_surname(after) else low
    if known.get(name, "")[:2] in ("NN", "JJ"):
        return name
    if word in known or len(word) <= _ABBREVIATION_LETTERS:
        return word
    return low if _is_form(low) else name


_NAMED_LIKE_WORDS = frozenset({"China", "Mars", "John", "Peter", "Jordan", "Google", "Christmas"})
"""Names whose small form the lexicon has too, but which are mostly names."""
_NAMED_IN_TWO = frozenset({
    "United States", "United Kingdom", "United Nations", "White House", "South Korea", "North Korea", "South Africa",
    "New Zealand", "Great Britain", "Soviet Union", "European Union", "Bill Gates", "Will Smith", "Los Angeles",
})  # fmt: skip


def _is_surname(word: str) -> bool:
    return word.lower() not in english_tags.lexicon() and english_tags.lexicon().get(word.capitalize(), "") == "NNP"


def _is_form(low: str) -> bool:
    """Whether a word that the lexicon lacks is a form of one that it has."""
    endings = (("ies", "y"), ("es", ""), ("s", ""), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("ly", ""),
               ("er", ""), ("er", "e"), ("ness", ""), ("less", ""))  # fmt: skip
    stems = (low.removesuffix(end) + instead for end, instead in endings if low.endswith(end))
    return any(stem in english_tags.lexicon() for stem in stems)

"""The word lists of `words/`: a word as written plainly -> the entries that it falls under.

Russian words are met by their dictionary form (pymorphy3) and by the roots of words that take prefixes and endings
freely; English ones by their simple inflections.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal, cast

from keyart.titles.russian import readings

Severity = Literal["mild", "flag", "block"]
SEVERITIES: tuple[Severity, ...] = ("mild", "flag", "block")
LANGUAGES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is wrong with a word."""

    category: str
    severity: Severity

    @property
    def weight(self) -> int:
        return SEVERITIES.index(self.severity)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's list. All words are in lower case, with е for ё."""

    lemmas: Mapping[str, Entry]
    forms: Mapping[str, Entry]
    roots: tuple[tuple[re.Pattern[str], Entry], ...]
    phrases: tuple[tuple[tuple[str, ...], Entry], ...]
    innocent: frozenset[str]

    def find(self, word: str) -> Entry | None:
        """The worst entry that a word falls under, or None."""
        names = (word, *lemmas_of(word))
        if not self.innocent.isdisjoint(names):
            return None
        found = [self.lemmas[name] for name in names if name in self.lemmas]
        found += [self.forms[word]] if word in self.forms else []
        found += [entry for root, entry in self.roots if root.fullmatch(word)]
        return max(found, key=lambda entry: entry.weight, default=None)

    def find_phrases(self, words: Sequence[str]) -> Iterator[tuple[int, int, Entry]]:
        """(first word, word after the last, entry) of every phrase in a row of words."""
        names = [{word, *lemmas_of(word)} for word in words]
        for phrase, entry in self.phrases:
            for start in range(len(words) - len(phrase) + 1):
                if all(part in names[start + place] for place, part in enumerate(phrase)):
                    yield start, start + len(phrase), entry


@lru_cache(20_000)
def lemmas_of(word: str) -> tuple[str, ...]:
    """Dictionary forms of a Russian word, those of its likeliest readings; nothing for other alphabets."""
    if not re.fullmatch("[а-я-]+", word):
        return ()
    likely = readings(word)
    least = 0.9 * likely[0].score if likely else 0.0
    return tuple({str(one.normal_form).replace("ё", "е") for one in likely if one.score >= least})


@cache
def lexicon(language: str) -> Lexicon:
    """The list of `ru` or `en`, read once."""
    table = tomllib.loads(files("keyart.review").joinpath("words", f"{language}.toml").read_text("utf-8"))
    lemmas: dict[str, Entry] = {}
    forms: dict[str, Entry] = {}
    roots: list[tuple[re.Pattern[str], Entry]] = []
    phrases: list[tuple[tuple[str, ...], Entry]] = []
    innocent = set(table.get("innocent", ()))
    for row in table["entry"]:
        entry = Entry(row["category"], cast(Severity, row["severity"]))
        _add(lemmas, (_plain(word) for word in row.get("lemmas", ())), entry)
        _add(forms, (_plain(word) for word in row.get("forms", ())), entry)
        _add(forms, (form for word in row.get("words", ()) for form in english_forms(word)), entry)
        roots += [(re.compile(root), entry) for root in row.get("roots", ())]
        phrases += [(tuple(_plain(phrase).split()), entry) for phrase in row.get("phrases", ())]
        innocent |= set(row.get("innocent", ()))
    return Lexicon(lemmas, forms, tuple(roots), tuple(phrases), frozenset(map(_plain, innocent)))


def _add(table: dict[str, Entry], words: Any, entry: Entry) -> None:
    for word in words:
        if word not in table or table[word].weight < entry.weight:
            table[word] = entry


def _plain(text: str) -> str:
    return text.lower().replace("ё", "е")


def english_forms(word: str) -> Iterator[str]:
    """A word with its simple inflections: plural, past, -ing, -er, -y; last consonants doubled, a last e dropped."""
    yield word
    if " " in word:
        return
    stem = word.removesuffix("e")
    doubled = word + word[-1] if re.fullmatch(r".*[^aeiou][aeiou][bdgkmnpt]", word) else word
    plural = (
        word[:-1] + "ies"
        if re.search("[^aeiou]y$", word)
        else word + ("es" if re.search("(s|x|ch|sh)$", word) else "s")
    )
    yield from (plural, f"{stem}ed", f"{stem}ing", f"{stem}er", f"{word}y")
    yield from (f"{doubled}{end}" for end in ("ed", "ing", "in", "er", "ers", "y"))

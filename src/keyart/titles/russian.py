"""Russian text -> parsed tokens: slovnet's morphology and dependencies, pymorphy3's lemmas. Loaded when needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from keyart.models.loads import note_load
from keyart.models.store import model_path
from keyart.titles import lexicon

MODELS = ("navec-news", "slovnet-morph", "slovnet-syntax", "slovnet-ner")
_NAME_TAGS = ("Name", "Surn", "Patr", "Geox", "Orgn", "Abbr")
_POS = {"NOUN": "NOUN", "ADJF": "ADJ", "ADJS": "ADJ", "COMP": "ADJ", "VERB": "VERB", "INFN": "VERB", "PRTF": "VERB"}
_POS |= {"PRTS": "VERB", "GRND": "VERB", "NUMR": "NUM", "ADVB": "ADV", "NPRO": "PRON", "PREP": "ADP", "CONJ": "CCONJ"}
_POS |= {"PRCL": "PART", "PRED": "ADV", "INTJ": "INTJ"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a parsed sentence; `head` is a place in the same tuple, or -1 for a root."""

    place: int
    text: str
    pos: str
    """Universal part of speech: NOUN, VERB, ADP ..."""
    feats: Mapping[str, str]
    head: int
    rel: str
    lemma: str
    glued: bool = False
    """Whether no space stands before it."""
    children: tuple[int, ...] = field(default=())

    @property
    def is_word(self) -> bool:
        return any(character.isalnum() for character in self.text)

    @property
    def is_finite(self) -> bool:
        return self.feats.get("VerbForm") == "Fin" or self.is_short

    @property
    def is_short(self) -> bool:
        return self.feats.get("Variant") == "Short" and self.pos in ("ADJ", "VERB")


@cache
def navec() -> Any:
    """Word vectors as `Navec.load` reads them, without the norms of all words, which take half of its time and which
    only its own search for neighbours needs."""
    import numpy as np
    from navec.meta import Meta
    from navec.navec import META, PQ_, VOCAB, Navec, Tar
    from navec.pq import PQ
    from navec.vocab import Vocab

    class Codes(PQ):  # type: ignore[misc]  # navec has no types
        def precompute(self) -> None:
            self.qdims = np.arange(self.qdim)

    note_load("navec-news")
    with Tar(str(model_path("navec-news"))) as tar:
        meta = Meta.from_file(tar.load(META))
        Meta.check_protocol(meta.protocol)
        vocab = Vocab.from_file(tar.load(VOCAB))
        return Navec(meta, vocab, Codes.from_file(tar.load(PQ_)))


@cache
def _morph() -> Any:
    from slovnet import Morph

    note_load("slovnet-morph")
    return Morph.load(str(model_path("slovnet-morph"))).navec(navec())


@cache
def _syntax() -> Any:
    from slovnet import Syntax

    note_load("slovnet-syntax")
    return Syntax.load(str(model_path("slovnet-syntax"))).navec(navec())


@cache
def ner() -> Any:
    """slovnet's tagger: text -> spans of PER, LOC, ORG."""
    from slovnet import NER

    note_load("slovnet-ner")
    return NER.load(str(model_path("slovnet-ner"))).navec(navec())


def warm() -> None:
    """Loads what the first Russian sentence would wait for."""
    for load in (navec, _morph, _syntax, ner, analyzer):
        load()


@cache
def analyzer() -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer()


@lru_cache(50_000)
def readings(word: str) -> tuple[Any, ...]:
    """pymorphy3's readings of a word form, likeliest first."""
    return tuple(analyzer().parse(word))


@lru_cache(50_000)
def known_word(word: str) -> bool:
    """Whether the dictionary has the word form (or it is no Cyrillic word at all)."""
    return not re.search("[а-яё]", word.lower()) or bool(analyzer().word_is_known(word.lower()))


def lemma_of(word: str, pos: str = "") -> str:
    """The dictionary form, by part of speech where it is known; ё counts as е."""
    fitting = [one for one in readings(word.lower()) if not pos or _POS.get(str(one.tag.POS), "") == _same(pos)]
    best = (fitting or readings(word.lower()))[0]
    return str(best.normal_form).replace("ё", "е")


def _same(pos: str) -> str:
    return {"PROPN": "NOUN", "AUX": "VERB", "DET": "ADJ"}.get(pos, pos)


def is_name(word: str, *, only: bool = False) -> bool:
    """Whether the dictionary knows it as a name of a person or place; `only`: and as nothing else."""
    if word.lower() in lexicon.RU_CONTRACTIONS:
        return False
    # 'украинский' is of a place, and written small: adjectives are no names
    marks = ["NOUN" in one.tag and any(tag in one.tag for tag in _NAME_TAGS) for one in readings(word.lower())]
    return bool(marks) and known_word(word) and (all(marks) if only else any(marks))


def tokenise(text: str) -> tuple[tuple[str, bool], ...]:
    """(word or mark, whether it is glued to the one before); capitals restored as Russian writes them."""
    from razdel import tokenize

    found, end = [], -1
    for one in tokenize(text):
        found.append((one.text, one.start == end))
        end = one.stop
    return tuple(zip(restore_case([word for word, _ in found]), (glued for _, glued in found), strict=True))


def restore_case(words: Sequence[str]) -> list[str]:
    """Names get the capital that a recogniser forgot; where it strews capitals about, common words lose theirs."""
    strays = [word for word in words[1:] if is_stray(word)]
    strewn = len(strays) >= 3 and len(strays) > 0.15 * len(words)
    quoted = {place + 1 for place, word in enumerate(words) if word in ("«", "“", "„", '"')}
    return [_cased(word, place, strewn and place not in quoted) for place, word in enumerate(words)]


def is_stray(word: str) -> bool:
    """Whether a capital on this word can only come from the start of a sentence, or from nowhere."""
    if len(word) == 1:
        return word in "АВИКОСУ"
    return word[:1].isupper() and word[1:].islower() and known_word(word) and not is_name(word)


def _cased(word: str, place: int, strewn: bool) -> str:
    if not re.fullmatch("[А-Яа-яЁё-]+", word):
        return word
    if word.islower() and len(word) > 1 and is_name(word, only=True):
        short = len(word) <= 4 and all("Abbr" in one.tag for one in readings(word))
        return word.upper() if short else "-".join(part.capitalize() for part in word.split("-"))
    if (
        word.isupper()
        and len(word) > 4
        and known_word(word)
        and not any("Abbr" in one.tag for one in readings(word.lower()))
    ):
        word = word.lower() if not is_name(word, only=True) else word.capitalize()  # shouted, not abbreviated
    if place == 0:
        return word[:1].upper() + word[1:]  # the networks know sentences that begin with a capital
    return word.lower() if strewn and is_stray(word) else word


def parse(text: str) -> tuple[Token, ...]:
    """Tokens of one sentence with morphology and dependencies. Raises `MissingModel`."""
    pieces = tokenise(text)
    return parse_many([pieces])[0] if pieces else ()


_PARSED: dict[tuple[tuple[str, bool], ...], tuple[Token, ...]] = {}
MAX_PARSED = 4096
"""Parsed sentences that are kept: title, chapters and description look at the same ones."""


def parse_many(sentences: Sequence[Sequence[tuple[str, bool]]]) -> list[tuple[Token, ...]]:
    """Several tokenised sentences at once; the networks work in batches. What was parsed before is not parsed again."""
    wanted = [tuple(pieces) for pieces in sentences]
    found = {pieces: _PARSED[pieces] for pieces in wanted if pieces in _PARSED}
    new = sorted({*wanted} - {*found}, key=lambda pieces: (len(pieces), pieces))  # little padding in a batch
    if new:
        found.update(zip(new, _parsed(new), strict=True))
        if len(_PARSED) + len(new) > MAX_PARSED:
            _PARSED.clear()
        _PARSED.update((pieces, found[pieces]) for pieces in new[:MAX_PARSED])
    return [found[pieces] for pieces in wanted]


def _parsed(sentences: Sequence[Sequence[tuple[str, bool]]]) -> list[tuple[Token, ...]]:
    words = [[word for word, _ in pieces] for pieces in sentences]
    morph, syntax = _morph(), _syntax()
    with one_thread():
        morphs, trees = list(morph.map(words)), list(syntax.map(words))
    return [_tokens(pieces, m.tokens, t.tokens) for pieces, m, t in zip(sentences, morphs, trees, strict=True)]


_ONE_AT_A_TIME = Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Numpy's products on one core: these matrices are so small that a second one costs ten times what it gives."""
    with _ONE_AT_A_TIME, _blas().limit(limits=1):
        yield


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has no stubs

    return ThreadpoolController().select(user_api="blas")


def _tokens(pieces: Sequence[tuple[str, bool]], morph: Any, tree: Any) -> tuple[Token, ...]:
    heads = _acyclic([int(one.head_id) - 1 for one in tree])
    found = []
    for place, ((text, glued), m, t) in enumerate(zip(pieces, morph, tree, strict=True)):
        lemma = lemma_of(text, m.pos) if re.search("[А-Яа-яЁё]", text) else text.lower()
        rel = str(t.rel) if heads[place] >= 0 else "root"
        found.append(Token(place, text, m.pos, dict(m.feats), heads[place], rel, lemma, glued))
    below: dict[int, list[int]] = {}
    for place, head in enumerate(heads):
        below.setdefault(head, []).append(place)
    return tuple(replace(one, children=tuple(below.get(one.place, ()))) for one in found)


def _acyclic(heads: list[int]) -> list[int]:
    # the parser chooses each head by itself, so loops happen; the first word of a loop becomes a root
    heads = [head if head != place else -1 for place, head in enumerate(heads)]
    for place in range(len(heads)):
        seen, at = set(), place
        while at >= 0 and at not in seen:
            seen.add(at)
            at = heads[at]
        if at >= 0:
            heads[at] = -1
    return heads


def subtree(tokens: Sequence[Token], place: int) -> list[int]:
    """Places of a word and all that hangs on it, in order."""
    found, waiting = [], [place]
    while waiting:
        at = waiting.pop()
        found.append(at)
        waiting += tokens[at].children
    return sorted(found)

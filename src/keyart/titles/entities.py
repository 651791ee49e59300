"""Names in a text: people, places, organisations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from keyart.titles import lexicon
from keyart.titles.russian import is_name, known_word, lemma_of, ner, one_thread, readings


@dataclass(frozen=True, slots=True)
class Entity:
    text: str
    kind: str
    """'PER', 'LOC' or 'ORG'; 'NAME' where the rules cannot tell."""
    key: str
    """What makes two mentions one: lemmas in lower case."""


def find_entities(text: str, language: str) -> tuple[Entity, ...]:
    """Different entities in order of appearance."""
    found = _russian(text) if language == "ru" else _english(text)
    unique: dict[str, Entity] = {}
    for one in found:
        unique.setdefault(one.key, one)
    return tuple(unique.values())


def _russian(text: str) -> list[Entity]:
    tagger = ner()
    with one_thread():
        spans = tagger(text).spans
    found = []
    for span in spans:
        words = text[span.start : span.stop]
        if _believable(words, at_start=not text[: span.start].strip(' «"—-')):
            found.append(Entity(words, str(span.type), " ".join(lemma_of(word) for word in words.split()).lower()))
    return found


def _believable(words: str, *, at_start: bool) -> bool:
    # the tagger takes the capital that begins a sentence for a name ('Вчера' as an organisation)
    if not any(character.isupper() or character.isdigit() for character in words):
        return False
    parts = words.split()
    if len(parts) > 1 or re.search("[A-Za-z]", words) or not known_word(words):
        return not (at_start and len(parts) == 1 and words.islower())
    if is_name(words) or words.isupper():
        return True
    return not at_start and str(readings(words.lower())[0].tag.POS) == "NOUN"


_EN_WORD = r"[A-Z][a-z]+(?:['’-][A-Za-z]+)*|[A-Z]{2,}\d*|[A-Z]\."
_EN_RUN = re.compile(
    rf"(?:{_EN_WORD})(?:\s+(?:of|the|de|van|von|for|and(?=\s+(?:{_EN_WORD})\s+(?:Inc|Co|Sons)))\s+(?={_EN_WORD})|\s+(?={_EN_WORD})|(?:{_EN_WORD}))*"
)


def _english(text: str) -> list[Entity]:
    found = []
    for run in _EN_RUN.finditer(text):
        words = run.group().split()
        at_start = not text[: run.start()].strip() or text[: run.start()].rstrip()[-1:] in '.!?:"“'
        while words and (
            words[0].lower() in lexicon.EN_NOT_NAMES or (at_start and len(words) == 1 and _common(words[0]))
        ):
            words = words[1:]
        if words:
            found.append(Entity(" ".join(words), _english_kind(words), " ".join(words).lower().removesuffix("'s")))
    return found


def _common(word: str) -> bool:
    from keyart.titles.salience import _counts

    return word.lower() in _counts("en")[0]


def _english_kind(words: list[str]) -> str:
    lowered = {word.lower().strip(".") for word in words}
    if lowered & lexicon.EN_FIRMS:
        return "ORG"
    if lowered & lexicon.EN_PLACES:
        return "LOC"
    return "PER" if len(words) == 2 and all(word.istitle() for word in words) else "NAME"

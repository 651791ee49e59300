"""Headline -> ⟨subject, verb⟩ (thesis §5.6, table 5.5), the seed of a picture's prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from keyart.titles.russian import Token, parse, readings


@dataclass(frozen=True, slots=True)
class Pair:
    subject: str
    """The subject's noun with its agreeing adjectives, in the nominative, lower case: 'чайная церемония'."""
    verb: str
    """The predicate's dictionary form: a verb, or the noun that stands in for one: 'часть'."""


def subject_and_verb(headline: str, language: str = "ru") -> Pair | None:
    """None where the line has no subject. Raises `MissingModel` for Russian without the models."""
    return _russian(headline) if language == "ru" else _english(headline)


def _russian(headline: str) -> Pair | None:
    tokens = parse(headline)
    subject = _subject(tokens)
    if subject is None:
        return None
    predicate = _predicate(tokens, subject)
    return Pair(_chunk(tokens, subject), predicate.lemma if predicate else "")


def _subject(tokens: Sequence[Token]) -> Token | None:
    marked = [token for token in tokens if token.rel in ("nsubj", "nsubj:pass")]
    nouns = [token for token in tokens if token.pos in ("NOUN", "PROPN") and token.feats.get("Case") == "Nom"]
    return next(iter([*marked, *nouns]), None)


def _predicate(tokens: Sequence[Token], subject: Token) -> Token | None:
    finite = [token for token in tokens if token.is_finite]
    own = [token for token in finite if token.place == subject.head]
    if own or finite:
        return (own or finite)[0]
    # 'X — (X) неотъемлемая часть ...': the predicate is the first nominative noun after the dash that does not repeat X
    dash = next(
        (token.place for token in tokens if token.text in ("—", "–", "-") and token.place > subject.place),
        subject.place,
    )
    nouns = [token for token in tokens[dash + 1 :] if token.feats.get("Case") == "Nom" and _is_noun(token)]
    return next((token for token in nouns if token.lemma != subject.lemma), None)


def _is_noun(token: Token) -> bool:
    return bool(readings(token.text.lower())[0].tag.POS == "NOUN")


def _chunk(tokens: Sequence[Token], subject: Token) -> str:
    before = [tokens[child] for child in subject.children if tokens[child].rel == "amod" and child < subject.place]
    names = [tokens[child] for child in subject.children if tokens[child].rel.startswith("flat")]
    words = [*(one.text.lower() for one in before), subject.lemma if not names else subject.text]
    if before and subject.feats.get("Number") == "Plur":
        words[-1] = subject.text.lower()  # 'старые дома' keeps its number, or the adjective would disagree
    return " ".join([*words, *(one.text for one in names)])


def _english(headline: str) -> Pair | None:
    from keyart.titles.english import tag
    from keyart.titles.salience import english_lemma

    words = tag(headline)
    verb = next((at for at, (_, kind, _) in enumerate(words) if re.match(r"VB[DZP]$|MD$", kind)), None)
    if not verb:
        return None
    nouns = [word for word, kind, _ in words[:verb] if re.match(r"JJ|NN|CD", kind)]
    main = next((word for word, kind, _ in words[verb:] if kind.startswith("VB")), words[verb][0])
    return Pair(" ".join(nouns).lower(), english_lemma(main)) if nouns else None

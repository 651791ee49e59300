"""What of a Russian clause must stay, what may, and what goes: whole subtrees, never half a government or agreement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from keyart.titles import lexicon
from keyart.titles.line import quoted_spans
from keyart.titles.russian import Token, readings, subtree
from keyart.titles.whole import CORE, SUBJECTS, Refused, check_near, check_negation, is_bare


@dataclass(frozen=True, slots=True)
class Limits:
    max_words: int = 7
    max_characters: int = 60


@dataclass(slots=True)
class Cut:
    """What stays: `core` must, each group of `optional` may, in order of worth."""

    core: set[int] = field(default_factory=set)
    optional: list[tuple[set[int], int]] = field(default_factory=list)
    """(places, place that must be kept for it to hang on)."""


def arguments(tokens: Sequence[Token], head: Token, cut: Cut, worth: dict[str, float], *, skip: Token | None) -> None:
    """Sorts what hangs on a predicate into what must stay, what may, and what goes. Raises `Refused`."""
    complements = obliques = 0
    check_negation(tokens, head)
    for child in (tokens[place] for place in head.children):
        rel = child.rel.split(":")[0]
        if (skip is not None and child.place == skip.place) or child.rel in SUBJECTS:
            continue
        if _is_aside(tokens, head, child):
            if rel in ("obj", "iobj", "xcomp") or (child.text.lower() in lexicon.RU_HEDGES - {"нет"}):
                raise Refused
            continue
        if child.text.lower() in lexicon.RU_HEDGES or child.rel in CORE or child.rel in ("aux", "cop"):
            cut.core |= set(subtree(tokens, child.place))
        elif rel in ("obj", "iobj"):
            check_near(tokens, head, child)
            complements += complement(tokens, child, cut, worth)
        elif rel in ("xcomp", "csubj"):
            if any(tokens[one].rel == "mark" for one in child.children):
                raise Refused
            if child.feats.get("VerbForm") != "Inf" and child.pos not in ("ADJ", "NOUN"):
                raise Refused
            check_near(tokens, head, child)
            cut.core.add(child.place)
            arguments(tokens, child, cut, worth, skip=None)
            complements += 1
        elif rel == "ccomp":
            raise Refused
        elif rel in ("obl", "nmod"):
            after = child.place > head.place
            needed = obliques == 0 and (after or head.lemma in lexicon.RU_OBLIQUE_VERBS)
            oblique(
                tokens,
                head,
                child,
                cut,
                worth,
                first=needed and (complements == 0 or head.lemma in lexicon.RU_OBLIQUE_VERBS),
            )
            complements += after
            obliques += after
        elif rel == "advmod":
            adverb(tokens, head, child, cut)
        elif rel in ("amod", "appos") and head.pos in ("NOUN", "PROPN"):
            _modifier(tokens, head, child, cut, worth)


def _is_aside(tokens: Sequence[Token], head: Token, child: Token) -> bool:
    """Whether a comma on the level of the clause parts the word from its verb: an afterthought, or a wrong guess."""
    first, last = sorted((head.place, child.place))
    own = set(subtree(tokens, child.place))
    between = [token for token in tokens[first + 1 : last] if token.place not in own]
    commas = [
        token
        for token in between
        if token.text in (",", ";", ":") or (token.text in ("—", "–", "-") and not token.glued)
    ]
    return len(commas) % 2 == 1  # two may close a clause in the middle; one alone parts


def complement(tokens: Sequence[Token], child: Token, cut: Cut, worth: dict[str, float]) -> int:
    if child.pos in ("PRON", "DET"):
        if child.feats.get("Person") in ("1", "2") and child.feats.get("Case") == "Dat":
            return 0  # "мне нравится" -> the object goes with a refusal later, "вам" is dropped
        if child.lemma not in ("себя", "все", "ничто", "что-то", "друг"):
            raise Refused
    noun_phrase(tokens, child, cut, worth)
    return 1


def oblique(
    tokens: Sequence[Token], head: Token, child: Token, cut: Cut, worth: dict[str, float], *, first: bool
) -> None:
    if child.pos in ("PRON", "DET", "ADV"):
        needed = head.lemma in lexicon.RU_OBLIQUE_VERBS and first
        if needed and child.feats.get("Person") not in ("1", "2"):
            raise Refused
        return
    inner = Cut()
    try:
        check_near(tokens, head, child)
        noun_phrase(tokens, child, inner, worth)
    except Refused:
        if is_bare(tokens, child):
            raise
        return
    if is_bare(tokens, child) or (
        first and (head.lemma in lexicon.RU_OBLIQUE_VERBS or head.text.lower().endswith(("ся", "сь")))
    ):
        cut.core |= inner.core
        cut.optional += inner.optional
    else:
        cut.optional.append((inner.core, head.place))
        cut.optional += inner.optional


def adverb(tokens: Sequence[Token], head: Token, child: Token, cut: Cut) -> None:
    word = child.text.lower()
    if word in lexicon.RU_FILLERS or word in lexicon.RU_DEIXIS or word in lexicon.RU_QUESTIONS:
        if word in ("как", "почему", "зачем", "где", "когда", "куда", "сколько"):
            raise Refused  # an indirect question is no statement
        return
    cut.optional.append((set(subtree(tokens, child.place)), head.place))


def noun_phrase(
    tokens: Sequence[Token], noun: Token, cut: Cut, worth: dict[str, float], *, is_subject: bool = False
) -> None:
    """The noun and what its grammar needs go to the core, its modifiers to the optional groups."""
    cut.core.add(noun.place)
    cut.core |= _foreign_name(tokens, noun)
    for child in (tokens[place] for place in noun.children):
        rel = child.rel.split(":")[0]
        if child.rel in CORE or rel == "nummod" or child.text.lower() in lexicon.RU_HEDGES:
            cut.core |= set(subtree(tokens, child.place))
        elif rel == "det":
            _determiner(child, cut, named=is_subject or noun.rel == "obj")
        elif rel in ("amod", "nmod", "appos", "acl"):
            _modifier(tokens, noun, child, cut, worth)
        elif rel == "conj":
            _joined_noun(tokens, noun, child, cut, is_subject=is_subject)
        elif rel == "advmod" and child.text.lower() not in lexicon.RU_FILLERS:
            cut.optional.append((set(subtree(tokens, child.place)), noun.place))
    before = tokens[noun.place - 1] if noun.place else noun
    if (before.pos == "NUM" or before.text[0].isdigit()) and before.place not in cut.core:
        raise Refused  # 'на 4 года' whose number hangs elsewhere in the tree


def _foreign_name(tokens: Sequence[Token], noun: Token) -> set[int]:
    """Places of the Latin words right behind the noun: 'профсоюз Vereinigung Cockpit'."""
    places: set[int] = set()
    for token in tokens[noun.place + 1 :]:
        if not re.match("[A-Za-z]", token.text):
            break
        places.add(token.place)
    return places


def _joined_noun(tokens: Sequence[Token], noun: Token, child: Token, cut: Cut, *, is_subject: bool) -> None:
    whole = set(subtree(tokens, child.place))
    linked = any(tokens[one].pos == "CCONJ" for one in child.children)
    if is_subject and noun.feats.get("Number") != "Plur" and linked:
        cut.core |= whole  # the verb agrees with both
    elif linked and child.pos == noun.pos:
        cut.optional.append((whole, noun.place))


def _determiner(child: Token, cut: Cut, *, named: bool) -> None:
    word = child.lemma
    if word in (
        "весь",
        "каждый",
        "любой",
        "никакой",
        "свой",
        "сам",
        "самый",
        "мой",
        "наш",
        "ваш",
        "твой",
        "другой",
        "один",
    ):
        cut.core.add(child.place)
    elif word in ("его", "ее", "их", "какой", "который", "чей", "тот", "сколько") or not named:
        raise Refused


def _modifier(tokens: Sequence[Token], noun: Token, child: Token, cut: Cut, worth: dict[str, float]) -> None:
    rel = child.rel.split(":")[0]
    first = min(subtree(tokens, child.place))
    before = tokens[first - 1].text if first else ""
    apart = rel == "appos" and before in (",", "—", "–", "(")
    titled = rel == "appos" and before in ("«", '"', "“", "„")
    if rel == "acl" or apart:
        return
    if rel == "amod":
        if child.lemma == "такой" and any(tokens[one].text.lower() == "как" for one in subtree(tokens, noun.place)):
            raise Refused  # 'такие реки, как Волхов'
        if child.lemma in ("этот", "тот", "такой", "данный", "следующий", "который", "некоторый"):
            return
        if child.pos == "VERB" or any(tokens[one].rel in ("obl", "obj") for one in child.children):
            return  # a participle with its own complements
        places = set(subtree(tokens, child.place))
        if child.place > noun.place and not is_ordinal(child) and child.text[0].islower():
            return  # 'сияшку светлую': the order of speech
        needed = is_ordinal(child) or noun.lemma in lexicon.RU_NEEDS_ADJECTIVE
        (cut.core.update(places) if needed else cut.optional.append((places, noun.place)))
        return
    if child.pos in ("PRON", "DET"):
        if child.feats.get("Person") == "3" or child.lemma in ("это", "то"):
            raise Refused
        return
    inner = Cut()
    noun_phrase(tokens, child, inner, worth)
    deverbal = noun.lemma.endswith(("ание", "ение", "ция", "тие")) and child.feats.get("Case") == "Gen"
    needed = ((noun.lemma in lexicon.RU_RELATIONAL or deverbal) and rel == "nmod") or (
        rel == "appos" and child.pos == "PROPN"
    )
    if needed or titled:
        cut.core |= inner.core
    else:
        cut.optional.append((inner.core, noun.place))
    cut.optional += inner.optional


def is_ordinal(token: Token) -> bool:
    return token.text[0].isdigit() or any("Anum" in one.tag for one in readings(token.text.lower()))


def fit(tokens: Sequence[Token], cut: Cut, limits: Limits, worth: dict[str, float]) -> list[int]:
    """The core and as many optional groups, worthiest first, as the limits allow. Raises `Refused`."""
    kept = _with_marks(tokens, set(cut.core))
    if not _within(tokens, kept, limits):
        raise Refused
    waiting = sorted(cut.optional, key=lambda group: (-_group_worth(tokens, group[0], worth), min(group[0], default=0)))
    changed = True
    while changed:
        changed = False
        for group in waiting:
            places, above = group
            wider = _with_marks(tokens, kept | places)
            if (
                above in kept
                and places
                and _within(tokens, wider, limits)
                and _group_worth(tokens, places, worth) > 0.12
            ):
                kept = wider
                waiting.remove(group)
                changed = True
                break
    shown = (token for token in tokens if token.place in kept and (token.is_word or token.text in _SIGNS | _BEFORE))
    return [token.place for token in shown if token.text.lower() not in lexicon.RU_EMPTY_PARTICLES]


_SIGNS = frozenset({"%", "‰", "№", "$", "€", "£", "¥", "₽", "°", "°C", "°F"})
_BEFORE = frozenset({"+", "−", "±", "~", "≈"})


def _with_marks(tokens: Sequence[Token], kept: set[int]) -> set[int]:
    whole = _with_quotes(tokens, kept)
    return whole | _signs(tokens, whole)


def _signs(tokens: Sequence[Token], kept: set[int]) -> set[int]:
    """Places of the signs that stand right beside a number that is kept: what it counts, whatever they depend on."""
    numbers = {place for place in kept if tokens[place].text[-1:].isdigit()}
    return {
        one.place
        for one in tokens
        if (one.text in _SIGNS and {one.place - 1, one.place + 1} & numbers)
        or (one.text in _BEFORE and one.place + 1 in numbers and tokens[one.place + 1].glued)
    }


def _with_quotes(tokens: Sequence[Token], kept: set[int]) -> set[int]:
    """A quoted name stays whole, and with the noun that it names."""
    whole = set(kept)
    for first, last in quoted_spans(tokens):
        inside = {token.place for token in tokens[first + 1 : last] if token.is_word}
        named = first - 1 in whole and tokens[first - 1].pos == "NOUN"  # 'роман «Мастер и Маргарита»'
        if (inside & whole or named) and len(inside) <= 6:
            whole |= inside
    return whole


def _group_worth(tokens: Sequence[Token], places: set[int], worth: dict[str, float]) -> float:
    words = [tokens[place] for place in places if tokens[place].is_word]
    return float(sum(worth.get(word.lemma, 0.0) for word in words) / max(1, len(words)) ** 0.5)


def _within(tokens: Sequence[Token], places: set[int], limits: Limits) -> bool:
    words = [tokens[place].text for place in places if tokens[place].is_word]
    signs = sum(len(tokens[place].text) + 1 for place in places if tokens[place].text in _SIGNS | _BEFORE)
    return len(words) <= limits.max_words and len(" ".join(words)) + signs <= limits.max_characters

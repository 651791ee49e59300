"""Is what was kept of a Russian clause still whole? Objects, names, numbers, negations that may not be lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from keyart.titles import lexicon
from keyart.titles.russian import Token, is_name, readings, subtree

CORE = frozenset(
    {
        "aux",
        "aux:pass",
        "cop",
        "nummod",
        "nummod:gov",
        "nummod:entity",
        "flat",
        "flat:name",
        "flat:foreign",
        "fixed",
        "case",
        "compound",
        "expl",
    }
)


SUBJECTS = ("nsubj", "nsubj:pass")


class Refused(Exception):
    """No true and grammatical headline can be cut from this clause."""


def check_negation(tokens: Sequence[Token], head: Token) -> None:
    # "не так подчёркивают" must not lose its "не" together with the "так"
    for child in (tokens[place] for place in head.children):
        dropped = (
            child.rel.split(":")[0] in ("advmod", "discourse", "det") and child.text.lower() not in lexicon.RU_HEDGES
        )
        if dropped and any(tokens[one].text.lower() in ("не", "ни") for one in subtree(tokens, child.place)):
            raise Refused


_OF_VERBS = ("obl", "advmod", "obj", "iobj", "xcomp", "advcl", "ccomp")
_OF_NOUNS = ("amod", "nmod", "acl", "appos", "nummod")


def check_scope(tokens: Sequence[Token], head: Token, places: Sequence[int]) -> None:
    """What limits a denial or an 'all' may not go: 'не значится на Западе' is not 'не значится', 'все дома из дерева'
    not 'все дома'. Raises `Refused`."""
    kept = set(places)
    parts = [tokens[child] for child in head.children]
    if any(one.text.lower() == "не" and one.place in kept for one in parts):
        _check_kept([one for one in parts if one.rel.split(":")[0] in _OF_VERBS], kept)
    for place in places:
        if tokens[place].lemma in lexicon.RU_UNIVERSAL and tokens[place].head in kept:
            limited = [tokens[child] for child in tokens[tokens[place].head].children]
            _check_kept([one for one in limited if one.rel.split(":")[0] in _OF_NOUNS], kept)


def _check_kept(parts: Sequence[Token], kept: set[int]) -> None:
    light = lexicon.RU_FILLERS | lexicon.RU_OBLIQUE_PERSONS | lexicon.RU_EMPTY_PARTICLES
    if any(one.place not in kept and one.text.lower() not in light for one in parts):
        raise Refused


def is_bare(tokens: Sequence[Token], noun: Token) -> bool:
    """A noun without a preposition: governed by its verb, so it cannot be left out."""
    return noun.pos in ("NOUN", "PROPN", "NUM") and not any(tokens[child].rel == "case" for child in noun.children)


def check_complete(tokens: Sequence[Token], head: Token, places: list[int]) -> None:
    """A transitive verb keeps its object, 'выглядеть' its 'как', a gram its 'of what'. Raises `Refused`."""
    kept = set(places)
    for place in places:
        token = tokens[place]
        own = [tokens[child] for child in token.children if child in kept]
        of_size = token.head >= 0 and tokens[token.head].lemma in lexicon.RU_RELATIONAL  # 'весом 5 кг' is whole
        if (
            not of_size
            and token.lemma in lexicon.RU_MEASURES
            and not any(one.feats.get("Case") == "Gen" and one.pos != "NUM" for one in own)
        ):
            _no_number(own)
        governs = any(one.rel.split(":")[0] == "nmod" for one in own)
        if token.lemma in lexicon.RU_PREPOSITION_NOUNS and not governs and any(one.rel == "case" for one in own):
            raise Refused  # 'в зависимости' from what
    for place in places:
        check_object(tokens, tokens[place], kept)
    _check_neighbours(tokens, head, places)
    said = [tokens[child] for child in head.children if child in kept and tokens[child].rel.split(":")[0] in _SAID]
    adverbs = [
        child
        for child in head.children
        if child in kept and tokens[child].rel == "advmod" and tokens[child].text.lower() not in lexicon.RU_HEDGES
    ]
    needy = head.lemma in lexicon.RU_OBLIQUE_VERBS or (head.is_short and head.lemma in lexicon.RU_NEEDY_SHORT)
    if needy and not said and not adverbs:
        raise Refused


def _check_neighbours(tokens: Sequence[Token], head: Token, places: Sequence[int]) -> None:
    """'Раз' in how long, 'закаляют' whom, 'толще' than what: whatever the parser hangs them on, they stand together."""
    if not places:
        return
    _check_end(tokens, places)
    _check_dropped(tokens, places)
    whom = head.pos == "VERB" and head.place and tokens[head.place - 1].text.lower() in ("её", "ее", "его", "их")
    if whom and head.place - 1 not in places:
        raise Refused


def _check_end(tokens: Sequence[Token], places: Sequence[int]) -> None:
    """Refuses a line whose end goes on: in how long, up to what, than what, per what."""
    last, end = tokens[places[-1]], places[-1] + 1
    after = [token.text.lower() for token in tokens[end : end + 4]]
    leads_on = after[:1] in (["в"], ["на"], ["за"])
    if (last.lemma == "раз" and leads_on) or (last.pos == "NUM" and after[:1] == ["до"]):
        raise Refused  # 'раз | в три дня'; 'от восьмисот | до двух тысяч'
    more = any(token.feats.get("Degree") == "Cmp" for token in tokens[end : end + 3])
    if ("чем" in after and more) or ("чем" in after[:2] and last.feats.get("Degree") == "Cmp"):
        raise Refused  # 'болеет | чаще, чем'; 'толще |, чем'
    rated = (leads_on and bool(set(after[1:2]) & _PER)) or after[:1] == ["/"]
    if rated and any(tokens[place].pos == "NUM" for place in places[-3:]):
        raise Refused  # '50 000 МЕ | в день'


def _check_dropped(tokens: Sequence[Token], places: Sequence[int]) -> None:
    """Refuses a line that lost what changes what is denied or meant."""
    kept = set(places)
    denied = any(tokens[place].lemma == "не" for place in places)
    for place in places:
        dropped = [
            tokens[child] for child in tokens[place].children if child not in kept and tokens[child].rel == "amod"
        ]
        if any(denied or one.lemma in lexicon.RU_UNREAL for one in dropped):
            raise Refused  # 'компенсацию (морального) вреда не получили'; 'за (чужое) фото'
        if _is_odd_pair(tokens, tokens[place], kept):
            raise Refused  # 'тренируем спину (без турника) и гантелей'


def _is_odd_pair(tokens: Sequence[Token], noun: Token, kept: set[int]) -> bool:
    """Whether the noun is joined to one that is kept in another case: its own preposition, or neighbour, was lost."""
    if noun.rel != "conj" or noun.head not in kept or noun.pos != "NOUN" or tokens[noun.head].pos != "NOUN":
        return False
    own = [tokens[child] for child in noun.children if tokens[child].rel in ("case", "nummod:gov", "nummod")]
    cases = {noun.feats.get("Case"), tokens[noun.head].feats.get("Case")}
    return (
        not own
        and cases in ({"Acc", "Gen"}, {"Nom", "Gen"})
        and tokens[noun.head].feats.get("Animacy") == "Inan"
        and _forms(noun).isdisjoint(_forms(tokens[noun.head]))
    )


def _forms(noun: Token) -> set[str]:
    return {str(one.tag.case) for one in readings(noun.text.lower()) if "NOUN" in one.tag}


_PER = frozenset({
    "день", "сутки", "час", "минуту", "секунду", "неделю", "месяц", "год", "литр", "килограмм", "тонну", "метр",
    "штуку", "человека",
})  # fmt: skip


def _no_number(own: Sequence[Token]) -> None:
    if any(one.pos == "NUM" or one.text[0].isdigit() for one in own):
        raise Refused  # '50 грамм' of what


_SAID = ("obj", "xcomp", "obl", "iobj", "ccomp", "csubj")


def check_object(tokens: Sequence[Token], verb: Token, kept: set[int]) -> None:
    if verb.pos != "VERB" or verb.is_short or verb.feats.get("VerbForm") not in ("Fin", "Inf"):
        return
    if not any("tran" in one.tag for one in readings(verb.text.lower())[:1]):
        return
    own = [tokens[child] for child in verb.children if child in kept]
    joined = [tokens[child] for one in own if one.rel == "conj" for child in one.children if child in kept]
    objects = [
        one
        for one in [*own, *joined]
        if one.rel.split(":")[0] in ("obj", "xcomp")
        or (is_bare(tokens, one) and one.feats.get("Case") in ("Acc", "Gen"))
    ]
    lasts = any(one.rel in SUBJECTS for one in own) and "impf" in readings(verb.text.lower())[0].tag
    if not lasts:  # 'держим 30 секунд': what? 'Батарея держит два дня' says it
        objects = [one for one in objects if not _is_duration(tokens, one)]
    if not objects and not _does_without(tokens, verb, own):
        raise Refused


def _is_duration(tokens: Sequence[Token], noun: Token) -> bool:
    return noun.lemma in lexicon.RU_TIMES and any(tokens[child].pos == "NUM" for child in noun.children)


def _does_without(tokens: Sequence[Token], verb: Token, own: Sequence[Token]) -> bool:
    """'Кот смотрит на телескоп', 'дети играют в мяч': what the dictionary calls transitive is often said of an
    activity, with a preposition; a finished action ('нашли в лесу') wants its object, but for looking and asking."""
    behind = [one for one in own if one.place > verb.place and one.rel == "obl" and one.pos in ("NOUN", "PROPN")]
    before = {tokens[child].text.lower() for one in behind for child in one.children if tokens[child].rel == "case"}
    reading = readings(verb.text.lower())[0]
    told = verb.lemma in lexicon.RU_PREPOSITIONAL and bool(
        before & {"о", "об", "обо", "про", "на", "в", "во", "с", "со"}
    )
    lasting = reading.tag.aspect == "impf" and verb.feats.get("Person") != "1" and verb.feats.get("VerbForm") == "Fin"
    return (told or (lasting and bool(before))) and not _object_in_clause(tokens, verb)


def _object_in_clause(tokens: Sequence[Token], verb: Token) -> bool:
    """Whether a bare accusative stands between the marks and verbs round this verb, whatever the tree hangs it on."""
    ends = [one.place for one in tokens if one.place != verb.place and (one.is_finite or not one.is_word)]
    first = max((place for place in ends if place < verb.place), default=-1)
    last = min((place for place in ends if place > verb.place), default=len(tokens))
    governed = {child for one in tokens for child in one.children if any(tokens[c].rel == "case" for c in one.children)}
    return any(
        one.feats.get("Case") == "Acc"
        and one.pos in ("NOUN", "PROPN", "PRON", "DET", "NUM")
        and one.place not in governed
        and is_bare_word(tokens, one)
        for one in tokens[first + 1 : last]
    )


def is_bare_word(tokens: Sequence[Token], word: Token) -> bool:
    return not any(tokens[child].rel == "case" for child in word.children)


def no_halved_names(tokens: Sequence[Token], places: list[int]) -> None:
    """'Дед Мороз' must not become 'Мороз', nor 'компании Canadian Natural' 'компании': a name's words stay together."""
    kept = set(places)
    for place in places:
        if place and place - 1 not in kept and tokens[place - 1].text.lower() in lexicon.RU_TRUTH:
            raise Refused  # 'не только дети', 'почти все'
        for beside in (place - 1, place + 1):
            if beside in kept or not 0 <= beside < len(tokens) or not tokens[beside].is_word:
                continue
            here, other = tokens[place], tokens[beside]
            foreign = beside > place and here.pos in ("NOUN", "PROPN") and bool(re.match("[A-Za-z]", other.text))
            both = (
                other.pos in ("NOUN", "PROPN")
                and here.pos in ("NOUN", "PROPN")
                and here.feats.get("Case") == other.feats.get("Case") == "Nom"
            )
            named = is_name(here.text) and is_name(other.text) and here.text[0].isupper() and other.text[0].isupper()
            if foreign or both or (named and here.feats.get("Case") == other.feats.get("Case")):
                raise Refused


def no_deixis(tokens: Sequence[Token], places: list[int]) -> None:
    if any(tokens[place].text.lower() in lexicon.RU_DEIXIS for place in places):
        raise Refused


def check_near(tokens: Sequence[Token], head: Token, other: Token) -> None:
    """A word belongs to its verb only if no other clause stands between: on run-on speech the parser forgets that."""
    first, last = sorted((head.place, other.place))
    inner = set(subtree(tokens, other.place))  # 'новый лоукостер, авиакомпания «Победа», начинает'
    commas = sum(token.text == "," and token.place not in inner for token in tokens[first + 1 : last])
    if other.rel in SUBJECTS and commas % 2 and not any(tokens[child].rel == "conj" for child in other.children):
        raise Refused  # 'Альберт, хотел спросить': an address, no subject
    own = set(subtree(tokens, other.place)) | {
        child for child in subtree(tokens, head.place) if tokens[child].rel in CORE
    }
    for between in tokens[first + 1 : last]:
        shared = head.rel == "conj" and between.place == head.head
        if (
            between.is_finite
            and between.place not in own
            and not shared
            and between.rel not in ("parataxis", "acl:relcl")
        ):
            raise Refused

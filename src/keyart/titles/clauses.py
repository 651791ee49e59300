"""Parsed Russian sentence -> drafts of headlines. Whole subtrees are left out, never parts of a government or agreement.

Сегодня [мы поговорим] о ловле форели ──► Ловля форели          (topic)
[По словам жителей,] дом [, который ...,] снесли [вчера] ──► Дом снесли
Расскажу, как правильно выбрать удочку ──► Как правильно выбрать удочку
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from keyart.titles import lexicon
from keyart.titles.draft import Draft
from keyart.titles.russian import Token, is_name, known_word, readings, subtree

_DROPPED = frozenset(
    {"discourse", "vocative", "parataxis", "advcl", "dislocated", "list", "orphan", "dep", "mark", "goeswith"}
)
_CORE = frozenset(
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
_SUBJECTS = ("nsubj", "nsubj:pass")
_CONDITIONS = frozenset("если бы пока кроме без ли чтобы раз когда".split())
_COMPLEX_FEATS = ("Gender", "Number", "Case")


@dataclass(frozen=True, slots=True)
class Limits:
    max_words: int = 7
    max_characters: int = 60


class Refused(Exception):
    """No true and grammatical headline can be cut from this clause."""


@dataclass(slots=True)
class _Cut:
    """What stays: `core` must, each group of `optional` may, in order of worth."""

    core: set[int] = field(default_factory=set)
    optional: list[tuple[set[int], int]] = field(default_factory=list)
    """(places, place that must be kept for it to hang on)."""


def drafts(
    tokens: Sequence[Token], number: int, limits: Limits, worth: dict[str, float], *, question: bool
) -> list[Draft]:
    """Every headline that this sentence supports. `worth`: weight of each lemma in the whole text."""
    if any(token.lemma in lexicon.RU_CALLS or token.lemma in lexicon.RU_GREETINGS for token in tokens):
        return []
    found: list[Draft] = []
    if question:
        return _questions(tokens, number, limits)
    for token in tokens:
        for make in (_statement, _topic, _how_to, _guest, _phrase):
            try:
                draft = make(tokens, token, number, limits, worth)
            except Refused:
                continue
            if draft is not None:
                found.append(draft)
    return found


# --- statement --------------------------------------------------------------------------------------------------


def _statement(
    tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]
) -> Draft | None:
    if not _may_head(tokens, head):
        return None
    subject = _subject(tokens, head)
    cut = _Cut({head.place})
    if subject is not None:
        _check_agreement(tokens, head, subject)
        _check_near(tokens, head, subject)
        _noun_phrase(tokens, subject, cut, worth, is_subject=True)
    if head.pos in ("NOUN", "PROPN"):
        _check_link(tokens, head, subject)
    _arguments(tokens, head, cut, worth, skip=subject)
    places = _fit(tokens, cut, limits, worth)
    _check_complete(tokens, head, places)
    _no_halved_names(tokens, places)
    weight = _person_weight(tokens, head, subject, places)
    text = render(tokens, places, dash_before=_dash_place(tokens, head, subject))
    content = [tokens[place] for place in places if tokens[place].pos in ("NOUN", "PROPN", "ADJ", "NUM", "VERB", "X")]
    if len(content) < 3 and not (subject is not None and len(content) == 2 and not _is_empty(head, content)):
        raise Refused
    _no_deixis(tokens, places)
    return Draft(text, number, _angle(tokens, places, subject), weight)


def _may_head(tokens: Sequence[Token], head: Token) -> bool:
    rel = head.rel.split(":")[0]
    if head.rel == "acl:relcl" or rel in ("advcl", "acl", "csubj"):
        return False
    if any(tokens[child].lemma in _CONDITIONS and tokens[child].rel in ("mark", "advmod") for child in head.children):
        return False
    if rel == "ccomp" and not _own_words(tokens, head):
        return False
    if any(tokens[child].rel == "advcl" and _is_condition(tokens, tokens[child]) for child in head.children):
        return False
    if head.feats.get("Mood") in ("Imp", "Cnd") or head.lemma in lexicon.RU_SAYING:
        return False
    nominal = head.pos in ("NOUN", "PROPN") and any(tokens[child].rel in _SUBJECTS for child in head.children)
    return head.is_finite or (nominal and head.feats.get("Case") in ("Nom", "Ins"))


def _own_words(tokens: Sequence[Token], head: Token) -> bool:
    """Whether a clause after `что` is the speaker's own claim: 'я думаю, что', 'важно, что', not 'он сказал, что'."""
    above = tokens[head.head] if head.head >= 0 else None
    if above is None or above.lemma not in lexicon.RU_SAYING | {"знать", "понимать", "значить", "оказаться"}:
        return False
    if any(tokens[child].lemma == "не" for child in above.children):
        return False
    subjects = [tokens[child] for child in above.children if tokens[child].rel in _SUBJECTS]
    return all(one.text.lower() in ("я", "мы") for one in subjects) and above.feats.get("Person") != "3"


def _is_condition(tokens: Sequence[Token], clause: Token) -> bool:
    return any(tokens[child].lemma in ("если", "пока", "чтобы") for child in clause.children)


def _subject(tokens: Sequence[Token], head: Token) -> Token | None:
    own = [tokens[child] for child in head.children if tokens[child].rel in _SUBJECTS]
    if len(own) > 1:
        near = [one for one in own if one.place < head.place] or own
        own = [near[-1]]
    if own:
        return own[0]
    if head.rel == "conj" and head.head >= 0 and tokens[head.head].is_finite and head.is_finite:
        shared = _subject(tokens, tokens[head.head])
        if shared is not None and shared.place < head.place:
            return shared
    return None


def _check_agreement(tokens: Sequence[Token], head: Token, subject: Token) -> None:
    """The parser errs on spoken text; what it calls a subject must look like one. Raises `Refused`."""
    if subject.feats.get("Case", "Nom") != "Nom" and not _is_counted(tokens, subject):
        raise Refused
    number, verb_number = subject.feats.get("Number"), head.feats.get("Number")
    joined = any(tokens[child].rel == "conj" for child in subject.children)
    if (
        head.is_finite
        and number
        and verb_number
        and number != verb_number
        and not joined
        and not _is_counted(tokens, subject)
    ):
        raise Refused
    if head.is_finite and verb_number == "Plur" and joined and number == "Sing" and subject.place > head.place:
        raise Refused
    genders = _genders(subject)
    if head.feats.get("Gender") and genders and verb_number == "Sing" and head.feats["Gender"] not in genders:
        if not _is_counted(tokens, subject):
            raise Refused
    person = head.feats.get("Person")
    wanted = {"я": "1", "мы": "1", "ты": "2", "вы": "2"}.get(subject.text.lower(), "3")
    if person and person != wanted:
        raise Refused


def _check_near(tokens: Sequence[Token], head: Token, other: Token) -> None:
    """A word belongs to its verb only if no other clause stands between: on run-on speech the parser forgets that."""
    first, last = sorted((head.place, other.place))
    commas = sum(token.text == "," for token in tokens[first + 1 : last])
    if other.rel in _SUBJECTS and commas % 2 and not any(tokens[child].rel == "conj" for child in other.children):
        raise Refused  # 'Альберт, хотел спросить': an address, no subject
    own = set(subtree(tokens, other.place)) | {
        child for child in subtree(tokens, head.place) if tokens[child].rel in _CORE
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


def _check_link(tokens: Sequence[Token], head: Token, subject: Token | None) -> None:
    """'X — Y' must be written or said as such: a dash, 'это' or a copula between the two, and no comma."""
    if subject is None or subject.place > head.place:
        raise Refused
    between = [token.text.lower() for token in tokens[subject.place + 1 : head.place]]
    copula = any(tokens[child].rel == "cop" for child in head.children)
    if "," in between or not (copula or {"-", "–", "—", "это"} & set(between)):
        raise Refused


def _genders(token: Token) -> set[str]:
    names = {"masc": "Masc", "femn": "Fem", "neut": "Neut"}
    if token.text.lower() in ("я", "ты", "мы", "вы"):
        return set()
    fitting = [
        one for one in readings(token.text.lower()) if one.tag.POS in ("NOUN", "NPRO") and one.tag.case == "nomn"
    ]
    return {names[str(one.tag.gender)] for one in fitting if one.tag.gender in names}


def _is_counted(tokens: Sequence[Token], token: Token) -> bool:
    return token.pos == "NUM" or any(
        tokens[child].rel.startswith("nummod")
        or tokens[child].lemma in ("много", "несколько", "большинство", "сколько", "мало")
        for child in token.children
    )


def _person_weight(tokens: Sequence[Token], head: Token, subject: Token | None, places: list[int]) -> float:
    if subject is None:
        return _subjectless_weight(tokens, head, places)
    word = subject.text.lower()
    if word in lexicon.RU_PRONOUNS_3:
        raise Refused
    if word in ("я", "мы", "вы", "ты"):
        return {"мы": 0.62, "я": 0.62, "вы": 0.55, "ты": 0.5}[word]
    if subject.pos in ("PRON", "DET"):
        raise Refused
    if subject.lemma in lexicon.RU_EMPTY_NOUNS:
        return 0.6
    if head.lemma == "быть" and head.text.lower() == "есть":
        return 0.5
    return 0.8 if head.lemma in lexicon.RU_EMPTY_VERBS else 1.0


def _subjectless_weight(tokens: Sequence[Token], head: Token, places: list[int]) -> float:
    # "В Казани посадили риелтора", "Готовим борщ": plural without a subject is a whole sentence; the rest is cut short
    if any(
        tokens[child].lemma in ("много", "мало") or tokens[child].text.lower() in ("больше", "меньше")
        for child in head.children
    ):
        raise Refused  # 'всё больше людей полагаются': the subject was not seen
    has_object = any(tokens[child].rel in ("obj", "obl", "xcomp") and child in places for child in head.children)
    plural = head.feats.get("Number") == "Plur"
    if not has_object or not plural or head.lemma in lexicon.RU_EMPTY_VERBS:
        raise Refused
    if head.feats.get("Person") == "2" or head.is_short:
        raise Refused
    return 0.7 if head.feats.get("Person") == "1" else 0.75


def _arguments(tokens: Sequence[Token], head: Token, cut: _Cut, worth: dict[str, float], *, skip: Token | None) -> None:
    """Sorts what hangs on a predicate into what must stay, what may, and what goes. Raises `Refused`."""
    complements = obliques = 0
    _check_negation(tokens, head)
    for child in (tokens[place] for place in head.children):
        rel = child.rel.split(":")[0]
        if skip is not None and child.place == skip.place or child.rel in _SUBJECTS:
            continue
        if _is_aside(tokens, head, child):
            if rel in ("obj", "iobj", "xcomp") or child.text.lower() in lexicon.RU_HEDGES:
                raise Refused
            continue
        if child.text.lower() in lexicon.RU_HEDGES:
            cut.core |= set(subtree(tokens, child.place))
        elif child.rel in _CORE or child.rel in ("aux", "cop"):
            cut.core |= set(subtree(tokens, child.place))
        elif rel in ("obj", "iobj"):
            _check_near(tokens, head, child)
            complements += _complement(tokens, child, cut, worth)
        elif rel in ("xcomp", "csubj"):
            if any(tokens[one].rel == "mark" for one in child.children):
                raise Refused
            if child.feats.get("VerbForm") != "Inf" and child.pos not in ("ADJ", "NOUN"):
                raise Refused
            _check_near(tokens, head, child)
            cut.core.add(child.place)
            _arguments(tokens, child, cut, worth, skip=None)
            complements += 1
        elif rel == "ccomp":
            raise Refused
        elif rel in ("obl", "nmod"):
            after = child.place > head.place
            needed = obliques == 0 and (after or head.lemma in lexicon.RU_OBLIQUE_VERBS)
            _oblique(
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
            _adverb(tokens, head, child, cut)
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
    words = [token for token in between if token.is_word]
    # two commas may close a clause in the middle; one alone parts
    return len(commas) == 1 and not (len(words) > 0 and child.place < head.place and commas[0].place < head.place - 3)


def _check_negation(tokens: Sequence[Token], head: Token) -> None:
    # "не так подчёркивают" must not lose its "не" together with the "так"
    for child in (tokens[place] for place in head.children):
        if child.rel.split(":")[0] in ("advmod", "discourse", "det") and child.text.lower() not in lexicon.RU_HEDGES:
            if any(tokens[one].text.lower() in ("не", "ни") for one in subtree(tokens, child.place)):
                raise Refused


def _complement(tokens: Sequence[Token], child: Token, cut: _Cut, worth: dict[str, float]) -> int:
    if child.pos in ("PRON", "DET"):
        if child.feats.get("Person") in ("1", "2") and child.feats.get("Case") == "Dat":
            return 0  # "мне нравится" -> the object goes with a refusal later, "вам" is dropped
        if child.lemma not in ("себя", "все", "ничто", "что-то", "друг"):
            raise Refused
    _noun_phrase(tokens, child, cut, worth)
    return 1


def _oblique(
    tokens: Sequence[Token], head: Token, child: Token, cut: _Cut, worth: dict[str, float], *, first: bool
) -> None:
    if child.pos in ("PRON", "DET", "ADV"):
        needed = head.lemma in lexicon.RU_OBLIQUE_VERBS and first
        if needed and child.feats.get("Person") not in ("1", "2"):
            raise Refused
        return
    inner = _Cut()
    try:
        _check_near(tokens, head, child)
        _noun_phrase(tokens, child, inner, worth)
    except Refused:
        if _is_bare(tokens, child):
            raise
        return
    if (
        _is_bare(tokens, child)
        or first
        and (head.lemma in lexicon.RU_OBLIQUE_VERBS or head.text.lower().endswith(("ся", "сь")))
    ):
        cut.core |= inner.core
        cut.optional += inner.optional
    else:
        cut.optional.append((inner.core, head.place))
        cut.optional += inner.optional


def _is_bare(tokens: Sequence[Token], noun: Token) -> bool:
    """A noun without a preposition: governed by its verb, so it cannot be left out."""
    return noun.pos in ("NOUN", "PROPN", "NUM") and not any(tokens[child].rel == "case" for child in noun.children)


def _adverb(tokens: Sequence[Token], head: Token, child: Token, cut: _Cut) -> None:
    word = child.text.lower()
    if word in lexicon.RU_FILLERS or word in lexicon.RU_DEIXIS or word in lexicon.RU_QUESTIONS:
        if word in ("как", "почему", "зачем", "где", "когда", "куда", "сколько"):
            raise Refused  # an indirect question is no statement
        return
    cut.optional.append((set(subtree(tokens, child.place)), head.place))


def _noun_phrase(
    tokens: Sequence[Token], noun: Token, cut: _Cut, worth: dict[str, float], *, is_subject: bool = False
) -> None:
    """The noun and what its grammar needs go to the core, its modifiers to the optional groups."""
    cut.core.add(noun.place)
    for child in (tokens[place] for place in noun.children):
        rel = child.rel.split(":")[0]
        if child.rel in _CORE or rel == "nummod" or child.text.lower() in lexicon.RU_HEDGES:
            cut.core |= set(subtree(tokens, child.place))
        elif rel == "det":
            _determiner(child, cut, noun, named=is_subject or noun.rel == "obj")
        elif rel in ("amod", "nmod", "appos", "acl"):
            _modifier(tokens, noun, child, cut, worth)
        elif rel == "conj":
            _joined_noun(tokens, noun, child, cut, is_subject=is_subject)
        elif rel in ("advmod",) and child.text.lower() not in lexicon.RU_FILLERS:
            cut.optional.append((set(subtree(tokens, child.place)), noun.place))


def _joined_noun(tokens: Sequence[Token], noun: Token, child: Token, cut: _Cut, *, is_subject: bool) -> None:
    whole = set(subtree(tokens, child.place))
    linked = any(tokens[one].pos == "CCONJ" for one in child.children)
    if is_subject and noun.feats.get("Number") != "Plur" and linked:
        cut.core |= whole  # the verb agrees with both
    elif linked and child.pos == noun.pos:
        cut.optional.append((whole, noun.place))


def _determiner(child: Token, cut: _Cut, noun: Token, *, named: bool) -> None:
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
    # этот, тот, такой, данный point outside: the noun stands without them


def _modifier(tokens: Sequence[Token], noun: Token, child: Token, cut: _Cut, worth: dict[str, float]) -> None:
    rel = child.rel.split(":")[0]
    if rel == "acl":
        return
    if rel == "amod":
        if child.lemma in ("этот", "тот", "такой", "данный", "следующий", "который", "некоторый"):
            return
        if child.pos == "VERB" or any(tokens[one].rel in ("obl", "obj") for one in child.children):
            return  # a participle with its own complements
        places = set(subtree(tokens, child.place))
        (cut.core.update(places) if _is_ordinal(child) else cut.optional.append((places, noun.place)))
        return
    if child.pos in ("PRON", "DET"):
        if child.feats.get("Person") == "3" or child.lemma in ("это", "то"):
            raise Refused
        return
    inner = _Cut()
    _noun_phrase(tokens, child, inner, worth)
    deverbal = noun.lemma.endswith(("ание", "ение", "ция", "тие")) and child.feats.get("Case") == "Gen"
    needed = (
        (noun.lemma in lexicon.RU_RELATIONAL or deverbal) and rel == "nmod" or (rel == "appos" and child.pos == "PROPN")
    )
    if needed:
        cut.core |= inner.core
    else:
        cut.optional.append((inner.core, noun.place))
    cut.optional += inner.optional


def _is_ordinal(token: Token) -> bool:
    return any("Anum" in one.tag for one in readings(token.text.lower()))


# --- choosing what fits -----------------------------------------------------------------------------------------


def _fit(tokens: Sequence[Token], cut: _Cut, limits: Limits, worth: dict[str, float]) -> list[int]:
    """The core and as many optional groups, worthiest first, as the limits allow. Raises `Refused`."""
    kept = _with_quotes(tokens, set(cut.core))
    if not _within(tokens, kept, limits):
        raise Refused
    waiting = sorted(cut.optional, key=lambda group: (-_group_worth(tokens, group[0], worth), min(group[0], default=0)))
    changed = True
    while changed:
        changed = False
        for group in waiting:
            places, above = group
            wider = _with_quotes(tokens, kept | places)
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
    return sorted(place for place in kept if tokens[place].is_word or tokens[place].text in "%№")


def quoted_spans(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """(opening mark, closing mark) of every quotation in the sentence, inner ones left out."""
    spans, opened = [], -1
    for token in tokens:
        if token.text in ("«", "“", "„") or (token.text in ('"', "''", "``") and opened < 0):
            opened = token.place if opened < 0 else opened
        elif token.text in ("»", "”", '"', "''") and opened >= 0:
            spans.append((opened, token.place))
            opened = -1
    return spans


def _with_quotes(tokens: Sequence[Token], kept: set[int]) -> set[int]:
    """A quoted name stays whole: keeping a word of it keeps all of it."""
    whole = set(kept)
    for first, last in quoted_spans(tokens):
        inside = {token.place for token in tokens[first + 1 : last] if token.is_word}
        if inside & whole and len(inside) <= 6:
            whole |= inside
    return whole


def _group_worth(tokens: Sequence[Token], places: set[int], worth: dict[str, float]) -> float:
    words = [tokens[place] for place in places if tokens[place].is_word]
    return sum(worth.get(word.lemma, 0.0) for word in words) / max(1, len(words)) ** 0.5


def _within(tokens: Sequence[Token], places: set[int], limits: Limits) -> bool:
    words = [tokens[place].text for place in places if tokens[place].is_word]
    return len(words) <= limits.max_words and len(" ".join(words)) <= limits.max_characters


def _check_complete(tokens: Sequence[Token], head: Token, places: list[int]) -> None:
    """A transitive verb keeps its object, 'выглядеть' its 'как', a gram its 'of what'. Raises `Refused`."""
    kept = set(places)
    for place in places:
        token = tokens[place]
        own = [tokens[child] for child in token.children if child in kept]
        if token.lemma in lexicon.RU_MEASURES and not any(
            one.feats.get("Case") == "Gen" and one.pos != "NUM" for one in own
        ):
            if any(one.pos == "NUM" or one.text[0].isdigit() for one in own):
                raise Refused
    for place in places:
        _check_object(tokens, tokens[place], kept)
    said = [tokens[child] for child in head.children if child in kept and tokens[child].rel.split(":")[0] in _SAID]
    adverbs = [child for child in head.children if child in kept and tokens[child].rel == "advmod"]
    if head.lemma in lexicon.RU_OBLIQUE_VERBS and not said and not adverbs:
        raise Refused


_SAID = ("obj", "xcomp", "obl", "iobj", "ccomp", "csubj")


def _check_object(tokens: Sequence[Token], verb: Token, kept: set[int]) -> None:
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
        or (_is_bare(tokens, one) and one.feats.get("Case") in ("Acc", "Gen"))
    ]
    if not objects:
        raise Refused


def _no_halved_names(tokens: Sequence[Token], places: list[int]) -> None:
    """'Дед Мороз' must not become 'Мороз', nor 'компании Canadian Natural' 'компании': neighbours of one name stay together."""
    kept = set(places)
    for place in places:
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


def _no_deixis(tokens: Sequence[Token], places: list[int]) -> None:
    if any(tokens[place].text.lower() in lexicon.RU_DEIXIS for place in places):
        raise Refused


def _is_empty(head: Token, content: list[Token]) -> bool:
    return head.lemma in lexicon.RU_EMPTY_VERBS or all(
        one.lemma in lexicon.RU_EMPTY_NOUNS for one in content if one is not head
    )


def _dash_place(tokens: Sequence[Token], head: Token, subject: Token | None) -> int:
    """Where 'X — Y' needs its dash: before the predicate noun's first word, where no verb links the two."""
    if head.pos not in ("NOUN", "PROPN") or subject is None or subject.place > head.place:
        return -1
    if any(tokens[child].rel == "cop" for child in head.children):
        return -1
    return max(subtree(tokens, subject.place)) + 1


def _angle(tokens: Sequence[Token], places: list[int], subject: Token | None) -> str:
    if any(tokens[place].pos == "NUM" or tokens[place].text[0].isdigit() for place in places):
        return "number"
    if subject is not None and (subject.pos == "PROPN" or is_name(subject.text)) and subject.text[0].isupper():
        return "name"
    return "statement"


# --- other angles -----------------------------------------------------------------------------------------------


def _how_to(tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]) -> Draft | None:
    if head.feats.get("VerbForm") != "Inf":
        return None
    asks = [tokens[child] for child in head.children if tokens[child].text.lower() in ("как", "зачем", "где", "почему")]
    if not asks or any(tokens[child].rel in _SUBJECTS for child in head.children):
        return None
    ask = asks[0]
    before = [token.text.lower() for token in tokens[max(0, ask.place - 2) : ask.place] if token.is_word]
    if before and before[-1] in ("тем", "того", "так", "прежде", "такой", "такие", "такая", "такое", "то", "потом"):
        return None  # 'перед тем как', 'так как'
    if ask.place > head.place or any(
        tokens[child].place < ask.place and tokens[child].is_word for child in head.children
    ):
        return None
    cut = _Cut({head.place, ask.place})
    for child in (tokens[place] for place in head.children):
        if child.place != ask.place:
            _one_argument(tokens, head, child, cut, worth)
    places = _fit(tokens, cut, limits, worth)
    _no_deixis(tokens, places)
    for place in places:
        _check_object(tokens, tokens[place], set(places))
    _no_halved_names(tokens, places)
    if len(places) < 3:
        raise Refused
    return Draft(render(tokens, places), number, "how-to", 1.4)


def _one_argument(tokens: Sequence[Token], head: Token, child: Token, cut: _Cut, worth: dict[str, float]) -> None:
    rel = child.rel.split(":")[0]
    if child.text.lower() in lexicon.RU_HEDGES:
        cut.core |= set(subtree(tokens, child.place))
    elif rel in ("obj", "iobj"):
        _complement(tokens, child, cut, worth)
    elif rel == "obl":
        _oblique(tokens, head, child, cut, worth, first=True)
    elif rel == "advmod":
        _adverb(tokens, head, child, cut)
    elif rel == "xcomp":
        cut.core.add(child.place)
        _arguments(tokens, child, cut, worth, skip=None)
    elif rel in ("ccomp", "advcl"):
        raise Refused


def _topic(tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]) -> Draft | None:
    """'поговорим о X', 'речь пойдёт об X', 'разберём X' -> X in the nominative."""
    if head.pos not in ("NOUN", "PROPN") or head.head < 0:
        return None
    above = tokens[head.head]
    case = next((tokens[child].text.lower() for child in head.children if tokens[child].rel == "case"), "")
    told = case in ("о", "об", "обо", "про") and (
        above.lemma in lexicon.RU_TELLING or above.lemma in ("речь", "пойти", "видео", "выпуск", "ролик", "история")
    )
    shown = not case and head.rel == "obj" and above.lemma in lexicon.RU_SHOWING and above.feats.get("Person") == "1"
    if not (told or shown):
        return None
    text = nominative(tokens, head, limits, worth)
    if len(text.split()) < 2:
        return None
    return Draft(text, number, "topic", 1.5 if told else 1.2)


def _guest(tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]) -> Draft | None:
    """'у нас в гостях боксёр Альберт Батыргазиев' -> 'В гостях боксёр Альберт Батыргазиев'."""
    if head.text.lower() != "гостях" or head.place == 0 or tokens[head.place - 1].text.lower() != "в":
        return None
    names = [one for one in tokens[head.place + 1 :] if one.is_word]
    run = []
    for one in names:
        if (
            one.pos in ("NOUN", "PROPN", "ADJ", "X")
            and one.feats.get("Case", "Nom") in ("Nom", "Gen")
            and len(run) < limits.max_words - 2
        ):
            run.append(one)
        elif run:
            break
    while run and not _is_proper(run[-1]):
        run.pop()
    if not run or sum(_is_proper(one) for one in run) == 0:
        return None
    places = [head.place - 1, head.place, *(one.place for one in run)]
    if len(" ".join(tokens[place].text for place in places)) > limits.max_characters:
        return None
    return Draft(render(tokens, places), number, "name", 1.2)


def _is_proper(token: Token) -> bool:
    return token.text[0].isupper() and (token.pos == "PROPN" or is_name(token.text) or not known_word(token.text))


def _phrase(tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]) -> Draft | None:
    """A noun with its modifiers as a title of its own; used where no clause will do."""
    if head.pos != "NOUN" or head.rel in ("nmod", "flat", "fixed", "appos", "flat:name"):
        return None
    if head.lemma in lexicon.RU_EMPTY_NOUNS or worth.get(head.lemma, 0.0) < 0.35 or not known_word(head.text):
        return None
    if readings(head.text.lower())[0].tag.POS != "NOUN":
        return None
    text = nominative(tokens, head, limits, worth)
    if len(text.split()) < 2:
        return None
    return Draft(text, number, "phrase", 0.7)


def _check_phrase(tokens: Sequence[Token], places: list[int]) -> None:
    """Only nouns, their adjectives, prepositions and numbers; genitives where nothing else governs; all of one piece."""
    for place in places:
        token = tokens[place]
        if token.pos not in ("NOUN", "PROPN", "ADJ", "ADP", "NUM", "X", "DET", "CCONJ") and token.rel != "amod":
            raise Refused
    for left, right in zip(places, places[1:], strict=False):
        if any(
            tokens[between].pos in ("VERB", "AUX") or tokens[between].text in ".!?"
            for between in range(left + 1, right)
        ):
            raise Refused
        free = tokens[right].pos == "NOUN" and tokens[left].pos == "NOUN" and tokens[right].head == left
        if (
            free
            and tokens[right].feats.get("Case") != "Gen"
            and not any(tokens[c].rel == "case" for c in tokens[right].children)
        ):
            raise Refused


def nominative(tokens: Sequence[Token], noun: Token, limits: Limits, worth: dict[str, float]) -> str:
    """A noun phrase turned to the nominative, its agreeing adjectives with it. Raises `Refused` where that is not sure."""
    cut = _Cut()
    _noun_phrase(tokens, noun, cut, worth)
    prepositions = {child for child in noun.children if tokens[child].rel == "case"}
    if any(tokens[child].rel.startswith("nummod") for child in noun.children) and noun.feats.get("Case") not in (
        "Nom",
        "Acc",
    ):
        raise Refused
    for place in prepositions:
        cut.core -= set(subtree(tokens, place))
    conjuncts = {child for child in noun.children if tokens[child].rel == "conj"}
    cut.optional = [group for group in cut.optional if not group[0] & conjuncts]
    for place in conjuncts:
        cut.core -= set(subtree(tokens, place))
    places = _fit(tokens, cut, limits, worth)
    _no_deixis(tokens, places)
    _check_phrase(tokens, places)
    _no_halved_names(tokens, places)
    agreeing = {child for child in noun.children if tokens[child].rel in ("amod", "det") and child in places}
    agreeing |= {
        one
        for child in tuple(agreeing)
        for one in tokens[child].children
        if tokens[one].rel == "conj" and one in places
    }
    turned = {place: to_nominative(tokens[place], noun) for place in agreeing | {noun.place}}
    return render(tokens, places, replaced=turned)


def to_nominative(token: Token, noun: Token) -> str:
    """The word form in the nominative, gender and number of its noun. Raises `Refused`."""
    if noun.feats.get("Case") == "Nom" or token.pos == "X":
        return token.text
    number = "plur" if noun.feats.get("Number") == "Plur" else "sing"
    cases = {"Gen": ("gent", "gen2"), "Dat": ("datv",), "Acc": ("accs",), "Ins": ("ablt",), "Loc": ("loct", "loc2")}
    wanted = cases.get(noun.feats.get("Case", ""), ())
    own = token.place == noun.place
    nouns = [
        one
        for one in readings(noun.text.lower())
        if one.tag.POS == "NOUN" and one.tag.number == number and one.tag.case in wanted
    ]
    gender = nouns[0].tag.gender if nouns else None
    agreeing = [
        one
        for one in readings(token.text.lower())
        if one.tag.POS in ("ADJF", "PRTF")
        and one.tag.number == number
        and one.tag.case in wanted
        and (number == "plur" or one.tag.gender == gender)
    ]
    fitting = nouns if own else agreeing
    if not fitting or not known_word(token.text):
        raise Refused
    turned = fitting[0].inflect({"nomn", number})
    if turned is None:
        raise Refused
    word = str(turned.word)
    return word.capitalize() if token.text[0].isupper() else word


# --- questions --------------------------------------------------------------------------------------------------


def _questions(tokens: Sequence[Token], number: int, limits: Limits) -> list[Draft]:
    """The question itself, where it stands alone: it begins with a question word and points at nothing outside."""
    words = [token for token in tokens if token.is_word]
    while words and (
        words[0].text.lower() in ("а", "и", "но", "так", "ну", "вот", "итак") or words[0].rel == "discourse"
    ):
        words = words[1:]
    if not 3 <= len(words) <= limits.max_words or words[0].text.lower() not in lexicon.RU_QUESTIONS:
        return []
    places = [token.place for token in tokens if words[0].place <= token.place <= words[-1].place]
    inner = {token.text.lower() for token in words[1:]}
    if inner & lexicon.RU_DEIXIS or inner & {"ты", "вы", "вам", "тебе", "вас", "тебя", "я", "мне", "меня", "мы", "нам"}:
        return []
    if inner <= lexicon.RU_FILLERS or not any(
        token.pos in ("NOUN", "PROPN") and token.lemma not in lexicon.RU_EMPTY_NOUNS for token in words
    ):
        return []
    text = render(tokens, places) + "?"
    return [Draft(text, number, "question", 1.1)] if len(text) <= limits.max_characters else []


# --- words on the line ------------------------------------------------------------------------------------------


def render(
    tokens: Sequence[Token], places: Sequence[int], *, dash_before: int = -1, replaced: dict[int, str] | None = None
) -> str:
    """Kept words in their order; marks between two kept neighbours stay, quotation marks round what is wholly kept."""
    kept = set(places)
    opening, closing = _kept_quotes(tokens, kept)
    out: list[str] = []
    last = -1
    dashed = dash_before < 0
    for token in tokens:
        if token.place in kept:
            if not dashed and token.place >= dash_before and out:
                dashed = True
                out.append(" —")
            word = (replaced or {}).get(token.place, token.text)
            glue = token.glued and token.place - 1 == last and token.place not in opening
            out.append(("" if glue else " ") + ("«" if token.place in opening else "") + word)
            out.append("»" if token.place in closing else "")
            last = token.place
        elif not token.is_word and last == token.place - 1 and token.place + 1 in kept:
            if token.text in ("-", "–", "—") and not token.glued:
                out.append(" —")
                dashed = True
            elif token.text in (",", "-", "/", ":") or (
                token.text == "." and token.glued and tokens[token.place + 1].glued
            ):
                out.append(token.text)
                last = token.place
    return _spaced("".join(out))


def _kept_quotes(tokens: Sequence[Token], kept: set[int]) -> tuple[set[int], set[int]]:
    """(words that get an opening mark, words that get a closing mark)."""
    opening, closing = set(), set()
    for first, last in quoted_spans(tokens):
        inside = [token.place for token in tokens[first + 1 : last] if token.is_word]
        if inside and set(inside) <= kept:
            opening.add(inside[0])
            closing.add(inside[-1])
    return opening, closing


def _spaced(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip(" ,:;—-")
    return text[:1].upper() + text[1:] if not text.startswith("«") else "«" + text[1:2].upper() + text[2:]

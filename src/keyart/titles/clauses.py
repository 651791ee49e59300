"""Parsed Russian sentence -> drafts of headlines: each finite clause cut down to what it claims.

[По словам жителей,] дом [, который ...,] снесли [вчера] ──► Дом снесли
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from keyart.titles import lexicon
from keyart.titles.angles import equation, guest, how_to, phrase, questions, topic
from keyart.titles.announced import SELF_NAMING
from keyart.titles.cut import Cut, Limits, arguments, fit, noun_phrase
from keyart.titles.draft import Draft
from keyart.titles.line import render
from keyart.titles.russian import Token, is_name, is_stray, known_word, readings, subtree
from keyart.titles.whole import SUBJECTS, Refused, check_complete, check_near, check_scope, no_deixis, no_halved_names

_CONDITIONS = frozenset(["если", "бы", "пока", "кроме", "без", "ли", "чтобы", "раз", "когда"])


def drafts(
    tokens: Sequence[Token],
    number: int,
    limits: Limits,
    worth: dict[str, float],
    *,
    question: bool,
    before: Antecedent | None = None,
) -> list[Draft]:
    """Every headline that this sentence supports. `worth`: weight of each lemma in the whole text; `before`: what a
    pronoun may stand for."""
    if any(token.lemma in lexicon.RU_CALLS or token.lemma in lexicon.RU_GREETINGS for token in tokens):
        return []
    if question:
        return questions(tokens, number, limits)
    found: list[Draft] = []
    for token in tokens:
        for make in (partial(statement, before=before), equation, topic, how_to, guest, phrase):
            try:
                draft = make(tokens, token, number, limits, worth)
            except Refused:
                continue
            if draft is not None:
                found.append(draft)
    return found + self_named(tokens, number, limits, worth)


def self_named(tokens: Sequence[Token], number: int, limits: Limits, worth: dict[str, float]) -> list[Draft]:
    """What the text calls itself; see `announced`."""
    found: list[Draft] = []
    for whole in SELF_NAMING.values():
        with suppress(Refused):
            found += whole(tokens, number, limits, worth)
    return found


def statement(
    tokens: Sequence[Token],
    head: Token,
    number: int,
    limits: Limits,
    worth: dict[str, float],
    *,
    before: Antecedent | None = None,
) -> Draft | None:
    """The clause of one predicate, cut down; None where the word is none. Raises `Refused`."""
    if not _may_head(tokens, head):
        return None
    subject = _subject(tokens, head)
    cut = Cut({head.place})
    if subject is not None:
        _check_agreement(tokens, head, subject)
        check_near(tokens, head, subject)
        noun_phrase(tokens, subject, cut, worth, is_subject=True)
    if head.pos in ("NOUN", "PROPN"):
        _check_link(tokens, head, subject)
    arguments(tokens, head, cut, worth, skip=subject)
    places = fit(tokens, cut, limits, worth)
    check_complete(tokens, head, places)
    no_halved_names(tokens, places)
    check_scope(tokens, head, places)
    _check_news(tokens, head, subject, places)
    named = (
        {subject.place: before.text}
        if subject is not None and before is not None and _may_stand(tokens, head, subject, before)
        else {}
    )
    weight = 0.85 if named else _person_weight(tokens, head, subject, places)
    text = render(tokens, places, dash_before=_dash_place(tokens, head, subject), replaced=named)
    if named and (len(text.split()) > limits.max_words or len(text) > limits.max_characters):
        raise Refused
    content = [tokens[place] for place in places if tokens[place].pos in ("NOUN", "PROPN", "ADJ", "NUM", "VERB", "X")]
    weight *= 0.7 if len(places) == 2 else 1.0
    if len(content) < 3 and not (subject is not None and len(content) == 2 and not _is_empty(head, content)):
        raise Refused
    no_deixis(tokens, [place for place in places if place not in named])
    return Draft(text, number, _angle(tokens, places, subject), weight, number - 1 if named else -1)


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What 'он', 'она', 'оно' or 'они' in the next sentence may stand for."""

    text: str
    gender: str
    """'Masc', 'Fem', 'Neut', or 'Plur' for any plural."""


_PRONOUNS = {"он": "Masc", "она": "Fem", "оно": "Neut", "они": "Plur"}


def antecedent(tokens: Sequence[Token], limits: Limits) -> Antecedent | None:
    """The one subject of a sentence, where it has just one and no other noun of its gender that could be meant."""
    subjects = [token for token in tokens if token.rel in SUBJECTS and token.pos in ("NOUN", "PROPN")]
    if len(subjects) != 1 or subjects[0].feats.get("Case") != "Nom":
        return None
    subject = subjects[0]
    rivals = [token for token in tokens if token.pos in ("NOUN", "PROPN") and _gender(token) == _gender(subject)]
    own = subtree(tokens, subject.place)
    if any(token.place not in own for token in rivals):
        return None
    cut = Cut()
    try:
        noun_phrase(tokens, subject, cut, {}, is_subject=True)
        places = fit(tokens, cut, Limits(3, limits.max_characters), {})
    except Refused:
        return None
    if not places:  # in a text without sense the subject may be a mark
        return None
    text = render(tokens, places)
    first = tokens[places[0]]
    return Antecedent(
        text if first.text[0].isupper() and first.pos == "PROPN" else text[:1].lower() + text[1:], _gender(subject)
    )


def _gender(token: Token) -> str:
    """In whatever case it stands."""
    if token.feats.get("Number") == "Plur":
        return "Plur"
    return token.feats.get("Gender", "") or next(iter(_genders(token)), "")


def _may_stand(tokens: Sequence[Token], head: Token, subject: Token, before: Antecedent) -> bool:
    """Not where its own sentence has something that it may mean: 'трубу надо менять, иначе она лопнет'; nor behind its
    verb, as tales have it: 'взял он фонарик'."""
    if subject.place > head.place or not before.gender:
        return False
    if _PRONOUNS.get(subject.text.lower()) != before.gender:
        return False
    nearer = (token for token in tokens[: subject.place] if token.pos in ("NOUN", "PROPN"))
    return all(_gender(token) != before.gender for token in nearer)


def _may_head(tokens: Sequence[Token], head: Token) -> bool:
    rel = head.rel.split(":")[0]
    if head.rel == "acl:relcl" or rel in ("advcl", "acl", "csubj"):
        return False
    if any(tokens[child].lemma in _CONDITIONS and tokens[child].rel in ("mark", "advmod") for child in head.children):
        return False
    if (rel == "ccomp" or _after_that(tokens, head)) and not _own_words(tokens, head):
        return False
    if any(tokens[child].rel == "advcl" and _is_condition(tokens, tokens[child]) for child in head.children):
        return False
    if head.lemma in ("идти", "пойти") and any(tokens[child].lemma == "речь" for child in head.children):
        return False
    if head.place and tokens[head.place - 1].text.lower() in ("да", "пусть", "пускай"):
        return False  # a wish: 'да будет свет'
    announces = head.lemma in lexicon.RU_TELLING and head.feats.get("Person") == "1"
    if announces or head.feats.get("Mood") in ("Imp", "Cnd") or head.lemma in lexicon.RU_SAYING:
        return False
    if (
        head.is_finite
        and known_word(head.text)
        and not any(str(one.tag.POS) in ("VERB", "PRTS", "ADJS", "PRED") for one in readings(head.text.lower()))
    ):
        return False  # the tagger guessed a verb from the ending
    nominal = head.pos in ("NOUN", "PROPN") and any(tokens[child].rel in SUBJECTS for child in head.children)
    return head.is_finite or (nominal and head.feats.get("Case") in ("Nom", "Ins"))


def _own_words(tokens: Sequence[Token], head: Token) -> bool:
    """Whether a clause after `что` is the speaker's own claim: 'я думаю, что', 'важно, что', not 'он сказал, что'."""
    above = tokens[head.head] if head.head >= 0 else None
    if above is None or above.lemma not in lexicon.RU_SAYING | {"знать", "понимать", "значить", "оказаться"}:
        return False
    if any(tokens[child].lemma == "не" for child in above.children):
        return False
    subjects = [tokens[child] for child in above.children if tokens[child].rel in SUBJECTS]
    if not subjects and above.feats.get("Tense") == "Past":
        return False  # 'сказали, что', 'раньше думали, что': who did?
    if any(token.lemma == "принятый" or token.text.lower() == "принято" for token in tokens[: above.place]):
        return False  # 'принято считать'
    return all(one.text.lower() in ("я", "мы") for one in subjects) and above.feats.get("Person") != "3"


def _after_that(tokens: Sequence[Token], head: Token) -> bool:
    """Whether the clause opens with ', что', wherever the parser hangs it."""
    marks = (tokens[child] for child in head.children if tokens[child].rel == "mark")
    return any(one.text.lower() == "что" and one.place and tokens[one.place - 1].text == "," for one in marks)


def _is_condition(tokens: Sequence[Token], clause: Token) -> bool:
    return any(tokens[child].lemma in ("если", "пока", "чтобы") for child in clause.children)


def _subject(tokens: Sequence[Token], head: Token) -> Token | None:
    own = [tokens[child] for child in head.children if tokens[child].rel in SUBJECTS]
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
    if subject.feats.get("Case", "Nom") != "Nom" and not _is_counted(tokens, subject) and not _may_be_subject(subject):
        raise Refused
    if _is_span_of_time(tokens, subject) and head.lemma not in lexicon.RU_PASSING:
        raise Refused  # 'целый день лежит на печке': not the day
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
    wrong = bool(genders) and head.feats.get("Gender", "") not in {"", *genders}
    if wrong and verb_number == "Sing" and not _is_counted(tokens, subject):
        raise Refused
    person = head.feats.get("Person")
    wanted = {"я": "1", "мы": "1", "ты": "2", "вы": "2"}.get(subject.text.lower(), "3")
    if person and person != wanted:
        raise Refused


def _is_span_of_time(tokens: Sequence[Token], noun: Token) -> bool:
    whole = any(tokens[child].lemma in ("целый", "весь", "каждый") for child in noun.children)
    return whole and noun.lemma in lexicon.RU_TIMES


def _may_be_subject(token: Token) -> bool:
    """'Участие', 'войска': the tagger's accusative may be a nominative where the forms are one."""
    return token.feats.get("Case") == "Acc" and any(one.tag.case == "nomn" for one in readings(token.text.lower()))


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
        return {"мы": 0.62, "я": 0.62, "вы": 0.3, "ты": 0.3}[word]
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
    third = head.feats.get("Person") != "1"
    if head.feats.get("Person") == "2" or head.is_short or (third and _needs_somebody(tokens, head, places)):
        raise Refused
    return 0.7 if head.feats.get("Person") == "1" else 0.75


def _needs_somebody(tokens: Sequence[Token], head: Token, places: list[int]) -> bool:
    """'Со своей дочерью возвращаются в дом': who? 'В Казани посадили риелтора' asks for nobody."""
    return head.text.lower().endswith(("ся", "сь")) or any(tokens[place].lemma == "свой" for place in places)


def _check_news(tokens: Sequence[Token], head: Token, subject: Token | None, places: list[int]) -> None:
    """Something named is told of, and not the talk itself or what its speaker is about to do. Raises `Refused`."""
    kept = [tokens[place] for place in places]
    if not any(one.pos in ("NOUN", "PROPN", "X") for one in kept):
        raise Refused
    if head.text.lower() in ("есть", "имеется", "имеются") and kept[-1].place == head.place:
        raise Refused  # '450 тысяч в месяц есть'
    personal = head.feats.get("Person") in ("1", "2") or (subject is not None and subject.text.lower() in _SPEAKING)
    if not personal:
        return
    asked = [tokens[child].lemma for child in head.children if tokens[child].rel == "xcomp"]
    if set(asked) & lexicon.RU_PRESENTING or any(one.lemma in lexicon.RU_ON_AIR for one in kept):
        raise Refused


_SPEAKING = frozenset({"я", "мы", "вы", "ты"})


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
    named = set(subtree(tokens, subject.place)) & set(places) if subject is not None else set()
    if any(_is_named(tokens[place]) for place in named):
        return "name"
    return "statement"


def _is_named(token: Token) -> bool:
    return token.text[0].isupper() and not is_stray(token.text) and (token.pos == "PROPN" or is_name(token.text))

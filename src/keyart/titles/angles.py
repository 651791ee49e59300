"""Headlines that are no statement: how-to, topic, guest, noun phrase, question.

Сегодня мы поговорим о ловле форели ──► Ловля форели
Расскажу, как правильно выбрать удочку ──► Как правильно выбрать удочку
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from keyart.titles import lexicon
from keyart.titles.cut import Cut, Limits, adverb, arguments, complement, fit, noun_phrase, oblique
from keyart.titles.draft import Draft
from keyart.titles.line import render
from keyart.titles.russian import Token, is_name, known_word, readings, subtree
from keyart.titles.whole import SUBJECTS, Refused, check_object, no_deixis, no_halved_names


def how_to(tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]) -> Draft | None:
    if head.feats.get("VerbForm") != "Inf" or readings(head.text.lower())[0].tag.POS != "INFN":
        return None
    asks = [tokens[child] for child in head.children if tokens[child].text.lower() in ("как", "зачем", "где", "почему")]
    if not asks or any(tokens[child].rel in SUBJECTS for child in head.children):
        return None
    ask = asks[0]
    before = [token.text.lower() for token in tokens[max(0, ask.place - 2) : ask.place] if token.is_word]
    if before and before[-1] in ("тем", "того", "так", "прежде", "такой", "такие", "такая", "такое", "то", "потом"):
        return None  # 'перед тем как', 'так как'
    if ask.place > head.place or any(
        tokens[child].place < ask.place and tokens[child].is_word for child in head.children
    ):
        return None
    cut = Cut({head.place, ask.place})
    for child in (tokens[place] for place in head.children):
        if child.place != ask.place:
            _one_argument(tokens, head, child, cut, worth)
    places = fit(tokens, cut, limits, worth)
    no_deixis(tokens, places)
    for place in places:
        check_object(tokens, tokens[place], set(places))
    no_halved_names(tokens, places)
    if len(places) < 3:
        raise Refused
    return Draft(render(tokens, places), number, "how-to", 1.4)


def _one_argument(tokens: Sequence[Token], head: Token, child: Token, cut: Cut, worth: dict[str, float]) -> None:
    rel = child.rel.split(":")[0]
    if child.text.lower() in lexicon.RU_HEDGES:
        cut.core |= set(subtree(tokens, child.place))
    elif rel in ("obj", "iobj"):
        complement(tokens, child, cut, worth)
    elif rel == "obl":
        oblique(tokens, head, child, cut, worth, first=True)
    elif rel == "advmod":
        adverb(tokens, head, child, cut)
    elif rel == "xcomp":
        cut.core.add(child.place)
        arguments(tokens, child, cut, worth, skip=None)
    elif rel in ("ccomp", "advcl"):
        raise Refused


def topic(tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]) -> Draft | None:
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
    if len(text.split()) < 2 or any(tokens[child].rel == "det" for child in head.children):
        return None
    return Draft(text, number, "topic", 1.5 if told else 1.2)


def equation(tokens: Sequence[Token], head: Token, number: int, limits: Limits, _: dict[str, float]) -> Draft | None:
    """'X — это Y', where both sides are short noun phrases and nothing else is said: the sentence as it is."""
    if head.text not in ("—", "–", "-") or head.glued:
        return None
    left = [token for token in tokens[: head.place] if token.is_word]
    stop = next((one.place for one in tokens[head.place + 1 :] if one.text in _MARKS), len(tokens))
    right = [token for token in tokens[head.place + 1 : stop] if token.is_word]
    if not left or not right or not _is_nominal(left) or not _is_nominal([one for one in right if one.lemma != "это"]):
        return None
    if any(token.text in _MARKS for token in tokens[: head.place]) or right[-1].pos in ("ADP", "CCONJ"):
        return None
    if all(one.lemma in lexicon.RU_EMPTY_NOUNS for one in left if one.pos in ("NOUN", "PROPN")):
        return None
    words = " ".join(one.text for one in left) + " — " + " ".join(one.text for one in right)
    places = [one.place for one in (*left, *right)]
    no_deixis(tokens, [place for place in places if tokens[place].lemma != "это"])
    no_halved_names(tokens, places)
    if len(places) > limits.max_words or len(words) > limits.max_characters:
        return None
    return Draft(render(tokens, places), number, "statement", 1.0)


_MARKS = frozenset({",", ".", "!", "?", ";", ":", "…", "(", ")"})


def _is_nominal(words: Sequence[Token]) -> bool:
    """Nouns with what belongs to them, the first of them in the nominative; no verb, no pronoun."""
    nouns = [one for one in words if one.pos in ("NOUN", "PROPN", "X")]
    allowed = all(one.pos in ("NOUN", "PROPN", "X", "ADJ", "ADP", "NUM", "ADV", "PART") for one in words)
    return bool(nouns) and allowed and nouns[0].feats.get("Case", "Nom") == "Nom"


def guest(tokens: Sequence[Token], head: Token, number: int, limits: Limits, _: dict[str, float]) -> Draft | None:
    """'у нас в гостях боксёр Альберт Батыргазиев' -> 'В гостях боксёр Альберт Батыргазиев'."""
    if head.text.lower() != "гостях" or head.place == 0 or tokens[head.place - 1].text.lower() != "в":
        return None
    names = [one for one in tokens[head.place + 1 :] if one.is_word]
    run: list[Token] = []
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


def phrase(tokens: Sequence[Token], head: Token, number: int, limits: Limits, worth: dict[str, float]) -> Draft | None:
    """A noun with its modifiers as a title of its own; used where no clause will do."""
    if head.pos != "NOUN" or head.rel in ("nmod", "flat", "fixed", "appos", "flat:name"):
        return None
    if head.lemma in lexicon.RU_EMPTY_NOUNS or worth.get(head.lemma, 0.0) < 0.35 or not known_word(head.text):
        return None
    if readings(head.text.lower())[0].tag.POS != "NOUN":
        return None
    if any(tokens[place].lemma in lexicon.RU_ON_AIR for place in subtree(tokens, head.place)):
        return None  # 'множество полезных видео'
    if any(tokens[child].rel == "det" or tokens[child].lemma in lexicon.RU_EMPTY_ADJECTIVES for child in head.children):
        return None
    if any(tokens[child].lemma in ("прошлый", "предыдущий", "следующий", "дорогой") for child in head.children):
        return None  # 'прошлая лекция', 'дорогие братья'
    text = nominative(tokens, head, limits, worth)
    if len(text.split()) < 2 or head.lemma in lexicon.RU_MEASURES or text[0].isdigit():
        return None
    return Draft(text, number, "phrase", 0.62)


def _check_phrase(tokens: Sequence[Token], places: list[int]) -> None:
    """Only nouns, their adjectives, prepositions and numbers; genitives where nothing governs; all of one piece."""
    for place in places:
        token = tokens[place]
        if token.pos not in ("NOUN", "PROPN", "ADJ", "ADP", "NUM", "X", "DET", "CCONJ") and token.rel != "amod":
            raise Refused
    for left, right in pairwise(place for place in places if tokens[place].pos != "ADP"):
        if any(
            tokens[between].pos in ("VERB", "AUX") or tokens[between].text in ".!?"
            for between in range(left + 1, right)
        ):
            raise Refused
        preposition = next((tokens[c].text.lower() for c in tokens[right].children if tokens[c].rel == "case"), "")
        if preposition in ("за", "через", "после", "до", "перед", "около", "при", "по"):
            raise Refused  # these hang on a verb more often than on a noun
        free = tokens[right].pos == "NOUN" and tokens[left].pos == "NOUN" and tokens[right].head == left
        if (
            free
            and tokens[right].feats.get("Case") != "Gen"
            and not any(tokens[c].rel == "case" for c in tokens[right].children)
        ):
            raise Refused


def nominative(tokens: Sequence[Token], noun: Token, limits: Limits, worth: dict[str, float]) -> str:
    """A noun phrase turned to the nominative, its adjectives with it. Raises `Refused` where that is not sure."""
    cut = Cut()
    noun_phrase(tokens, noun, cut, worth)
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
    places = fit(tokens, cut, limits, worth)
    no_deixis(tokens, places)
    _check_phrase(tokens, places)
    no_halved_names(tokens, places)
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


def questions(tokens: Sequence[Token], number: int, limits: Limits) -> list[Draft]:
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
    if inner & lexicon.RU_DEIXIS or inner & {"ты", "тебе", "тебя", "я", "мне", "меня", "мы", "нам"}:
        return []
    if inner <= lexicon.RU_FILLERS or not any(
        token.pos in ("NOUN", "PROPN") and token.lemma not in lexicon.RU_EMPTY_NOUNS for token in words
    ):
        return []
    predicate = any(token.is_finite or token.feats.get("VerbForm") == "Inf" for token in words)
    subject = any(token.pos in ("NOUN", "PROPN") and token.feats.get("Case") == "Nom" for token in words)
    if not predicate and not subject:
        return []
    text = render(tokens, places) + "?"
    return [Draft(text, number, "question", 1.1)] if len(text) <= limits.max_characters else []

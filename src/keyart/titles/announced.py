"""What a video says of itself: its announced topic, its heading, the work it names.

В этом видео хочу рассказать об очень простых способах борьбы с муравьями ──► Способы борьбы с муравьями
Рекомендации на 14 сентября, суббота.                                     ──► Рекомендации на 14 сентября
Сегодня вы услышите историю Виктории Царинной «Сад дядюшки Ульви»         ──► История «Сад дядюшки Ульви»
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from keyart.titles import lexicon
from keyart.titles.angles import to_nominative
from keyart.titles.cut import Limits
from keyart.titles.draft import Draft
from keyart.titles.line import quoted_spans, render
from keyart.titles.russian import Token, is_name, known_word, lemma_of, readings
from keyart.titles.whole import Refused, no_deixis

_TODAY = re.compile(
    r"\b(?:сегодня|сейчас|в (?:этом|сегодняшнем|данном|новом|прошлом) (?:видео|ролике|выпуске|уроке|видеоролике)"
    r"|мои советы|хочу|давайте|начинаем|продолжаем|мы будем|тема|темой|теме|тему|речь|посвящ)\b",
    re.I,
)
_PREPOSITIONS = ("о", "об", "обо", "про")
_NAMELESS = frozenset({"название", "тысяча", "номинация", "слово", "вопрос", "звание"})
HEADINGS = 4
"""Sentences from the beginning in which a title is read aloud; later ones without a verb are scraps of talk."""
_LESSONS = frozenset({"урок", "совет", "лекция", "занятие", "мастер-класс", "курс", "экскурсия", "обучение"})
_CHANNELS = frozenset({"канал", "чат", "группа", "сайт", "магазин", "портал", "блог", "радио", "телеканал"})


def announced(tokens: Sequence[Token], number: int, limits: Limits, _: dict[str, float]) -> list[Draft]:
    """Every topic that a sentence of the kind 'today we ...' names, as a noun phrase in the nominative."""
    if not _TODAY.search(" ".join(token.text for token in tokens)):
        return []
    found: dict[str, Draft] = {}
    for start in sorted(_matters(tokens)):
        for most in (limits.max_words, 4):
            with suppress(Refused):
                title = _title(tokens, start, Limits(most, limits.max_characters))
                found.setdefault(title, Draft(title, number, "topic", 1.4))
    return list(found.values())


def _matters(tokens: Sequence[Token]) -> set[int]:
    """Places where the noun phrase begins that the speaker's own words are about."""
    places = set()
    verbless = not any(token.is_finite for token in tokens)
    for at, token in enumerate(tokens):
        low, after = token.text.lower(), at + 1
        if token.pos == "VERB" and "приветств" not in token.lemma and _is_own(tokens, token):
            places.add(_skipped(tokens, after))
        elif low in _PREPOSITIONS or (token.lemma == "тема" and not _is_dash(tokens, after)) or _is_lesson(tokens, at):
            places.add(after)
        elif verbless and low in ("сегодня", "сейчас"):
            places.add(_skipped(tokens, after))
        elif _is_dash(tokens, at) and any(one.lemma == "тема" for one in tokens[:at]):
            places.add(after)
    return {place for place in places if place < len(tokens)}


def _is_lesson(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].text.lower() == "по" and at > 0 and tokens[at - 1].lemma in _LESSONS


def _is_dash(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].text in ("-", "–", "—") and not tokens[at].glued


def _skipped(tokens: Sequence[Token], at: int) -> int:
    """Past 'вам', 'с вами', 'у нас', 'вот такой' to what the verb is about."""
    while at < len(tokens):
        token, following = tokens[at], tokens[at + 1 : at + 2]
        to_person = token.pos == "ADP" and bool(following) and following[0].pos == "PRON"
        filler = token.pos in ("PRON", "DET", "PART", "AUX") or token.text.lower() in lexicon.RU_FILLERS
        if not (to_person or filler) or token.lemma in ("что", "который", "какой", "как"):
            break
        at += 1
    return at


def _is_own(tokens: Sequence[Token], verb: Token) -> bool:
    """First person, or an infinitive that hangs on a first person: 'будем готовить', 'хочу рассказать'."""
    seen: set[int] = set()
    while verb.place not in seen:
        seen.add(verb.place)
        near = [verb, *(tokens[child] for child in verb.children)]
        if any(one.feats.get("Person") == "1" and one.feats.get("Case", "Nom") == "Nom" for one in near):
            return True
        if verb.head < 0 or verb.feats.get("VerbForm") != "Inf":
            return False
        verb = tokens[verb.head]
    return False


def _title(tokens: Sequence[Token], start: int, limits: Limits) -> str:
    """The run of nouns with what belongs to them that begins at `start`, in the nominative. Raises `Refused`."""
    before = _before_head(tokens, start)
    head = tokens[before[-1].place + 1] if before else tokens[start]
    if head.pos not in ("NOUN", "PROPN", "X") or head.lemma in lexicon.RU_MEASURES:
        raise Refused
    kept = _trimmed([one for one in before if _says_something(one)], [head, *_after_head(tokens, head)], limits)
    behind = sum(one.place > head.place for one in kept)
    if head.lemma in lexicon.RU_EMPTY_NOUNS and not behind:
        raise Refused
    if len(kept) < 2 or (head.lemma in ("гость", "плюс", "минус") and not head.text.islower()):
        raise Refused
    places = [one.place for one in kept]
    no_deixis(tokens, places)
    turned = {one.place: _turned(one, head, tokens) for one in kept if one.place <= head.place and one.pos != "CCONJ"}
    return render(tokens, places, replaced=turned)


def _before_head(tokens: Sequence[Token], start: int) -> list[Token]:
    found = []
    for token in tokens[start:]:
        adverb = token.pos == "ADV" and token.text.lower() in lexicon.RU_FILLERS | {"самый", "максимально"}
        if not (token.pos in ("ADJ", "NUM", "CCONJ", "DET") or adverb or token.rel == "amod"):
            break
        found.append(token)
    return found if len(found) < len(tokens) - start else []


def _says_something(token: Token) -> bool:
    return token.pos in ("ADJ", "NUM", "VERB", "CCONJ") and token.lemma not in lexicon.RU_EMPTY_ADJECTIVES


def _after_head(tokens: Sequence[Token], head: Token) -> list[Token]:
    """The words right behind the head that belong to it: genitives, names, and 'из', 'с', 'для' with their nouns."""
    found: list[Token] = []
    noun = head
    for token in tokens[head.place + 1 :]:
        if token.text.lower() == "очень":
            continue
        free = not found or found[-1].pos not in ("ADP", "ADJ", "NUM", "CCONJ")
        if token.pos in ("ADP", "CCONJ"):
            if (
                token.text.lower() in _OF_TIME
                or token.text.lower() in ("а", "но")
                or (not free and found[-1].pos != "ADJ")
            ):
                break
        elif token.pos in ("NOUN", "PROPN", "X"):
            if token.lemma in _CHANNELS | {"видео", "ролик", "выпуск", "раз", "день"} or (
                free and not _belongs(token, noun)
            ):
                break
            noun = token
        elif token.lemma in lexicon.RU_DEIXIS or not (token.pos in ("ADJ", "NUM") or token.rel == "amod"):
            break
        found.append(token)
    return found


_OF_TIME = frozenset({"через", "после", "до", "перед", "около", "при", "во", "у", "за", "благодаря", "ради"})


def _belongs(token: Token, noun: Token) -> bool:
    """A bare noun behind a noun: its genitive, or its name in the same case."""
    case = token.feats.get("Case")
    if not known_word(token.text) and re.search("(?:ов|ев|ей|ий)$", token.text):
        return True
    return token.pos in ("X", "PROPN") or case == "Gen" or (token.rel == "appos" and case == noun.feats.get("Case"))


def _trimmed(before: list[Token], after: list[Token], limits: Limits) -> list[Token]:
    before = before[1:] if before and before[0].pos == "CCONJ" else before
    while True:
        while len(after) > 1 and after[-1].pos not in ("NOUN", "PROPN", "X") and not after[-1].text[0].isdigit():
            after.pop()
        words = [*before, *after]
        if len(words) <= limits.max_words and len(" ".join(one.text for one in words)) <= limits.max_characters:
            return words
        if len(after) == 1 or (before and len(before) >= 3):
            if not before or before[0].pos == "NUM":
                raise Refused
            before = [one for one in before[1:] if one.pos != "CCONJ"]
        else:
            after.pop()


def _turned(token: Token, head: Token, tokens: Sequence[Token]) -> str:
    counted = [one for one in tokens[max(0, head.place - 4) : head.place] if one.pos == "NUM"]
    if not counted:
        return _as_nominative(token, head)
    if head.feats.get("Case") == "Nom" or (
        head.feats.get("Case") in ("Gen", "Acc") and token.feats.get("Case") != "Loc"
    ):
        return token.text
    if token.pos == "NUM":
        if not token.text.isdigit() or int(token.text) < 5:
            raise Refused
        return token.text
    reading = next((one for one in readings(token.text.lower()) if one.tag.number == "plur"), None)
    turned = reading.inflect({"gent", "plur"}) if reading else None
    if turned is None:
        raise Refused
    return str(turned.word)  # 'о 10 вредных привычках' -> '10 вредных привычек'


def _as_nominative(token: Token, head: Token) -> str:
    own = token.place == head.place
    if own and not known_word(token.text) and not re.search("[уюыей]$", token.text.lower()):
        return token.text  # 'мак-н-чиз': what no dictionary has and no case ending shows
    return to_nominative(token, head)


def heading(tokens: Sequence[Token], number: int, limits: Limits, _: dict[str, float]) -> list[Draft]:
    """A short sentence without a verb that begins with a noun in the nominative: a title read aloud."""
    words = [token for token in tokens if token.is_word]
    start = words[0].place if words else 0
    if (
        len(words) > 2
        and words[1].lemma in ("друг", "зритель", "слушатель", "коллега")
        and tokens[start + 2].text == ","
    ):
        start += 3
    stop = next((token.place for token in tokens[start + 1 :] if token.text in ",.!?;:…"), len(tokens))
    kept = [token for token in tokens[start:stop] if token.is_word]
    if not 2 <= len(kept) <= limits.max_words or not _is_heading(tokens, kept):
        return []
    if stop < len(tokens) and (tokens[stop].text not in ".," or any(token.is_finite for token in tokens[stop:])):
        return []  # 'Отличное настроение, потому что ...' is no heading
    no_deixis(tokens, [token.place for token in kept])
    text = render(tokens, [token.place for token in kept])
    return (
        [Draft(text, number, "topic", 1.0 if number < HEADINGS else 0.5)] if len(text) <= limits.max_characters else []
    )


def _is_heading(tokens: Sequence[Token], kept: Sequence[Token]) -> bool:
    if any(_is_dash(tokens, at) for at in range(kept[0].place, kept[-1].place)):
        return False  # 'X — Y' claims something
    if any(one.feats.get("Degree") == "Cmp" for one in kept):
        return False  # 'Кожа белухи толще'
    allowed = all(one.pos in ("NOUN", "PROPN", "ADJ", "ADP", "NUM", "X", "CCONJ") for one in kept)
    nouns = [one for one in kept if one.pos in ("NOUN", "PROPN")]
    if not allowed or not nouns or nouns[0].feats.get("Case") != "Nom" or kept[0].pos in ("ADP", "CCONJ", "NUM"):
        return False
    if any(one.lemma in lexicon.RU_GREETINGS or one.lemma in lexicon.RU_CALLS for one in kept):
        return False
    if not all(known_word(one.text) or one.text[0].isupper() for one in kept):
        return False
    if nouns[0].lemma in lexicon.RU_EMPTY_NOUNS | {"плюс", "минус", "редактор", "спасибо"} or any(
        _is_sam(one) for one in kept
    ):
        return False
    return not all(one.lemma in lexicon.RU_EMPTY_NOUNS | lexicon.RU_EMPTY_ADJECTIVES for one in kept)


def _is_sam(token: Token) -> bool:
    return token.lemma in ("сам", "самый", "весь", "один")


def named_work(tokens: Sequence[Token], number: int, limits: Limits, _: dict[str, float]) -> list[Draft]:
    """A film, a tale, a function by its name: the noun in the nominative and the name in quotation marks."""
    found = []
    for first, last in quoted_spans(tokens):
        inside = [token for token in tokens[first + 1 : last] if token.is_word]
        if not inside or len(inside) > limits.max_words - 1:
            continue
        if any(token.text in ".!?" for token in tokens[first + 1 : last]):
            continue
        noun = _noun_before(tokens, first)
        name = render(tokens, [token.place for token in inside])
        name = name if name.startswith("«") else f"«{name}»"
        if noun is None or noun.lemma in _CHANNELS | _NAMELESS or _is_dependent(noun):
            continue
        text = f"{noun.lemma.capitalize()} {name}"
        if len(text) <= limits.max_characters:
            found.append(Draft(text, number, "topic", 1.2))
    return found


def _is_dependent(noun: Token) -> bool:
    """'Ракета класса «Союз»' names the rocket, not its class."""
    return noun.feats.get("Case") == "Gen" and noun.rel == "nmod"


def _noun_before(tokens: Sequence[Token], first: int) -> Token | None:
    """The common noun that the quotation names, with at most a person's name between: 'роман Булгакова «...'."""
    for token in reversed(tokens[max(0, first - 4) : first]):
        if not token.is_word or token.pos not in ("NOUN", "PROPN", "ADJ"):
            return None
        common = token.pos == "NOUN" and not is_name(token.text) and known_word(token.text)
        if common and token.feats.get("Number") != "Plur":
            reading = readings(token.text.lower())[0]
            return token if reading.tag.POS == "NOUN" and lemma_of(token.text, "NOUN") == token.lemma else None
    return None


SELF_NAMING = {"announced": announced, "heading": heading, "named work": named_work}
"""What makes drafts from a whole sentence, rather than from one word of it."""

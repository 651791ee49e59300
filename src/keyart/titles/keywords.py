"""What the text is about, as tags: nominative words and short phrases by lemma, names as they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from keyart.titles import lexicon
from keyart.titles.salience import Salience, content_lemmas, english_lemma
from keyart.titles.sentences import Sentence

MIN_TAGS, MAX_TAGS = 5, 12
LONG_TEXT_WORDS = 150
"""From so many words on, a tag must have been said twice."""
_PHRASE_WORTH = 1.35
"""A phrase says more than its noun alone."""
_TAIL = 0.3
"""Share of the best tag's worth below which no more are offered, once there are `MIN_TAGS`."""


@dataclass(slots=True)
class _Candidate:
    lemmas: tuple[str, ...]
    forms: Counter[str] = field(default_factory=Counter)
    """Printable forms, with how often each would be right."""

    @property
    def count(self) -> int:
        return self.forms.total()


def keywords(sentences: Sequence[Sentence], salience: Salience, language: str, most: int = MAX_TAGS) -> tuple[str, ...]:
    """At most `most` tags, best first; fewer where the text carries no more. No two share a head word's lemma."""
    found: dict[tuple[str, ...], _Candidate] = {}
    for one in sentences:
        candidates = _russian(one.text) if language == "ru" else _english(one.text)
        for lemmas, form in candidates:
            found.setdefault(lemmas, _Candidate(lemmas)).forms[form] += 1
    words = sum(len(one.text.split()) for one in sentences)
    least = 2 if words >= LONG_TEXT_WORDS else 1
    said = [one for one in found.values() if one.count >= least]
    if len(said) < MIN_TAGS:
        said = list(found.values())
    ranked = sorted(said, key=lambda one: (-_worth(one, salience), one.lemmas))
    return tuple(_shown(one) for one in _different(ranked, salience, most))


def _worth(one: _Candidate, salience: Salience) -> float:
    strength = [salience.strength.get(lemma, 0.0) for lemma in one.lemmas]
    if not strength or min(strength) == 0:
        return 0.0
    mean = sum(strength) / len(strength)
    return float(mean * (_PHRASE_WORTH if len(one.lemmas) > 1 and one.count > 1 else 1.0) * one.count**0.3)


def _different(ranked: Sequence[_Candidate], salience: Salience, most: int) -> list[_Candidate]:
    chosen: list[_Candidate] = []
    for one in ranked:
        tail = len(chosen) >= MIN_TAGS and _worth(one, salience) < _TAIL * _worth(ranked[0], salience)
        if len(chosen) >= most or tail or _worth(one, salience) == 0:
            break
        shared = [other for other in chosen if set(other.lemmas) & set(one.lemmas)]
        # a word beside its phrase says something new only where it is mostly said without it
        alone = len(one.lemmas) == 1 and all(one.count >= 3 * other.count for other in shared)
        if not shared or (alone and len(shared) == 1):
            chosen.append(one)
    return chosen


def _shown(one: _Candidate) -> str:
    return min(one.forms, key=lambda form: (-one.forms[form], form))


# --- Russian ------------------------------------------------------------------------------------------------------


def _russian(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """(lemmas, nominative form) of each noun, of each adjective with its noun, and of each full name."""
    from keyart.titles.russian import tokenise

    tokens = [word for word, _ in tokenise(text)]
    nouns = [_noun(word) for word in tokens]
    for place, noun in enumerate(nouns):
        if noun is None:
            continue
        lemma, form, tag = noun
        begins = place == 0 or tokens[place - 1] in _OPENING
        shown = _cased(tokens[place], form, first=begins)
        yield (lemma,), shown
        before = tokens[place - 1] if place else ""
        adjective, named = _agreeing(before, tag), nouns[place - 1] if place else None
        if adjective is not None:
            described, lemma_before = adjective
            yield (
                (lemma_before, lemma),
                f"{_cased(before, described, first=place == 1 or tokens[place - 2] in _OPENING)} {shown}",
            )
        elif named is not None and _is_full_name(named[2], tag):
            yield (named[0], lemma), f"{_cased(before, named[1], first=False)} {shown}"


_OPENING = frozenset({"«", '"', "“", "„", ".", ":", "!", "?"})
"""Marks after which a capital says nothing."""


def _is_full_name(first: object, second: object) -> bool:
    same = getattr(first, "case", None) == getattr(second, "case", None)
    return same and "Name" in str(first) and "Surn" in str(second)


def _noun(word: str) -> tuple[str, str, object] | None:
    """(lemma, nominative in the number that was said, tag), or None for what makes no tag."""
    from keyart.titles.russian import known_word, readings

    lowered = word.lower()
    if not re.fullmatch(r"[а-яё-]{3,}", lowered):
        return _foreign(word)
    best = readings(lowered)[0]
    lemma = str(best.normal_form).replace("ё", "е")
    if any(str(one.tag.POS) in ("ADJF", "NUMR", "COMP") for one in readings(lowered)):
        return None  # 'старое', 'больной', 'сто', 'толще': rarely what a text is about
    if str(best.tag.POS) != "NOUN" or not known_word(word) or not content_lemmas(lowered, "ru"):
        return None
    if lemma in lexicon.RU_EMPTY_NOUNS or lemma in lexicon.RU_MEASURES or lemma in lexicon.RU_RELATIONAL:
        return None
    if lemma in lexicon.RU_GREETINGS or lemma in lexicon.RU_CALLS or "Patr" in best.tag:
        return None
    if str(best.tag.case) == "voct" or lemma in _RU_DULL or lemma in lexicon.RU_NEEDS_ADJECTIVE:
        return None
    number = "plur" if str(best.tag.number) == "plur" else "sing"
    shown = best.inflect({"nomn", number}) or best.inflect({"nomn"})
    return (lemma, str(shown.word if shown else best.normal_form), best.tag) if shown else None


def _foreign(word: str) -> tuple[str, str, object] | None:
    # 'Photoshop', 'GPT-4': kept as written; small Latin words in Russian speech are mostly slips
    if re.fullmatch(r"[A-Z][A-Za-z]+[\w-]*|[A-Z]{2,}[\w-]*", word) and word.lower() not in lexicon.EN_STOP:
        return word.lower(), word, None
    return None


_RU_DULL = frozenset({
    "раз", "год", "день", "час", "минута", "секунда", "неделя", "месяц", "время", "момент", "друг", "ребята", "человек",
    "люди", "пара", "штука", "рубль", "процент", "сантиметр", "метр", "градус", "миллион", "тысяча", "номер", "утро",
    "вечер", "ночь", "сторона", "конец", "начало", "середина", "половина", "часть", "вид", "тип", "образ", "способ",
    "вариант", "пример", "вопрос", "ответ", "смысл", "слово", "канал", "видео", "ролик", "лайк", "подписка",
    "подписчик", "комментарий", "ссылка", "описание", "просмотр", "выпуск", "спасибо", "привет", "господин", "товарищ",
    "сегодня", "завтра", "вчера", "верх", "низ", "зад", "перед", "рука", "глаз", "лицо", "голова", "мир", "помощь",
    "получение", "наличие", "отличие", "связь", "счет", "случай", "очередь", "место", "дело", "вещь", "жизнь",
    "правило", "возможность", "состояние", "работа", "душа", "чудо", "задача", "плечо", "век", "подготовка", "рада",
    "чужое", "проблема", "результат", "процесс", "система", "ситуация", "качество", "количество", "размер", "форма",
    "цель", "отношение", "мысль", "имя", "название", "история", "группа", "уровень", "период", "фон", "итог", "факт",
    "пора",
})  # fmt: skip
"""Common nouns that tell one video from another by nothing."""


def _agreeing(word: str, noun: object) -> tuple[str, str] | None:
    """(form beside the noun's nominative, lemma) of an adjective that agrees with the noun."""
    from keyart.titles.russian import known_word, readings

    if noun is None or not re.fullmatch(r"[А-Яа-яЁё-]{4,}", word) or not known_word(word):
        return None
    number, case, gender = (str(getattr(noun, name, None)) for name in ("number", "case", "gender"))
    for one in readings(word.lower()):
        if str(one.tag.POS) != "ADJF" or "Apro" in one.tag or "Anum" in one.tag:
            continue
        lemma = str(one.normal_form).replace("ё", "е")
        if lemma in lexicon.RU_EMPTY_ADJECTIVES or lemma in lexicon.RU_DEIXIS or not content_lemmas(lemma, "ru"):
            return None
        same = str(one.tag.number) == number and str(one.tag.case) == case
        if same and (number == "plur" or str(one.tag.gender) == gender):
            wanted = {"nomn", "plur"} if number == "plur" else {"nomn", "sing", gender}
            shown = one.inflect(wanted)
            return (str(shown.word), lemma) if shown else None
    return None


def _cased(written: str, form: str, *, first: bool) -> str:
    """A name keeps its capital, as does what is written with one inside a sentence; other words are small in a tag."""
    from keyart.titles.russian import is_name

    if re.search("[A-Za-z]", form):
        return written
    if written.isupper() and len(written) > 1:
        return form.upper()
    if written[:1].isupper() and (is_name(written) or not first):
        return "-".join(part.capitalize() for part in form.split("-"))
    return form


# --- English ------------------------------------------------------------------------------------------------------


def _english(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """(lemmas, form) of each noun, of a noun with the noun or adjective before it, and of each name."""
    from keyart.titles.english import tag

    tagged = [(word, kind) for word, kind, *_ in tag(text)]
    for place, (word, kind) in enumerate(tagged):
        if not kind.startswith("NN") or not _english_noun(word):
            continue
        lemma, shown = english_lemma(word), _english_cased(word, kind, first=not place)
        yield (lemma,), shown
        before, kind_before = tagged[place - 1] if place else ("", "")
        fits = kind_before.startswith("NN") or kind_before == "JJ"
        if fits and _english_noun(before) and before.lower() not in lexicon.EN_EMPTY_ADJECTIVES:
            left = _english_cased(before, kind_before, first=place == 1)
            yield (english_lemma(before), lemma), f"{left} {shown}"


def _english_cased(word: str, kind: str, *, first: bool) -> str:
    """A name keeps its capital inside a sentence, an abbreviation anywhere; other words are small in a tag."""
    from keyart.titles.english_tags import lexicon

    abbreviated = (word.isupper() and word.lower() not in lexicon()) or not word[1:].islower()  # NASA, MacBook
    return word if abbreviated or (kind.startswith("NNP") and not first) else word.lower()


def _english_noun(word: str) -> bool:
    lowered = word.lower()
    if not re.fullmatch(r"[A-Za-z][\w'’-]{2,}", word) or not content_lemmas(lowered, "en"):
        return False
    dull = lexicon.EN_EMPTY_NOUNS | lexicon.EN_FILLERS | lexicon.EN_GREETINGS | lexicon.EN_DEIXIS | _EN_DULL
    return lowered not in dull and english_lemma(lowered) not in dull


_EN_DULL = frozenset({
    "time", "day", "year", "hour", "minute", "second", "week", "month", "moment", "people", "guy", "man", "woman",
    "side", "end", "start", "beginning", "middle", "half", "part", "kind", "sort", "type", "way", "example", "question",
    "answer", "word", "channel", "video", "clip", "like", "subscription", "subscriber", "comment", "link",
    "description", "episode", "today", "tomorrow", "yesterday", "morning", "evening", "night", "hand", "case", "place",
    "number", "thank", "thanks", "hello", "mr", "mrs", "everybody", "everyone", "life", "world", "course",
})  # fmt: skip

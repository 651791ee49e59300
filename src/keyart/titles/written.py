"""Written news or speech? Told from the text alone; and who reports it, which no headline repeats.

Нефть вытекла в болото[, сообщил в воскресенье регулятор]. [Как пишет «Коммерсантъ»,] театр открылся.
"""

from __future__ import annotations

import html
import re

MAX_PERSONS = 1.0
"""First and second persons and small talk, in a hundred words outside quotations: written news has 0 in nine texts of
ten and up to 0.9 in the others, recognised speech 5.6 on average."""
MIN_SENTENCE_WORDS = 10.0
"""Words between points: written news has 10 ... 30, recognised speech 9.6 on average."""
MIN_WORDS = 30
"""A shorter text is not judged."""

_PERSONS = re.compile(
    r"\b(?:я|мы|ты|вы|мне|меня|мной|нам|нас|нами|вам|вас|вами|тебе|тебя|мо[йяеёи]|мо(?:его|ей|ему|их|ю)"
    r"|наш\w{0,3}|ваш\w{0,3}|вот|ну|да|давайте|сегодня|здравствуйте|друзья|привет)\b",
    re.I,
)
_QUOTED = re.compile(r"«[^»]{0,1500}»|“[^”]{0,1500}”|(?<!\w)\"(?=\w)[^\"]{0,1500}(?:\"(?!\w)|$)")


def is_written(text: str, language: str) -> bool:
    """Long sentences with points, and nobody who says 'I' or 'you' outside quotations. Russian only.

    >>> is_written("Театр на площади открылся после долгой реконструкции, сообщили в мэрии города. " * 5, "ru")
    True
    >>> is_written("Ну вот, друзья, сегодня мы с вами идём в театр. Я вам всё покажу! " * 5, "ru")
    False
    """
    if language != "ru":
        return False
    own = _QUOTED.sub(" ", html.unescape(text))
    words = len(re.findall(r"\w+", own))
    points = len(re.findall(r"[.!?…](?=\s|$)", own))
    if words < MIN_WORDS or not points:
        return False
    persons = 100 * len(_PERSONS.findall(own)) / words
    return persons <= MAX_PERSONS and words / points >= MIN_SENTENCE_WORDS


_SAYS = (
    r"(?:сообщ(?:ил|а[ею]т)|заявил|рассказ(?:ал|ыва[ею]т)|уточн(?:ил|я[ею]т)|пояс?н(?:ил|я[ею]т)|отмет(?:ил|ча[ею]т)"
    r"|отмеча[ею]т|говорит|переда(?:[её]т|[ею]т|л)|передают|пиш(?:ет|ут)|показ(?:ал|ыва[ею]т)|выяснил|говорится|добав(?:ил|ля[ею]т)|подчеркн(?:ул)|свидетельству[ею]т"
    r"|сказал|следует|информиру[ею]т|подтверд(?:ил)|цитиру[ею]т)(?:а|о|и|ся|ось)?"
)
_TAIL = re.compile(rf",\s*[—–-]?\s*(?:(?:об этом|как)\s+)?{_SAYS}\b[^.!?]*(?=[.!?…]*$)", re.I)
_HEAD = re.compile(
    rf"^(?:(?:как\s+{_SAYS}\b|по (?:словам|данным|информации|сведениям|сообщению)\b"
    r"|согласно\b)[^,]{2,90},\s*)",
    re.I,
)


def unattributed(sentence: str) -> str:
    """The sentence without who said so, where that stands at its end or before its first comma.

    >>> unattributed("Пожар локализован, сообщила пресс-служба МЧС.")
    'Пожар локализован.'
    >>> unattributed("По словам пилота, самолёт сел в поле.")
    'Самолёт сел в поле.'
    """
    rest = _HEAD.sub("", _TAIL.sub("", sentence)).strip()
    return rest[:1].upper() + rest[1:] if rest != sentence.strip() else rest

"""What a text says without standing for it: the word of somebody else, hearsay, and what its next sentence takes back.

A headline states; so what is only reported, hedged or refuted makes none, however well its words are supported.
"""

from __future__ import annotations

import re

_REPORTED = {
    "ru": re.compile(
        r"\bпо (?:[\w-]+ ){0,2}?(?:словам|мнению|версии|утверждению|убеждению|слухам)\b|\bякобы\b|\bбудто\b"
        r"|\bесли верить\b|(?:^|, )говорят\b|\bслухи\b|\bпринято (?:считать|думать|полагать)\b"
        r"|(?<!мы )\b(?:думали|считали|полагали|верили|сказали|говорили|уверяли|утверждали|обещали), (?:что|будто)\b",
        re.I,
    ),
    "en": re.compile(
        r"\bso (?:they|he|she|the \w+) (?:say|said|claim)s?\b|\b(?:supposedly|allegedly|apparently|reportedly)\b"
        r"|\baccording to\b|\b(?:they|people|many|some|critics|opponents|experts) (?:say|think|believe|claim)\b",
        re.I,
    ),
}
_REFUTES = {
    "ru": re.compile(
        r"\bни при ч[её]м\b|\bэто (?:не так|не правда|неправда|миф|ложь|заблуждение|ошибка)\b|\bотрица(?:ет|ют|л)"
        r"|\bопроверг|\bотменил[аи]? это\b|^но на самом деле\b|\bне согласен\b|\bне согласна\b",
        re.I,
    ),
    "en": re.compile(
        r"\b(?:disagree|not true|a myth|isn't so|is not so)\b|\bdo(?:es)?n't agree\b"
        r"|\bturned out (?:to be )?(?:false|wrong)"
        r"|\b(?:he|she|they|it|that|this|which)(?:'s| is| was| were) (?:wrong|false)\b",
        re.I,
    ),
}


def is_doubted(line: str, sentence: str, following: str, language: str) -> bool:
    """Whether `sentence` reports what `line` states, with words that the line lacks, or `following` takes it back.

    >>> is_doubted("Цех закрыт", "По словам мэра, цех закрыт.", "", "ru")
    True
    >>> is_doubted("Slugs hate copper", "Slugs hate copper.", "It's a myth.", "en")
    True
    >>> is_doubted("Slugs hate copper", "Slugs hate copper.", "Snails do too.", "en")
    False
    """
    reported, refutes = _REPORTED.get(language), _REFUTES.get(language)
    if reported is None or refutes is None:
        return False
    words = line.casefold()
    hearsay = any(found.group().strip(" ,").casefold() not in words for found in reported.finditer(sentence))
    return hearsay or bool(refutes.search(following))

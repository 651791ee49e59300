from __future__ import annotations

import pytest

from keyart.titles.subject import Pair, subject_and_verb


@pytest.mark.parametrize(
    ("headline", "pair"),
    [
        # both rows of the thesis' table 5.5
        ("Человек сидит за ноутбуком и программирует", Pair("человек", "сидеть")),
        (
            "Чайная церемония — чайная церемония неотъемлемая часть китайской культуры",
            Pair("чайная церемония", "часть"),
        ),
        ("Молодые учёные создали фильтр", Pair("молодые учёные", "создать")),
        ("Кот громко мяукал", Pair("кот", "мяукать")),
        ("Быстро!", None),
    ],
)
def test_russian(headline: str, pair: Pair | None) -> None:
    assert subject_and_verb(headline) == pair


@pytest.mark.parametrize(
    ("headline", "pair"),
    [
        ("The new telescope will study dark matter", Pair("new telescope", "study")),
        ("Engineers tested the mirror", Pair("engineers", "tested")),
        ("How to bake bread", None),
        ("Is the sea blue", None),
    ],
)
def test_english(headline: str, pair: Pair | None) -> None:
    assert subject_and_verb(headline, "en") == pair

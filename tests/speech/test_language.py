from __future__ import annotations

import pytest

from keyart.speech.language import guess_language, language_name, short_code


@pytest.mark.parametrize(
    ("tag", "code"), [("rus", "ru"), ("en-US", "en"), ("EN", "en"), ("und", ""), ("", ""), ("ger", "de"), ("xyz", "")]
)
def test_short_code(tag: str, code: str) -> None:
    assert short_code(tag) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Сегодня мы идём в лес за грибами", "ru"),
        ("Сьогодні ми йдемо до лісу, і це чудово є", "uk"),
        ("The fox is in the woods and it is not alone", "en"),
        ("Der Fuchs ist in dem Wald und das ist nicht gut", "de"),
        ("我们今天去北京看看", "zh"),
        ("今日は学校に行きます", "ja"),
        ("сегодня мы смотрим iPhone и MacBook", "ru"),
        ("Lorem ipsum dolor", ""),
        ("1234", ""),
        ("", ""),
    ],
)
def test_guess_language(text: str, code: str) -> None:
    assert guess_language(text) == code


def test_language_name() -> None:
    assert language_name("ru") == "Russian"
    assert language_name("xx") == "language 'xx'"
    assert language_name("") == "an unknown language"

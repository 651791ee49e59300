"""What a video says of itself, read by a person once and held since."""

from __future__ import annotations

import pytest

from keyart.titles.announced import SELF_NAMING
from keyart.titles.clauses import self_named
from keyart.titles.cut import Limits
from keyart.titles.russian import parse


def _named(said: str, number: int = 0, limits: Limits | None = None) -> list[str]:
    return [one.text for one in self_named(parse(said), number, limits or Limits(), {})]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("В этом видео я хочу рассказать об очень простых способах ловли щуки.", "Простые способы ловли щуки"),
        ("Сегодня мы будем вязать варежки с узором из старых ниток.", "Варежки с узором из старых ниток"),
        ("Сегодня я хочу поговорить о 10 вредных советах.", "10 вредных советов"),
        ("Сегодня хочу поделиться рецептом очень вкусного и лёгкого супа.", "Рецепт вкусного и лёгкого супа"),
        ("Тема нашего урока – зимняя рыбалка с лодки.", "Зимняя рыбалка с лодки"),
        ("Дорогие друзья, новости на 3 мая, среда.", "Новости на 3 мая"),
        ("Вы услышите сказку «Лиса и журавль».", "Сказка «Лиса и журавль»"),
    ],
)
def test_what_is_announced(said: str, title: str) -> None:
    assert title in _named(said)


@pytest.mark.parametrize(
    "said",
    [
        "Вчера сосед говорил о плохой дороге.",  # not the video's own topic
        "Подписывайтесь на канал «Рыбалка у нас».",
        "Отличное настроение, потому что пришло лето.",
        "Взлетела ракета класса «Восток».",
        "Сегодня давайте поприветствуем нашего дорогого гостя.",
    ],
)
def test_what_announces_nothing(said: str) -> None:
    assert _named(said) == []


def test_limits_hold() -> None:
    said = "Сегодня мы будем вязать варежки с узором из старых шерстяных ниток для детей и взрослых."
    assert all(len(one.split()) <= 4 and len(one) <= 30 for one in _named(said, limits=Limits(4, 30)))


@pytest.mark.parametrize("name", SELF_NAMING)
def test_every_maker_is_silent_on_nothing(name: str) -> None:
    assert SELF_NAMING[name](parse("Да."), 0, Limits(), {}) == []

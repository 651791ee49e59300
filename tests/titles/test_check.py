"""Lines that may not be printed, and why."""

from __future__ import annotations

import pytest

from keyart.titles.check import problems


@pytest.mark.parametrize(
    ("text", "angle", "problem"),
    [
        ("Учёные создали фильтр для", "statement", "dangling end"),
        ("И учёные создали фильтр", "statement", "begins in the middle"),
        ("Он создал новый фильтр", "statement", "points outside"),
        ("Учёные создали «дешёвый фильтр", "statement", "unbalanced quotes"),
        ("учёные создали фильтр", "statement", "no capital"),
        ("Дешёвый фильтр для воды", "statement", "no predicate"),
        ("Учёные создали создали фильтр", "statement", "a word twice"),
        ("Учёные создали фильтр в воде, ", "statement", "ends in a mark"),
        ("Полномetrageный фильм вышел", "statement", "mixed alphabets"),
        ("Город растёт вокруг завода из бетоном", "statement", "wrong case after 'из'"),
        ("Новом году начнутся большие учения", "statement", "a case without its preposition"),
        ("Учёные создали фильтр продаёт магазин", "statement", "two clauses run together"),
        ("Новый фильтр купили", "phrase", "a verb among nouns"),
        ("12 345", "statement", "no words"),
        ("Мы отправимся в страну восходящего", "statement", "an adjective without its noun"),
        ("Тьма и свет делятся на низшие", "statement", "an adjective without its noun"),
        ("Четвёрка была стала восьмёрка", "statement", "two clauses run together"),
        ("Законы работают полную мощь", "statement", "a noun that nothing governs"),
        ("Мужчина земного может быть знака", "statement", "an adjective without its noun"),
        ("Чудеса проявляются в фактах конкретных", "statement", "an adjective behind its noun"),
        ("Реакция на виды раздражителей брошенный", "phrase", "an adjective without its noun"),
        ("При взрыве содержание должно", "statement", "dangling end"),
        ("Что скрывает от вас карта", "statement", "points outside"),
    ],
)
def test_russian_problems(text: str, angle: str, problem: str) -> None:
    assert problem in problems(text, "ru", angle)


@pytest.mark.parametrize(
    ("text", "angle"),
    [
        ("Учёные создали дешёвый фильтр", "statement"),
        ("В Казани посадили риелтора", "statement"),
        ("Чайная церемония — часть культуры", "statement"),
        ("Ракета «Союз» стартовала с космодрома", "name"),
        ("Как выбрать блесну для форели?", "question"),
        ("Ловля форели на рассвете", "topic"),
        ("Как правильно хранить улов", "how-to"),
        ("Что скрывает от вас загаданная женщина?", "question"),
        ("Вода должна быть холодной", "statement"),
        ("Мы нянчим малыша в жёлтом", "statement"),
        ("Врачи советуют курс лечения", "statement"),
        ("Мотор работает целый час", "statement"),
        ("AIBA лишена статуса", "statement"),
        ("Не менее 147 человек погибли в результате дождей", "lead"),
        ("Температура опустится до минус 15 градусов", "statement"),
        ("Больше 20 тысяч человек доставлены в пункты размещения", "number"),
    ],
)
def test_russian_lines_that_pass(text: str, angle: str) -> None:
    assert problems(text, "ru", angle) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("The telescope will study the", "dangling end"),
        ("Because the telescope failed", "begins in the middle"),
        ("The crew trusted them", "points outside"),
        ("My highest one was 7.9 percent", "points outside"),
        ("The old telescope", "no predicate"),
        ("The crew (all of them was lost", "unbalanced quotes"),
    ],
)
def test_english_problems(text: str, problem: str) -> None:
    assert problem in problems(text, "en")


def test_english_lines_that_pass() -> None:
    assert problems("The telescope will study dark matter", "en") == ()
    assert problems("How to bake bread", "en", "how-to") == ()
    assert problems("Etwas Deutsches", "de") == ()

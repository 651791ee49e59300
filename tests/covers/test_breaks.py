"""Lines end with a meaning."""

from __future__ import annotations

from itertools import pairwise

import pytest

from keyart.covers.breaks import MAX_WORDS, glued, is_small, key_words, leans, shortened, ways_to_break
from keyart.covers.fonts import find_typeface

TEXTS = (
    "Как мы построили дом за 30 дней и не поссорились",
    "Пять ошибок на кухне, которые портят любой ужин",
    "Why the sea is salty and who proved it in the end",
    "Путь в горы: что взять с собой — и что оставить",
)


@pytest.mark.parametrize("text", TEXTS)
def test_no_line_ends_with_a_preposition_and_none_begins_with_a_dash(text: str) -> None:
    for way in ways_to_break(text, find_typeface(text))[:4]:
        assert " ".join(way.lines) == text
        assert not any(leans(line.split()[-1]) for line in way.lines[:-1]), way.lines
        assert not any(line.startswith("—") for line in way.lines)


def test_lines_are_balanced_and_widths_measured() -> None:
    one, two, *_ = ways_to_break("Как выбрать первый велосипед", find_typeface("Ж"))
    assert two.lines == ("Как выбрать", "первый велосипед")
    assert two.width_em < one.width_em and one.badness == 0


def test_a_number_stays_with_its_noun() -> None:
    two = ways_to_break("Дом за 30 дней", find_typeface("Ж"))[1]
    assert two.lines == ("Дом", "за 30 дней")


def test_names_stay_together_and_particles_with_their_word() -> None:
    assert ways_to_break("When Neil Armstrong came home", find_typeface("A"))[1].lines[1] == "came home"
    assert ways_to_break("Сможешь ли повторить", find_typeface("A"))[1].lines == ("Сможешь ли", "повторить")


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("Дом за 30 дней", "30|дней"),
        ("Накопили 20 тыс. рублей за год", "тыс.|рублей"),
        ("Что сказал Л. Н. Толстой о войне", "Л.|Н."),
        ("Что сказал Л. Н. Толстой о войне", "Н.|Толстой"),
        ("Кто такой Илон Маск на самом деле", "Илон|Маск"),
        ("Илон Маск строит город на Марсе", "Илон|Маск"),
        ("Why Mr. Smith left New York again", "Mr.|Smith"),
        ("Why Mr. Smith left New York again", "New|York"),
        ("Самый № 1 в мире велосипед", "№|1"),
        ("Сколько стоит Full HD сегодня", "Full|HD"),
        ("В школу и не только по делам", "не|только"),
        ("Пять ошибок новичка на кухне", "Пять|ошибок"),
    ],
)
def test_what_belongs_together_is_not_parted(text: str, parted: str) -> None:
    left, right = parted.split("|")
    tidy = sorted(ways_to_break(text, find_typeface(text)), key=lambda way: way.badness)
    for way in tidy[:2]:
        for above, below in pairwise(way.lines):
            assert not (above.split()[-1] == left and below.split()[0] == right), way.lines


def test_in_title_case_a_capital_tells_no_name() -> None:
    two = ways_to_break("How To Choose Your First Mountain Bike", find_typeface("A"))[1]
    assert two.lines == ("How To Choose", "Your First Mountain Bike")


SHORT_WORDS = [
    "в",
    "с",
    "к",
    "о",
    "и",
    "не",
    "на",
    "по",
    "у",
    "от",
    "за",
    "из",
    "до",
    "the",
    "a",
    "an",
    "of",
    "to",
    "in",
    "on",
    "for",
    "with",
]


@pytest.mark.parametrize("word", SHORT_WORDS)
def test_short_words_stay_with_the_next(word: str) -> None:
    text = f"Прекрасное далёко {word} неведомые дороги"
    for way in ways_to_break(text, find_typeface(text))[1:3]:
        assert not any(line.endswith(f" {word}") or line == word for line in way.lines), way.lines


def test_very_long_texts_are_broken_in_pairs_and_empty_ones_not_at_all() -> None:
    assert len(glued(" ".join(["слово"] * 50))) <= MAX_WORDS
    assert ways_to_break("  ", find_typeface("A")) == ()


@pytest.mark.parametrize(
    ("word", "leaning"), [("в", True), ("«На", True), ("и", True), ("the", True), ("дом", False), ("за,", False)]
)
def test_leaning_words(word: str, leaning: bool) -> None:
    assert leans(word) is leaning


def test_pronouns_are_small_but_may_end_a_line() -> None:
    assert is_small("мы") and not leans("мы")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Дом за 30 дней", "30 дней"),
        ("Выросли до 80", "80"),
        ("Как Гагарин полетел в космос", "Гагарин"),
        ("Почему море солёное", "солёное"),
        ("Дом", ""),
    ],
)
def test_key_words(text: str, words: str) -> None:
    assert key_words(text) == words


def test_shortening_ends_a_clause_or_a_word() -> None:
    assert shortened("Коротко", 20) == "Коротко"
    assert shortened("Три дня в горах без связи, и вот что мы узнали о себе", 40) == "Три дня в горах без связи"
    assert shortened("Очень длинное предложение которое никак не кончается", 34) == "Очень длинное предложение которое…"
    assert shortened("Подготовка к полёту на Марс", 25) == "Подготовка к полёту…"
    assert shortened("ы" * 50, 10) == "ы" * 9 + "…"

"""Captions in capitals throughout."""

from __future__ import annotations

import pytest

from keyart.titles.describe import DescribeVideo
from keyart.titles.shouted import quieted
from keyart.titles.write import WriteTitles
from keyart.types import Cue, Transcript


def quiet(text: str, language: str) -> str:
    """Of cues parted by a stroke."""
    cues = [Cue(part, float(at), at + 1.0) for at, part in enumerate(text.split("|"))]
    return "|".join(cue.text for cue in quieted(cues, language))


@pytest.mark.parametrize(
    ("shouted", "quiet_again"),
    [
        ("СЕГОДНЯ МЫ УЗНАЕМ,|КАК ИСПЕЧЬ ХЛЕБ. ТЕСТО ЛЕЖИТ|В ТЕПЛЕ!|ЧАС",
         "Сегодня мы узнаем,|как испечь хлеб. Тесто лежит|в тепле!|Час"),
        ("ИНЖЕНЕРЫ НАСА И МЧС В МОСКВЕ ЖДУТ РНК ДЛЯ МКС", "Инженеры НАСА и МЧС в Москве ждут РНК для МКС"),
        ("АННА ПЕТРОВА ИЗ САНКТ-ПЕТЕРБУРГА И МАША", "Анна Петрова из Санкт-Петербурга и Маша"),
        ("У КОГО ВЕРА ПРОЧНЕЕ, ЧЕМ ВЕРА ИВАНОВА?", "У кого вера прочнее, чем Вера Иванова?"),
        ("СТИХИ А. С. ПУШКИНА. ЧТО-НИБУДЬ О YOUTUBE", "Стихи А. С. Пушкина. Что-нибудь о YOUTUBE"),
        ("УЧЁНЫЕ МГУ ВЫЛЕЧИЛИ СТО ДЕТЕЙ ПО СОВЕТУ ВОЗ", "Учёные МГУ вылечили сто детей по совету ВОЗ"),
        ("ЗАВОД ОТКРЫЛИ В 1995 Г. В КАЗАНИ", "Завод открыли в 1995 г. в Казани"),
        ("ОН УШЁЛ. «МЫ В ЛЕС» — СКАЗАЛ ОН. — ХОРОШО. «СТОЙ!» — КРИКНУЛ Я. ПОТОМ ВСЁ",
         "Он ушёл. «Мы в лес» — сказал он. — Хорошо. «Стой!» — крикнул я. Потом всё"),
        ("ЭТО ИЛИ ОНА БЫЛА ТАМ, ХМ, С НИМ, К ЧЕМУ Я И ГОВОРЮ", "Это или она была там, хм, с ним, к чему я и говорю"),
    ],
)  # fmt: skip
def test_russian(shouted: str, quiet_again: str) -> None:
    assert quiet(shouted, "ru") == quiet_again


@pytest.mark.parametrize(
    ("shouted", "quiet_again"),
    [
        ("TODAY WE'LL BAKE|SOURDOUGH. I'M IN, IT’S FIVE O'CLOCK",
         "Today we'll bake|sourdough. I'm in, it’s five o'clock"),
        ("NASA ENGINEERS IN HOUSTON ON THE ISS", "NASA engineers in Houston on the ISS"),
        ("MARK ZUCKERBERG LEAVES A MARK ON MR. O'BRIEN", "Mark Zuckerberg leaves a mark on Mr. O'Brien"),
        ("A STATE-OF-THE-ART U.S. MODEL ON MONDAY", "A state-of-the-art U.S. model on Monday"),
        ("SOLDIERS WEREN'T READY, HASN’T HE SAID VITAMIN C. IT HELPS",
         "Soldiers weren't ready, hasn’t he said vitamin C. It helps"),
        ("THE US ARMY IN THE UNITED STATES AND SOUTH KOREA", "The US army in the United States and South Korea"),
        ("HE CAME. \"WE GO,\" HE SAID. >> YES", 'He came. "We go," he said. >> Yes'),
        ("VLOGGING ON YOUTUBE WITH KARDASHIAN", "Vlogging on Youtube with Kardashian"),
    ],
)  # fmt: skip
def test_english(shouted: str, quiet_again: str) -> None:
    assert quiet(shouted, "en") == quiet_again


def test_what_is_not_shouted_stays_as_it_is() -> None:
    usual = "США и КНР подписали договор.|СССР, США|ВНИМАНИЕ!|Он сказал: НЕТ."
    assert quiet(usual, "ru") == usual
    assert quiet(usual.upper(), "de") == usual.upper()


def test_a_sign_among_usual_lines_is_quieted_alone() -> None:
    assert quiet("Мы едем.|ДЕСЯТЬ ЛЕТ СПУСТЯ|в США", "ru") == "Мы едем.|Десять лет спустя|в США"


TALK = {
    "ru": "Сегодня мы узнаем, как испечь хлеб у себя дома. Тесто поднимается два часа в тёплом месте. "
          "Инженеры НАСА едят этот хлеб на МКС. Анна Петрова печёт его на озере Байкал уже сорок лет.",
    "en": "Today we will learn how to bake bread at home. The dough rises for two hours in a warm place. "
          "NASA engineers in Houston use the same recipe on the ISS.",
}  # fmt: skip


@pytest.mark.parametrize("language", TALK)
def test_titles_and_description_are_those_of_the_same_text_in_small_letters(language: str) -> None:
    usual, shouted = (
        Transcript(language, "s", (Cue(text, 0.0, 20.0),)) for text in (TALK[language], TALK[language].upper())
    )
    titles = [one.text for one in WriteTitles().write(usual)]
    assert titles
    assert [one.text for one in WriteTitles().write(shouted)] == titles
    assert DescribeVideo()(shouted).value == DescribeVideo()(usual).value


def test_abbreviations_stay_so_in_tags() -> None:
    tags = DescribeVideo()(Transcript("en", "s", (Cue(TALK["en"].upper(), 0.0, 20.0),))).value.tags
    assert {"NASA", "ISS", "Houston", "dough"} <= set(tags)

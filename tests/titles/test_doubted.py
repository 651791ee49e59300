"""What a text reports, hedges or takes back makes no headline."""

from __future__ import annotations

import pytest

from keyart.titles.describe import DescribeVideo
from keyart.titles.doubted import is_doubted
from keyart.titles.write import WriteTitles
from keyart.types import Cue, Transcript


def lines(text: str, language: str) -> list[str]:
    """Every line that could be offered for the text."""
    return [one.text for one in WriteTitles(count=20).write(Transcript(language, "s", (Cue(text, 0.0, 30.0),)))]


MORE = {
    "ru": " Мастер починил насос за два часа. Хозяин заплатил мастеру пять тысяч рублей.",
    "en": " The gardener planted forty roses in May. The roses need water every morning.",
}


@pytest.mark.parametrize(
    ("said", "never"),
    [
        ("В сервисе ему сказали, что виноват дроссель, и взяли за чистку деньги.", "дроссель"),
        ("Принято считать, что империю погубил хлебный кризис в Петрограде.", "погубил"),
        ("Раньше думали, что империю погубил хлебный кризис.", "погубил"),
        ("По его словам, подрядчик отстаёт от графика на три недели.", "отстаёт"),
        ("Подрядчик отстаёт от графика на три недели. Сам подрядчик это отрицает.", "отстаёт"),
        ("Сорт «Бычье сердце» болеет чаще, чем «Де Барао».", "болеет"),
        ("Карточку заблокировали за чужое фото.", "за фото"),
        ("Один мужчина из Казани принимал 50 000 МЕ в день.", "50 000 МЕ"),
        ("На прошлой лекции мы говорили о войне.", "Прошлая"),
    ],
)
def test_russian(said: str, never: str) -> None:
    found = lines(said + MORE["ru"], "ru")
    assert found and not [one for one in found if never in one and "в день" not in one]


@pytest.mark.parametrize(
    ("said", "never"),
    [
        ("Slugs hate copper tape, or so the packet says.", "hate"),
        ("Copper tape stops slugs, supposedly.", "stops"),
        ("Copper tape stops slugs, according to the packet.", "stops"),
        ("Copper tape stops slugs in the garden. That is false.", "stops"),
        ("Astronauts aren't weightless because there's no gravity.", "weightless"),
        ("The Moon is about 384,000 kilometers away and it moves.", "kilometers"),
        ("My brother swears by whole wheat, but it makes the loaf dense.", "swears"),
        ("My husband wanted to buy a house first, but we did not.", "wanted"),
        ("Mahomes said after the game that he was tired.", "said"),
    ],
)
def test_english(said: str, never: str) -> None:
    found = lines(said + MORE["en"], "en")
    assert found and not [one for one in found if never in one]


def test_what_the_text_says_itself_stays() -> None:
    assert "Насос сломался" in " ".join(lines("Я думаю, что насос сломался в мае." + MORE["ru"], "ru"))
    assert "Мужчина принимал 50 000 МЕ в день" in lines("Мужчина принимал 50 000 МЕ в день." + MORE["ru"], "ru")
    assert not is_doubted("По словам мэра, цех закрыт", "По словам мэра, цех закрыт.", "", "ru")
    assert not is_doubted("Цех закрыт", "Цех закрыт, говорят.", "", "de")


def test_a_description_ends_on_nothing_that_was_overturned() -> None:
    said = "Судья решила, что банк проверил всё как следует. Апелляция отменила это решение. "
    found = DescribeVideo(chapters=False)(Transcript("ru", "s", (Cue(said + MORE["ru"], 0.0, 30.0),))).value
    assert found.claims and "Судья" not in found.text


def test_letters_joined_by_an_ampersand_are_one_word() -> None:
    assert "The S&P 500 fell 0.8 percent" in lines("The S&P 500 fell 0.8 percent." + MORE["en"], "en")

"""Written news: is it any, and what is left of its first sentence. Every line here was made up."""

from __future__ import annotations

import pytest

from keyart.titles.check import problems
from keyart.titles.cut import Limits
from keyart.titles.lead import lead, sounds
from keyart.titles.whole import Refused
from keyart.titles.write import WriteTitles
from keyart.titles.written import is_written, unattributed
from keyart.types import Cue, Transcript

NEWS = (
    "Жители посёлка Заречный в пятницу собрали более двух тонн макулатуры для ремонта библиотеки, сообщает "
    "пресс-служба администрации. Работы в здании начнутся весной и продлятся до конца августа. Деньги на новую мебель "
    "выделит областной бюджет, а книги передадут жители соседнего города. «Мы рады, что нам помогают», — сказала "
    "директор библиотеки Анна Попова."
)
SPEECH = (
    "Ну вот, друзья, сегодня мы с вами поговорим о библиотеке в нашем посёлке. Я вам расскажу, как мы собирали "
    "макулатуру. Вы знаете, это было нелегко! Давайте посмотрим, что у нас получилось, и пойдём дальше по улице."
)


def test_news_is_told_from_speech_by_the_text_alone() -> None:
    assert is_written(NEWS, "ru")  # the 'we' of its quotation is somebody else's
    assert not is_written(SPEECH, "ru")
    assert not is_written("Театр открылся.", "ru")  # too short to judge
    assert not is_written(NEWS, "en")


@pytest.mark.parametrize(
    ("told", "claim"),
    [
        ("Пожар локализован, сообщила пресс-служба МЧС.", "Пожар локализован."),
        ("Как пишет «Коммерсантъ», театр открылся.", "Театр открылся."),
        ("По данным синоптиков, в Петербурге ожидается снегопад.", "В Петербурге ожидается снегопад."),
        ("Большинство россиян копят деньги, показал опрос.", "Большинство россиян копят деньги."),
        ("По мнению эксперта, цены упадут.", "По мнению эксперта, цены упадут."),  # an opinion stays somebody's
        ("Цены упадут, считает эксперт.", "Цены упадут, считает эксперт."),
        ("Мэр, сообщивший о ремонте, ушёл.", "Мэр, сообщивший о ремонте, ушёл."),
    ],
)
def test_who_reports_goes(told: str, claim: str) -> None:
    assert unattributed(told) == claim


@pytest.mark.parametrize(
    ("told", "headline"),
    [
        (
            "Стоимость проезда в московском метро с 2 января вырастет на три рубля, следует из распоряжения мэра.",
            "Стоимость проезда в московском метро с 2 января вырастет на три рубля",
        ),
        (
            "Завод «Красный Октябрь», расположенный в центре Волгограда, остановил производство из-за аварии на "
            "подстанции.",
            "Завод «Красный Октябрь» остановил производство из-за аварии на подстанции",
        ),
        (
            "В результате столкновения автобуса и грузовика под Рязанью пострадали 12 человек, среди них двое детей.",
            "В результате столкновения автобуса и грузовика под Рязанью пострадали 12 человек",
        ),
        (
            "Глава Роспотребнадзора Анна Попова заявила, что заболеваемость гриппом в России снизилась на 20 "
            "процентов.",
            "Глава Роспотребнадзора Попова: заболеваемость гриппом в России снизилась на 20 процентов",
        ),
        (
            "На Камчатке проснулся вулкан Шивелуч, столб пепла поднялся на высоту восьми километров.",
            "На Камчатке проснулся вулкан Шивелуч",
        ),
        (
            "Двое альпинистов погибли при восхождении на Эльбрус, ещё одного спасатели эвакуировали на вертолёте.",
            "Двое альпинистов погибли при восхождении на Эльбрус",
        ),
    ],
)
def test_the_lead_keeps_its_claim(told: str, headline: str) -> None:
    found = lead(told, 0, Limits(12, 90)).text
    assert found == headline
    assert not problems(found, "ru", "lead")


def test_a_doubt_is_never_cut() -> None:
    told = "Суд в Екатеринбурге приговорил бывшего заместителя министра транспорта Сидорова к пяти годам колонии."
    assert "бывшего" in lead(told, 0, Limits(11, 90)).text


@pytest.mark.parametrize("most", [6, 8, 10, 12])
def test_limits_hold(most: int) -> None:
    told = "Российский гроссмейстер Ян Непомнящий обыграл норвежца Магнуса Карлсена в третьем туре турнира в Гааге."
    try:
        found = lead(told, 0, Limits(most, 90)).text
    except Refused:
        assert most < 8
        return
    assert len(found.split()) <= most


def test_no_lead_without_a_verb() -> None:
    with pytest.raises(Refused):
        lead("Город у моря", 0, Limits(12, 90))


@pytest.mark.parametrize(
    ("preposition", "word", "fits"),
    [("с", "спутником", False), ("с", "космодрома", True), ("о", "арктике", False), ("об", "арктике", True)],
)
def test_prepositions_sound(preposition: str, word: str, fits: bool) -> None:
    assert sounds(preposition, word) is fits


def test_news_gets_its_lead_first_and_longer() -> None:
    transcript = Transcript("ru", "text", (Cue(NEWS, 0.0, 30.0),))
    found = WriteTitles().write(transcript)
    assert found[0].angle == "lead"
    assert found[0].text == "Жители посёлка Заречный собрали более двух тонн макулатуры для ремонта библиотеки"
    assert all(len(one.text.split()) <= 7 for one in found[1:])
    short = WriteTitles(written_words=6, written_characters=50).write(transcript)
    assert all(len(one.text) <= 60 for one in short)

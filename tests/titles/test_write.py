"""Headlines of small texts, read by a person once and held since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from keyart.errors import BadSetting, MissingModel
from keyart.titles import WriteTitles, titles_products
from keyart.titles.check import problems
from keyart.titles.support import missing_words
from keyart.types import Cue, Headline, Transcript
from tests.speech.conftest import info_for

FISHING = (
    "Всем привет, дорогие друзья! Подписывайтесь на канал и ставьте лайки. Сегодня мы поговорим о ловле форели зимой. "
    "Форель клюёт на рассвете. Рыбак Иван Петров поймал форель весом 5 килограммов. Как выбрать блесну для форели? "
    "Блесна должна быть яркой. Я расскажу, как правильно хранить улов дома."
)
FILTER = (
    "Молодые учёные из Томска создали дешёвый фильтр. Они очищают воду от свинца за минуту. "
    "Прибор испытали в трёх школах. Он стоит двести рублей."
)
ROCKET = (
    "NASA launched its new telescope on Friday from Florida. The telescope will study dark matter for six years. "
    "Engineers tested the mirror for eighteen months before the launch. It cost nearly two billion dollars. "
    "Scientists expect the first pictures in March."
)
BREAD = (
    "Hi everyone, welcome back to my channel! Today I'm going to show you how to make a classic sourdough bread. "
    "Most beginners add too much flour. A Dutch oven keeps the steam inside. Don't forget to like and subscribe!"
)


def _said(language: str, text: str, seconds: float = 60.0) -> Transcript:
    return Transcript(language, "test", (Cue(text, 0.0, seconds),))


def _texts(found: Sequence[Headline]) -> list[str]:
    return [one.text for one in found]


@pytest.fixture(scope="module")
def fishing() -> tuple[Headline, ...]:
    return WriteTitles(count=6).write(_said("ru", FISHING))


def test_russian_angles(fishing: tuple[Headline, ...]) -> None:
    angles = {one.text: one.angle for one in fishing}
    assert angles["Ловля форели"] == "topic"
    assert angles["Как выбрать блесну для форели?"] == "question"
    assert angles["Как правильно хранить улов"] == "how-to"
    assert any(angle in ("number", "name") for angle in angles.values())


def test_no_greeting_and_no_call_makes_a_title(fishing: tuple[Headline, ...]) -> None:
    joined = " ".join(_texts(fishing)).lower()
    assert not any(word in joined for word in ("привет", "подпис", "лайк", "друзья", "поговорим"))


def test_each_headline_is_supported_where_it_says(fishing: tuple[Headline, ...]) -> None:
    for one in fishing:
        assert one.supported and one.quote in FISHING
        assert missing_words(one.text, one.quote, "ru") == ()
        assert 0 <= one.start < one.end <= 60
        assert one.source == "transcript" and one.language == "ru"
    place = FISHING.index("Как выбрать") / len(FISHING) * 60
    question = next(one for one in fishing if one.angle == "question")
    assert question.start == pytest.approx(place, abs=0.2)


def test_limits_hold(fishing: tuple[Headline, ...]) -> None:
    for one in (*fishing, *WriteTitles(count=9, max_words=4, max_characters=25).write(_said("ru", FISHING + FILTER))):
        assert len(one.text.split()) <= 7 and len(one.text) <= 60
    for one in WriteTitles(count=9, max_words=4, max_characters=25).write(_said("ru", FISHING + " " + FILTER)):
        assert len(one.text.split()) <= 4 and len(one.text) <= 25


def test_a_pronoun_takes_its_name_from_the_sentence_before() -> None:
    found = WriteTitles(count=6).write(_said("ru", FILTER))
    named = next(one for one in found if "воду" in one.text)
    assert named.text.startswith(("Молодые учёные", "Учёные"))
    assert named.quote.startswith("Молодые учёные") and named.start == 0
    assert not any(one.text.startswith(("Он ", "Они ")) for one in found)


PARTS = {
    "en": "So this is the new laptop. The battery lasted fourteen hours in our test. The keyboard feels mushy, though. "
          "It has two USB ports and no headphone jack.",
    "ru": "Вот новый ноутбук. Батарея держит полтора дня. Камера шумит. Она стоит тридцать тысяч рублей.",
}  # fmt: skip


@pytest.mark.parametrize(("language", "never"), [("en", "USB ports"), ("ru", "тридцать")])
def test_a_pronoun_does_not_take_the_name_of_a_part_told_of_in_passing(language: str, never: str) -> None:
    found = WriteTitles(count=20).write(Transcript(language, "test", (Cue(PARTS[language], 0.0, 20.0),)))
    assert found and not [one.text for one in found if never in one.text]


def test_english() -> None:
    found = WriteTitles(count=6).write(_said("en", ROCKET))
    assert found[0].text == "NASA launched its new telescope on Friday"
    assert "The telescope will study dark matter" in _texts(found)
    assert all(one.supported and not problems(one.text, "en", one.angle) for one in found)
    assert not any(one.text.startswith("It ") for one in found)


def test_english_how_to_comes_before_what_else_is_said() -> None:
    found = WriteTitles().write(_said("en", BREAD))
    assert (found[0].text, found[0].angle) == ("How to make a classic sourdough bread", "how-to")
    assert not any("subscribe" in one.text.lower() or "welcome" in one.text.lower() for one in found)


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("Грязные шины не так портят внешний вид автомобиля.", "Грязные шины портят"),
        ("Если не платить налоги, дом заберут приставы.", "Дом заберут приставы"),
        ("Министр сказал, что налоги вырастут вдвое.", "Налоги вырастут"),
        ("Дед Мороз из Великого Устюга зажёг ёлку в Казани.", "Мороз зажёг"),
        ("Злая ведьма превращает родителей девочки в свиней.", "Ведьма превращает родителей девочки$"),
        ("Предмет психологии менялся в зависимости от эпохи.", "в зависимости$"),
        ("Перед тем как приступить к макияжу, лицо нужно очистить.", "Как приступить"),
        ("Разве Земля плоская?", "Земля плоская$"),
    ],
)
def test_what_was_not_said_is_not_claimed(text: str, never: str) -> None:
    import re

    context = " Автомобиль стоит во дворе. Налоги платят все. Девочка живёт в доме."
    for one in WriteTitles(count=9).write(_said("ru", text + context)):
        assert not re.search(never, one.text), one.text


def test_the_same_words_in_the_same_order_each_time() -> None:
    writer = WriteTitles()
    assert writer.write(_said("ru", FILTER)) == writer.write(_said("ru", FILTER))


def test_no_two_headlines_are_one(fishing: tuple[Headline, ...]) -> None:
    doubled = WriteTitles(count=6).write(_said("ru", "Форель клюёт на рассвете. " * 3 + FISHING))
    assert _texts(doubled).count("Форель клюёт на рассвете") <= 1
    assert len(set(_texts(fishing))) == len(fishing)


# --- the stage --------------------------------------------------------------------------------------------------


def test_three_by_default() -> None:
    outcome = WriteTitles()(info_for(Path("/x/IMG_1.mp4")), _said("ru", FISHING))
    assert (outcome.status, len(outcome.value), outcome.backend) == ("ok", 3, "extract-and-compress")
    assert "slovnet-syntax" in outcome.models


def test_too_little_speech_is_filled_up_from_the_file() -> None:
    info = info_for(Path("/x/name_of_file.mp4"), tags={"title": "Лес зимой"})
    outcome = WriteTitles()(info, _said("ru", "Старый мельник построил новую мельницу."))
    assert outcome.status == "degraded" and "of 3 headlines" in outcome.reason
    assert outcome.value[0].source == "transcript" and outcome.value[-1].text == "Лес зимой"
    assert all(one.supported for one in outcome.value)


def test_without_speech_the_file_speaks() -> None:
    outcome = WriteTitles()(info_for(Path("/x/trip to karelia.mp4"), tags={"title": "Лес зимой"}), None)
    assert _texts(outcome.value) == ["Лес зимой", "Trip to karelia"]
    assert [one.supported for one in outcome.value] == [True, False]
    assert (outcome.status, outcome.reason) == (
        "degraded",
        "no transcript; headlines come from its title tag and its name",
    )


def test_nothing_at_all() -> None:
    outcome = WriteTitles()(info_for(Path("/x/IMG_1234.mp4")), None)
    assert (outcome.status, outcome.value) == ("skipped", ())
    assert "no transcript" in outcome.reason


def test_a_language_without_a_writer() -> None:
    outcome = WriteTitles()(info_for(Path("/x/IMG_1234.mp4")), _said("de", "Der Fuchs ist im Wald."))
    assert "no writer for German" in outcome.reason


def test_missing_models_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise MissingModel("navec-news")

    monkeypatch.setattr("keyart.titles.write.measure", gone)
    outcome = WriteTitles()(info_for(Path("/x/Лес.mp4")), _said("ru", FILTER))
    assert outcome.status == "degraded" and "keyart models pull navec-news" in outcome.reason


def test_garbled_and_empty_words_make_no_title() -> None:
    for text in ("ну вот да ага ну", "Спасибо. Пока. До свидания!", "...", "э э э"):
        assert WriteTitles().write(_said("ru", text)) == ()


@pytest.mark.parametrize("setting", [{"count": 0}, {"max_words": 1}, {"tau": 2.0}, {"max_characters": 5}])
def test_bad_settings(setting: dict[str, float]) -> None:
    with pytest.raises(BadSetting, match=next(iter(setting))):
        WriteTitles(**setting)  # type: ignore[arg-type]


def test_products() -> None:
    one = Headline("Форель клюёт", "ru", 1.00049, 2.5, "Форель клюёт.", True, 0.123456, "transcript", "statement")
    products = {product.path: product for product in titles_products((one,), id="7")}
    assert products["titles.txt"].data.decode() == "Форель клюёт\n"
    shown = json.loads(products["titles.json"].data)
    assert shown["id"] == "7" and shown["schema"] == 1
    assert shown["titles"] == [
        {"text": "Форель клюёт", "start": 1.0, "end": 2.5, "supported": True, "score": 0.1235, "angle": "statement",
         "source": "transcript", "language": "ru", "quote": "Форель клюёт."}
    ]  # fmt: skip
    assert "id" not in json.loads(titles_products((one,))[0].data)
    assert products["titles.json"].receipt.facts["titles"][0]["text"] == "Форель клюёт"


def test_a_long_text_is_not_parsed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyart.titles.russian as russian

    parsed = []
    real = russian.parse_many

    def counted(sentences: Sequence[Sequence[tuple[str, bool]]]) -> list[tuple[russian.Token, ...]]:
        parsed.append(len(sentences))
        return real(sentences)

    monkeypatch.setattr(russian, "parse_many", counted)
    lines = " ".join(f"Рыбак номер {n} поймал щуку в озере. Вода была холодной." for n in range(400))
    assert len(WriteTitles().write(_said("ru", lines, 7200.0))) > 0
    assert max(parsed) <= 300

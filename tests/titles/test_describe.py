"""What stands under a video: true sentences that can be read alone."""

from __future__ import annotations

import json

import pytest

from keyart.errors import BadSetting
from keyart.titles import describe
from keyart.titles.describe import DescribeVideo, Description, stands_alone, tidy
from keyart.titles.products import titles_products
from keyart.titles.salience import content_lemmas
from keyart.titles.support import missing_words
from keyart.types import Cue, Headline, Shot, Transcript
from tests.titles.test_chapters import APPLES, ROCKETS, WHALES


def said(*texts: str, language: str = "ru", seconds: float = 8.0) -> Transcript:
    return Transcript(
        language, "test", tuple(Cue(text, seconds * k, seconds * (k + 1)) for k, text in enumerate(texts))
    )


RUSSIAN = said(
    "Всем привет, друзья, меня зовут Анна!",
    "Ну вот, сегодня мы, значит, поговорим о том, как хранить яблоки зимой.",
    "Он стоит вот здесь.",
    "Подписывайтесь на мой канал и ставьте лайки!",
    "Яблоки хранят в тёмном подвале при низкой температуре.",
    "Почему яблоки портятся так быстро?",
)


def test_two_sentences_without_greetings_pointing_and_filler() -> None:
    found = DescribeVideo(chapters=False)(RUSSIAN).value
    assert [one.text for one in found.claims] == [
        "Сегодня мы поговорим о том, как хранить яблоки зимой.",
        "Яблоки хранят в тёмном подвале при низкой температуре.",
    ]
    assert (found.claims[0].start, found.claims[1].end) == (8.0, 40.0)
    assert found.language == "ru" and "яблоки" in found.tags


def test_a_sentence_said_over_and_over_costs_one_look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def counted(text: str, language: str) -> list[str]:
        looks.append(text)
        return content_lemmas(text, language)

    monkeypatch.setattr(describe, "content_lemmas", counted)
    assert len(DescribeVideo(chapters=False)(said(*["Яблоки хранят в тёмном подвале зимой."] * 200)).value.claims) == 1
    assert len(looks) == 200


def test_each_sentence_is_supported() -> None:
    for transcript in (RUSSIAN, said(*APPLES, *ROCKETS, *WHALES, language="en")):
        found = DescribeVideo(sentences=5)(transcript).value
        assert found.claims
        for one in found.claims:
            assert not missing_words(one.text, one.quote, found.language)
            assert one.quote in transcript.text


def test_chapters_and_tags_of_a_talk() -> None:
    transcript = said(*APPLES, *ROCKETS, *WHALES, language="en")
    outcome = DescribeVideo()(transcript, (), [Shot(0.0, 47.5, 0, 1), Shot(47.5, 144.0, 1, 2)])
    assert outcome.status == "ok" and outcome.reason == ""
    assert [one.start for one in outcome.value.chapters] == [0.0, 47.5, 96.0]
    for part in outcome.value.chapters:
        spoken = " ".join(cue.text for cue in transcript.cues if part.start - 1 <= cue.start < part.end)
        assert not missing_words(part.title, spoken, "en")


def test_titles_step_in() -> None:
    title = Headline("Лиса спит", "ru", 1.0, 2.0, "А лиса спит.", True, 0.5, "transcript", "statement")
    bare = Headline("Лиса", "ru", 1.0, 2.0, "Лиса.", True, 0.5, "transcript", "phrase")
    outcome = DescribeVideo(chapters=False)(said("Ну вот, лиса спит."), [bare, title])
    assert [one.text for one in outcome.value.claims] == ["Лиса спит."]
    assert outcome.status == "degraded" and "supports 1 of 2 sentences" in outcome.reason


@pytest.mark.parametrize("transcript", [None, said(), said("Das ist der Hund und die Katze", language="de")])
def test_nothing_to_describe(transcript: Transcript | None) -> None:
    outcome = DescribeVideo()(transcript)
    assert outcome.status == "skipped" and outcome.reason and outcome.value.text == ""


def test_bad_settings() -> None:
    for wrong in ({"sentences": 6}, {"max_words": 3}, {"tags": 31}, {"min_chapter_seconds": 5.0}):
        with pytest.raises(BadSetting):
            DescribeVideo(**wrong)


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("Короче говоря, у парня, так сказать, должен быть план", "ru", "У парня должен быть план."),
        ("И вот, значит, я я купил дом...", "ru", "Я купил дом."),
        ("Okay, so, you know, the whale sings", "en", "The whale sings."),
        ("То же самое относится к кафе.", "ru", "То же самое относится к кафе."),
        ("Ну вот.", "ru", "Вот."),
        ("", "ru", ""),
    ],
)
def test_tidy(text: str, language: str, shown: str) -> None:
    assert tidy(text, language) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Он стоит у окна в большой комнате.",
        "Поставим кастрюлю вот сюда на большой огонь.",
        "Подпишитесь на канал, чтобы не пропустить новые видео.",
        "Почему яблоки портятся так быстро зимой?",
        "Яблоки в подвале.",
        "Потому ровно половину сезона охота была закрыта.",
        "Яблоки хранят в тёмном подвале. потом их моют водой.",
        "Хозяйка хранит яблоки в подвале зимой, но.",
        "Античная психология, где предметом выступает душа человека.",
        "Если ты сидишь дома, девушка сама не придёт.",
        "Нет, хозяйка собрала яблоки в большую корзину.",
    ],
)
def test_what_cannot_stand_alone(text: str) -> None:
    assert not stands_alone(text, "ru", 28)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Немое кино — это мимика и жест актёра.", "ru"),
        ("Волосы после дешёвой краски тусклые и сухие.", "ru"),
        ("В этом видео я расскажу о поиске в Яндексе.", "ru"),
        ("The blue whale sings in the deep ocean.", "en"),
    ],
)
def test_what_can(text: str, language: str) -> None:
    assert stands_alone(text, language, 24)


def test_products() -> None:
    found = DescribeVideo()(said(*APPLES, *ROCKETS, *WHALES, language="en")).value
    title = Headline("Whales sing", "en", 96.0, 104.0, "Whales sing.", True, 0.5, "transcript", "statement")
    files = {one.path: one for one in titles_products([title], description=found)}
    assert list(files) == ["titles.json", "titles.txt", "description.txt"]
    shown = json.loads(files["titles.json"].data)
    assert shown["titles"][0]["text"] == "Whales sing" and shown["schema"] == 1
    assert shown["description"]["text"] == found.text and shown["tags"] == list(found.tags)
    assert [one["time"] for one in shown["chapters"]] == ["0:00", "0:48", "1:36"]
    text, chapters, tags = files["description.txt"].data.decode().split("\n\n")
    assert text == found.text and chapters.startswith("0:00 ") and tags == ", ".join(found.tags) + "\n"
    assert files["description.txt"].receipt.facts["chapters"] == shown["chapters"]
    assert [one.path for one in titles_products([title], description=Description())] == ["titles.json", "titles.txt"]
    assert "description" not in json.loads(titles_products([title])[0].data)

from __future__ import annotations

import pytest

from keyart.titles.sentences import split_sentences
from keyart.types import Cue, Transcript


def _texts(language: str, *cues: Cue) -> list[str]:
    return [one.text for one in split_sentences(Transcript(language, "test", cues))]


def test_points_end_sentences_and_times_follow_the_letters() -> None:
    found = split_sentences(Transcript("ru", "test", (Cue("Идёт дождь. Мы дома.", 10, 20), Cue("Хорошо.", 30, 31))))
    assert [one.text for one in found] == ["Идёт дождь.", "Мы дома.", "Хорошо."]
    assert [one.number for one in found] == [0, 1, 2]
    assert [found[0].start, found[0].end] == pytest.approx([10, 15.5])
    assert [found[1].start, found[1].end] == pytest.approx([16, 20])
    assert (found[2].start, found[2].end) == (30, 31)
    assert not found[0].restored


def test_a_sentence_goes_over_cues() -> None:
    assert _texts("ru", Cue("Все силы старой", 0, 1), Cue("Европы объединились.", 1, 2)) == [
        "Все силы старой Европы объединились."
    ]


def test_english_abbreviations_are_no_ends() -> None:
    text = "Dr. Smith came at 5 p.m. on Monday. He was late! Was he? J. R. Brown knew."
    assert _texts("en", Cue(text, 0, 9)) == [
        "Dr. Smith came at 5 p.m. on Monday.",
        "He was late!",
        "Was he?",
        "J. R. Brown knew.",
    ]


def test_lower_case_text_with_points() -> None:
    text = "москва, 1 дек — риа новости. пожар начался на ул. ленина. его потушили в 5 ч. утра! жертв нет"
    assert _texts("ru", Cue(text, 0, 9)) == [
        "пожар начался на ул. ленина.",
        "его потушили в 5 ч. утра!",
        "жертв нет",
    ]


def test_speech_without_points_is_cut_at_pauses_and_openers() -> None:
    first = "мы приехали на озеро рано утром и сразу поставили палатку на берегу"
    second = "рыба клевала очень плохо и мы решили перейти на другое место подальше от лагеря"
    third = "поэтому вечером мы собрали вещи и пошли через лес к старой мельнице у реки"
    cues = [Cue(first, 0, 5), Cue(second + " " + third, 8, 20)]
    found = split_sentences(Transcript("ru", "test", tuple(cues)))
    assert [one.text for one in found] == [first, second, third]
    assert all(one.restored for one in found)


def test_endless_speech_is_cut_anyway() -> None:
    found = _texts("ru", Cue("слово " * 200, 0, 100))
    assert all(len(text.split()) <= 46 for text in found) and len(found) >= 4


def test_entities_brackets_and_questions() -> None:
    found = split_sentences(Transcript("ru", "test", (Cue("Завод (старый) закрыт &mdash; навсегда. Почему?", 0, 1),)))
    assert found[0].plain == "Завод закрыт — навсегда."
    assert found[1].is_question and not found[0].is_question


def test_what_gains_time_is_left_out() -> None:
    said = "Рис, как бы, подходит к курице, а муж любит футбол в целом и хоккей."
    (found,) = split_sentences(Transcript("ru", "test", (Cue(said, 0.0, 5.0),)))
    assert found.plain == "Рис подходит к курице, а муж любит футбол и хоккей."
    assert found.text == said


def test_written_news_keeps_its_long_sentences() -> None:
    long = "Завод остановил работу из-за аварии на подстанции в центре города " * 4
    text = f"{long.strip()}. {long.strip()}."
    assert len(split_sentences(Transcript("ru", "test", (Cue(text, 0.0, 5.0),)))) == 2


def test_a_measure_with_a_point_ends_a_sentence() -> None:
    assert _texts("ru", Cue("Длина доски 20 см. Автомобиль весит 900 кг. Это 5 тыс. рублей.", 0, 9)) == [
        "Длина доски 20 см.", "Автомобиль весит 900 кг.", "Это 5 тыс. рублей."
    ]  # fmt: skip


def test_words_broken_at_the_end_of_a_line_are_whole_again() -> None:
    cues = (
        Cue("Древнее госу-", 0, 2),
        Cue("дарство Египет пост-\nроило что-\nто вро-", 2, 4),
        Cue("де скал. Там кто-", 4, 6),
    )
    assert _texts("ru", *cues, Cue("Нибудь живёт.", 6, 8)) == [
        "Древнее государство Египет построило что-то вроде скал.", "Там кто- Нибудь живёт."
    ]  # fmt: skip
    assert _texts("en", Cue("The govern-", 0, 1), Cue("ment of a well-\nknown state.", 1, 2)) == [
        "The government of a well-known state."
    ]


def test_what_follows_a_broken_word_goes_with_it() -> None:
    assert _texts("ru", Cue("Древнее вели-", 0, 1), Cue("чие, о котором говорят по-", 1, 2), Cue("русски.", 2, 3)) == [
        "Древнее величие, о котором говорят по-русски."
    ]
    assert _texts("en", Cue("The govern-", 0, 1), Cue("ment's plan works.", 1, 2)) == ["The government's plan works."]


def test_broken_words_in_capitals_are_whole_before_they_are_small() -> None:
    assert _texts("ru", Cue("ДРЕВНЕЕ ГОСУ-", 0, 1), Cue("ДАРСТВО ПЕРЕЖИЛО ВЗ-\nРЫВ.", 1, 2)) == [
        "Древнее государство пережило взрыв."
    ]


def test_a_sentence_begins_with_its_own_cue() -> None:
    found = split_sentences(Transcript("ru", "s", (Cue("Длина 20 см.", 0, 2), Cue("Автомобиль едет.", 10, 12))))
    assert [one.start for one in found] == [0, 10]


def test_letters_without_end_are_read_once() -> None:
    assert len(_texts("ru", Cue("а" * 300_000, 0, 1))) == 1  # a matter of an hour, were each letter a new beginning


def test_nothing() -> None:
    assert split_sentences(Transcript("ru", "test", ())) == ()
    assert _texts("en", Cue("...", 0, 1)) == []

"""Points and capitals for words that came without."""

from __future__ import annotations

import pytest

from keyart.speech.restore import is_written, restore_sentences, split_at_pauses
from keyart.types import Cue, Word


def spoken(text: str) -> Cue:
    """A third of a second a word; '|' is a pause of a second, '/' one of a quarter."""
    words, clock = [], 0.0
    for one in text.split():
        if one in "|/":
            clock += 1.0 if one == "|" else 0.25
            continue
        words.append(Word(one, clock, clock + 0.3))
        clock += 0.33
    return Cue(" ".join(word.text for word in words), 0.0, clock, tuple(words), 0.9)


def test_sentences_end_at_pauses() -> None:
    cue = spoken("лиса живёт в старом лесу | рядом с ней живёт ёж")
    first, second = restore_sentences((cue,), "ru")
    assert (first.text, second.text) == ("Лиса живёт в старом лесу.", "Рядом с ней живёт ёж.")
    assert first.end < second.start and first.words == cue.words[:5] and first.confidence == 0.9


def test_a_pause_after_two_words_ends_nothing() -> None:
    assert len(restore_sentences((spoken("ну вот | лиса живёт в лесу"),), "ru")) == 1


def test_endless_speech_is_cut_at_shorter_pauses() -> None:
    first = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    words = spoken(f"{first} seventeen eighteen nineteen / then it goes on for a while").words
    assert [len(one) for one in split_at_pauses(words)] == [19, 7]
    assert all(len(one) <= 32 for one in split_at_pauses(spoken("word " * 100).words))
    assert sum(map(len, split_at_pauses(spoken("word " * 100).words))) == 100
    assert split_at_pauses(()) == []


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("почему лиса рыжая", "ru", "Почему лиса рыжая?"),
        ("как только лиса проснулась", "ru", "Как только лиса проснулась."),
        ("что такое чёрная дыра", "ru", "Что такое чёрная дыра?"),
        ("мы поехали в москву чтобы увидеть гагарина", "ru", "Мы поехали в Москву, чтобы увидеть Гагарина."),
        ("это дом который построил иван", "ru", "Это дом, который построил Иван."),
        ("why do cats sleep so much", "en", "Why do cats sleep so much?"),
        ("when you cook rice i wash it", "en", "When you cook rice I wash it."),
        ("i'm here and so am i", "en", "I'm here and so am I."),
        ("guten tag", "de", "Guten tag."),
    ],
)
def test_marks(text: str, language: str, shown: str) -> None:
    assert [cue.text for cue in restore_sentences((spoken(text),), language)] == [shown]


def test_a_written_text_stays() -> None:
    cues = (Cue("Лиса спит. Ёж тоже спит.", 0, 1),)
    assert restore_sentences(cues, "ru") == cues
    assert is_written("Лиса спит.") and not is_written("лиса спит") and not is_written("лиса спит.")
    assert restore_sentences((), "ru") == ()


def test_without_times_a_cue_is_a_sentence() -> None:
    assert restore_sentences((Cue("лиса спит", 0, 1),), "ru") == (Cue("Лиса спит.", 0, 1),)

"""What networks write where nobody spoke."""

from __future__ import annotations

import pytest

from keyart.speech.guards import Phrase, believed, compression_ratio, cues_of, fault, loop

SAID = "Сегодня мы поговорим о том, как хранить яблоки зимой."


def phrase(text: str, seconds: float = 4.0, **known: float) -> Phrase:
    return Phrase(text, 1.0, 1.0 + seconds, (), **known)


def test_compression_ratio() -> None:
    assert compression_ratio("") == 0.0
    assert 0.5 < compression_ratio(SAID) < 2.4
    assert compression_ratio("ну вот и всё " * 20) > 2.4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SAID, 0),
        ("да да да да", 4),
        ("да да да", 0),
        ("я иду домой я иду домой я иду домой я иду домой потом", 12),
        ("раз два раз два", 0),
    ],
)
def test_loop(text: str, words: int) -> None:
    assert loop(text.lower().split()) == words


@pytest.mark.parametrize(
    "text",
    [
        "Продолжение следует...",
        "Субтитры сделал DimaTorzok",
        "Субтитры создавал DimaTorzok",
        "Субтитры подогнал «Симон»",
        "Редактор субтитров А.Семкин Корректор А.Егорова",
        "Thanks for watching!",
        "Thank you.",
        "Subtitles by the Amara.org community",
        "Спасибо за просмотр!",
        "Игорь Негода",
        "То есть, то есть, то есть, то есть.",
        "♪♪",
        "",
    ],
)
def test_what_was_never_said(text: str) -> None:
    assert fault(phrase(text))


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        "Спасибо за просмотр этого длинного ролика о яблоках.",
        "Thank you, Mr Speaker, and good evening.",
        "Редактор вернул мне статью.",
        "We made subtitles for this film ourselves.",
        "Тише, тише, тише, всё хорошо, он спит.",
    ],
)
def test_what_may_have_been_said(text: str) -> None:
    assert fault(phrase(text)) == ""


def test_a_farewell_is_believed_where_somebody_surely_speaks() -> None:
    assert fault(phrase("Thank you.", no_speech=0.01, log_probability=-0.2)) == ""
    assert fault(phrase("Thank you.", no_speech=0.5, log_probability=-0.2)) == "invented farewells"
    assert fault(phrase("Продолжение следует...", no_speech=0.01)) == "invented credits"


@pytest.mark.parametrize(
    ("no_speech", "log_probability", "why"),
    [(0.7, -1.5, "written over silence"), (0.7, -0.5, ""), (0.3, -1.5, "")],
)
def test_whispers_rule_asks_both(no_speech: float, log_probability: float, why: str) -> None:
    assert fault(phrase(SAID, no_speech=no_speech, log_probability=log_probability)) == why


def test_nobody_speaks_that_fast() -> None:
    assert (
        fault(phrase(f"{SAID} Лучше всего им в подвале, где сухо и прохладно.", seconds=1.0)) == "too fast to be spoken"
    )


def test_what_is_dropped_is_told() -> None:
    kept, notes = believed([phrase(SAID), phrase("Продолжение следует..."), phrase("да " * 40), phrase("")])
    assert [one.text for one in kept] == [SAID]
    assert notes == ("2 recognised phrases dropped: 1 invented credits, 1 repeating itself",)
    assert believed([phrase(SAID)]) == ((phrase(SAID),), ())


def test_the_same_phrase_again_and_again() -> None:
    again = [phrase("Он идёт домой."), phrase("он идёт домой"), phrase("Он идёт домой!"), phrase("Он идёт домой.")]
    kept, notes = believed([phrase(SAID), *again, phrase("Дома тепло.")])
    assert [one.text for one in kept] == [SAID, "Он идёт домой.", "Дома тепло."]
    assert "repeating the one before" in notes[0]
    assert len(believed(again[:2])[0]) == 2, "twice may be said"


def test_cues_carry_the_confidence() -> None:
    (cue,) = cues_of([phrase(" Кот ", log_probability=0.0)])
    assert (cue.text, cue.start, cue.end, cue.confidence) == ("Кот", 1.0, 5.0, 1.0)
    assert cues_of([phrase("Кот")])[0].confidence is None

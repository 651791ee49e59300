"""What is left of a cue when everything that nobody says is taken off."""

from __future__ import annotations

import pytest

from keyart.speech.markup import clean_cues, clean_text, unroll
from keyart.types import Cue


@pytest.mark.parametrize(
    ("raw", "spoken"),
    [
        (r"{\an8\b1}Hello{\b0}\Nthere", "Hello there"),
        (r"{\p1}m 0 0 l 100 0 100 100{\p0}Текст", "Текст"),
        ("<i>Привет,</i> <font color='#fff'>мир</font>", "Привет, мир"),
        ("<v Anna>We <c.yellow>start</c> <00:00:01.500>now", "We start now"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("&lt;i&gt;Twice escaped&lt;/i&gt;", "Twice escaped"),
        ("♪ La la la ♪", "La la la"),
        ("♪♪♪", ""),
        ("[Music]", ""),
        ("[аплодисменты] Спасибо вам", "Спасибо вам"),
        ("(DOOR CLOSES) Come in.", "Come in."),
        ("(смеётся)", ""),
        ("Двигатель (дизельный) заглох", "Двигатель (дизельный) заглох"),
        ("- Ты идёшь?\n- Иду.", "Ты идёшь? Иду."),
        (">> ANNA: Good evening.", "Good evening."),
        ("JOHN: Stop!", "Stop!"),
        ("Внимание: опасность", "Внимание: опасность"),
        ("*sighs* Fine.", "Fine."),
        ("Субтитры сделал DimaTorzok", ""),
        ("Редактор субтитров А.Семкин Корректор А.Егорова", ""),
        ("Subtitles by the Amara.org community", ""),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("  \u200b ", ""),
    ],
)
def test_clean_text(raw: str, spoken: str) -> None:
    assert clean_text(raw) == spoken


def test_rolling_captions_give_each_word_once() -> None:
    rolled = [
        Cue("we start here", 0, 2),
        Cue("we start here and go on", 2, 4),
        Cue("and go on to the very end", 4, 6),
        Cue("to the very end", 6, 7),
    ]
    assert [cue.text for cue in unroll(rolled)] == ["we start here", "and go on", "to the very end"]
    assert unroll(rolled)[-1].end == 7


def test_a_repeated_answer_is_no_rolling_caption() -> None:
    said = [Cue(text, k, k + 1) for k, text in enumerate(["да", "да", "я иду домой", "поздно уже", "надо спать", "да"])]
    assert unroll(said) == said


def test_a_line_drawn_twice_at_one_time_counts_once() -> None:
    cues = clean_cues([Cue("Привет всем", 0, 2), Cue("Привет всем", 0, 2.5), Cue("Привет всем", 5, 6)])
    assert [(cue.start, cue.end) for cue in cues] == [(0, 2.5), (5, 6)]


def test_a_name_that_keeps_coming_back_is_a_speaker() -> None:
    lines = ["Anna: Good morning.", "Boris: Hello.", "Anna: Tea?", "Anna: Or coffee?", "Note: it rains."]
    cues = clean_cues([Cue(line, k, k + 1) for k, line in enumerate(lines)])
    assert [cue.text for cue in cues] == ["Good morning.", "Boris: Hello.", "Tea?", "Or coffee?", "Note: it rains."]


def test_cues_come_in_time_order_and_empty_ones_go() -> None:
    cues = clean_cues([Cue("second", 5, 6), Cue("[noise]", 3, 4), Cue("first", 1, 2)])
    assert [cue.text for cue in cues] == ["first", "second"]

"""Words of a summary: laid on the voice, found for a question, moved to the summary's clock, drawn on its pictures."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from keyart.models import have
from keyart.teasers.summary.captions import BurntIn, caption_files, retimed
from keyart.teasers.summary.fragments import Fragment, Joint
from keyart.teasers.summary.pieces import Piece
from keyart.teasers.summary.platforms import PLATFORMS
from keyart.teasers.summary.said import said
from keyart.teasers.summary.spoken import sentence_spans, voiced
from keyart.types import Chapter, Cue, Transcript

RATE = Fraction(25)


def english(*cues: tuple[str, float, float]) -> Transcript:
    return Transcript("en", "test", tuple(Cue(text, start, end) for text, start, end in cues))


def fragments(*edges: float) -> list[Fragment]:
    joints = [Joint(one, one, "sentence") for one in edges]
    return [Fragment(a, b) for a, b in pairwise(joints)]


def test_words_are_laid_where_a_voice_is() -> None:
    timed = voiced(english(("one two three four", 0.0, 10.0)), [(2.0, 8.0)])
    words = timed.cues[0].words
    assert [one.text for one in words] == ["one", "two", "three", "four"]
    assert all(one.end <= 2.0 or one.start >= 8.0 for one in words)
    assert words[0].start == 0.0
    assert words[-1].end == pytest.approx(10.0)


def test_a_cue_in_which_nobody_speaks_keeps_its_own_clock() -> None:
    words = voiced(english(("one two", 1.0, 3.0)), [(0.0, 9.0)]).cues[0].words
    assert words[0].start == 1.0
    assert words[-1].end == pytest.approx(3.0)


def test_sentences_begin_with_their_words() -> None:
    timed = voiced(english(("We came here. Then it", 0.0, 4.0), ("was over.", 4.0, 6.0)), [])
    (first, second) = sentence_spans(timed)
    assert first[0] == 0.0
    assert first[1] == pytest.approx(4.0 * 14 / 22)
    assert second[1] == pytest.approx(6.0)


def test_only_what_is_heard_is_in_the_captions() -> None:
    timed = voiced(english(("never heard", 0.0, 2.0), ("kept words", 4.0, 6.0), ("half here half gone", 6.0, 10.0)), [])
    pieces = (Piece(4.0, 50, RATE, 0), Piece(6.0, 50, RATE, 50))
    heard = retimed(timed, pieces)
    assert [one.text for one in heard.cues] == ["kept words", "half here"]
    assert heard.cues[0].start == 0.0
    assert heard.cues[0].end <= 2.0
    assert heard.cues[1].start == 2.0
    assert max(one.end for one in heard.cues) <= 4.0


def test_long_cues_become_lines_that_can_be_read() -> None:
    text = "This is a long sentence, and nobody could read it at a glance, so it is divided where it breathes."
    heard = retimed(voiced(english((text, 0.0, 8.0)), []), (Piece(0.0, 200, RATE, 0),), 40)
    assert " ".join(one.text for one in heard.cues) == text
    assert max(len(one.text) for one in heard.cues) <= 40
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(heard.cues))


def test_caption_files_hold_the_same_words() -> None:
    heard = retimed(voiced(english(("kept words", 4.0, 6.0)), []), (Piece(4.0, 50, RATE, 0),))
    files = {one.path: one.data.decode() for one in caption_files(heard, "summaries/reels")}
    assert list(files) == ["summaries/reels.vtt", "summaries/reels.srt"]
    assert all("kept words" in text for text in files.values())
    assert "00:00:00,000 --> 00:00:02,000" in files["summaries/reels.srt"]
    assert not list(caption_files(Transcript("en", "test", ()), "summaries/reels"))


def test_a_burnt_in_caption_lies_in_the_safe_part_and_only_while_it_is_said() -> None:
    preset = PLATFORMS["reels"]
    burnt = BurntIn((Cue("Слова на картинке", 1.0, 2.0),), preset)
    gray = np.full((preset.height_px, preset.width_px, 3), 128, np.uint8)
    assert burnt.on(gray, 0.5) is gray
    assert burnt.on(gray, 2.0) is gray
    changed = np.abs(burnt.on(gray, 1.5).astype(int) - 128).max(axis=2) > 20
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert preset.safe.y + preset.safe.height / 2 < rows.min() < rows.max() <= preset.safe.bottom
    assert preset.safe.x <= columns.min() < columns.max() <= preset.safe.right
    assert not gray[gray != 128].size  # the picture that came in is not drawn on


# --- what was asked for -----------------------------------------------------------------------------------------


TALK = english(
    ("The harvest of apples was good this year.", 0.0, 4.0),
    ("It filled nine barns.", 4.0, 8.0),
    ("Our bees made honey in the spring.", 8.0, 12.0),
    ("Rain is expected on Sunday.", 12.0, 16.0),
)
PARTS = fragments(0.0, 4.0, 8.0, 12.0, 16.0)


def test_a_question_finds_the_words_that_answer_it() -> None:
    found = said(PARTS, voiced(TALK, []), about="What did the bees make?")
    assert found.is_answered
    assert max(range(4), key=found.about.__getitem__) == 2
    assert "bee" in found.answers[2]
    assert found.about[1] > 0  # what stands beside an answer helps to understand it
    assert found.about[0] == 0


def test_every_sentence_of_a_script_looks_for_its_own_answer() -> None:
    found = said(PARTS, voiced(TALK, []), about="First the apples. Then rain on Sunday.")
    assert sorted(range(4), key=found.about.__getitem__)[-2:] in ([0, 3], [3, 0])


def test_what_nobody_said_is_not_answered() -> None:
    assert not said(PARTS, voiced(TALK, []), about="steam engines").is_answered


def test_chapters_answer_where_nobody_speaks() -> None:
    found = said(PARTS, None, (Chapter("Bees and honey", 8.0, 12.0), Chapter("Weather", 12.0, 16.0)), "honey")
    assert max(range(4), key=found.about.__getitem__) == 2
    assert said(PARTS, None, (), "honey").about == ()


def test_words_that_point_back_lean_on_what_was_before() -> None:
    found = said(PARTS, voiced(TALK, []))
    assert found.leans == (False, True, False, False)
    assert max(found.words) == 1.0


@pytest.mark.skipif(not have("navec-news"), reason="needs the word vectors: keyart models pull embedded")
def test_in_russian_words_of_one_meaning_answer_each_other() -> None:
    talk = Transcript(
        "ru",
        "test",
        (Cue("Пёс громко залаял во дворе.", 0.0, 4.0), Cue("Акции компании упали на бирже.", 4.0, 8.0)),
    )
    found = said(fragments(0.0, 4.0, 8.0), voiced(talk, []), about="собака лает")
    assert found.about[0] > found.about[1]

"""Covers read by an OCR engine: its answers are scored by hand, its absence is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from keyart.covers import MakeCovers, readback
from keyart.covers.legibility import FEED_SIZES
from keyart.covers.readback import MissingReader, ReadBack, have_reader, read_again, read_at, word_recall
from keyart.types import RGB, Still, VideoInfo
from tests.covers.conftest import headline, scenery

Maker = Callable[..., Still]
needs_tesseract = pytest.mark.skipif(not have_reader(), reason="no tesseract is installed")


def test_recall_counts_words_letter_for_letter() -> None:
    assert word_recall("Дом за неделю", "дом ЗА неделю!") == 1
    assert word_recall("Дом за неделю", "дом неделя") == pytest.approx(1 / 3)
    assert word_recall("one two two", "two one") == pytest.approx(2 / 3)
    assert word_recall("Ёж", "еж") == 1 and word_recall("", "x") == 1


def test_small_mobile_tiles_do_not_fail_a_cover() -> None:
    assert ReadBack("x", {(360, 202): 1.0, (246, 138): 0.8, (138, 77): 0.0}).passes
    assert not ReadBack("x", {(360, 202): 1.0, (246, 138): 0.79, (138, 77): 1.0}).passes


def fake_reader(words: Callable[[RGB], str]) -> Callable[[RGB, str, str], ReadBack]:
    def read(image: RGB, text: str, language: str) -> ReadBack:
        return ReadBack("fake 1.0", dict.fromkeys(FEED_SIZES, word_recall(text, words(image))))

    return read


def test_what_is_not_read_is_laid_out_again_and_said(
    info: VideoInfo, make_still: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyart.covers import make

    asked: list[RGB] = []

    def reads_the_third(image: RGB) -> str:
        asked.append(image)
        return "Дом у моря" if len(asked) == 3 else "шум"

    monkeypatch.setattr(make, "reader_name", lambda: "fake 1.0")
    monkeypatch.setattr(make, "read_again", fake_reader(reads_the_third))
    stage = MakeCovers(("youtube",), count=1, read_back="on")
    outcome = stage(info, [make_still(scenery(1280, 720))], [headline("Дом у моря")])
    facts = outcome.value[0].receipt.facts
    assert len(asked) == 3 and outcome.status == "ok"
    assert facts["read_back"]["passes"] and facts["read_back"]["word_recall"]["246x138"] == 1

    monkeypatch.setattr(make, "read_again", fake_reader(lambda image: "дом"))
    outcome = stage(info, [make_still(scenery(1280, 720))], [headline("Дом у моря")])
    assert outcome.status == "degraded" and "reads 33% of the words back" in outcome.reason


def test_off_makes_the_same_bytes_wherever_it_runs(
    info: VideoInfo, make_still: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = make_still(scenery(640, 360))
    here = MakeCovers(("youtube",), count=1)(info, [still], [headline("Дом")]).value[0]
    monkeypatch.setattr("shutil.which", lambda name: None)
    there = MakeCovers(("youtube",), count=1)(info, [still], [headline("Дом")]).value[0]
    assert here.data == there.data and here.receipt.facts["read_back"] == "off"
    auto = MakeCovers(("youtube",), count=1, read_back="auto")(info, [still], [headline("Дом")]).value[0]
    assert auto.receipt.facts["read_back"] == "auto"


def test_insisting_without_an_engine_is_an_error_with_the_cure(
    info: VideoInfo, make_still: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    readback.reader_name.cache_clear()
    with pytest.raises(MissingReader, match="no tesseract is on the path; install it"):
        MakeCovers(("youtube",), read_back="on")(info, [make_still(scenery(64, 36))], [headline("Дом")])


@needs_tesseract
def test_a_clear_cover_is_read_in_both_languages(info: VideoInfo, make_still: Maker) -> None:
    still = make_still(np.full((720, 1280, 3), 70, np.uint8))
    for text, language in (("Как выбрать первый велосипед", "ru"), ("How to choose your first bike", "en")):
        title = replace(headline(text), language=language)
        stage = MakeCovers(("youtube",), count=1, template="card", read_back="on")
        facts = stage(info, [still], [title]).value[0].receipt.facts
        assert facts["read_back"]["word_recall"]["246x138"] >= 0.8
        assert facts["read_back"]["engine"].startswith("tesseract")


@needs_tesseract
def test_nothing_is_read_where_nothing_is_written() -> None:
    blank = np.full((720, 1280, 3), 90, np.uint8)
    assert word_recall("Дом", read_at(blank, (246, 138), "ru")) == 0
    assert not read_again(blank, "Дом", "ru").passes

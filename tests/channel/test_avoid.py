"""Words that no title may hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keyart.titles import WriteTitles
from keyart.titles.avoid import avoided
from keyart.types import Cue, Transcript, VideoInfo

TEXT = (
    "The captain saved the old bridge before the storm. Engineers repaired the railway in nine days. "
    "A shocking secret was found under the station. The city opened the bridge again in spring."
)


@pytest.mark.parametrize(
    ("text", "avoid", "word"),
    [
        ("Скандалы недели", ("скандал",), "скандал"),
        ("ЕЛКИ", ("ёлка",), "ёлка"),
        ("Bridges fall", ("bridge",), "bridge"),
        ("You won’t believe this", ("you won't believe",), "you won't believe"),
        ("Believe you won't", ("you won't believe",), ""),
        ("Криптовалюта растёт", ("крипто*",), "крипто*"),
        ("Abridged edition", ("bridge",), ""),
        ("Анекдоты", ("", "  ", "!"), ""),
        ("Nothing here", (), ""),
    ],
)
def test_every_form_of_a_word_is_meant(text: str, avoid: tuple[str, ...], word: str) -> None:
    assert avoided(text, avoid) == word


def _said(text: str) -> Transcript:
    sentences = text.split(". ")
    cues = tuple(Cue(one.rstrip(".") + ".", 3.0 * k, 3.0 * k + 2.5) for k, one in enumerate(sentences))
    return Transcript("en", "test", cues)


def test_titles_with_them_are_left_out_and_others_come_up() -> None:
    stage = WriteTitles(count=3)
    free = [one.text for one in stage.write(_said(TEXT))]
    assert any("bridge" in one.lower() for one in free)
    found = [one.text for one in replace(stage, avoid=("bridge", "shocking")).write(_said(TEXT))]
    assert found
    assert not any(word in one.lower() for one in found for word in ("bridge", "shocking"))


def test_the_files_own_name_is_held_to_it_too(info: VideoInfo) -> None:
    named = replace(info, called="The old bridge.mp4")
    assert [one.text for one in WriteTitles()(named, None).value] == ["The old bridge"]
    assert WriteTitles(avoid=("bridge",))(named, None).value == ()


@pytest.fixture
def info(tmp_path: Path) -> VideoInfo:
    from fractions import Fraction

    path = tmp_path / "a.mp4"
    return VideoInfo(path, "mp4", 1, 0, "h264", "yuv420p", 64, 36, 64, 36, Fraction(1), 0, False, 25.0, 9.0, 0.0)

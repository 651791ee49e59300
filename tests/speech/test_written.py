"""A text in the place of a video."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyart.errors import BadSetting, MissingFile
from keyart.speech.written import from_json, from_text, is_text, read_text
from keyart.types import Cue


def test_which_files_are_texts() -> None:
    assert all(is_text(Path(f"talk.{suffix}")) for suffix in ("srt", "VTT", "ass", "ttml", "txt", "json"))
    assert not any(is_text(Path(name)) for name in ("talk.mp4", "talk", "talk.txt.mkv"))


def test_plain_text_in_any_encoding(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_bytes("Лиса живёт в лесу\r\n\r\nОна там не одна.\r\nРядом живёт ёж.".encode("cp1251"))
    found = read_text(path)
    assert [cue.text for cue in found.cues] == ["Лиса живёт в лесу.", "Она там не одна. Рядом живёт ёж."]
    assert (found.language, found.source) == ("ru", "file talk.txt")


def test_subtitles_keep_their_seconds(tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,500\nThe fox is in the forest.\n", "utf-8")
    found = read_text(path)
    assert found.cues == (Cue("The fox is in the forest.", 1.0, 2.5),) and found.language == "en"


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ('{"text": "Лиса спит"}', [("Лиса спит.", 0.0, 0.0)]),
        ('{"cues": [{"start": 1, "end": 2.5, "text": " Лиса спит "}, {"text": " "}]}', [("Лиса спит", 1.0, 2.5)]),
        ('{"segments": [{"start": 3, "end": 2, "text": "Лиса"}], "language": "ru"}', [("Лиса", 3.0, 3.0)]),
        ('[{"text": "Лиса", "start": "now", "end": true}]', [("Лиса", 0.0, 0.0)]),
    ],
)
def test_json_of_several_shapes(text: str, cues: list[tuple[str, float, float]]) -> None:
    assert [(cue.text, cue.start, cue.end) for cue in from_json(text).cues] == cues


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "7", '{"text": 1}', '[{"words": 1}]', '{"cues": ["a"]}'])
def test_json_of_no_known_shape(text: str) -> None:
    with pytest.raises(BadSetting):
        from_json(text)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_text(tmp_path / "gone.txt")
    (tmp_path / "empty.txt").write_text(" \n\n ...", "utf-8")
    with pytest.raises(BadSetting, match="no words"):
        read_text(tmp_path / "empty.txt")


def test_halves_of_characters_do_not_spoil_the_answer() -> None:
    assert from_text("cat \ud83d").cues[0].text == "cat ?"

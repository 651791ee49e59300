"""Subtitle files beside the video, in every encoding people have them in."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyart.errors import BadSetting, MissingFile
from keyart.speech.sidecar import decode_text, find_sidecars, read_sidecar

SRT = "1\n00:00:01,500 --> 00:00:03,000\n{}\n\n2\n00:00:04,000 --> 00:00:06,250\n<i>{}</i>\n"
RUSSIAN = SRT.format("Сегодня мы поговорим о ловле форели.", "Как выбрать блесну и не ошибиться?")
SPOKEN = [(1.5, 3.0, "Сегодня мы поговорим о ловле форели."), (4.0, 6.25, "Как выбрать блесну и не ошибиться?")]


def _read(path: Path) -> list[tuple[float, float, str]]:
    return [(cue.start, cue.end, cue.text) for cue in read_sidecar(path, frames_per_second=25.0)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "koi8-r", "cp866"]
)
def test_srt_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(RUSSIAN.encode(encoding))
    assert _read(path) == SPOKEN


def test_western_encoding() -> None:
    found = decode_text("Voilà une fenêtre très élégante, là-bas près de l'hôtel à côté".encode("cp1252"))
    assert found.startswith("Voil") and "pr" in found and "\ufffd" not in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.vtt", "WEBVTT\n\nNOTE not said\n\n00:01.500 --> 00:03.000 align:start\nOne two\n\n"
                  "00:04.000 --> 00:06.250\nthree four\n"),
        ("a.ass", "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, "
                  "MarginR, MarginV, Effect, Text\nComment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,hidden\n"
                  "Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\\i1}One\\Ntwo\n"
                  "Dialogue: 0,0:00:04.00,0:00:06.25,Default,,0,0,0,,three four\n"),
        ("a.ttml", '<tt xmlns="http://www.w3.org/ns/ttml"><body><div>'
                   '<p begin="00:00:01.500" end="00:00:03.000">One two</p>'
                   '<p begin="00:00:04.000" end="00:00:06.250">three four</p></div></body></tt>'),
        ("a.sbv", "0:00:01.500,0:00:03.000\nOne two\n\n0:00:04.000,0:00:06.250\nthree four\n"),
        ("wrong.srt", "WEBVTT\n\n00:01.500 --> 00:03.000\nOne two\n\n00:04.000 --> 00:06.250\nthree four\n"),
    ],
)  # fmt: skip
def test_formats(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert _read(path) == [(1.5, 3.0, "One two"), (4.0, 6.25, "three four")]


def test_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(RUSSIAN.replace("\n", "\r\n").encode())
    assert _read(path) == SPOKEN


def test_what_is_no_subtitle_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_sidecar(tmp_path / "none.srt")
    path = tmp_path / "a.srt"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(BadSetting):
        read_sidecar(path)


def test_files_beside_the_video(tmp_path: Path) -> None:
    for name in ("talk.srt", "talk.ru.vtt", "Talk.en.srt", "talk2.srt", "talk.txt", "other.srt", "talk.forced.ass"):
        (tmp_path / name).touch()
    found = [(one.path.name, one.language) for one in find_sidecars(tmp_path / "talk.mp4")]
    assert found == [("talk.srt", ""), ("Talk.en.srt", "en"), ("talk.ru.vtt", "ru"), ("talk.forced.ass", "")]
    assert find_sidecars(tmp_path / "no" / "folder.mp4") == ()

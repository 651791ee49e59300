"""`keyart titles` of a text and of JSON lines."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keyart.cli import main
from keyart.titles.texts import answer_lines
from keyart.titles.write import WriteTitles

ENGLISH = "NASA launched the rocket on Monday. The rocket carries three astronauts to the station."
RUSSIAN = "Сегодня мы готовим борщ дома. Свекла варится сорок минут. Хозяйка добавляет чеснок в конце."


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogatepass"))))


def test_json_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [{"id": 7, "text": ENGLISH}, {"id": "b", "text": RUSSIAN}, {"text": ENGLISH}]
    _given(monkeypatch, "\n\n".join(map(json.dumps, asked)))
    assert main(["titles", "-", "--count", "1"]) == 0
    first, second, third = _lines(capsys)
    assert (first["id"], second["id"], "id" in third) == (7, "b", False)
    assert [one["text"] for one in first["titles"]] == ["NASA launched the rocket on Monday"]
    assert second["titles"][0]["language"] == "ru" and second["titles"][0]["supported"]
    assert set(first["titles"][0]) >= {"text", "start", "end", "supported", "score"}
    assert third["titles"] == first["titles"]


def test_bad_lines_are_answered_in_their_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _given(monkeypatch, '{"id": 1, "text": 5}\nnonsense\n[1]\n{"id": 2}\n' + json.dumps({"id": 3, "text": ENGLISH}))
    assert main(["titles", "-"]) == 1
    found = _lines(capsys)
    assert [one.get("id") for one in found] == [1, None, None, 2, 3]
    assert all(one["error"] and "titles" not in one for one in found[:4])
    assert [one["line"] for one in found[:4]] == [1, 2, 3, 4]
    assert found[4]["titles"]


def test_a_text_without_titles_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _given(monkeypatch, '{"id": 1, "text": ""}\n{"id": 2, "text": "Das ist der Hund und die Katze"}\n')
    assert main(["titles", "-"]) == 0
    empty, german = _lines(capsys)
    assert empty["titles"] == german["titles"] == []
    assert "German" in german["reason"] and empty["reason"]


def test_half_a_character_comes_back_as_it_came(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _given(monkeypatch, '{"id": "\\ud83d", "text": "Кот \\ud83d"}\n')
    assert main(["titles", "-"]) == 0
    assert _lines(capsys)[0]["id"] == "\ud83d"


def test_each_line_is_answered_before_the_next_is_read() -> None:
    read = []

    def lines() -> Iterator[str]:
        for number in range(3):
            read.append(number)
            yield json.dumps({"id": number, "text": ENGLISH})

    answers = answer_lines(lines(), WriteTitles(count=1))
    assert next(answers)[1]["id"] == 0 and read == [0]
    assert next(answers)[1]["id"] == 1 and read == [0, 1]


def test_a_subtitle_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "talk.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:04,000\nNASA launched the rocket on Monday.\n", "utf-8")
    assert main(["titles", str(path), "--json", "--count", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"] == "talk.srt" and [one["name"] for one in found["stages"]] == ["titles", "words"]
    assert [(one["text"], one["start"], one["end"]) for one in found["titles"]] == [
        ("NASA launched the rocket on Monday", 1.0, 4.0)
    ]


def test_plain_text_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "talk.txt"
    path.write_text(ENGLISH, "utf-8")
    assert main(["titles", str(path), "--count", "1"]) == 0
    assert capsys.readouterr().out == "  NASA launched the rocket on Monday\n"
    assert main(["titles", str(path), "-o", str(tmp_path / "out")]) == 1
    assert "no package folder" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert main(["titles", str(tmp_path / "gone.txt")]) == 1


def test_blocked_words_are_no_titles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("The fucking rocket left Florida on Monday.", "utf-8")
    assert main(["titles", str(path), "--json"]) == 0
    assert "fucking" not in json.dumps(json.loads(capsys.readouterr().out)["titles"][:1] or "")


def test_no_video_tools_are_entered(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(ENGLISH, "utf-8")
    watched = "[name for name in sys.modules if name.split('.')[0] == 'av' or name.startswith('keyart.media')]"
    code = f"import sys; from keyart.cli import main; main(['titles', 'talk.txt']); print({watched})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"

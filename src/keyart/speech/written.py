"""A text instead of a video -> Transcript: subtitle files, plain text, and the JSON of recognisers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keyart.errors import BadSetting, MissingFile
from keyart.speech.language import guess_language, short_code
from keyart.speech.sidecar import MAX_BYTES, SUFFIXES, decode_text, read_sidecar
from keyart.types import Cue, Transcript, file_name

TEXT_SUFFIXES = (*SUFFIXES, ".txt", ".json")
"""Files that are read as words; every other file is taken for a video."""

_END_OF_TIME = 1e9


def is_text(path: Path) -> bool:
    return path.suffix.lower() in TEXT_SUFFIXES


def read_text(path: Path) -> Transcript:
    """The words of a subtitle file, a plain text or a transcript's JSON; seconds are 0 where the file has none.

    Raises `MissingFile`, and `BadSetting` for a file that is not what its name says, or that holds no words.
    """
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    if path.stat().st_size > MAX_BYTES:
        raise BadSetting(f"{path}: {path.stat().st_size} bytes are no text for titles; at most {MAX_BYTES}")
    if path.suffix.lower() in SUFFIXES:
        cues = read_sidecar(path)
        found = Transcript(guess_language(" ".join(cue.text for cue in cues)), f"file {file_name(path)}", cues)
    else:
        text = decode_text(path.read_bytes())
        source = f"file {file_name(path)}"
        found = from_json(text, source) if path.suffix.lower() == ".json" else from_text(text, source)
    if not found.cues:
        raise BadSetting(f"{path}: no words in it")
    return found


def from_text(text: str, source: str = "text", language: str = "") -> Transcript:
    """Plain text -> one cue a paragraph, without times. Lone surrogates, which no file can hold, become '?'."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\ufeff", "")
    paragraphs = (re.sub(r"\s+", " ", one).strip() for one in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    cues = tuple(Cue(_ended(one), 0.0, 0.0) for one in paragraphs if re.search(r"\w", one))
    return Transcript(short_code(language) or guess_language(text), source, cues)


def _ended(paragraph: str) -> str:
    # a heading has no point, and would run into the sentence after it
    return paragraph if re.search(r"[.!?…:;,»\"”)]$", paragraph) else f"{paragraph}."


def from_json(text: str, source: str = "text") -> Transcript:
    """A transcript of keyart's, `{"text"}`, Whisper's `{"segments"}`, or a list of `{"start", "end", "text"}`.

    Raises `BadSetting` for JSON of any other shape.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise BadSetting(f"{source}: no JSON: {err}") from err
    fields: Mapping[str, Any] = value if isinstance(value, dict) else {}
    rows = value if isinstance(value, list) else fields.get("cues", fields.get("segments"))
    language = str(fields.get("language") or "")
    if isinstance(rows, list):
        cues = _cues(rows, source)
        shown = guess_language(" ".join(cue.text for cue in cues))
        return Transcript(short_code(language) or shown, source, cues)
    if isinstance(fields.get("text"), str):
        return from_text(fields["text"], source, language)
    raise BadSetting(f'{source}: holds neither "text" nor "cues" nor "segments"')


def _cues(rows: Sequence[Any], source: str) -> tuple[Cue, ...]:
    found = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise BadSetting(f'{source}: entry {number} has no "text"')
        start, end = _seconds(row.get("start")), _seconds(row.get("end"))
        if row["text"].strip():
            found.append(Cue(row["text"].strip(), start, max(start, end)))
    return tuple(found)


def _seconds(value: object) -> float:
    """Of a number that a file can mean; NaN, infinities and integers beyond any float are none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < _END_OF_TIME:
        return 0.0
    return float(value)

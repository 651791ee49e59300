"""Subtitle files beside the video -> cues. Any encoding; times as the file has them."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from keyart.errors import BadSetting, MissingFile
from keyart.speech.language import short_code
from keyart.speech.markup import clean_cues
from keyart.types import Cue

SUFFIXES = (".srt", ".vtt", ".ass", ".ssa", ".ttml", ".dfxp", ".sbv", ".smi", ".sami", ".sub")
MAX_BYTES = 20_000_000
"""No subtitle file is longer; a larger one is something else under the same name."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    path: Path
    language: str
    """ISO 639-1 code from the file's name ('talk.ru.srt'), or ''."""


def find_sidecars(video: Path) -> tuple[Sidecar, ...]:
    """Subtitle files whose name is the video's, with or without a language ('talk.srt', 'talk.ru.vtt'), by name."""
    stem = video.stem.casefold()
    try:
        beside = sorted(video.parent.iterdir())
    except OSError:
        return ()
    found = []
    for path in beside:
        if path.suffix.lower() in SUFFIXES and path.is_file() and path != video:
            middle = path.stem.casefold().removeprefix(stem)
            if path.stem.casefold() == stem or (path.stem.casefold().startswith(stem) and middle[:1] == "."):
                parts = [short_code(part) for part in middle.split(".") if part]
                found.append(Sidecar(path, next((code for code in parts if code), "")))
    order = {suffix: place for place, suffix in enumerate(SUFFIXES)}
    return tuple(sorted(found, key=lambda one: (len(one.path.name), order[one.path.suffix.lower()], one.path.name)))


def read_sidecar(path: Path, *, frames_per_second: float = 0.0) -> tuple[Cue, ...]:
    """The file's spoken text. Raises `MissingFile`, and `BadSetting` for a file that is no subtitle file."""
    import pysubs2

    if not path.is_file():
        raise MissingFile(f"{path}: no such subtitle file")
    if path.stat().st_size > MAX_BYTES:
        raise BadSetting(f"{path}: {path.stat().st_size} bytes is no subtitle file; at most {MAX_BYTES}")
    text = decode_text(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if path.suffix.lower() == ".sbv":
        text = _srt_from_sbv(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of margins and layers that are no numbers: nothing here reads them
            events = pysubs2.SSAFile.from_string(text, format_=_format(text), fps=frames_per_second or None)
        spoken = [
            Cue(event.text, max(0, event.start) / 1000, event.end / 1000) for event in events if not event.is_comment
        ]
    except Exception as err:  # a parser of strangers' text, which fails in many ways of its own
        raise BadSetting(f"{path}: not a subtitle file that can be read (srt, vtt, ass, ttml, sbv, smi, sub)") from err
    return clean_cues(spoken)


def _format(text: str) -> str | None:
    # by what is inside: suffixes lie, and pysubs2 takes VTT without hours for SRT
    head = text.lstrip("\ufeff \n")[:400]
    if head.startswith("WEBVTT"):
        return "vtt"
    if re.search(r"<tt[\s>]|http://www.w3.org/ns/ttml", head):
        return "ttml"
    if re.search(r"^\[(?:Script Info|V4\+? Styles|Events)\]", head, re.M):
        return "ass"
    if re.search(r"^\d+:\d\d:\d\d[,.]\d+\s*-->", text[:4000], re.M):
        return "srt"
    return None


def _srt_from_sbv(text: str) -> str:
    # 0:00:01.599,0:00:03.919 -> 0:00:01,599 --> 0:00:03,919
    return re.sub(r"^(\d+:\d\d:\d\d)\.(\d{3}),(\d+:\d\d:\d\d)\.(\d{3})$", r"\1,\2 --> \3,\4", text, flags=re.M)


def decode_text(data: bytes) -> str:
    """Bytes of unknown encoding -> text: byte-order mark, UTF-8, UTF-16, then the best guess."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if data.count(0) > len(data) // 10:
        # ASCII digits and arrows are every second byte of unmarked UTF-16
        return data.decode("utf-16-be" if data[:2][:1] == b"\0" else "utf-16-le", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_guess_encoding(data), errors="replace")


def _guess_encoding(data: bytes) -> str:
    russian = max(("cp1251", "koi8-r", "cp866"), key=lambda name: _russianness(data.decode(name, errors="replace")))
    if _russianness(data.decode(russian, errors="replace")) > 0.5:
        return russian
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return best.encoding if best else "cp1252"


def _russianness(text: str) -> float:
    """Share of the non-ASCII characters that are Cyrillic in words of one case: a wrong code page mixes the cases."""
    foreign = [character for character in text if ord(character) > 127]
    if not foreign:
        return 0.0
    words = re.findall(r"[А-ЯЁа-яё]+", text)
    tidy = sum(len(word) for word in words if len(word) > 1 and (word[1:].islower() or word.isupper()))
    common = sum(word.lower() in _COMMON for word in words)
    return tidy / len(foreign) + common / max(1, len(words))


_COMMON = frozenset({
    "и", "в", "не", "на", "я", "что", "с", "он", "как", "это", "по", "но", "у", "к", "то", "за", "от", "так",
    "же", "вы", "мы", "о", "бы", "да", "ну"
})  # fmt: skip

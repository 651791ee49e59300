"""Headlines where nobody speaks: the file's own title, its chapters, at last its name. Nothing is made up."""

from __future__ import annotations

import re

from keyart.speech.language import guess_language
from keyart.types import Headline, VideoInfo

_CAMERA = re.compile(
    r"^(?:img|vid|dsc[fn]?|mov|mvi|gopr|gh\d\d|gx\d\d|dji|pxl|snapchat|screenshot|screen[ _-]?rec\w*|recording|video"
    r"|clip|movie|film|untitled|output|render|export|final|test|sample|download|whatsapp[ _-]video|telegram|zoom"
    r"|capture"
    r"|запись|видео|ролик|безымянный|новый|проект)[ _.()-]*(?:at)?[\d _.()-]*(?:wa\d+)?$",
    re.I,
)
_TAILS = re.compile(
    r"[ _.-]*(?:\(\d+\)|\b(?:v(?:er(?:sion)?)?[ ._]?\d+|final|finale|edit(?:ed)?|draft|copy|export(?:ed)?|render(?:ed)?"
    r"|master|\d{3,4}p|\d{3,4}x\d{3,4}|[248]k|uhd|fhd|hd|x26[45]|h\.?26[45]|hevc|avc|av1|vp[89]|aac|opus|mp3|web-?dl"
    r"|web-?rip|bluray|bdrip|dvdrip|hdr(?:10)?|sdr|\d+fps|финал(?:ьный)?|копия|черновик))\s*$",
    re.I,
)
_DATE = re.compile(
    r"(?:19|20)\d\d[-_. ]?[01]\d[-_. ]?[0-3]\d(?:[-_ T]?[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?)?"
    r"|[0-3]\d[-_.][01]\d[-_.](?:19|20)\d\d"
)
_HASH = re.compile(
    r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b|\[[\w-]{11}\]|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    re.I,
)
_TECHNICAL = re.compile(r"\b(?:\d{3,4}[pi]|\d{2,3}fps|\d{3,4}x\d{3,4}|\d+(?:s|sec|min|mb|kbps))\b", re.I)
_SAY_NOTHING = frozenset(
    re.findall(
        r"\w+",
        """
        a an the my new old test tests sample samples demo short long movie film clip clips video videos vid
        recording recorded record rec export exported render rendered output out input final finale project
        untitled edit edited draft copy master camera cam phone mobile screen capture file download
        downloaded temp tmp normal full part version ver timeline sequence comp scene track media footage
        raw stream from of мой моё мое моя новый новая новое старый тест проба пример видео ролик фильм клип
        запись экран камера телефон телефона телефоном проект файл без названия имени безымянный черновик
        копия итог финал монтаж экспорт часть с на из
        """,
    )
)
"""A name made of these alone was given by nobody who thought of a title."""
_SERIAL_CHAPTER = re.compile(
    r"^(?:chapter|глава|part|часть|scene|сцена|track|kapitel|chapitre)?[ .#№]*\d*[:.]?$|^\d\d?:\d\d", re.I
)


def clean_name(stem: str) -> str:
    """A file's name -> words a person wrote, or '' where a camera or a program wrote it."""
    text = _HASH.sub(" ", _DATE.sub(" ", stem))
    text = re.sub(r"[_+]+", " ", text)
    if " " not in text.strip():
        text = re.sub(r"(?<=[^\W\d])[-.](?=\w)|(?<=\w)[-.](?=[^\W\d])", " ", text)
    text = _TECHNICAL.sub(" ", text)
    before = ""
    while before != text:
        before, text = text, _TAILS.sub("", text).strip(" ._-–—()[]")
    text = re.sub(r"\s+", " ", text).strip(" ._-–—")
    words = re.findall(r"[^\W\d_]{2,}", text)
    if not words or _CAMERA.match(text) or not any(_pronounceable(word) for word in words):
        return ""
    if {re.sub(r"\d", "", word.lower()) for word in re.findall(r"[^\W_]+", text)} <= _SAY_NOTHING | {""}:
        return ""
    return _cased(text)


def _cased(text: str) -> str:
    """Sentence case; what is shouted from end to end loses its capitals."""
    if text.isupper() and len(text.split()) > 1:
        text = text.lower()
    return text[:1].upper() + text[1:]


def _pronounceable(word: str) -> bool:
    return (
        len(word) >= 3
        and bool(re.search(r"[aeiouyаеёиоуыэюя]", word.lower()))
        and not re.search(r"[^aeiouyаеёиоуыэюяьъ\W]{6}", word.lower())
    )


def shortened(text: str, max_words: int, max_characters: int) -> str:
    """Cut at a mark or between words so that it fits; never after a preposition or conjunction."""
    text = re.sub(r"\s+", " ", text).strip()
    if _fits(text, max_words, max_characters):
        return text
    for part in re.split(r"\s*[|/]\s*|\s+[-–—]\s+|(?<=[.!?:])\s+", text):
        if len(part.split()) >= 2 and _fits(part, max_words, max_characters):
            return part.rstrip(".:")
    words = text.split()
    while words and not _fits(" ".join(words), max_words, max_characters):
        words.pop()
    while len(words) > 1 and re.fullmatch(
        r"(?:и|а|но|в|на|с|о|об|к|по|за|из|от|для|не|and|or|the|a|an|of|in|on|at|to|for|with|by|is|are)",
        words[-1],
        re.I,
    ):
        words.pop()
    return " ".join(words).rstrip(",;:-–— ")


def _fits(text: str, max_words: int, max_characters: int) -> bool:
    return len(re.findall(r"\w+(?:[-'’]\w+)*", text)) <= max_words and len(text) <= max_characters


def file_headlines(info: VideoInfo, max_words: int, max_characters: int) -> tuple[Headline, ...]:
    """Title tag, chapters, file name, in this order. `supported` only for what the file says of itself."""
    end = info.duration_seconds
    found: list[Headline] = []
    title = info.tags.get("title", "").strip()
    said = clean_name(title) if title and title == info.stem else _tidy(title)
    if said:
        found.append(_headline(shortened(said, max_words, max_characters), 0.0, end, title, True, 0.5, "metadata"))
    for chapter in info.chapters:
        if not _SERIAL_CHAPTER.match(chapter.title.strip()) and _tidy(chapter.title):
            text = shortened(_tidy(chapter.title), max_words, max_characters)
            found.append(_headline(text, chapter.start, chapter.end, chapter.title, True, 0.4, "chapter"))
    name = clean_name(info.stem)
    if name:
        found.append(
            _headline(shortened(name, max_words, max_characters), 0.0, end, info.name, False, 0.2, "file name")
        )
    unique: dict[str, Headline] = {}
    for one in found:
        unique.setdefault(one.text.casefold(), one)
    return tuple(one for one in unique.values() if one.text)


def _tidy(text: str) -> str:
    """A title that a person wrote, on one line; '' for what a program put there."""
    text = re.sub(r"\s+", " ", text).strip()
    if not clean_name(text):
        return ""
    return text[:1].upper() + text[1:]


def _headline(text: str, start: float, end: float, quote: str, supported: bool, score: float, source: str) -> Headline:
    return Headline(text, guess_language(text), start, end, quote, supported, score, source, "title")  # type: ignore[arg-type]

"""What a file is, told by its first bytes; its name is not asked.

Only containers that hold pictures and sound themselves are let in. Playlists and edit lists, which send the reader to
other files, begin with none of these.
"""

from __future__ import annotations

import codecs
import re

HEAD_BYTES = 4096

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid")
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"jxl ", b"crx ")
_STARTS = (
    (b"FLV\x01", ".flv"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", ".wmv"),
    (b"OggS", ".ogv"),
    (b"\x00\x00\x01\xba", ".mpg"),
    (b"\x00\x00\x01\xb3", ".mpg"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", ".mxf"),
    (b".RMF\x00\x00", ".rm"),
)
_BINARY_WITHIN = 512
_LONGEST_FTYP = 4096
_TRANSPORT = ((0, 188, ".ts"), (4, 192, ".m2ts"), (0, 204, ".ts"))


def video_suffix(head: bytes) -> str:
    """The ending of the container that the first bytes tell of, '' where they tell of none."""
    if _is_text(head):
        return ""
    if head[4:8] in _MP4_BOXES:
        return _mp4(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return ".webm" if b"webm" in head[:64] else ".mkv"
    if head.startswith((b"RIFF", b"RIFX", b"RF64")):
        return ".avi" if head[8:12] in (b"AVI ", b"AVIX") else ""
    for start, suffix in _STARTS:
        if head.startswith(start):
            return suffix
    return next((suffix for at, step, suffix in _TRANSPORT if _ticks(head, at, step)), "")


def _is_text(head: bytes) -> bool:
    """No container begins like that, but a page or a playlist can be written so that it passes for one: `<!--ftyp`."""
    return head[:1] in (b"<", b"#") or not any(one < 0x09 for one in head[:_BINARY_WITHIN])


def _mp4(head: bytes) -> str:
    if head[4:8] == b"ftyp" and int.from_bytes(head[:4]) > _LONGEST_FTYP:
        return ""
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if brand in _PICTURE_BRANDS:
        return ""
    return ".mov" if brand == b"qt  " else ".mp4"


def _ticks(head: bytes, at: int, step: int) -> bool:
    """Whether packets of a transport stream follow one another: a sync byte every `step` bytes."""
    return len(head) > at + 4 * step and all(head[at + n * step] == 0x47 for n in range(5))


def subtitle_suffix(head: bytes) -> str:
    """The ending of the subtitle format that the text begins like, '' where it is none."""
    text = _text(head).lstrip("\ufeff \t\r\n")
    if text.startswith("WEBVTT"):
        return ".vtt"
    if text.casefold().startswith("[script info]"):
        return ".ass"
    if text.startswith("{") and text[1:2].isdigit():
        return ".sub"
    if text.startswith("<") and "ttml" in text[:1000]:
        return ".ttml"
    if re.match(r"\d+:\d\d:\d\d\.\d+,\d", text):
        return ".sbv"
    return ".srt" if "-->" in text else ""


def _text(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    return "" if b"\x00" in head else head.decode("utf-8", errors="replace")

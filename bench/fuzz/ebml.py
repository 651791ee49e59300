"""Matroska and WebM as elements: an id, a length, a body, each number of one to eight bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PARENTS = frozenset(
    (0x1A45DFA3, 0x18538067, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x1F43B675, 0xA0, 0x1C53BB6B, 0xBB,
     0xB7, 0x1043A770, 0x45B9, 0xB6, 0x1254C367, 0x7373, 0x63C0, 0x67C8, 0x1941A469, 0x61A7, 0x55B0, 0x55D0)
)  # fmt: skip
"""EBML, Segment, SeekHead, Info, Tracks and tracks, Clusters, Cues, Chapters, Tags, Attachments, Colour."""
TIMES = frozenset((0x2AD7B1, 0x4489, 0xE7, 0x23E383, 0x9B, 0x23314F, 0xB3, 0x91, 0x92, 0x56AA, 0x56BB))
"""TimestampScale, Duration, cluster and cue times, default and block durations, chapters, delays."""
SIZES = frozenset((0xB0, 0xBA, 0x54B0, 0x54BA, 0x54AA, 0x54BB, 0x54CC, 0x54DD, 0x53B8, 0x9A))
"""Coded and displayed width and height, crops, stereo mode, interlacing."""


@dataclass(frozen=True, slots=True)
class Element:
    id: int
    start: int
    length_at: int
    body: int
    end: int


def walk(data: bytes, start: int = 0, end: int | None = None, depth: int = 0) -> Iterator[Element]:
    """Every element from `start`, parents before what is in them; ends where the bytes are none."""
    end = len(data) if end is None else end
    while start < end:
        head = _number(data, start, keep_marker=True)
        length = _number(data, start + head[1], keep_marker=False) if head else None
        if head is None or length is None:
            return
        body = start + head[1] + length[1]
        unknown = length[0] == (1 << 7 * length[1]) - 1
        stop = end if unknown else min(end, body + length[0])
        yield Element(head[0], start, start + head[1], body, stop)
        if head[0] in PARENTS and depth < 12:
            yield from walk(data, body, stop, depth + 1)
        start = stop


def _number(data: bytes, place: int, *, keep_marker: bool) -> tuple[int, int] | None:
    """A number whose leading zeros tell its width, and that width in bytes."""
    if place >= len(data) or not data[place]:
        return None
    width = 9 - data[place].bit_length()
    if place + width > len(data):
        return None
    value = int.from_bytes(data[place : place + width], "big")
    return (value if keep_marker else value & (1 << 7 * width) - 1), width


def length_bytes(value: int, width: int = 8) -> bytes:
    """A length as EBML writes it."""
    return ((1 << 7 * width) | (value & (1 << 7 * width) - 1)).to_bytes(width, "big")

"""MP4 as a tree of boxes that can be taken apart and put together wrongly.

A box is a big-endian size, four letters and a body; some bodies are boxes again. Offsets inside (`stco`) are left as
they were when boxes move: a file whose index points nowhere is one of the lies wanted here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

PARENTS = frozenset(b"moov trak mdia minf stbl edts dinf udta moof traf mvex mfra tref ilst".split())
"""Boxes that hold nothing but boxes."""
_SKIPPED = {b"meta": 4, b"stsd": 8, b"dref": 8}
"""Bytes of other things before the boxes inside."""
_VISUAL, _SOUND = 78, 28
_ENTRIES = {b"avc1": _VISUAL, b"hvc1": _VISUAL, b"hev1": _VISUAL, b"mp4v": _VISUAL, b"av01": _VISUAL, b"vp09": _VISUAL,
            b"apcn": _VISUAL, b"apco": _VISUAL, b"jpeg": _VISUAL, b"s263": _VISUAL, b"mp4a": _SOUND}  # fmt: skip
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    head: bytes
    """What stands in the body before the first box inside; all of the body where there is none."""
    inside: tuple[Box, ...] = ()
    stated_size: int | None = None
    """What the header says where that is a lie."""

    @property
    def data(self) -> bytes:
        body = self.head + b"".join(one.data for one in self.inside)
        size = len(body) + 8 if self.stated_size is None else self.stated_size
        if 0 <= size < 1 << 32:
            return struct.pack(">I4s", size, self.kind) + body
        return struct.pack(">I4sQ", 1, self.kind, size & (1 << 64) - 1) + body


def parse(data: bytes, depth: int = 0) -> tuple[Box, ...] | None:
    """The boxes that `data` is made of, None where it is not made of boxes."""
    found, place = [], 0
    while place < len(data):
        span = _span(data, place)
        if span is None:
            return None
        header, size = span
        kind, body = data[place + 4 : place + 8], data[place + header : place + size]
        found.append(_box(kind, body, depth))
        place += size
    return tuple(found)


def _span(data: bytes, place: int) -> tuple[int, int] | None:
    """Bytes of the header, and of the whole box."""
    if place + 8 > len(data):
        return None
    size, header = struct.unpack_from(">I", data, place)[0], 8
    if size == 1 and place + 16 <= len(data):
        size, header = struct.unpack_from(">Q", data, place + 8)[0], 16
    if size == 0:
        size = len(data) - place
    return (header, size) if header <= size <= len(data) - place else None


def _box(kind: bytes, body: bytes, depth: int) -> Box:
    skipped = 0 if kind in PARENTS else _SKIPPED.get(kind, _ENTRIES.get(kind))
    if skipped is None or depth >= _MAX_DEPTH or len(body) < skipped:
        return Box(kind, body)
    inside = parse(body[skipped:], depth + 1)
    return Box(kind, body) if inside is None else Box(kind, body[:skipped], inside)


Path = tuple[int, ...]
"""Which box: its number among its siblings, from the top down."""


def paths(boxes: Sequence[Box], above: Path = ()) -> Iterator[tuple[Path, Box]]:
    """Every box of the tree, parents before what is in them."""
    for number, box in enumerate(boxes):
        yield (*above, number), box
        yield from paths(box.inside, (*above, number))


def put(boxes: Sequence[Box], path: Path, new: Sequence[Box]) -> tuple[Box, ...]:
    """The tree with `new` in the place of one box."""
    first, *rest = path
    if not rest:
        return (*boxes[:first], *new, *boxes[first + 1 :])
    parent = boxes[first]
    changed = replace(parent, inside=put(parent.inside, tuple(rest), new))
    return (*boxes[:first], changed, *boxes[first + 1 :])


def join(boxes: Sequence[Box]) -> bytes:
    return b"".join(one.data for one in boxes)

"""Pictures in palette colours -> GIF bytes. libav packs each shot; the shots are joined here, each with its palette.

libav's encoder leaves unchanged pixels out only while the palette stays that of the first frame, so every shot is
packed as a GIF of its own and its frames are then moved into one file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
import numpy as np

from keyart.media.palette import Indices, Palette

_CENTISECOND = Fraction(1, 100)
_LOOP_FOR_EVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_KEEP_AND_TRANSPARENT = 0b0000_0101
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL = 0xF9


@dataclass(frozen=True, slots=True)
class Packed:
    """One compressed picture of a GIF, still without its delay."""

    transparent: int
    """Index that means "as before"; -1 for none."""
    place: bytes
    """Left, top, width and height as they stand in the file."""
    table: bytes
    """Its palette; a power of two of RGB triples."""
    data: bytes
    """Code size and LZW blocks."""


def packed(palette: Palette, drawn: Sequence[Indices]) -> list[Packed]:
    """The pictures of one shot, all but the first reduced to what changed."""
    buffer = io.BytesIO()
    height, width = drawn[0].shape
    with av.open(buffer, "w", format="gif") as container:
        stream: Any = container.add_stream("gif", rate=100)
        stream.width, stream.height, stream.pix_fmt = width, height, "pal8"
        stream.codec_context.time_base = _CENTISECOND
        for number, indices in enumerate(drawn):
            frame = _pal8(palette, indices)
            frame.pts, frame.time_base = number, _CENTISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return [_trimmed(picture, palette) for picture in _pictures(buffer.getvalue())]


def _trimmed(picture: Packed, palette: Palette) -> Packed:
    """With the smallest table that holds the palette and the transparent colour: it may stand before every picture."""
    size = 3 * 2 ** max(1, len(palette).bit_length())
    colors = palette.tobytes()
    whole = picture.table[: len(colors)] == colors and 3 * picture.transparent < size
    return replace(picture, table=picture.table[:size]) if whole else picture


def _pal8(palette: Palette, indices: Indices) -> av.VideoFrame:
    """A frame of libav with at most 255 colours and, after them, the transparent one."""
    height, width = indices.shape
    frame = av.VideoFrame(width, height, "pal8")
    rows = np.zeros((height, frame.planes[0].line_size), np.uint8)
    rows[:, :width] = indices
    table = np.zeros((256, 4), np.uint8)  # BGRA
    table[: len(palette), :3], table[:, 3] = palette[:, ::-1], 255
    table[len(palette), 3] = 0
    frame.planes[0].update(rows.tobytes())
    frame.planes[1].update(table.tobytes())
    return frame


def _pictures(gif: bytes) -> Iterator[Packed]:
    at = 13 + _table_bytes(gif[10])
    shared, transparent = gif[13:at], -1
    while gif[at] != _TRAILER:
        if gif[at] == _EXTENSION:
            if gif[at + 1] == _CONTROL:
                transparent = gif[at + 6] if gif[at + 3] & 1 else -1
            at = _after_blocks(gif, at + 2)
        else:
            flags = gif[at + 9]
            own = gif[at + 10 : at + 10 + _table_bytes(flags)]
            start = at + 10 + len(own)
            end = _after_blocks(gif, start + 1)
            yield Packed(transparent, gif[at + 1 : at + 9], own or shared, gif[start:end])
            at = end


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(gif: bytes, at: int) -> int:
    """Past the blocks that begin at `at`: each is led by its length, and an empty one is the last."""
    while gif[at]:
        at += gif[at] + 1
    return at + 1


def assembled(size_px: tuple[int, int], pictures: Sequence[Packed], delays: Sequence[int], comment: bytes) -> bytes:
    """One GIF that loops for ever; delays in hundredths of a second. The first picture's palette serves as many as it
    can."""
    shared = pictures[0].table
    width, height = size_px
    screen = width.to_bytes(2, "little") + height.to_bytes(2, "little") + bytes([_size_flags(shared), 0, 0])
    parts = [b"GIF89a", screen, shared, _LOOP_FOR_EVER, _comment(comment)]
    for picture, delay in zip(pictures, delays, strict=True):
        flags = _KEEP_AND_TRANSPARENT if picture.transparent >= 0 else 0b0000_0100
        parts.append(bytes([_EXTENSION, _CONTROL, 4, flags]) + delay.to_bytes(2, "little"))
        parts.append(bytes([max(0, picture.transparent), 0, _IMAGE]) + picture.place)
        own = b"" if picture.table == shared else picture.table
        parts += [bytes([_size_flags(own)]), own, picture.data]
    return b"".join([*parts, bytes([_TRAILER])])


def _size_flags(table: bytes) -> int:
    return 0x80 | (len(table) // 3).bit_length() - 2 if table else 0


def _comment(text: bytes) -> bytes:
    blocks = [text[start : start + 255] for start in range(0, len(text), 255)]
    return b"\x21\xfe" + b"".join(bytes([len(one)]) + one for one in blocks) + b"\x00" if text else b""

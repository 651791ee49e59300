"""Ways to break a media file. Each is a pure function of the bytes, a source of chance and the bytes of another file.

The same clip, mutator and seed give the same bytes, so a table of them is a corpus.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import replace
from random import Random

from bench.fuzz import boxes, ebml
from bench.fuzz.boxes import Box

Mutator = Callable[[bytes, Random, bytes], bytes]

NUMBERS = (0, 1, 2, 3, 7, 127, 128, 255, 256, 32767, 32768, 65535, 65536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1,
           1 << 32, (1 << 62) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)  # fmt: skip
"""Where counters overflow, signs turn and sizes end."""
_TAIL_SHARE = 0.05
_HEAD_BYTES = 600


# --- any bytes ----------------------------------------------------------------------------------------------------


def _flipped(data: bytes, chance: Random, count: int, start: int = 0, end: int | None = None) -> bytes:
    end = len(data) if end is None else min(end, len(data))
    if end <= start:
        return data
    changed = bytearray(data)
    for _ in range(count):
        changed[chance.randrange(start, end)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def one_bit(data: bytes, chance: Random, _: bytes) -> bytes:
    return _flipped(data, chance, 1)


def eight_bits(data: bytes, chance: Random, _: bytes) -> bytes:
    return _flipped(data, chance, 8)


def many_bits(data: bytes, chance: Random, _: bytes) -> bytes:
    """One of a thousand."""
    return _flipped(data, chance, max(1, len(data) * 8 // 1000))


def head_bits(data: bytes, chance: Random, _: bytes) -> bytes:
    return _flipped(data, chance, chance.choice((1, 3, 10)), 0, _HEAD_BYTES)


def tail_bits(data: bytes, chance: Random, _: bytes) -> bytes:
    """Where many formats keep their index."""
    return _flipped(data, chance, chance.choice((1, 3, 10)), max(0, len(data) - max(64, int(len(data) * _TAIL_SHARE))))


def _run(data: bytes, chance: Random, value: int) -> bytes:
    long = min(len(data), int(2 ** chance.uniform(0, math.log2(max(2, len(data) // 4)))))
    start = chance.randrange(max(1, len(data) - long))
    return data[:start] + bytes([value]) * long + data[start + long :]


def zeros(data: bytes, chance: Random, _: bytes) -> bytes:
    return _run(data, chance, 0)


def ones(data: bytes, chance: Random, _: bytes) -> bytes:
    return _run(data, chance, 255)


def _log_size(data: bytes, chance: Random) -> int:
    return min(len(data), int(2 ** chance.uniform(0, math.log2(max(2, len(data))))))


def cut_short(data: bytes, chance: Random, _: bytes) -> bytes:
    """Anything from all but a byte away to a byte away."""
    some = _log_size(data, chance)
    return data[: chance.choice((some, len(data) - some))]


def cut_head(data: bytes, chance: Random, _: bytes) -> bytes:
    return data[min(_log_size(data, chance), len(data) // 2) :]


def cut_out(data: bytes, chance: Random, _: bytes) -> bytes:
    some = _log_size(data, chance) // 2
    start = chance.randrange(max(1, len(data) - some))
    return data[:start] + data[start + some :]


def doubled(data: bytes, chance: Random, _: bytes) -> bytes:
    some = max(1, _log_size(data, chance) // 2)
    start = chance.randrange(max(1, len(data) - some))
    return data[: start + some] + data[start:]


def pieces_shuffled(data: bytes, chance: Random, _: bytes) -> bytes:
    size = chance.choice((16, 188, 512, 4096))
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    for _turn in range(chance.randrange(1, 6)):
        first, second = chance.randrange(len(pieces)), chance.randrange(len(pieces))
        pieces[first], pieces[second] = pieces[second], pieces[first]
    return b"".join(pieces)


def spliced(data: bytes, chance: Random, other: bytes) -> bytes:
    """The beginning of this file and the end of another."""
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def joined(data: bytes, _chance: Random, other: bytes) -> bytes:
    return data + other


def grafted(data: bytes, chance: Random, other: bytes) -> bytes:
    """A piece of another file in the middle of this one."""
    size = max(1, _log_size(other, chance))
    start = chance.randrange(max(1, len(other) - size))
    place = chance.randrange(len(data) + 1)
    return data[:place] + other[start : start + size] + data[place + size * chance.randrange(2) :]


def garbage_after(data: bytes, chance: Random, _: bytes) -> bytes:
    return data + chance.randbytes(chance.choice((1, 7, 64, 5000, 100_000)))


def garbage_before(data: bytes, chance: Random, _: bytes) -> bytes:
    return chance.randbytes(chance.choice((1, 7, 64, 5000))) + data


def telling_number(data: bytes, chance: Random, _: bytes) -> bytes:
    """A number from where counters overflow, somewhere near the head."""
    changed = bytearray(data)
    for _turn in range(chance.choice((1, 1, 2, 4))):
        width = chance.choice((1, 2, 4, 8))
        value = (chance.choice(NUMBERS) & (1 << 8 * width) - 1).to_bytes(width, chance.choice(("big", "little")))
        reach = len(data) if chance.random() < 0.4 else min(len(data), 2000)
        place = chance.randrange(max(1, reach - width))
        changed[place : place + width] = value
    return bytes(changed[: len(data)])


BYTES: dict[str, Mutator] = {
    "one bit": one_bit, "eight bits": eight_bits, "a bit in a thousand": many_bits, "bits of the head": head_bits,
    "bits of the tail": tail_bits, "zeros": zeros, "ones": ones, "cut short": cut_short, "head cut off": cut_head,
    "piece cut out": cut_out, "piece doubled": doubled, "pieces shuffled": pieces_shuffled, "spliced": spliced,
    "joined": joined, "grafted": grafted, "garbage after": garbage_after, "garbage before": garbage_before,
    "telling number": telling_number,
}  # fmt: skip


# --- MP4 and QuickTime --------------------------------------------------------------------------------------------

Tree = tuple[Box, ...]
_TABLES = (b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"co64", b"stss", b"elst", b"trun", b"sidx", b"sbgp", b"saiz")
_CLOCKS = (b"mvhd", b"mdhd", b"tkhd", b"tfdt", b"mehd", b"tfhd", b"trex")
_VISUAL = (b"avc1", b"hvc1", b"hev1", b"mp4v", b"av01", b"vp09", b"apcn", b"apco", b"jpeg", b"s263")
_CONFIGS = (b"avcC", b"hvcC", b"esds", b"av1C", b"vpcC", b"colr", b"pasp", b"mdcv", b"clli", b"d263", b"fiel")


def _of_boxes(change: Callable[[Tree, Random], Tree]) -> Mutator:
    """A file that is not made of boxes is left to a bit."""

    def mutated(data: bytes, chance: Random, other: bytes) -> bytes:
        tree = boxes.parse(data)
        return boxes.join(change(tree, chance)) if tree else one_bit(data, chance, other)

    return mutated


def _some(tree: Tree, chance: Random, kinds: tuple[bytes, ...] = ()) -> tuple[boxes.Path, Box]:
    """Any box, or any of those kinds where there is one."""
    all_of_them = list(boxes.paths(tree))
    return chance.choice([one for one in all_of_them if one[1].kind in kinds] or all_of_them)


def box_swapped(tree: Tree, chance: Random) -> Tree:
    (first, one), (second, two) = _some(tree, chance), _some(tree, chance)
    if first[: len(second)] == second or second[: len(first)] == first:
        return tree[::-1]  # one lies in the other: turn the file round instead
    return boxes.put(boxes.put(tree, first, (two,)), second, (one,))


def box_doubled(tree: Tree, chance: Random) -> Tree:
    path, box = _some(tree, chance)
    return boxes.put(tree, path, (box,) * chance.choice((2, 2, 3, 40 if len(box.data) < 2000 else 2)))


def box_gone(tree: Tree, chance: Random) -> Tree:
    return boxes.put(tree, _some(tree, chance)[0], ())


def box_moved(tree: Tree, chance: Random) -> Tree:
    """Into the place before another."""
    path, box = _some(tree, chance)
    rest = boxes.put(tree, path, ())
    place, other = _some(rest, chance) if rest else ((0,), box)
    return boxes.put(rest, place, (box, other)) if rest else tree


def box_size_lie(tree: Tree, chance: Random) -> Tree:
    path, box = _some(tree, chance)
    true = len(box.data)
    lie = chance.choice((*NUMBERS, true - 1, true + 1, true - 8, true + 8, true // 2, true * 2))
    return boxes.put(tree, path, (replace(box, stated_size=max(0, lie)),))


def box_renamed(tree: Tree, chance: Random) -> Tree:
    path, box = _some(tree, chance)
    kinds = sorted({one.kind for _, one in boxes.paths(tree)} | {b"free", b"uuid", b"\0\0\0\0", b"moof", b"cmov"})
    return boxes.put(tree, path, (replace(box, kind=chance.choice(kinds)),))


def box_nested(tree: Tree, chance: Random) -> Tree:
    """Boxes in boxes, deeper than any reader should follow."""
    path, box = _some(tree, chance, (b"moov", b"trak", b"udta", b"meta", b"stsd"))
    kind = chance.choice((b"moov", b"trak", b"udta", b"mdia", box.kind))
    for _turn in range(chance.choice((10, 100, 3000))):
        box = Box(kind, b"", (box,)) if len(box.data) < 200_000 else box
        box = Box(kind, box.data)
    return boxes.put(tree, path, (box,))


def _head_changed(tree: Tree, chance: Random, kinds: tuple[bytes, ...], first: int, last: int) -> Tree:
    """One or two telling numbers of four or eight bytes in a box's own fields."""
    path, box = _some(tree, chance, kinds)
    head = bytearray(box.head)
    for _turn in range(chance.choice((1, 1, 2))):
        width = chance.choice((4, 4, 8))
        place = first + 4 * chance.randrange(max(1, (min(last, len(head)) - first) // 4))
        head[place : place + width] = (chance.choice(NUMBERS) & (1 << 8 * width) - 1).to_bytes(width, "big")
    return boxes.put(tree, path, (replace(box, head=bytes(head[: len(box.head)])),))


def table_lie(tree: Tree, chance: Random) -> Tree:
    """Counts and values of the sample tables: times, sizes, places, edits."""
    return _head_changed(tree, chance, _TABLES, 4, 4 + 8 * chance.choice((1, 2, 40)))


def count_lie(tree: Tree, chance: Random) -> Tree:
    return _head_changed(tree, chance, (b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"stss", b"elst", b"stsd"), 4, 12)


def clock_lie(tree: Tree, chance: Random) -> Tree:
    """Time scales of 0, lengths of 2^63 ticks."""
    return _head_changed(tree, chance, _CLOCKS, 4, 32)


def size_lie(tree: Tree, chance: Random) -> Tree:
    """65535 x 65535, 0 x 0, or one thin line, in the sample entry; the track's own size and matrix as well."""
    if chance.random() < 0.4:
        return _head_changed(tree, chance, (b"tkhd",), 40, 84)
    path, box = _some(tree, chance, _VISUAL)
    sizes = ((65535, 65535), (0, 0), (0, 65535), (1, 65535), (16384, 16384), (32768, 32768), (1, 1), (4, 16384))
    size = struct.pack(">HH", *chance.choice(sizes))
    return boxes.put(tree, path, (replace(box, head=box.head[:24] + size + box.head[28:]),))


def config_bits(tree: Tree, chance: Random) -> Tree:
    """What the codec is told before the first picture."""
    path, box = _some(tree, chance, _CONFIGS)
    head = _flipped(box.head, chance, chance.choice((1, 2, 6)))
    return boxes.put(tree, path, (replace(box, head=head),))


def index_bits(tree: Tree, chance: Random) -> Tree:
    path, box = _some(tree, chance, (b"moov", b"moof"))
    data = box.data
    return boxes.put(tree, path, (Box(box.kind, _flipped(data[8:], chance, chance.choice((1, 4, 20)))),))


def sample_bits(tree: Tree, chance: Random) -> Tree:
    """Only what is decoded; the index stays true."""
    path, box = _some(tree, chance, (b"mdat",))
    return boxes.put(tree, path, (replace(box, head=_flipped(box.head, chance, chance.choice((1, 8, 100)))),))


MP4: dict[str, Mutator] = {
    name: _of_boxes(change)
    for name, change in {
        "boxes swapped": box_swapped, "box doubled": box_doubled, "box gone": box_gone, "box moved": box_moved,
        "box size lie": box_size_lie, "box renamed": box_renamed, "boxes nested": box_nested, "table lie": table_lie,
        "count lie": count_lie, "clock lie": clock_lie, "picture size lie": size_lie, "codec head bits": config_bits,
        "index bits": index_bits, "sample bits": sample_bits,
    }.items()
}  # fmt: skip


# --- Matroska -----------------------------------------------------------------------------------------------------


def _element(data: bytes, chance: Random, ids: frozenset[int] = frozenset()) -> ebml.Element | None:
    found = list(ebml.walk(data))
    chosen = [one for one in found if one.id in ids] or found
    return chance.choice(chosen) if chosen else None


def element_size_lie(data: bytes, chance: Random, other: bytes) -> bytes:
    one = _element(data, chance)
    if one is None:
        return one_bit(data, chance, other)
    true = one.end - one.body
    width = one.body - one.length_at
    lie = chance.choice((*NUMBERS, true - 1, true + 1, true // 2, true * 2, (1 << 7 * width) - 1))
    size = ebml.length_bytes(lie, width if chance.random() < 0.7 else 8)
    return data[: one.length_at] + size + data[one.body :]


def element_gone(data: bytes, chance: Random, other: bytes) -> bytes:
    one = _element(data, chance)
    return data[: one.start] + data[one.end :] if one else one_bit(data, chance, other)


def element_doubled(data: bytes, chance: Random, other: bytes) -> bytes:
    one = _element(data, chance)
    if one is None:
        return one_bit(data, chance, other)
    again = chance.choice((1, 1, 30 if one.end - one.start < 2000 else 1))
    return data[: one.end] + data[one.start : one.end] * again + data[one.end :]


def elements_swapped(data: bytes, chance: Random, other: bytes) -> bytes:
    first, second = _element(data, chance), _element(data, chance)
    if first is None or second is None or first.start == second.start:
        return one_bit(data, chance, other)
    one, two = sorted((first, second), key=lambda each: each.start)
    if two.start < one.end:
        return data[: one.start] + data[two.start : two.end] + data[one.end :]
    middle = data[one.end : two.start]
    return data[: one.start] + data[two.start : two.end] + middle + data[one.start : one.end] + data[two.end :]


def element_nested(data: bytes, chance: Random, other: bytes) -> bytes:
    """Tags in tags, chapters in chapters: ids that Matroska lets nest."""
    one = _element(data, chance, frozenset((0x1254C367, 0x1043A770, 0x1549A966)))
    if one is None:
        return one_bit(data, chance, other)
    name = chance.choice((b"\x67\xc8", b"\xb6", b"\xbf", b"\xae"))
    inner = b""
    for _turn in range(chance.choice((5, 50, 1000))):
        inner = name + ebml.length_bytes(len(inner)) + inner
    body = data[one.body : one.end] + inner
    return data[: one.length_at] + ebml.length_bytes(len(body)) + body + data[one.end :]


def _element_value(data: bytes, chance: Random, ids: frozenset[int]) -> bytes:
    one = _element(data, chance, ids)
    if one is None or one.end - one.body > 8:
        return one_bit(data, chance, b"")
    width = one.end - one.body
    value = (chance.choice(NUMBERS) & ((1 << 8 * width) - 1)).to_bytes(width, "big") if width else b""
    return data[: one.body] + value + data[one.end :]


def element_times(data: bytes, chance: Random, _: bytes) -> bytes:
    return _element_value(data, chance, ebml.TIMES)


def element_picture_size(data: bytes, chance: Random, _: bytes) -> bytes:
    """The width of two bytes is as large as it can be; the length is kept, so the tree stays whole."""
    return _element_value(data, chance, ebml.SIZES)


def element_codec(data: bytes, chance: Random, other: bytes) -> bytes:
    """CodecID, CodecPrivate, track type and number."""
    one = _element(data, chance, frozenset((0x86, 0x63A2, 0x83, 0xD7, 0x6D80, 0xB5, 0x9F)))
    return _flipped(data, chance, 2, one.body, one.end) if one else one_bit(data, chance, other)


def element_block(data: bytes, chance: Random, other: bytes) -> bytes:
    """Lacing, block times and the packets themselves."""
    one = _element(data, chance, frozenset((0xA3, 0xA1)))
    end = one.body + chance.choice((4, 12, 1 << 20)) if one else 0
    return _flipped(data, chance, 4, one.body, min(end, one.end)) if one else one_bit(data, chance, other)


MATROSKA: dict[str, Mutator] = {
    "element size lie": element_size_lie, "element gone": element_gone, "element doubled": element_doubled,
    "elements swapped": elements_swapped, "elements nested": element_nested, "element times": element_times,
    "element picture size": element_picture_size, "element codec": element_codec, "element block": element_block,
}  # fmt: skip


# --- other containers ---------------------------------------------------------------------------------------------


def _packets(data: bytes) -> list[bytes]:
    return [data[start : start + 188] for start in range(0, len(data), 188)]


def packets_lost(data: bytes, chance: Random, _: bytes) -> bytes:
    share = chance.choice((0.01, 0.1, 0.5))
    return b"".join(one for one in _packets(data) if chance.random() > share)


def packets_shuffled(data: bytes, chance: Random, _: bytes) -> bytes:
    packets = _packets(data)
    span = chance.choice((2, 8, len(packets)))
    for start in range(0, len(packets), span):
        window = packets[start : start + span]
        chance.shuffle(window)
        packets[start : start + span] = window
    return b"".join(packets)


def packet_heads(data: bytes, chance: Random, _: bytes) -> bytes:
    """Stream numbers, counters, clocks."""
    packets = _packets(data)
    for _turn in range(chance.choice((1, 5, 50))):
        number = chance.randrange(len(packets))
        packets[number] = _flipped(packets[number], chance, 1, 1, chance.choice((4, 12, 30)))
    return b"".join(packets)


TS: dict[str, Mutator] = {
    "packets lost": packets_lost, "packets shuffled": packets_shuffled, "packet heads": packet_heads
}  # fmt: skip


def chunk_lie(data: bytes, chance: Random, other: bytes) -> bytes:
    """Sizes and header fields of RIFF chunks, little-endian."""
    names = (b"avih", b"strh", b"strf", b"LIST", b"idx1", b"movi", b"00dc", b"01wb", b"ANIM", b"ANMF", b"VP8X", b"VP8 ")
    places = [place for name in names if (place := data.find(name)) >= 0]
    if not places:
        return telling_number(data, chance, other)
    place = chance.choice(places) + 4 + 4 * chance.choice((0, 0, 1, 2, 5, 6, 8, 9, 12))
    value = struct.pack("<I", chance.choice(NUMBERS) & 0xFFFFFFFF)
    return data[:place] + value + data[place + 4 :]


def idx_shuffled(data: bytes, chance: Random, other: bytes) -> bytes:
    place = data.rfind(b"idx1")
    if place < 0:
        return pieces_shuffled(data, chance, other)
    entries = [data[start : start + 16] for start in range(place + 8, len(data), 16)]
    chance.shuffle(entries)
    return data[: place + 8] + b"".join(entries)


RIFF: dict[str, Mutator] = {"chunk lie": chunk_lie, "index shuffled": idx_shuffled}


def _pages(data: bytes) -> list[bytes]:
    first, *rest = data.split(b"OggS")
    return [first, *(b"OggS" + one for one in rest)]


def ogg_crc(page: bytes) -> int:
    """CRC-32 of Ogg: polynomial 04c11db7, neither reflected nor inverted; over a page whose own field is 0."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _turn in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 1 << 31 else crc << 1) & 0xFFFFFFFF
    return crc


def pages_disturbed(data: bytes, chance: Random, _: bytes) -> bytes:
    """Pages lost, doubled, out of order."""
    pages = _pages(data)
    number = chance.randrange(len(pages))
    way = chance.randrange(3)
    if way == 0:
        return b"".join(pages[:number] + pages[number + 1 :])
    if way == 1:
        return b"".join(pages[: number + 1] + pages[number:])
    chance.shuffle(pages)
    return b"".join(pages)


def page_lie(data: bytes, chance: Random, other: bytes) -> bytes:
    """A granule, a sequence number or a body changed, with a true checksum: readers drop what fails it."""
    pages = _pages(data)
    number = chance.randrange(len(pages))
    page = bytearray(pages[number])
    if len(page) < 28:
        return one_bit(data, chance, other)
    if chance.random() < 0.6:
        page[6:14] = (chance.choice(NUMBERS) & (1 << 64) - 1).to_bytes(8, "little")
    else:
        page = bytearray(_flipped(bytes(page), chance, 3, 26, len(page)))
    page[22:26] = bytes(4)
    page[22:26] = ogg_crc(bytes(page)).to_bytes(4, "little")
    return b"".join([*pages[:number], bytes(page), *pages[number + 1 :]])


OGG: dict[str, Mutator] = {"pages disturbed": pages_disturbed, "page lie": page_lie}


def tag_times(data: bytes, chance: Random, other: bytes) -> bytes:
    """FLV: times and sizes of tags."""
    changed, place = bytearray(data), 13
    tags = []
    while place + 11 <= len(data):
        tags.append(place)
        place += 15 + int.from_bytes(data[place + 1 : place + 4], "big")
    if not tags:
        return one_bit(data, chance, other)
    for _turn in range(chance.choice((1, 3))):
        at = chance.choice(tags) + chance.choice((1, 4, 4, 4, 7))
        changed[at : at + 3] = (chance.choice(NUMBERS) & 0xFFFFFF).to_bytes(3, "big")
    return bytes(changed)


FLV: dict[str, Mutator] = {"tag lie": tag_times}


def gif_sizes(data: bytes, chance: Random, _: bytes) -> bytes:
    """The screen's size, or that of one of the pictures on it."""
    places = [6, *(place + 5 for place in range(13, len(data) - 10) if data[place] == 0x2C and not data[place - 1])]
    place = chance.choice(places)
    width, height = (chance.choice((0, 1, 255, 4096, 32767, 65535)) for _ in range(2))
    return data[:place] + struct.pack("<HH", width, height) + data[place + 4 :]


GIF: dict[str, Mutator] = {"gif sizes": gif_sizes}


# --- subtitles beside the video -----------------------------------------------------------------------------------


def lines_shuffled(data: bytes, chance: Random, _: bytes) -> bytes:
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def digits_changed(data: bytes, chance: Random, _: bytes) -> bytes:
    """Times that run backwards, are negative, or do not fit into any number."""
    changed = bytearray(data)
    digits = [place for place, byte in enumerate(data) if byte in b"0123456789"]
    for place in chance.sample(digits, min(len(digits), chance.choice((1, 5, 60)))):
        changed[place] = chance.choice(b"0123456789-:.,9")
    if chance.random() < 0.2 and digits:
        place = chance.choice(digits)
        changed[place:place] = b"9" * chance.choice((20, 400, 5000))
    return bytes(changed)


def line_bomb(data: bytes, chance: Random, _: bytes) -> bytes:
    """One line of half a million letters, or a cue a thousand times over."""
    lines = data.split(b"\n")
    number = chance.randrange(len(lines))
    piece = lines[number] or b"word "
    lines[number] = piece * min(chance.choice((100, 5_000)), 500_000 // len(piece))
    return b"\n".join(lines * chance.choice((1, 1, 40)))


def markup_bomb(data: bytes, chance: Random, _: bytes) -> bytes:
    """Tags in tags without an end, entities made of entities, a document type that names a file."""
    lol = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    bombs = (
        b"<i>" * 20_000, b"{\\b1" * 5000, b"&lt;" * 50_000, b"<" * 100_000, b"[" * 50_000,
        b'<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY l0 "lol">' + lol + b"]><tt><body><p>&l9;</p></body></tt>",
        b'<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY x SYSTEM "file:///etc/passwd">]><tt><body><p>&x;</p></body></tt>',
        b"<tt>" + b"<div>" * 30_000,
    )  # fmt: skip
    bomb = chance.choice(bombs)
    if bomb.startswith((b"<?xml", b"<tt>")) and chance.random() < 0.7:
        return bomb
    place = chance.randrange(len(data) + 1)
    return data[:place] + bomb + data[place:]


def other_letters(data: bytes, chance: Random, _: bytes) -> bytes:
    """Another encoding than the file says, or half a character."""
    text = data.decode("utf-8", "replace")
    name = chance.choice(("utf-16", "utf-16-le", "utf-32", "cp1251", "koi8-r", "utf-7", "shift_jis"))
    changed = text.encode(name, "replace")
    marks = (b"", b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\xed\xa0\x80", "\u202e\ufeff\x1b[2J".encode())
    return chance.choice(marks) + changed if chance.random() < 0.7 else data.replace(b" ", chance.choice(marks))


TEXT: dict[str, Mutator] = {
    "lines shuffled": lines_shuffled, "digits changed": digits_changed, "line bomb": line_bomb,
    "markup bomb": markup_bomb, "other letters": other_letters,
}  # fmt: skip

MUTATORS: dict[str, Mutator] = {**BYTES, **MP4, **MATROSKA, **TS, **RIFF, **OGG, **FLV, **GIF, **TEXT}

_OF_FORMAT: tuple[tuple[tuple[str, ...], dict[str, Mutator]], ...] = (
    ((".mp4", ".mov", ".3gp", ".m4v"), MP4), ((".mkv", ".webm"), MATROSKA), ((".ts", ".mts"), TS),
    ((".avi", ".webp"), RIFF), ((".ogv", ".ogg"), OGG), ((".flv",), FLV), ((".gif",), GIF),
    ((".srt", ".vtt", ".ass", ".ttml", ".sbv", ".smi", ".sub"), TEXT),
)  # fmt: skip


def fitting(suffix: str) -> tuple[str, ...]:
    """Names of the mutators for a file of that kind; those of its own format make up half or more."""
    own = next((table for suffixes, table in _OF_FORMAT if suffix in suffixes), {})
    again = max(1, round(len(BYTES) / len(own))) if own else 0
    return (*BYTES, *(name for name in own for _ in range(again)))

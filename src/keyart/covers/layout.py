"""Where a headline goes: free slots round the heads, the badge and old lettering, and the largest type that fits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from keyart.covers.breaks import Lines, ways_to_break
from keyart.covers.crop import Framing
from keyart.covers.fonts import Typeface
from keyart.types import Box

Column = Literal["left", "center", "right"]
Row = Literal["top", "middle", "bottom"]

_WIDTHS = (0.36, 0.45, 0.55, 0.68, 0.82, 1.0)
READ_AT_A_GLANCE = 0.08
"""Type of this size (a share of the frame's geometric size) has capitals of 10 px at 246x138."""
_SMALL_COST = 22.0
_GAP = 0.02  # of the frame's geometric size, between lettering and what it must not touch


@dataclass(frozen=True, slots=True)
class Block:
    """A set headline: lines at one size. Width and height are those of the ink, overshoot and descenders included."""

    lines: tuple[str, ...]
    face: Typeface
    font_px: float
    leading_px: float
    width: float
    height: float
    first_baseline: float
    """Below the top of the ink."""
    badness: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A free rectangle and the edge of the frame it belongs to."""

    box: Box
    column: Column
    row: Row
    pinned: bool = False
    """The block stands in the middle of the slot, whatever the edge: the user chose the point."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A block in its place, with the score that won it."""

    block: Block
    box: Box
    """Ink of the block in frame pixels."""
    column: Column
    row: Row
    score: float


def geometric_px(width_px: float, height_px: float) -> float:
    """One size for frames of every shape: type sizes are shares of it (960 for 1280x720)."""
    return math.sqrt(width_px * height_px)


@dataclass(frozen=True, slots=True)
class TypeRule:
    """How a template sets type. Sizes are shares of `geometric_px` (0.1 = 96 px at 1280x720)."""

    face: Typeface
    max_size: float = 0.2
    min_size: float = 0.056
    """0.056 stands 10 px tall at 246x138; smaller is not read."""
    leading: float = 1.06
    """Baseline distance in ems."""
    max_lines: int = 6
    pad: float = 0.0
    """Ems of stroke or plate round the ink that must stay free as well."""


def set_in(ways: Sequence[Lines], rule: TypeRule, width: float, height: float, size_px: float) -> Block | None:
    """The headline as large as the space allows, broken well; None where it would be too small to read.

    `size_px` is the frame's `geometric_px`. A tidier break wins over a somewhat larger size.
    """
    best: tuple[float, Lines, float] | None = None
    for way in ways[: rule.max_lines]:
        lines_em = 0.95 + (len(way.lines) - 1) * rule.leading + 2 * rule.pad
        px = min(rule.max_size * size_px, width / (way.width_em + 2 * rule.pad), height / lines_em)
        value = px * _tidiness(way.badness)
        if px >= rule.min_size * size_px and (best is None or value > best[0]):
            best = value, way, px
    if best is None:
        return None
    block = _measured(best[1], rule, math.floor(best[2]))
    pad = 2 * rule.pad * block.font_px
    # accents above capitals and tails below are only known once set
    over = max(block.height / max(height - pad, 1), block.width / max(width - pad, 1))
    if over > 1:
        block = _measured(best[1], rule, math.floor(block.font_px / over))
    return block if block.font_px >= 0.9 * rule.min_size * size_px else None


def _tidiness(badness: float) -> float:
    """What a break is worth beside size: an uneven edge costs little, a broken rule most of it."""
    return max(0.1, 1 - 0.38 * min(max(badness, 0.0), 0.8) - 0.8 * max(0.0, badness - 0.8))


def _measured(way: Lines, rule: TypeRule, font_px: float) -> Block:
    font = rule.face.at(font_px)
    boxes = [font.getbbox(line, anchor="ls") for line in way.lines]
    leading = rule.leading * font_px
    top = min(box[1] + index * leading for index, box in enumerate(boxes))
    bottom = max(box[3] + index * leading for index, box in enumerate(boxes))
    width = max(box[2] - box[0] for box in boxes)
    return Block(way.lines, rule.face, font_px, leading, width, bottom - top, -top, way.badness)


def free_slots(area: Box, obstacles: Iterable[Box], gap: float) -> tuple[Slot, ...]:
    """Rectangles of `area` that touch none of the obstacles, hugging the left, the right or the middle."""
    grown = [Box(box.x - gap, box.y - gap, box.width + 2 * gap, box.height + 2 * gap) for box in obstacles]
    slots: list[Slot] = []
    for share in _WIDTHS:
        width = area.width * share
        starts: tuple[tuple[Column, float], ...] = (
            ("left", area.x),
            ("right", area.right - width),
            ("center", area.x + (area.width - width) / 2),
        )
        for column, left in starts:
            for top, bottom in _free_rows(left, left + width, area, grown):
                box = Box(left, top, width, bottom - top)
                slots.extend(Slot(box, column, row) for row in _rows_of(box, area))
    return tuple(slots)


def pinned_slots(area: Box, obstacles: Iterable[Box], gap: float, point: tuple[float, float]) -> tuple[Slot, ...]:
    """Rectangles round a point that touch none of the obstacles and stay inside `area`, from narrow to wide."""
    x, y = point
    column: Column = "left" if x < area.x + area.width / 3 else "right" if x > area.right - area.width / 3 else "center"
    row: Row = "top" if y < area.y + area.height / 3 else "bottom" if y > area.bottom - area.height / 3 else "middle"
    grown = [Box(box.x - gap, box.y - gap, box.width + 2 * gap, box.height + 2 * gap) for box in obstacles]
    widest = 2 * min(x - area.x, area.right - x)
    slots = []
    for share in (0.3, *_WIDTHS):
        half = share * area.width / 2
        if 2 * half > widest + 1:
            half = widest / 2
        free = _free_rows(x - half, x + half, area, grown) if half > 1 else []
        for top, bottom in (pair for pair in free if pair[0] <= y <= pair[1]):
            reach = min(y - top, bottom - y)
            slots.append(Slot(Box(x - half, y - reach, 2 * half, 2 * reach), column, row, pinned=True))
    return tuple(slots)


def _free_rows(left: float, right: float, area: Box, obstacles: Sequence[Box]) -> list[tuple[float, float]]:
    """Vertical stretches of the strip left ... right that no obstacle reaches into."""
    taken = sorted((box.y, box.bottom) for box in obstacles if box.x < right and box.right > left)
    free, top = [], area.y
    for start, end in taken:
        if start > top:
            free.append((top, min(start, area.bottom)))
        top = max(top, end)
    if top < area.bottom:
        free.append((top, area.bottom))
    return [(start, end) for start, end in free if end - start > 0.05 * area.height]


def _rows_of(box: Box, area: Box) -> tuple[Row, ...]:
    """Edges that a block in this slot may lean on."""
    at_top, at_bottom = box.y <= area.y + 1, box.bottom >= area.bottom - 1
    if at_top and at_bottom:
        return ("bottom", "middle", "top")
    if box.height > 0.7 * area.height:
        return ("bottom", "top")
    if at_top or at_bottom:
        return ("top",) if at_top else ("bottom",)
    place = (box.center[1] - area.y) / area.height  # between obstacles: above a badge is still the bottom
    return ("top",) if place < 0.3 else ("bottom",) if place > 0.7 else ("middle",)


@dataclass(frozen=True, slots=True)
class Taste:
    """What a template likes: added to the score of a spot."""

    columns: dict[Column, float]
    rows: dict[Row, float]
    size_weight: float = 1.0
    calm_weight: float = 1.2
    largest_share: float = 0.42
    """Of the frame that the lettering may cover before it is too much."""


def best_spot(
    framing: Framing,
    area: Box,
    obstacles: Sequence[Box],
    text: str,
    rule: TypeRule,
    taste: Taste,
    point: tuple[float, float] | None = None,
) -> Spot | None:
    """The best place for the headline in `area`, or None where it fits nowhere at a size that is read.

    With `point`, its middle stands exactly there.
    """
    ways = ways_to_break(text, rule.face)
    size_px = geometric_px(framing.width_px, framing.height_px)
    spots = []
    gap = _GAP * size_px
    slots = pinned_slots(area, obstacles, gap, point) if point else free_slots(area, obstacles, gap)
    for slot in slots:
        if not slot.pinned and (slot.column not in taste.columns or slot.row not in taste.rows):
            continue
        block = set_in(ways, rule, slot.box.width, slot.box.height, size_px)
        if block is not None:
            spots.append(_spot(framing, slot, block, rule, taste, text))
    return max(spots, key=lambda spot: spot.score, default=None)


def _spot(framing: Framing, slot: Slot, block: Block, rule: TypeRule, taste: Taste, text: str) -> Spot:
    box = put(block, slot, rule.pad * block.font_px)
    size_px = geometric_px(framing.width_px, framing.height_px)
    # beyond this size a headline shouts: short ones are set larger than long ones
    wanted = min(rule.max_size, rule.max_size * math.sqrt(16 / max(len(text), 16)))
    size = min(block.font_px / size_px / wanted, 1.0)
    share = box.area / (framing.width_px * framing.height_px)
    small = max(0.0, READ_AT_A_GLANCE - block.font_px / size_px)
    score = taste.size_weight * size - 0.3 * max(block.badness, 0.0) - 4 * max(0.0, share - taste.largest_share)
    score -= taste.calm_weight * (0.7 * framing.interest_under(box) + framing.share_under(box))
    score -= _SMALL_COST * small
    score += taste.columns.get(slot.column, 0.0) + taste.rows.get(slot.row, 0.0)
    return Spot(block, box, slot.column, slot.row, score)


def put(block: Block, slot: Slot, pad: float = 0.0) -> Box:
    """Where the ink of a block stands in a slot: against the slot's edge, `pad` away from it."""
    width, height, box = block.width, block.height, slot.box
    if slot.pinned:
        return Box(box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height)
    left = {
        "left": box.x + pad,
        "center": box.x + (box.width - width) / 2,
        "right": box.right - pad - width,
    }[slot.column]
    top = {
        "top": box.y + pad,
        "middle": box.y + (box.height - height) / 2,
        "bottom": box.bottom - pad - height,
    }[slot.row]
    return Box(left, top, width, height)

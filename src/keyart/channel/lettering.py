"""What can be seen of the lettering on a cover that somebody else made: its place, ink, capitals, the font's likeness.

Nothing is read. Letters are the connected shapes inside the lines of text that `FindText` finds; a font is told by how
well its glyphs, brought to one size, lie over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from keyart.covers.palette import as_hex, oklab_of, oklch_of
from keyart.covers.typefaces import named_fonts
from keyart.stills.text import FindText
from keyart.types import RGB, Box, Gray

_SIDE = 28
"""Cells a glyph is brought to, across and down."""
_LEAST_LETTERS = 8
_LEAST_LIKENESS, _LEAST_LEAD = 0.78, 0.04
"""Mean overlap of letters with a font's glyphs, and how far it must be ahead of other families, to be named."""
_LETTERS = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЬЭЮЯ"
    "abcdefghkmnopqrstuvwxyzабвгдежзиклмнопрстуфхцчшщьэюя0123456789"
)
_WORK_PX = 1280
_VIVID = 0.09
"""Chroma from which a colour of lettering is an accent."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one cover; texts are "" where nothing can be said."""

    center: tuple[float, float]
    """Middle of the largest lettering, as shares of width and height."""
    ink: str
    """Its colour where it is one colour, #rrggbb."""
    accent: str
    """The most vivid colour of the lettering and its plate."""
    case: str
    """upper or asis."""
    font: str
    font_sureness: float
    """0 ... 1."""


@dataclass(frozen=True, slots=True, eq=False)
class _Letter:
    box: Box
    mask: NDArray[np.bool_]
    colour: NDArray[np.float64]


def seen_in(image: RGB) -> Seen | None:
    """None where no headline is found."""
    scale = min(1.0, _WORK_PX / max(image.shape[:2]))
    if scale < 1.0:
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    lines = FindText()(gray)
    headline = _headline(lines)
    if not headline:
        return None
    letters = [letter for line in headline for letter in _letters(image, gray, line)]
    if len(letters) < 4:
        return None
    left, top = min(line.x for line in headline), min(line.y for line in headline)
    right, bottom = max(line.right for line in headline), max(line.bottom for line in headline)
    height, width = gray.shape
    font, sureness = font_of([letter.mask for letter in letters])
    ink, accent = _colours(letters)
    return Seen(((left + right) / 2 / width, (top + bottom) / 2 / height), ink, accent, _case(letters), font, sureness)


def _headline(lines: tuple[Box, ...]) -> list[Box]:
    """The lines of the largest lettering."""
    if not lines:
        return []
    tallest = max(line.height for line in lines)
    return [line for line in lines if line.height > 0.6 * tallest]


def _letters(image: RGB, gray: Gray, line: Box) -> list[_Letter]:
    """The shapes of a line that stand out from their ground, lighter or darker, whichever gives more letters."""
    room = 0.15 * line.height
    rows = slice(max(0, round(line.y - room)), round(line.bottom + room))
    columns = slice(max(0, round(line.x - room)), round(line.right + room))
    part, colours = np.ascontiguousarray(gray[rows, columns]), image[rows, columns]
    if min(part.shape) < 8:
        return []
    level, _ = cv2.threshold(part, 0, 255, cv2.THRESH_OTSU)
    both = [_shapes(mask, colours, line.height) for mask in (part > level, part <= level)]
    return max(both, key=len)


def _shapes(mask: NDArray[np.bool_], colours: RGB, line_px: float) -> list[_Letter]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    found = []
    for number in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[number])
        touches = x == 0 or y == 0 or x + width == mask.shape[1] or y + height == mask.shape[0]
        if touches or not 0.4 * line_px <= height <= 1.3 * line_px or not 0.1 * height <= width <= 1.8 * height:
            continue
        shape = labels[y : y + height, x : x + width] == number
        if area < 0.15 * shape.size or area > 0.97 * shape.size:
            continue
        inside = cv2.erode(shape.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        chosen = inside if inside.any() else shape
        colour = np.median(colours[y : y + height, x : x + width][chosen], axis=0)
        found.append(_Letter(Box(x, y, width, height), shape, np.asarray(colour, np.float64)))
    return found


def _colours(letters: list[_Letter]) -> tuple[str, str]:
    """The colour that nine of ten letters have, and the most vivid of those that some have."""
    colours = np.array([letter.colour for letter in letters])
    points = oklab_of(colours)
    near = np.linalg.norm(points[:, None] - points[None], axis=2) < 0.08
    middle = int(np.argmax(near.sum(axis=1)))
    ink = np.median(colours[near[middle]], axis=0)
    _, chroma, _ = oklch_of(colours)
    vivid = [k for k in range(len(letters)) if chroma[k] > _VIVID and near[k].sum() >= 3]
    accent = _hex(np.median(colours[near[max(vivid, key=lambda k: chroma[k])]], axis=0)) if vivid else ""
    return _hex(ink) if near[middle].mean() >= 0.9 else "", accent


def _hex(colour: NDArray[np.float64]) -> str:
    red, green, blue = (round(float(part)) for part in colour)
    return as_hex((red, green, blue))


def _case(letters: list[_Letter]) -> str:
    """Capitals have one height; small letters have two, and more of the lower ones."""
    if len(letters) < 6:
        return ""
    heights = np.array([letter.box.height for letter in letters])
    low = float((heights < 0.85 * np.percentile(heights, 90)).mean())
    return "upper" if low <= 0.1 else "asis" if low >= 0.3 else ""


# --- fonts --------------------------------------------------------------------------------------------------------


def font_of(letters: list[NDArray[np.bool_]]) -> tuple[str, float]:
    """Name of the font at hand whose glyphs lie best over these letters, and how sure that is; "" and 0 where no font
    does so clearly better than all of other families."""
    if len(letters) < _LEAST_LETTERS:
        return "", 0.0
    shapes = np.array([_brought(mask.astype(np.float32)) for mask in letters])
    flat = shapes.reshape(len(shapes), -1)
    scores: dict[str, float] = {}
    for name, glyphs in _glyphs().items():
        both = flat @ glyphs.T
        union = flat.sum(axis=1)[:, None] + glyphs.sum(axis=1)[None] - both
        scores[name] = float(np.median((both / np.maximum(union, 1e-6)).max(axis=1)))
    best = max(scores, key=lambda name: scores[name])
    rest = max((score for name, score in scores.items() if _family(name) != _family(best)), default=0.0)
    lead = scores[best] - rest
    if scores[best] < _LEAST_LIKENESS or lead < _LEAST_LEAD:
        return "", 0.0
    return best, round(min(0.95, 0.5 + 8 * lead), 2)


def _family(name: str) -> str:
    return name.split()[0]


def _brought(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """To `_SIDE` cells, its shape kept, in the middle."""
    height, width = mask.shape
    scale = (_SIDE - 2) / max(height, width)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(mask, (across, down), interpolation=cv2.INTER_AREA)
    done = np.zeros((_SIDE, _SIDE), np.float32)
    top, left = (_SIDE - down) // 2, (_SIDE - across) // 2
    done[top : top + down, left : left + across] = small
    return done


@cache
def _glyphs() -> dict[str, NDArray[np.float32]]:
    """Font -> its letters as (n, cells)."""
    made = {name: _glyphs_of(font.path) for name, font in named_fonts().items()}
    return {name: glyphs for name, glyphs in made.items() if len(glyphs) >= 40}


def _glyphs_of(path: str) -> NDArray[np.float32]:
    font = ImageFont.truetype(path, 96, layout_engine=ImageFont.Layout.BASIC)
    found = []
    for letter in _LETTERS:
        box = font.getbbox(letter)
        picture = Image.new("L", (max(1, round(box[2] - box[0])), max(1, round(box[3] - box[1]))), 0)
        ImageDraw.Draw(picture).text((-box[0], -box[1]), letter, font=font, fill=255)
        mask = np.asarray(picture, np.float32) / np.float32(255)
        if mask.shape[0] > 3 and mask.shape[1] > 3 and mask.max() > 0.5:
            found.append(_brought(mask).ravel())
    return np.array(found, np.float32).reshape(len(found), _SIDE * _SIDE)

"""Lettering, shades and plates on a picture. Everything works in place on a Pillow image and is the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from keyart.covers.layout import Block, Column
from keyart.covers.palette import Colour
from keyart.types import Box

Side = Literal["left", "right", "top", "bottom", "all"]

_NOT_LETTERS = "«»\"'“”„()[].,:;!?…—–"


def letter(
    image: Image.Image,
    block: Block,
    box: Box,
    align: Column,
    fill: Colour,
    *,
    key: str = "",
    key_fill: Colour | None = None,
    stroke_px: float = 0.0,
    stroke: Colour = (0, 0, 0),
) -> None:
    """Draw a block with its ink in `box`; `key` holds the words to set in `key_fill`."""
    origins = line_origins(block, box, align)
    if stroke_px >= 1:
        draw, font = ImageDraw.Draw(image), block.face.at(block.font_px)
        for line, x, y in origins:
            draw.text((x, y), line, stroke, font, anchor="ls", stroke_width=stroke_px, stroke_fill=stroke)
    for line, x, y in origins:
        letter_line(image, block, line, x, y, fill, key, key_fill)


def letter_line(
    image: Image.Image,
    block: Block,
    line: str,
    x: float,
    y: float,
    fill: Colour,
    key: str = "",
    key_fill: Colour | None = None,
) -> None:
    """One line of a block, its origin at (x, y) on the baseline."""
    draw, font = ImageDraw.Draw(image), block.face.at(block.font_px)
    for part, offset, is_key in _parts(line, block, key):
        colour = key_fill if is_key and key_fill is not None else fill
        draw.text((x + offset, y), part, colour, font, anchor="ls")


def line_origins(block: Block, box: Box, align: Column) -> list[tuple[str, float, float]]:
    """(line, x of its origin, y of its baseline); the ink of the lines is aligned, not their advance."""
    font = block.face.at(block.font_px)
    origins = []
    for index, line in enumerate(block.lines):
        left, _, right, _ = font.getbbox(line, anchor="ls")
        spare = box.width - (right - left)
        x = box.x - left + {"left": 0.0, "center": spare / 2, "right": spare}[align]
        origins.append((line, x, box.y + block.first_baseline + index * block.leading_px))
    return origins


def line_boxes(block: Block, box: Box, align: Column) -> tuple[Box, ...]:
    """Ink of each line."""
    font = block.face.at(block.font_px)
    boxes = []
    for line, x, y in line_origins(block, box, align):
        left, top, right, bottom = font.getbbox(line, anchor="ls")
        boxes.append(Box(x + left, y + top, right - left, bottom - top))
    return tuple(boxes)


def _parts(line: str, block: Block, key: str) -> list[tuple[str, float, bool]]:
    """A line cut at its key words: (text, offset, whether it is one)."""
    font = block.face.at(block.font_px)
    parts, before = [], ""
    for word in line.split(" "):
        parts.append((word, font.getlength(before), _is_key(word, key)))
        before += word + " "
    return parts


def _is_key(word: str, key: str) -> bool:
    return _bare(word) in (_bare(one) for one in key.split())


def _bare(word: str) -> str:
    return word.strip(_NOT_LETTERS).casefold()


def lettering_mask(size: tuple[int, int], block: Block, box: Box, align: Column) -> Image.Image:
    """Coverage of the glyphs alone, mode L."""
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    font = block.face.at(block.font_px)
    for line, x, y in line_origins(block, box, align):
        draw.text((x, y), line, 255, font, anchor="ls")
    return mask


def tinted(image: Image.Image, mask: Image.Image, colour: Colour) -> None:
    """Lay a colour on the image through a mask."""
    image.paste(colour, (0, 0, *image.size), mask)


def shade(image: Image.Image, side: Side, reach: float, colour: Colour, opacity: float) -> None:
    """Darken (or tint) from one side: `opacity` at the edge, smoothly nothing at the share `reach` of the frame."""
    width, height = image.size
    if side == "all":
        tinted(image, Image.new("L", image.size, round(255 * opacity)), colour)
        return
    length = height if side in ("top", "bottom") else width
    ramp = _ramp(length, reach, opacity)
    if side in ("right", "bottom"):
        ramp = ramp[::-1]
    shaped = ramp[:, None] if side in ("top", "bottom") else ramp[None, :]
    # half a level of fixed noise: wide dark ramps show bands in 8 bits
    noise = np.random.default_rng(0).random((height, width), np.float32) - 0.5
    mask = np.clip(np.broadcast_to(shaped, (height, width)) * 255 + noise, 0, 255).astype(np.uint8)
    tinted(image, Image.fromarray(mask), colour)


def _ramp(length: int, reach: float, opacity: float) -> NDArray[np.float32]:
    """Full for the first half of the reach, then a smooth fall."""
    place = np.arange(length, dtype=np.float32) / length / max(reach, 1e-6)
    fall = np.clip((place - 0.45) / 0.55, 0, 1)
    return (opacity * (1 - fall * fall * (3 - 2 * fall))).astype(np.float32)


def cloud(image: Image.Image, mask: Image.Image, colour: Colour, radius_px: float, opacity: float) -> None:
    """A soft shadow in the shape of the mask, spread by `radius_px`."""
    tinted(image, spread(mask, radius_px, opacity), colour)


def soften(image: Image.Image, mask: Image.Image, radius_px: float) -> None:
    """Blur the picture where the mask's soft surroundings lie, as if it were out of focus there."""
    small = image.resize((max(1, image.width // 12), max(1, image.height // 12)), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(1.6)).resize(image.size, Image.Resampling.BICUBIC)
    image.paste(blurred, (0, 0), spread(mask, radius_px, 1.0))


def spread(mask: Image.Image, radius_px: float, opacity: float) -> Image.Image:
    """The mask grown and blurred by `radius_px`, so that its middle holds `opacity` and nothing exceeds it."""
    step = max(1, int(radius_px // 4))  # blurring a small copy looks the same
    small = mask.resize((max(1, mask.width // step), max(1, mask.height // step)), Image.Resampling.BOX)
    soft = small.filter(ImageFilter.GaussianBlur(radius_px / step)).resize(mask.size, Image.Resampling.BICUBIC)
    peak = max((value for value, count in enumerate(soft.histogram()) if count and value), default=1)
    return soft.point([round(255 * opacity * min(1.0, 1.7 * value / peak)) for value in range(256)])


def drop_shadow(
    image: Image.Image, mask: Image.Image, colour: Colour, offset_px: float, blur_px: float, opacity: float
) -> None:
    shifted = ImageChops.offset(mask, round(offset_px * 0.4), round(offset_px))
    soft = shifted.filter(ImageFilter.GaussianBlur(blur_px)).point(lambda value: round(value * opacity))
    tinted(image, soft, colour)


def polygon(image: Image.Image, points: Sequence[tuple[float, float]], colour: Colour) -> None:
    """A filled polygon with smooth edges."""
    tinted(image, polygon_mask(image.size, points), colour)


def polygon_mask(size: tuple[int, int], points: Sequence[tuple[float, float]], finer: int = 3) -> Image.Image:
    large = Image.new("L", (size[0] * finer, size[1] * finer), 0)
    ImageDraw.Draw(large).polygon([(x * finer, y * finer) for x, y in points], fill=255)
    return large.reduce(finer)


def rounded_mask(size: tuple[int, int], box: Box, radius_px: float, finer: int = 3) -> Image.Image:
    large = Image.new("L", (size[0] * finer, size[1] * finer), 0)
    corners = (box.x * finer, box.y * finer, box.right * finer - 1, box.bottom * finer - 1)
    ImageDraw.Draw(large).rounded_rectangle(corners, radius=radius_px * finer, fill=255)
    return large.reduce(finer)


def rectangle(image: Image.Image, box: Box, colour: Colour | int) -> None:
    ImageDraw.Draw(image).rectangle(
        (round(box.x), round(box.y), round(box.right) - 1, round(box.bottom) - 1), fill=colour
    )

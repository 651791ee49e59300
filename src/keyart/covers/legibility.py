"""Is the headline read where people see it? Contrast of the lettering at feed size, measured on the finished cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from keyart.covers.palette import luminance
from keyart.types import RGB, Box, Gray

FEED_SIZES = ((360, 202), (246, 138), (138, 77))
"""Where covers are seen: search, home, mobile suggestions (field.md §3)."""
JUDGED_AT = (246, 138)
ENOUGH = 4.5
"""WCAG 2 AA for text."""
ENOUGH_WHEN_LARGE = 3.0
ENOUGH_FOR_SHAPES = 2.0
_LARGE_CAP_PX = 14.0
_SHAPES_ONLY_PX = 6.0


@dataclass(frozen=True, slots=True)
class Contrast:
    """What was measured at one feed size."""

    size: tuple[int, int]
    """The feed's width and height; the cover has the same longer side there, whatever its shape."""
    ratio: float
    """WCAG 2 ratio of the worst line: middle of its ink against the nearest tenth of its ground."""
    letter_px: float
    """Height of the capitals."""

    @property
    def passes(self) -> bool:
        if self.letter_px < _SHAPES_ONLY_PX:  # no letter of three or four pixels keeps its ink: shapes must show
            return self.ratio >= ENOUGH_FOR_SHAPES
        return self.ratio >= (ENOUGH_WHEN_LARGE if self.letter_px >= _LARGE_CAP_PX else ENOUGH)


@dataclass(frozen=True, slots=True)
class Legibility:
    """What was measured at every feed size, largest first."""

    at: tuple[Contrast, ...]

    @property
    def contrast(self) -> float:
        """At the size that is judged first of all, 246x138."""
        return self._judged.ratio

    @property
    def letter_px(self) -> float:
        return self._judged.letter_px

    @property
    def passes(self) -> bool:
        return all(one.passes for one in self.at)

    @property
    def _judged(self) -> Contrast:
        return next(one for one in self.at if one.size == JUDGED_AT)


def feed_size(width_px: int, height_px: int, within: tuple[int, int] = JUDGED_AT) -> tuple[int, int]:
    """The size a cover of this shape has in a feed: the same longer side, whatever the shape."""
    scale = max(within) / max(width_px, height_px)
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def measure(image: RGB, lettering: Gray, lines: tuple[Box, ...], cap_px: float) -> Legibility:
    """`lines` are the ink boxes of the lines, `cap_px` the height of a capital, all in pixels of the cover."""
    return Legibility(tuple(_measured_at(size, image, lettering, lines, cap_px) for size in FEED_SIZES))


def _measured_at(
    within: tuple[int, int], image: RGB, lettering: Gray, lines: tuple[Box, ...], cap_px: float
) -> Contrast:
    height, width = lettering.shape
    size = feed_size(width, height, within)
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS), np.float64)
    mask = Image.fromarray(lettering).resize(size, Image.Resampling.BOX)
    ink, near = np.asarray(mask), np.asarray(mask.filter(ImageFilter.MaxFilter(5)))
    light = luminance(small)
    scale = size[0] / width
    worst = min((_of_line(light, ink, near, box.scaled(scale)) for box in lines), default=0.0)
    return Contrast(within, round(worst, 2), round(cap_px * scale, 1))


def _of_line(light: NDArray[np.float64], ink: Gray, near: Gray, box: Box) -> float:
    rows = slice(max(0, round(box.y) - 2), round(box.bottom) + 3)
    columns = slice(max(0, round(box.x) - 2), round(box.right) + 3)
    part, ink_part, near_part = light[rows, columns], ink[rows, columns], near[rows, columns]
    if not ink_part.any():
        return 0.0
    solid = ink_part >= min(200, float(np.percentile(ink_part[ink_part > 0], 75)))
    ground = (ink_part <= 8) & (near_part > 80)
    if not ground.any():
        ground = ink_part <= 30
    if not ground.any():
        return 0.0
    letters = float(np.median(part[solid]))
    against = part[ground]
    # the tenth of the ground that comes nearest to the ink decides
    nearest = float(np.percentile(against, 90 if letters > float(np.median(against)) else 10))
    dark, bright = sorted((letters, nearest))
    return (bright + 0.05) / (dark + 0.05)

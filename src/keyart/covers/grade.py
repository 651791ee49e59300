"""A still as a printer would prepare it: levels opened, shadows lifted a little, never so that it looks processed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

from keyart.types import RGB

_SMALL_PX = 160
_DARKEST_WANTED, _BRIGHTEST_WANTED = 6.0, 248.0
_MOST_GAIN = 1.35
_LEAST_SPREAD = 24.0


@dataclass(frozen=True, slots=True)
class Grade:
    """What was done, for the receipt."""

    black: int = 0
    gain: float = 1.0
    gamma: float = 1.0
    saturation: float = 1.0

    @property
    def is_plain(self) -> bool:
        return self == Grade()


def grade_for(image: RGB) -> Grade:
    """Measured on the whole still. A flat picture (black, a slide) stays as it is: there is nothing to open."""
    small = Image.fromarray(image).convert("L")
    small.thumbnail((_SMALL_PX, _SMALL_PX), Image.Resampling.BOX)
    luma = np.asarray(small, np.float64)
    low, middle, high = np.percentile(luma, (0.5, 50, 99.5))
    if high - low < _LEAST_SPREAD:
        return Grade()
    gain = float(np.clip((_BRIGHTEST_WANTED - _DARKEST_WANTED) / (high - low), 1.0, _MOST_GAIN))
    black = round(float(min(max(0.0, low - _DARKEST_WANTED), 32.0))) if gain > 1.02 else 0
    opened = float(np.clip((middle - black) * gain / 255, 0.02, 0.98))
    # a dark scene is lifted half the way to a median of 0.33; night stays night
    gamma = float(np.clip((np.log(0.33) / np.log(opened)) ** 0.5, 0.72, 1.0)) if opened < 0.33 else 1.0
    return Grade(black, round(gain, 3), round(gamma, 3), 1.08 if _is_coloured(image) else 1.0)


def _is_coloured(image: RGB) -> bool:
    step = max(1, min(image.shape[:2]) // 64)
    part = image[::step, ::step].astype(np.int16)
    return bool((part.max(axis=2) - part.min(axis=2)).mean() > 6)


def graded(image: RGB, grade: Grade) -> RGB:
    if grade.is_plain:
        return image
    levels = np.clip((np.arange(256) - grade.black) * grade.gain / 255, 0, 1) ** grade.gamma
    table = np.round(levels * 255).astype(np.uint8).tolist() * 3
    done = Image.fromarray(image).point(table)
    return np.asarray(ImageEnhance.Color(done).enhance(grade.saturation) if grade.saturation != 1 else done, np.uint8)

"""The two ways a picture comes before the network: drawn anew (training) or its middle (validation, test)."""

from __future__ import annotations

import math

import numpy as np

from keyart.types import RGB

Range = tuple[float, float]
SCALE: Range = (0.08, 1.0)
RATIO: Range = (3 / 4, 4 / 3)
_TRIES = 10


def random_resized_crop(image: RGB, side_px: int, rng: np.random.Generator, scale: Range = SCALE) -> RGB:
    """A part of `scale` of the area and a ratio of 3:4 to 4:3, drawn evenly in logarithms, as a square of `side_px`.

    Where ten draws do not fit into the picture, its middle (the augmentation of Szegedy et al. 2015).
    """
    height, width = image.shape[:2]
    for _ in range(_TRIES):
        area = height * width * rng.uniform(*scale)
        ratio = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        across, down = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < across <= width and 0 < down <= height:
            left, top = int(rng.integers(width - across + 1)), int(rng.integers(height - down + 1))
            return _sized(image[top : top + down, left : left + across], side_px, side_px)
    return center_crop(image, side_px, zoom=1.0)


def flipped(image: RGB, rng: np.random.Generator) -> RGB:
    """Left and right changed over, in one of two draws."""
    return np.ascontiguousarray(image[:, ::-1]) if rng.random() < 0.5 else image


def center_crop(image: RGB, side_px: int, zoom: float = 256 / 224) -> RGB:
    """The shorter side made `zoom` times `side_px`, then the square in the middle."""
    height, width = image.shape[:2]
    shorter = round(side_px * zoom)
    across, down = (max(shorter, round(each * shorter / min(height, width))) for each in (width, height))
    sized = _sized(image, across, down)
    left, top = (across - side_px) // 2, (down - side_px) // 2
    return np.ascontiguousarray(sized[top : top + side_px, left : left + side_px])


def _sized(image: RGB, width_px: int, height_px: int) -> RGB:
    import cv2

    shrinks = width_px * height_px < image.shape[0] * image.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(image), (width_px, height_px), interpolation=how), np.uint8)

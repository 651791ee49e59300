"""Made pictures with texture, and what people do to them."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from keyart.types import RGB


def scene(seed: int, width: int = 320, height: int = 180) -> RGB:
    """A picture unlike that of any other seed: broad light and dark with shapes before it."""
    random = np.random.default_rng(seed)
    small = random.integers(30, 226, (5, 8, 3)).astype(np.uint8)
    picture = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)).copy()
    for _ in range(9):
        x, y, size = (int(value) for value in random.integers((0, 0, 8), (width, height, height // 4)))
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        cv2.rectangle(picture, (x, y), (x + size, y + int(size * random.uniform(0.4, 1.6))), colour, -1)
    return picture


def reencoded(image: RGB, quality: int = 30) -> RGB:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"), np.uint8)


def cropped(image: RGB, share: float, across: float, down: float) -> RGB:
    height, width = image.shape[:2]
    tall, wide = round(height * (1 - share)), round(width * (1 - share))
    top, left = round((height - tall) * down), round((width - wide) * across)
    return np.ascontiguousarray(image[top : top + tall, left : left + wide])


def resized(image: RGB, width: int, height: int) -> RGB:
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX), np.uint8)


def letterboxed(image: RGB) -> RGB:
    height, width = image.shape[:2]
    done = np.full((height * 4 // 3, width, 3), 16, np.uint8)
    top = (len(done) - height) // 2
    done[top : top + height] = image
    return done


def brightened(image: RGB, times: float, plus: float) -> RGB:
    return np.asarray(np.clip(image * times + plus, 0, 255), np.uint8)


def with_logo(image: RGB) -> RGB:
    done = image.copy()
    height, width = image.shape[:2]
    cv2.rectangle(done, (width * 4 // 5, height // 20), (width * 24 // 25, height // 6), (240, 240, 240), -1)
    return done

"""Matting networks of the hub, run by onnxruntime from the model store: MODNet for people, BiRefNet for anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyart.covers.matte.guess import Guess
from keyart.models import CARDS, Card
from keyart.models.onnx import onnx_session
from keyart.types import RGB

_MULTIPLE_PX = 32
_LEAST_COVERED = 0.004
_THREADS = 2


def modnet(image: RGB) -> Guess | None:
    """Ke et al. 2022: shorter side 512, both multiples of 32; the answer is alpha. Raises `MissingModel`."""
    card = CARDS["modnet"]
    assert card.input_px is not None
    height, width = image.shape[:2]
    scale = float(card.input_px[0]) / min(height, width)
    longest = 4 * card.input_px[0]  # a strip of a picture does not grow without end

    def side(length: int) -> int:
        fitting = round(length * scale / _MULTIPLE_PX) * _MULTIPLE_PX
        return int(max(_MULTIPLE_PX, min(longest, fitting)))

    return _guess(_run(card, image, side(width), side(height)), image)


def birefnet(image: RGB) -> Guess | None:
    """Zheng et al. 2024: a square of 1024; the answer is one logit a pixel. Raises `MissingModel`."""
    card = CARDS["birefnet"]
    assert card.input_px is not None
    logits = _run(card, image, *card.input_px)
    return _guess(np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32), image)


def _run(card: Card, image: RGB, width: int, height: int) -> NDArray[np.float32]:
    """The network's last answer, shape (rows, columns), to the picture stretched to the given size."""
    import cv2

    session = onnx_session(card.name, _THREADS)
    shrinks = image.shape[1] > width or image.shape[0] > height
    fitted = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    pixels = normalised(np.asarray(fitted, np.uint8), card)
    answer = session.run(None, {session.get_inputs()[0].name: pixels})[-1]
    return np.asarray(answer, np.float32).reshape(answer.shape[-2:])


def normalised(image: RGB, card: Card) -> NDArray[np.float32]:
    """Shape (1, 3, h, w), each channel (pixel * scale - mean) / std as the card says, else pixel * scale + offset."""
    mean, std = card.mean or (-card.offset,) * 3, card.std or (1.0,) * 3
    values = (image.astype(np.float32) * card.scale - np.asarray(mean)) / np.asarray(std)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)


def _guess(alpha: NDArray[np.float32], image: RGB) -> Guess | None:
    import cv2

    height, width = image.shape[:2]
    if float((alpha > 0.5).mean()) < _LEAST_COVERED:
        return None
    full = cv2.resize(np.asarray(alpha, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    cell = max(width / alpha.shape[1], height / alpha.shape[0])
    return Guess(np.asarray(np.clip(full, 0, 1), np.float32), max(1.0, cell), is_alpha=True)

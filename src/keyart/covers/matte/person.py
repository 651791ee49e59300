"""Where people are in a picture, found by a small network that is asked more than once.

whole picture ─┐
squares of it ─┼─> weighted mean ─> outlines ─> a closer look at each, so that it fills the network's input
(mirrored too) ┘
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.covers.matte.guess import Guess, Share
from keyart.models import CARDS
from keyart.models.tflite import answer
from keyart.stills.objects import PERSON_MODEL
from keyart.types import RGB, Box

_MOST_OBLONG = 8
_OBLONG = 1.1  # longer side over shorter side from which a picture is looked at in squares
_LEAST_FIGURE = 0.004  # share of the picture
_LEAST_BESIDE = 0.05  # share of the largest figure that another one must have
_SURE = 0.7  # somewhere inside, a figure must be this likely; the look at the whole alone may miss it (0.75)
_CERTAIN = 0.85  # mean likelihood within a figure without a face, by the closer look
_AGREED = 0.85  # overlap (IoU) of what the squares and the closer look say about it
_MARGIN = 0.15  # round a figure, share of its size


def _answer(small: NDArray[np.float32]) -> Share:
    card = CARDS[PERSON_MODEL]
    assert card.input_px is not None
    (mask,) = answer(PERSON_MODEL, small).values()
    return np.clip(mask.reshape(card.input_px[::-1]), 0, 1)


def likely(image: RGB) -> Share:
    """Probability of a person per pixel: the network's answer to the picture and to its mirror image, averaged."""
    import cv2

    size = CARDS[PERSON_MODEL].input_px
    assert size is not None
    shrinks = image.shape[0] > size[1] or image.shape[1] > size[0]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR).astype(np.float32)
    mean = (_answer(small) + _answer(small[:, ::-1])[:, ::-1]) / 2
    return np.asarray(cv2.resize(mean, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


# --- several looks ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of the picture, in whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def part(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def tent(self) -> Share:
        """Weights that fall towards the rim, where the network sees least of what a thing belongs to."""

        def ramp(length: int) -> NDArray[np.float32]:
            place = np.arange(length, dtype=np.float32)
            return np.asarray(np.minimum(place + 1, length - place) / length, np.float32)

        across, down = ramp(self.right - self.left)[None], ramp(self.bottom - self.top)[:, None]
        return np.asarray(np.minimum(down, across) + 0.01, np.float32)


def _squares(width: int, height: int) -> Iterator[_Window]:
    """Squares as high as the picture (as wide, where it is upright), each overlapping the next by half or more.

    A ribbon is looked at in oblongs instead: nobody stands in it, and squares without number would take minutes.
    """
    longer = max(width, height)
    side = max(min(width, height), longer // _MOST_OBLONG)
    steps = int(np.ceil(2 * (longer - side) / side)) if longer > _OBLONG * side else 0
    for step in range(steps + 1):
        at = round(step * (longer - side) / steps) if steps else 0
        # a nearly square picture is one square
        end = at + side if steps else longer
        yield _Window(at, 0, end, height) if width >= height else _Window(0, at, width, end)


def _looked(image: RGB, windows: Sequence[_Window]) -> tuple[Share, Share]:
    """Weighted mean of the looks through the windows, and the sum of their weights (0 where none looked)."""
    total = np.zeros(image.shape[:2], np.float32)
    weights = np.zeros(image.shape[:2], np.float32)
    for window in windows:
        tent = window.tent()
        total[window.part] += tent * likely(np.ascontiguousarray(image[window.part]))
        weights[window.part] += tent
    return np.asarray(total / np.maximum(weights, 1e-9), np.float32), weights


def _round(box: Box, width: int, height: int) -> _Window:
    """A window with a margin round a figure, as near to a square as the picture has room for."""
    side = (1 + 2 * _MARGIN) * max(box.width, box.height)
    wide, tall = min(side, (1 + 2 * _MARGIN) * box.width), min(side, (1 + 2 * _MARGIN) * box.height)
    x, y = box.center
    left, top = max(0.0, x - wide / 2), max(0.0, y - tall / 2)
    right, bottom = min(float(width), x + wide / 2), min(float(height), y + tall / 2)
    return _Window(int(left), int(top), max(int(left) + 1, round(right)), max(int(top) + 1, round(bottom)))


def _figures(share: Share) -> tuple[dict[int, Box], NDArray[np.int32]]:
    """Boxes of the connected figures that are large and sure enough, by their label, and the label of each pixel."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats((share > 0.5).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    least = max(_LEAST_FIGURE * share.size, _LEAST_BESIDE * float(areas[1:].max(initial=0)))
    large = [index for index in range(1, count) if areas[index] >= least]
    kept = [index for index in large if float(share[labels == index].max()) >= _SURE]
    return {index: Box(*(float(value) for value in stats[index, :4])) for index in kept}, np.asarray(labels, np.int32)


def people(image: RGB, faces: Sequence[Box] = ()) -> Guess | None:
    """People of any number and size, whether their faces show or not. None where nobody is found.

    The network is trained on one person who fills the picture (MediaPipe model card), so wide and upright pictures are
    also looked at in squares, and each figure is looked at again on its own. It sees people in rocks and stars, too,
    but seldom twice the same: a figure without a known face is believed where the looks agree.
    """
    height, width = image.shape[:2]
    squares, _ = _looked(image, list(_squares(width, height)))
    boxes, _ = _figures(squares)
    if not boxes:
        return None
    windows = [_round(box, width, height) for box in boxes.values()]
    close, weights = _looked(image, windows)
    mean = (likely(image) + squares + 2 * close) / 4
    share = np.where(weights > 0, mean, squares).astype(np.float32)
    boxes, labels = _figures(share)
    believed = [
        label
        for label, box in boxes.items()
        if _has_face(labels == label, faces) or _agreed(_round(box, width, height), labels == label, squares, close)
    ]
    if not believed:
        return None
    share[_grown((labels > 0) & ~np.isin(labels, believed), 3)] = 0
    card = CARDS[PERSON_MODEL]
    assert card.input_px is not None
    side = max(max(window.right - window.left, window.bottom - window.top) for window in windows)
    return Guess(share, max(1.0, side / card.input_px[0]))


def _has_face(figure: NDArray[np.bool_], faces: Sequence[Box]) -> bool:
    def holds(face: Box) -> bool:
        part = figure[max(0, int(face.y)) : int(face.bottom) + 1, max(0, int(face.x)) : int(face.right) + 1]
        return bool(part.size and part.mean() > 0.5)

    return any(holds(face) for face in faces)


def _agreed(window: _Window, figure: NDArray[np.bool_], squares: Share, close: Share) -> bool:
    """Whether both looks say the same of a figure, and the closer one is certain."""
    here, there = squares[window.part] > 0.5, close[window.part] > 0.5
    overlap = float((here & there).sum()) / max(float((here | there).sum()), 1.0)
    return overlap >= _AGREED and float(close[figure].mean()) >= _CERTAIN


def _grown(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    import cv2

    grown = cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8))
    return np.asarray(grown > 0)

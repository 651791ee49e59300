"""Text burnt into a picture: captions, titles, credits. Finds lines, does not read them.

Letters of one line are small connected shapes of like height, side by side, each darker or lighter than what is around:
top-hats bring such shapes out at any brightness of the background, grouping keeps those that form lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.stills.metrics import median
from keyart.types import Box, Gray

_WORK_PX = 640
"""Longer side on which text is looked for: a caption readable on a phone has letters of 8 px and more there."""


@dataclass(frozen=True, slots=True)
class FindText:
    """Lines of text as boxes in pixels of the picture given."""

    min_letters: int = 4
    """Shapes that a line must have, [2, ...]; fewer are window panes, eyes and buttons."""
    min_step: int = 28
    """Least difference of luma between letter and ground, (0, 255]."""
    max_height_share: float = 0.30
    """Of the picture's height; larger shapes are not taken for letters, (0, 1]."""

    def __call__(self, gray: Gray) -> tuple[Box, ...]:
        import cv2

        scale = min(1.0, _WORK_PX / max(gray.shape))
        work = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else gray
        work = np.asarray(work, np.uint8)
        lines: list[Box] = []
        labels = np.empty(work.shape, np.int32)  # shared: a third of the time went into memory of its own for each
        for mask in (*self._strokes(work), work >= 225, work <= 30):
            lines += self._lines(work, mask.astype(np.uint8), labels)
        return tuple(box.scaled(1.0 / scale) for box in _without_inner(lines))

    def _strokes(self, gray: Gray) -> Iterator[NDArray[np.bool_]]:
        """Where strokes lighter, then darker, than what is around them lie; large white and black letters have none."""
        import cv2

        # a stroke narrower than the kernel stands out; letters of 60 px have strokes of about 9
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (13, 13))
        for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
            relief = cv2.morphologyEx(gray, operation, kernel)
            level, _ = cv2.threshold(relief, 0, 255, cv2.THRESH_OTSU)
            yield np.asarray(relief > max(level, self.min_step), np.bool_)

    def _lines(self, gray: Gray, mask: NDArray[np.uint8], labels: NDArray[np.int32]) -> list[Box]:
        """Of one mask; `labels` of the same shape are written over."""
        import cv2

        # of OpenCV's algorithms the fastest here, by half
        _, found, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
            mask, 8, cv2.CV_32S, cv2.CCL_BBDT, labels=labels
        )
        shapes = np.asarray(stats, np.float64)
        fits = np.flatnonzero(self._like_letters(shapes, gray.shape[0]))
        if not self.min_letters <= len(fits) <= _MAX_SHAPES:
            return []  # thousands of shapes are leaves or gravel
        tones = _tones(gray, mask, np.asarray(found, np.int32), shapes[:, 4])
        boxes = _grouped(shapes[fits], tones[fits], self.min_letters)
        return [box for box in boxes if _stands_out(gray, mask, box)]

    def _like_letters(self, shapes: NDArray[np.float64], height_px: int) -> NDArray[np.bool_]:
        """Of rows (x, y, width, height, area); the first is the ground."""
        _, _, width, height, area = shapes.T
        fill = area / np.maximum(1.0, width * height)
        fits = (height >= 6) & (height <= self.max_height_share * height_px) & (width >= 2)
        fits &= (width <= 2.2 * height) & (fill >= 0.18) & (fill <= 0.92) & (area >= 10)
        fits[0] = False
        return np.asarray(fits, np.bool_)


_MAX_SHAPES = 1500
MIN_SEPARATION = 1.45
"""Between letters and ground, in sums of their deviations: text lies at 1.6 to 4, leaves and gravel below 1.3."""


def _tones(
    gray: Gray, mask: NDArray[np.uint8], labels: NDArray[np.int32], areas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean luma of every shape, shape (num,); 0 for the ground, which is most of the picture and not looked at."""
    inside = np.flatnonzero(mask.view(np.bool_))
    sums = np.bincount(labels.ravel()[inside], gray.ravel()[inside], len(areas))
    return sums / np.maximum(1.0, areas)


def _grouped(letters: NDArray[np.float64], tones: NDArray[np.float64], min_letters: int) -> list[Box]:
    """Lines: chains of shapes of like height and tone on one baseline with gaps below 1.3 heights."""
    x, y, width, height, _ = letters.T
    right, bottom = x + width, y + height
    one, other = _beside(x, right, 1.3 * float(height.max()))
    tall = np.maximum(height[one], height[other])
    gap = x[other] - right[one]
    kept = (gap >= -0.4 * tall) & (gap <= 1.3 * tall)
    kept &= np.minimum(height[one], height[other]) >= 0.5 * tall
    kept &= np.abs(tones[one] - tones[other]) <= 40.0
    level = np.abs(bottom[one] - bottom[other]) <= 0.3 * tall
    kept &= level | (np.abs(y[one] - y[other]) <= 0.15 * tall)
    chain = np.arange(len(letters))
    for left, after in zip(one[kept].tolist(), other[kept].tolist(), strict=True):
        chain[chain == chain[after]] = chain[left]
    long = np.flatnonzero(np.bincount(chain, minlength=1) >= min_letters)
    lines = (np.flatnonzero(chain == label) for label in long)
    return [_box_of(letters[line]) for line in lines if _even(letters[line], tones[line])]


def _beside(
    x: NDArray[np.float64], right: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of shapes, the second of which begins after the first does and no further than `reach` from its end."""
    order = np.argsort(x, kind="stable")
    begins, ends = (np.searchsorted(x[order], edge, "right") for edge in (x, right + reach))
    counts = ends - begins
    one = np.repeat(np.arange(len(x)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return one, order[np.repeat(begins, counts) + within]


def _even(line: NDArray[np.float64], tones: NDArray[np.float64]) -> bool:
    """Whether shapes sit as letters do: on one baseline, of like height and tone, wider together than tall."""
    _, y, _, height, _ = line.T
    bottom, typical = y + height, median(height)
    on_line = np.abs(bottom - median(bottom)) <= 0.28 * typical
    like = (np.abs(height - typical) <= 0.45 * typical) & (np.abs(tones - median(tones)) <= 30.0)
    return bool((on_line & like).mean() >= 0.75) and _box_of(line).width >= 2.0 * typical


def _stands_out(gray: Gray, mask: NDArray[np.uint8], box: Box) -> bool:
    """Whether letters and ground are two tones: leaves and grass are all tones between."""
    part = np.s_[int(box.y) : int(box.bottom), int(box.x) : int(box.right)]
    inside = mask[part] > 0
    letters, ground = gray[part][inside].astype(np.float32), gray[part][~inside].astype(np.float32)
    if not letters.size or not ground.size:
        return False
    step = abs(median(letters) - median(ground))
    return step >= MIN_SEPARATION * float(letters.std() + ground.std())


def _box_of(line: NDArray[np.float64]) -> Box:
    x, y, width, height, _ = line.T
    left, top = float(x.min()), float(y.min())
    return Box(left, top, float((x + width).max()) - left, float((y + height).max()) - top)


def _without_inner(boxes: list[Box]) -> list[Box]:
    """Dark and light passes both see outlined letters: of boxes on top of each other the larger stays."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: (-box.area, box.y, box.x)):
        if all(box.overlap(other) < 0.6 * box.area for other in kept):
            kept.append(box)
    return sorted(kept, key=lambda box: (box.y, box.x))


def covered_share(boxes: tuple[Box, ...], width_px: int, height_px: int) -> float:
    """Share of the picture under the boxes, counting no pixel twice."""
    mask = np.zeros((height_px, width_px), bool)
    for box in boxes:
        mask[max(0, int(box.y)) : max(0, int(box.bottom)), max(0, int(box.x)) : max(0, int(box.right))] = True
    return float(mask.mean())

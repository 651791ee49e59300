"""Picture -> descriptor whose cosine says how alike two pictures are. thesis §4.4.

The default needs no weights: a layout of colours, a layout of edge directions and a histogram of colours. Each part is
made so that unrelated pictures score near 0 and the same shot a second later above 0.8.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB

Embedding = NDArray[np.float32]
"""Shape (dimensions,), L2 norm 1."""

_LAYOUT_CELLS = 8
_EDGE_CELLS = 6
_EDGE_BINS = 8
_SIDE_PX = 72


def classical(image: RGB) -> Embedding:
    """Colour layout, edge layout and colour histogram of a picture, weighted .4, .3 and .3 in the cosine."""
    import cv2

    square = cv2.resize(image, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(square, cv2.COLOR_RGB2LAB).astype(np.float32)
    parts = ((_colour_layout(lab), 0.4), (_edge_layout(lab[..., 0]), 0.3), (_colour_histogram(lab), 0.3))
    return np.concatenate([np.sqrt(np.float32(weight)) * _unit(part) for part, weight in parts])


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    norm = float(np.linalg.norm(values))
    if norm < 1e-6:  # an even picture has no layout; one shared direction makes two of them alike
        values, norm = np.ones_like(values), float(np.sqrt(values.size))
    return np.asarray(values / norm, np.float32)


def _colour_layout(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    cells = cv2.resize(lab, (_LAYOUT_CELLS, _LAYOUT_CELLS), interpolation=cv2.INTER_AREA)
    light = cells[..., 0] - cells[..., 0].mean()  # exposure drifts within a shot, the pattern stays
    chroma = (cells[..., 1:] - 128.0) * 2.0  # chroma of real footage spans a third of the range of light
    return np.concatenate([light.ravel(), chroma.ravel()])


def _edge_layout(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gradient directions by cell, as HOG does: signed away, magnitudes square-rooted, mean taken off."""
    import cv2

    smooth = cv2.GaussianBlur(light, (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = cv2.sqrt(cv2.magnitude(across, down))
    angle = np.arctan2(down, across) % np.float32(np.pi)
    bins = np.minimum((angle * (_EDGE_BINS / np.pi)).astype(np.int64), _EDGE_BINS - 1)
    cell = np.arange(_SIDE_PX) * _EDGE_CELLS // _SIDE_PX
    place = (cell[:, None] * _EDGE_CELLS + cell[None, :]) * _EDGE_BINS + bins
    counts = np.bincount(place.ravel(), weights=strength.ravel(), minlength=_EDGE_CELLS**2 * _EDGE_BINS)
    counts = counts.astype(np.float32)
    return np.asarray(counts - counts.mean(), np.float32)


def _colour_histogram(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """8 x 6 x 6 bins over L, a, b with soft edges, square-rooted (Hellinger), the even share taken off."""
    light = np.clip(lab[..., 0] / 32.0, 0, 7).astype(np.int64)
    chroma = np.clip((lab[..., 1:] - 80.0) / 16.0, 0, 5).astype(np.int64)
    place = (light * 6 + chroma[..., 0]) * 6 + chroma[..., 1]
    shares = np.bincount(place.ravel(), minlength=288).astype(np.float32).reshape(8, 6, 6) / place.size
    soft = shares.copy()
    for axis in range(3):  # a tone on the edge of a bin may fall on either side of it
        soft[tuple(slice(1, None) if a == axis else slice(None) for a in range(3))] += 0.5 * np.take(
            shares, range(shares.shape[axis] - 1), axis=axis
        )
        soft[tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))] += 0.5 * np.take(
            shares, range(1, shares.shape[axis]), axis=axis
        )
    return np.asarray(np.sqrt(soft).ravel(), np.float32)


EMBEDDERS: dict[str, Callable[[RGB], Embedding]] = {"classical": classical}
"""Name -> picture -> embedding. A learned one is one function: its session from `models.onnx`, a unit row back."""

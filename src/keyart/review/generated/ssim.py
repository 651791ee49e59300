"""Structural similarity of two pictures (Wang et al., 2004), as scikit-image computes it by default.

A window of 7 x 7 of equal weights, covariances of a sample (divided by 48), K of 0.01 and 0.03, the mean over where the
whole window lies in the picture. Sums and their differences are of whole numbers, so nothing is lost in them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyart.types import Gray

WINDOW_PX = 7
_COUNT = WINDOW_PX * WINDOW_PX
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(one: Gray, other: Gray) -> float:
    """-1 ... 1. Raises `ValueError` for pictures of two sizes, or smaller than the window."""
    if one.shape != other.shape or min(one.shape) < WINDOW_PX:
        raise ValueError(f"two pictures of one size and of 7 pixels at least, not {one.shape} and {other.shape}")
    sum_x, sum_y = _window_sums(one), _window_sums(other)
    products = _COUNT * _window_sums(_products(one, other))
    squares = _COUNT * (_window_sums(_products(one, one)) + _window_sums(_products(other, other)))
    means, lengths = sum_x * sum_y, sum_x * sum_x + sum_y * sum_y
    # everything times 49: means by 49 * 49, (co)variances of a sample by 49 * 48
    spread = np.float32(_COUNT * (_COUNT - 1) * _C2)
    level = np.float32(_COUNT**2 * _C1)
    likeness = (2 * means + level) * (2 * (products - means) + spread)
    likeness /= (lengths + level) * ((squares - lengths) + spread)
    return float(likeness.mean(dtype=np.float64))


def _products(one: Gray, other: Gray) -> NDArray[np.uint16]:
    import cv2

    return np.asarray(cv2.multiply(one, other, dtype=cv2.CV_16U), np.uint16)


def _window_sums(values: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.int32]:
    """Sums over each window that lies whole in the picture: at most 49 * 255 * 255, and exact."""
    import cv2

    sums = cv2.boxFilter(values, cv2.CV_32S, (WINDOW_PX, WINDOW_PX), normalize=False)
    edge = WINDOW_PX // 2
    return np.asarray(sums[edge:-edge, edge:-edge], np.int32)

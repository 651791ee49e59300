"""Structural similarity of two pictures (Wang et al., 2004), as scikit-image computes it by default.

A window of 7 x 7 of equal weights, covariances of a sample (divided by 48), K of 0.01 and 0.03, the mean over where the
whole window lies in the picture. Sums of whole numbers are exact, so nothing is lost in the differences.
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
    x, y = one.astype(np.float32), other.astype(np.float32)
    sum_x, sum_y = _window_sums(x), _window_sums(y)
    products, squares = _COUNT * _window_sums(x * y), _COUNT * _window_sums(x * x + y * y)
    means, lengths = sum_x * sum_y, sum_x * sum_x + sum_y * sum_y
    # everything times 49: means by 49 * 49, (co)variances of a sample by 49 * 48
    likeness = (2 * means + _COUNT**2 * _C1) * (2 * (products - means) + _COUNT * (_COUNT - 1) * _C2)
    likeness /= (lengths + _COUNT**2 * _C1) * (squares - lengths + _COUNT * (_COUNT - 1) * _C2)
    return float(likeness.mean())


def _window_sums(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sums over each window that lies whole in the picture; exact for whole numbers below 2 ** 24 a window."""
    import cv2

    sums = cv2.boxFilter(values, cv2.CV_64F, (WINDOW_PX, WINDOW_PX), normalize=False)
    edge = WINDOW_PX // 2
    return np.asarray(sums[edge:-edge, edge:-edge], np.float64)

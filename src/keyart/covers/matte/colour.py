"""Colours of the figure with the old background taken out, so that none of it shines through on a new one.

M. Forte, F. Pitié: Approximate Fast Foreground Colour Estimation (ICIP 2021), "blur fusion" in two passes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyart.covers.matte.guess import Share
from keyart.types import RGB

_FLOATS = NDArray[np.float32]
_RADII_PX = 90, 6
"""Of the two passes, as in the paper, for a picture of 1000 pixels; larger pictures are done at WORK_PX."""
_WORK_PX = 1280
_SOLID = 0.995


def foreground_colours(image: RGB, alpha: Share) -> RGB:
    """The figure's own colours, uint8 of the picture's shape; outside the figure its nearest colours, spread out."""
    import cv2

    height, width = alpha.shape
    scale = min(1.0, _WORK_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = image if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    cover = alpha if scale == 1 else cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    figure = _fused(np.asarray(small, np.float32) / np.float32(255), np.asarray(cover, np.float32))
    if scale < 1:
        figure = np.asarray(cv2.resize(figure, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    solid = (alpha >= _SOLID)[..., None]
    return np.where(solid, image, np.round(figure * 255)).astype(np.uint8)


def _fused(image: _FLOATS, alpha: Share) -> _FLOATS:
    figure, ground = image, image
    for radius in _RADII_PX:
        figure, ground = _pass(image, figure, ground, alpha[..., None], radius)
    return figure


def _pass(image: _FLOATS, figure: _FLOATS, ground: _FLOATS, alpha: _FLOATS, radius: int) -> tuple[_FLOATS, _FLOATS]:
    import cv2

    def blurred(values: _FLOATS) -> _FLOATS:
        done = np.asarray(cv2.blur(values, (radius, radius)), np.float32)
        return done.reshape(values.shape)

    cover = blurred(alpha)
    near_figure = blurred(figure * alpha) / (cover + 1e-5)
    near_ground = blurred(ground * (1 - alpha)) / (1 - cover + 1e-5)
    # what the two means leave unexplained goes to the figure by its share
    rest = image - alpha * near_figure - (1 - alpha) * near_ground
    return np.clip(near_figure + alpha * rest, 0, 1), near_ground

"""RGB pictures of one shot -> the 256 colours that suit it, and the pictures in those colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB

_BITS = 6
"""Colours are told apart at this many bits a channel: 262,144 cells, of which a shot uses about 20,000."""
_ROUNDS = 3
_DITHER_LEVELS = 4
"""Of 256 colours; fewer lie farther apart and need more. More would show as a pattern in skies."""
_SAMPLE_PIXELS = 60_000
_BAYER_2 = np.array([[0, 2], [3, 1]])
_BAYER_4 = np.block([[4 * _BAYER_2, 4 * _BAYER_2 + 2], [4 * _BAYER_2 + 3, 4 * _BAYER_2 + 1]])
_BAYER_8 = np.block([[4 * _BAYER_4, 4 * _BAYER_4 + 2], [4 * _BAYER_4 + 3, 4 * _BAYER_4 + 1]])

Cells = NDArray[np.int32]
"""Number of each pixel's colour cell."""
Palette = NDArray[np.uint8]
"""(n, 3), RGB."""
Indices = NDArray[np.uint8]
"""(height, width), which row of the palette a pixel has."""


def paletted(shot: Sequence[RGB], num_colors: int) -> tuple[Palette, list[Indices]]:
    """The palette with the least squared error over all the pictures, and each picture in it.

    Dithering is ordered, so its pattern stands still and pixels that do not change stay the same: a GIF stores those
    for nothing. Median cut, then three rounds of k-means on the colours that occur; exact in integers on any machine.
    """
    height, width = shot[0].shape[:2]
    pattern = _pattern(height, width, _DITHER_LEVELS * (256 / num_colors) ** (1 / 3))
    cells = [_cells(image, pattern) for image in shot]
    counts = np.bincount(np.concatenate([one.ravel() for one in cells]), minlength=1 << 3 * _BITS)
    used = np.flatnonzero(counts)
    colors, weights = _centers(used), counts[used]
    palette = _median_cut(shot, num_colors)
    for _ in range(_ROUNDS):
        palette = _moved(palette, colors, weights)
    nearest = np.zeros(len(counts), np.uint8)
    nearest[used] = _nearest(colors, palette)
    return palette.astype(np.uint8), [nearest[one] for one in cells]


def _pattern(height: int, width: int, levels: float) -> NDArray[np.int16]:
    """Bayer's 8 x 8 matrix as small steps around zero."""
    steps = np.round(((_BAYER_8 + 0.5) / 64 - 0.5) * levels).astype(np.int16)
    return np.tile(steps, (height // 8 + 1, width // 8 + 1))[:height, :width, None]


def _cells(image: RGB, pattern: NDArray[np.int16]) -> Cells:
    coarse = np.clip(image + pattern, 0, 255).astype(np.int32) >> (8 - _BITS)
    return np.asarray((coarse[..., 0] << 2 * _BITS) | (coarse[..., 1] << _BITS) | coarse[..., 2], np.int32)


def _centers(cells: NDArray[np.int64]) -> NDArray[np.float32]:
    mask, step = (1 << _BITS) - 1, 1 << (8 - _BITS)
    channels = np.stack([cells >> 2 * _BITS, cells >> _BITS & mask, cells & mask], axis=1)
    return (channels * step + step // 2).astype(np.float32)


def _median_cut(shot: Sequence[RGB], num_colors: int) -> NDArray[np.float32]:
    from PIL import Image

    pixels = np.concatenate([image.reshape(-1, 3) for image in shot])
    sample = np.ascontiguousarray(pixels[:: max(1, len(pixels) // _SAMPLE_PIXELS)])
    flat = Image.fromarray(sample[None]).quantize(num_colors, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colors = np.array(flat.getpalette(), np.float32).reshape(-1, 3)
    return np.asarray(np.unique(colors[:num_colors], axis=0), np.float32)


def _nearest(colors: NDArray[np.float32], palette: NDArray[np.float32]) -> NDArray[np.int64]:
    # whole numbers below 2**24 are exact in float32, so no machine rounds them differently
    return np.asarray(((palette * palette).sum(axis=1) - 2 * colors @ palette.T).argmin(axis=1), np.int64)


def _moved(
    palette: NDArray[np.float32], colors: NDArray[np.float32], weights: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Each colour to the mean of what it stands for; one that stands for nothing stays where it is."""
    nearest = _nearest(colors, palette)
    total = np.bincount(nearest, weights, len(palette))
    sums = [np.bincount(nearest, weights * colors[:, channel], len(palette)) for channel in range(3)]
    means = np.round(np.stack(sums, axis=1) / np.maximum(total, 1)[:, None])
    return np.where(total[:, None] > 0, means, palette).astype(np.float32)

"""A coarse guess -> an alpha channel that follows the picture's own edges, at full resolution.

In the uncertain band along the outline, each pixel's colour is placed on the line between the colours of the figure
and of the background nearby (the alpha of Chuang et al. 2001 with one cluster a side), as far as the two can be told
apart; a guided filter (He et al. 2010) ties neighbours of like colour together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyart.covers.matte.guess import Guess, Share
from keyart.types import RGB

Colours = NDArray[np.float32]

WORK_PX = 1920
"""Larger pictures are fitted at this longer side and the alpha enlarged."""
_BAND_CELLS = 1.5  # half the width of the uncertain band
_NEAR_CELLS = 5.0  # how far colours of one side are gathered from
_NOISE = 15.0  # levels by which colours of one thing differ anyway
_SLOPE = 8.0  # of the guess around 0.5, where the colours cannot tell
_LEAST_PIECE = 0.01  # of the largest one's area
_FLATNESS = 6.5  # of the guided filter, in squared levels
_CHOKE = 0.3, 0.97
"""Alpha from and to which is stretched to 0 ... 1: thin veils go, and the figure is solid up to its edge."""


def fitted(image: RGB, guess: Guess) -> Share:
    """Alpha of the figure, shape of the picture."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    if scale == 1.0:
        return _fitted(image, guess)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    share = np.asarray(cv2.resize(guess.share, size, interpolation=cv2.INTER_AREA), np.float32)
    alpha = _fitted(small, Guess(share, max(1.0, guess.cell_px * scale), guess.is_alpha))
    return np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _fitted(image: RGB, guess: Guess) -> Share:
    radius = max(2, round(guess.cell_px))
    if guess.is_alpha:
        alpha = _guided(image, guess.share, radius) if guess.cell_px > 1.5 else guess.share
        return np.asarray(np.clip(alpha, 0, 1), np.float32)
    inside, outside = sure_sides(guess)
    told = _by_colour(image, guess, inside, outside)
    alpha = np.where(outside, 0, np.where(inside, 1, told)).astype(np.float32)
    low, high = _CHOKE
    stretched = (_guided(image, alpha, radius) - low) / (high - low)
    return without_specks(np.asarray(np.clip(stretched, 0, 1), np.float32))


def without_specks(alpha: Share) -> Share:
    """Alpha without the pieces that are small beside the largest: what the band's colours took for the figure."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.05).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    specks = areas < _LEAST_PIECE * areas.max()
    specks[0] = False
    return np.where(specks[labels], 0, alpha).astype(np.float32) if count > 2 else alpha


def sure_sides(guess: Guess) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels that are surely the figure, and surely not: away from the outline, and the guess is of one mind."""
    import cv2

    reach = max(2, round(_BAND_CELLS * guess.cell_px))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    figure = (guess.share > 0.5).astype(np.uint8)
    # the figure goes on beyond the picture's rim
    inside = (cv2.erode(figure, disc, borderType=cv2.BORDER_REPLICATE) > 0) & (guess.share > 0.6)
    outside = (cv2.dilate(figure, disc) == 0) & (guess.share < 0.4)
    return np.asarray(inside, np.bool_), np.asarray(outside, np.bool_)


def _by_colour(image: RGB, guess: Guess, inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Share:
    """The guess, moved to what the colour says where figure and ground differ more than either does in itself."""
    figure, figure_spread = _colours_near(image, inside, guess.cell_px)
    ground, ground_spread = _colours_near(image, outside, guess.cell_px)
    line = figure - ground
    length = np.einsum("ijk,ijk->ij", line, line)
    along = np.einsum("ijk,ijk->ij", image.astype(np.float32) - ground, line)
    place = np.clip(along / np.maximum(length, 1), 0, 1)
    trust = length / (length + figure_spread + ground_spread + _NOISE**2)
    steep = 1 / (1 + np.exp(-_SLOPE * (guess.share - 0.5)))
    return np.asarray(steep + trust * (place - steep), np.float32)


def _colours_near(image: RGB, where: NDArray[np.bool_], cell_px: float) -> tuple[Colours, Share]:
    """Mean colour (h, w, 3) of the marked pixels near each pixel, and their variance, summed over channels.

    Where none is near, the variance is that of a colour nobody knows.
    """
    import cv2

    height, width = image.shape[:2]
    size = max(1, round(width / cell_px)), max(1, round(height / cell_px))
    weight = cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    kept = (image * where[..., None]).astype(np.float32)
    mean = cv2.resize(kept, size, interpolation=cv2.INTER_AREA)
    square = cv2.resize((kept**2).sum(axis=2), size, interpolation=cv2.INTER_AREA)
    blurred = [cv2.GaussianBlur(one, (0, 0), _NEAR_CELLS) for one in (weight, mean, square)]
    weight, mean, square = (np.asarray(one, np.float32) for one in blurred)
    known = np.maximum(weight, 1e-6)
    mean = mean / known[..., None]
    spread = np.where(weight > 1e-4, np.maximum(square / known - (mean**2).sum(axis=2), 0), 3 * 255.0**2)
    full = [cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in (mean, spread)]
    return np.asarray(full[0], np.float32), np.asarray(full[1], np.float32)


def _guided(image: RGB, alpha: Share, radius: int) -> Share:
    import cv2

    # in levels, not in shares of white: where colours vary along one line, OpenCV takes small determinants for zero
    filtered = cv2.ximgproc.guidedFilter(image.astype(np.float32), alpha, radius, _FLATNESS)
    return np.asarray(np.clip(np.nan_to_num(filtered), 0, 1), np.float32)

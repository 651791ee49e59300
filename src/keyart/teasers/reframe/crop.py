"""A picture and its windows -> the picture that is shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from keyart.teasers.reframe.path import CameraPath
from keyart.types import RGB, Box, Frame

_WHOLE_PX = 0.02
_GROUND_DIM = 0.65
_SHRINKS = 0.75


def cropped(frame: Frame, path: CameraPath, width_px: int, height_px: int) -> RGB:
    """What the path shows of a frame at its time, scaled to width x height; `frame` may be smaller than the video."""
    scale = frame.width_px / path.width_px, frame.height_px / path.height_px
    windows = [window.scaled(*scale) for window in path.windows(frame.seconds)]
    if len(windows) == 1:
        return _shown(frame.image, windows[0], width_px, height_px)
    first = height_px // 2
    parts = [_scaled(frame.image, windows[0], width_px, first)]
    parts.append(_scaled(frame.image, windows[1], width_px, height_px - first))
    return np.concatenate(parts)


def reframed(frames: Iterable[Frame], path: CameraPath, width_px: int, height_px: int) -> Iterator[Frame]:
    """Frames of the video in, frames of width x height out."""
    for frame in frames:
        yield Frame(cropped(frame, path, width_px, height_px), frame.seconds)


def _shown(image: RGB, window: Box, width_px: int, height_px: int) -> RGB:
    ratio = window.width / window.height / (width_px / height_px)
    if abs(ratio - 1) < 0.01 + 2 / min(width_px, height_px):
        return _scaled(image, window, width_px, height_px)
    if ratio > 1:
        size = width_px, min(height_px, round(width_px * window.height / window.width))
    else:
        size = min(width_px, round(height_px * window.width / window.height)), height_px
    whole = _ground(image, window, width_px, height_px)
    left, top = (width_px - size[0]) // 2, (height_px - size[1]) // 2
    whole[top : top + size[1], left : left + size[0]] = _scaled(image, window, *size)
    return whole


def _scaled(image: RGB, window: Box, width_px: int, height_px: int) -> RGB:
    """A window that stands on whole pixels keeps them; one that moves is sampled between them, or it would tremble."""
    import cv2

    rows, columns = image.shape[:2]
    left, top = _inside(window.x, window.width, columns), _inside(window.y, window.height, rows)
    window = Box(left, top, window.width, window.height)
    shrinks = width_px < _SHRINKS * window.width
    if max(abs(side - round(side)) for side in (left, top, window.width, window.height)) < _WHOLE_PX:
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(_part(image, window), (width_px, height_px), interpolation=how), np.uint8)
    if shrinks:  # averaged first, or pixels would be skipped
        image, window = _reduced(image, window, width_px / window.width, height_px / window.height)
    fx, fy = window.width / width_px, window.height / height_px
    # pixel centres: (0.5, 0.5) of what is shown is (0.5, 0.5) * scale of the window
    move = np.array([[fx, 0, window.x + fx / 2 - 0.5], [0, fy, window.y + fy / 2 - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(image, move, (width_px, height_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _part(image: RGB, window: Box) -> RGB:
    """The whole pixels that a window touches."""
    top, left = max(0, math.floor(window.y + _WHOLE_PX)), max(0, math.floor(window.x + _WHOLE_PX))
    bottom, right = math.ceil(window.bottom - _WHOLE_PX), math.ceil(window.right - _WHOLE_PX)
    return image[top : max(top + 1, bottom), left : max(left + 1, right)]


def _reduced(image: RGB, window: Box, across: float, down: float) -> tuple[RGB, Box]:
    """The picture at about the size at which the window is shown, and the window in it.

    The whole of it: of a part, the grid of the reduced pixels would move along with the window.
    """
    import cv2

    rows, columns = image.shape[:2]
    width, height = max(1, round(columns * across)), max(1, round(rows * down))
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), window.scaled(width / columns, height / rows)


def _inside(start: float, length: float, whole: int) -> float:
    return float(min(max(0.0, start), max(0.0, whole - length)))


def _ground(image: RGB, window: Box, width_px: int, height_px: int) -> RGB:
    """The window's own middle, enlarged, soft and darkened."""
    import cv2

    scale = min(window.width / width_px, window.height / height_px)
    width, height = width_px * scale, height_px * scale
    x, y = window.center
    box = Box(max(0.0, x - width / 2), max(0.0, y - height / 2), width, height)
    size = max(8, width_px // 24), max(8, height_px // 24)
    small = cv2.resize(_part(image, box), size, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.6), (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return (soft.astype(np.float32) * _GROUND_DIM).astype(np.uint8)

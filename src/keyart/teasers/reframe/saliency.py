"""Where the eye goes in a small picture, without a network: what differs from the rim, what stands out, what moves.

Colours unlike those at the picture's rim: the rim as a model of the ground, Zhang et al. 2015 (Minimum Barrier Salient
Object Detection, its backgroundness cue). Movement unlike the camera's: dense flow less its best affine fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB, Gray

Map = NDArray[np.float32]
"""Shape (rows, columns), 0 ... 1."""

GRID_CELLS = 64
"""On the longer side of a map."""
_FLOW_PX = 192
_RIM = 0.12
_STILL_PX, _FAST_PX = 0.5, 4.5
"""Flow below the first, at 192 pixels, is noise; from the second on it counts in full."""
_SAME, _CHANGED, _EXPLAINED = 0.3, 28.0, 0.5
"""Mean difference in grey levels between two looks below which nothing moved, and from which they may show different
takes: where less than half of it is explained by movement, they do."""


def grid_of(width_px: float, height_px: float) -> tuple[int, int]:
    """Rows and columns of the maps of a picture of this shape."""
    scale = GRID_CELLS / max(width_px, height_px)
    return max(4, round(height_px * scale)), max(4, round(width_px * scale))


def standing_out(image: RGB) -> tuple[Map, float]:
    """What differs from rim and surroundings, and how far to trust it (0 everything does ... 1 one compact thing)."""
    import cv2

    rows, columns = grid_of(image.shape[1], image.shape[0])
    small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = np.asarray(cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), (0, 0), 0.8), np.float32)
    around = np.asarray(cv2.GaussianBlur(lab, (0, 0), GRID_CELLS / 8), np.float32)
    contrast = np.asarray(np.linalg.norm(lab - around, axis=2), np.float32)
    values = 0.6 * _stretched(_unlike_rim(lab)) + 0.4 * _stretched(contrast)
    found = _stretched(np.asarray(cv2.GaussianBlur(values, (0, 0), 1.0), np.float32))
    return found, _compactness(found)


def _unlike_rim(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mahalanobis distance from the colours of each side of the rim, the most distant side left out."""
    rows, columns = lab.shape[:2]
    deep, wide = max(1, round(_RIM * rows)), max(1, round(_RIM * columns))
    pixels = lab.reshape(-1, 3)
    distances = []
    for side in (lab[:deep], lab[-deep:], lab[:, :wide], lab[:, -wide:]):
        colours = side.reshape(-1, 3).astype(np.float64)
        # lengths of what this root of the inverse makes of a colour are its distances
        root = np.linalg.cholesky(np.linalg.inv(np.cov(colours.T) + 8.0 * np.eye(3))).astype(np.float32)
        away = (pixels - colours.mean(axis=0).astype(np.float32)) @ root
        distance = np.sqrt((away * away).sum(axis=1))
        distances.append(distance / max(float(distance.max()), 1e-6))
    # a subject that touches one side of the rim would else be taken for ground
    joined = np.sum(distances, axis=0) - np.max(distances, axis=0)
    return np.asarray(joined.reshape(rows, columns), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    moving: Map
    """What moves otherwise than the camera."""
    trust: float
    """0 nothing or everything moves ... 1 one compact thing does."""
    changed: bool
    """Whether the two looks show different takes."""


def moving(before: Gray, now: Gray, grid: tuple[int, int]) -> Motion:
    """Two looks, `reduced` to one size, a fraction of a second apart."""
    import cv2

    nothing = np.zeros(grid, np.float32)
    difference = float(np.abs(now.astype(np.int16) - before).mean())
    if difference < _SAME or min(now.shape) < 12:
        return Motion(nothing, 0.0, False)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = np.asarray(search.calc(before, now, None), np.float32)  # type: ignore[call-overload]
    if difference > _CHANGED and _left_over(before, now, flow) > _EXPLAINED * difference:
        return Motion(nothing, 0.0, True)
    own = np.hypot(*np.moveaxis(flow - _camera(flow), 2, 0)).astype(np.float32)
    own = cv2.resize(cv2.medianBlur(own, 3), grid[::-1], interpolation=cv2.INTER_AREA)
    found = np.clip((own - _STILL_PX) / (_FAST_PX - _STILL_PX), 0.0, 1.0).astype(np.float32)
    strongest = _level(found, 0.997)
    if strongest < 0.05:
        return Motion(nothing, 0.0, False)
    return Motion(_stretched(found), _compactness(found) * min(1.0, 3.0 * strongest), False)


def _left_over(before: Gray, now: Gray, flow: NDArray[np.float32]) -> float:
    """Mean difference that movement does not explain: little where the camera is swung, all of it at a cut."""
    import cv2

    y, x = np.mgrid[: now.shape[0], : now.shape[1]].astype(np.float32)
    back = cv2.remap(now, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(np.abs(back.astype(np.int16) - before).mean())


def reduced(image: RGB) -> Gray:
    """What `moving` compares."""
    import cv2

    scale = min(1.0, _FLOW_PX / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _camera(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """The affine flow that most of the picture follows: least squares, what does not fit weighed down twice."""
    terms = _affine_terms(*flow.shape[:2])
    some, there = terms[1::4, 1::4].reshape(-1, 3), flow[1::4, 1::4].reshape(-1, 2)
    weight: NDArray[np.floating[Any]] = np.ones((len(some), 1))
    found = np.zeros((3, 2), np.float32)
    for _ in range(4):
        weighed = (some * weight).T.astype(np.float64)
        # pictures have at least twelve rows and columns: the three terms are never one and the same
        found = np.linalg.solve(weighed @ some, weighed @ there).astype(np.float32)
        away = there - some @ found
        weight = 1.0 / (0.2 + np.hypot(away[:, 0], away[:, 1])[:, None]) ** 2
    return np.asarray(terms @ found, np.float32)


@lru_cache(4)
def _affine_terms(rows: int, columns: int) -> NDArray[np.float32]:
    y, x = np.mgrid[-1 : 1 : complex(rows), -1 : 1 : complex(columns)]
    return np.stack([np.ones_like(x), x, y], axis=2).astype(np.float32)


def _level(values: NDArray[np.float32], share: float) -> float:
    """The value that this share lies below: as np.percentile, which takes ten times as long over so few."""
    place = round(share * (values.size - 1))
    return float(np.partition(values.ravel(), place)[place])


def _stretched(values: NDArray[np.float32]) -> Map:
    low, high = float(values.min()), _level(values, 0.995)
    return np.asarray(np.clip((values - low) / max(high - low, 1e-6), 0.0, 1.0), np.float32)


def _compactness(values: Map) -> float:
    """1 where a tenth of the cells holds nearly all, 0 where it is spread out evenly."""
    flat = np.sort(values.ravel())[::-1]
    held = float(flat[: max(1, len(flat) // 10)].sum()) / max(float(flat.sum()), 1e-6)
    return float(np.clip((held - 0.2) / 0.5, 0.0, 1.0))

"""Where every pixel went between two frames: OpenCV's DIS on the CPU, and what is told of such a field.

The numbers are those of the seed's appendix: six statistics, with torch's meaning of each, of the field, its magnitude
and its angle.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.types import Gray

Field = NDArray[np.float32]
"""Shape (height, width, 2): pixels to the right, pixels down."""

STATISTICS = ("sum", "median", "mean", "std", "min", "max")
FLOW_NAMES = tuple(f"{part}_{one}" for part in ("flow", "magnitude", "angle") for one in STATISTICS)


def dis_flow(before: Gray, now: Gray) -> Field:
    """From `before` to `now` (Kroeger et al., 2016; OpenCV's medium preset)."""
    return np.asarray(_dis().calc(before, now, None), np.float32)


@cache
def _dis() -> Any:
    import cv2

    tools: Any = cv2  # its stubs do not know this one
    return tools.DISOpticalFlow_create(tools.DISOPTICAL_FLOW_PRESET_MEDIUM)


def statistics(values: NDArray[np.floating]) -> tuple[float, ...]:
    """`STATISTICS` as torch computes them: the lower of two medians, the deviation of a sample.

    >>> statistics(np.array([4.0, 1.0, 2.0, 3.0]))[:3]
    (10.0, 2.0, 2.5)
    """
    flat = np.asarray(values, np.float64).reshape(-1)
    lower = float(np.partition(flat, (flat.size - 1) // 2)[(flat.size - 1) // 2])
    deviation = float(flat.std(ddof=1)) if flat.size > 1 else 0.0
    return float(flat.sum()), lower, float(flat.mean()), deviation, float(flat.min()), float(flat.max())


def flow_statistics(flow: NDArray[np.floating]) -> tuple[float, ...]:
    """The 18 numbers of `FLOW_NAMES` of a field (2, height, width); the angle is the seed's arctan2(across, down)."""
    magnitude = np.sqrt(flow[0] ** 2 + flow[1] ** 2)
    angle = np.arctan2(flow[0], flow[1])
    return (*statistics(flow), *statistics(magnitude), *statistics(angle))


def lengths(flow: Field) -> NDArray[np.float32]:
    """How far each pixel went, (height, width)."""
    import cv2

    across, down = cv2.split(flow)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def moved_back(now: Gray, flow: Field) -> Gray:
    """`now` seen from where things were: equal to `before` where the field is right."""
    import cv2

    across, down = _grid(*now.shape)
    found = cv2.remap(
        now, across + flow[..., 0], down + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.uint8)


@lru_cache(4)
def _grid(rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    down, across = np.mgrid[:rows, :columns].astype(np.float32)
    return across, down


_STEP_PX = 8


def camera_motion(flow: Field) -> NDArray[np.float64]:
    """The affine motion (2, 3) that explains the field best: [across, down] = motion @ [x, y, 1], from the middle.

    Least squares on every eighth pixel, thrice: pixels that go their own way weigh less each time.
    """
    places = _places(*flow.shape[:2])
    moves = flow[_STEP_PX // 2 :: _STEP_PX, _STEP_PX // 2 :: _STEP_PX].reshape(-1, 2).astype(np.float64)
    weights: NDArray[np.float64] = np.ones(len(places))
    motion: NDArray[np.float64] = np.zeros((3, 2))
    for _ in range(3):
        weighted = places * weights[:, None]
        motion = np.asarray(np.linalg.lstsq(weighted.T @ places, weighted.T @ moves, rcond=None)[0], np.float64)
        apart = np.hypot(*(moves - places @ motion).T)
        weights = np.asarray(1.0 / (1.0 + (apart / max(0.25, float(np.median(apart)))) ** 2), np.float64)
    return np.asarray(motion.T, np.float64)


@lru_cache(4)
def _places(rows: int, columns: int) -> NDArray[np.float64]:
    down, across = np.mgrid[_STEP_PX // 2 : rows : _STEP_PX, _STEP_PX // 2 : columns : _STEP_PX].astype(np.float64)
    return np.stack([across - columns / 2, down - rows / 2, np.ones_like(down)], -1).reshape(-1, 3)


def camera_field(motion: NDArray[np.float64], shape: tuple[int, ...]) -> Field:
    """The field (height, width, 2) of an affine motion."""
    rows, columns = shape[:2]
    across = (np.arange(columns) - columns / 2).astype(np.float32)[None, :]
    down = (np.arange(rows) - rows / 2).astype(np.float32)[:, None]
    exact = motion.astype(np.float32)
    return np.stack([exact[axis, 0] * across + exact[axis, 1] * down + exact[axis, 2] for axis in (0, 1)], -1)

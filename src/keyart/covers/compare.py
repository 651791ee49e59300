"""How unlike two covers are to somebody who scrolls past: colour and light over the frame, at feed size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from keyart.covers.palette import oklab_of
from keyart.types import RGB

GRID = (48, 27)
"""Cells across and down: a cover at 246x138 seen at a glance, about five pixels to a cell."""
JUST_SEEN = 0.02
"""OKLab distance of two colours that are just told apart."""

Glance = NDArray[np.float64]


def glance(image: RGB) -> Glance:
    """What a glance takes in: the mean OKLab colour of each cell, shape (27, 48, 3)."""
    small = Image.fromarray(image).resize(GRID, Image.Resampling.BOX)
    return oklab_of(np.asarray(small, np.float64).reshape(-1, 3)).reshape(GRID[1], GRID[0], 3)


def distance(one: Glance, other: Glance) -> float:
    """Mean OKLab difference over the cells: 0 the same, about 0.1 another crop, 0.3 another picture."""
    return float(np.sqrt(((one - other) ** 2).sum(axis=-1)).mean())


def farthest(options: Sequence[Glance], chosen: Sequence[Glance], merits: Sequence[float]) -> int:
    """The option whose nearest neighbour among the chosen is farthest (greedy max-min); `merits` are added to it."""

    def worth(index: int) -> float:
        return min((distance(options[index], one) for one in chosen), default=0.0) + merits[index]

    return max(range(len(options)), key=worth)

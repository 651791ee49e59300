"""What a backend hands on: how likely each pixel belongs to the figure, and how coarse that answer is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Share = NDArray[np.float32]
"""One value per pixel, shape (h, w), 0 ... 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """A first outline, not yet fitted to the picture's own edges."""

    share: Share
    """Likelihood per pixel that it belongs to the figure; 0.5 is the outline."""
    cell_px: float
    """Pixels of the picture that one cell of the answer covers; 1 where the answer is as fine as the picture."""
    is_alpha: bool = False
    """Whether `share` is how much of the pixel the figure covers (a matting network), not how likely it is."""

"""Golden pictures: what a look, a background or a template has to go on looking like.

A test module shows a dict `GOLDENS` of name -> function that makes the picture, and calls `check(name, image)` for each
in a test whose name holds "golden". The picture is compared with `tests/golden/NAME.png` by structure (SSIM on luma)
and by colour (mean distance in Lab): another build of a library may round differently, a redesign may not pass unseen.
`scripts/bless` makes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from keyart.types import RGB

FOLDER = Path(__file__).parent / "golden"
BLESS = "KEYART_BLESS"
"""Environment variable that makes `check` write instead of compare; `scripts/bless` sets it."""
WIDEST_PX = 400
LEAST_SSIM = 0.99
MOST_DELTA_E = 1.5
"""Mean CIE 1976 colour difference; a trained eye sees about 2 on large areas."""


def check(name: str, image: RGB) -> None:
    """Compare a picture with its golden; one wider than `WIDEST_PX` is brought down first. Fails with both measures."""
    path, shown = FOLDER / f"{name}.png", _shown(image)
    if os.environ.get(BLESS):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shown).save(path, optimize=True)
        return
    cure = f"look at the picture, then: scripts/bless -k {name}"
    assert path.is_file(), f"there is no golden {path.name}; {cure}"
    golden = np.asarray(Image.open(path).convert("RGB"), np.uint8)
    assert golden.shape == shown.shape, f"{path.name} is {golden.shape}, the picture {shown.shape}; {cure}"
    likeness, distance = ssim(golden, shown), delta_e(golden, shown)
    if likeness > LEAST_SSIM and distance < MOST_DELTA_E:
        return
    new = Path(__file__).parents[1] / "build" / "golden" / path.name
    new.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shown).save(new)
    raise AssertionError(
        f"{path.name}: SSIM {likeness:.4f} (wanted > {LEAST_SSIM}), colour distance {distance:.2f} "
        f"(wanted < {MOST_DELTA_E}); the new picture is {new}; {cure}"
    )


def ssim(one: RGB, other: RGB) -> float:
    """Mean structural similarity of the lumas, Gaussian window of sigma 1.5 (Wang et al. 2004); 1 where equal."""
    x, y = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (one, other))
    mx, my = _mean(x), _mean(y)
    vx, vy, both = _mean(x * x) - mx * mx, _mean(y * y) - my * my, _mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = (2 * mx * my + c1) * (2 * both + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return float(found.mean())


def delta_e(one: RGB, other: RGB) -> float:
    """Mean CIE 1976 colour difference of two pictures of one size."""
    x, y = (cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for image in (one, other))
    return float(np.sqrt(((x - y) ** 2).sum(axis=2)).mean())


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float64)


def _shown(image: RGB) -> RGB:
    height, width = image.shape[:2]
    if width <= WIDEST_PX:
        return image
    size = WIDEST_PX, max(1, round(height * WIDEST_PX / width))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)

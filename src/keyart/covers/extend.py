"""A picture made wider or taller without stretching what it shows (thesis §5.7), and the fill that looks best."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from keyart.covers.looks.filters import blur
from keyart.errors import BadSetting
from keyart.types import RGB

Side = Literal["left", "right", "top", "bottom"]
SIDES: tuple[Side, ...] = ("left", "right", "top", "bottom")
Floats = NDArray[np.float32]
Extension = Callable[[RGB, int, Side, int], RGB]
"""(image, extra_px, side, seed) -> the image with `extra_px` more columns (or rows) at that side; its own pixels keep
their place at the other one. The same seed gives the same pixels."""


@dataclass(frozen=True, slots=True)
class Fade:
    """§5.7: a narrow strip of the edge, drawn out to the wanted width, under a soft ramp to black.

    The steps work on the left edge as printed; other sides are turned to the left and back. Strip, mask and seam are
    given as shares, so that one set of numbers suits every picture.
    """

    printed: bool = False
    """Whether the mask is the printed one, 1 at the outer edge and 0 at the seam, which darkens *against* the picture;
    else it is the evident intent: 1 at the seam, fading outwards."""
    strip_share: float = 0.03
    """s, as a share of the picture's width, 0 ... 1."""
    mask_sigma_share: float = 0.08
    """sigma_m, as a share of E."""
    seam_share: float = 0.02
    """w_s, as a share of the picture's width."""
    seam_sigma_share: float = 0.25
    """sigma_s, as a share of w_s."""
    noise_sigma: float = 1.2
    """sigma_n, in levels of 0 ... 255."""

    def __call__(self, image: RGB, extra_px: int, side: Side, seed: int) -> RGB:
        check_extra(image, extra_px, side)
        turned = to_left(image, side).astype(np.float32)
        width = turned.shape[1]
        drawn = drawn_out(turned, max(1, round(self.strip_share * width)), extra_px)
        mask = fading_mask(extra_px, self.mask_sigma_share * extra_px, outwards=not self.printed)
        canvas = np.concatenate([drawn * mask[None, :, None], turned], axis=1)
        seam_px = max(2, round(self.seam_share * width))
        canvas = seam_blurred(canvas, extra_px, seam_px, self.seam_sigma_share * seam_px)
        return from_left(noisy(canvas, self.noise_sigma, seed), side)


@dataclass(frozen=True, slots=True)
class Mirror:
    """The picture goes on as its own reflection, ever softer and darker: reads as more of the same place."""

    reach_share: float = 0.13
    """How deep into the picture the reflection sees, as a share of the picture's width."""
    softest_share: float = 0.07
    """Sigma of the blur at the outer edge, as a share of the picture's shorter side."""
    darkest: float = 0.42
    """What is left of the light at the outer edge, 0 ... 1."""
    noise_sigma: float = 0.6
    """In levels of 0 ... 255; hides the bands of wide soft ramps."""

    def __call__(self, image: RGB, extra_px: int, side: Side, seed: int) -> RGB:
        check_extra(image, extra_px, side)
        turned = to_left(image, side)
        more = reflected(turned, extra_px, max(1.0, self.reach_share * turned.shape[1]))
        softest_px = self.softest_share * min(turned.shape[:2])
        far = np.linspace(1, 0, extra_px, endpoint=False, dtype=np.float32)[None, :, None]
        plain = more.astype(np.float32)
        done = plain.copy()
        for reach, soft in zip((0.06, 0.22, 0.5), (0.12, 0.4, 1.0), strict=True):  # softer with each layer
            share = np.clip(far / reach, 0, 1)
            done += (blur(plain, soft * softest_px) - done) * share
        done *= 1 - (1 - self.darkest) * (far * far * (3 - 2 * far)) ** 0.7
        grain = np.random.default_rng(seed).normal(0, self.noise_sigma, done.shape[:2]).astype(np.float32)
        filled = np.clip(np.round(done + grain[..., None]), 0, 255).astype(np.uint8)
        return from_left(np.concatenate([filled, turned], axis=1), side)


EXTENSIONS: dict[str, Extension] = {"mirror": Mirror(), "fade": Fade(), "fade as printed": Fade(printed=True)}
"""The first is the tasteful one; the others are §5.7, as meant and as printed."""


# --- §5.7, one equation each ------------------------------------------------------------------------------------


def drawn_out(image: Floats, strip_px: int, extra_px: int) -> Floats:
    """L(u, y) = I(u, y) for u in [0, s]; S(x, y) = L(s/E x, y): the left strip, scaled to E columns by Lanczos."""
    strip = np.ascontiguousarray(image[:, :strip_px])
    size = (extra_px, image.shape[0])
    # one channel at a time in floats: Pillow's colour mode would round
    planes = [
        np.asarray(Image.fromarray(strip[..., index]).resize(size, Image.Resampling.LANCZOS)) for index in range(3)
    ]
    return np.stack(planes, axis=-1).astype(np.float32)


def fading_mask(extra_px: int, sigma_px: float, outwards: bool) -> Floats:
    """M(x) = G_sigma(1 - x/E), x = 0 ... E-1, as printed; `outwards` mirrors it, so that the seam (x = E) is bright."""
    ramp = 1 - np.arange(extra_px, dtype=np.float64) / extra_px
    mask = convolved(ramp, gaussian(sigma_px))
    return (mask[::-1] if outwards else mask).astype(np.float32)


def seam_blurred(canvas: Floats, seam_at: int, seam_px: int, sigma_px: float) -> Floats:
    """The canvas with G_sigma * canvas in the columns [E - w_s/2, E + w_s/2], unchanged elsewhere."""
    first, last = max(0, seam_at - seam_px // 2), min(canvas.shape[1], seam_at + seam_px // 2)
    kernel = gaussian(sigma_px)
    reach = len(kernel) // 2
    left, right = max(0, first - reach), min(canvas.shape[1], last + reach)
    part = canvas[:, left:right]
    for axis in (0, 1):
        part = np.apply_along_axis(convolved, axis, part, kernel).astype(np.float32)
    done = canvas.copy()
    done[:, first:last] = part[:, first - left : last - left]
    return done


def noisy(canvas: Floats, sigma: float, seed: int) -> RGB:
    """clip(canvas + N(0, sigma^2), 0, 255), rounded to levels."""
    noise = np.random.default_rng(seed).normal(0.0, sigma, canvas.shape)
    return np.clip(np.round(canvas + noise), 0, 255).astype(np.uint8)


def gaussian(sigma_px: float) -> NDArray[np.float64]:
    """Weights of a Gaussian out to four sigmas, summing to 1; a single 1 for sigma 0."""
    reach = math.ceil(4 * sigma_px)
    place = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (place / sigma_px) ** 2) if reach else np.ones(1)
    return np.asarray(weights / weights.sum(), np.float64)


def convolved(values: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """One dimension, the ends repeated outwards."""
    reach = len(kernel) // 2
    return np.convolve(np.pad(values, reach, mode="edge"), kernel, mode="valid")


# --- sides and reflections --------------------------------------------------------------------------------------


def check_extra(image: RGB, extra_px: int, side: str) -> None:
    if side not in SIDES:
        raise BadSetting(f"{side!r} is no side; there are: {', '.join(SIDES)}")
    longest = 8 * max(image.shape[:2])
    if not 1 <= extra_px <= longest:
        raise BadSetting(
            f"a picture of {image.shape[1]}x{image.shape[0]} is extended by 1 to {longest} px, not {extra_px}"
        )


def to_left(image: RGB, side: Side) -> RGB:
    """Turned so that `side` is the left edge; `from_left` undoes it."""
    turned = image.swapaxes(0, 1) if side in ("top", "bottom") else image
    return np.ascontiguousarray(turned[:, ::-1] if side in ("right", "bottom") else turned)


def from_left(image: RGB, side: Side) -> RGB:
    turned = image[:, ::-1] if side in ("right", "bottom") else image
    return np.ascontiguousarray(turned.swapaxes(0, 1) if side in ("top", "bottom") else turned)


def reflected(image: RGB, extra_px: int, reach_px: float) -> RGB:
    """What stands left of the picture if it goes on as its own reflection, ever slower: d pixels out it shows what is
    R (1 - exp(-d / R)) pixels in, so that it joins without a seam and never gets as far as the subject."""
    out = np.arange(extra_px, 0, -1) - 0.5
    inside = reach_px * (1 - np.exp(-out / reach_px))
    return np.ascontiguousarray(image[:, np.clip(inside.astype(np.int64), 0, image.shape[1] - 1)])


def extended_to(image: RGB, width_px: int, height_px: int, at: tuple[int, int], fill: str, seed: int = 0) -> RGB:
    """The picture standing at `at` (x, y) on a frame of that size, each missing side filled in by EXTENSIONS[fill].

    Raises `BadSetting` where the picture is larger than the frame or stands outside it.
    """
    height, width = image.shape[:2]
    left, top = at
    missing: dict[Side, int] = {
        "left": left,
        "right": width_px - left - width,
        "top": top,
        "bottom": height_px - top - height,
    }
    if min(missing.values()) < 0:
        raise BadSetting(
            f"a picture of {width}x{height} at {left},{top} does not fit a frame of {width_px}x{height_px}"
        )
    for side, extra_px in missing.items():
        if extra_px:
            image = EXTENSIONS[fill](image, extra_px, side, seed)
    return image

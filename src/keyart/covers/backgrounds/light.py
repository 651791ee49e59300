"""What backdrops are made of: light added in linear units, noise that flows like smoke, a dithered way to 8 bits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB

Plane = NDArray[Any]
"""(h, w) float32."""
Glow = NDArray[Any]
"""(h, w, 3) float32, linear light, 0 black, 1 white; more is allowed until it is developed."""
Tint = tuple[float, float, float]
"""Linear light of the three channels."""

_LATTICE = 64
_COARSE_PX = 360
"""Smoke has no edges: it is computed on a picture of this longer side and enlarged."""


def floats(values: Any) -> NDArray[Any]:
    return np.asarray(values, np.float32)


def tint(red: int, green: int, blue: int) -> Tint:
    """An sRGB colour in linear light."""
    coded = np.array([red, green, blue], np.float64) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return float(linear[0]), float(linear[1]), float(linear[2])


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Places in the picture: x and y in halves of its height from the middle, y down; so circles stay round."""

    x: Plane
    y: Plane
    aspect: float
    """Width by height: x runs from -aspect to aspect."""


def field(width_px: int, height_px: int) -> Field:
    aspect = width_px / height_px
    x = (np.arange(width_px, dtype=np.float32) + 0.5) / np.float32(width_px / 2) - 1
    y = (np.arange(height_px, dtype=np.float32) + 0.5) / np.float32(height_px / 2) - 1
    across, down = np.meshgrid(x * np.float32(aspect), y)
    return Field(floats(across), floats(down), aspect)


def coarse_size(width_px: int, height_px: int) -> tuple[int, int]:
    factor = min(1.0, _COARSE_PX / max(width_px, height_px))
    return max(2, round(width_px * factor)), max(2, round(height_px * factor))


def enlarged(plane: NDArray[Any], width_px: int, height_px: int) -> NDArray[Any]:
    return floats(cv2.resize(plane, (width_px, height_px), interpolation=cv2.INTER_CUBIC))


# --- noise ------------------------------------------------------------------------------------------------------


def value_noise(x: Plane, y: Plane, random: np.random.Generator) -> Plane:
    """Smooth noise 0 ... 1 read from a wrapped lattice of random values at (x, y), cells of side 1."""
    # linear look-up in OpenCV is quantised to 1/32 of a cell, which shows as steps; four corners in NumPy are exact
    lattice = random.random((_LATTICE, _LATTICE), dtype=np.float32).ravel()
    left, top = np.floor(x), np.floor(y)
    fx, fy = x - left, y - top
    fx, fy = fx * fx * fx * (fx * (6 * fx - 15) + 10), fy * fy * fy * (fy * (6 * fy - 15) + 10)
    column, row = left.astype(np.int32) & (_LATTICE - 1), top.astype(np.int32) & (_LATTICE - 1)
    right, below = (column + 1) & (_LATTICE - 1), ((row + 1) & (_LATTICE - 1)) * _LATTICE
    row *= _LATTICE
    upper, lower = lattice[row + column], lattice[below + column]
    upper += (lattice[row + right] - upper) * fx
    lower += (lattice[below + right] - lower) * fx
    return floats(upper + (lower - upper) * fy)


def fractal(x: Plane, y: Plane, random: np.random.Generator, octaves: int = 5, gain: float = 0.5) -> Plane:
    """Sum of octaves, each turned against the last so that no lattice shows; mean about 0.5."""
    total, weight, amplitude = np.zeros_like(x), 0.0, 1.0
    for _ in range(octaves):
        total = total + np.float32(amplitude) * value_noise(x, y, random)
        weight += amplitude
        amplitude *= gain
        x, y = 1.62 * x + 1.2 * y + 7.1, 1.62 * y - 1.2 * x + 3.7
    return floats(total / weight)


def smoke(x: Plane, y: Plane, random: np.random.Generator, swirl: float = 1.0, octaves: int = 5) -> Plane:
    """Fractal noise read at places that other noise has pushed about: it curls as smoke does (Quilez 2002)."""
    ax, ay = fractal(0.8 * x, 0.8 * y, random, 2), fractal(0.8 * x + 5.2, 0.8 * y + 1.3, random, 2)
    return fractal(x + 2.6 * swirl * (ax - 0.5), y + 2.6 * swirl * (ay - 0.5), random, octaves)


def wisps(x: Plane, y: Plane, random: np.random.Generator, swirl: float = 1.0, thin: float = 9.0) -> Plane:
    """Tendrils: the ridges where curling noise passes its middle."""
    return floats(np.exp(-np.abs(smoke(x, y, random, swirl, 4) - 0.5) * np.float32(thin)))


def smoothstep(low: float, high: float, values: Plane) -> Plane:
    share = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return floats(share * share * (3 - 2 * share))


# --- lights -----------------------------------------------------------------------------------------------------


def falloff(place: Field, x: float, y: float, radius: float, stretch: float = 1.0) -> Plane:
    """Light of a soft lamp: 1 in the middle, a half at `radius`, long tails as in haze."""
    far = ((place.x - np.float32(x)) / np.float32(stretch)) ** 2 + (place.y - np.float32(y)) ** 2
    return floats(1 / (1 + far / np.float32(radius * radius)) ** 1.6)


def coloured(plane: Plane, colour: Tint) -> Glow:
    return floats(plane[..., None] * np.array(colour, np.float32))


def stamp(glow: Glow, patch: Plane, colour: Tint, x_px: float, y_px: float) -> None:
    """Adds a patch of light with its middle at (x, y) in pixels, cut at the picture's edges."""
    rows, columns = patch.shape
    left, top = round(x_px - columns / 2), round(y_px - rows / 2)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(glow.shape[1], left + columns), min(glow.shape[0], top + rows)
    if x0 < x1 and y0 < y1:
        glow[y0:y1, x0:x1] += coloured(patch[y0 - top : y1 - top, x0 - left : x1 - left], colour)


def bokeh_disc(radius_px: float, blades: int = 0, turn: float = 0.0) -> Plane:
    """A light out of focus: an even disc, a little brighter at its rim, edge soft by a pixel or a twelfth."""
    side = max(3, math.ceil(2 * radius_px) + 4)
    axis = np.arange(side, dtype=np.float32) - (side - 1) / 2
    x, y = np.meshgrid(axis, axis)
    far: Plane = np.hypot(x, y)
    if blades:
        angle = floats(np.mod(np.arctan2(y, x) + turn, 2 * math.pi / blades) - math.pi / blades)
        polygon: Plane = far * np.cos(angle) / math.cos(math.pi / blades)
        far = 0.55 * far + 0.45 * polygon
    soft = max(1.0, radius_px / 9)
    inside = smoothstep(radius_px + soft / 2, radius_px - soft, far)
    rim = np.exp(-(((far - 0.93 * radius_px) / np.float32(max(1.0, radius_px / 14))) ** 2))
    return floats(inside * (0.72 + 0.35 * rim))


def spark(radius_px: float, stretch: float = 1.0, turn: float = 0.0) -> Plane:
    """A glowing particle: a hard bright heart in a halo; `stretch` draws it out in the direction `turn` (radians)."""
    side = max(5, math.ceil(6 * radius_px * stretch) | 1)
    axis = np.arange(side, dtype=np.float32) - side // 2
    x, y = np.meshgrid(axis, axis)
    u = (x * math.cos(turn) + y * math.sin(turn)) / stretch
    v = y * math.cos(turn) - x * math.sin(turn)
    far = np.hypot(u, v) / np.float32(radius_px)
    window = smoothstep(1.0, 0.6, np.hypot(x, y) / np.float32(side / 2))
    return floats((np.exp(-((far / 0.5) ** 2)) * 1.4 + 0.22 * np.exp(-far * 1.4)) * window)


def developed(glow: Glow, seed: int, exposure: float = 1.0) -> RGB:
    """Linear light to sRGB through a film shoulder, dithered by noise of one step so that no gradient shows bands."""
    light = floats(np.maximum(glow, 0) * np.float32(exposure))
    light = floats(light * (1 + light * np.float32(0.12)) / (1 + light))  # Reinhard's curve: 1 comes out at 0.56
    coded = floats(1.055 * np.power(light, np.float32(1 / 2.4)) - 0.055)
    coded = floats(np.where(light <= 0.0031308, light * np.float32(12.92), coded))
    return dithered(coded, seed)


def dithered(coded: NDArray[Any], seed: int) -> RGB:
    """sRGB 0 ... 1 to 8 bits; triangular noise of plus or minus one step, one tile repeated."""
    height, width = coded.shape[:2]
    random = np.random.default_rng(seed)
    tile = random.random((256, 256), dtype=np.float32) - random.random((256, 256), dtype=np.float32)
    noise = np.tile(tile, (-(-height // 256), -(-width // 256)))[:height, :width, None]
    return np.asarray(np.clip(coded * 255 + noise * np.float32(0.8) + np.float32(0.5), 0, 255), np.uint8)

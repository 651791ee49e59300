# ruff: noqa: ARG001 (every background takes the same arguments)
"""Backdrops in the still's own colours: a studio sweep, a gradient, a halftone print, the still out of focus."""

from __future__ import annotations

import math

import cv2
import numpy as np

from keyart.covers.backgrounds.light import (
    Glow,
    Plane,
    coarse_size,
    coloured,
    developed,
    dithered,
    enlarged,
    falloff,
    field,
    floats,
    fractal,
    smoothstep,
    tint,
)
from keyart.covers.palette import Palette, oklch
from keyart.types import RGB


def studio_sweep(width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:
    """Paper from wall to floor without a corner; one large soft lamp, light pooled on the floor.

    The paper has the still's hue where that is cool and its complement where it is warm, for skin is warm.
    """
    random = np.random.default_rng(seed)
    place = field(*coarse_size(width_px, height_px))
    warm = palette.hue_degrees % 360 < 120 or palette.hue_degrees % 360 > 330
    hue, chroma = palette.hue_degrees + 180.0 * warm, 0.012 if palette.is_grey else 0.075
    paper = tint(*oklch(0.72, chroma, hue))
    lamp = 0.42 * (1 if random.random() < 0.5 else -1) * place.aspect / 1.78
    wall = 0.1 + 1.05 * falloff(place, lamp, -0.25, 0.8, 1.2)
    floor = 0.16 + 0.85 * falloff(place, 0.3 * lamp, 0.95, 0.6, 2.4)
    light = wall + (floor - wall) * smoothstep(0.3, 1.0, place.y)
    light *= 0.97 + 0.06 * fractal(place.x * 1.2, place.y * 1.2, random, 3)  # paper is never quite even
    glow = coloured(light, paper) + coloured((light * 0.55) ** 2, tint(255, 250, 240)) * 0.35
    return developed(enlarged(glow, width_px, height_px), seed, 1.6)


def palette_gradient(width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:
    """Four soft fields of colour that melt into each other. Darker ones lean to violet, lighter ones to yellow, as in
    nature: a dark yellow would be mud."""
    random = np.random.default_rng(seed)
    place = field(*coarse_size(width_px, height_px))
    hue, chroma = palette.hue_degrees, 0.17
    inks = [
        oklch(0.27, chroma * 0.75, _leaning(hue, 295.0, 95.0)),
        oklch(0.45, chroma, _leaning(hue, 295.0, 60.0)),
        oklch(0.64, chroma, _leaning(hue, 295.0, 15.0)),
        oklch(0.82, chroma * 0.75, _leaning(hue, 85.0, 25.0)),
    ]
    middles = [(-0.9, -0.9), (0.9, 0.75), (-0.55, 0.75), (0.75, -0.75)]
    if random.random() < 0.5:
        middles = [(-x, y) for x, y in middles]
    wx = (fractal(place.x * 0.7, place.y * 0.7, random, 2) - 0.5) * 1.1
    wy = (fractal(place.x * 0.7 + 9, place.y * 0.7, random, 2) - 0.5) * 1.1
    total, weights = np.zeros((*place.x.shape, 3), np.float32), np.zeros_like(place.x)
    for ink, (x, y) in zip(inks, middles, strict=True):
        far = (place.x + wx - np.float32(x * place.aspect)) ** 2 / np.float32(place.aspect) + (place.y + wy - y) ** 2
        weight = np.exp(-far * np.float32(1.15))
        total += coloured(weight, tint(*ink))
        weights += weight
    mixed = enlarged(total / weights[..., None], width_px, height_px)
    return dithered(_srgb(mixed), seed)


def _leaning(hue: float, towards: float, most_degrees: float) -> float:
    """A hue turned towards another, by no more than `most_degrees`, the shorter way round."""
    away = (towards - hue + 180) % 360 - 180
    return hue + min(max(away, -most_degrees), most_degrees)


def halftone(width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:
    """A poster ground: dots of a deeper ink that grow from a clear middle to the corners, turned by fifteen degrees."""
    random = np.random.default_rng(seed)
    place = field(width_px, height_px)
    hue = palette.hue_degrees
    chroma = 0.15
    ground, edge, ink = (
        np.array(tint(*oklch(light, share * chroma, hue + turn)), np.float32)
        for light, share, turn in ((0.82, 1.0, 8.0), (0.7, 1.05, -6.0), (0.52, 1.0, -22.0))
    )
    corner = 1.0 if random.random() < 0.5 else -1.0
    far = np.hypot(place.x / place.aspect * 1.1 - 0.12 * corner, place.y * 0.9 + 0.14)
    shade = smoothstep(0.35, 1.5, far)
    angle, pitch = math.radians(15 * corner), 2 * math.pi / 0.052
    u = (place.x * math.cos(angle) + place.y * math.sin(angle)) * np.float32(pitch)
    v = (place.y * math.cos(angle) - place.x * math.sin(angle)) * np.float32(pitch)
    screen = 0.5 - 0.25 * (np.cos(u) + np.cos(v))
    soft = min(0.3, 2.6 / (0.026 * height_px))  # a dot's edge is about a pixel wide at any size
    dots = smoothstep(-soft / 2, soft / 2, 0.78 * shade - screen)
    base = ground + (edge - ground) * smoothstep(0.1, 1.3, far)[..., None]
    return dithered(_srgb(floats(base + (ink - base) * (dots * 0.85)[..., None])), seed)


def blurred_original(width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:
    """The still itself, filled to the frame, far out of focus, a little deeper, its highlights swollen as by a lens."""
    rows, columns = still_image.shape[:2]
    factor = max(width_px / columns, height_px / rows)
    seen = min(columns, round(width_px / factor)), min(rows, round(height_px / factor))
    left, top = (columns - seen[0]) // 2, (rows - seen[1]) // 2
    part = still_image[top : top + max(1, seen[1]), left : left + max(1, seen[0])]
    size = coarse_size(width_px, height_px)
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    light: Glow = (floats(small) / 255) ** np.float32(2.2)
    # a lens spreads light, not code values: bright points grow to discs
    radius = max(2, round(0.05 * max(size)))
    axis = np.arange(-radius, radius + 1)
    disc = floats(np.hypot(*np.meshgrid(axis, axis)) <= radius + 0.3)
    light = cv2.filter2D(light * (1 + 0.8 * light), -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
    light = cv2.GaussianBlur(light, (0, 0), 0.03 * max(size), borderType=cv2.BORDER_REFLECT)
    place = field(*size)
    light = light * (0.62 * smoothstep(1.9, 0.3, np.hypot(place.x / place.aspect, place.y)) + 0.2)[..., None]
    return dithered(_srgb(enlarged(light, width_px, height_px)), seed)


def _srgb(light: Glow) -> Plane:
    light = np.clip(light, 0, 1)
    coded = np.float32(1.055) * np.power(light, np.float32(1 / 2.4)) - np.float32(0.055)
    return floats(np.where(light <= 0.0031308, light * np.float32(12.92), coded))

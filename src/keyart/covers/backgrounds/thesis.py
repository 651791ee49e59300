# ruff: noqa: ARG001 (every background takes the same arguments)
"""The three looks of the prompts in thesis §5.6, each phrase of them a light or a smoke."""

from __future__ import annotations

import math

import numpy as np

from keyart.covers.backgrounds.light import (
    Field,
    Glow,
    Plane,
    Tint,
    bokeh_disc,
    coarse_size,
    coloured,
    developed,
    enlarged,
    falloff,
    field,
    floats,
    fractal,
    smoke,
    smoothstep,
    spark,
    stamp,
    tint,
    wisps,
)
from keyart.covers.palette import Palette
from keyart.types import RGB


def golden_fog(width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:
    """'a golden glow, black background, shrouded in a misty, eerie fog that swirls around the base'"""
    random = np.random.default_rng(seed)
    place = field(*coarse_size(width_px, height_px))
    lamp = coloured(falloff(place, 0, -0.1, 0.46, 1.2), tint(255, 160, 44)) * 0.62
    lamp += coloured(falloff(place, 0, 0.0, 0.2, 1.35), tint(255, 206, 120)) * 0.5
    veil = smoke(place.x * 0.9 + 3, place.y * 0.9 - 2, random, 1.0)
    glow = lamp * (smoothstep(0.25, 0.8, veil) * 1.15 + 0.4)[..., None]
    fog, lit = _ground_fog(place, random), 0.035 + falloff(place, 0, 0.1, 0.62, 1.7)
    glow = glow * (1 - 0.55 * np.clip(fog, 0, 1))[..., None] + coloured(fog * lit, tint(228, 170, 92)) * 0.75
    edge = smoothstep(1.25, 0.35, np.hypot(place.x / place.aspect, 0.8 * place.y))
    glow = enlarged(glow * edge[..., None], width_px, height_px)
    _dust(glow, random, tint(255, 205, 120), 46, height_px)
    return developed(glow, seed, 1.25)


def _ground_fog(place: Field, random: np.random.Generator) -> Plane:
    """Thick at the foot, torn at its upper edge, drawn out sideways as it swirls around the base."""
    curl = smoke(place.x * 0.8, place.y * 1.5, random, 1.1)
    far = smoke(place.x * 0.5 + 7, place.y * 1.1 + 3, random, 0.8, 4)
    body = smoothstep(0.05, 1.15, place.y + 0.2 + 1.5 * (curl - 0.5))
    back = smoothstep(-0.2, 1.1, place.y + 0.35 + 1.3 * (far - 0.5))
    return floats(body * (0.25 + 1.3 * smoothstep(0.25, 0.75, curl)) + 0.35 * back * smoothstep(0.3, 0.75, far))


def _dust(glow: Glow, random: np.random.Generator, colour: Tint, count: int, height_px: int) -> None:
    """Motes in the beam, most of them tiny and dim."""
    rows, columns = glow.shape[:2]
    for _ in range(count):
        x, y = random.normal(0.5, 0.2) * columns, random.normal(0.5, 0.24) * rows
        size, power = height_px * random.uniform(0.0007, 0.0022), random.random() ** 2
        shade = (colour[0] * power * 0.8, colour[1] * power * 0.8, colour[2] * power * 0.8)
        stamp(glow, spark(max(0.5, size)), shade, x, y)


def soft_halo(width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:
    """'a soft halo of ambient light, deep charcoal background, swirling smoky tendrils, subtle bokeh highlights'"""
    random = np.random.default_rng(seed)
    place = field(*coarse_size(width_px, height_px))
    charcoal = coloured(np.ones_like(place.x), tint(26, 28, 33))
    halo = falloff(place, 0, -0.15, 0.5, 1.1)
    far = np.hypot(place.x / 1.08, place.y + 0.15)
    ring = np.exp(-(((far - 0.78) / np.float32(0.2)) ** 2))
    body = smoothstep(0.28, 0.78, smoke(place.x * 0.75 + 4, place.y * 0.75, random, 1.1))
    light = charcoal * (0.35 + 0.9 * body)[..., None]
    light += coloured((0.34 * halo + 0.035 * ring) * (0.6 + 0.7 * body), tint(202, 211, 226))
    tendrils = wisps(place.x * 0.42, place.y * 0.6, random, 1.5, 7.0) ** 2
    tendrils *= smoothstep(0.3, 0.75, fractal(place.x * 0.8 + 2, place.y * 0.8, random, 3))
    light += coloured(tendrils * (0.03 + 0.34 * halo + 0.08 * ring), tint(196, 206, 222))
    light *= smoothstep(1.5, 0.3, np.hypot(place.x / place.aspect, 0.75 * place.y))[..., None] * 0.9 + 0.1
    glow = enlarged(light, width_px, height_px)
    _bokeh(glow, random, height_px)
    return developed(glow, seed, 1.5)


def _bokeh(glow: Glow, random: np.random.Generator, height_px: int) -> None:
    """A few discs on either side, none where the figure stands."""
    rows, columns = glow.shape[:2]
    for number in range(16):
        side = -1 if number % 2 else 1
        x = columns * (0.5 + side * random.uniform(0.2, 0.52))
        y = rows * random.uniform(0.04, 0.8)
        radius = height_px * (0.012 + 0.05 * random.random() ** 1.6)
        warm = random.random()
        power = 0.016 + 0.06 * random.random() ** 2
        shade = (power * (1 + 0.35 * warm), power, power * (1.25 - 0.6 * warm))
        stamp(glow, bokeh_disc(radius, 7, 0.3), shade, x, y)


def neon_embers(width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:
    """'neon backlight, drifting ember-like particles and faint lens flares, on a dark gradient backdrop'"""
    random = np.random.default_rng(seed)
    place = field(*coarse_size(width_px, height_px))
    wide = place.aspect
    down = (place.y + 1) / 2
    light = coloured(1 - down, tint(14, 10, 44)) * 0.9 + coloured(down, tint(34, 4, 30)) * 0.7
    haze = 0.35 + 1.3 * smoke(place.x * 0.7, place.y * 0.7, random, 1.1)
    pink = falloff(place, -0.62 * wide, -0.05, 0.42, 0.8) + 0.6 * falloff(place, -0.35 * wide, 0.2, 0.6)
    blue = falloff(place, 0.62 * wide, -0.15, 0.42, 0.8) + 0.6 * falloff(place, 0.35 * wide, 0.1, 0.6)
    light += coloured(pink * haze, tint(255, 24, 140)) * 0.62 + coloured(blue * haze, tint(20, 150, 255)) * 0.62
    glow = enlarged(light, width_px, height_px)
    _flares(glow, height_px)
    embers(glow, random, height_px, 130)
    return developed(glow, seed, 1.2)


def embers(glow: Glow, random: np.random.Generator, height_px: int, count: int, larger: float = 1.0) -> None:
    """Rising and drifting: the near ones large and out of focus, the far ones small, drawn out by their way."""
    rows, columns = glow.shape[:2]
    for number in range(count):
        x, y = random.random() * columns, rows * (1 - random.random() ** 1.35)
        heat = random.random()
        colour = (1.0, 0.16 + 0.32 * heat, 0.02 + 0.1 * heat**2)
        power = 0.35 + 2.2 * random.random() ** 2
        if number % 9 == 0:
            patch, power = bokeh_disc(larger * height_px * random.uniform(0.006, 0.022), 0), 0.13 * power
        else:
            turn = -math.pi / 2 + random.normal(0, 0.5)
            size = larger * height_px * (0.0013 + 0.0032 * random.random() ** 2.5)
            patch = spark(max(0.6, size), random.uniform(1.0, 2.8), turn)
        stamp(glow, patch, (colour[0] * power, colour[1] * power, colour[2] * power), x, y)


def _flares(glow: Glow, height_px: int) -> None:
    """Faint: an anamorphic streak through each lamp and two ghosts on the line through the middle."""
    rows, columns = glow.shape[:2]
    x = (np.arange(columns, dtype=np.float32)[None] + 0.5) / rows
    y = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows
    aspect = columns / rows
    for side, at, colour in ((0.19, 0.475, tint(255, 40, 160)), (0.81, 0.425, tint(40, 160, 255))):
        streak = np.exp(-(((y - at) * 130) ** 2)) * 0.35 + np.exp(-np.abs(y - at) * 48) * 0.25
        streak = streak * np.exp(-((np.abs(x - side * aspect) * (3.4 / aspect * 1.78)) ** 1.3))
        glow += coloured(floats(streak), colour) * 0.42
        for share, radius in ((0.55, 0.035), (1.35, 0.06)):
            ghost_x, ghost_y = side + (0.5 - side) * 2 * share, at + (0.5 - at) * 2 * share
            ghost = bokeh_disc(radius * height_px, 6, 0.5)
            stamp(glow, ghost, tuple(0.03 * part for part in colour), ghost_x * columns, ghost_y * rows)  # type: ignore[arg-type]

"""A film print: a shoulder in the lights, teal shadows against warm skin, halation, a quiet vignette, fine grain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keyart.covers.looks.filters import (
    Bench,
    Picture,
    Plane,
    blur,
    curve,
    floats,
    grain,
    lab_of,
    levelled,
    luma,
    of_lab,
    on_bench,
    smoothstep,
)
from keyart.types import RGB, Box


@dataclass(frozen=True, slots=True)
class Cinematic:
    """Graded as for the cinema: contrast by a print curve, split toning that leaves skin alone, light that spreads."""

    grain: float = 0.012
    """Standard deviation of the grain in the middle tones, share of white."""
    vignette: float = 0.34
    """How much darker the corners become."""

    def __call__(self, image: RGB, faces: Sequence[Box] = (), seed: int = 0) -> RGB:
        bench = on_bench(image, faces)
        picture = _opened(bench.picture)
        picture = _toned(_printed(picture))
        picture = _haloed(picture)
        picture = picture * self._falloff(bench)[..., None]
        return bench.back(self._grained(picture, seed))

    def _falloff(self, bench: Bench) -> Plane:
        """Darker away from the faces, or from the middle where nobody is there."""
        height, width = bench.faces.shape
        x, y = _middle(bench.faces)
        across = (np.arange(width, dtype=np.float32)[None] / width - np.float32(x)) * np.float32(1.55)
        down = (np.arange(height, dtype=np.float32)[:, None] / height - np.float32(y)) * np.float32(1.35)
        return 1 - np.float32(self.vignette) * smoothstep(0.25, 1.15, np.sqrt(across**2 + down**2))

    def _grained(self, picture: Picture, seed: int) -> Picture:
        height, width = picture.shape[:2]
        light = luma(picture)
        strength = np.float32(self.grain) * (0.35 + 2.6 * light * (1 - light))
        return floats(np.clip(picture + (grain((width, height), seed, 1.1) * strength)[..., None], 0, 1))


def _middle(faces: Plane) -> tuple[float, float]:
    """Between the middle of the picture and that of the faces, in shares."""
    total = float(faces.sum())
    if total < 1:
        return 0.5, 0.48
    x = float(faces.sum(axis=0) @ np.arange(faces.shape[1])) / total / faces.shape[1]
    y = float(faces.sum(axis=1) @ np.arange(faces.shape[0])) / total / faces.shape[0]
    return 0.5 + 0.6 * (x - 0.5), 0.5 + 0.6 * (y - 0.5)


def _opened(picture: Picture) -> Picture:
    light = luma(picture)
    return np.clip(picture * (levelled(light) / np.maximum(light, np.float32(1e-3)))[..., None], 0, 1)


def _printed(picture: Picture) -> Picture:
    """A print's curve on the tone alone, so that hues stay; faces in the middle keep their light."""
    lab = lab_of(picture)
    tone = curve(lab[..., 0] / 100, ((0, 0.028), (0.12, 0.085), (0.3, 0.25), (0.55, 0.56), (0.8, 0.81), (1, 0.955)))
    lab[..., 0] = tone * 100
    lab[..., 1:] *= (0.92 + 0.16 * smoothstep(0.15, 0.5, tone))[..., None]
    return of_lab(lab)


def _toned(picture: Picture) -> Picture:
    """Shadows to teal, lights to warm; hues of skin are held."""
    lab = lab_of(picture)
    tone = lab[..., 0] / 100
    hue = np.arctan2(lab[..., 2], lab[..., 1])
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    skin = np.exp(-(((hue - np.float32(0.95)) / np.float32(0.55)) ** 2)) * smoothstep(6, 16, chroma)
    shadow = smoothstep(0.62, 0.12, tone) * smoothstep(0.0, 0.1, tone) * (1 - 0.85 * skin)
    light = smoothstep(0.5, 0.92, tone) * (1 - 0.5 * skin)
    lab[..., 1] += -7.5 * shadow + 2.2 * light + 1.2 * skin
    lab[..., 2] += -10.5 * shadow + 8.0 * light + 2.0 * skin
    return of_lab(lab)


def _haloed(picture: Picture) -> Picture:
    """Light spreads in the film: a narrow reddish ring about the brightest parts and a wide soft bloom."""
    bright = smoothstep(0.72, 1.0, luma(picture))[..., None] * picture
    ring = blur(bright, 7.0) * np.array([1.0, 0.36, 0.16], np.float32)
    bloom = blur(bright, 34.0) * np.array([1.0, 0.86, 0.7], np.float32)
    return 1 - (1 - picture) * (1 - np.clip(0.24 * ring + 0.22 * bloom, 0, 1))

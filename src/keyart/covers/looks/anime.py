"""Flat, anime-like: cel shading in a few tones, thin lines in the colour of the shadow, light clear colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from keyart.covers.looks.filters import (
    Bench,
    Picture,
    Plane,
    banded,
    blur,
    curve,
    flow_of,
    guided,
    kuwahara,
    lab_of,
    levelled,
    lines_of,
    luma,
    of_lab,
    on_bench,
    smoothstep,
    without_specks,
)
from keyart.types import RGB, Box

_CEL_WIDTH = 0.55
"""Side of the picture that shapes are flattened on, share of the working size: flat shapes have no finer detail."""


@dataclass(frozen=True, slots=True)
class Anime:
    """Shapes flattened by an anisotropic Kuwahara filter, tones banded, lines by extended difference of Gaussians."""

    levels: int = 6
    """Tones from black to white."""
    line: float = 1.0
    """Weight of the lines, in pixels of a 1280x720 picture."""

    def __call__(self, image: RGB, faces: Sequence[Box] = (), seed: int = 0) -> RGB:  # noqa: ARG002 (no chance in it)
        bench = on_bench(image, faces)
        ink = self._lines(bench)
        cels = self._shaded(_flattened(bench), bench.faces)
        return bench.back(_inked(_glowing(cels), ink))

    def _lines(self, bench: Bench) -> Plane:
        """Fewer and finer on faces, where each line is a wrinkle."""
        calm = guided(levelled(luma(bench.picture)), 3 * bench.unit, 0.0012)
        flow = flow_of(calm, 2.4 * bench.unit)
        ink = lines_of(calm, flow, self.line * bench.unit, edge=15.0, level=0.3, steep=5.0, tone=0.25)
        ink = without_specks(ink, 46 * bench.unit**2)
        return ink * (1 - 0.35 * bench.faces)

    def _shaded(self, flat: Picture, faces: Plane) -> Picture:
        lab = lab_of(flat)
        tone = curve(levelled(lab[..., 0] / 100), ((0, 0.05), (0.2, 0.24), (0.5, 0.6), (0.8, 0.88), (1, 0.99)))
        step = banded(tone, self.levels, 0.22)
        step = step + (tone - step) * (0.35 * faces + 0.15)
        chroma = np.hypot(lab[..., 1], lab[..., 2])
        gain = 1 + 0.5 * smoothstep(3, 14, chroma) * (1 - 0.8 * smoothstep(24, 70, chroma))
        shadow, light = smoothstep(0.5, 0.1, step), smoothstep(0.6, 0.95, step)
        lab[..., 0] = step * 100
        lab[..., 1] = lab[..., 1] * gain + 4.0 * shadow
        lab[..., 2] = lab[..., 2] * gain - 9.0 * shadow + 2.0 * light
        return of_lab(lab)


def _flattened(bench: Bench) -> Picture:
    height, width = bench.picture.shape[:2]
    size = max(8, round(width * _CEL_WIDTH)), max(8, round(height * _CEL_WIDTH))
    small = cv2.resize(bench.picture, size, interpolation=cv2.INTER_AREA)
    flow = flow_of(luma(small), 2.0)
    fine = kuwahara(small, flow, 2.0)
    broad = kuwahara(fine, flow, 5.0)
    kept = cv2.resize(bench.faces, size)[..., None]
    flat = broad + (fine - broad) * (0.8 * kept)
    return np.asarray(cv2.resize(flat, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _glowing(cels: Picture) -> Picture:
    """The soft light of a filmed cel: bright parts spread a little."""
    spread = blur(cels * smoothstep(0.68, 0.98, luma(cels))[..., None], 16.0)
    return 1 - (1 - cels) * (1 - np.clip(0.16 * spread, 0, 1))


def _inked(cels: Picture, ink: Plane) -> Picture:
    """Lines take a deep, cool version of the colour they lie on: black ones would cut the flat shapes apart."""
    line = cels * np.array([0.22, 0.17, 0.27], np.float32) + np.array([0.03, 0.02, 0.05], np.float32)
    return cels + (line - cels) * (0.88 * ink)[..., None]

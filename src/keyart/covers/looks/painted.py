"""Oil on canvas: shapes gathered into strokes that follow the form, relief of the brush, rich but natural colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from keyart.covers.looks.filters import (
    Bench,
    Flow,
    Picture,
    Plane,
    along,
    blur,
    curve,
    floats,
    flow_of,
    grain,
    kuwahara,
    lab_of,
    levelled,
    luma,
    of_lab,
    on_bench,
    smoothstep,
)
from keyart.types import RGB, Box


@dataclass(frozen=True, slots=True)
class Painted:
    """Anisotropic Kuwahara in two sizes of brush, the fine one on faces, then lit relief of the strokes."""

    brush: float = 11.0
    """Radius of the broad brush, in pixels of a 1280x720 picture."""
    relief: float = 0.6
    """Depth of the paint, 0 (flat) ... 1."""

    def __call__(self, image: RGB, faces: Sequence[Box] = (), seed: int = 0) -> RGB:
        bench = on_bench(image, faces, 960 * 540)
        scale = 960 / 1280
        flow = flow_of(luma(bench.picture), 3.4 * scale)
        strokes = self._strokes(bench, flow, scale)
        paint = self._relief(_coloured(strokes), bench, seed, scale)
        return bench.back(paint)

    def _strokes(self, bench: Bench, flow: Flow, scale: float) -> Picture:
        fine = kuwahara(bench.picture, flow, 0.42 * self.brush * scale)
        broad = kuwahara(fine, flow, self.brush * scale)
        # a painter takes the small brush where there is detail worth it: eyes, lettering, hands
        busy = blur(np.abs(luma(fine) - blur(luma(fine), 5 * scale)), 9 * scale)
        detail = np.maximum(0.9 * bench.faces, 0.5 * smoothstep(0.02, 0.07, busy))[..., None]
        mixed = broad + (fine - broad) * detail
        return along(mixed.astype(np.float32), flow, 4.5 * scale, taps=2)

    def _relief(self, paint: Picture, bench: Bench, seed: int, scale: float) -> Picture:
        """Bristles: noise drawn out along the form, tinting the paint a little and lit from the upper left."""
        height, width = paint.shape[:2]
        broad = flow_of(luma(paint), 9 * scale, rest=0.012)
        bristles = grain((width, height), seed, 2.2)
        for length in (9, 17):
            bristles = along(bristles, broad, length * scale, taps=3)
        bristles = bristles / np.float32(max(float(bristles.std()), 1e-6))
        still = 1 - 0.6 * bench.faces
        thick = bristles * np.float32(0.85) + luma(paint) * 5
        light = cv2.Sobel(thick, cv2.CV_32F, 1, 0) + cv2.Sobel(thick, cv2.CV_32F, 0, 1)
        lit = np.tanh(light * 0.28) * np.float32(0.036 * self.relief)
        tinted = bristles * np.float32(0.014 * self.relief)
        return floats(np.clip(paint + ((lit + tinted) * still)[..., None], 0, 1))


def _coloured(paint: Picture) -> Picture:
    """Warm lights, cool shadows, more of the colour that is there; skin is not pushed to orange."""
    lab = lab_of(paint)
    tone = levelled(lab[..., 0] / 100, 0.5, 99.5, 1.35)
    tone = curve(tone, ((0, 0.03), (0.25, 0.235), (0.5, 0.54), (0.75, 0.81), (1, 0.985)))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    gain = _richer(chroma)
    warm = (smoothstep(0.45, 0.95, tone) - smoothstep(0.45, 0.05, tone)) * smoothstep(1.0, 6.0, chroma)
    lab[..., 1] = lab[..., 1] * gain + warm * 0.8
    lab[..., 2] = lab[..., 2] * gain + warm * 3.5
    lab[..., 0] = tone * 100
    return of_lab(lab)


def _richer(chroma: Plane) -> Plane:
    return 1 + 0.36 * smoothstep(2, 10, chroma) * (1 - 0.75 * smoothstep(20, 60, chroma))

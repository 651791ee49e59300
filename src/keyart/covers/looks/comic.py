"""A printed comic: black ink for lines and deep shadow, flat saturated colours, dots where light turns to shade."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from keyart.covers.looks.filters import (
    Bench,
    Picture,
    Plane,
    blur,
    floats,
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

_PAPER = np.array([1.0, 0.985, 0.94], np.float32)
_INK = np.array([0.055, 0.045, 0.085], np.float32)


@dataclass(frozen=True, slots=True)
class Comic:
    """Extended difference of Gaussians for the ink; every colour in a light and a shade, a dot screen between them."""

    line: float = 1.5
    """Weight of the lines, in pixels of a 1280x720 picture."""
    dot: float = 8.0
    """Distance of the dots, in pixels of a 1280x720 picture."""

    def __call__(self, image: RGB, faces: Sequence[Box] = (), seed: int = 0) -> RGB:  # noqa: ARG002 (no chance in it)
        bench = on_bench(image, faces)
        grey = _lit(bench)
        ink = self._ink(bench, grey)
        colour = self._coloured(bench, grey)
        return bench.back(colour + (_INK - colour) * ink[..., None])

    def _ink(self, bench: Bench, grey: Plane) -> Plane:
        calm = guided(grey, 4 * bench.unit, 0.002)
        # features of a face are made plainer, as a drawer does: eyes and mouth against the broad tone about them
        calm = calm + 0.9 * bench.faces * (guided(grey, 2 * bench.unit, 0.0008) - blur(grey, 9 * bench.unit))
        flow = flow_of(calm, 3.0 * bench.unit)
        lines = lines_of(calm, flow, self.line * bench.unit, edge=16.0, level=0.3, steep=6.0, tone=0.3)
        black = smoothstep(0.15, 0.11, blur(calm, 1.2 * bench.unit))
        ink = np.maximum(lines, black)
        fine, coarse = (without_specks(ink, least * bench.unit**2) for least in (16, 70))
        return floats(np.where(bench.faces > 0.4, fine, coarse))

    def _coloured(self, bench: Bench, grey: Plane) -> Picture:
        """Two tones of each hue; between them dots of the darker one, as large as the shade is deep."""
        flat = _hues(bench)
        tone = blur(guided(grey, 6 * bench.unit, 0.004), 1.5)
        shade = smoothstep(0.62, 0.26, tone + 0.1 * bench.faces)
        screen = dot_screen(grey.shape[1], grey.shape[0], self._pitch(bench))
        printed = smoothstep(-0.09, 0.09, shade - screen)
        light, dark = _pair(flat, tone)
        return floats(light + (dark - light) * printed[..., None])

    def _pitch(self, bench: Bench) -> float:
        """Finer dots where the faces are small: an eye must not fall between two of them."""
        tallest = float((bench.faces > 0.5).any(axis=1).sum())
        return bench.unit * (self.dot if tallest == 0 else min(self.dot, max(5.5, tallest / bench.unit / 22)))


def _lit(bench: Bench) -> Plane:
    """Grey with even light: what lies in large soft shadow is drawn, not drowned in ink; faces are well lit."""
    grey = levelled(luma(bench.picture), 1.0, 99.0, 1.8)
    weight = float(bench.faces.sum())
    if weight > 0:
        mean = min(max(float((grey * bench.faces).sum()) / weight, 0.05), 0.95)
        grey = grey ** np.float32(min(1.0, max(0.6, math.log(0.5) / math.log(mean))))
    broad = blur(guided(grey, 24 * bench.unit, 0.02), 20 * bench.unit)
    lifted = np.clip(grey + 0.3 * np.maximum(0.42 - broad, 0) * smoothstep(0.02, 0.2, grey), 0, 1)
    return np.asarray(lifted, np.float32)


def _hues(bench: Bench) -> Picture:
    """Colour in flat shapes, found on a small copy: a printer's separations have no finer detail."""
    height, width = bench.picture.shape[:2]
    size = max(8, round(width * 0.45)), max(8, round(height * 0.45))
    small = cv2.resize(bench.picture, size, interpolation=cv2.INTER_AREA)
    flat = kuwahara(small, flow_of(luma(small), 1.6), 3.6)
    return np.asarray(cv2.resize(flat, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _pair(flat: Picture, tone: Plane) -> tuple[Picture, Picture]:
    """The light and the shade of each colour; greys become the paper and a cool grey."""
    lab = lab_of(flat)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    gain = (1 + 0.75 * smoothstep(5, 18, chroma) * (1 - 0.85 * smoothstep(30, 80, chroma)))[..., None]
    light = np.dstack([60 + 38 * smoothstep(0.3, 0.92, tone), lab[..., 1:] * gain]).astype(np.float32)
    cool = smoothstep(0.1, 0.4, tone)[..., None] * np.array([3, -9], np.float32)
    dark = np.dstack([12 + 62 * tone, lab[..., 1:] * gain * 1.05 + cool]).astype(np.float32)
    return of_lab(light) * _PAPER, of_lab(dark)


def dot_screen(width: int, height: int, pitch_px: float, degrees: float = 45.0) -> Plane:
    """Threshold of a round-dot screen, 0 at the middle of each dot ... 1 between them."""
    turn = math.radians(degrees)
    x = np.arange(width, dtype=np.float32)[None] * np.float32(2 * math.pi / pitch_px)
    y = np.arange(height, dtype=np.float32)[:, None] * np.float32(2 * math.pi / pitch_px)
    u = x * np.float32(math.cos(turn)) + y * np.float32(math.sin(turn))
    v = y * np.float32(math.cos(turn)) - x * np.float32(math.sin(turn))
    return np.asarray(0.5 - 0.25 * (np.cos(u) + np.cos(v)), np.float32)

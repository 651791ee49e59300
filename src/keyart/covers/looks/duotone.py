"""A poster printed with two inks on tinted paper: one deep, one bright, chosen to go with the still's own colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from keyart.covers.looks.filters import (
    Bench,
    Plane,
    curve,
    floats,
    grain,
    guided,
    levelled,
    luma,
    on_bench,
)
from keyart.covers.palette import Colour, palette_of
from keyart.types import RGB, Box

# (hue of the still below, degrees in OKLCH): deep ink, bright ink, paper; each pair is a complement or a near one, deep
# enough for eyes to be read in, and the bright one light enough for a face
_INKS: tuple[tuple[float, Colour, Colour, Colour], ...] = (
    (40.0, (52, 13, 66), (255, 92, 87), (255, 232, 205)),
    (95.0, (22, 26, 84), (255, 122, 69), (255, 240, 205)),
    (140.0, (10, 46, 74), (80, 196, 120), (250, 248, 205)),
    (200.0, (28, 18, 82), (22, 190, 180), (236, 252, 226)),
    (275.0, (12, 22, 88), (60, 150, 255), (255, 236, 226)),
    (330.0, (40, 8, 92), (226, 80, 220), (255, 230, 226)),
    (360.0, (52, 13, 66), (255, 84, 112), (255, 232, 205)),
)


@dataclass(frozen=True, slots=True)
class Duotone:
    """Tone mapped through deep ink, bright ink and paper; local contrast keeps features readable without hues."""

    grain: float = 0.018
    """Standard deviation of the paper's grain, share of the tone scale."""

    def __call__(self, image: RGB, faces: Sequence[Box] = (), seed: int = 0) -> RGB:
        bench = on_bench(image, faces)
        tone = _tone(bench)
        tone = tone + np.float32(self.grain) * grain((tone.shape[1], tone.shape[0]), seed, 1.3)
        ramp = _ramp(*inks_for(image, seed))
        at = np.clip(tone * (len(ramp) - 1) + 0.5, 0, len(ramp) - 1).astype(np.int32)
        return bench.back(ramp[at])


def inks_for(image: RGB, seed: int = 0) -> tuple[Colour, Colour, Colour]:
    """Deep, bright, paper. A still without colour is printed in navy and coral; a seed turns the choice."""
    palette = palette_of(image)
    place = 1 if palette.is_grey else next(at for at, row in enumerate(_INKS) if palette.hue_degrees % 360 <= row[0])
    return _INKS[(place + seed) % len(_INKS)][1:]


def _tone(bench: Bench) -> Plane:
    """Grey with the scale opened, local contrast raised, faces brought to the bright ink."""
    light = levelled(luma(bench.picture), 0.5, 99.0, 2.0)
    base = guided(light, 36, 0.02)
    detail = guided(light, 3, 0.0012) - base
    tone = curve(np.clip(base, 0, 1), ((0, 0.02), (0.25, 0.2), (0.5, 0.54), (0.75, 0.82), (1, 0.97))) + 1.35 * detail
    if float(bench.faces.max()) > 0:
        weight = bench.faces
        mean = float((tone * weight).sum() / weight.sum())
        gamma = math.log(min(max(0.62, mean - 0.1), mean + 0.2)) / math.log(min(max(mean, 0.02), 0.98))
        tone = np.clip(tone, 0, 1) ** np.float32(min(max(gamma, 0.6), 1.4))
    return np.clip(tone, 0, 1).astype(np.float32)


def _ramp(deep: Colour, bright: Colour, paper: Colour) -> NDArray[np.float32]:
    """1024 colours from deep over bright to paper, mixed in linear light's cube root, where mixtures stay clean."""
    stops = np.array([deep, bright, paper], np.float64) / 255
    where = np.linspace(0, 1, 1024)
    lab = cv2.cvtColor(stops.astype(np.float32)[None], cv2.COLOR_RGB2LAB)[0]
    mixed = np.stack([np.interp(where, (0.06, 0.6, 0.97), lab[:, channel]) for channel in range(3)], axis=1)
    return floats(np.clip(cv2.cvtColor(mixed.astype(np.float32)[None], cv2.COLOR_LAB2RGB)[0], 0, 1).astype(np.float32))

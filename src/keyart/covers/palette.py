"""Colours for lettering, taken from the picture itself, and how they stand against each other (WCAG 2 contrast)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from keyart.types import RGB

Colour = tuple[int, int, int]
"""sRGB, 0 ... 255."""

WHITE: Colour = (255, 255, 255)
INK: Colour = (14, 14, 18)

_SMALL_PX = 64
_NUM_BINS = 36
_DEFAULT_HUE = 85.0  # the yellow of printed posters: reads on any photograph
_GREY_CHROMA = 0.02


@dataclass(frozen=True, slots=True)
class Palette:
    """What a cover paints with."""

    accent: Colour
    """Bright and saturated: the key word, a plate, a rule. At least 7:1 against `deep`."""
    light: Colour
    """The accent for lettering on dark grounds and for a marker under dark lettering: paler, read at any size."""
    deep: Colour
    """Nearly black with a tint of the picture: panels, shades, lettering on the accent."""
    paper: Colour
    """Nearly white with a tint of the picture."""
    strong: Colour
    """The accent for lettering on paper: darker, at least 4.5:1 against it."""
    hue_degrees: float
    """Of the accent, in OKLCH."""
    is_grey: bool
    """The picture has no colour of its own."""
    grounds: Literal["both", "dark", "paper"] = "both"
    """Which of the two a layout that has the choice may lay under the lettering."""

    def is_pale(self, wanted: bool) -> bool:
        """Whether a ground is the paper, where the picture would have it so or not."""
        return wanted if self.grounds == "both" else self.grounds == "paper"


def palette_of(image: RGB, colour: str = "", turn: int = 0, dark: str = "", paper: str = "") -> Palette:
    """Palette of a picture. `colour` (#rrggbb) fixes the accent; `turn` 1, 2 ... takes the next best hue instead.
    `dark` and `paper` fix the grounds; where one of them is given, it is the only one."""
    lightness, chroma, hue = oklch_of(_small(image))
    weight = np.where((lightness > 0.2) & (lightness < 0.97), chroma, 0.0) ** 1.5
    is_grey = float(np.mean(chroma)) < _GREY_CHROMA
    hues = _hue_peaks(hue, weight)
    main = _DEFAULT_HUE if is_grey else hues[0]
    picked = hues[turn % len(hues)] if not is_grey else (_DEFAULT_HUE, 220.0, 330.0)[turn % 3]
    accent = parse_colour(colour) if colour else vivid(picked)
    tint = 0.0 if is_grey else 0.035
    deep = parse_colour(dark) if dark else oklch(0.2, tint, main)
    bright = parse_colour(paper) if paper else oklch(0.975, tint / 4, main)
    grounds: Literal["both", "dark", "paper"] = "both" if bool(dark) == bool(paper) else "dark" if dark else "paper"
    return Palette(accent, paler(accent), deep, bright, stronger(accent, bright), picked, is_grey, grounds)


# (hue of the picture below, lightness, chroma, hue of the accent): colours that printers of posters use; reds and skin
# give a warm yellow, for a light red is pink and a dark one is not read on a dark ground
_ACCENTS = (
    (45.0, 0.86, 0.18, 88.0),
    (112.0, 0.89, 0.19, 97.0),
    (150.0, 0.88, 0.21, 124.0),
    (190.0, 0.87, 0.17, 165.0),
    (255.0, 0.85, 0.14, 212.0),
    (310.0, 0.88, 0.18, 92.0),
    (345.0, 0.78, 0.17, 352.0),
    (360.0, 0.86, 0.18, 88.0),
)


def vivid(hue_degrees: float) -> Colour:
    """The accent that goes with a hue of the picture: bright, saturated, at least 7:1 against the palette's dark."""
    lightness, chroma, hue = next(row[1:] for row in _ACCENTS if hue_degrees % 360 <= row[0])
    return oklch(lightness, chroma, hue)


def paler(accent: Colour) -> Colour:
    lightness, chroma, hue = (float(part[0]) for part in oklch_of(np.array([accent], np.float64)))
    return oklch(max(lightness, 0.905), min(chroma, 0.128), hue)


def stronger(accent: Colour, paper: Colour) -> Colour:
    """The accent darkened until it is read on paper. A dark yellow is mud, so yellows turn to the red beside them."""
    _, chroma, hue = (float(part[0]) for part in oklch_of(np.array([accent], np.float64)))
    hue = 30.0 if 40 <= hue <= 112 else hue
    for lightness in (0.6, 0.56, 0.52, 0.48, 0.44, 0.4):
        colour = oklch(lightness, max(chroma, 0.19), hue)
        if contrast(colour, paper) >= 5.0:
            break
    return colour


def _hue_peaks(hue: NDArray[np.float64], weight: NDArray[np.float64]) -> list[float]:
    """Up to three hues of the picture, strongest first, at least 50 degrees apart; never empty.

    The last is the complement of the first, which is in the picture's harmony though not in the picture.
    """
    counts, _ = np.histogram(hue, bins=_NUM_BINS, range=(0, 360), weights=weight)
    smooth = counts + 0.5 * (np.roll(counts, 1) + np.roll(counts, -1))
    step = 360 / _NUM_BINS
    peaks: list[float] = []
    for index in np.argsort(-smooth, kind="stable")[:12]:
        degrees = float(index * step + step / 2)
        far = all(min(abs(degrees - other), 360 - abs(degrees - other)) >= 50 for other in peaks)
        if far and (not peaks or smooth[index] > 0.08 * smooth.max()) and len(peaks) < 2:
            peaks.append(degrees)
    return [*peaks, (peaks[0] + 180) % 360]


def _small(image: RGB) -> NDArray[np.float64]:
    small = Image.fromarray(image).resize((_SMALL_PX, _SMALL_PX), Image.Resampling.BOX)
    return np.asarray(small, np.float64).reshape(-1, 3)


# --- OKLCH (B. Ottosson 2020): equal steps look equal, so one lightness suits every hue --------------------------

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)


def linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB 0 ... 255 -> linear light 0 ... 1."""
    unit = srgb / 255
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


def oklab_of(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) sRGB -> (n, 3): lightness 0 ... 1, green to red, blue to yellow."""
    return np.asarray(np.cbrt(linear(srgb) @ _TO_LMS.T) @ _TO_LAB.T, np.float64)


def oklch_of(srgb: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(n, 3) sRGB -> lightness 0 ... 1, chroma 0 ... 0.4, hue 0 ... 360."""
    lab = oklab_of(srgb)
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    return lab[:, 0], np.hypot(lab[:, 1], lab[:, 2]), hue


def oklch(lightness: float, chroma: float, hue_degrees: float) -> Colour:
    """The sRGB colour, with as much of the chroma as the gamut has at that lightness."""
    for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0):
        angle = math.radians(hue_degrees)
        lab = np.array([lightness, share * chroma * math.cos(angle), share * chroma * math.sin(angle)])
        light = _FROM_LMS @ (_FROM_LAB @ lab) ** 3
        if share == 0.0 or (light.min() >= -0.002 and light.max() <= 1.002):
            break
    light = np.clip(light, 0, 1)
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    red, green, blue = (round(float(part) * 255) for part in srgb)
    return red, green, blue


# --- contrast ---------------------------------------------------------------------------------------------------


def luminance(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """WCAG 2 relative luminance of (..., 3) sRGB."""
    return np.asarray(linear(colours) @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2 contrast ratio, 1 ... 21."""
    dark, light = sorted(float(luminance(np.array(colour, np.float64))) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def ink_for(ground: Colour, palette: Palette) -> Colour:
    """The palette's dark or light, whichever reads better on a flat ground."""
    return max((palette.deep, WHITE), key=lambda ink: contrast(ink, ground))


def parse_colour(text: str) -> Colour:
    """'#rrggbb' or '#rgb'. Raises `BadSetting`."""
    from keyart.errors import BadSetting

    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError as err:
        raise BadSetting(f"{text!r} is not a colour; write it as #rrggbb, for example #ffd23f") from err
    return red, green, blue


def as_hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)

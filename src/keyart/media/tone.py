"""HDR -> sRGB: PQ and HLG light brought down to what a page or a JPEG can show, hue kept, highlights rolled off."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB

Floats = NDArray[np.float32]
RGB16 = NDArray[np.uint16]

WHITE_NITS = 203.0
"""Diffuse white of HDR programmes (ITU-R BT.2408): what becomes sRGB's full white."""
DEFAULT_PEAK_NITS = 1000.0
_PQ = (2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128)
# linear light, primaries BT.2020 -> BT.709 (ITU-R BT.2087)
_TO_709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LUMINANCE_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_OUT_STEPS = 8191
_ROWS_AT_ONCE = 256


def to_srgb(image: RGB16, transfer: Literal["pq", "hlg"], peak_nits: float = DEFAULT_PEAK_NITS) -> RGB:
    """(h, w, 3) full-range 16-bit BT.2020 code values -> sRGB. `peak_nits`: brightest light of the programme."""
    shown = np.empty(image.shape, np.uint8)
    for row in range(0, image.shape[0], _ROWS_AT_ONCE):
        band = slice(row, row + _ROWS_AT_ONCE)
        shown[band] = _band_to_srgb(image[band], transfer, peak_nits)
    return shown


def _band_to_srgb(image: RGB16, transfer: Literal["pq", "hlg"], peak_nits: float) -> RGB:
    light = _pq_nits()[image] if transfer == "pq" else _hlg_nits(image)
    brightest = light.max(axis=2)
    nits, gain = _roll_off(min(max(peak_nits, WHITE_NITS), 10000.0))
    light *= (np.interp(brightest, nits, gain) / WHITE_NITS).astype(np.float32)[..., None]
    inside = _into_gamut(light @ _TO_709.T)
    steps = np.rint(inside * _OUT_STEPS).astype(np.uint16)
    shown: RGB = _srgb_codes().take(steps)
    return shown


def _into_gamut(light: NDArray[Any]) -> Floats:
    """Colours outside sRGB move towards grey of the same luminance just until they fit: no clipped, shifted hues."""
    grey = np.clip(light @ _LUMINANCE, 0, 1)[..., None]
    below = grey - light.min(axis=2, keepdims=True)
    above = light.max(axis=2, keepdims=True) - grey
    keep = np.minimum(grey / np.maximum(below, grey + 1e-9), (1 - grey) / np.maximum(above, 1 - grey + 1e-9))
    return np.asarray(np.clip(grey + (light - grey) * keep, 0, 1), np.float32)


def pq_to_nits(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084: code 0 ... 1 -> light in candela per square metre."""
    m1, m2, c1, c2, c3 = _PQ
    power = np.asarray(code, np.float64) ** (1 / m2)
    return np.asarray(10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1), np.float64)


def nits_to_pq(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    m1, m2, c1, c2, c3 = _PQ
    power = (np.asarray(nits, np.float64) / 10000) ** m1
    return np.asarray(((c1 + c2 * power) / (1 + c3 * power)) ** m2, np.float64)


@cache
def _pq_nits() -> Floats:
    return pq_to_nits(np.linspace(0, 1, 65536)).astype(np.float32)


def _hlg_nits(image: RGB16) -> Floats:
    """BT.2100 HLG: inverse OETF, then the system gamma 1.2 of a 1000 nit display on the luminance."""
    scene = _hlg_scene()[image]
    luminance = np.maximum(scene @ _LUMINANCE_2020, 1e-6)[..., None]
    return np.asarray(DEFAULT_PEAK_NITS * scene * luminance**0.2, np.float32)


@cache
def _hlg_scene() -> Floats:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    code = np.linspace(0, 1, 65536)
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)


@cache
def _roll_off(peak_nits: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ITU-R BT.2390 EETF as (light, gain) pairs: untouched below the knee, a Hermite spline from there to white."""
    nits = np.concatenate([[0.0], np.geomspace(0.01, 10000, 2048)])
    top = float(nits_to_pq(np.float64(peak_nits)))  # type: ignore[arg-type]
    code = np.minimum(nits_to_pq(nits) / top, 1.0)
    white = float(nits_to_pq(np.float64(WHITE_NITS))) / top  # type: ignore[arg-type]
    knee = 1.5 * white - 0.5
    if knee >= 1:
        return nits, np.ones_like(nits)
    t = np.clip((code - knee) / (1 - knee), 0, 1)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * white
    shown = pq_to_nits(np.where(code < knee, code, curve) * top)
    return nits, shown / np.maximum(nits, 1e-9)


@cache
def _srgb_codes() -> NDArray[np.uint8]:
    light = np.linspace(0, 1, _OUT_STEPS + 1)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    codes: NDArray[np.uint8] = np.rint(code * 255).astype(np.uint8)
    return codes

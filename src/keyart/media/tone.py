"""HDR -> sRGB: PQ and HLG light brought down to what a page or a JPEG can show, hue kept, highlights rolled off."""

from __future__ import annotations

from functools import cache
from typing import Literal

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
_SQRT_STEPS = 256
_ROWS_AT_ONCE = 256


def to_srgb(image: RGB16, transfer: Literal["pq", "hlg"], peak_nits: float = DEFAULT_PEAK_NITS) -> RGB:
    """(h, w, 3) full-range 16-bit BT.2020 code values -> sRGB. `peak_nits`: brightest light of the programme."""
    shown = np.empty(image.shape, np.uint8)
    for row in range(0, image.shape[0], _ROWS_AT_ONCE):
        band = slice(row, row + _ROWS_AT_ONCE)
        shown[band] = _band_to_srgb(image[band], transfer, peak_nits)
    return shown


def _band_to_srgb(image: RGB16, transfer: Literal["pq", "hlg"], peak_nits: float) -> RGB:
    # one plane at a time: numpy is several times slower along an axis of three
    code = [np.ascontiguousarray(image[..., channel]) for channel in range(3)]
    light = [_pq_nits()[plane] for plane in code] if transfer == "pq" else _hlg_nits(code)
    gain = _gain(np.maximum(np.maximum(light[0], light[1]), light[2]), peak_nits)
    red, green, blue = (plane * gain for plane in light)
    shown = _into_gamut([row[0] * red + row[1] * green + row[2] * blue for row in _TO_709])
    return np.stack([_srgb_codes()[(plane * _OUT_STEPS + 0.5).astype(np.uint16)] for plane in shown], axis=2)


def _gain(nits: Floats, peak_nits: float) -> Floats:
    """What brings light of the given brightness to its place under white, by table in steps that follow the eye."""
    table = _roll_off(min(max(peak_nits, WHITE_NITS), 10000.0))
    return table[(np.sqrt(nits) * _SQRT_STEPS).astype(np.uint16)]


def _into_gamut(light: list[Floats]) -> list[Floats]:
    """Colours outside sRGB move towards grey of the same luminance just until they fit: no clipped, shifted hues."""
    red, green, blue = light
    grey = np.clip(_LUMINANCE[0] * red + _LUMINANCE[1] * green + _LUMINANCE[2] * blue, 0, 1)
    below = grey - np.minimum(np.minimum(red, green), blue)
    above = np.maximum(np.maximum(red, green), blue) - grey
    tiny = np.float32(1e-9)
    keep = np.minimum(grey / np.maximum(below, grey + tiny), (1 - grey) / np.maximum(above, 1 - grey + tiny))
    return [np.clip(grey + (plane - grey) * keep, 0, 1) for plane in light]


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


def _hlg_nits(code: list[RGB16]) -> list[Floats]:
    """BT.2100 HLG: inverse OETF, then the system gamma 1.2 of a 1000 nit display on the luminance."""
    scene = [_hlg_scene()[plane] for plane in code]
    luminance = sum((share * plane for share, plane in zip(_LUMINANCE_2020, scene, strict=True)), np.float32(1e-6))
    lift = np.float32(DEFAULT_PEAK_NITS) * np.asarray(luminance, np.float32) ** np.float32(0.2)
    return [plane * lift for plane in scene]


@cache
def _hlg_scene() -> Floats:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    code = np.linspace(0, 1, 65536)
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)


@cache
def _roll_off(peak_nits: float) -> Floats:
    """ITU-R BT.2390 EETF as gains over sqrt(nits): untouched below the knee, a Hermite spline from there to white."""
    nits = (np.arange(100 * _SQRT_STEPS + 2) / _SQRT_STEPS) ** 2
    top, white = nits_to_pq(np.array([peak_nits, WHITE_NITS]))
    white /= top
    code = np.minimum(nits_to_pq(nits) / top, 1.0)
    knee = 1.5 * white - 0.5
    if knee >= 1:  # no brighter than white: nothing to bring down
        return np.full(len(nits), 1 / WHITE_NITS, np.float32)
    t = np.clip((code - knee) / (1 - knee), 0, 1)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * white
    shown = pq_to_nits(np.where(code < knee, code, curve) * top)
    gain = np.divide(shown, nits, out=np.ones_like(nits), where=nits > 0)
    return (gain / WHITE_NITS).astype(np.float32)


@cache
def _srgb_codes() -> NDArray[np.uint8]:
    light = np.linspace(0, 1, _OUT_STEPS + 1)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    codes: NDArray[np.uint8] = np.rint(code * 255).astype(np.uint8)
    return codes

"""Image filters that the looks are put together from. Lengths are shares of the working picture's scale, never pixels.

A look works at one area whatever the still's size: a line is as heavy, and takes as long, on a thumbnail as on 4K.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB, Box

Plane = NDArray[Any]
"""(h, w), float32, 0 ... 1 unless said otherwise."""
Picture = NDArray[Any]
"""(h, w, 3), float32, sRGB 0 ... 1 unless said otherwise."""

AREA_PX = 1280 * 720
_LONGEST_PX = 4096


def floats(values: Any) -> NDArray[Any]:
    return np.asarray(values, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """A still brought to the working size. `unit` is the length in pixels that is one pixel of a 1280x720 picture."""

    picture: Picture
    faces: Plane
    """1 on a face, falling off softly around it."""
    unit: float
    size_px: tuple[int, int]
    """Width and height of the still."""

    def back(self, picture: Picture) -> RGB:
        """A picture of the working size at the still's own."""
        return np.asarray(np.clip(self.plane_back(picture) * 255 + 0.5, 0, 255), np.uint8)

    def plane_back(self, plane: NDArray[Any]) -> NDArray[Any]:
        if plane.shape[1::-1] == self.size_px:
            return plane
        shrinks = self.size_px[0] < plane.shape[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(plane, self.size_px, interpolation=method), np.float32)


def on_bench(image: RGB, faces: Sequence[Box] = (), area_px: int = AREA_PX) -> Bench:
    """Bring a still to about `area_px` pixels, larger or smaller than it is."""
    height, width = image.shape[:2]
    factor = min(math.sqrt(area_px / (width * height)), _LONGEST_PX / max(width, height))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    if size == (width, height):
        small: NDArray[Any] = image
    else:
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    fx, fy = size[0] / width, size[1] / height
    unit = math.sqrt(size[0] * size[1] / AREA_PX)
    picture = np.asarray(small, np.float32) / np.float32(255)
    return Bench(picture, face_map([face.scaled(fx, fy) for face in faces], size), unit, (width, height))


def face_map(faces: Sequence[Box], size_px: tuple[int, int]) -> Plane:
    """Soft ovals, a little larger than the boxes."""
    found = np.zeros(size_px[::-1], np.float32)
    across = np.arange(size_px[0], dtype=np.float32)[None]
    down = np.arange(size_px[1], dtype=np.float32)[:, None]
    for face in faces:
        (x, y), rx, ry = face.center, max(1.0, 0.75 * face.width), max(1.0, 0.8 * face.height)
        far = ((across - x) / rx) ** 2 + ((down - y) / ry) ** 2
        found = np.maximum(found, smoothstep(1.0, 0.35, far))
    return found


# --- tone -------------------------------------------------------------------------------------------------------


def smoothstep(low: float, high: float, values: NDArray[Any]) -> NDArray[Any]:
    """0 at `low`, 1 at `high`, level at both; `low` may be the larger."""
    share = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return floats(share * share * (3 - 2 * share))


def blur(plane: NDArray[Any], sigma_px: float) -> NDArray[Any]:
    """Gaussian; wide ones are made on a smaller copy, which nobody can tell."""
    if sigma_px < 0.3:
        return plane
    step = int(max(1, min(sigma_px // 4, min(plane.shape[:2]) // 4)))
    if step == 1:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT), np.float32)
    height, width = plane.shape[:2]
    size = max(1, width // step), max(1, height // step)
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / step, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def lab_of(picture: Picture) -> Picture:
    """CIE Lab: L 0 ... 100, a and b about -100 ... 100."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), np.float32)


def of_lab(lab: Picture) -> Picture:
    return np.clip(np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.float32), 0, 1)


def luma(picture: Picture) -> Plane:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def levelled(plane: Plane, low_percent: float = 0.5, high_percent: float = 99.5, most_gain: float = 1.6) -> Plane:
    """Black and white points opened, by no more than `most_gain`: a foggy still gets a full scale of tones."""
    low, high = (float(value) for value in np.percentile(plane[::4, ::4], (low_percent, high_percent)))
    gain = min(most_gain, 1 / max(high - low, 1e-3))
    middle = (low + high) / 2
    wanted = min(max(middle, 0.5 / gain), 1 - 0.5 / gain) if gain > 1 else middle
    return np.clip((plane - np.float32(wanted)) * np.float32(gain) + np.float32(0.5), 0, 1) if gain > 1 else plane


def curve(values: NDArray[Any], points: Sequence[tuple[float, float]]) -> NDArray[Any]:
    """A tone curve through points (x, y), both 0 ... 1, monotone between them (Fritsch and Carlson 1980)."""
    x, y = (np.array(part, np.float64) for part in zip(*points, strict=True))
    slopes = np.diff(y) / np.diff(x)
    tangents = np.concatenate([slopes[:1], (slopes[:-1] + slopes[1:]) / 2, slopes[-1:]])
    limit = 3 * np.minimum(np.concatenate([slopes[:1], slopes]), np.concatenate([slopes, slopes[-1:]]))
    tangents = np.clip(tangents, 0, np.maximum(limit, 0))
    grid = np.linspace(0, 1, 1024)
    at = np.clip(np.searchsorted(x, grid, "right") - 1, 0, len(x) - 2)
    width = x[at + 1] - x[at]
    t = (grid - x[at]) / width
    table = (
        (2 * t**3 - 3 * t**2 + 1) * y[at]
        + (t**3 - 2 * t**2 + t) * width * tangents[at]
        + (3 * t**2 - 2 * t**3) * y[at + 1]
        + (t**3 - t**2) * width * tangents[at + 1]
    ).astype(np.float32)
    return floats(table[np.clip(values * 1023 + 0.5, 0, 1023).astype(np.int16)])


def grain(size_px: tuple[int, int], seed: int, size: float = 1.0) -> Plane:
    """Film grain of standard deviation 1, `size` pixels across; one tile, repeated with flips, as no eye can tell."""
    noise: Plane = np.random.default_rng(seed).standard_normal((256, 256), dtype=np.float32)
    if size > 0.6:
        noise = cv2.GaussianBlur(np.pad(noise, 16, mode="wrap"), (0, 0), 0.5 * size)[16:-16, 16:-16]
        noise = noise / max(float(noise.std()), 1e-6)
    quad = np.block([[noise, noise[:, ::-1]], [noise[::-1], noise[::-1, ::-1]]])
    width, height = size_px
    return np.tile(quad, (-(-height // 512), -(-width // 512)))[:height, :width]


# --- smoothing that keeps shapes --------------------------------------------------------------------------------


def guided(plane: Plane, radius_px: float, eps: float) -> Plane:
    """Self-guided filter (He, Sun and Tang 2013): texture below `eps` in variance goes, edges above stay."""
    radius = max(1, round(radius_px))
    window = 2 * radius + 1, 2 * radius + 1
    mean = cv2.blur(plane, window)
    variance = cv2.blur(plane * plane, window) - mean * mean
    a = variance / (variance + np.float32(eps))
    b = mean - a * mean
    return np.asarray(cv2.blur(a, window) * plane + cv2.blur(b, window), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Direction of the structures at each pixel, a unit vector along the edge, and how marked it is (0 ... 1)."""

    x: Plane
    y: Plane
    anisotropy: Plane


def flow_of(plane: Plane, sigma_px: float, rest: float = 0.0) -> Flow:
    """Smoothed structure tensor and its minor eigenvector (Brox et al. 2006; Kyprianidis and Doellner 2008).

    With `rest`, the flow runs down to the right wherever nothing is stronger than that gradient.
    """
    dx = cv2.Scharr(plane, cv2.CV_32F, 1, 0, scale=1 / 32)
    dy = cv2.Scharr(plane, cv2.CV_32F, 0, 1, scale=1 / 32)
    tensor = blur(np.dstack([dx * dx, dx * dy, dy * dy]).astype(np.float32), sigma_px)
    e, f, g = (
        tensor[..., 0] + rest * rest * 0.25,
        tensor[..., 1] - rest * rest * 0.35,
        tensor[..., 2] + rest * rest * 0.5,
    )
    root = np.sqrt((e - g) ** 2 + 4 * f * f)
    angle = 0.5 * np.arctan2(2 * f, e - g) + np.float32(np.pi / 2)
    return Flow(np.cos(angle), np.sin(angle), root / (e + g + np.float32(1e-5)))


def _grid(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    return (
        np.ascontiguousarray(np.broadcast_to(np.arange(shape[1], dtype=np.float32)[None], shape[:2])),
        np.ascontiguousarray(np.broadcast_to(np.arange(shape[0], dtype=np.float32)[:, None], shape[:2])),
    )


def along(picture: NDArray[Any], flow: Flow, length_px: float, taps: int = 4) -> NDArray[Any]:
    """Smoothed along the flow to both sides by up to `length_px`, less where nothing is marked."""
    x, y = _grid(picture.shape)
    reach = np.float32(length_px / taps) * (0.25 + 0.75 * flow.anisotropy)
    total, weights = picture.copy(), 1.0
    for tap in range(1, taps + 1):
        weight = math.exp(-2 * (tap / taps) ** 2)
        for sign in (-tap, tap):
            dx, dy = x + flow.x * reach * sign, y + flow.y * reach * sign
            moved = cv2.remap(picture, dx, dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            total += np.float32(weight) * moved
        weights += 2 * weight
    return total * np.float32(1 / weights)


def kuwahara(picture: Picture, flow: Flow, radius_px: float) -> Picture:
    """Anisotropic Kuwahara filter (Kyprianidis, Kang and Doellner 2009) with Gaussian sectors.

    The mean and variance of a sector are those of one blurred copy, read at the sector's centre of an ellipse along the
    flow: eight look-ups instead of eight convolutions. Each pixel takes the mean of the calmest sectors.
    """
    grey = luma(picture)
    stack = blur(np.dstack([picture, grey, grey * grey]).astype(np.float32), 0.42 * radius_px)
    spread = np.maximum(stack[..., 4] - stack[..., 3] ** 2, 0) * np.float32(576)
    stack = np.dstack([stack[..., :3], 1 / (np.float32(1e-4) + spread * spread)])
    stack[..., :3] *= stack[..., 3:]  # a weighted mean of looked-up values is a look-up of weighted values
    x, y = _grid(picture.shape)
    stretch = 1 + 0.8 * flow.anisotropy
    long, short = np.float32(0.75 * radius_px) * stretch, np.float32(0.75 * radius_px) / stretch
    total = np.zeros((*picture.shape[:2], 4), np.float32)
    for sector in range(8):
        u = np.float32(math.cos(math.pi * sector / 4)) * long
        v = np.float32(math.sin(math.pi * sector / 4)) * short
        dx, dy = x + u * flow.x - v * flow.y, y + u * flow.y + v * flow.x
        total += cv2.remap(stack, dx, dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return floats(total[..., :3] / total[..., 3:])


# --- lines ------------------------------------------------------------------------------------------------------


def lines_of(
    plane: Plane, flow: Flow, sigma_px: float, *, edge: float, level: float, steep: float, tone: float
) -> Plane:
    """Ink lines, 0 white ... 1 ink: extended difference of Gaussians (Winnemoeller 2011), smoothed along the flow.

    `edge` weighs the difference of the Gaussians, `tone` the grey itself: with 0 lines are as heavy in light as in
    shade. What falls below `level` becomes ink, the softer the smaller `steep`.
    """
    narrow, wide = blur(plane, sigma_px), blur(plane, 1.6 * sigma_px)
    signal = np.float32(edge) * (narrow - wide) + np.float32(tone) * narrow + np.float32(1 - tone) * np.float32(0.6)
    sharp = along(signal, flow, 4.0 * sigma_px, taps=3)
    return np.clip(-np.tanh(np.float32(steep) * np.minimum(sharp - np.float32(level), 0)), 0, 1)


def without_specks(ink: Plane, least_px: float) -> Plane:
    """Marks smaller than `least_px` square pixels are taken away: noise in skin and skies never becomes ink."""
    marked = (ink > 0.3).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < least_px
    small[0] = False
    gone = cv2.dilate(small[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    kept = cv2.dilate((marked.astype(bool) & ~small[labels]).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where((gone > 0) & (kept == 0), np.float32(0), ink)


def banded(tone: Plane, levels: int, soft: float) -> Plane:
    """Tone 0 ... 1 gathered to `levels` flat steps with risers of softness 0 ... 1 (Winnemoeller et al. 2006)."""
    scaled = tone * np.float32(levels - 1)
    whole = np.floor(scaled + 0.5)
    rest = scaled - whole  # -0.5 ... 0.5
    sharp = np.float32(1 / max(soft, 0.02))
    pull = np.sinh(np.clip(rest * sharp * 3, -30, 30)) / np.float32(math.sinh(min(1.5 / max(soft, 0.02), 30)))
    return floats((whole + 0.5 * pull) * np.float32(1 / (levels - 1)))

"""A picture in 256 bits that say where to look, and in 1,024 cells that say whether it is the same picture.

The bits are signs of the light's steps between neighbouring cells, across and down: they keep under re-encoding,
another size and other brightness, and a headline changes only those that it stands on. Pictures whose bits are near are
then laid over each other, shifted and enlarged as a crop of up to 10 % would, and compared in small windows; the
windows that agree least are left out, for they hold a logo or another headline.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB, Box, Gray

Bits = NDArray[np.uint64]
"""Shape (4,) or (n, 4): 256 bits of a picture."""
Cells = NDArray[np.uint8]
"""Shape (32, 32) or (n, 32, 32): light 1 ... 255 of the picture's cells; 0 where lettering hides it."""

CELLS = 32
NUM_BITS = 256
MOST_BITS = 82
"""Bits by which pictures differ at most that are laid over each other: one pair of different pictures in a hundred."""
NEAR = 0.7
"""Likeness from which two pictures are nearly the same; `python -m bench nearness` says what that misses and alarms."""
_WINDOW, _STEP = 8, 4
KEPT = 0.6
"""Share of the picture's texture that decides: the part that agrees best."""
_FLAT = 2.0
"""Spread of light in a window below which it says nothing, of 255."""
_PLAIN = 4.0
"""Spread of light in a picture that is black, white or a plain ground."""
_ZOOMS = (0.95, 0.9)
_ANCHORS = (0.0, 0.5, 1.0)
_TRIED = 5
"""Ways to lay two pictures over each other that are looked at closely."""
_BAR_LIGHT, _BAR_SPREAD, _LONGEST_BAR = 24, 7.0, 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """What is kept of a picture."""

    bits: Bits
    cells: Cells


def signature_of(image: RGB, hidden: tuple[Box, ...] = ()) -> Signature | None:
    """None for a picture without a picture: black, white, a plain ground.

    `hidden` are boxes in pixels of `image` that do not count: the headline of a cover.
    """
    light, covered = _inside(image, hidden)
    if float(light.std()) < _PLAIN:
        return None
    small = _cells(light, CELLS)
    mask = _cells(covered, CELLS) > 0.25
    if mask.mean() > 0.8:
        return None
    if mask.any():
        light = _filled(light, covered)
    cells = np.clip(np.round(small), 1, 255).astype(np.uint8)
    cells[mask] = 0
    return Signature(_bits(light), cells)


def hamming(one: Bits, others: Bits) -> NDArray[np.uint16]:
    """Bits in which `one` (4,) differs from each of `others` (n, 4)."""
    # the four counts of a row are the bytes of one number; adding them there takes a third of the time of a sum
    counts = np.bitwise_count(others ^ one).view(np.uint32).ravel()
    pairs = (counts & np.uint32(0x00FF00FF)) + ((counts >> np.uint32(8)) & np.uint32(0x00FF00FF))
    return np.asarray((pairs + (pairs >> np.uint32(16))) & np.uint32(0xFFFF), np.uint16)


def likeness_in_place(one: Cells, other: Cells) -> float:
    """As `likeness` of two pictures (32, 32) that nobody has cropped: neighbours in one video."""
    views, there = one.astype(np.float32)[None], (one > 0)[None]
    return _agreement(views, there, other.astype(np.float32), other > 0, KEPT)


def likeness(one: Cells, others: Cells, kept: float = KEPT) -> NDArray[np.float32]:
    """How far `one` (32, 32) is the same picture as each of `others` (n, 32, 32): 1 the same, about 0.3 another one.

    `kept` is the share of the picture's texture that decides, the part that agrees best; 1.0 forgives no logo.
    """
    if not len(others):
        return np.zeros(0, np.float32)
    views, seen = _views(one)
    found = others.astype(np.float32)
    shown = others > 0
    chosen = _likeliest(views, seen, found, shown)
    return np.array(
        [
            _agreement(views[ways], seen[ways], picture, there, kept)
            for ways, picture, there in zip(chosen, found, shown, strict=True)
        ],
        np.float32,
    )


# --- from a picture to its cells ------------------------------------------------------------------------------------


def _inside(image: RGB, hidden: tuple[Box, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The light of a picture without its bars, at most 256 cells a side, and where it is hidden (0 ... 1)."""
    covered = np.zeros(image.shape[:2], np.float32)
    for box in hidden:
        rows = slice(max(0, round(box.y)), max(0, round(box.bottom)))
        covered[rows, max(0, round(box.x)) : max(0, round(box.right))] = 1
    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    # what is hidden is no bar, whatever it looks like
    rows, columns = without_bars(np.where(covered > 0, 128, gray).astype(np.uint8))
    light = gray[rows, columns].astype(np.float32)
    return _cells(light, 128), _cells(covered[rows, columns], 128)


def without_bars(gray: Gray) -> tuple[slice, slice]:
    """Rows and columns of the picture between dark bars."""
    return _between(gray), _between(gray.T)


def _between(gray: Gray) -> slice:
    dark = (gray.mean(axis=1) < _BAR_LIGHT) & (gray.std(axis=1) < _BAR_SPREAD)
    longest = int(len(dark) * _LONGEST_BAR)
    first = int(np.argmin(dark[: longest + 1])) if dark[0] else 0
    last = int(np.argmin(dark[::-1][: longest + 1])) if dark[-1] else 0
    # a picture that is dark all through has no bars
    cut = (first, last) if not (dark[0] and first == 0) and not (dark[-1] and last == 0) else (0, 0)
    return slice(cut[0], len(dark) - cut[1])


def _cells(plane: NDArray[np.float32], across: int, down: int = 0) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(plane, (across, down or across), interpolation=cv2.INTER_AREA), np.float32)


def _filled(light: NDArray[np.float32], covered: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is hidden takes the light around it, so that other words give the same bits."""
    there = (covered < 0.25).astype(np.float32)
    done = light * there
    for spread in (4.0, 12.0, 40.0):
        near = cv2.GaussianBlur(light * there, (0, 0), spread)
        weight = cv2.GaussianBlur(there, (0, 0), spread)
        done = np.where((done == 0) & (weight > 0.02), near / np.maximum(weight, 0.02), done)
    return np.asarray(np.where(done == 0, float(light[there > 0].mean()), done), np.float32)


def _bits(light: NDArray[np.float32]) -> Bits:
    soft = _cells(cv2.GaussianBlur(_cells(light, 48), (0, 0), 2.0).astype(np.float32), 16)
    across, down = _cells(soft, 9, 16), _cells(soft, 16, 9)
    steps = np.concatenate([(across[:, 1:] > across[:, :-1]).ravel(), (down[1:] > down[:-1]).ravel()])
    return np.packbits(steps).view("<u8").astype(np.uint64)


# --- two pictures laid over each other --------------------------------------------------------------------------


@cache
def _ways() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    """Maps for `cv2.remap`: as it is; a part of the picture; the picture as a part of a larger one."""
    y, x = np.mgrid[:CELLS, :CELLS].astype(np.float32) + np.float32(0.5)
    maps = [(x - np.float32(0.5), y - np.float32(0.5))]
    for zoom in _ZOOMS:
        for across in _ANCHORS:
            for down in _ANCHORS:
                left, top = (1 - zoom) * across * CELLS, (1 - zoom) * down * CELLS
                maps.append((left + zoom * x - 0.5, top + zoom * y - 0.5))
                maps.append(((x - left) / zoom - 0.5, (y - top) / zoom - 0.5))
    return tuple((np.float32(1) * one, np.float32(1) * other) for one, other in maps)


def _views(cells: Cells) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The picture laid in every way, (ways, 32, 32), and where it has something to show."""
    light, there = cells.astype(np.float32), (cells > 0).astype(np.float32)
    light = _filled(light, 1 - there) if not there.all() else light
    views = [cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for x, y in _ways()]
    seen = [cv2.remap(there, x, y, cv2.INTER_LINEAR, borderValue=0) > 0.45 for x, y in _ways()]
    return np.array(views, np.float32), np.array(seen)


def _likeliest(
    views: NDArray[np.float32], seen: NDArray[np.bool_], found: NDArray[np.float32], shown: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """For each of the found pictures the ways that fit best as a whole, (n, _TRIED)."""
    filled = np.where(shown, found, found.mean(axis=(1, 2), keepdims=True, where=shown))
    whole = _coarse(filled)
    masks = seen.astype(np.float32)
    ours = _coarse(views * masks + (1 - masks) * views.mean(axis=(1, 2), keepdims=True))
    return np.asarray(np.argsort(-(whole @ ours.T), axis=1, kind="stable")[:, :_TRIED], np.intp)


def _coarse(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    small = pictures.reshape(len(pictures), CELLS // 2, 2, CELLS // 2, 2).mean(axis=(2, 4))
    flat = small.reshape(len(pictures), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6), np.float32)


def _agreement(
    views: NDArray[np.float32],
    seen: NDArray[np.bool_],
    picture: NDArray[np.float32],
    there: NDArray[np.bool_],
    kept: float,
) -> float:
    """The best of the ways: mean correlation of the windows that agree most, weighted by their texture."""
    whole = _WINDOW * _WINDOW
    inside = _sums((seen & there).astype(np.float32)) > 0.9 * whole
    mean, other = _sums(views) / whole, _sums(picture) / whole
    spread = np.sqrt(np.maximum(_sums(views * views) / whole - mean**2, 0))
    others = np.sqrt(np.maximum(_sums(picture * picture) / whole - other**2, 0))
    together = _sums(views * picture) / whole - mean * other
    agrees = np.clip(together / (np.maximum(spread, _FLAT) * np.maximum(others, _FLAT)), -1, 1)
    texture = np.maximum(np.sqrt(np.minimum(spread, 40) * np.minimum(others, 40)) - _FLAT / 2, 0) * inside
    return float(_of_the_best(agrees.reshape(len(views), -1), texture.reshape(len(views), -1), kept).max())


def _of_the_best(agrees: NDArray[np.float32], texture: NDArray[np.float32], kept: float) -> NDArray[np.float32]:
    order = np.argsort(-agrees, axis=1, kind="stable")
    agrees, texture = np.take_along_axis(agrees, order, 1), np.take_along_axis(texture, order, 1)
    before = np.cumsum(texture, axis=1) - texture
    used = np.clip(kept * texture.sum(axis=1, keepdims=True) - before, 0, texture)
    return np.asarray((used * agrees).sum(axis=1) / np.maximum(used.sum(axis=1), 1e-3), np.float32)


def _sums(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over windows of the last two axes."""
    total = np.cumsum(np.cumsum(planes, axis=-1, dtype=np.float64), axis=-2)
    total = np.pad(total, [(0, 0)] * (planes.ndim - 2) + [(1, 0), (1, 0)])
    first = np.arange(0, CELLS - _WINDOW + 1, _STEP)
    low, high = first, first + _WINDOW
    return np.asarray(
        total[..., high[:, None], high]
        - total[..., low[:, None], high]
        - total[..., high[:, None], low]
        + total[..., low[:, None], low],
        np.float32,
    )

"""Top-3 matching: how many of three chosen pictures are those that people chose most (D5.4 §3.2.3). Needs no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB, Gray

LEAST_SSIM = 0.7
"""Above it two pictures are a match."""
TOP = 3
_SHORTER_PX = 256
"""Larger pictures are reduced first: SSIM's window of 11 pixels was made for such sizes."""


def most_selected(choices: Iterable[Iterable[int]], count: int = TOP) -> tuple[int, ...]:
    """The frames that most people chose, most chosen first; those as often chosen as the last of `count` come too.

    >>> most_selected([[10, 50], [10, 90], [10, 50, 70], [90, 20], [50]])
    (10, 50, 90)
    """
    votes = Counter(frame for one in choices for frame in set(one))
    if not votes:
        return ()
    least = sorted(votes.values(), reverse=True)[: max(1, count)][-1]
    return tuple(sorted((frame for frame, number in votes.items() if number >= least), key=lambda f: (-votes[f], f)))


def top_matching(picked: Sequence[int], alike: NDArray[np.bool_], count: int = TOP) -> float:
    """Share of the `count` picks that can each be paired with a chosen picture of its own, 0 ... 1.

    `alike` is (chosen, frames): which frames match which of people's pictures. Each of those counts once: three picks
    of one scene find one of them.
    """
    picks = list(picked)[:count]
    if not len(alike) or not picks:
        return 0.0
    table = alike[:, picks]
    rows, columns = table.shape
    if rows < columns:
        table, rows, columns = table.T, columns, rows
    most = max(sum(bool(table[row, column]) for column, row in enumerate(order)) for order in _orders(rows, columns))
    return most / count


def _orders(rows: int, columns: int) -> Iterable[tuple[int, ...]]:
    """All ways to give each of a few columns a row of its own."""
    return permutations(range(rows), columns)


def hits(picked: Sequence[int], alike: NDArray[np.bool_], count: int = TOP) -> float:
    """Share of the picks that match any of people's pictures, the same one more than once, too (precision at 3)."""
    picks = list(picked)[:count]
    return float(alike[:, picks].any(axis=0).sum()) / count if len(alike) and picks else 0.0


def ssim(one: RGB, other: RGB) -> float:
    """Mean structural similarity of two pictures' lumas, Gaussian window of sigma 1.5 (Wang et al. 2004); 1 if equal.

    Raises `ValueError` for pictures of different sizes.
    """
    if one.shape != other.shape:
        raise ValueError(f"pictures of one size are compared, not {one.shape} and {other.shape}")
    return Structure(one).likeness(Structure(other))


class Structure:
    """A picture's local means and variances, computed once for many comparisons."""

    def __init__(self, image: RGB) -> None:
        from keyart.stills.metrics import to_gray

        self._luma = _reduced(to_gray(image)).astype(np.float64)
        self._mean = _local(self._luma)
        self._variance = _local(self._luma**2) - self._mean**2

    def likeness(self, other: Structure) -> float:
        """SSIM, -1 ... 1."""
        both = _local(self._luma * other._luma) - self._mean * other._mean
        light, detail = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        above = (2 * self._mean * other._mean + light) * (2 * both + detail)
        below = (self._mean**2 + other._mean**2 + light) * (self._variance + other._variance + detail)
        edge = 5  # half of the window: there it reaches over the border
        inner = np.s_[edge:-edge, edge:-edge] if min(above.shape) > 2 * edge else np.s_[:]
        return float((above / below)[inner].mean())


def _local(values: NDArray[np.float64]) -> NDArray[np.float64]:
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float64)


def _reduced(gray: Gray) -> Gray:
    import cv2

    scale = _SHORTER_PX / min(gray.shape)
    if scale >= 1.0:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)

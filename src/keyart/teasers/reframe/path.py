"""What reframing hands on: which part of every picture is shown, and why. No pixel is touched here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyart.types import Box

Floats = NDArray[np.float64]

Decision = Literal["static", "pan", "cut", "centre", "split", "pad"]
"""static: one window for the stretch; pan: it moves; cut: it stands, but elsewhere than the stretch before in the same
shot; centre: the middle, as nothing speaks for another place; split: two windows, one above the other; pad: a window of
another shape than the target, to be shown whole before a blurred ground."""


@dataclass(frozen=True, slots=True, eq=False)
class Pane:
    """A window that keeps its size and moves along one axis: `places` are upper left corners, shape (n, 2)."""

    width_px: float
    height_px: float
    times: Floats
    """Seconds of the control points, evenly spaced, shape (n,)."""
    places: Floats

    @property
    def moves(self) -> bool:
        return len(self.places) > 1

    def windows(self, seconds: Floats) -> Floats:
        """x, y, width, height at each of the times, shape (n, 4)."""
        corners = spline(self.times, self.places, seconds) if self.moves else np.repeat(self.places, len(seconds), 0)
        size = np.broadcast_to([self.width_px, self.height_px], corners.shape)
        return np.concatenate([corners, size], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A stretch with one decision; a shot has one, or several where the window cuts from one subject to the next."""

    start: float
    end: float
    decision: Decision
    confidence: float
    """0 ... 1: how sure it is that the subject is shown."""
    reason: str
    panes: tuple[Pane, ...]
    """One, or for a split screen two, from the top down."""

    def facts(self) -> dict[str, Any]:
        """For receipts."""
        middle = np.array([(self.start + self.end) / 2])
        boxes = [[round(float(value), 1) for value in pane.windows(middle)[0]] for pane in self.panes]
        told = {"start": round(self.start, 3), "end": round(self.end, 3), "decision": self.decision}
        return {**told, "confidence": round(self.confidence, 3), "reason": self.reason, "boxes": boxes}


@dataclass(frozen=True, slots=True, eq=False)
class CameraPath:
    """Crop windows for every moment of a span of the video, in displayed pixels."""

    width_px: int
    """Of the displayed picture."""
    height_px: int
    aspect: Fraction
    """Width over height of what is to be shown."""
    parts: tuple[Part, ...]
    """In order, without gaps."""

    def part(self, seconds: float) -> Part:
        """The part on display; before the first and after the last, those."""
        return self.parts[max(0, bisect_right([one.start for one in self.parts], seconds + 1e-6) - 1)]

    def windows(self, seconds: float) -> tuple[Box, ...]:
        """One window, or two from the top down."""
        now = np.array([seconds])
        return tuple(Box(*map(float, pane.windows(now)[0])) for pane in self.part(seconds).panes)

    def boxes(self, times: Sequence[float]) -> list[Box]:
        """The (first) window at each time: a box a frame."""
        return [self.windows(seconds)[0] for seconds in times]

    def facts(self) -> list[dict[str, Any]]:
        return [part.facts() for part in self.parts]


def spline(times: Floats, points: Floats, seconds: Floats) -> Floats:
    """The uniform cubic B-spline of control points (n, k) at evenly spaced times, shape (len(seconds), k).

    Its acceleration nowhere exceeds that of the points (their second difference over the squared interval), and it
    stays between the least and the greatest of them: what holds for the points holds for every frame.
    """
    interval = float(times[1] - times[0])
    place = np.clip((seconds - times[0]) / interval, 0.0, len(times) - 1.0)
    first = np.minimum(place.astype(np.int64), len(times) - 2)
    share = (place - first)[:, None]
    # the ends are reflected, so that the curve begins at the first point and ends at the last
    ends = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    padded = np.concatenate([ends[0][None], points, ends[1][None]])
    a, b, c, d = (padded[first + step] for step in range(4))
    weights = (
        (1 - share) ** 3 / 6,
        (3 * share**3 - 6 * share**2 + 4) / 6,
        (-3 * share**3 + 3 * share**2 + 3 * share + 1) / 6,
        share**3 / 6,
    )
    low, high = points.min(axis=0), points.max(axis=0)
    curve = weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d
    return np.asarray(np.clip(curve, low, high), np.float64)

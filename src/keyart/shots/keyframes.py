"""Dynamic key frames: one whenever enough has happened since the last one. D5.4 §3.5.

Departures from the source: the activity between consecutive looks, about a sixth of a second apart, is added up
instead of that between consecutive frames (motion over a longer way is told better from noise, at a quarter of the
price), and a shot in which too little happens is represented by its middle.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from keyart.shots.activity import activity
from keyart.types import Gray

_EVERY_SECONDS = 0.16


class KeyFrameFinder:
    """Keeps one coarse picture and sixteen bytes a look."""

    def __init__(self) -> None:
        self._last: Gray | None = None
        self._seconds = array("d")
        self._activity = array("d")
        """Between this look and the one before it."""

    def see(self, seconds: float, luma: Gray) -> None:
        if self._seconds and seconds - self._seconds[-1] < _EVERY_SECONDS - 1e-6:
            return
        comparable = self._last is not None and self._last.shape == luma.shape
        self._activity.append(activity(self._last, luma).act if comparable and self._last is not None else 0.0)
        self._seconds.append(seconds)
        self._last = luma

    def of(self, start: float, end: float, threshold: float) -> tuple[float, ...]:
        """Seconds of the key frames of the shot start <= t < end; the step that leads into it is not its own."""
        first, after = bisect_left(self._seconds, start - 1e-9), bisect_left(self._seconds, end - 1e-9)
        found, total = [], 0.0
        for number in range(first + 1, after):
            total += self._activity[number]
            if total > threshold:
                found.append(self._seconds[number])
                total = 0.0
        if found or first >= after:
            return tuple(found)
        return (self._seconds[(first + after) // 2],)

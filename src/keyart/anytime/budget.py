"""How long a budget is, and how much of it is left."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from keyart.errors import BadSetting

FLOOR_SECONDS = 2.0
"""The first level may take this long, whatever the budget: with less there is no picture to offer."""
GRACE_SECONDS = 1.0
"""How long after the budget (or the floor) everything is over, by force if need be."""

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")


def budget_seconds(text: str) -> float:
    """`20s`, `2m`, `1m30s`, `0.5`: seconds where no unit is named. Raises `BadSetting`.

    >>> budget_seconds("20s"), budget_seconds("1m30s"), budget_seconds("0.5")
    (20.0, 90.0, 0.5)
    """
    parts = _PART.findall(text.strip().lower())
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text.strip().lower() or not 0 < seconds < float("inf"):
        raise BadSetting(f"budget cannot be {text!r}; allowed is a time above 0, as 20s, 2m or 1m30s")
    return seconds


@dataclass(frozen=True, slots=True)
class Budget:
    """From `begun`, a time of the monotonic clock, which all processes of a machine share."""

    seconds: float
    begun: float
    floored: float
    """When the floor is reached: counted from when the work itself began."""

    @classmethod
    def of(cls, seconds: float, begun: float | None = None) -> Budget:
        now = time.monotonic()
        return cls(seconds, now if begun is None else begun, now + FLOOR_SECONDS)

    @property
    def end(self) -> float:
        """When the budget is spent."""
        return self.begun + self.seconds

    @property
    def first_end(self) -> float:
        """When the first level must be done."""
        return max(self.end, self.floored)

    @property
    def last_end(self) -> float:
        """When everything is over."""
        return self.first_end + GRACE_SECONDS

    @property
    def left(self) -> float:
        return self.end - time.monotonic()

    @property
    def spent(self) -> float:
        return time.monotonic() - self.begun


def process_began() -> float:
    """When this process was started, on the monotonic clock: its imports count towards its budget, too."""
    now = time.monotonic()
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return now - max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):  # a system that does not tell
        return now

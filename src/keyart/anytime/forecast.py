"""How long a level will take: from the video, from how the last level went, from earlier runs on this machine."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyart.anytime.levels import SHORT_SECONDS
from keyart.types import VideoInfo

_PIXELS_A_SECOND = 1280 * 720 * 30
_BYTES_A_SECOND = 300_000
"""For files that do not say how long they are."""
_NAME = "anytime.json"
_MEMORY = 0.5
"""How much the last run counts against those before it."""
_LEAST, _MOST = 0.25, 16.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on two quiet cores, models at hand."""

    fixed: float
    per_second: float
    """For each second of 720p at 30 frames a second."""


COSTS: Mapping[str, Cost] = {
    "sketch": Cost(0.9, 0.0),
    "draft": Cost(3.5, 0.006),
    "fast": Cost(9.0, 0.006),
    "full": Cost(9.0, 0.05),
}
FIRST, LAST = "sketch", "full"
_LISTENING_PER_SECOND = 0.25
"""English speech recognised on one core, beside the pictures."""


@dataclass(slots=True)
class Forecast:
    """What was learned of this machine is kept in `folder`, beside the stages' outcomes."""

    folder: Path
    factors: dict[str, float] = field(default_factory=dict)
    """Level -> how many times longer it took than `COSTS` says, where the sketch took as long as it says."""
    pace: float = 1.0
    """How many times longer the sketch took this time: the machine may be busy, the video hard to decode."""

    @classmethod
    def read(cls, folder: Path) -> Forecast:
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            told = json.loads((folder / _NAME).read_text("utf-8"))
            return cls(folder, {name: _bounded(float(told[name])) for name in COSTS if name in told})
        return cls(folder)

    def seconds(self, level: str, usual_seconds: float) -> float:
        """Expected of a level that takes so long on two quiet cores."""
        return self.pace * self.factors.get(level, 1.0) * usual_seconds

    def learn(self, level: str, seconds: float, usual_seconds: float, *, stopped: bool = False) -> None:
        """A level took so long, or was stopped after so long."""
        factor = _bounded(seconds / usual_seconds / (1.0 if level == FIRST else self.pace))
        before = self.factors.get(level, 1.0)
        if level == FIRST:
            self.pace = factor
        elif stopped:  # it would have taken longer, nobody knows by how much
            self.factors[level] = max(before, 1.2 * factor)
        else:
            self.factors[level] = before + _MEMORY * (factor - before)

    def keep(self) -> None:
        """Put on disk what was learned, where that is possible."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = self.folder / f".{_NAME}.{os.getpid()}"
            partial.write_text(json.dumps({name: round(factor, 3) for name, factor in self.factors.items()}))
            partial.replace(self.folder / _NAME)


def usual_seconds(level: str, info: VideoInfo | None, *, listens: bool = False) -> float:
    """What a level takes on two quiet cores; `listens`: where it has to recognise what is said."""
    is_short = load(info) <= SHORT_SECONDS and level != FIRST
    per_second = COSTS[LAST].per_second if is_short else COSTS[level].per_second
    pictures = COSTS[level].fixed + per_second * load(info)
    length = info.duration_seconds if info else 60.0
    return max(pictures, _LISTENING_PER_SECOND * length if listens and level == LAST else 0.0)


def _bounded(factor: float) -> float:
    return min(_MOST, max(_LEAST, factor))


def load(info: VideoInfo | None) -> float:
    """The video's length in seconds of 720p at 30 frames a second."""
    if info is None:
        return 60.0
    rate = info.frames_per_second or 25.0
    seconds = info.duration_seconds or info.size_bytes / _BYTES_A_SECOND
    return seconds * rate * info.coded_width_px * info.coded_height_px / _PIXELS_A_SECOND

"""How long a level will take: from the video, from how the last level went, from earlier runs on this machine."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyart.errors import OutputProblem
from keyart.package import write_whole
from keyart.types import VideoInfo

_PIXELS_A_SECOND = 1280 * 720 * 30
_NAME = "anytime.json"
_MEMORY = 0.5
"""How much the last run counts against those before it."""
_LEAST, _MOST = 0.2, 20.0


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
_LISTENING_PER_SECOND = 0.25
"""English speech recognised on one core, beside the pictures."""


@dataclass(slots=True)
class Forecast:
    """What was learned of this machine is kept in `folder`, beside the stages' outcomes."""

    folder: Path
    factors: dict[str, float] = field(default_factory=dict)
    """Level -> how many times longer it took than `COSTS` says."""
    pace: float = 1.0
    """The same of this run: the machine may be busy, the video hard to decode."""

    @classmethod
    def read(cls, folder: Path) -> Forecast:
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            told = json.loads((folder / _NAME).read_text("utf-8"))
            return cls(folder, {name: _bounded(float(told[name])) for name in COSTS if name in told})
        return cls(folder)

    def seconds(self, level: str, info: VideoInfo | None, *, listens: bool = False) -> float:
        """Expected of a level of this video."""
        cost, factor = COSTS[level], self.factors.get(level, 1.0)
        load, length = _load(info), info.duration_seconds if info else 60.0
        pictures = factor * (cost.fixed + cost.per_second * load)
        words = _LISTENING_PER_SECOND * length if listens and level == "full" else 0.0
        busy = max(1.0, self.pace / self.factors.get("sketch", 1.0))  # beyond what is usual here
        return busy * max(pictures, words)

    def learn(self, level: str, seconds: float, info: VideoInfo | None) -> None:
        """A level took so long."""
        cost = COSTS[level]
        factor = _bounded(seconds / (cost.fixed + cost.per_second * _load(info)))
        if level == "sketch":
            self.pace = factor
        before = self.factors.get(level)
        self.factors[level] = factor if before is None else before + _MEMORY * (factor - before)

    def keep(self) -> None:
        """Put on disk what was learned, where that is possible."""
        with contextlib.suppress(OSError, OutputProblem):
            self.folder.mkdir(parents=True, exist_ok=True)
            told = {name: round(factor, 3) for name, factor in self.factors.items()}
            write_whole(self.folder / _NAME, json.dumps(told).encode())


def _bounded(factor: float) -> float:
    return min(_MOST, max(_LEAST, factor))


def _load(info: VideoInfo | None) -> float:
    """The video's length in seconds of 720p at 30 frames a second."""
    if info is None:
        return 60.0
    rate = info.frames_per_second or 25.0
    return info.duration_seconds * rate * info.coded_width_px * info.coded_height_px / _PIXELS_A_SECOND

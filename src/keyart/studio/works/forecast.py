"""How far a video is and how long it will take, from what its process tells and from what others took before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from keyart.run import ORDER

USUAL: Mapping[str, tuple[float, float]] = {
    "scan": (0.2, 0.06),
    "shots": (0.0, 0.0),
    "stills": (0.4, 0.004),
    "storyboard": (0.05, 0.0002),
    "transcript": (0.1, 0.004),
    "titles": (0.8, 0.004),
    "words": (0.05, 0.0),
    "description": (0.1, 0.001),
    "covers": (1.6, 0.0),
    "cutouts": (0.5, 0.0),
    "variants": (2.0, 0.0),
    "avatar": (0.4, 0.0),
    "teaser": (1.5, 0.01),
    "summaries": (4.0, 0.2),
    "pictures": (0.4, 0.0),
    "agreement": (0.1, 0.0),
}
"""Stage -> seconds that it takes anyway, and for each second of video: two cores, 720p. The past knows better."""
_STATUS = {"ok": "ok", "degraded": "degraded", "skipped": "skipped"}
TELL_EVERY_SECONDS = 0.25
_FEWEST = 0.02
"""Seconds that any stage weighs, so that none is worth nothing."""


def usual_seconds(video_seconds: float) -> dict[str, float]:
    """What each stage may take, before this machine has shown what it can."""
    return {name: max(_FEWEST, fixed + each * video_seconds) for name, (fixed, each) in USUAL.items()}


def expected_seconds(video_seconds: float, past: Iterable[tuple[float, Mapping[str, float]]] = ()) -> dict[str, float]:
    """What each stage may take: as usual, times how much longer it took than usual here; `past` is (video, stages)."""
    ratios: dict[str, list[float]] = {}
    for seconds, stages in past:
        usual = usual_seconds(seconds)
        for name in usual.keys() & stages.keys():
            ratios.setdefault(name, []).append(stages[name] / usual[name])
    return {
        name: max(_FEWEST, seconds * (median(ratios[name]) if name in ratios else 1.0))
        for name, seconds in usual_seconds(video_seconds).items()
    }


@dataclass(slots=True)
class Forecast:
    """Hears a child's lines and says what the catalogue keeps of them."""

    expected: Mapping[str, float]
    began_at: float = field(default_factory=time.monotonic)
    _stages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (one for one in ORDER if one in self.expected):
            self._stages[name] = {"name": name, "status": "waiting", "fraction": 0.0, "reason": "", "seconds": 0.0}

    def hear(self, line: Mapping[str, Any]) -> bool:
        """Whether a stage began or ended: that is worth telling at once. What makes no sense is not heard."""
        for word in ("begin", "at", "end"):
            if (stage := self._stages.get(str(line.get(word)))) is not None:
                try:
                    stage |= _HEARD[word](line)
                except (KeyError, TypeError, ValueError):
                    return False
                return word != "at"
        return False

    def finished(self) -> dict[str, Any]:
        """The same, when there is nothing left to do."""
        return self.told() | {"fraction": 1.0, "seconds_left": 0.0}

    def told(self, now: float | None = None) -> dict[str, Any]:
        """The catalogue's `progress`."""
        total = sum(self.expected.values())
        done = sum(self.expected.get(name, 0.0) * stage["fraction"] for name, stage in self._stages.items())
        spent = (time.monotonic() if now is None else now) - self.began_at
        left = total - done
        # what is left is as much slower than expected as what is done was, once enough is done to tell
        pace = spent / done if done > total * 0.05 else 1.0
        return {
            "stages": [dict(stage) for stage in self._stages.values()],
            "fraction": round(done / total, 4) if total else 0.0,
            "seconds_left": round(left * min(10.0, max(0.1, pace)), 1),
        }


@dataclass(slots=True)
class Teller:
    """Passes on what a forecast says, a few times a second at most and never later than that."""

    forecast: Forecast
    tell: Callable[..., object]
    """Called with `progress=`."""
    _told_at: float = 0.0
    _is_behind: bool = False

    def hear(self, line: Mapping[str, Any]) -> None:
        if "done" in line:
            self.tell(progress=self.forecast.finished())
            self._is_behind = False
            return
        is_news = self.forecast.hear(line)
        self._is_behind = True
        self._perhaps(TELL_EVERY_SECONDS if is_news else 2 * TELL_EVERY_SECONDS)

    def catch_up(self) -> None:
        """There is nothing new to hear: say what was held back."""
        if self._is_behind:
            self._perhaps(TELL_EVERY_SECONDS)

    def _perhaps(self, wait_seconds: float) -> None:
        if (now := time.monotonic()) - self._told_at >= wait_seconds:
            self._told_at, self._is_behind = now, False
            self.tell(progress=self.forecast.told())


_HEARD: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "begin": lambda _: {"status": "running"},
    "at": lambda line: {"fraction": round(min(1.0, max(0.0, float(line["fraction"]))), 3)},
    "end": lambda line: {
        "fraction": 1.0,
        "status": _STATUS[line["status"]],
        "reason": str(line["reason"])[:1000],
        "seconds": float(line["seconds"]),
    },
}
"""What a line says of its stage."""


def past_of(progress: Mapping[str, Any]) -> dict[str, float]:
    """Stage -> seconds, of a run that is over; what came out of the cache says nothing."""
    return {
        stage["name"]: float(stage["seconds"])
        for stage in progress.get("stages", ())
        if stage["status"] in ("ok", "degraded") and stage["reason"] != "from an earlier run"
    }

"""Stopping in the middle: whatever begins or goes on after the deadline raises."""

from __future__ import annotations

import time
from dataclasses import dataclass

from keyart.progress import Progress
from keyart.types import Status


class OutOfTime(Exception):
    """The time is over. Raised where a stage begins and, during the pass over the video, a few times a second."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A listener that stops whom it listens to; all else it hands on."""

    until: float
    """Of the monotonic clock."""
    listener: Progress

    def begin(self, stage: str) -> None:
        self._check()
        self.listener.begin(stage)

    def at(self, stage: str, fraction: float) -> None:
        self._check()
        self.listener.at(stage, fraction)

    def end(self, stage: str, status: Status, note: str, seconds: float) -> None:
        self.listener.end(stage, status, note, seconds)

    def _check(self) -> None:
        if time.monotonic() > self.until:
            raise OutOfTime

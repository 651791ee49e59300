"""What is told of a stage, or of a whole video, when it is over; plain, so that it goes through pipes and logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LOG, LOG_FILE, RUN = "KEYART_LOG", "KEYART_LOG_FILE", "KEYART_RUN"
"""Variables: how lines of the log look, where they go, the number that all processes of one run put into theirs."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stage ended, or the whole."""

    stage: str
    """"" for the whole."""
    began_ns: int
    """Since 1970, in UTC."""
    seconds: float
    status: str
    """ok, degraded, skipped; failed where an error ended it."""
    reason: str = ""
    backend: str = ""
    models: tuple[str, ...] = ()
    resumed: bool = False
    """Its outcome was kept from an earlier run."""
    error: str = ""
    """Kind of the error that ended it."""


class Listener(Protocol):
    """Hears of one video, or of another whole. Calls come from two threads; none may raise."""

    def begin(self, stage: str, at_ns: int) -> None: ...

    def know(self, facts: Mapping[str, Any]) -> None:
        """Of the whole: `duration_seconds`, `width_px` ..."""

    def end(self, told: Ended) -> None: ...

"""What a run tells whoever waits for it."""

from __future__ import annotations

from typing import Protocol

from keyart.types import Status


class Progress(Protocol):
    """A listener. Calls come from two threads, the words' and the pictures'."""

    def begin(self, stage: str) -> None: ...

    def at(self, stage: str, fraction: float) -> None:
        """`fraction` of the stage is done, 0 ... 1."""

    def end(self, stage: str, status: Status, note: str, seconds: float) -> None: ...


class Silent:
    """Tells nobody."""

    def begin(self, stage: str) -> None: ...

    def at(self, stage: str, fraction: float) -> None: ...

    def end(self, stage: str, status: Status, note: str, seconds: float) -> None: ...

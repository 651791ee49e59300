"""What a child process tells of its stages, for the logs, the traces and the metrics of the studio.

The child writes none itself: it needs no keys of a collector for that, and its word is checked before it is passed on.
Whoever has taken a child over through its decoder can tell untruths here, but only short ones of a known shape.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyart.run import ORDER
from keyart.told import Ended
from keyart.witness import Witness

KEY = "seen"
"""Of the lines that are meant for here."""
_STATUSES = ("ok", "degraded", "skipped", "failed")
_MOST = 200
"""Lines that one child is listened to here."""
_FACTS: Mapping[str, type] = {
    "duration_seconds": float,
    "width_px": int,
    "height_px": int,
    "codec": str,
    "size_bytes": int,
}


@dataclass(slots=True)
class Voice:
    """The child's end: a listener that says it all to the studio."""

    say: Callable[[Mapping[str, Any]], None]

    def begin(self, stage: str, at_ns: int) -> None:
        self.say({KEY: "begin", "stage": stage, "at_ns": at_ns})

    def know(self, facts: Mapping[str, Any]) -> None:
        self.say({KEY: "facts", "facts": dict(facts)})

    def end(self, told: Ended) -> None:
        fields = ("stage", "began_ns", "seconds", "status", "reason", "backend", "models", "resumed", "error")
        self.say({KEY: "end"} | {name: getattr(told, name) for name in fields})


@dataclass(slots=True)
class Overheard:
    """The studio's end."""

    witness: Witness
    ended: Callable[[Ended], None]
    """Told of every stage that is over."""
    _begun_ns: int = field(default_factory=time.time_ns)
    _heard: int = 0

    def hear(self, line: Mapping[str, Any]) -> None:
        """Anything may come; what makes no sense is not heard. The begin and the end of the whole are the studio's."""
        if KEY not in line or self._heard >= _MOST:
            return
        self._heard += 1
        if line[KEY] == "facts":
            self.witness.know_that(facts_of(line.get("facts")))
        elif line[KEY] == "begin" and line.get("stage") in ORDER:
            self.witness.begin(str(line["stage"]), self._moment(line.get("at_ns")))
        elif line[KEY] == "end" and (told := self._end_of(line)) is not None:
            self.witness.pass_on(told)
            self.ended(told)

    def _end_of(self, line: Mapping[str, Any]) -> Ended | None:
        stage, status, seconds, models = (line.get(name) for name in ("stage", "status", "seconds", "models"))
        if stage not in ORDER or status not in _STATUSES or not isinstance(seconds, int | float):
            return None
        if not (math.isfinite(seconds) and 0 <= seconds <= 1e6):
            return None
        return Ended(
            str(stage),
            self._moment(line.get("began_ns")),
            float(seconds),
            str(status),
            str(line.get("reason", ""))[:500],
            str(line.get("backend", ""))[:100],
            tuple(str(one)[:100] for one in models[:16]) if isinstance(models, list) else (),
            line.get("resumed") is True,
            str(line.get("error", ""))[:60],
        )

    def _moment(self, at_ns: object) -> int:
        """Between the child's begin and now, whatever it says."""
        now = time.time_ns()
        return min(max(at_ns, self._begun_ns), now) if isinstance(at_ns, int) else now


def facts_of(given: object) -> dict[str, Any]:
    """Those that are known, of the type that they have."""
    found = given if isinstance(given, dict) else {}
    right = {name: kind for name, kind in _FACTS.items() if type(found.get(name)) in (kind, int)}
    return {name: str(found[name])[:40] if kind is str else found[name] for name, kind in right.items()}

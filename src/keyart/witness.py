"""Who watches a run: log lines and spans of every video and of every stage of it, where somebody asked for them.

Nobody asks: `NOBODY` is told, which costs a comparison a stage and loads nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyart.told import Ended, Listener
    from keyart.types import VideoInfo

Maker = Callable[[str, str], "Listener"]
"""Kind and name of a whole -> who hears of it."""
_LONGEST = 500
"""Characters of a reason."""


LINE_VARIABLES = ("KEYART_LOG", "KEYART_LOG_FILE")
"""Either of them asks for lines of a log."""
SPAN_VARIABLES = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Without any of them, and without a provider of the program's own, there are no spans."""


class Witness:
    """Tells the listeners of one whole (a video, a command) how it and its stages go."""

    __slots__ = ("_began", "listeners", "status")

    def __init__(self, listeners: tuple[Listener, ...] = ()) -> None:
        self.listeners = listeners
        self.status = "ok"  # the worst that a stage has ended with: ok or degraded
        self._began: dict[str, int] = {}

    def begin(self, stage: str = "", at_ns: int = 0) -> None:
        if self.listeners:
            self._began[stage] = at_ns or time.time_ns()
            for one in self.listeners:
                one.begin(stage, self._began[stage])

    def know(self, info: VideoInfo) -> None:
        """What the file says of itself, once it is known."""
        if self.listeners:
            facts = {
                "duration_seconds": round(info.duration_seconds, 3),
                "width_px": info.width_px,
                "height_px": info.height_px,
                "codec": info.codec,
                "size_bytes": info.size_bytes,
            }
            self.know_that(facts)

    def know_that(self, facts: Mapping[str, Any]) -> None:
        for one in self.listeners:
            one.know(facts)

    def end(self, stage: str, status: str, seconds: float | None = None, **more: Any) -> None:
        """A stage is over; `more` are fields of `Ended`. Without `seconds`: since it began."""
        if not self.listeners:
            return
        from keyart.told import Ended

        now = time.time_ns()
        began = self._began.pop(stage, now)
        more["reason"] = str(more.get("reason", ""))[:_LONGEST]
        self.pass_on(Ended(stage, began, (now - began) / 1e9 if seconds is None else seconds, status, **more))

    def pass_on(self, told: Ended) -> None:
        """The end of a stage, as somebody else has seen it."""
        if self.listeners and told.status == "degraded":
            self.status = told.status
        for one in self.listeners:
            one.end(told)

    def fail(self, stage: str, err: BaseException) -> None:
        """An error, or an interrupt, has ended it."""
        if self.listeners:
            self.end(stage, "failed", reason=" ".join(str(err).split()), error=type(err).__name__)


NOBODY = Witness()
_current: ContextVar[Witness] = ContextVar("keyart_witness", default=NOBODY)
_only: list[Maker] = []


def current() -> Witness:
    """The witness of the video that this thread works on."""
    return _current.get()


def only(make: Maker) -> None:
    """In this process nobody but these listeners is told: a child whose parent writes the logs and keeps the keys."""
    _only[:] = [make]


@contextmanager
def witnessed(name: str, kind: str = "video") -> Iterator[Witness]:
    """The block is one whole of that name: its begin, its end and the error that ends it are told."""
    listeners = _listeners(kind, name)
    if not listeners:
        yield NOBODY
        return
    witness = Witness(listeners)
    mark = _current.set(witness)
    witness.begin()
    try:
        yield witness
    except BaseException as err:
        witness.fail("", err)
        raise
    else:
        witness.end("", witness.status)
    finally:
        _current.reset(mark)


@contextmanager
def command(name: str, log: str | os.PathLike[str] | None = None) -> Iterator[None]:
    """One command of the command line: what it and the processes that it starts do is one run, and one trace."""
    if not log and not _is_watched():
        yield
        return
    from keyart.told import LOG_FILE, RUN

    given = {LOG_FILE: str(Path(log).absolute())} if log else {}
    with _environment({**given, RUN: os.environ.get(RUN) or os.urandom(6).hex()}):
        try:
            with witnessed(name, "command") as witness, _environment(_passed_on(witness)):
                yield
        finally:
            close()


def close() -> None:
    """Hand over what is still held back; before a process ends without a goodbye."""
    traces = sys.modules.get("keyart.traces")
    if traces is not None:
        traces.flush()


def _passed_on(witness: Witness) -> dict[str, str]:
    """What makes the spans of a child process part of this trace: W3C Trace Context."""
    traces = sys.modules.get("keyart.traces")
    return traces.passed_on(witness.listeners) if traces is not None else {}


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _is_watched() -> bool:
    return bool(_only) or _wants_lines() or _wants_spans()


def _wants_lines() -> bool:
    return any(os.environ.get(name) for name in LINE_VARIABLES)


def _wants_spans() -> bool:
    """Somebody has set OpenTelemetry up: by its variables, or in the program that keyart is part of."""
    wanted = any(os.environ.get(name) for name in SPAN_VARIABLES)
    return wanted or "opentelemetry.sdk.trace" in sys.modules


def _listeners(kind: str, name: str) -> tuple[Listener, ...]:
    if _only:
        return tuple(make(kind, name) for make in _only)
    found: list[Listener] = []
    trace = _inherited_trace()
    if _wants_spans():
        from keyart.traces import spans_of, trace_of

        found += spans_of(kind, name)
        trace = trace_of(found) or trace
    if _wants_lines():
        from keyart.logs import Lines, set_up

        set_up()
        found.append(Lines(kind, name, trace))
    return tuple(found)


def _inherited_trace() -> str:
    """Number of the trace that whoever started this process is in; "" where there is none."""
    parts = os.environ.get("TRACEPARENT", "").split("-")
    is_one = len(parts) == 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef")
    return parts[1] if is_one else ""


def logs_on_stderr() -> bool:
    """Whether lines of a log tell there what else would be told there."""
    logs = sys.modules.get("keyart.logs")
    return logs is not None and logs.on_stderr()

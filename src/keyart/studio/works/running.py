"""Work on a user's video in a process of its own: within limits, told as it goes, stopped at a word.

A decoder that crashes, hangs or grows takes that process down and nothing else. The process leads a group of its own
and holds the other end of a pipe as its lifeline, so that it never outlives the studio, however that ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from keyart.leash import (
    KINDS,
    LAST_BREATH_SECONDS,
    BroughtDown,
    Leash,
    Line,
    OverLimit,
    Stopped,
    Talk,
    as_it_was,
    duration,
    how_it_ended,
)
from keyart.studio.metrics import counts_of
from keyart.studio.options import GIGABYTE, Studio

__all__ = ["BroughtDown", "Leash", "Limits", "OverLimit", "Stopped", "limits_for", "run_child"]

log = logging.getLogger("keyart.studio")

CHILD = "keyart.studio.works.child"
"""Module that does the verbs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may take."""

    wall_seconds: float
    cpu_seconds: float
    """Of all its threads together."""
    memory_bytes: int
    """Resident, looked at a few times a second; the kernel refuses it more than twice as much in one go."""
    file_bytes: int = 2 * GIGABYTE
    """Of one file that it writes."""
    niceness: int = 10
    """Pages are answered before videos are decoded."""


_SECONDS = {"probe": 30.0, "still": 60.0, "judge": 900.0}
"""Wall time of the verbs that somebody waits for; the others take what the options allow a job."""


_AT_ONCE = threading.BoundedSemaphore(4)
"""Of these verbs: as many as there are requests would be more than the machine has memory for."""


_NOT_PASSED_ON = ("KEYART_STUDIO_", "KEYART_LOG", "OTEL_")


def limits_for(options: Studio, verb: str) -> Limits:
    wall = min(options.job_minutes * 60, _SECONDS.get(verb, options.job_minutes * 60))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Limits(wall, wall * cores + 10, int(options.job_memory_gb * GIGABYTE))


def run_child(
    verb: str,
    request: Mapping[str, Any],
    *,
    options: Studio,
    limits: Limits | None = None,
    on_line: Callable[[Line], None] | None = None,
    on_silence: Callable[[], None] | None = None,
    leash: Leash | None = None,
) -> dict[str, Any]:
    """Do a verb of `child.VERBS` in a process of its own and hand back its answer.

    `on_line` hears how it goes, `on_silence` a few times a second that there is nothing new. Raises what the verb
    raises, of the same kind; `OverLimit`, `BroughtDown`, and `Stopped` when the leash is pulled.
    """
    limits, leash = limits or limits_for(options, verb), leash or Leash()
    counts = counts_of(options)
    try:
        with _AT_ONCE if verb in _SECONDS else contextlib.nullcontext():
            found = _run(verb, request, limits, leash, on_line or (lambda _: None), on_silence or (lambda: None))
    except Exception as err:
        counts.child_ended(verb, err)
        raise
    counts.child_ended(verb, None)
    return found


def _run(
    verb: str,
    request: Mapping[str, Any],
    limits: Limits,
    leash: Leash,
    on_line: Callable[[Line], None],
    on_silence: Callable[[], None],
) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", CHILD, verb]
    process = leash.start(command, _environment())
    talk = Talk(process, limits, on_line, on_silence)
    try:
        talk.ask({"limits": asdict(limits), "parent": os.getpid(), **request})
        talk.listen()
    finally:
        status = leash.reap(0.0 if talk.over or leash.is_stopped else LAST_BREATH_SECONDS)
        talk.close()
    if leash.is_stopped:
        raise Stopped("it was stopped")
    return _answer(talk, status, limits)


def _environment() -> dict[str, str]:
    """The studio's own, less its secrets: a decoder has no use for them, whoever steers it would. Logs and traces are
    the studio's to write, of what the child tells."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}


def _answer(talk: Talk, status: int, limits: Limits) -> dict[str, Any]:
    if talk.over:
        raise OverLimit(f"it took {talk.over}, and was stopped")
    if isinstance(done := talk.last.get("done"), dict):
        return done
    if "error" in talk.last:
        if talk.tail and talk.last.get("kind") not in KINDS:
            log.error("a fault in a child process:\n%s", talk.tail)
        raise as_it_was(str(talk.last.get("kind")), str(talk.last["error"]))
    log.warning("a child process ended with status %d:\n%s", status, talk.tail)
    if status == -signal.SIGXCPU:
        raise OverLimit(f"it took more than {duration(limits.cpu_seconds)} of processor time, and was stopped")
    raise BroughtDown(f"the process that read the video broke down ({how_it_ended(status)}); nothing else was harmed")

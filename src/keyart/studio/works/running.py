"""Work on a user's video in a process of its own: within limits, told as it goes, stopped at a word.

A decoder that crashes, hangs or grows takes that process down and nothing else. The process leads a group of its own
and holds the other end of a pipe as its lifeline, so that it never outlives the studio, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keyart import errors
from keyart.errors import KeyartError
from keyart.studio.options import GIGABYTE, Studio

Line = Mapping[str, Any]
log = logging.getLogger("keyart.studio")

CHILD = "keyart.studio.works.child"
"""Module that does the verbs."""
_LOOK_EVERY_SECONDS = 0.2
_LAST_BREATH_SECONDS = 1.0
"""From a child's last word to its end."""
_MOST_SAID = 8_000_000
"""Bytes that a child may say in all: more is a child that someone else has taken over."""
_TAIL = 4000
"""Characters of a broken child's standard error that go into the log."""


class Stopped(KeyartError, RuntimeError):
    """The work was stopped from outside."""


class OverLimit(KeyartError, RuntimeError):
    """The work took more time, memory or disk than it may."""


class BroughtDown(KeyartError, RuntimeError):
    """The process that worked on the video died of it."""


_KINDS: Mapping[str, type[KeyartError]] = {
    **{name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, KeyartError)},
    **{kind.__name__: kind for kind in (Stopped, OverLimit, BroughtDown)},
}


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


def limits_for(options: Studio, verb: str) -> Limits:
    wall = min(options.job_minutes * 60, _SECONDS.get(verb, options.job_minutes * 60))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Limits(wall, wall * cores + 10, int(options.job_memory_gb * GIGABYTE))


@dataclass(slots=True)
class Leash:
    """Held by whoever may stop the work; one leash serves one child."""

    _process: subprocess.Popen[bytes] | None = None
    _stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """Kill the child with all that it started, now; a child that is only about to start never will."""
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def start(self, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Raises `Stopped` where the word came first."""
        with self._lock:
            if self._stopped:
                raise Stopped("it was stopped")
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
            return self._process

    def reap(self, patience_seconds: float) -> int:
        """The exit status of a child that ends by itself soon, or is ended; with all that it may have left running."""
        process = self._process
        assert process is not None
        until = time.monotonic() + patience_seconds
        while not _has_ended(process) and time.monotonic() < until:
            time.sleep(0.01)
        with self._lock:  # once it is waited for, its number may be another's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return process.wait()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it is only waiting to be waited for, where the system can tell that without waiting for it."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


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
    with _AT_ONCE if verb in _SECONDS else contextlib.nullcontext():
        return _run(verb, request, limits, leash, on_line or (lambda _: None), on_silence or (lambda: None))


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
    talk = _Talk(process, limits, on_line, on_silence)
    try:
        talk.ask({"limits": asdict(limits), "parent": os.getpid(), **request})
        talk.listen()
    finally:
        status = leash.reap(0.0 if talk.over or leash.is_stopped else _LAST_BREATH_SECONDS)
        talk.close()
    if leash.is_stopped:
        raise Stopped("it was stopped")
    return _answer(talk, status, limits)


def _environment() -> dict[str, str]:
    """The studio's own, less its secrets: a decoder has no use for them, whoever steers it would."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KEYART_STUDIO_")}


@dataclass(slots=True)
class _Talk:
    """Both sides of what is said: one request down, lines up, until the child has nothing more to say."""

    process: subprocess.Popen[bytes]
    limits: Limits
    on_line: Callable[[Line], None]
    on_silence: Callable[[], None]
    over: str = ""
    """What the child took too much of."""
    last: Line = field(default_factory=dict)
    tail: str = ""
    _rest: bytes = b""
    _said: int = 0

    def ask(self, request: Line) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once; its status says of what
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()  # and not closed: the pipe is the child's lifeline

    def listen(self) -> None:
        """Returns when the child has closed its mouth, or has gone over a limit."""
        assert self.process.stdout is not None and self.process.stderr is not None
        voice, until = self.process.stdout, time.monotonic() + self.limits.wall_seconds
        with selectors.DefaultSelector() as open_ends:
            open_ends.register(voice, selectors.EVENT_READ, self._hear)
            open_ends.register(self.process.stderr, selectors.EVENT_READ, self._note)
            # its voice alone decides: what it may have started holds the other pipe open
            while voice in open_ends.get_map() and not self.over:
                if not self._read(open_ends, _LOOK_EVERY_SECONDS):
                    self.on_silence()
                self.over = self.over or self._excess(until)
            self._read(open_ends, 0.0)

    @staticmethod
    def _read(open_ends: selectors.BaseSelector, seconds: float) -> bool:
        """Whether anything came in that time."""
        ready = open_ends.select(seconds)
        for key, _ in ready:
            data = os.read(key.fd, 1 << 16)
            if data:
                key.data(data)
            else:
                open_ends.unregister(key.fileobj)
        return bool(ready)

    def close(self) -> None:
        for end in (self.process.stdin, self.process.stdout, self.process.stderr):
            if end is not None:
                with contextlib.suppress(BrokenPipeError):
                    end.close()

    def _excess(self, until: float) -> str:
        if time.monotonic() > until:
            return f"more than {_duration(self.limits.wall_seconds)}"
        if resident_bytes(self.process.pid) > self.limits.memory_bytes:
            return f"more than {self.limits.memory_bytes / GIGABYTE:g} GB of memory"
        return ""

    def _hear(self, data: bytes) -> None:
        self._said += len(data)
        if self._said > _MOST_SAID:
            self.over = "more words than it has use for"
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(found, dict):
            self.last = found
            self.on_line(found)

    def _note(self, data: bytes) -> None:
        self.tail = (self.tail + data.decode(errors="replace"))[-_TAIL:]


def _answer(talk: _Talk, status: int, limits: Limits) -> dict[str, Any]:
    if talk.over:
        raise OverLimit(f"it took {talk.over}, and was stopped")
    if isinstance(done := talk.last.get("done"), dict):
        return done
    if "error" in talk.last:
        if talk.tail and talk.last.get("kind") not in _KINDS:
            log.error("a fault in a child process:\n%s", talk.tail)
        raise _as_it_was(str(talk.last.get("kind")), str(talk.last["error"]))
    log.warning("a child process ended with status %d:\n%s", status, talk.tail)
    if status == -signal.SIGXCPU:
        raise OverLimit(f"it took more than {_duration(limits.cpu_seconds)} of processor time, and was stopped")
    raise BroughtDown(f"the process that read the video broke down ({_how(status)}); nothing else was harmed")


def _as_it_was(kind: str, text: str) -> KeyartError:
    """The error as it was raised over there; some kinds take more than their text to make."""
    made = _KINDS.get(kind, BroughtDown)
    err = made.__new__(made)
    err.args = (" ".join(text.split())[:1000],)
    return err


def _how(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"


def resident_bytes(pid: int) -> int:
    """What a process holds in memory; 0 where it is gone or the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0

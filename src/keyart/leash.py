"""A child process on a leash, both ends of it: within limits, told as it goes, stopped at a word, never left behind.

The child leads a group of its own, speaks in JSON lines and holds the other end of a pipe as its lifeline: it never
outlives its parent, however that ends. A decoder that crashes, hangs or grows takes the child down and nothing else.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from keyart import errors
from keyart.errors import KeyartError
from keyart.types import Status

Line = Mapping[str, Any]

GIGABYTE = 1_000_000_000
LAST_BREATH_SECONDS = 1.0
"""From a child's last word to its end."""
_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_SECONDS = 0.2
_TELL_EVERY_SECONDS = 0.2
_MOST_SAID = 8_000_000
"""Bytes that a child may say in all: more is a child that someone else has taken over."""
_TAIL = 4000
"""Characters of a broken child's standard error that are kept."""


class Stopped(KeyartError, RuntimeError):
    """The work was stopped from outside."""


class OverLimit(KeyartError, RuntimeError):
    """The work took more time, memory or disk than it may."""


class BroughtDown(KeyartError, RuntimeError):
    """The process that worked on the video died of it."""


KINDS: Mapping[str, type[KeyartError]] = {
    **{name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, KeyartError)},
    **{kind.__name__: kind for kind in (Stopped, OverLimit, BroughtDown)},
}


def as_it_was(kind: str, text: str) -> KeyartError:
    """The error as it was raised over there; some kinds take more than their text to make."""
    made = KINDS.get(kind, BroughtDown)
    err = made.__new__(made)
    err.args = (" ".join(text.split())[:1000],)
    return err


# --- the parent's end ---------------------------------------------------------------------------------------------


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

    def start(self, command: list[str], environment: Mapping[str, str], folder: str = "/") -> subprocess.Popen[bytes]:
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
                cwd=folder,
                start_new_session=True,
            )
            return self._process

    def reap(self, patience_seconds: float) -> int:
        """The exit status of a child that ends by itself soon, or is ended; with all that it may have left running."""
        process = self._process
        assert process is not None
        until = time.monotonic() + patience_seconds
        while not has_ended(process) and time.monotonic() < until:
            time.sleep(0.01)
        with self._lock:  # once it is waited for, its number may be another's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return process.wait()


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it is only waiting to be waited for, where the system can tell that without waiting for it."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def close_pipes(process: subprocess.Popen[bytes]) -> None:
    """Of a child that has ended; what it did not hear any more is lost."""
    for end in (process.stdin, process.stdout, process.stderr):
        if end is not None:
            with contextlib.suppress(BrokenPipeError):
                end.close()


class Bounds(Protocol):
    """What one piece of work may take."""

    @property
    def wall_seconds(self) -> float: ...

    @property
    def memory_bytes(self) -> int: ...


@dataclass(slots=True)
class Talk:
    """Both sides of what is said over one piece of work: one request down, lines up."""

    process: subprocess.Popen[bytes]
    bounds: Bounds
    on_line: Callable[[Line], None]
    on_silence: Callable[[], None]
    over: str = ""
    """What the child took too much of."""
    last: Line = field(default_factory=dict)
    tail: str = ""
    peak_bytes: int = 0
    """Resident, at the looks taken."""
    _rest: bytes = b""
    _said: int = 0

    def ask(self, request: Line) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once; its status says of what
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()  # and not closed: the pipe is the child's lifeline

    def listen(self, *, to_its_end: bool = True) -> bool:
        """Returns when the child has closed its mouth, or has gone over a limit; or else after its answer.

        Whether its mouth is still open.
        """
        assert self.process.stdout is not None and self.process.stderr is not None
        voice, until = self.process.stdout, time.monotonic() + self.bounds.wall_seconds
        with selectors.DefaultSelector() as open_ends:
            open_ends.register(voice, selectors.EVENT_READ, self._hear)
            open_ends.register(self.process.stderr, selectors.EVENT_READ, self._note)
            # its voice alone decides: what it may have started holds the other pipe open
            while voice in open_ends.get_map() and not self.over and (to_its_end or not self.is_answered):
                if not self._read(open_ends, _LOOK_EVERY_SECONDS):
                    self.on_silence()
                self.over = self.over or self._excess(until)
            self._read(open_ends, 0.0)
            return voice in open_ends.get_map()

    @property
    def is_answered(self) -> bool:
        return "done" in self.last or "error" in self.last

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
        close_pipes(self.process)

    def _excess(self, until: float) -> str:
        self.peak_bytes = max(self.peak_bytes, resident := resident_bytes(self.process.pid))
        if time.monotonic() > until:
            return f"more than {duration(self.bounds.wall_seconds)}"
        if resident > self.bounds.memory_bytes:
            return f"more than {self.bounds.memory_bytes / GIGABYTE:g} GB of memory"
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


def how_it_ended(status: int) -> str:
    """An exit status, or the name of the signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"


def resident_bytes(pid: int) -> int:
    """What a process and its children hold in memory; 0 where it is gone or the system does not tell."""
    try:
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        children = [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in _children(task)]
    except (OSError, IndexError, ValueError):
        return 0
    return own + sum(map(resident_bytes, children))


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:  # the thread is gone, or this kernel does not tell
        return []


# --- the child's end ----------------------------------------------------------------------------------------------


def own_voice() -> IO[str]:
    """The pipe to the parent, out of reach of libraries that print: their standard output goes to the log."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "w", encoding="utf-8")


def die_with(parent: int) -> None:
    """End when the parent does, at the word of the kernel where it gives one; elsewhere when the lifeline is cut."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)


def end_all() -> None:
    """The end of this process and of all that it started: its lifeline is cut."""
    os.killpg(0, signal.SIGKILL)


def limit(what: int, most: int, grace: int = 0) -> None:
    """A limit of `resource` that no library can lift again."""
    _, hard = resource.getrlimit(what)
    soft, hard = (one if hard == resource.RLIM_INFINITY else min(one, hard) for one in (most, most + grace))
    resource.setrlimit(what, (soft, hard))


@dataclass(slots=True)
class Told:
    """Progress as JSON lines; a stage's fraction at most a few times a second."""

    say: Callable[[Line], None]
    _next: float = field(default=0.0)

    def begin(self, stage: str) -> None:
        self.say({"begin": stage})

    def at(self, stage: str, fraction: float) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _TELL_EVERY_SECONDS
            self.say({"at": stage, "fraction": round(min(1.0, max(0.0, fraction)), 4)})

    def end(self, stage: str, status: Status, note: str, seconds: float) -> None:
        self.say({"end": stage, "status": status, "reason": note, "seconds": round(seconds, 3)})

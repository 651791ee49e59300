"""A child process that is told apart from its parent by nothing but its death: forked, it begins at once."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyart import cores

Line = Mapping[str, Any]

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_SECONDS = 0.1
_REAP_SECONDS = 2.0
"""A process that waits for a dead disk cannot be killed: it is left behind."""


@dataclass(slots=True)
class Child:
    """A process at work; `lines` are what it says."""

    pid: int
    _voice: int
    _rest: bytes = b""
    _is_reaped: bool = False

    def lines(self, until: float) -> Iterator[Line | None]:
        """What it says, line by line; None every tenth of a second without. Ends with it, or at that time."""
        with selectors.DefaultSelector() as ends:
            ends.register(self._voice, selectors.EVENT_READ)
            while time.monotonic() < until:
                if not ends.select(min(_LOOK_EVERY_SECONDS, max(0.0, until - time.monotonic()))):
                    yield None
                    continue
                data = os.read(self._voice, 1 << 16)
                if not data:
                    return
                *whole, self._rest = (self._rest + data).split(b"\n")
                yield from map(json.loads, whole)

    def end(self) -> int:
        """Kill it with all that it started; its exit status, negative for a signal that was not ours."""
        status = self._wait(0.0)
        if status is None:
            for kill, pid in ((os.killpg, self.pid), (os.kill, self.pid)):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(pid, signal.SIGKILL)
            self._wait(_REAP_SECONDS)
        return status or 0

    def ended(self) -> int:
        """The exit status of a child that has said its last word."""
        status = self._wait(_REAP_SECONDS)
        return self.end() if status is None else status

    def close(self) -> None:
        os.close(self._voice)

    def _wait(self, seconds: float) -> int | None:
        if self._is_reaped:
            return 0
        until = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._is_reaped = True
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() >= until:
                return None
            time.sleep(0.005)


def forked(body: Callable[[Callable[[Line], None]], None]) -> Child:
    """Run `body(say)` in a child process of its own group, which dies with this one.

    For a process that has no other threads at work: their locks would stay locked over there.
    """
    reads, writes = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent, pid = os.getpid(), os.fork()
    if pid:
        os.close(writes)
        return Child(pid, reads)
    status = 1
    try:
        os.close(reads)
        _settle(parent)
        with os.fdopen(writes, "w", encoding="utf-8") as voice:
            body(lambda line: print(json.dumps(line), file=voice, flush=True))
        status = 0
    except BaseException:  # noqa: BLE001  nothing of it may run on into the parent's code
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _settle(parent: int) -> None:
    """A group of its own, the usual signals, and no life after its parent's."""
    os.setsid()
    cores._pool.cache_clear()  # its threads stayed behind
    for number in (signal.SIGINT, signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
            file.write("900")  # whoever must go for want of memory, it is not the parent

"""A child process that works on something and tells of it; killed when its time is over, gone when its parent is."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from keyart import cores

J = TypeVar("J")
Line = Mapping[str, Any]
Say = Callable[[Line], None]
Body = Callable[[J, Say], None]

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


def started(body: Body[J], job: J) -> Child:
    """`body(job, say)` in a child process: forked, which costs nothing, from a process that has no threads at work."""
    return (forked if is_quiet() else fresh)(body, job)


def is_quiet() -> bool:
    """Whether no thread of this process holds a lock that would stay locked in a fork of it."""
    return threading.active_count() == 1 and not cores._pool.cache_info().currsize and "onnxruntime" not in sys.modules


def forked(body: Body[J], job: J) -> Child:
    """As this process is now."""
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
        _speak(body, job, writes)
        status = 0
    except BaseException:  # noqa: BLE001  nothing of it may run on into the parent's code
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def fresh(body: Body[J], job: J) -> Child:
    """From nothing: half a second of imports later. `body` and `job` go there pickled."""
    reads, writes = os.pipe()
    command = [sys.executable, "-c", "from keyart.anytime.apart import serve; serve()", str(writes), str(os.getpid())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(writes,), env=environment)
    os.close(writes)
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:  # it died at once: its status tells
        pickle.dump((body, job), pipe)
    process.returncode = 0  # we wait for it ourselves
    return Child(process.pid, reads)


def serve() -> None:
    """The main function of a fresh child."""
    writes, parent = map(int, sys.argv[1:3])
    _settle(parent)
    body, job = pickle.load(sys.stdin.buffer)
    _speak(body, job, writes)
    sys.stderr.flush()
    os._exit(0)  # threads that are still at it are not waited for


def _speak(body: Body[J], job: J, writes: int) -> None:
    with os.fdopen(writes, "w", encoding="utf-8") as voice:
        body(job, lambda line: print(json.dumps(line), file=voice, flush=True))


def _settle(parent: int) -> None:
    """A group of its own, the usual signals, and no life after its parent's."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
            file.write("900")  # whoever must go for want of memory, it is not the parent

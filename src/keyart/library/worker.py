"""A worker: a child process that makes one row after another and keeps its models loaded; and who holds its leash.

The child is `python -m keyart.library.worker`. It reads JSON lines, first `{"parent", "memory_bytes", "parts"}`, then
one `{"row", "order", "folder", "attempt"}` a video; it answers `{"begin": stage}`, `{"at": stage, "fraction"}`,
`{"end": stage, ...}` as it goes, and then `{"done": result}` or `{"error", "kind"}`; `{"done": {}}` when it is ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keyart.errors import KeyartError
from keyart.leash import (
    LAST_BREATH_SECONDS,
    Leash,
    Line,
    Stopped,
    Talk,
    Told,
    close_pipes,
    die_with,
    end_all,
    has_ended,
    how_it_ended,
    limit,
    own_voice,
)
from keyart.library.lines import plain, value_of
from keyart.library.making import PASSING, make_one
from keyart.library.places import Place, put_package
from keyart.library.standing import NOW, what_stands
from keyart.library.values import Order, Result, Row

CHILD = "keyart.library.worker"
"""Module that a worker runs."""
OVER_LIMIT, BROUGHT_DOWN, KILLED, FAULT = "OverLimit", "BroughtDown", "Killed", "Fault"
"""Kinds of a result that the video's own process did not live to tell, or did not mean to."""
AGAIN = frozenset({*(kind.__name__ for kind in PASSING), BROUGHT_DOWN, KILLED, FAULT})
"""Kinds after which a video is tried again."""
_POISON = frozenset({BROUGHT_DOWN, FAULT})
"""Kinds that, met twice in the same form, are the video's doing."""
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_READY_SECONDS = 120.0
"""For entering the rooms, on a machine that does much else."""
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class _Bounds:
    wall_seconds: float
    memory_bytes: int


@dataclass(slots=True)
class Worker:
    """One slot of a library: a child that lives from video to video, and another one where it was lost.

    Used from one thread; `stop` may be called from any.
    """

    folder: Path
    """Scratch room of this worker alone; emptied on `close`."""
    hear: Callable[[Line], None] = field(default=lambda _: None)
    """Told of stages as they go."""
    wait: Callable[[float], None] = time.sleep
    """How it waits before another try."""
    started: int = 0
    """Children so far."""
    _leash: Leash | None = None
    _process: subprocess.Popen[bytes] | None = None
    _stopped: bool = False

    def through(self, row: Row, order: Order, on_again: Callable[[Result, float], None] | None = None) -> Result:
        """How a row ends, after as many tries as it takes or may have. `on_again` hears of a try that is repeated.

        What passes is waited for, twice as long each time; a process that dies the same way twice is the video's
        doing. Raises `Stopped`.
        """
        seen: Counter[tuple[str, str]] = Counter()
        for attempt in range(1, order.limits.attempts + 1):
            result = self.do(row, order, attempt)
            seen[result.kind, result.reason] += 1
            if result.kind in _POISON and seen[result.kind, result.reason] > 1:
                return replace(result, end="quarantined")
            if result.end != "failed" or result.kind not in AGAIN or attempt == order.limits.attempts:
                return result
            seconds = _pause(result.kind, attempt)
            if on_again:
                on_again(result, seconds)
            self.wait(seconds)
        raise AssertionError("at least one attempt is made")

    def do(self, row: Row, order: Order, attempt: int = 1) -> Result:
        """One try within the limits. Whatever it does to its process, the answer is a result. Raises `Stopped`."""
        began, limits = time.monotonic(), order.limits
        process = self._started(order)
        (self.folder / NOW).unlink(missing_ok=True)
        talk = Talk(process, _Bounds(_seconds(order), limits.memory_bytes), self.hear, lambda: None)
        talk.ask({"row": plain(row), "order": plain(order), "folder": str(self.folder), "attempt": attempt})
        open_still = talk.listen(to_its_end=False)
        while open_still and talk.last.get("done") == {}:  # a machine so busy that it is ready only now
            talk.last = {}
            open_still = talk.listen(to_its_end=False)
        answered = open_still and talk.is_answered and not talk.over
        status = 0 if answered else self._end(LAST_BREATH_SECONDS if not talk.over else 0.0)
        if self._stopped:
            raise Stopped("it was stopped")
        if isinstance(done := talk.last.get("done"), dict):
            found = value_of(done, Result)
            return replace(found, row=row, peak_bytes=max(found.peak_bytes, talk.peak_bytes))
        lost = Result(
            row,
            "quarantined" if _kind(talk, status) == OVER_LIMIT else "failed",
            _reason(talk, status),
            attempt=attempt,
            seconds=round(time.monotonic() - began, 3),
            peak_bytes=talk.peak_bytes,
            worker=f"{socket.gethostname()}:{process.pid}",
            kind=_kind(talk, status),
            trace=talk.tail if _kind(talk, status) in _POISON else "",
        )
        return (order.budget_seconds and self._left(lost, order)) or lost

    def _left(self, lost: Result, order: Order) -> Result | None:
        """What a child that died over a budget had finished by then, put where it belongs."""
        stands = what_stands(self.folder, lost)
        if stands is None:
            return None
        result, folder = stands
        if not Place(order.output).is_local:
            try:
                put_package(folder, result.package)
            except KeyartError:
                return None
        return result

    def warm(self, order: Order) -> None:
        """Start the child before there is a row for it. What is in the way of that is met again with the row."""
        with contextlib.suppress(KeyartError, OSError):
            self._started(order)

    def stop(self) -> None:
        """Kill the child now, whatever it does; no other is started."""
        self._stopped = True
        if (leash := self._leash) is not None:
            leash.stop()

    def close(self) -> None:
        """End the child and clear its room away."""
        self._end(0.0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _started(self, order: Order) -> subprocess.Popen[bytes]:
        """The child, a new one where there is none or it has died meanwhile."""
        if self._process is not None and not has_ended(self._process):
            return self._process
        self._end(0.0)
        if self._stopped:
            raise Stopped("it was stopped")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._leash = Leash()
        command = [sys.executable, "-P", "-m", CHILD]
        self._process = self._leash.start(command, _environment(order.threads), str(Path.cwd()))
        self.started += 1
        told = Talk(self._process, _Bounds(_READY_SECONDS, order.limits.memory_bytes), lambda _: None, lambda: None)
        told.ask({"parent": os.getpid(), "memory_bytes": order.limits.memory_bytes, "parts": order.parts})
        told.listen(to_its_end=False)  # one that dies of it is found dead when it is asked for a video
        return self._process

    def _end(self, patience_seconds: float) -> int:
        if self._process is None or self._leash is None:
            return 0
        process, self._process = self._process, None
        status = self._leash.reap(patience_seconds)
        close_pipes(process)
        return status


def _seconds(order: Order) -> float:
    """How long a video may take: a budget is kept by force only where it is long over."""
    if not order.budget_seconds:
        return order.limits.seconds
    from keyart.anytime import FLOOR_SECONDS, GRACE_SECONDS

    return min(order.limits.seconds, max(order.budget_seconds, FLOOR_SECONDS) + GRACE_SECONDS)


def _environment(threads: int) -> dict[str, str]:
    """The driver's own, less the studio's secrets; as many threads as the order says, whoever starts them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEYART_STUDIO_")}
    named = ("KEYART_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    return kept | dict.fromkeys(named, str(threads))


def _pause(kind: str, attempt: int) -> float:
    """Seconds before the next try. Drawn, so that many workers do not come back to a store all at once."""
    if kind in (BROUGHT_DOWN, KILLED, FAULT):
        return 0.2
    longest: float = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    return round(random.uniform(0.5, 1.0) * longest, 3)


def _kind(talk: Talk, status: int) -> str:
    if talk.over:
        return OVER_LIMIT
    if "error" in talk.last:
        return str(talk.last.get("kind"))
    return KILLED if -status in _FROM_OUTSIDE else BROUGHT_DOWN


def _reason(talk: Talk, status: int) -> str:
    if talk.over:
        return f"it took {talk.over}, and was stopped"
    if "error" in talk.last:
        return str(talk.last["error"])
    if -status in _FROM_OUTSIDE:
        return f"the process that worked on it was killed from outside ({how_it_ended(status)})"
    return f"the process that worked on it broke down ({how_it_ended(status)}); nothing else was harmed"


# --- the child ----------------------------------------------------------------------------------------------------


def main() -> int:
    """Answers until its lifeline, standard input, is cut."""
    says = own_voice()
    greeting = json.loads(sys.stdin.buffer.readline())
    die_with(int(greeting["parent"]))
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_DATA, 2 * int(greeting["memory_bytes"]))  # threads' stacks and arenas count as data
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the driver decides
    requests: queue.SimpleQueue[Line] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    lock = threading.Lock()

    def say(line: Mapping[str, Any]) -> None:
        with lock:
            says.write(json.dumps(line) + "\n")
            says.flush()

    _enter_rooms(greeting["parts"])
    say({"done": {}})
    while True:
        say(_answer(requests.get(), Told(say)))


def _enter_rooms(parts: list[str]) -> None:
    """No video's time is spent on it."""
    import keyart.pipeline  # noqa: F401
    from keyart.recipe import stage_types

    stage_types(parts)


def _read(requests: queue.SimpleQueue[Line]) -> None:
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    end_all()


def _answer(request: Line, told: Told) -> Line:
    try:
        row, order = value_of(request["row"], Row), value_of(request["order"], Order)
        return {"done": plain(make_one(row, order, Path(request["folder"]), int(request["attempt"]), told))}
    except MemoryError:
        return {"error": "it asked for more memory than it may have", "kind": OVER_LIMIT}
    except Exception as err:  # noqa: BLE001  here a fault of our own meets the library
        import traceback

        traceback.print_exc()
        line = " ".join(f"{type(err).__name__}: {err}".split())[:500]
        return {"error": f"a fault of keyart's own, please report it ({line})", "kind": FAULT}


if __name__ == "__main__":
    sys.exit(main())

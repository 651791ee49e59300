"""A command as a whole process: how long it took, what it cost, how much memory it and its children held."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class CommandFailed(RuntimeError):
    """A measured command did not end well; its text is the tail of what it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command cost."""

    wall_seconds: float
    cpu_seconds: float
    """User and system time of the process and of every child it waited for."""
    peak_mib: float
    """Most memory that the process tree held at once, shared pages counted once; 0.0 where it was not watched."""
    others_cores: float
    """Cores that the rest of the machine used meanwhile: a figure above 0.3 says that the timing was disturbed."""


def measured(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 1800.0,
    watch_memory: bool = False,
) -> Cost:
    """Run `command` in `folder` to its end. Watching memory slows big processes a little: not for timing.

    Raises `CommandFailed` for a non-zero exit and for a run over the limit.
    """
    log = folder / "command.log"
    with log.open("wb") as output:
        busy, started = _busy_seconds(), time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        timer = threading.Timer(timeout_seconds, process.kill)
        timer.start()
        peak = _Peak(process.pid) if watch_memory else None
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        most_mib = peak.stop() if peak else 0.0
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    if process.returncode:
        said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        raise CommandFailed(f"exit {process.returncode}: {said[-1]}")
    others = max(0.0, _busy_seconds() - busy - cpu) / wall
    return Cost(wall, cpu, most_mib, others)


class _Peak(threading.Thread):
    """Watches a process tree until it is told to stop."""

    def __init__(self, pid: int, every_seconds: float = 0.02) -> None:
        super().__init__(daemon=True)
        self._pid, self._every_seconds = pid, every_seconds
        self._done, self._mib = threading.Event(), 0.0
        self.start()

    def run(self) -> None:
        while not self._done.wait(self._every_seconds):
            pids = list(tree(self._pid))
            # the sum is sampled and may miss a spike; the kernel's own high-water mark of one process does not
            self._mib = max([self._mib, sum(_field_mib(pid, "smaps_rollup", "Pss:") for pid in pids)])
            self._mib = max([self._mib, *(_field_mib(pid, "status", "VmHWM:") for pid in pids)])

    def stop(self) -> float:
        self._done.set()
        self.join()
        return self._mib


def tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        return  # it ended while we looked


def _field_mib(pid: int, file: str, field: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0.0  # it ended while we looked
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


def _busy_seconds() -> float:
    """CPU time that the whole machine has spent working, since it started."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet(limit_seconds: float, cores: float = 0.3) -> bool:
    """Wait until the machine has little else to do, at most `limit_seconds`. Returns whether it is quiet now."""
    deadline = time.monotonic() + limit_seconds
    while True:
        busy = _busy_seconds()
        time.sleep(1.0)
        if _busy_seconds() - busy <= cores:
            return True
        if time.monotonic() >= deadline:
            return False

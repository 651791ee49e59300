"""A process in which keyart is imported already, and which forks a child for each command line.

Reads one JSON line a job on standard input, `{"words": [...], "folder": "...", "limits": {...}}`, answers with one a
job on standard output. It keeps to one thread, so a fork of it is sound; the child is the command line and nothing
else.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

_LOOK_SECONDS = 0.01


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever is printed on import is no answer
    for name in json.loads(sys.stdin.readline()):
        with contextlib.suppress(Exception):  # an optional package that is not here, a module of a child's own
            importlib.import_module(name)
    os.write(answers, (json.dumps({"ready": sorted(sys.modules)}) + "\n").encode())
    while line := sys.stdin.readline():
        job = json.loads(line)
        found = _in_child(job)
        os.write(answers, (json.dumps(found) + "\n").encode())


def _in_child(job: dict[str, Any]) -> dict[str, Any]:
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(job)
    wall = start + job["limits"]["wall_seconds"]
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > wall:
            os.kill(child, signal.SIGKILL)
            done, status, usage = os.wait4(child, 0)
            break
        time.sleep(_LOOK_SECONDS)
    seconds = time.monotonic() - start
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)  # what the child has started and left behind
    return {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": round(seconds, 3),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_mb": usage.ru_maxrss // 1024,
        "late": time.monotonic() > wall,
    }


def _become(job: dict[str, Any]) -> None:
    """The installed command with its own arguments, output, limits and process group; never returns."""
    limits, folder = job["limits"], Path(job["folder"])
    try:
        os.setsid()
        out = os.open(folder / "stdout", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        err = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(folder)
        os.environ.update(job["environment"])
        resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (limits["memory_bytes"],) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        import faulthandler
        import tempfile

        faulthandler.enable()
        tempfile.tempdir = None  # asked for before, in the parent
        sys.argv = ["keyart", *job["words"]]
        from keyart.cli import entry

        entry()
    except BaseException:  # noqa: BLE001  what `entry` lets through would be a traceback to the user, too
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(99)


if __name__ == "__main__":
    main()

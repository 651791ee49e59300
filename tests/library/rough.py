"""A worker that misbehaves as its row is called: `CHILD` of the tests."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from keyart.errors import UnreadableVideo
from keyart.library import worker
from keyart.library.places import StoreFailed
from keyart.library.values import Order, Result, Row
from keyart.progress import Progress


def make_one(row: Row, order: Order, folder: Path, attempt: int = 1, progress: Progress | None = None) -> Result:
    kind = row.name.split("-")[0]
    made = Result(row, "made", attempt=attempt, worker=f"here:{os.getpid()}", sha256="5" * 64)
    begun = folder.parent / "begun.txt"
    with begun.open("a") as file:
        file.write(f"{row.name} {attempt} {os.getpid()}\n")
    if progress:
        progress.begin("scan")
    match kind:
        case "segv":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "once":
            if attempt == 1:
                os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "fault":
            raise ZeroDivisionError("a\nfault")
        case "hang":
            time.sleep(60)
        case "slow":
            time.sleep(0.3)
        case "grow":
            held = []
            while True:
                held.append(np.ones(4_000_000))
                time.sleep(0.01)
        case "memory":
            raise MemoryError
        case "poison":
            return replace(made, end="quarantined", kind=UnreadableVideo.__name__, reason="no video")
        case "store":
            return replace(made, end="failed", kind=StoreFailed.__name__, reason=f"timed out, attempt {attempt}")
        case "later":
            if attempt < 3:
                return replace(made, end="failed", kind=StoreFailed.__name__, reason="timed out")
        case "model":
            return replace(made, end="failed", kind="MissingModel", reason="no model")
        case "full":
            return replace(made, end="failed", kind="DiskFull", reason="the disk is full")
    print("a library prints")
    return made


def _enter_rooms(parts: list[str]) -> None:
    """They are not needed here."""


if __name__ == "__main__":
    worker.make_one = make_one  # type: ignore[attr-defined]  # it is imported there
    worker._enter_rooms = _enter_rooms
    sys.exit(worker.main())

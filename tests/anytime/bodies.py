"""What a child process may do instead of its work."""

from __future__ import annotations

import json
import os
import signal
import time

from keyart.anytime.apart import Say
from keyart.anytime.publish import asked_key, staged
from keyart.anytime.work import Job
from keyart.errors import OutputProblem
from keyart.package import MANIFEST, USUAL


def _sketched(job: Job, say: Say) -> None:
    """A sketch is there, and the child's number is written down."""
    say({"begins": "sketch", "seconds": 1.0, "usual": 1.0})
    folder = staged(job.folder, "sketch")
    folder.mkdir(parents=True)
    found = {
        "schema": 1, "keyart": "1", "source": {"name": "a", "bytes": 1, "sha256": ""}, "parts": list(USUAL),
        "settings": {"budget": {"level": "sketch", "of": asked_key({}, USUAL)}}, "products": [], "titles": [],
    }  # fmt: skip
    (folder / "run.json").write_text("{}")
    (folder / MANIFEST).write_text(json.dumps(found))
    say({"made": "sketch", "seconds": 0.1})
    (job.folder.parent / "pid").write_text(str(os.getpid()))


def _full(say: Say) -> None:
    say({"begins": "full", "seconds": 1.0, "usual": 1.0})


def hangs(job: Job, say: Say, _: object) -> None:
    _sketched(job, say)
    _full(say)
    time.sleep(60)


def sleeps(*_: object) -> None:
    time.sleep(60)


def breaks_down(_: Job, say: Say, __: object) -> None:
    say({"begins": "sketch", "seconds": 1.0, "usual": 1.0})
    os.kill(os.getpid(), signal.SIGSEGV)


def breaks_down_later(job: Job, say: Say, _: object) -> None:
    _sketched(job, say)
    _full(say)
    os.kill(os.getpid(), signal.SIGSEGV)


def has_a_fault(*_: object) -> None:
    raise ZeroDivisionError("seven\nby nothing")


def has_no_room(_: Job, say: Say, __: object) -> None:
    say({"begins": "sketch", "seconds": 1.0, "usual": 1.0})
    raise OutputProblem("the disk is full")


def interrupts(job: Job, say: Say, _: object) -> None:
    _sketched(job, say)
    _full(say)
    while not (job.folder / MANIFEST).is_file():
        time.sleep(0.01)
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(60)


def passes_over(job: Job, say: Say, _: object) -> None:
    _sketched(job, say)
    say({"passed over": "full", "seconds": 99.0})
    say({"begins": "draft", "seconds": 1.0, "usual": 1.0})
    time.sleep(0.4)
    say({"stopped": "draft"})


# --- without a job -----------------------------------------------------------------------------------------------


def says_two_words(_: None, say: Say) -> None:
    say({"one": 1})
    say({"two": 2})


def says_and_dies(_: None, say: Say) -> None:
    say({"one": 1})
    os.kill(os.getpid(), signal.SIGKILL)


def says_and_sleeps(_: None, say: Say) -> None:
    say({"one": 1})
    time.sleep(60)


def raises(*_: object) -> None:
    raise ZeroDivisionError("seven")

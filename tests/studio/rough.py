"""A child that misbehaves in every way that a decoder can: `CHILD` of the tests."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from keyart import leash
from keyart.studio.works import child
from keyart.studio.works.child import Request, Say


def _hang(request: Request, say: Say) -> dict[str, Any]:
    say({"begin": "hanging", "pid": os.getpid()})
    time.sleep(60)
    return {}


def _spin(request: Request, say: Say) -> dict[str, Any]:
    while True:
        pass


def _grow(request: Request, say: Say) -> dict[str, Any]:
    held = []
    while True:
        held.append(np.ones(4_000_000))
        time.sleep(0.01)


def _grow_at_once(request: Request, say: Say) -> dict[str, Any]:
    return {"sum": float(np.ones(2_000_000_000).sum())}


def _crash(request: Request, say: Say) -> dict[str, Any]:
    os.kill(os.getpid(), 11)
    return {}


def _write(request: Request, say: Say) -> dict[str, Any]:
    with Path(request["path"]).open("wb") as file:
        while True:
            file.write(bytes(1_000_000))


def _chatter(request: Request, say: Say) -> dict[str, Any]:
    while True:
        say({"at": "x" * 10_000})


def _rave(request: Request, say: Say) -> dict[str, Any]:
    """Prints, as libraries do, and then answers."""
    print("a library prints")
    sys.stdout.flush()
    os.write(1, b"a library writes\n")
    return {"well": True}


def _fault(request: Request, say: Say) -> dict[str, Any]:
    raise ZeroDivisionError("a\nfault")


def _leave_one_behind(request: Request, say: Say) -> dict[str, Any]:
    left = subprocess.Popen(["sleep", "60"])
    return {"pid": left.pid}


def _tell(request: Request, say: Say) -> dict[str, Any]:
    secrets = [name for name in os.environ if name.startswith("KEYART_STUDIO_")]
    return {"secrets": secrets, "nice": os.nice(0), "core": resource.getrlimit(resource.RLIMIT_CORE)[0]}


def _make(request: Request, say: Say) -> dict[str, Any]:
    """As the video is called: `quick` is made at once, `slow` in a second and a half, `hang` never, `crash` crashes."""
    told, folder = leash.Told(say), Path(request["folder"])
    folder.mkdir()
    (folder / "frames").mkdir()
    (folder / "frames" / "half.jpg").write_bytes(b"half")
    with Path(request["cache"]).with_name("begun.txt").open("a") as begun:
        begun.write(f"{request['name']} {os.getpid()}\n")
    told.begin("scan")
    if request["name"].startswith("crash"):
        os.kill(os.getpid(), 11)
    if request["name"].startswith("slow"):
        for part in range(150):
            say({"at": "scan", "fraction": part / 150})
            time.sleep(0.01)
    if request["name"].startswith("hang"):
        time.sleep(60)
    told.end("scan", "degraded", f"{request['path']}: is damaged", 1.5)
    title = {"text": "Рыжий Кот"}
    (folder / "package.json").write_text(json.dumps({"schema": 1, "titles": [title], "products": []}))
    return {"titles": ["Рыжий Кот"], "tags": []}


child.VERBS |= {
    "make": _make,
    "hang": _hang, "spin": _spin, "grow": _grow, "grow-at-once": _grow_at_once, "crash": _crash, "write": _write,
    "chatter": _chatter, "rave": _rave, "fault": _fault, "leave": _leave_one_behind, "tell": _tell,
}  # fmt: skip

if os.environ.get("KEYART_TEST_NO_PDEATHSIG"):
    leash._PR_SET_PDEATHSIG = 38  # PR_SET_NO_NEW_PRIVS, which harms nobody here

if __name__ == "__main__":
    sys.exit(child.main())

"""A studio as its users run it: `keyart studio` in a process of its own, asked over the network."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx


@dataclass
class Server:
    """A running studio. `http` asks it."""

    process: subprocess.Popen[str]
    http: httpx.Client

    def add(self, video: Path, name: str, **fields: str) -> dict[str, Any]:
        """Hand a video in with a form, as a browser without scripts does."""
        with video.open("rb") as file:
            answer = self.http.post("/api/videos", files={"file": (name, file)}, data=fields)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def video(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/api/videos/{id}").json()
        return found

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        self.http.close()

    def end(self) -> tuple[str, str]:
        """Ctrl-C; what it said on standard output and error."""
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=30)
        self.http.close()
        return said


@contextmanager
def served(data: Path, *flags: str) -> Iterator[Server]:
    """`keyart studio` on a free port; killed at the end if it still runs."""
    command = [sys.executable, "-W", "error", "-m", "keyart", "studio", "--data", str(data), "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found, process.stderr.read()
    # no pool of connections: a server that is killed takes them with it
    server = Server(process, httpx.Client(base_url=found[0], timeout=60.0, trust_env=False, transport=_transport()))
    try:
        yield server
    finally:
        if process.returncode is None:
            server.kill()


def _transport() -> httpx.HTTPTransport:
    """Asks again while the server is still on its way."""
    return httpx.HTTPTransport(retries=5)


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """What a stream of server-sent events says: kind and data; a comment is ("", text)."""
    kind = ""
    for line in lines:
        if line.startswith(":"):
            yield "", line[1:].strip()
        elif line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))

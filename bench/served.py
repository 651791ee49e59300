"""`keyart studio` in a process of its own, for the benches that ask it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_START_SECONDS = 60.0


@dataclass(slots=True)
class Server:
    """`keyart studio` in a process of its own."""

    data: Path
    process: subprocess.Popen[str] | None = None
    address: str = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "keyart", "studio", "--data", str(self.data), "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://\S+", said)
        if not found:
            raise RuntimeError(f"the studio did not start: {said}")
        self.address = found[0]
        until = time.monotonic() + _START_SECONDS
        while True:  # it says where it will be before it is there
            try:
                self.ask("GET", "/api/health")
            except httpx.ConnectError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def stop(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.communicate()

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=120.0) as client:
            answer = client.request(method, f"{self.address}{path}", **options)
        answer.raise_for_status()
        return answer


@contextmanager
def running(data: Path) -> Iterator[Server]:
    server = Server(data)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.returncode is None:
            server.stop(signal.SIGKILL)

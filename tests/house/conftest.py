"""A talk with subtitles beside it, and the installed command run as a user runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ClipFactory, Take

RUSSIAN = """1
00:00:00,200 --> 00:00:02,000
Астронавт Анна Петрова готовит ракету к полёту.

2
00:00:02,100 --> 00:00:04,000
Инженеры проверяют новый двигатель перед стартом.

3
00:00:04,100 --> 00:00:06,000
Рыжий кот охраняет скафандр всю ночь.
"""


@dataclass(frozen=True)
class Done:
    """A finished command."""

    status: int
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("keyart:")]


Keyart = Callable[..., Done]


@pytest.fixture
def keyart(tmp_path: Path) -> Keyart:
    """`keyart("make", path, ...)` in a process of its own, with an empty cache; a hang fails the test."""

    def run(*words: object, cwd: Path = tmp_path, env: Mapping[str, str] | None = None, timeout: float = 120) -> Done:
        environment = {**os.environ, "KEYART_CACHE": str(tmp_path / "cache"), **(env or {})}
        command = [sys.executable, "-W", "error", "-m", "keyart", *map(str, words)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=timeout, check=False
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def talk(clip: ClipFactory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds: an astronaut, a rocket, a cup of coffee; Russian subtitles beside the file."""
    made = clip(
        takes=(Take("photo-astronaut", 2.0), Take("photo-rocket", 2.0), Take("photo-chelsea", 2.0)),
        size_px=(640, 360),
        tone_hz=440.0,
    )
    path = tmp_path_factory.mktemp("talk") / "разговор о ракете.mp4"
    shutil.copyfile(made, path)
    path.with_suffix(".ru.srt").write_text(RUSSIAN, "utf-8")
    return path

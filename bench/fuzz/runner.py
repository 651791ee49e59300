"""Cases through the command line, one after another, each in a child that may die without harm."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bench.fuzz.mutators import MUTATORS, fitting
from bench.fuzz.outcome import Ended, outcome_of
from bench.fuzz.seeds import Seed
from bench.fuzz.table import Case
from bench.record import REPO

PRELOADED = ("keyart.cli", "keyart.pipeline", "keyart.recipe", "keyart.terminal", "keyart.journal", "keyart.package")
_NOT_PRELOADED = ("_", "rich.__main__", "onnxruntime")
"""A budget forks only while onnxruntime, which begins threads as it is imported, is not there."""
LIGHT = """[covers]
presets = ["telegram"]
count = 1

[variants]
count = 1
looks = ["painted"]

[cutouts]
count = 1
"""
"""Nine of ten cases paint one cover and one variant: what a hostile file meets is what reads it, not what paints."""
_REAL_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Limits:
    """CPU time is the truth, as the machine may be busy with other things; the clock only catches who sleeps."""

    cpu_seconds: int = 12
    """Budget and grace, six seconds on two cores."""
    wall_seconds: float = 60.0
    memory_bytes: int = 3_000_000_000
    """Of data; what is mapped from files does not count."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A case before it is run."""

    number: int
    seed: Seed
    mutator: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()[:16]


def plan(number: int, seeds: Sequence[Seed]) -> Plan:
    """The case of that number: its clip, its mutator and its bytes follow from the number and the clips' bytes alone.

    The first cases are the clips as they are, so that a fault of theirs is not put down to a mutator.
    """
    if number < len(seeds):
        return Plan(number, seeds[number], "none", seeds[number].whole())
    chance = Random(number)
    made, real = [one for one in seeds if not one.real], [one for one in seeds if one.real]
    seed = chance.choice(real if real and chance.random() < _REAL_SHARE else made)
    other = chance.choice(made)
    mutator = chance.choice(fitting(seed.suffix))
    data = MUTATORS[mutator](seed.whole(), chance, other.whole())
    if chance.random() < 0.15:  # two faults find what one does not
        second = chance.choice(fitting(seed.suffix))
        mutator, data = f"{mutator} + {second}", MUTATORS[second](data, chance, other.whole()) if data else data
    return Plan(number, seed, mutator, data)


@dataclass(slots=True)
class Runner:
    """Keeps the zygote and a scratch folder; `close` ends both."""

    words: Sequence[str]
    """A command of keyart's and its flags, such as `make --budget 2s`."""
    code: Path
    """Folder with the package `keyart` that is tested."""
    limits: Limits = Limits()
    scratch: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="keyart-fuzz-", dir=_memory_disk())))
    _zygote: subprocess.Popen[str] | None = None
    _modules: tuple[str, ...] = PRELOADED

    def run(self, case: Plan, stamp: str, *, keep: bool = False) -> Case:
        folder = self.scratch / str(case.number)
        video = _laid_out(folder, case)
        package = folder / "out"
        before = frozenset(one.relative_to(folder).as_posix() for one in folder.rglob("*"))
        light = [] if case.number % 10 == 0 else ["-c", str(folder / "light.toml")]
        ended = self._ask(folder, [self.words[0], video.name, "-o", package.name, "-q", *light, *self.words[1:]])
        outcome, reason = outcome_of(ended, folder, package, before | {"stdout", "stderr"})
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        return Case(
            case.number, case.seed.name, case.mutator, case.sha256, outcome, reason,
            round(ended.seconds, 2), round(ended.cpu_seconds, 2), ended.peak_mb, stamp, " ".join(self.words),
        )  # fmt: skip

    def _ask(self, folder: Path, words: list[str]) -> Ended:
        zygote = self._started()
        environment = {"KEYART_CACHE": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
        limits = {name: getattr(self.limits, name) for name in ("cpu_seconds", "wall_seconds", "memory_bytes")}
        job = {"words": words, "folder": str(folder), "limits": limits, "environment": environment}
        assert zygote.stdin is not None
        assert zygote.stdout is not None
        zygote.stdin.write(json.dumps(job) + "\n")
        zygote.stdin.flush()
        told: dict[str, Any] = json.loads(zygote.stdout.readline())
        return Ended(**told, stderr=(folder / "stderr").read_text("utf-8", "replace"))

    def _started(self) -> subprocess.Popen[str]:
        if self._zygote is None or self._zygote.poll() is not None:
            path = os.pathsep.join((str(self.code), str(REPO)))
            environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "bench.fuzz.zygote"], cwd=self.scratch, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            assert self._zygote.stdin is not None
            assert self._zygote.stdout is not None
            self._zygote.stdin.write(json.dumps(self._modules) + "\n")
            self._zygote.stdin.flush()
            self._zygote.stdout.readline()
        return self._zygote

    def preload(self, case: Plan) -> None:
        """Have the zygote import whatever making this whole file imports; else every child would do so anew."""
        folder = self.scratch / "first"
        video = _laid_out(folder, case)
        script = (
            "import sys, json; from keyart.cli import main; sys.argv = ['keyart']\n"
            f"main(['make', {str(video)!r}, '-o', {str(folder / 'out')!r}, '-q'])\n"
            "print(json.dumps(sorted(sys.modules)))"
        )
        environment = {**os.environ, "PYTHONPATH": str(self.code), "KEYART_CACHE": str(folder / "cache")}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        self._modules = (*PRELOADED, *(one for one in found if not one.startswith(_NOT_PRELOADED)))
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        if self._zygote is not None:
            assert self._zygote.stdin is not None
            assert self._zygote.stdout is not None
            self._zygote.stdin.close()
            try:
                self._zygote.wait(self.limits.wall_seconds + 10)
            except subprocess.TimeoutExpired:  # it waits for a child that cannot be killed
                self._zygote.kill()
                self._zygote.wait()
            self._zygote.stdout.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def _memory_disk() -> str | None:
    """Thousands of packages a day, each written so that it would outlive a power cut, are not a disk's business."""
    place = Path("/dev/shm")
    return str(place) if os.access(place, os.W_OK) else None


def _laid_out(folder: Path, case: Plan) -> Path:
    """The case's files in a folder of their own."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tmp").mkdir(parents=True)
    (folder / "light.toml").write_text(LIGHT)
    video = folder / f"case{case.seed.video.suffix}"
    if case.seed.beside:
        video.write_bytes(case.seed.video.read_bytes())
        (folder / f"case.en{case.seed.beside}").write_bytes(case.data)
    else:
        video.write_bytes(case.data)
    return video

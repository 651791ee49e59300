"""A whole library: 200 short clips through `keyart library`, by local processes and on Ray, and under fire.

Throughput with one worker and with two, of one decode thread each, for both engines: whole processes, start-up
included. Then the same library while workers are killed every few seconds and the driver three times; each run is
started again until nothing is left to do. Every cell is kept under bench/work when it is done: an interrupted bench
goes on with the next. Needs Ray in the environment that runs it: `.venv-hub/bin/python -m bench library`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.library_clips import library_clips
from bench.processes import measured, tree, wait_for_quiet
from bench.record import REPO, WORK, commit, machine, write_result
from bench.speed import printed, targets_table

DATA = WORK / "library"
ORDER = (
    *("--parts", "stills,titles,covers", "--covers-presets", "youtube,telegram"),
    *("--threads", "1", "-q"),
)
"""Parts that cost about a second of one core a clip; the whole package would take an hour and say nothing else."""
MOMENTS = (0.2, 0.45, 0.7)
"""Shares of the packages at which the driver is killed."""
_PATIENCE_SECONDS = 1200.0


# --- scores: pure -------------------------------------------------------------------------------------------------


def efficiency(one_seconds: float, two_seconds: float) -> float:
    """Of two workers against one: 1.0 is twice the throughput."""
    return one_seconds / (2 * two_seconds)


def overhead(ray_seconds: float, local_seconds: float) -> float:
    """0.1: Ray takes a tenth longer."""
    return ray_seconds / local_seconds - 1


def done_twice(events: Iterable[Mapping[str, Any]]) -> int:
    """Stages of a content that the logs say were worked on more than once."""
    seen: Counter[tuple[str, str]] = Counter()
    for result in _results(events):
        for stage in result.get("stages", ()):
            seen[result["sha256"], stage["name"]] += not stage.get("resumed", False)
    return sum(count - 1 for count in seen.values() if count > 1)


def loaded_again(events: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """Worker processes that the results tell of, and how often one of them loaded a model that it had."""
    last = {one["worker"]: dict(one["loads"]) for one in _results(events) if one.get("loads")}
    return len(last), sum(count - 1 for loads in last.values() for count in loads.values())


def ends(events: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How the results ended; the last one of each video counts."""
    last = {result["row"]["name"]: result["end"] for result in _results(events)}
    return dict(sorted(Counter(last.values()).items()))


def core_seconds(events: Iterable[Mapping[str, Any]]) -> float:
    """Of the workers for one video, on average."""
    spent = [result.get("cpu_seconds", 0.0) for result in _results(events)]
    return sum(spent) / len(spent) if spent else 0.0


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> int:
    """Packages that only one of the two has, or that hold other bytes."""
    return sum(one.get(name) != other.get(name) for name in one.keys() | other.keys())


def _results(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (event["result"] for event in events if event.get("event") == "end" and event["result"]["end"] != "present")


# --- what lies on disk --------------------------------------------------------------------------------------------


def packages(output: Path) -> dict[str, str]:
    """Complete packages below the folder -> checksum of all their files, `run.json` aside."""
    found = {}
    for manifest in sorted(output.rglob("*.keyart/package.json")):
        digest = hashlib.sha256()
        for path in sorted(one for one in manifest.parent.rglob("*") if one.is_file() and one.name != "run.json"):
            digest.update(f"{path.relative_to(manifest.parent).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        found[manifest.parent.relative_to(output).as_posix()] = digest.hexdigest()
    return found


def log_of(output: Path) -> list[dict[str, Any]]:
    """Every event of every run over that output."""
    with (output / ".library" / "log.jsonl").open("rb") as log:
        return [event for line in log if (event := _event(line))]


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:  # torn by a kill
        return {}
    return event if isinstance(event, dict) else {}


class Watched(threading.Thread):
    """Looks at manifests and kept stages while a library is made: one that is written again is another file."""

    def __init__(self, output: Path) -> None:
        super().__init__(daemon=True)
        self._output, self._over = output, threading.Event()
        self._seen: dict[str, set[int]] = {}
        self.complete = 0
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.25):
            self.look()

    def look(self) -> None:
        manifests = list(self._output.rglob("*.keyart/package.json"))
        for path in [*manifests, *self._output.glob(".library/stages/*.stage")]:
            try:
                self._seen.setdefault(str(path), set()).add(path.stat().st_ino)
            except FileNotFoundError:
                continue
        self.complete = len(manifests)

    def stop(self) -> int:
        """How many files were written more than once."""
        self._over.set()
        self.join()
        self.look()
        return sum(len(numbers) > 1 for numbers in self._seen.values())


# --- cells --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """One way through the library."""

    engine: str
    workers: int
    under_fire: bool = False

    @property
    def name(self) -> str:
        return f"{self.engine}-{self.workers}{'-fire' if self.under_fire else ''}"


CELLS = (
    *(Cell(engine, workers) for workers in (1, 2) for engine in ("local", "ray")),
    *(Cell(engine, 2, under_fire=True) for engine in ("local", "ray")),
)


@dataclass(frozen=True, slots=True)
class Way:
    """What a cell goes over, and how roughly."""

    clips: Path
    count: int
    seed: int
    kill_seconds: float

    def command(self, cell: Cell, output: Path) -> list[str]:
        python = [sys.executable, "-m", "keyart", "library", str(self.clips), "-o", str(output)]
        return [*python, "--engine", cell.engine, "--workers", str(cell.workers), *ORDER]


def timed(cell: Cell, way: Way, output: Path) -> dict[str, Any]:
    """The library from start to end, with nothing in its way."""
    cost = measured(
        way.command(cell, output), folder=output.parent, environment=_environment(), timeout_seconds=_PATIENCE_SECONDS
    )
    events = log_of(output)
    first = next((event["at"] for event in events if event.get("event") == "begin"), "")
    last = [event["at"] for event in events if event.get("event") == "end"][-1:]
    processes, again = loaded_again(events)
    return {
        "seconds": round(cost.wall_seconds, 2),
        "making_seconds": round(_between(first, last[0]), 2) if first and last else 0.0,
        "core_seconds_each": round(core_seconds(events), 3),
        "ends": ends(events),
        "worker_processes": processes,
        "models_loaded_again": again,
        "stages_done_twice": done_twice(events),
        "stage_entries": len(list(output.glob(".library/stages/*.stage"))),
        "packages": packages(output),
    }


def _between(first: str, last: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def under_fire(cell: Cell, way: Way, output: Path) -> dict[str, Any]:
    """The library while its workers and its driver are killed; started again until nothing is left to do."""
    watched, began = Watched(output), time.monotonic()
    fire = Fire(way, random.Random(way.seed))
    runs = 0
    while runs < 12:
        runs += 1
        if fire.run(way.command(cell, output), output.parent, watched) == 0:
            break
    events, written_twice = log_of(output), watched.stop()
    return {
        "seconds": round(time.monotonic() - began, 1),
        "runs": runs,
        "workers_killed": fire.workers,
        "drivers_killed": fire.drivers,
        "orphans": fire.orphans,
        "ends": ends(events),
        "stages_done_twice": done_twice(events),
        "files_written_twice": written_twice,
        "stage_entries": len(list(output.glob(".library/stages/*.stage"))),
        "packages": packages(output),
    }


@dataclass(slots=True)
class Fire:
    """Kills: a worker every few seconds, the driver whenever so many of the packages are there."""

    way: Way
    chance: random.Random
    workers: int = 0
    drivers: int = 0
    orphans: int = 0
    """Workers that were still alive a few seconds after their driver."""
    _next: float = field(default=0.0)

    def run(self, command: Sequence[str], folder: Path, watched: Watched) -> int:
        """One run; its exit status, 0 where every video has its package."""
        with (folder / "fire.log").open("ab") as log:
            driver = subprocess.Popen(
                command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._next = time.monotonic() + self.way.kill_seconds
        until = time.monotonic() + _PATIENCE_SECONDS
        while driver.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
            if self.drivers < len(MOMENTS) and watched.complete >= MOMENTS[self.drivers] * self.way.count:
                self._kill_driver(driver)
            elif time.monotonic() >= self._next:
                self._kill_worker(driver.pid)
        if driver.poll() is None:
            driver.kill()
        return driver.wait()

    def _kill_driver(self, driver: subprocess.Popen[bytes]) -> None:
        at_work = workers_of(driver.pid)
        driver.kill()
        driver.wait()
        self.drivers += 1
        until = time.monotonic() + 10.0
        while any(map(_is_worker, at_work)) and time.monotonic() < until:
            time.sleep(0.02)
        self.orphans += sum(map(_is_worker, at_work))

    def _kill_worker(self, driver: int) -> None:
        self._next = time.monotonic() + self.way.kill_seconds * self.chance.uniform(0.7, 1.3)
        if at_work := workers_of(driver):
            os.kill(self.chance.choice(at_work), signal.SIGKILL)
            self.workers += 1


def workers_of(driver: int) -> list[int]:
    """Processes below the driver that make videos, and Ray's actors that own one."""
    return [pid for pid in tree(driver) if pid != driver and _is_worker(pid)]


def _is_worker(pid: int) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and (b"keyart.library.worker" in line or b"ray::MapWorker" in line)


def _environment() -> dict[str, str]:
    from keyart.models.store import store_folder

    kept = {name: value for name, value in os.environ.items() if name not in ("KEYART_CACHE", "KEYART_THREADS")}
    return {**kept, "KEYART_MODELS": str(store_folder())}


# --- what they say ------------------------------------------------------------------------------------------------


def summary(cells: Mapping[str, Mapping[str, Any]], count: int) -> dict[str, Any]:
    """Figures of the cells that are there, and the targets."""
    value: dict[str, float] = {}
    for engine in ("local", "ray"):
        if {f"{engine}-1", f"{engine}-2"} <= cells.keys():
            one, two = cells[f"{engine}-1"], cells[f"{engine}-2"]
            value[f"efficiency-{engine}"] = efficiency(one["seconds"], two["seconds"])
            value[f"efficiency-{engine}-making"] = efficiency(one["making_seconds"], two["making_seconds"])
    for workers in (1, 2):
        if {f"ray-{workers}", f"local-{workers}"} <= cells.keys():
            seconds = cells[f"ray-{workers}"]["seconds"], cells[f"local-{workers}"]["seconds"]
            value[f"overhead-{workers}"] = 100 * overhead(*seconds)
            making = cells[f"ray-{workers}"]["making_seconds"], cells[f"local-{workers}"]["making_seconds"]
            value[f"overhead-{workers}-making"] = 100 * overhead(*making)
    calm = [one for name, one in cells.items() if "fire" not in name]
    fired = [one for name, one in cells.items() if "fire" in name]
    if calm:
        value["loads"] = sum(one["models_loaded_again"] for one in calm)
        reference = calm[0]["packages"]
        value["same"] = sum(differing(reference, one["packages"]) for one in calm)
        if fired:
            value["missing"] = sum(count - len(one["packages"]) for one in fired)
            value["other-bytes"] = sum(differing(reference, one["packages"]) for one in fired)
            value["twice"] = sum(one["stages_done_twice"] + one["files_written_twice"] for one in fired)
            value["orphans"] = sum(one["orphans"] for one in fired)
    return {"values": {name: round(one, 3) for name, one in value.items()}, "targets": list(_targets(value))}


_TARGETS = (
    ("efficiency-local", "two local workers against one, the whole run: share of twice the throughput", 0.85, "", True),
    ("efficiency-local-making", "the same from the first row to the last", 0.85, "", True),
    ("efficiency-ray", "two workers on Ray against one, the whole run", 0.85, "", True),
    ("efficiency-ray-making", "the same from the first row to the last", 0.85, "", True),
    ("overhead-1", "Ray against local, one worker, the whole run: longer by", 15.0, "%", False),
    ("overhead-1-making", "the same from the first row to the last", 15.0, "%", False),
    ("overhead-2", "Ray against local, two workers, the whole run: longer by", 15.0, "%", False),
    ("overhead-2-making", "the same from the first row to the last", 15.0, "%", False),
    ("loads", "models loaded again by a worker that had them", 0.0, "", False),
    ("same", "packages that are not the same in all undisturbed runs", 0.0, "", False),
    ("missing", "under fire: packages missing in the end", 0.0, "", False),
    ("other-bytes", "under fire: packages of other bytes than undisturbed", 0.0, "", False),
    ("twice", "under fire: stages done or files written twice", 0.0, "", False),
    ("orphans", "under fire: workers that outlived their driver by 10 s", 0.0, "", False),
)


def _targets(value: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    for name, claim, limit, unit, at_least in _TARGETS:
        got = value.get(name)
        met = None if got is None else (got >= limit if at_least else got <= limit)
        facts = {"name": name, "claim": claim, "limit": limit, "unit": unit, "at_least": at_least}
        yield {**facts, "value": None if got is None else round(got, 3), "met": met}


def speed_table(cells: Mapping[str, Mapping[str, Any]], count: int) -> dict[str, Any]:
    rows = [
        [
            cell.engine,
            str(cell.workers),
            f"{cells[cell.name]['seconds']:.1f} s",
            f"{cells[cell.name]['making_seconds']:.1f} s",
            f"{60 * count / cells[cell.name]['seconds']:.0f}",
            f"{cells[cell.name]['core_seconds_each']:.2f} s",
        ]
        for cell in CELLS
        if cell.name in cells and not cell.under_fire
    ]
    columns = ["engine", "workers", "whole run", "first row to last", "videos a minute", "a worker's core, each"]
    return {"columns": columns, "align": "lrrrrr", "rows": rows}


def fire_table(cells: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    rows = [
        [
            cell.engine,
            *(str(found[name]) for name in ("workers_killed", "drivers_killed", "runs")),
            str(len(found["packages"])),
            str(found["stages_done_twice"]),
            str(found["files_written_twice"]),
            f"{found['seconds']:.0f} s",
        ]
        for cell in CELLS
        if cell.under_fire and (found := cells.get(cell.name))
    ]
    columns = [
        *("engine", "workers killed", "drivers killed", "runs", "packages complete"),
        *("stages done twice", "files written twice", "all runs together"),
    ]
    return {"columns": columns, "align": "lrrrrrrr", "rows": rows}


def result_of(cells: Mapping[str, Mapping[str, Any]], way: Way) -> dict[str, Any]:
    """The JSON that is kept; packages are told by their number."""
    told = summary(cells, way.count)
    plain = {name: {**one, "packages": len(one["packages"])} for name, one in cells.items()}
    return {
        "schema": 1,
        "bench": "library",
        "commit": commit(),
        "machine": machine(("av", "numpy", "opencv-contrib-python-headless", "ray")),
        "seed": way.seed,
        "clips": {"count": way.count, "seconds": [2, 4], "size_px": [320, 180], "frames_per_second": 25},
        "order": " ".join(ORDER),
        "method": "whole processes, start-up included, one after the other, output and stage cache empty at first",
        "kill_seconds": way.kill_seconds,
        "cells": plain,
        "values": told["values"],
        "targets": told["targets"],
        "tables": {
            "library-speed": speed_table(cells, way.count),
            "library-fire": fire_table(cells),
            "library-targets": targets_table(told["targets"]),
        },
    }


# --- command line -------------------------------------------------------------------------------------------------


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench library", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=200, help="how many (default 200); fewer leave the results alone")
    parser.add_argument("--seed", type=int, default=0, help="of the clips and of the kills (default 0)")
    parser.add_argument("--kill-seconds", type=float, default=4.0, help="between two workers killed (default 4)")
    parser.add_argument("--only", nargs="+", choices=[cell.name for cell in CELLS], help="some of the cells")
    parser.add_argument("--quiet-seconds", type=float, default=30.0, help="longest wait for a quiet machine (30)")
    parser.add_argument("--fresh", action="store_true", help="forget the cells that are done")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    args = _arguments(arguments)
    clips = library_clips(DATA / f"clips-{args.seed}-{args.clips}", args.clips, args.seed)
    way = Way(clips, args.clips, args.seed, args.kill_seconds)
    book = WORK / f"library-{args.clips}-{args.seed}-{commit()[:12]}.json"
    cells: dict[str, Any] = {} if args.fresh or not book.exists() else json.loads(book.read_text("utf-8"))
    for cell in CELLS:
        if cell.name in cells or (args.only and cell.name not in args.only):
            continue
        cells[cell.name] = _cell(cell, way, args.quiet_seconds)
        book.write_text(json.dumps(cells), "utf-8")
        print(f"{cell.name:12} {cells[cell.name]['seconds']:8.1f} s  {cells[cell.name]['ends']}", flush=True)
    result = result_of(cells, way)
    for table in result["tables"].values():
        print(f"\n{printed(table)}")
    if args.clips == 200 and len(cells) == len(CELLS):
        print(f"\n{write_result('library', result).relative_to(REPO)}")
    else:
        print("\na part of the bench: bench/results is left as it was")
    return 0


def _cell(cell: Cell, way: Way, quiet_seconds: float) -> dict[str, Any]:
    folder = DATA / cell.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    quiet = wait_for_quiet(quiet_seconds)
    found = (under_fire if cell.under_fire else timed)(cell, way, folder / "out")
    shutil.rmtree(folder, ignore_errors=True)
    return {**asdict(cell), "machine_quiet": quiet, **found}

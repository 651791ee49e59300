"""Hours of mixed work in one process: does memory stay flat, are files and threads given back?

`python -m bench soak --minutes 120` leaves bench/results/soak.json, brought up to date after each round: a run that is
cut short has its figures. Memory is what the process holds after a round, which is all the work once, in an order and
on videos drawn by lot; the first rounds load models and fill what is kept, and are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.clips import bench_clip
from bench.record import MEDIA, commit, machine, write_result

LARGEST_BYTES = 4_000_000
"""Of real files: short ones, so that a round is minutes."""
MOST_VIDEOS = 11
"""No multiple of the number of works: each meets each."""
TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds after a round."""

    minutes: float
    """Since the start."""
    resident_mib: float
    descriptors: int
    threads: int
    tasks: int
    """Done so far."""


@dataclass(frozen=True, slots=True)
class Flatness:
    """What became of memory once the process was warm."""

    median_mib: float
    lowest: float
    """Of the windows' medians, as a share of the whole run's median; 1.0 is level."""
    highest: float
    growth_per_hour: float
    """Slope of the line through all rounds (Theil and Sen), as a share of the median."""
    more_descriptors: int
    """Most held after a round, above what the first warm round held."""
    more_threads: int

    @property
    def is_flat(self) -> bool:
        return self.lowest >= 1 - TOLERANCE and self.highest <= 1 + TOLERANCE and not self.more_descriptors


def flatness(rounds: Sequence[Held], windows: int = 10) -> Flatness:
    """Of warm rounds in the order of time, cut into equal parts. Raises `ValueError` for fewer than two rounds."""
    if len(rounds) < 2:
        raise ValueError(f"{len(rounds)} rounds: flatness needs two at least")
    whole = statistics.median(one.resident_mib for one in rounds)
    edges = [round(number * len(rounds) / windows) for number in range(windows + 1)]
    parts = [rounds[low:high] for low, high in pairwise(edges) if high > low]
    medians = [statistics.median(one.resident_mib for one in part) / whole for part in parts]
    return Flatness(
        whole,
        min(medians),
        max(medians),
        _slope(rounds) * 60 / whole,
        max(one.descriptors for one in rounds) - rounds[0].descriptors,
        max(one.threads for one in rounds) - rounds[0].threads,
    )


def _slope(rounds: Sequence[Held]) -> float:
    pairs = ((a, b) for number, a in enumerate(rounds) for b in rounds[number + 1 :] if b.minutes > a.minutes)
    slopes = [(b.resident_mib - a.resident_mib) / (b.minutes - a.minutes) for a, b in pairs]
    return statistics.median(slopes) if slopes else 0.0


def held(started: float, tasks: int) -> Held:
    """Now. Garbage is collected, nothing else is done for a better figure."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        round((time.monotonic() - started) / 60, 3),
        round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1,  # the listing's own
        threading.active_count(),
        tasks,
    )


# --- the work -----------------------------------------------------------------------------------------------------


def packages(video: Path, folder: Path) -> None:
    """The whole package, then once more from what was kept."""
    _keyart("make", video, "-o", folder / "package", "--fresh")
    _keyart("make", video, "-o", folder / "package")


def fast_stills(video: Path, folder: Path) -> None:
    _keyart("frames", video, "-o", folder / "frames", "--scan", "fast", "--fresh")


def shots(video: Path, _: Path) -> None:
    _keyart("shots", video, "--json", "--fresh")


def titles(video: Path, _: Path) -> None:
    _keyart("titles", video, "--json", "--fresh")


def short_versions(video: Path, folder: Path) -> None:
    _keyart("summary", video, "-o", folder / "summary", "--for", "shorts", "--fresh")


def looks(video: Path, folder: Path) -> None:
    _keyart("variants", video, "-o", folder / "variants", "--fresh")


def judged(video: Path, _: Path) -> None:
    _keyart("judge", video, "--json")


def refusals(video: Path, folder: Path) -> None:
    """Files that are no video, or half of one."""
    data = video.read_bytes()
    for name, part in {"half.mp4": data[: len(data) // 2], "none.mp4": b"\0" * 4096, "tail.mp4": data[-5000:]}.items():
        (folder / name).write_bytes(part)
        _keyart("make", folder / name, "-o", folder / f"{name}.keyart", "--fresh", well=False)


WORK: dict[str, Callable[[Path, Path], None]] = {
    "packages": packages,
    "fast stills": fast_stills,
    "shots": shots,
    "titles": titles,
    "short versions": short_versions,
    "looks": looks,
    "judge": judged,
    "refusals": refusals,
}


def _keyart(*words: object, well: bool = True) -> None:
    """One command in this very process. Raises `RuntimeError` where it fails and should not."""
    from keyart.cli import main as command

    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        status = command([str(word) for word in (*words, *(() if "--json" in words else ("-q",)))])
    if well and status:
        raise RuntimeError(f"keyart {' '.join(map(str, words))}: exit {status}")


def videos(seed: int = 0, media: Path = MEDIA) -> list[Path]:
    """Short real files; where there are none, made clips."""
    real = [one for one in sorted((media / "video").glob("*.*")) if one.stat().st_size < LARGEST_BYTES]
    usual = [one for one in real if not one.name.startswith(("bad_", "edge_long", "long_"))]
    return random.Random(seed).sample(usual, min(len(usual), MOST_VIDEOS)) or [
        bench_clip(5, seed=each, media=media).path for each in range(3)
    ]


def rounds(
    clips: Sequence[Path],
    seconds: float,
    seed: int = 0,
    work: Sequence[str] = tuple(WORK),
    seconds_now: Callable[[], float] = time.monotonic,
) -> Iterator[Held]:
    """Work until the time is over; what is held after each round: all the work once, each on the next video."""
    lots, coming, started, tasks = random.Random(seed), cycle(clips), seconds_now(), 0
    while seconds_now() - started < seconds:
        for name in lots.sample(list(work), len(work)):
            with (
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
                patch.dict(os.environ, KEYART_CACHE=f"{folder}/cache"),
            ):
                WORK[name](next(coming), Path(folder))
            tasks += 1
        yield held(started, tasks)


# --- the command ----------------------------------------------------------------------------------------------------


def result(found: Sequence[Held], warm_rounds: int, seed: int, made_at: str, material: str) -> dict[str, Any]:
    """What bench/results/soak.json holds."""
    warm = found[warm_rounds:]
    told: dict[str, Any] = {
        "commit": made_at,
        "machine": machine(),
        "seed": seed,
        "material": material,
        "work": list(WORK),
    }
    told |= {"warm_rounds_left_out": warm_rounds, "rounds": [asdict(one) for one in found]}
    if len(warm) >= 2:
        flat = flatness(warm)
        told |= {"flatness": {**asdict(flat), "is_flat": flat.is_flat}, "hours": round(found[-1].minutes / 60, 2)}
        told |= {"facts": _facts(flat, found[-1])}
    return told


def _facts(flat: Flatness, last: Held) -> dict[str, str]:
    """For running text."""
    return {
        "soak-hours": f"{last.minutes / 60:.1f}",
        "soak-tasks": str(last.tasks),
        "soak-mib": f"{flat.median_mib:.0f}",
        "soak-range": f"{100 * (flat.lowest - 1):+.1f} ... {100 * (flat.highest - 1):+.1f} %",
        "soak-growth": f"{100 * flat.growth_per_hour:+.1f} %",
        "soak-leaks": f"{flat.more_descriptors} and {flat.more_threads}",
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warm", type=int, default=0, help="rounds left out; 0: those of the first sixth of the time")
    asked = parser.parse_args(arguments)
    clips, made_at, found = videos(asked.seed), commit(), list[Held]()
    material = f"{len(clips)} short real videos" if clips[0].is_relative_to(MEDIA) else "made clips"
    for one in rounds(clips, asked.minutes * 60, asked.seed):
        found.append(one)
        print(
            f"{one.minutes:7.1f} min  {one.resident_mib:7.1f} MiB  {one.descriptors} files  {one.threads} threads",
            flush=True,
        )
        warm = asked.warm or sum(1 for each in found if each.minutes < asked.minutes / 6)
        write_result("soak", result(found, warm, asked.seed, made_at, material))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

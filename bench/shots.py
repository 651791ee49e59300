"""`python -m bench.shots`: cuts and dissolves found against hand-made truth; leaves bench/results/shots.json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.record import MEDIA, RESULTS, commit, machine, write_result

TOLERANCE_SECONDS = 0.15
TRUTH = MEDIA.parent / "gt" / "shots" / "manual_cuts_dev.json"
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Truth:
    """Times in seconds from the first displayed frame."""

    cuts: tuple[float, ...]
    gradual: tuple[Span, ...] = ()
    ignore: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    hits: int = 0
    false: int = 0
    missed: int = 0
    gradual_hits: int = 0
    gradual_total: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.hits + other.hits,
            self.false + other.false,
            self.missed + other.missed,
            self.gradual_hits + other.gradual_hits,
            self.gradual_total + other.gradual_total,
        )

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / both if both else 1.0


def score(found: Iterable[float], truth: Truth, tolerance: float = TOLERANCE_SECONDS) -> Score:
    """Each found boundary answers for one cut at most, the nearest pair first.

    What is left over counts as false unless it lies in a gradual transition (a hit of that one) or an ignored range.
    """
    left = list(found)
    pairs = sorted((abs(one - cut), one, cut) for one in left for cut in truth.cuts if abs(one - cut) <= tolerance)
    met: set[float] = set()
    for _, one, cut in pairs:
        if one in left and cut not in met:
            left.remove(one)
            met.add(cut)
    gradual = {span for span in truth.gradual for one in left if _inside(one, span, tolerance)}
    spare = (*truth.gradual, *truth.ignore)
    false = sum(not any(_inside(one, span, tolerance) for span in spare) for one in left)
    return Score(len(met), false, len(truth.cuts) - len(met), len(gradual), len(truth.gradual))


def _inside(seconds: float, span: Span, tolerance: float) -> bool:
    return span[0] - tolerance <= seconds <= span[1] + tolerance


def truths(path: Path, start_seconds: Mapping[str, float]) -> dict[str, Truth]:
    """The hand-made truth, whose times are the container's: each file's start is taken off."""
    read = {}
    for name, one in json.loads(path.read_text())["videos"].items():
        start = start_seconds.get(name, 0.0)
        read[name] = Truth(
            tuple(cut - start for cut in one["cuts"]),
            tuple((a - start, b - start) for a, b in one["gradual"]),
            tuple((a - start, b - start) for a, b in one["ignore"]),
        )
    return read


def boundaries(path: Path) -> list[float]:
    """What keyart finds: the start of every shot but the first."""
    from keyart.media.probe import probe
    from keyart.media.scan import Scan
    from keyart.shots import DetectShots

    info = probe(path)
    watcher = DetectShots().watch(info)
    run = Scan().open(info)
    for glimpse in run:
        watcher.see(glimpse)
    return [shot.start for shot in watcher.shots(run.report.end_seconds)[1:]]


def measure(videos: Mapping[str, Path], truth: Mapping[str, Truth]) -> dict[str, Any]:
    scores = {name: score(boundaries(path), truth[name]) for name, path in videos.items()}
    total = sum(scores.values(), Score())
    rows = {name: _row(one) for name, one in scores.items()}
    return {"tolerance_seconds": TOLERANCE_SECONDS, "total": _row(total), "videos": rows}


def _row(one: Score) -> dict[str, Any]:
    rates = {"precision": one.precision, "recall": one.recall, "f1": one.f1}
    return {**asdict(one), **{name: round(rate, 3) for name, rate in rates.items()}}


def main(arguments: Sequence[str] | None = None) -> int:
    from keyart.media.probe import probe

    parser = argparse.ArgumentParser(prog="bench.shots", description=__doc__)
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--videos", type=Path, default=MEDIA / "video")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder for shots.json")
    chosen = parser.parse_args(arguments)
    names = json.loads(chosen.truth.read_text())["videos"]
    videos = {name: chosen.videos / name for name in names if (chosen.videos / name).is_file()}
    # the truth counts from the container's zero; only MPEG-TS starts far from it
    starts = {name: probe(path).start_seconds for name, path in videos.items()}
    result = measure(videos, truths(chosen.truth, starts))
    facts = {"commit": commit(), "machine": machine(), "data": chosen.truth.name}
    write_result("shots", {**facts, **result}, chosen.output)
    for name, row in [*result["videos"].items(), ("all", result["total"])]:
        hits = f"{row['hits']} hit, {row['missed']} missed, {row['false']} false"
        print(f"{name:40} F1 {row['f1']:.3f}  {hits}, gradual {row['gradual_hits']} of {row['gradual_total']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

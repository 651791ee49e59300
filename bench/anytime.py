"""Levels and budgets: what a time buys, and whether more of it ever buys less.

What each level is worth is measured on a ruler that knows nothing of levels (bench.anytime_worth). Then every clip is
given every budget by `keyart make --budget`, whole processes, start-up included, and what came is weighed on the same
ruler. Cells are kept under bench/work as they are done: an interrupted bench goes on with the next.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.anytime_worth import Ruler, Worth, worth_of
from bench.record import MEDIA, REPO, WORK, commit, machine, write_result
from keyart.anytime import FLOOR_SECONDS, GRACE_SECONDS, LEVELS, make_level
from keyart.cache import StageCache
from keyart.package import MANIFEST, read_manifest

DATA = WORK / "anytime"
BUDGETS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
CLIPS = (
    "subs_webvtt_track.webm",
    "sport_archery_xvid.avi",
    "talk_en_congress_a.mp4",
    "anim_fractal_theora.ogv",
    "edit_city_bikes_noaudio.mp4",
    "vertical_drummer_204x360.mp4",
    "nasa_moonwalk_mjpeg.mov",
    "derived/subs_manifesto_ru_movtext.mp4",
)
_FEW = 0.02
"""A score of a still that differs by less is the same: faces are found a pixel to the left."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One clip at one level, or with one budget."""

    clip: str
    asked: str
    """A level's name, or a budget in seconds."""
    level: str
    """What came; "" where nothing did."""
    worth: Worth | None
    cpu_seconds: float
    wall_seconds: float
    busy: float = 1.0
    """How many times longer than its work a process took to begin: 1 on a quiet machine."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench anytime", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", default=",".join(CLIPS), help="names in the folder of real videos, or paths")
    parser.add_argument("--levels-only", action="store_true", help="no budgets: a busy machine keeps none")
    parser.add_argument("--at-hand", action="store_true", help="measure nothing: tell of the clips that are measured")
    parser.add_argument("--budgets", default=",".join(f"{one:g}" for one in BUDGETS), help="in seconds")
    args = parser.parse_args(arguments)
    clips = [_clip(name) for name in args.clips.split(",")]
    DATA.mkdir(parents=True, exist_ok=True)
    budgets = () if args.levels_only else tuple(float(one) for one in args.budgets.split(","))
    cells = [cell for clip in clips for cell in (_at_hand(clip, budgets) if args.at_hand else _measured(clip, budgets))]
    write_result("anytime", _result(cells, budgets))
    return 0


def _clip(name: str) -> Path:
    path = Path(name) if Path(name).is_file() else MEDIA / "video" / name
    if not path.is_file():
        raise SystemExit(f"{path}: no such clip; name others with --clips")
    return path


# --- measuring --------------------------------------------------------------------------------------------------


def _asked(budgets: Sequence[float]) -> list[str]:
    return [*(level.name for level in LEVELS), *(f"{one:g}" for one in budgets)]


def _log(clip: Path) -> Path:
    return DATA / f"{clip.stem}-{_code()}.jsonl"


def _at_hand(clip: Path, budgets: Sequence[float]) -> list[Cell]:
    known = {cell.asked: cell for cell in _read(_log(clip))}
    return [known[asked] for asked in _asked(budgets) if asked in known]


def _measured(clip: Path, budgets: Sequence[float]) -> Iterable[Cell]:
    """All cells of a clip: those at hand, then those that are not."""
    log = _log(clip)
    known = {cell.asked: cell for cell in _read(log)}
    wanted = _asked(budgets)
    missing = [asked for asked in wanted if asked not in known]
    ruler = Ruler(clip) if missing else None
    for asked in missing:
        assert ruler is not None
        known[asked] = _at_level(clip, asked, ruler) if asked.isalpha() else _with_budget(clip, asked, ruler)
        print(f"{clip.name:36} {asked:>7} {known[asked].level:7} {known[asked].worth}", flush=True)
        with log.open("a") as file:
            file.write(json.dumps(asdict(known[asked])) + "\n")
    return [known[asked] for asked in wanted]


def _code() -> str:
    """Changes with what decides how much a level makes, which stills are chosen, and how they are weighed."""
    files = [REPO / "src/keyart/anytime" / name for name in ("levels.py", "skim.py")]
    files += [*sorted((REPO / "src/keyart/stills").glob("*.py")), REPO / "bench/anytime_worth.py"]
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:12]


def _read(log: Path) -> list[Cell]:
    if not log.is_file():
        return []
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return [Cell(**{**row, "worth": _worth(row["worth"])}) for row in rows]


def _worth(row: Mapping[str, Any] | None) -> Worth | None:
    return Worth(**{**row, "scores": tuple(row["scores"])}) if row else None


def _at_level(clip: Path, level: str, ruler: Ruler) -> Cell:
    folder, cache = DATA / "package", StageCache(DATA / "cache", fresh=True)
    shutil.rmtree(folder, ignore_errors=True)
    wall, cpu = time.perf_counter(), time.process_time()
    made = make_level(clip, level, folder, cache=cache)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cell(clip.name, level, made.level, worth_of(made.manifest, ruler), round(cpu, 2), round(wall, 2))


def _with_budget(clip: Path, budget: str, ruler: Ruler) -> Cell:
    folder = DATA / "package"
    shutil.rmtree(folder, ignore_errors=True)
    busy = _busy()
    command = [sys.executable, "-m", "keyart", "make", str(clip), "-o", str(folder), "-q", "--budget", f"{budget}s"]
    environment = {**os.environ, "KEYART_CACHE": str(DATA / "budgets"), "HF_HUB_OFFLINE": "1"}
    start = time.perf_counter()
    subprocess.run([*command, "--fresh"], env=environment, check=False, capture_output=True)
    wall = time.perf_counter() - start
    if not (folder / MANIFEST).is_file():
        return Cell(clip.name, budget, "", None, 0.0, round(wall, 2), busy)
    found = read_manifest(folder)
    level = found["settings"].get("budget", {}).get("level", "full")
    return Cell(clip.name, budget, level, worth_of(found, ruler), 0.0, round(wall, 2), busy)


def _busy() -> float:
    """How many times longer than its work a piece of work takes now."""
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() - cpu < 0.2:
        pass
    return round((time.perf_counter() - wall) / 0.2, 2)


# --- telling ----------------------------------------------------------------------------------------------------


def falls(cells: Sequence[Cell], measure: str) -> list[str]:
    """Where that measure of a clip falls from one cell to the next: more time has bought less of it."""
    pairs = [(before, after) for before, after in itertools.pairwise(cells) if before.worth]
    return [
        f"{after.clip}: {before.asked} -> {after.asked}"
        for before, after in pairs
        if _of_worth(after, before, measure) < _of_worth(before, after, measure) - _FEW
    ]


def _of_worth(cell: Cell, beside: Cell, measure: str) -> float:
    """Of the first stills as many as both offer: the mean of three is less than the best of them alone."""
    if not cell.worth:
        return 0.0
    if measure == "first_stills" and beside.worth:
        return cell.worth.mean_of(min(len(cell.worth.scores), len(beside.worth.scores)))
    return float(getattr(cell.worth, measure))


def _result(cells: Sequence[Cell], budgets: Sequence[float]) -> dict[str, Any]:
    levels = {level.name: [one for one in cells if one.asked == level.name] for level in LEVELS}
    timed = {f"{one:g}": rows for one in budgets if (rows := [cell for cell in cells if cell.asked == f"{one:g}"])}
    clips = list(dict.fromkeys(one.clip for one in cells))
    fallen = {
        name: [fall for clip in clips for kind in (levels, timed) for fall in falls(_of(kind, clip), name)]
        for name in _JUDGED
    }
    steps = sum(max(0, len(_of(kind, clip)) - 1) for clip in clips for kind in (levels, timed))
    busy = statistics.median([one.busy for rows in timed.values() for one in rows] or [0.0])
    tables = {"anytime_levels": _level_table(levels), "anytime_falls": _fall_table(fallen, steps)}
    tables |= {"anytime_budgets": _budget_table(timed)} if timed else {}
    return {
        "schema": 1,
        "bench": "anytime",
        "commit": commit(),
        "machine": machine(),
        "data": {"clips": clips},
        "seed": 0,
        "floor_seconds": FLOOR_SECONDS,
        "grace_seconds": GRACE_SECONDS,
        "median_busy": busy,
        "cells": [asdict(one) for one in cells],
        "falls": fallen,
        "tables": tables,
        "facts": {
            "anytime_clips": str(len(clips)),
            "anytime_busy": f"{busy:.1f}",
            "anytime_timed": str(len({one.clip for rows in timed.values() for one in rows})),
        },
    }


def _of(kind: Mapping[str, Sequence[Cell]], clip: str) -> list[Cell]:
    return [one for rows in kind.values() for one in rows if one.clip == clip]


def _median(cells: Sequence[Cell], name: str) -> float:
    return statistics.median([float(getattr(one.worth, name)) for one in cells if one.worth] or [0.0])


_MEASURES = ("products", "num_stills", "parts", "best_still", "first_stills", "covers", "contrast")
_COLUMNS = ["files", "stills", "parts", "best still", "first three", "readable covers", "contrast"]
_WHOLE = ("products", "num_stills", "covers")


_JUDGED = {
    "parts": "share of the parts that have something in them",
    "best_still": "the best still",
    "first_stills": "the mean of the first stills, three or as many as both offer",
    "covers": "covers with a readable headline",
}


def _fall_table(fallen: Mapping[str, Sequence[str]], steps: int) -> dict[str, Any]:
    rows = [[what, str(steps), str(len(fallen[name]))] for name, what in _JUDGED.items()]
    return {"columns": ["measure", "steps", "fell"], "align": "lrr", "rows": rows}


def _shown(cells: Sequence[Cell]) -> list[str]:
    return [f"{_median(cells, name):.{0 if name in _WHOLE else 2}f}" for name in _MEASURES]


def _level_table(levels: Mapping[str, Sequence[Cell]]) -> dict[str, Any]:
    rows = [
        [name, f"{statistics.median(one.cpu_seconds for one in cells):.1f} s", *_shown(cells)]
        for name, cells in levels.items()
    ]
    return {"columns": ["level", "work", *_COLUMNS], "align": "l" + "r" * 8, "rows": rows}


def _budget_table(timed: Mapping[str, Sequence[Cell]]) -> dict[str, Any]:
    rows = []
    for budget, cells in timed.items():
        limit = max(float(budget), FLOOR_SECONDS) + GRACE_SECONDS
        levels = [one.level or "none" for one in cells]
        told = ", ".join(f"{levels.count(name)} {name}" for name in dict.fromkeys(levels))
        late = sum(one.wall_seconds > limit for one in cells)
        wall = statistics.median(one.wall_seconds for one in cells)
        rows.append([f"{budget} s", told, f"{wall:.1f} s", str(late), *_shown(cells)])
    return {"columns": ["budget", "came", "took", "over the limit", *_COLUMNS], "align": "ll" + "r" * 9, "rows": rows}

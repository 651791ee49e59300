"""`python -m bench learn`: every recipe on generated data whose truth is known, and whether the seed's ordering holds.

Each recipe has two generators; the second was written after the recipe was frozen. Every table has a null control: the
same data with shuffled labels, where no ordering may survive. A cell is one training: generator, control, seed, method;
cells are kept in bench/work/learn and taken up again as long as the recipe's code and its bench are the same. Leaves
bench/results/learn_<name>.json.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.record import WORK, commit, machine, write_result

BENCHES = ("keyframes", "thumbnails", "multimodal", "gif", "elm", "language", "re_sum")
"""Modules of bench.learn; each has `PLANTED`."""
Metrics = Mapping[str, float]
_MODES = ("truth", "null")


@dataclass(frozen=True, slots=True)
class Claim:
    """`better` beats `worse` in `metric`; with `or_equal` it may fall short of it by `margin`."""

    better: str
    worse: str
    metric: str
    higher_is_better: bool = True
    or_equal: bool = False
    margin: float = 0.0
    source: str = ""

    @property
    def words(self) -> str:
        sign = (">=" if self.or_equal else ">") if self.higher_is_better else ("<=" if self.or_equal else "<")
        return f"{self.better} {sign} {self.worse}, {self.metric}"


@dataclass(frozen=True)
class Planted:
    """A recipe's bench."""

    name: str
    generators: Mapping[str, Callable[[int], Any]]
    """first, second: seed -> data, with its parts for training and test inside."""
    shuffled: Callable[[Any, int], Any]
    """The same data with labels that say nothing."""
    run: Callable[[Any, int, str], Metrics]
    """(data, seed, method) -> metrics of one training on test data."""
    methods: tuple[str, ...]
    claims: tuple[Claim, ...]
    code: tuple[str, ...]
    """Modules or packages of the recipe: where one changes, its cells are computed again."""
    note: str
    """What is planted, in words."""
    seeds: int = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    difference: float
    """Mean over seeds of how far the better one is ahead."""
    low: float
    high: float
    word: str
    """holds, not shown, reversed."""


def verdict(claim: Claim, better: Sequence[float], worse: Sequence[float]) -> Verdict:
    """Of paired differences over seeds, with their 95 % t-interval."""
    sign = 1.0 if claim.higher_is_better else -1.0
    ahead = [sign * (one - other) for one, other in zip(better, worse, strict=True)]
    mean, half = mean_interval(ahead)
    low, high = mean - half, mean + half
    least = -claim.margin if claim.or_equal else 0.0
    holds = low >= least if claim.or_equal else low > 0
    return Verdict(mean, low, high, "holds" if holds else "reversed" if high < least else "not shown")


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and half of its 95 % t-interval; infinite for a single value."""
    from scipy.stats import t  # type: ignore[import-untyped]  # ships no types

    if len(values) < 2:
        return float(values[0]), math.inf
    half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.fmean(values), half


# --- cells --------------------------------------------------------------------------------------------------------


def stamp(bench: Planted) -> str:
    """Changes with the recipe's code and with its bench."""
    files: list[Path] = []
    for name in (*bench.code, bench.run.__module__):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ValueError(f"{bench.name}: no module {name}")
        origin = Path(spec.origin)
        files += sorted(origin.parent.glob("*.py")) if origin.name == "__init__.py" else [origin]
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:16]


def cells(bench: Planted, say: Callable[[str], None], folder: Path = WORK / "learn") -> list[dict[str, Any]]:
    """All of them; those that were computed before are read."""
    path = folder / f"{bench.name}-{stamp(bench)}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    done = {_key(row): row for row in map(json.loads, lines)}
    with path.open("a", encoding="utf-8") as file:
        for row in _missing(bench, done):
            file.write(json.dumps(row) + "\n")
            file.flush()
            done[_key(row)] = row
            say(f"{' '.join(map(str, _key(row)))}: {json.dumps(row['metrics'])} in {row['seconds']} s")
    return list(done.values())


def _missing(bench: Planted, done: Mapping[tuple[Any, ...], Any]) -> Iterator[dict[str, Any]]:
    for generator, generate in bench.generators.items():
        for seed in range(bench.seeds):
            data: Any = None
            for mode in _MODES:
                for method in bench.methods:
                    row = {"generator": generator, "mode": mode, "seed": seed, "method": method}
                    if _key(row) in done:
                        continue
                    data = generate(seed) if data is None else data
                    began = time.monotonic()
                    metrics = bench.run(data if mode == "truth" else bench.shuffled(data, seed), seed, method)
                    plain = {name: round(float(value), 6) for name, value in metrics.items()}
                    yield {**row, "metrics": plain, "seconds": round(time.monotonic() - began, 2)}


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["generator"], row["mode"], row["seed"], row["method"]


# --- tables -------------------------------------------------------------------------------------------------------


def values(rows: Sequence[Mapping[str, Any]], generator: str, mode: str, method: str, metric: str) -> list[float]:
    """One a seed, in the order of seeds."""
    mine = sorted(
        (one for one in rows if (one["generator"], one["mode"], one["method"]) == (generator, mode, method)),
        key=lambda one: int(one["seed"]),
    )
    return [one["metrics"][metric] for one in mine if metric in one["metrics"]]


def tables(bench: Planted, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """learn_<name>: every method; learn_<name>_claims: what the seed says and what came out."""
    metrics = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    shown = []
    for generator in bench.generators:
        for mode in _MODES:
            for method in bench.methods:
                found = [values(rows, generator, mode, method, metric) for metric in metrics]
                shown.append([generator, mode, method, *(_shown(one) for one in found)])
    name = f"learn_{bench.name}"
    columns = ["generator", "labels", "method", *metrics]
    return {
        name: {"columns": columns, "align": "lll" + "r" * len(metrics), "rows": shown},
        f"{name}_claims": _claims(bench, rows),
    }


def _claims(bench: Planted, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    shown = []
    for claim in bench.claims:
        for generator in bench.generators:
            said = [
                verdict(
                    claim,
                    values(rows, generator, mode, claim.better, claim.metric),
                    values(rows, generator, mode, claim.worse, claim.metric),
                )
                for mode in _MODES
            ]
            shown.append([claim.words, generator, *(part for one in said for part in (_ahead(one), one.word))])
    columns = ["claim", "generator", "ahead by (95 %)", "verdict", "labels shuffled", "verdict there"]
    return {"columns": columns, "align": "llrlrl", "rows": shown}


def _shown(found: Sequence[float]) -> str:
    if not found:
        return "-"
    mean, half = mean_interval(found)
    return f"{mean:.3f} ± {half:.3f}"


def _ahead(one: Verdict) -> str:
    return f"{one.difference:+.3f} ({one.low:+.3f} ... {one.high:+.3f})"


def measured(bench: Planted, say: Callable[[str], None]) -> dict[str, Any]:
    """Every cell of a recipe, its tables written as bench/results/learn_<name>.json."""
    rows = [row for row in cells(bench, say) if row["method"] in bench.methods and row["seed"] < bench.seeds]
    result = {
        "commit": commit(),
        "machine": machine(("numpy", "torch", "scikit-learn")),
        "note": bench.note,
        "seeds": bench.seeds,
        "cells": rows,
        "tables": tables(bench, rows),
    }
    write_result(f"learn_{bench.name}", result)
    return result


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench learn", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="a recipe; may be said again")
    chosen = parser.parse_args(arguments).only or BENCHES
    import torch

    torch.set_num_threads(1)  # tiny networks: a second thread costs more than it brings
    for name in chosen:
        bench: Planted = importlib.import_module(f"bench.learn.{name}").PLANTED
        result = measured(bench, lambda line: print(line, file=sys.stderr, flush=True))
        for table in result["tables"].values():
            for row in (table["columns"], *table["rows"]):
                print(" | ".join(map(str, row)))
            print()
    return 0

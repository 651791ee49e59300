"""What a million hours need, from measured costs per stage; where the bottleneck moves; how far the sums are right.

`python -m bench scale --measure 1` takes one more round of costs (bench.stage_costs over bench.scale_clips); without
it, the sums of bench.scale_sums are done over what is there, and held against what `bench library` has measured.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.record import REPO, RESULTS, WORK, commit, machine, write_result
from bench.scale_sums import (
    DAY,
    EXAMPLE_MIX,
    FIRST_SECONDS,
    HOUR,
    HOURS,
    Check,
    Costs,
    Kind,
    Line,
    Needs,
    Plan,
    Prices,
    Shared,
    Station,
    ceilings,
    checks,
    costs_of,
    demands,
    kind_of,
    medians,
    needs,
    simulate,
)

ROUNDS = WORK / "scale" / "costs.jsonl"
LIBRARY = RESULTS / "library.json"
UNMEASURED = "not measured here"


# --- taking measurements --------------------------------------------------------------------------------------------


def measure(rounds: int) -> None:
    """So many rounds more, each in a process of its own, kept as they come."""
    from bench.scale_clips import all_clips

    clips = [str(one) for one in all_clips()]
    ROUNDS.parent.mkdir(parents=True, exist_ok=True)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}: {len(clips)} clips", flush=True)
        command = [sys.executable, "-m", "bench.stage_costs", *clips]
        done = subprocess.run(command, cwd=REPO, stdout=subprocess.PIPE, text=True, check=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        with ROUNDS.open("a") as file:
            file.write(json.dumps({"commit": commit(), "rows": rows}) + "\n")


def kept_rounds() -> list[list[dict[str, Any]]]:
    """Rounds measured here, or those of the result that is in the repository."""
    if ROUNDS.exists():
        return [json.loads(line)["rows"] for line in ROUNDS.read_text().splitlines()]
    path = RESULTS / "scale.json"
    return json.loads(path.read_text())["rounds"] if path.exists() else []


def driver_seconds(videos: int = 200) -> dict[str, float]:
    """Of one driver for a video, on this disk: to look whether it is settled, and to book its end for sure.

    The quickest tenth of many tries: each is shorter than a turn of the processor, and others want it too.
    """
    from keyart.library.ledger import opened
    from keyart.library.values import Limits, Result, Row, StageTold

    stages = tuple(StageTold(f"stage {number}", "ok", 1.0, False) for number in range(16))
    times: dict[str, list[float]] = {"is it settled": [], "its end, for sure": []}
    with tempfile.TemporaryDirectory(dir=WORK) as place, opened(place, "key", Limits()) as ledger:
        for number in range(videos):
            row = Row(f"/nowhere/{number}.mp4", f"{number}", 1, "stamp")
            begun = time.perf_counter()
            mark = ledger.mark(row)
            ledger.settled(row, mark)
            looked = time.perf_counter()
            ledger.end(Result(row, "made", seconds=10.0, sha256="0" * 64, key="0" * 32, stages=stages), mark)
            times["is it settled"].append(looked - begun)
            times["its end, for sure"].append(time.perf_counter() - looked)
    return {name: _quick(found) for name, found in times.items()}


def index_seconds(packages: Sequence[int] = (20, 120)) -> dict[str, float]:
    """To add a package of 32 pictures to an index, at two sizes; to compare a picture with a row; bytes a row."""
    from keyart.nearness.index import Entry, Shown, open_index
    from keyart.nearness.signature import CELLS, Signature

    chance = np.random.default_rng(0)
    times: list[float] = []
    with tempfile.TemporaryDirectory(dir=WORK) as place:
        index = open_index(Path(place) / "index")
        for number in range(max(packages)):
            entries = [
                Entry(
                    Shown(f"frames/{at:02}.jpg", "still", float(at)),
                    Signature(
                        chance.integers(0, 2**63, 4, np.uint64), chance.integers(0, 255, (CELLS, CELLS), np.uint8)
                    ),
                )
                for at in range(32)
            ]
            begun = time.perf_counter()
            index.add(f"{number}", f"{number:064}", entries, 600.0)
            times.append(time.perf_counter() - begun)
        stored = sum(one.stat().st_size for one in (Path(place) / "index").iterdir())
        rows = 32 * max(packages)
        told = {f"add, at {number} packages": _quick(times[number - 20 : number]) for number in packages}
    return told | {
        "add": _quick(times[-20:]),
        "search, a row": search_seconds(),
        "bytes a row": stored / rows,
    }


def library_seconds(count: int = 12) -> dict[str, float]:
    """Core seconds of a clip of `bench library`, made as there, on average, and those of a worker's start."""
    from bench.library_clips import library_clips

    clips = sorted(map(str, library_clips(WORK / "scale" / "library", count).rglob("*.mp4")))
    command = [sys.executable, "-m", "bench.stage_costs", "--like-library", *clips]
    done = subprocess.run(command, cwd=REPO, stdout=subprocess.PIPE, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    each = [sum(row["stages"].values()) for row in rows]
    return {"each": sum(each) / len(each), "start": rows[0]["start"], "clips": len(rows)}


def search_seconds(rows: int = 1 << 16) -> float:
    """Of comparing one picture's bits with those of a row: what every search does with every row of an index."""
    from keyart.nearness.signature import hamming

    bits = np.random.default_rng(0).integers(0, 2**63, (rows, 4), np.uint64)
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        hamming(bits[0], bits)
        times.append(time.perf_counter() - begun)
    return _quick(times) / rows


def _quick(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 10]


# --- tables ---------------------------------------------------------------------------------------------------------


TEN_MINUTES = Kind(1.0, "h264", 1280, 720, 30, 600, 2.5)


def stage_table(costs: Costs) -> dict[str, Any]:
    """What stages cost; those that cost next to nothing are left out."""
    whole = sum(costs.seconds(TEN_MINUTES).values())
    rows = []
    for name, line in (("decode", Line(per_gigapixel=costs.decode["h264"])), *costs.stages.items()):
        spent = line.of(TEN_MINUTES)
        if spent >= 0.05:
            parts = [f"{one:.2f}" for one in _shown(line)]
            shown = "scan, beyond the decode" if name == "scan" else name
            rows.append([shown, *parts, f"{spent:.1f}", f"{100 * spent / whole:.0f} %"])
    rows.append(["**all**", *[""] * 5, f"**{whole:.1f}**", ""])
    columns = [
        "seconds of one core", "a video", "10^6 pixels of a picture", "its first 30 s", "10 min", "10^9 pixels in all",
        "10 min of 720p", "of all",
    ]  # fmt: skip
    return {"columns": columns, "align": "lrrrrrrr", "rows": rows}


def _shown(line: Line) -> tuple[float, ...]:
    """Its parts, for 30 first seconds and for ten minutes."""
    fixed, picture, first, second, pixels = line.parts
    return fixed, picture, FIRST_SECONDS * first, 600 * second, pixels


def codec_table(costs: Costs) -> dict[str, Any]:
    rows = []
    for codec, each in sorted(costs.decode.items(), key=lambda one: one[1]):
        hours = [each * width * height * 30 * HOUR / 1e9 / 60 for width, height in ((1280, 720), (1920, 1080))]
        rows.append([{"libdav1d": "av1"}.get(codec, codec), f"{each:.2f}", *(f"{one:.1f}" for one in hours)])
    columns = ["bare decode", "core seconds for 10^9 pixels", "core minutes for an hour of 720p30", "of 1080p30"]
    return {"columns": columns, "align": "lrrr", "rows": rows}


def bytes_table(costs: Costs, index: Mapping[str, float]) -> dict[str, Any]:
    def row(name: str, line: Line) -> list[str]:
        shown = [f"{one / 1e6:.1f}" for one in _shown(line)[:4]]
        return [name, *shown, f"{line.of(TEN_MINUTES) / 1e6:.0f} MB"]

    found = [row("package", costs.package_bytes), row("stage cache", costs.cache_bytes)]
    kept = index["bytes a row"]
    of_a_package = 32 * kept / 1e6
    found.append(
        [f"index, 32 pictures of {kept:.0f} bytes", f"{of_a_package:.2f}", "0", "0", "0", f"{of_a_package:.2f} MB"]
    )
    columns = ["MB", "a video", "10^6 pixels of a picture", "its first 30 s", "10 min", "10 min of 720p"]
    return {"columns": columns, "align": "lrrrrr", "rows": found}


def needs_table(found: Needs, plan: Plan) -> dict[str, Any]:
    rows = [
        ["videos", f"{found.videos / 1e6:.2f} million"],
        ["core-days, all cores busy", f"{found.core_days:,.0f}"],
        [f"cores for {plan.days:g} days at {100 * plan.utilisation:.0f} %", f"{found.cores:,.0f}"],
        ["GPUs, embedded tier", "0"],
        ["GPUs, hub tier", UNMEASURED],
        ["network in", f"{found.bytes_in / 1e12:,.0f} TB, {found.bytes_in_per_second * 8 / 1e9:.1f} Gbit/s"],
        ["packages", f"{found.package_bytes / 1e12:,.0f} TB"],
        ["stage cache, were all of it kept", f"{found.cache_bytes / 1e12:,.0f} TB"],
        [
            "index of near-duplicates",
            f"{found.index_rows / 1e6:,.0f} million pictures, {found.index_bytes / 1e12:.2f} TB",
        ],
    ]
    return {"columns": ["1 million hours of the example mix", "needed"], "align": "lr", "rows": rows}


def money_table(found: Needs, plan: Plan, prices: Prices) -> dict[str, Any]:
    how = {
        "cores": f"core-hours / {plan.utilisation:g} x {prices.core_hour:g}",
        "GPUs": f"GPU-hours / {plan.utilisation:g} x {prices.gpu_hour:g}; {UNMEASURED}, 0 in the embedded tier",
        "network in": f"TB x {prices.network_tb:g}",
        "packages stored": f"TB x {prices.stored_tb_month:g} x {plan.months:g} months",
    }
    rows = [[name, how[name], f"{one:,.0f}"] for name, one in found.money.items()]
    rows.append(["**all**", "", f"**{sum(found.money.values()):,.0f}**"])
    return {"columns": ["example, at example prices", "how", "units of money"], "align": "llr", "rows": rows}


def mix_table(mix: Sequence[Kind], costs: Costs) -> dict[str, Any]:
    rows = []
    for kind in mix:
        spent = sum(costs.seconds(kind).values())
        share, rate = f"{100 * kind.share:.0f} %", f"{kind.megabits:g} Mbit/s"
        rows.append([kind.label, share, rate, f"{spent:.0f} s", f"{kind.seconds / spent:.0f} x"])
    columns = [
        "example mix",
        "of the hours",
        "bit rate",
        "core seconds of one video",
        "faster than it plays, on one core",
    ]
    return {"columns": columns, "align": "lrrrr", "rows": rows}


WORKERS = (1, 2, 32, 256, 1024, 4096, 16384, 32768)


def growth_table(core_seconds: float, stations: Sequence[Station], mean_video_seconds: float) -> dict[str, Any]:
    rows = []
    for workers in WORKERS:
        bounds = ceilings(workers, core_seconds, stations)
        told = simulate(workers, core_seconds, stations, videos=max(4000, 3 * workers))
        bound = min(bounds.values())
        days = HOURS * HOUR / (told.videos_per_second * mean_video_seconds) / DAY
        busiest = [f"{100 * told.busy[one.name]:.0f} %" for one in stations]
        rates = f"{told.videos_per_second:.3g}", f"{told.videos_per_second / bound:.2f}"
        shown = f"{days:,.0f}" if days >= 10 else f"{days:.1f}"
        rows.append([f"{workers:,}", *rates, shown, f"{100 * told.busy['cores']:.0f} %", *busiest, told.bottleneck])
    columns = [
        "workers", "videos a second", "of the bound", "days for 1 M hours", "cores busy",
        *(one.name for one in stations), "busiest",
    ]  # fmt: skip
    return {"columns": columns, "align": "r" * (5 + len(stations)) + "l", "rows": rows}


def limits_table(core_seconds: float, stations: Sequence[Station], mean_video_seconds: float) -> dict[str, Any]:
    """Up to how many workers each shared place keeps up."""
    rows = []
    for one in sorted(stations, key=lambda one: one.seconds / one.servers, reverse=True):
        each = one.seconds / one.servers
        rows.append([
            one.name, f"{1000 * each:.2f} ms", f"{1 / each:,.0f}", f"{core_seconds / each:,.0f}",
            f"{HOURS * HOUR / mean_video_seconds * each / DAY:.2f}",
        ])  # fmt: skip
    columns = [
        "shared by all",
        "a video",
        "videos a second at most",
        "keeps so many workers busy",
        "days for 1 M hours, alone",
    ]
    return {"columns": columns, "align": "lrrrr", "rows": rows}


def check_table(found: Sequence[Check]) -> dict[str, Any]:
    rows = [
        [
            *(one.engine, one.workers, one.videos),
            *(f"{seconds:.0f} s" for seconds in (one.measured_seconds, one.predicted_seconds)),
            f"{one.ratio:.2f}",
            *(f"{seconds:.2f} s" for seconds in (one.measured_core_seconds, one.predicted_core_seconds)),
            f"{one.core_ratio:.2f}",
        ]
        for one in found
    ]
    columns = [
        "engine", "workers", "videos", "run, measured", "predicted", "predicted / measured",
        "core seconds of a video, measured", "predicted", "predicted / measured",
    ]  # fmt: skip
    return {"columns": columns, "align": "lrrrrrrrr", "rows": rows or [["library bench", UNMEASURED, *[""] * 7]]}


def fit_table(costs: Costs, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How well three numbers a stage tell what each clip cost."""
    told = []
    for row in rows:
        measured, said = sum(row["stages"].values()), sum(costs.seconds(kind_of(row)).values())
        told.append([
            row["clip"].removesuffix(".mp4"), f"{row['decode_seconds']:.2f} s", f"{measured:.2f} s",
            f"{measured / row['decode_seconds']:.1f} x", f"{said / measured:.2f}",
        ])  # fmt: skip
    columns = ["clip", "bare decode", "package, core seconds", "package / decode", "formula / measured"]
    return {"columns": columns, "align": "lrrrr", "rows": told}


# --- all of it ------------------------------------------------------------------------------------------------------


def result_of(
    rounds: Sequence[Sequence[Mapping[str, Any]]], parts: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Everything that the pages show. `parts`: seconds of the driver and of the index, as measured."""
    rows = medians(rounds)
    costs = costs_of(rows)
    plan, prices, mix = Plan(row_bytes=parts["index"]["bytes a row"]), Prices(), EXAMPLE_MIX
    shared = Shared(driver_seconds=sum(parts["driver"].values()), index_seconds=parts["index"]["add"])
    core_seconds, stations = demands(costs, mix, shared)
    mean_video = 1.0 / sum(kind.share / kind.seconds for kind in mix)
    found = needs(costs, mix, plan, prices)
    library = json.loads(LIBRARY.read_text()) if LIBRARY.exists() else {}
    held = checks(parts["library"]["each"], parts["library"]["start"], library)
    return {
        "method": "process time of a worker of one thread; medians over rounds, each in proportion to its bare decode",
        "rounds_measured": len(rounds),
        "costs": asdict(costs),
        "parts": {name: dict(one) for name, one in parts.items()},
        "plan": asdict(plan),
        "prices": asdict(prices),
        "mix": [asdict(kind) for kind in mix],
        "needs": asdict(found),
        "checks": [{**asdict(one), "ratio": one.ratio, "core_ratio": one.core_ratio} for one in held],
        "tables": {
            "scale-stages": stage_table(costs),
            "scale-codecs": codec_table(costs),
            "scale-bytes": bytes_table(costs, parts["index"]),
            "scale-mix": mix_table(mix, costs),
            "scale-needs": needs_table(found, plan),
            "scale-money": money_table(found, plan, prices),
            "scale-limits": limits_table(core_seconds, stations, mean_video),
            "scale-growth": growth_table(core_seconds, stations, mean_video),
            "scale-fit": fit_table(costs, rows),
            "scale-check": check_table(held),
        },
        "facts": _facts(costs, parts, found, len(rounds)),
        "rounds": [list(one) for one in rounds],
    }


def _facts(costs: Costs, parts: Mapping[str, Mapping[str, float]], found: Needs, rounds: int) -> dict[str, str]:
    search = parts["index"]["search, a row"]
    return {
        "scale-rounds": str(rounds),
        "scale-heard": _heard(),
        "scale-start": f"{costs.start_seconds:.1f} s",
        "scale-ten-minutes": f"{sum(costs.seconds(TEN_MINUTES).values()):.0f}",
        "scale-core-days": f"{found.core_days:,.0f}",
        "scale-cores": f"{found.cores:,.0f}",
        "scale-settled": f"{1000 * parts['driver']['is it settled']:.2f} ms",
        "scale-booked": f"{1000 * parts['driver']['its end, for sure']:.2f} ms",
        "scale-search": f"{1e9 * search:.0f} ns",
        "scale-search-full": f"{search * 50e6:.1f} s",
        "scale-index-20": f"{1000 * parts['index'].get('add, at 20 packages', 0.0):.0f} ms",
        "scale-index-120": f"{1000 * parts['index'].get('add, at 120 packages', 0.0):.0f} ms",
        "scale-index-shards": f"{int(np.ceil(found.index_rows / 50e6))}",
        "scale-ledger-gb": f"{found.videos * 300 / 1e9:.1f} GB",
    }


def _heard() -> str:
    """Core seconds of recognising English, for a second of sound; the whole process, as `bench speed` has measured."""
    path = RESULTS / "speed.json"
    rows = json.loads(path.read_text())["measurements"] if path.exists() else []
    each = [row["median_cpu_seconds"] / row["clip_seconds"] for row in rows if row["contender"] == "recognition"]
    return f"{each[0]:.2f} s" if each else UNMEASURED


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench scale", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--measure", type=int, default=0, metavar="ROUNDS", help="take so many more rounds of costs first"
    )
    parser.add_argument("--parts", action="store_true", help="measure the driver and the index again")
    args = parser.parse_args(arguments)
    if args.measure:
        measure(args.measure)
    rounds = kept_rounds()
    if not rounds:
        print("no costs are measured yet: python -m bench scale --measure 1", file=sys.stderr)
        return 1
    earlier = json.loads((RESULTS / "scale.json").read_text()) if (RESULTS / "scale.json").exists() else {}
    fresh = args.parts or "parts" not in earlier
    parts = {"driver": driver_seconds(), "index": index_seconds()} if fresh else dict(earlier["parts"])
    if args.parts or LIBRARY.exists() or "library" not in parts:
        parts["library"] = library_seconds()  # of this hour, as what it is held against
    result = {"schema": 1, "bench": "scale", "commit": commit(), "machine": machine(), "seed": 0}
    path = write_result("scale", result | result_of(rounds, parts))
    for one in json.loads(path.read_text())["checks"]:
        print(f"{one['engine']}, {one['workers']} workers: predicted / measured {one['ratio']:.2f}")
    print(path)
    return 0

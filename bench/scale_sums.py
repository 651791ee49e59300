"""The sums behind docs/scale.md: costs from measured clips, what a library needs, where the bottleneck moves.

Pure functions of measured costs and of assumptions, each of which is a field with a name.
"""

from __future__ import annotations

import heapq
import itertools
import random
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

HOURS = 1_000_000
FIRST_SECONDS = 30.0
"""After which a video has as many products as any longer one."""
DAY, HOUR = 86_400.0, 3600.0
Rounds = Sequence[Sequence[Mapping[str, Any]]]
"""Measured: rounds of clips, as `bench.stage_costs` tells each."""


# --- costs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """What something costs: of a video, for each 10^6 pixels of one picture, for each of the first seconds (until there
    are as many stills, covers and pieces as are asked for), for each second, for each 10^9 pixels that pass by."""

    fixed: float = 0.0
    per_megapixel: float = 0.0
    per_first_second: float = 0.0
    per_second: float = 0.0
    per_gigapixel: float = 0.0

    def of(self, kind: Kind) -> float:
        return sum(part * size for part, size in zip(self.parts, kind.sizes, strict=True))

    @property
    def parts(self) -> tuple[float, ...]:
        return self.fixed, self.per_megapixel, self.per_first_second, self.per_second, self.per_gigapixel


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one worker of one thread: seconds of a core, and bytes."""

    stages: Mapping[str, Line]
    """Scan is what it costs beyond the bare decode."""
    decode: Mapping[str, float]
    """Codec -> seconds for 10^9 pixels."""
    package_bytes: Line
    cache_bytes: Line
    start_seconds: float
    """Of a worker, once: loading code and models."""

    def seconds(self, kind: Kind) -> dict[str, float]:
        """Of one video: the bare decode first, then stage by stage."""
        found = {"decode": self.decode[kind.codec] * kind.gigapixels}
        return found | {name: line.of(kind) for name, line in self.stages.items()}


@dataclass(frozen=True, slots=True)
class Kind:
    """Videos of one sort, and their share of all hours."""

    share: float
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    seconds: float
    """Of one video."""
    megabits: float
    """10^6 bits a second of video, sound included."""

    @property
    def megapixels(self) -> float:
        """Of one picture."""
        return self.width_px * self.height_px / 1e6

    @property
    def gigapixels(self) -> float:
        """Of all of them."""
        return self.megapixels * self.frames_per_second * self.seconds / 1e3

    @property
    def sizes(self) -> tuple[float, ...]:
        """What the parts of a `Line` are multiplied by."""
        return 1.0, self.megapixels, min(self.seconds, FIRST_SECONDS), self.seconds, self.gigapixels

    @property
    def bytes_in(self) -> float:
        return self.megabits * 1e6 / 8 * self.seconds

    @property
    def label(self) -> str:
        return f"{self.codec} {self.height_px}p{self.frames_per_second:g}, {self.seconds / 60:g} min"


PASSING = ("scan", "rest")
"""Stages that meet every picture, or every byte, of a video; the others look at a few."""


def fit(rows: Sequence[tuple[Kind, float]], *, passing: bool) -> Line:
    """The line through (clip, cost) with no negative part that is least wrong in proportion.

    Least squares on relative errors; of all subsets of the parts, the best whose parts are not negative. What is not
    `passing` has no part that grows with all pixels, and what is has none that grows with those of one picture.
    """
    costs = np.array([cost for _, cost in rows], float)
    columns = np.array([kind.sizes for kind, _ in rows], float)
    weights = 1.0 / np.maximum(costs, 0.02 * max(float(costs.max()), 1e-9))
    allowed = (0, 3, 4) if passing else (0, 1, 2, 3)
    best, least = np.zeros(5), float(((costs * weights) ** 2).sum())
    for number in range(1, len(allowed) + 1):
        for chosen in map(list, itertools.combinations(allowed, number)):
            parts = np.zeros(5)
            parts[chosen] = np.linalg.lstsq(columns[:, chosen] * weights[:, None], costs * weights, rcond=None)[0]
            error = float(((columns @ parts - costs) ** 2 * weights**2).sum())
            if (parts >= 0).all() and error < least - 1e-12:
                best, least = parts, error
    return Line(*map(float, best))


def medians(rounds: Rounds) -> list[dict[str, Any]]:
    """One row a clip: the median over its rounds, times taken in proportion to the bare decode beside them.

    A busy machine makes decode and stages slow alike; the ratio stays, and the clip's usual decode makes it seconds.
    """
    found = []
    for name in dict.fromkeys(row["clip"] for rows in rounds for row in rows):
        same = [row for rows in rounds for row in rows if row["clip"] == name]
        usual = statistics.median(row["decode_seconds"] for row in same)
        paced = [(row, usual / row["decode_seconds"]) for row in same]
        stages = {
            stage: statistics.median(row["stages"].get(stage, 0.0) * pace for row, pace in paced)
            for stage in dict.fromkeys(stage for row in same for stage in row["stages"])
        }
        found.append({**same[0], "stages": stages, "decode_seconds": usual, "rounds": len(same)})
        if started := [row["start"] * pace for row, pace in paced if "start" in row]:
            found[-1]["start"] = statistics.median(started)
    return found


def kind_of(row: Mapping[str, Any]) -> Kind:
    """A measured clip."""
    width_px, height_px = row["size_px"]
    rate = row["frames"] / row["seconds"]
    megabits = row["bytes_in"] * 8 / row["seconds"] / 1e6
    return Kind(1.0, row["codec"], width_px, height_px, rate, row["seconds"], megabits)


def costs_of(rows: Sequence[Mapping[str, Any]]) -> Costs:
    """Measured clips -> costs of any video."""
    decode: dict[str, list[float]] = {}
    for row in rows:
        if row["size_px"][1] >= 360:  # a small clip is all overhead
            decode.setdefault(row["codec"], []).append(row["decode_seconds"] / kind_of(row).gigapixels)
    lines = {}
    for name in dict.fromkeys(stage for row in rows for stage in row["stages"]):
        spent = [row["stages"].get(name, 0.0) - (row["decode_seconds"] if name == "scan" else 0.0) for row in rows]
        pairs = [(kind_of(row), max(0.0, one)) for row, one in zip(rows, spent, strict=True)]
        lines[name] = fit(pairs, passing=name in PASSING)
    return Costs(
        lines,
        {name: statistics.median(found) for name, found in decode.items()},
        fit([(kind_of(row), row["package_bytes"]) for row in rows], passing=False),
        fit([(kind_of(row), row["stage_cache_bytes"]) for row in rows], passing=False),
        next((row["start"] for row in rows if "start" in row), 0.0),
    )


# --- what a library needs -------------------------------------------------------------------------------------------

EXAMPLE_MIX = (
    Kind(0.35, "h264", 1920, 1080, 30, 600, 5.0),
    Kind(0.35, "h264", 1280, 720, 30, 600, 2.5),
    Kind(0.10, "hevc", 1920, 1080, 30, 1800, 3.0),
    Kind(0.10, "vp9", 1920, 1080, 30, 600, 3.0),
    Kind(0.10, "h264", 640, 360, 25, 120, 0.8),
)
"""An example, not a measurement: lengths, sizes and bit rates of somebody's archive go here."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Example prices, in one currency; whoever computes puts in their own."""

    core_hour: float = 0.04
    gpu_hour: float = 2.00
    stored_tb_month: float = 20.0
    network_tb: float = 0.0
    """Of bytes that come in; many stores take nothing where workers stand beside them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Assumptions of a calculation, beside the mix of videos."""

    hours: float = HOURS
    days: float = 10.0
    """In which it shall be done."""
    utilisation: float = 0.85
    """Share of the time that a core works for it."""
    heard_share: float = 0.0
    """Of all hours, those whose speech is recognised; what has subtitles is not."""
    heard_seconds: float = 0.0
    """Core seconds of recognition for a second of video."""
    gpu_seconds: float = 0.0
    """Of a GPU for a video, in the hub tier; 0: the embedded tier."""
    index_rows: float = 32.0
    """Pictures of a package that the search for near-duplicates keeps."""
    row_bytes: float = 1056.0
    """Of one of them: 32 bytes of bits, 1,024 of cells."""
    months: float = 12.0
    """For which packages are stored."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What it takes."""

    videos: float
    core_seconds: Mapping[str, float]
    """Stage -> seconds of one core."""
    cores: float
    gpus: float
    bytes_in: float
    bytes_in_per_second: float
    package_bytes: float
    cache_bytes: float
    """Of every stage's outcome, if all were kept until the end; it is bounded in use."""
    index_bytes: float
    index_rows: float
    money: Mapping[str, float]

    @property
    def core_days(self) -> float:
        return sum(self.core_seconds.values()) / DAY


def needs(costs: Costs, mix: Sequence[Kind], plan: Plan, prices: Prices) -> Needs:
    """Sums over the mix. Raises `ValueError` where shares do not add up to 1."""
    if abs(sum(kind.share for kind in mix) - 1.0) > 1e-6:
        raise ValueError(f"shares of hours add up to {sum(kind.share for kind in mix):g}, not to 1")
    seconds: dict[str, float] = {}
    totals = dict.fromkeys(("videos", "in", "package", "cache"), 0.0)
    for kind in mix:
        videos = plan.hours * HOUR * kind.share / kind.seconds
        for name, one in costs.seconds(kind).items():
            seconds[name] = seconds.get(name, 0.0) + one * videos
        totals["videos"] += videos
        totals["in"] += kind.bytes_in * videos
        totals["package"] += costs.package_bytes.of(kind) * videos
        totals["cache"] += costs.cache_bytes.of(kind) * videos
    seconds["recognition"] = plan.hours * HOUR * plan.heard_share * plan.heard_seconds
    rows = totals["videos"] * plan.index_rows
    busy = plan.days * DAY * plan.utilisation
    gpu_seconds = totals["videos"] * plan.gpu_seconds
    money = {
        "cores": sum(seconds.values()) / plan.utilisation / HOUR * prices.core_hour,
        "GPUs": gpu_seconds / plan.utilisation / HOUR * prices.gpu_hour,
        "network in": totals["in"] / 1e12 * prices.network_tb,
        "packages stored": totals["package"] / 1e12 * prices.stored_tb_month * plan.months,
    }
    return Needs(
        totals["videos"], seconds, sum(seconds.values()) / busy, gpu_seconds / busy, totals["in"],
        totals["in"] / (plan.days * DAY), totals["package"], totals["cache"], rows * plan.row_bytes, rows, money,
    )  # fmt: skip


# --- where the bottleneck moves -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Station:
    """A place that every video passes: so many served at a time, each for so many seconds."""

    name: str
    seconds: float
    servers: int = 1


def demands(costs: Costs, mix: Sequence[Kind], shared: Shared) -> tuple[float, tuple[Station, ...]]:
    """Seconds that a mean video keeps its worker's core busy, and the stations that all workers share."""
    weights = [kind.share / kind.seconds for kind in mix]
    total = sum(weights)

    def mean(of: Callable[[Kind], float]) -> float:
        return sum(weight * of(kind) for weight, kind in zip(weights, mix, strict=True)) / total

    core = mean(lambda kind: sum(costs.seconds(kind).values()))
    come = mean(lambda kind: kind.bytes_in)
    made = mean(costs.package_bytes.of)
    return core, (
        Station("store, out of it", come / shared.read_bytes_per_second),
        Station("store, into it", made / shared.write_bytes_per_second),
        Station("driver and its ledger", shared.driver_seconds),
        Station("index", shared.index_seconds, shared.index_shards),
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers share. Bandwidths are assumptions; the seconds are measured on one disk."""

    read_bytes_per_second: float = 12.5e9
    """100 Gbit/s out of the store."""
    write_bytes_per_second: float = 12.5e9
    driver_seconds: float = 0.0
    """Of one driver for a video: is it settled, hand it out, book its end for sure."""
    index_seconds: float = 0.0
    """To add a package to one index."""
    index_shards: int = 1


def ceilings(workers: int, core_seconds: float, stations: Iterable[Station]) -> dict[str, float]:
    """Videos a second that each place could do at most; the least of them is the bottleneck."""
    found = {"cores": workers / core_seconds}
    return found | {one.name: one.servers / one.seconds for one in stations if one.seconds > 0}


@dataclass(frozen=True, slots=True)
class Simulated:
    """How a run went."""

    videos_per_second: float
    busy: Mapping[str, float]
    """Place -> share of the time that it worked."""

    @property
    def bottleneck(self) -> str:
        return max(self.busy, key=lambda name: self.busy[name])


def simulate(
    workers: int,
    core_seconds: float,
    stations: Sequence[Station],
    *,
    videos: int = 20_000,
    spread: float = 0.8,
    seed: int = 0,
) -> Simulated:
    """A run, event by event: each worker takes a video through all stations, first come first served, then its core.

    Times of the core are log-normal with the mean `core_seconds` and `spread` as the standard deviation of the
    logarithm; those of the stations are exponential. The first tenth of the videos is not counted.
    """
    chance = random.Random(seed)
    free = [[0.0] * one.servers for one in stations]
    busy, core_busy = [0.0] * len(stations), 0.0
    mu = -spread * spread / 2
    # (time, worker, step): a step of len(stations) is the core's; each worker is at one place at a time
    events = [(chance.random() * core_seconds, worker, 0) for worker in range(workers)]
    heapq.heapify(events)
    done, warm, begun, now = 0, max(videos // 10, 1), 0.0, 0.0
    while done < videos:
        now, worker, step = heapq.heappop(events)
        if step == len(stations):
            took = core_seconds * chance.lognormvariate(mu, spread)
            core_busy += took if done >= warm else 0.0
            heapq.heappush(events, (now + took, worker, step + 1))
        elif step > len(stations):
            done += 1
            if done == warm:
                begun = now
            heapq.heappush(events, (now, worker, 0))
        else:
            station = stations[step]
            first = heapq.heappop(free[step])
            took = chance.expovariate(1 / station.seconds) if station.seconds > 0 else 0.0
            until = max(first, now) + took
            busy[step] += took if done >= warm else 0.0
            heapq.heappush(free[step], until)
            heapq.heappush(events, (until, worker, step + 1))
    span = max(now - begun, 1e-12)
    shares = {one.name: min(1.0, spent / span / one.servers) for one, spent in zip(stations, busy, strict=True)}
    return Simulated((videos - warm) / span, {"cores": min(1.0, core_busy / span / workers)} | shares)


# --- against what was measured --------------------------------------------------------------------------------------


def predicted_seconds(each: float, videos: int, workers: int, cores: int, start: float) -> float:
    """Of a run over so many videos of `each` core seconds: workers share the cores, and each is started once."""
    return each * videos / min(workers, cores) + start * max(1.0, workers / cores)


@dataclass(frozen=True, slots=True)
class Check:
    """A run over a library, and what was said of it."""

    engine: str
    workers: int
    videos: int
    measured_seconds: float
    """On the clock, the whole run."""
    predicted_seconds: float
    measured_core_seconds: float
    """Of a worker for one video, as the ledger says."""
    predicted_core_seconds: float

    @property
    def ratio(self) -> float:
        return self.predicted_seconds / self.measured_seconds

    @property
    def core_ratio(self) -> float:
        return self.predicted_core_seconds / self.measured_core_seconds if self.measured_core_seconds else 0.0


def checks(each: float, start: float, result: Mapping[str, Any]) -> list[Check]:
    """`bench library`'s undisturbed cells, `local-1` ... `ray-2`, against `each` core seconds a clip."""
    videos = int(result.get("clips", {}).get("count", 0))
    cores = int(result.get("machine", {}).get("cores", 1))
    found = []
    for name, cell in result.get("cells", {}).items():
        engine, _, workers = name.partition("-")
        if not workers.isdecimal() or not videos or cell.get("seconds", 0) <= 0:
            continue  # one under fire says nothing of speed
        told = predicted_seconds(each, videos, int(workers), cores, start)
        spent = float(cell.get("core_seconds_each", 0.0))
        found.append(Check(engine, int(workers), videos, float(cell["seconds"]), told, spent, each))
    return found

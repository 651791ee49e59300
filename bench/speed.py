"""Whole-process time and memory of keyart, beside the bare decode and the rivals, on the same clips in one run.

Every round runs each contender once, in the same order (A B C A B C ...), so that what disturbs the machine disturbs
all of them; a ratio is the median over the rounds of the ratio within a round. Unfinished measurements are kept under
bench/work and taken up again as long as the measured code is the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from bench.clips import BenchClip, bench_clip, repeated, with_subtitles
from bench.processes import CommandFailed, Cost, measured, wait_for_quiet
from bench.record import REPO, WORK, commit, machine, write_result
from bench.rivals import RIVALS
from keyart.models.store import store_folder

Role = Literal["floor", "keyart", "rival"]
Line = Callable[[Path, Path], list[str]]


@dataclass(frozen=True, slots=True)
class Contender:
    """One command of the race. `line(clip, folder)` is the command; what it makes goes into the folder."""

    name: str
    what: str
    role: Role
    line: Line
    needs: str = ""
    """Name of the rival whose virtual environment it runs in."""
    slow: bool = False
    """So slow that on clips over two minutes it runs `Plan.slow_rounds` times at most."""
    short_clips_only: bool = False
    """Left out on clips over two minutes: its time grows with the length and says nothing new."""
    clip: Literal["plain", "subtitled", "spoken"] = "plain"


def _floor(name: str) -> Line:
    return lambda clip, out: [sys.executable, str(REPO / "bench" / "floors.py"), name, str(clip), str(out)]


def _keyart(*words: str) -> Line:
    """`{clip}` and `{out}` stand for the two paths."""
    return lambda clip, out: [
        *(sys.executable, "-m", "keyart"),
        *(word.format(clip=clip, out=out / "package") for word in words),
    ]


def _katna(clip: Path, out: Path) -> list[str]:
    return [str(RIVALS["katna"].python), str(REPO / "bench" / "katna_five.py"), str(clip), str(out)]


def _scenedetect(detector: str) -> Line:
    python = str(RIVALS["scenedetect"].python)
    return lambda clip, out: [
        *(python, "-m", "scenedetect", "-q", "-i", str(clip), "-o", str(out), detector, "list-scenes", "-q")
    ]


def _contenders() -> Iterable[Contender]:
    yield Contender("decode", "every frame decoded, nothing else (PyAV, frame threads)", "floor", _floor("decode"))
    yield Contender("key frames", "key frames decoded, nothing else (PyAV)", "floor", _floor("key-frames"))
    yield Contender("help", "keyart --help", "keyart", _keyart("--help"))
    yield Contender(
        "stills", "scan, shots, ranked stills written", "keyart", _keyart("frames", "{clip}", "-q", "-o", "{out}")
    )
    yield Contender(
        "stills, fast",
        "the same from key frames and a closer look",
        "keyart",
        _keyart("frames", "{clip}", "--scan", "fast", "-q", "-o", "{out}"),
    )
    yield Contender("shots", "shot boundaries", "keyart", _keyart("shots", "{clip}", "--json"))
    yield Contender(
        "package",
        "the whole package, subtitles at hand",
        "keyart",
        _keyart("make", "{clip}", "-q", "-o", "{out}"),
        clip="subtitled",
    )
    yield Contender(
        "recognition",
        "English speech recognised, nothing else",
        "keyart",
        _keyart("titles", "{clip}", "--speech-language", "en", "--json"),
        clip="spoken",
        short_clips_only=True,
    )
    yield Contender(
        "ffmpeg thumbnail",
        "the thumbnail filter, first 100 frames, one picture",
        "rival",
        _floor("thumbnail-first"),
    )
    yield Contender(
        "ffmpeg thumbnail=300", "the thumbnail filter, a picture per 300 frames", "rival", _floor("thumbnail-all")
    )
    yield Contender(
        "PySceneDetect content", "detect-content", "rival", _scenedetect("detect-content"), needs="scenedetect"
    )
    yield Contender(
        "PySceneDetect adaptive", "detect-adaptive", "rival", _scenedetect("detect-adaptive"), needs="scenedetect"
    )
    yield Contender("Katna", "five key frames", "rival", _katna, needs="katna", slow=True)


CONTENDERS: dict[str, Contender] = {one.name: one for one in _contenders()}


# --- taking measurements ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of one contender on one clip; `round` -1 is the run that watches memory."""

    contender: str
    clip: str
    round: int
    cost: Cost
    files: int
    """How many files it left behind: a command that silently makes nothing is no rival."""


class Book:
    """Measurements so far, one JSON line each, on disk as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.entries: list[Measurement] = []
        if path.exists():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                self.entries.append(Measurement(**{**row, "cost": Cost(**row["cost"])}))

    def has(self, contender: str, clip: str, number: int) -> bool:
        return any((one.contender, one.clip, one.round) == (contender, clip, number) for one in self.entries)

    def add(self, entry: Measurement) -> None:
        self.entries.append(entry)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(entry)) + "\n")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    clips: tuple[BenchClip, ...]
    contenders: tuple[Contender, ...]
    rounds: int = 5
    slow_rounds: int = 3
    quiet_seconds: float = 30.0
    """How long to wait, before each run, for other work on the machine to end."""

    def rounds_of(self, contender: Contender, clip: BenchClip) -> int:
        if clip.seconds > 120 and contender.short_clips_only:
            return -1
        return min(self.rounds, self.slow_rounds) if contender.slow and clip.seconds > 120 else self.rounds


def take(plan: Plan, book: Book) -> dict[str, str]:
    """Fill the book; what cannot be measured is left out. Returns contender -> why it was left out."""
    left_out = {one.name: reason for one in plan.contenders if (reason := _missing(one, plan.clips[0]))}
    for clip in plan.clips:
        for number in (-1, *range(plan.rounds)):
            for contender in plan.contenders:
                if contender.name in left_out or number >= plan.rounds_of(contender, clip):
                    continue
                if book.has(contender.name, clip.path.name, number):
                    continue
                wait_for_quiet(plan.quiet_seconds)
                try:
                    entry = measure(contender, clip, number)
                except CommandFailed as err:
                    left_out[contender.name] = str(err)
                    print(f"{contender.name}: {err}", file=sys.stderr)
                    continue
                book.add(entry)
                print(
                    f"{clip.seconds:4} s  round {number:2}  {entry.cost.wall_seconds:8.2f} s  {contender.name}",
                    flush=True,
                )
    return left_out


def _missing(contender: Contender, clip: BenchClip) -> str:
    if contender.needs and not RIVALS[contender.needs].installed:
        return f"not installed; python -m bench rivals {contender.needs}"
    if contender.clip == "spoken" and not clip.spoken:
        return "needs real speech: ../shared/media is not there"
    return ""


def measure(contender: Contender, clip: BenchClip, number: int) -> Measurement:
    """One run in an empty folder with an empty stage cache. Raises `CommandFailed`."""
    path = with_subtitles(clip).path if contender.clip == "subtitled" else clip.path
    with tempfile.TemporaryDirectory(prefix="keyart-bench-") as name:
        folder = Path(name)
        out = folder / "out"
        out.mkdir()
        environment = {"KEYART_CACHE": str(folder / "cache"), "KEYART_MODELS": str(store_folder())}
        environment["PYTHONDONTWRITEBYTECODE"] = ""  # compiled once, as whatever pip installs, the rivals too
        command = contender.line(path, out)
        cost = measured(command, folder=folder, environment=environment, watch_memory=number < 0)
        files = sum(1 for found in out.rglob("*") if found.is_file())
    return Measurement(contender.name, clip.path.name, number, cost, files)


# --- what the measurements say ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: `value` of the summary must not pass `limit` (or, for `at_least`, must reach it)."""

    name: str
    claim: str
    value: Callable[[Summary], float | None]
    limit: float
    unit: str
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


class Summary:
    """Medians and ratios over the entries. Clips are named by their length in seconds."""

    def __init__(self, entries: Iterable[Measurement], clip_names: Mapping[int, str]) -> None:
        self._runs = {(one.contender, one.clip, one.round): one for one in entries}
        self._clips = clip_names

    def costs(self, contender: str, seconds: int) -> list[Cost]:
        """The timed runs, in the order of their rounds."""
        wanted = contender, self._clips.get(seconds, "")
        return [run.cost for key, run in sorted(self._runs.items()) if key[:2] == wanted and key[2] >= 0]

    def wall(self, contender: str, seconds: int) -> float | None:
        return _median(cost.wall_seconds for cost in self.costs(contender, seconds))

    def ratio(self, contender: str, other: str, seconds: int) -> float | None:
        """Median over the rounds of contender's wall time / other's wall time in the same round."""
        pairs = zip(self.costs(contender, seconds), self.costs(other, seconds), strict=False)
        return _median(one.wall_seconds / two.wall_seconds for one, two in pairs)

    def peak_mib(self, contender: str, seconds: int) -> float | None:
        """Memory of the whole process tree."""
        run = self._runs.get((contender, self._clips.get(seconds, ""), -1))
        return run.cost.peak_mib if run else None

    def files(self, contender: str, seconds: int) -> int | None:
        run = self._runs.get((contender, self._clips.get(seconds, ""), -1))
        return run.files if run else None


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


_DECODE_SECONDS = {60: 1.95, 300: 9.40}
"""What the bare decode took on the machine for which limits in seconds were set; elsewhere they are so many decodes."""


def _in_decodes(seconds: int, limit: float) -> Target:
    decode = _DECODE_SECONDS[seconds]
    return Target(
        f"fast-{seconds}-decodes",
        f"the same against the decode ({limit:g} s where that took {decode:g} s)",
        lambda s: s.ratio("stills, fast", "decode", seconds),
        round(limit / decode, 3),
        "x",
    )


TARGETS: tuple[Target, ...] = (
    Target("stills-60", "stills of 60 s against the decode", lambda s: s.ratio("stills", "decode", 60), 1.5, "x"),
    Target("stills-300", "stills of 5 min against the decode", lambda s: s.ratio("stills", "decode", 300), 1.3, "x"),
    Target("katna-60", "faster than Katna, 60 s", lambda s: s.ratio("Katna", "stills", 60), 8.0, "x", at_least=True),
    Target("katna-300", "faster than Katna, 5 min", lambda s: s.ratio("Katna", "stills", 300), 8.0, "x", at_least=True),
    Target("fast-60", "fast stills of 60 s", lambda s: s.wall("stills, fast", 60), 1.0, "s"),
    _in_decodes(60, 1.0),
    Target("fast-300", "fast stills of 5 min", lambda s: s.wall("stills, fast", 300), 2.0, "s"),
    _in_decodes(300, 2.0),
    Target("package-60", "whole package of 60 s, subtitles at hand", lambda s: s.wall("package", 60), 20.0, "s"),
    Target("package-memory", "peak memory of the package of 60 s", lambda s: s.peak_mib("package", 60), 1200.0, "MiB"),
    Target("help", "keyart --help", lambda s: s.wall("help", 60), 0.2, "s"),
)


def judged(summary: Summary, targets: Iterable[Target] = TARGETS) -> list[dict[str, Any]]:
    """Every target with what was measured; `met` is None where nothing was."""
    rows = []
    for target in targets:
        value = target.value(summary)
        rows.append(
            {
                "name": target.name,
                "claim": target.claim,
                "value": None if value is None else round(value, 3),
                "limit": target.limit,
                "at_least": target.at_least,
                "unit": target.unit,
                "met": None if value is None else target.met(value),
            }
        )
    return rows


def measurement_rows(summary: Summary, clips: Iterable[BenchClip]) -> list[dict[str, Any]]:
    """One row per contender and clip, for the JSON."""
    rows = []
    for clip in clips:
        for contender in CONTENDERS.values():
            costs = summary.costs(contender.name, clip.seconds)
            if not costs:
                continue
            ratio = summary.ratio(contender.name, "decode", clip.seconds)
            rows.append(
                {
                    "contender": contender.name,
                    "role": contender.role,
                    "what": contender.what,
                    "clip_seconds": clip.seconds,
                    "wall_seconds": [round(cost.wall_seconds, 3) for cost in costs],
                    "median_wall_seconds": round(statistics.median(cost.wall_seconds for cost in costs), 3),
                    "median_cpu_seconds": round(statistics.median(cost.cpu_seconds for cost in costs), 3),
                    "ratio_to_decode": None if ratio is None else round(ratio, 3),
                    "peak_mib": round(summary.peak_mib(contender.name, clip.seconds) or 0.0, 1),
                    "files": summary.files(contender.name, clip.seconds),
                    "median_others_cores": round(statistics.median(cost.others_cores for cost in costs), 2),
                }
            )
    return rows


def race_table(rows: Iterable[dict[str, Any]], lengths: Sequence[int]) -> dict[str, Any]:
    """Who, and for each clip: how long, ratio to the decode, memory."""
    found: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for row in rows:
        names[row["contender"]] = f"{'keyart' if row['role'] == 'keyart' else row['contender']}: {row['what']}"
        if row["role"] == "keyart":
            names[row["contender"]] = f"**{names[row['contender']]}**"
        ratio = row["ratio_to_decode"]
        figures = [f"{row['median_wall_seconds']:.2f} s", f"{ratio:.2f}" if ratio else "", f"{row['peak_mib']:.0f} MiB"]
        at = lengths.index(row["clip_seconds"]) * len(figures)
        found.setdefault(row["contender"], [""] * (len(figures) * len(lengths)))[at : at + len(figures)] = figures
    spans = [f"{seconds} s" if seconds < 120 else f"{seconds / 60:g} min" for seconds in lengths]
    return {
        "columns": ["", *(title for span in spans for title in (f"{span} of 720p", "x decode", "memory"))],
        "align": "l" + "rrr" * len(lengths),
        "rows": [[names[name], *cells] for name, cells in found.items()],
    }


def targets_table(targets: Iterable[dict[str, Any]]) -> dict[str, Any]:
    verdict = {True: "met", False: "**missed**", None: "not measured"}
    body = [
        [
            row["claim"],
            f"{'at least' if row['at_least'] else 'at most'} {row['limit']:g} {row['unit']}",
            "" if row["value"] is None else f"{row['value']:.3g} {row['unit']}",
            verdict[row["met"]],
        ]
        for row in targets
    ]
    return {"columns": ["target", "limit", "measured", ""], "align": "lrrl", "rows": body}


def printed(table: Mapping[str, Any]) -> str:
    """A table for the terminal."""
    rows = [table["columns"], *table["rows"]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table["columns"]))]
    sides = {"l": str.ljust, "r": str.rjust}
    return "\n".join(
        "  ".join(sides[side](cell, width) for cell, width, side in zip(row, widths, table["align"], strict=True))
        for row in rows
    )


def result_of(plan: Plan, book: Book, left_out: Mapping[str, str], seed: int) -> dict[str, Any]:
    """The JSON that is kept: where, on what, every figure, every target."""
    summary = Summary(book.entries, {clip.seconds: clip.path.name for clip in plan.clips})
    rows = measurement_rows(summary, plan.clips)
    targets = judged(summary)
    return {
        "schema": 1,
        "bench": "speed",
        "commit": commit(),
        "machine": machine(),
        "rivals": {name: rival.versions() for name, rival in RIVALS.items() if rival.installed},
        "seed": seed,
        "runs": plan.rounds,
        "runs_of_slow_contenders_on_long_clips": plan.slow_rounds,
        "method": "whole processes, start-up included, interleaved; medians; memory in a run of its own, whole tree",
        "clips": [clip.facts() for clip in plan.clips],
        "measurements": rows,
        "left_out": dict(left_out),
        "targets": targets,
        "tables": {
            "speed": race_table(rows, [clip.seconds for clip in plan.clips]),
            "speed-targets": targets_table(targets),
        },
    }


# --- memory over length -------------------------------------------------------------------------------------------


def memory_result(runs: int, seed: int) -> dict[str, Any]:
    """Peak memory of the whole package for one minute and for ten of the same material."""
    short = bench_clip(60, seed=seed)
    long = repeated(short, 10)
    peaks: dict[int, list[float]] = {short.seconds: [], long.seconds: []}
    for _ in range(runs):
        for clip in (short, long):
            cost = measure(CONTENDERS["package"], clip, -1).cost
            peaks[clip.seconds].append(cost.peak_mib)
            print(f"{clip.seconds:4} s  {peaks[clip.seconds][-1]:8.1f} MiB  {cost.wall_seconds:.1f} s", flush=True)
    middle = {seconds: statistics.median(found) for seconds, found in peaks.items()}
    ratio = middle[long.seconds] / middle[short.seconds]
    targets = [
        _memory_target("memory-limit", "peak memory of the package of 10 min", middle[long.seconds], 1200.0, "MiB"),
        _memory_target("memory-flat", "ten minutes against one", ratio, 1.1, "x"),
    ]
    return {
        "schema": 1,
        "bench": "memory",
        "commit": commit(),
        "machine": machine(),
        "seed": seed,
        "runs": runs,
        "method": "keyart make, whole process tree, shared pages once, sampled each 0.02 s",
        "clips": [clip.facts() for clip in (short, long)],
        "peak_mib": {str(seconds): [round(one, 1) for one in found] for seconds, found in peaks.items()},
        "targets": targets,
        "tables": {"memory": targets_table(targets)},
    }


def _memory_target(name: str, claim: str, value: float, limit: float, unit: str) -> dict[str, Any]:
    return {
        "name": name,
        "claim": claim,
        "value": round(value, 3),
        "limit": limit,
        "at_least": False,
        "unit": unit,
        "met": value <= limit,
    }


# --- command line -------------------------------------------------------------------------------------------------


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench speed", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--slow-runs", type=int, default=3, help="rounds of Katna on clips over 2 min (default 3)")
    parser.add_argument("--seconds", type=int, nargs="+", default=[60, 300], help="lengths of the bench's own clips")
    parser.add_argument("--clip", type=Path, action="append", help="a clip of yours instead; may be repeated")
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS), help="some of the contenders")
    parser.add_argument("--seed", type=int, default=0, help="of the clips (default 0)")
    parser.add_argument("--quiet-seconds", type=float, default=30.0, help="longest wait for a quiet machine (30)")
    parser.add_argument("--fresh", action="store_true", help="forget unfinished measurements")
    parser.add_argument("--memory", action="store_true", help="only: peak memory for one minute and for ten")
    return parser.parse_args(arguments)


def _named_clip(path: Path) -> BenchClip:
    from keyart.media.probe import probe

    return BenchClip(path.resolve(), round(probe(path).duration_seconds), path.name, spoken=True)


def main(arguments: list[str]) -> int:
    args = _arguments(arguments)
    if args.memory:
        result = memory_result(args.runs, args.seed)
        print(printed(result["tables"]["memory"]))
        write_result("memory", result)
        return 0
    clips = [_named_clip(path) for path in args.clip or ()] or [bench_clip(n, seed=args.seed) for n in args.seconds]
    chosen = tuple(CONTENDERS[name] for name in args.only or CONTENDERS)
    plan = Plan(tuple(clips), chosen, args.runs, args.slow_runs, args.quiet_seconds)
    notes = WORK / f"speed-{commit()[:12]}.jsonl"
    if args.fresh:
        notes.unlink(missing_ok=True)
    book = Book(notes)
    left_out = take(plan, book)
    result = result_of(plan, book, left_out, args.seed)
    for table in result["tables"].values():
        print(f"\n{printed(table)}")
    for name, reason in left_out.items():
        print(f"left out: {name}: {reason}")
    if args.clip or args.only:
        print("\na part of the race: bench/results is left as it was")
    else:
        print(f"\n{write_result('speed', result).relative_to(REPO)}")
    return 0

"""Mutated media files through `keyart make`: no crash, no hang, each file with a stated outcome.

A run goes on where the last one stopped: cases that are in the table are not run again unless they ended in a fault and
the code has changed since, or in want of time because the machine was busy, or were run with other words.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.fuzz import table
from bench.fuzz.findings import result_of
from bench.fuzz.runner import Runner, plan
from bench.fuzz.seeds import Seed, seeds
from bench.fuzz.table import Case
from bench.record import REPO, RESULTS, WORK, write_result

HERE = WORK / "fuzz"
WORDS = "make --budget 2s"
"""What counts; a run with other words keeps a table of its own and leaves no result."""
PACKED = RESULTS / "fuzz-cases.json.gz"
OUT_OF_TIME = "out of time"
_TOLD_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    args = _parser().parse_args(arguments)
    words, live = tuple(args.words.split()), live_table(args.words)
    done = {**(table.read(PACKED) if args.words == WORDS else {}), **table.read(live)}
    clips = seeds(HERE / "seeds")
    if args.again is not None:
        return _again(args.again, clips, words, args.keep)
    if not args.only_report:
        _run(args, clips, words, done)
        done |= table.read(live)
    counted = {number: case for number, case in done.items() if number < args.cases}
    if args.words == WORDS:
        table.write_packed(PACKED, counted.values())
        write_result("fuzz", result_of(list(counted.values()), clips, args.words))
    return 1 if any(map(table.is_fault, counted.values())) else 0


def live_table(words: str) -> Path:
    """Where cases are kept as they end, a line each."""
    return HERE / f"cases {words}.jsonl"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000, help="how many files (default 10000)")
    parser.add_argument("--first", type=int, default=0, help="leave out those before (default 0)")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after that time; the next run goes on")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once (default 1)")
    parser.add_argument("--words", default=WORDS, help=f"of the command line (default: {WORDS})")
    parser.add_argument("--faults", action="store_true", help="only those that ended in a fault, on other code")
    parser.add_argument("--again", type=int, metavar="CASE", help="run that case alone and tell; nothing is written")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="with --again: leave its files there")
    parser.add_argument("--only-report", action="store_true", help="write the result from what has been run")
    return parser


def _again(number: int, clips: Sequence[Seed], words: Sequence[str], keep: Path | None) -> int:
    stamp, code = exported_code()
    case = plan(number, clips)
    runner = Runner(words, code, scratch=keep) if keep else Runner(words, code)
    found = runner.run(case, stamp, keep=keep is not None)
    if keep is None:
        runner.close()
    print(*(f"{name:12} {getattr(found, name)}" for name in Case.__dataclass_fields__), sep="\n")
    return int(table.is_fault(found))


def _run(args: argparse.Namespace, clips: Sequence[Seed], words: Sequence[str], done: dict[int, Case]) -> None:
    stamp, code = exported_code()
    numbers = [one for one in range(args.first, args.cases) if _wanted(done.get(one), stamp, args)]
    numbers.sort(key=lambda one: done[one].outcome == OUT_OF_TIME if one in done else False)  # those come last
    deadline = time.monotonic() + 60 * args.minutes if args.minutes else float("inf")
    print(f"{len(numbers)} of {args.cases} cases to run, code {stamp}", flush=True)
    waiting, told = iter(numbers), _Told(len(numbers))
    with ThreadPoolExecutor(args.jobs) as pool:
        working = [pool.submit(_work, waiting, deadline, clips, words, stamp, code, told) for _ in range(args.jobs)]
        for one in working:
            one.result()


def _wanted(case: Case | None, stamp: str, args: argparse.Namespace) -> bool:
    if case is None or case.words != args.words:
        return not args.faults
    if case.outcome == OUT_OF_TIME:
        return not args.faults
    return table.is_fault(case) and case.code != stamp


_LOCK = threading.Lock()


def _work(
    waiting: Iterator[int],
    deadline: float,
    clips: Sequence[Seed],
    words: Sequence[str],
    stamp: str,
    code: Path,
    told: _Told,
) -> None:
    runner = Runner(words, code)
    try:
        runner.preload(plan(0, clips))
        while time.monotonic() < deadline:
            with _LOCK:
                number = next(waiting, None)
            if number is None:
                return
            found = runner.run(plan(number, clips), stamp)
            with _LOCK:
                table.add(live_table(" ".join(words)), found)
                told.tell(found)
    finally:
        runner.close()


class _Told:
    """What is said on the way: each fault at once, the pace once a minute."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.count, self.start = wanted, 0, time.monotonic()
        self.last = self.start

    def tell(self, case: Case) -> None:
        self.count += 1
        if table.is_fault(case):
            print(f"{case.number}: {case.clip}, {case.mutator}: {case.outcome}: {case.reason}", flush=True)
        now = time.monotonic()
        if now - self.last > _TOLD_SECONDS:
            self.last = now
            print(f"{self.count} of {self.wanted}, {60 * self.count / (now - self.start):.0f} a minute", flush=True)


def exported_code() -> tuple[str, Path]:
    """The package as the last commit has it, in a folder of its own: what is edited meanwhile does not get in."""
    stamp = _git("rev-parse", "--short=12", "HEAD:src/keyart").decode().strip()
    folder = HERE / f"code-{stamp}"
    if not folder.exists():
        partial = HERE / f".code-{stamp}"
        with tarfile.open(fileobj=io.BytesIO(_git("archive", "HEAD", "src/keyart"))) as archive:
            # not as an argument: Python 3.11.3 and before know of none
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(partial)
        partial.replace(folder)
    return stamp, folder / "src"


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=REPO, capture_output=True, check=True).stdout

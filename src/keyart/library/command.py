"""`keyart library`: arguments -> an order -> one call."""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart.errors import BadSetting

if TYPE_CHECKING:
    from keyart.library.driver import Summary
    from keyart.library.values import Order

_SIZE = re.compile(r"(\d+(?:\.\d+)?)([kmgt]?)i?b?", re.IGNORECASE)
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def seconds_of(text: str, what: str = "a time") -> float:
    """`20s`, `2m`, `1.5h`, `1h30m` or seconds. Raises `BadSetting`."""
    from keyart.anytime import budget_seconds

    try:
        return budget_seconds(text)
    except BadSetting:
        raise BadSetting(f"{what} cannot be {text!r}; say it like 20s, 2m or 1h30m") from None


def bytes_of(text: str, what: str = "a size") -> int:
    """`4G`, `500M`, `1.5GB` or bytes. Raises `BadSetting`."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or float(found[1]) == 0:
        raise BadSetting(f"{what} cannot be {text!r}; say it like 4G or 500M")
    return int(float(found[1]) * _BYTES[found[2].lower()])


def add(parser: argparse.ArgumentParser) -> None:
    """All flags of a library run, and those of every stage."""
    from keyart.flags import add_making, add_usual
    from keyart.package import PARTS
    from keyart.recipe import stage_types

    say = parser.add_argument
    say(
        "sources", nargs="+", metavar="SOURCE",
        help="video, folder, glob, list (.txt, .lst), manifest (.csv, .jsonl, .parquet), or an address of any of them",
    )  # fmt: skip
    say("-o", "--output", required=True, metavar="DIR", help="folder or address below which the packages go")
    say("--workers", type=int, default=0, metavar="N", help="side by side (default: as many as there are cores)")
    say("--engine", choices=("local", "ray"), default="local", help="what runs the workers (default local)")
    say("--address", default="", metavar="HOST:PORT", help="ray: a cluster that is there (default: one of its own)")
    say("--watch", action="store_true", help="go on with what comes, until interrupted")
    say("--parts", metavar="NAMES", help="make these alone: titles,covers ... (default: the usual package)")
    say("--budget", metavar="TIME", help="of each video: the best package within that time, 20s or 2m")
    say("--limit-time", default="30m", metavar="TIME", help="of one video; beyond it, it is quarantined (default 30m)")
    say("--limit-memory", default="4G", metavar="SIZE", help="of one worker, likewise (default 4G)")
    say("--attempts", type=int, default=3, metavar="N", help="where an error may pass (default 3)")
    say("--again", action="store_true", help="try the quarantined once more")
    say("--fresh", action="store_true", help="make what is there again, and use nothing that an earlier run has kept")
    say("--channel", type=Path, metavar="FILE", help="a channel.toml for all of them")
    say("--threads", type=int, default=1, metavar="N", help="of one worker (default 1)")
    say("--json", action="store_true", help="print the summary as JSON")
    add_usual(parser)
    add_making(parser, stage_types(PARTS), whole=True)


def order_of(args: argparse.Namespace) -> Order:
    """What the flags ask for. Raises `BadSetting`."""
    from keyart.flags import given
    from keyart.library.places import is_address
    from keyart.library.values import Limits, Order
    from keyart.recipe import rankers_given

    if args.workers < 0 or args.attempts < 1 or args.threads < 1:
        raise BadSetting("--workers is 0 or more; --attempts and --threads are 1 or more")
    said = [*rankers_given(args.rankers), *given(args)]
    limits = Limits(
        seconds_of(args.limit_time, "--limit-time"), bytes_of(args.limit_memory, "--limit-memory"), args.attempts
    )
    return Order(
        output=args.output if is_address(args.output) else str(Path(args.output).absolute()),
        parts=_parts(args),
        given=tuple((one.section, one.name, _text(one.value)) for one in said),
        config=_file(args.config, "--config"),
        channel=_file(args.channel, "--channel"),
        seed=args.seed,
        licence=args.licence or "",
        budget_seconds=seconds_of(args.budget, "--budget") if args.budget else 0.0,
        threads=args.threads,
        limits=limits,
        fresh=args.fresh,
    )


def _parts(args: argparse.Namespace) -> tuple[str, ...]:
    from keyart.package import PARTS, USUAL

    if args.parts is None:
        asks = any(name.startswith("summaries__") and value is not None for name, value in vars(args).items())
        return PARTS if asks else USUAL
    named = {one.strip() for one in args.parts.split(",") if one.strip()}
    if not named or named - set(PARTS):
        raise BadSetting(f"--parts cannot be {args.parts!r}; allowed, with commas between: {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in named)


def _text(value: Any) -> str:
    return str(value.absolute()) if isinstance(value, Path) else str(value)


def _file(path: Path | None, flag: str) -> str:
    if path is not None and not path.is_file():
        raise BadSetting(f"{flag}: {path} is no file")
    return str(path.absolute()) if path else ""


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 every video has its package, 1 some have not, 130 interrupted."""
    from keyart.library.display import shown
    from keyart.library.driver import make_library
    from keyart.library.rows import rows_of

    order = order_of(args)
    counts = not args.watch and all(map(_can_be_read_twice, args.sources))
    count = (lambda: sum(1 for _ in rows_of(args.sources))) if counts else None
    with _interrupted_once(), shown(quiet=args.quiet or args.json, count=count) as hear:
        summary = make_library(
            args.sources, order, workers=args.workers, engine=args.engine, address=args.address, watch=args.watch,
            again=args.again, hear=hear,
        )  # fmt: skip
    _say(summary, args)
    if summary.interrupted:
        return 130
    return 0 if summary.is_whole else 1


def _can_be_read_twice(source: str) -> bool:
    """Whether its videos may be counted beside the run: no pipe, and no store that is slow to list."""
    from keyart.library.places import is_address

    path = Path(source)
    return source != "-" and not is_address(source) and (path.is_file() or path.is_dir() or not path.exists())


@contextlib.contextmanager
def _interrupted_once() -> Iterator[None]:
    """Ctrl-C raises where the run waits, and leaves it the time to end its workers and to write its report."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _say(summary: Summary, args: argparse.Namespace) -> None:
    from keyart import plain
    from keyart.library.display import clean, counted

    if args.json:
        print(plain.dumps(summary_facts(summary)), end="")
    elif not args.quiet:
        print(f"{counted(summary.counts)}, in {summary.seconds:.1f} s; {clean(summary.output)}")
        if summary.report:
            print(clean(summary.report[0]))
    if summary.note and not args.quiet:
        print(f"keyart: {clean(summary.note)}", file=sys.stderr)
    if summary.stopped:
        print(f"keyart: stopped: {clean(summary.stopped)}", file=sys.stderr)
    if summary.interrupted:
        print("keyart: interrupted; the same command goes on from there", file=sys.stderr)
    if summary.missing:
        videos = "video has" if summary.missing == 1 else "videos have"
        print(
            f"keyart: {summary.missing} {videos} no package; the report says why",
            file=sys.stderr,
        )


def summary_facts(summary: Summary) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "schema": 1,
        "run": summary.run,
        "output": summary.output,
        "videos": summary.videos,
        **{end: summary.counts.get(end, 0) for end in ("made", "degraded", "present", "failed", "quarantined")},
        "seconds": summary.seconds,
        "stopped": summary.stopped,
        "interrupted": summary.interrupted,
        "log": str(summary.log),
        "report": list(summary.report),
        "note": summary.note,
    }

"""A run over a library: rows come, those that are settled are passed over, the others go to workers, all is booked."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keyart.errors import BadSetting, KeyartError
from keyart.library import ledger as ledgers
from keyart.library.ledger import Ledger
from keyart.library.local import Hear
from keyart.library.making import DISK_FULL, FOLDER, order_key, recipe_of
from keyart.library.near import fill, index_folder
from keyart.library.report import near_in, report_of
from keyart.library.rows import rows_of, watched
from keyart.library.values import End, Order, Result, Row

WATCH_SECONDS = 5.0
"""Between two looks at the sources."""
Engine = Callable[[Iterator[Row], Order, int, Hear, Path, str], Iterator[Result]]
"""How each row ends, of: rows, order, workers (0: it decides), who hears of it, scratch room, a cluster's address."""


def _local(
    rows: Iterable[Row], order: Order, workers: int, hear: Hear, scratch: Path, address: str
) -> Iterator[Result]:
    from keyart.library.local import run

    if address:
        raise BadSetting("--address is for --engine ray")
    return run(rows, order, workers or num_cores(), hear, scratch)


def _ray(rows: Iterable[Row], order: Order, workers: int, hear: Hear, scratch: Path, address: str) -> Iterator[Result]:
    from keyart.library.on_ray import run

    return run(rows, order, workers, hear, scratch, address=address)


ENGINES: dict[str, Engine] = {"local": _local, "ray": _ray}


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run over a library went."""

    run: str
    output: str
    log: Path
    counts: Mapping[End, int]
    seconds: float
    stopped: str = ""
    """Why it ended before its time."""
    interrupted: bool = False
    report: tuple[str, ...] = ()
    """Where it lies, the page first."""
    note: str = ""
    """What the report could not be."""

    @property
    def videos(self) -> int:
        return sum(self.counts.values())

    @property
    def missing(self) -> int:
        """Videos without a package."""
        return self.counts.get("failed", 0) + self.counts.get("quarantined", 0)

    @property
    def is_whole(self) -> bool:
        """Whether every video has its package."""
        return not self.missing and not self.stopped


def make_library(
    sources: Sequence[str],
    order: Order,
    *,
    workers: int = 0,
    engine: str = "local",
    address: str = "",
    watch: bool = False,
    again: bool = False,
    hear: Hear = lambda _: None,
) -> Summary:
    """The package of every video of the sources that has none yet; what was made, and why the rest was not.

    `workers` 0: as many as there are cores. `watch`: goes on with what comes until it is interrupted. `again`: tries
    the quarantined too. A run that was killed, however, goes on where it was by the same call. Raises `BadSetting`
    before anything is begun, `MissingFile` for a source that is not there, `OutputProblem`.
    """
    if engine not in ENGINES:
        raise BadSetting(f"no engine is called {engine!r}; there are: {', '.join(ENGINES)}")
    key = order_key(order, recipe_of(order, None, None))
    with ledgers.opened(order.output, key, order.limits) as ledger:
        facts = {"sources": list(sources), "workers": workers, "engine": engine, "watch": watch, "host": _host()}
        ledger.begin_run(order, facts)
        run = _Run(ledger, again, hear)
        try:
            ways = ENGINES[engine], order, workers, address
            run.through(watched(sources, WATCH_SECONDS, run.over) if watch else rows_of(sources), *ways)
        except KeyboardInterrupt:
            run.interrupted = not watch  # a watch has no other end
        except BaseException as err:
            run.stopped = " ".join(str(err).split()) or type(err).__name__
            raise
        finally:
            ledger.tell("stop", run.told(), sure=True)
        return _reported(run.summary(order.output), ledger)


def _reported(summary: Summary, ledger: Ledger) -> Summary:
    """With the report of the library as it is now; and in a store, with the log."""
    output = summary.output
    try:
        fill(output, (name for name, known in ledger.known.items() if known.end in ledgers.DONE))
        if not ledger.output.is_local:
            ledger.output.put_file(summary.log, f"{FOLDER}/{ledgers.LOG}")
        index = index_folder(output)
        near = near_in(index, output) if index and index.is_dir() else None
        report = report_of(output, near=near)
    except (KeyartError, OSError) as err:  # the packages are there all the same
        return replace(summary, note=f"no report could be written: {' '.join(str(err).split())}")
    return replace(summary, report=report.files, note=report.note)


def num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _host() -> dict[str, Any]:
    return {"name": socket.gethostname(), "process": os.getpid(), "cores": num_cores()}


@dataclass(slots=True)
class _Run:
    ledger: Ledger
    again: bool
    hear: Hear
    counts: Counter[End] = field(default_factory=Counter)
    loads: dict[str, dict[str, int]] = field(default_factory=dict)
    """Worker -> how often it has loaded each model."""
    stopped: str = ""
    interrupted: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    _began: float = field(default_factory=time.monotonic)
    _marks: dict[str, str] = field(default_factory=dict)
    """Of the rows that are being made; as they were when the row was read."""

    def through(self, rows: Iterator[Row], engine: Engine, order: Order, workers: int, address: str) -> None:
        scratch = self.ledger.folder / ledgers.SCRATCH
        with closing(engine(self._todo(rows, order), order, workers, self._tell, scratch, address)) as results:  # type: ignore[type-var]  # engines are generators
            try:
                for result in results:
                    self._end(result)
                    if result.kind == DISK_FULL:
                        self.stopped = f"{result.reason}; free some room and start it again: it goes on from there"
                        return
            finally:
                self.over.set()

    def _todo(self, rows: Iterator[Row], order: Order) -> Iterator[Row]:
        """The rows that need work. Asked for one at a time, from any thread."""
        for row in rows:
            mark = self.ledger.mark(row)
            settled = None if order.fresh else self.ledger.settled(row, mark, again=self.again)
            self._marks[row.name] = mark
            if settled is not None:
                self._end(settled)
            else:
                yield row

    def _tell(self, event: Mapping[str, Any]) -> None:
        if event["event"] != "stage":
            self.ledger.tell(str(event["event"]), {name: value for name, value in event.items() if name != "event"})
        self.hear(event)

    def _end(self, result: Result) -> None:
        self.counts[result.end] += 1
        if result.worker:
            self.loads[result.worker] = dict(result.loads)
        self.ledger.end(result, self._marks.pop(result.row.name, ""))
        told = {"name": result.row.name, "end": result.end, "reason": result.reason, "seconds": result.seconds}
        self.hear({"event": "end", **told, "warnings": result.warnings})

    def told(self) -> dict[str, Any]:
        return {
            "counts": dict(self.counts),
            "seconds": round(time.monotonic() - self._began, 3),
            "stopped": self.stopped,
            "interrupted": self.interrupted,
            "loads": self.loads,
        }

    def summary(self, output: str) -> Summary:
        log, seconds = self.ledger.folder / ledgers.LOG, round(time.monotonic() - self._began, 3)
        return Summary(self.ledger.run, output, log, dict(self.counts), seconds, self.stopped, self.interrupted)

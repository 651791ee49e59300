"""The engine of one machine: so many workers, each with a thread that hands it one row after another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from keyart.leash import Line, Stopped
from keyart.library.making import DISK_FULL
from keyart.library.values import Order, Result, Row
from keyart.library.worker import Worker

Hear = Callable[[Mapping[str, Any]], None]
"""Hears, from any thread, `{"event": "begin", "name", "worker"}`, `{"event": "again", "name", "attempt", "kind",
"reason", "wait_seconds"}`, and `{"event": "stage", "name", "worker", "stage", "fraction"?}`."""


def run(rows: Iterable[Row], order: Order, workers: int, hear: Hear, scratch: Path) -> Iterator[Result]:
    """How each row ends, in the order in which they do. Rows are asked for as workers become free, never all at once.

    Closed early, the workers are killed at once. What the rows raise is raised here.
    """
    crew = _Crew(iter(rows), order, hear)
    crew.start(workers, scratch)
    try:
        yield from crew.results()
    finally:
        crew.stop()


@dataclass(slots=True)
class _Crew:
    rows: Iterator[Row]
    order: Order
    hear: Hear
    _taking: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _ended: SimpleQueue[Result | BaseException | None] = field(default_factory=SimpleQueue)
    _workers: list[Worker] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, workers: int, scratch: Path) -> None:
        for number in range(workers):
            worker = Worker(scratch / f"worker-{number}", wait=self._rest)
            self._workers.append(worker)
            self._threads.append(threading.Thread(target=self._work, args=(number, worker), daemon=True))
        for thread in self._threads:
            thread.start()

    def _rest(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def results(self) -> Iterator[Result]:
        left = len(self._threads)
        while left:
            found = self._ended.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                left -= 1
            else:
                yield found

    def stop(self) -> None:
        self._stopped.set()
        for worker in self._workers:
            worker.stop()
        for thread in self._threads:
            thread.join(timeout=2.0)  # one may be waiting for a source that tells of no more rows

    def _work(self, number: int, worker: Worker) -> None:
        """One worker's life. The thread outlives its child: the kernel ends a child with the thread that began it."""
        try:
            while (row := self._next()) is not None:
                result = self._through(number, worker, row)
                if result.kind == DISK_FULL:  # whoever reads the results stops at it, and may be slow to
                    self._stopped.set()
                self._ended.put(result)
            self._ended.put(None)
        except Stopped:
            self._ended.put(None)
        except BaseException as err:  # noqa: BLE001  handed on: raised where the results are read
            self._ended.put(err)
        finally:
            worker.close()

    def _next(self) -> Row | None:
        with self._taking:
            return None if self._stopped.is_set() else next(self.rows, None)

    def _through(self, number: int, worker: Worker, row: Row) -> Result:
        facts = {"name": row.name, "worker": number}

        def on_line(line: Line) -> None:
            if stage := line.get("begin") or line.get("at"):
                fraction = {"fraction": line["fraction"]} if "at" in line else {}
                self.hear({"event": "stage", **facts, "stage": stage, **fraction})

        def on_again(result: Result, seconds: float) -> None:
            told = {"attempt": result.attempt, "kind": result.kind, "reason": result.reason, "wait_seconds": seconds}
            self.hear({"event": "again", **facts, **told})

        worker.hear = on_line
        self.hear({"event": "begin", **facts})
        return worker.through(row, self.order, on_again)

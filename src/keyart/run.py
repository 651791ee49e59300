"""Running stages: each is timed, told to the listener and done once: its outcome is kept under a key of its inputs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from keyart.cache import StageCache, code_stamp, key_of
from keyart.cores import NUM_THREADS
from keyart.models import CARDS, have
from keyart.package import StageReport
from keyart.progress import Progress
from keyart.types import Outcome
from keyart.witness import Witness, current

T = TypeVar("T")

ORDER = (
    *(
        "scan",
        "shots",
        "stills",
        "by hand",
        "storyboard",
        "transcript",
        "titles",
        "words",
        "description",
        "covers",
        "cutouts",
        "variants",
    ),
    *("avatar", "teaser", "summaries", "pictures", "agreement", "generated"),
)


@dataclass(slots=True)
class Run:
    """One run over one video. Stages may be run from two threads, each stage from one."""

    source_key: str
    """Stands for the video's content, and for what else outside the settings decides the result."""
    cache: StageCache
    progress: Progress
    witness: Witness = field(default_factory=current)
    _reports: dict[str, StageReport] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)
    _keeping: list[Future[None]] = field(default_factory=list)

    def stage(self, name: str, work: Callable[[], Outcome[T]], kind: Any, *inputs: object) -> Outcome[T]:
        """The outcome of `work`, or the one kept from an earlier run with the same `inputs`."""
        return self.together((name,), lambda: (work(),), tuple[kind], *inputs)[0]

    def together(
        self, names: tuple[str, ...], work: Callable[[], tuple[Outcome[Any], ...]], kind: Any, *inputs: object
    ) -> tuple[Outcome[Any], ...]:
        """Several stages that share one piece of work, one pass over the pictures.

        Its time is booked on the first, less what the work itself books on the others with `timing`.
        """
        key = key_of(code_stamp(), self.source_key, names, inputs, tuple(filter(have, CARDS)))
        self.progress.begin(names[0])
        self.witness.begin(names[0])
        start = time.perf_counter()
        kept: tuple[Outcome[Any], ...] | None = self.cache.get(key, kind)
        if kept is None:
            beside(lambda: self.cache.warm_up(kind))
        with self._watched(names[0]):
            outcomes = kept if kept is not None else work()
        if kept is None:
            self._keeping.append(beside(lambda: self.cache.put(key, outcomes, kind)))
        rest = time.perf_counter() - start - sum(self._seconds.get(name, 0.0) for name in names[1:])
        for name, outcome in zip(names, outcomes, strict=True):
            self._book(name, outcome, rest if name == names[0] else self._seconds.get(name, 0.0), kept is not None)
        return outcomes

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Book the time of the block on a stage of its own."""
        self.progress.begin(name)
        self.witness.begin(name)
        start = time.perf_counter()
        with self._watched(name):
            yield
        self._seconds[name] = time.perf_counter() - start

    @contextmanager
    def _watched(self, name: str) -> Iterator[None]:
        try:
            yield
        except BaseException as err:
            self.witness.fail(name, err)
            raise

    def _book(self, name: str, outcome: Outcome[Any], seconds: float, resumed: bool) -> None:
        self._reports[name] = told = StageReport(
            name, outcome.status, outcome.reason, outcome.backend, outcome.models, seconds, resumed
        )
        self.witness.end(
            name,
            told.status,
            seconds,
            reason=told.reason,
            backend=told.backend,
            models=tuple(told.models),
            resumed=resumed,
        )
        self.progress.end(name, outcome.status, "from an earlier run" if resumed else outcome.reason, seconds)

    def reports(self) -> tuple[StageReport, ...]:
        """All stages so far, in the house's order whatever order they ended in; their outcomes are in the cache."""
        for one in self._keeping:
            one.result()
        return tuple(sorted(self._reports.values(), key=lambda report: ORDER.index(report.name)))


def beside(work: Callable[[], T]) -> Future[T]:
    """Start the work on a thread of its own. A daemon: whoever is interrupted need not wait for it.

    Where there is one thread for everything, it is done at once.
    """
    future: Future[T] = Future()

    def body() -> None:
        try:
            future.set_result(work())
        except BaseException as err:  # noqa: BLE001  handed on: `result()` raises it where it is waited for
            future.set_exception(err)

    if NUM_THREADS == 1:
        body()
    else:
        threading.Thread(target=body, daemon=True).start()
    return future

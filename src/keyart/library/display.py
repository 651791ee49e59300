"""A library at work: how far it is, what each worker does, what came out; plain lines where nobody looks."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keyart.errors import KeyartError
from keyart.library.local import Hear

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_SIGNS = {"made": "✓", "degraded": "!", "failed": "✗", "quarantined": "✗"}
_LONGEST = 160


def clean(text: str) -> str:
    """A name or a reason as one line that a terminal shows and does not obey."""
    return "".join(one if one.isprintable() else "�" for one in text)


def line_of(event: Mapping[str, Any]) -> str:
    """How one video ended; "" for one that was there already."""
    end = str(event["end"])
    if end not in _SIGNS:
        return ""
    spent = f"{event['seconds']:7.1f} s" if event.get("seconds") else " " * 9
    why = clean(str(event["reason"]))
    name = clean(str(event["name"]))
    reason = f"  {end}: {why[:_LONGEST]}{'...' if len(why) > _LONGEST else ''}" if why else ""
    warnings = "".join(f"\n~ {'':9}  {name}  {clean(str(one))}" for one in event.get("warnings", ()))
    return f"{_SIGNS[end]} {spent}  {name}{reason}{warnings}"


def counted(counts: Mapping[Any, int]) -> str:
    """`3 made, 1 degraded`, in the order of the ends."""
    ends = ("made", "degraded", "present", "failed", "quarantined")
    return ", ".join(f"{counts[end]} {_WORDS.get(end, end)}" for end in ends if counts.get(end)) or "no videos"


_WORDS = {"present": "there already"}


@dataclass(slots=True)
class Lines:
    """One line a video that was worked on, for logs and pipes."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: Mapping[str, Any]) -> None:
        line = line_of(event) if event["event"] == "end" else _again(event) if event["event"] == "again" else ""
        if line:
            with self.lock:
                print(line, file=sys.stderr, flush=True)


def _again(event: Mapping[str, Any]) -> str:
    return f"↻ {'':9}  {clean(str(event['name']))}  again in {event['wait_seconds']:g} s: {clean(str(event['reason']))}"


@dataclass(slots=True)
class Live:
    """One bar for the library and one line for each worker."""

    bars: Bars
    whole: TaskID
    counts: Counter[str] = field(default_factory=Counter)
    workers: dict[str, TaskID] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: Mapping[str, Any]) -> None:
        with self.lock:
            if event["event"] == "end":
                self._ended(event)
            elif event["event"] == "again":
                self.bars.console.print(_again(event), markup=False, highlight=False)
            elif "worker" in event:
                self._at_work(event)

    def total(self, count: int) -> None:
        """So many videos there are."""
        with self.lock:
            self.bars.update(self.whole, total=count)

    def _ended(self, event: Mapping[str, Any]) -> None:
        self.counts[str(event["end"])] += 1
        self.bars.update(self.whole, advance=1, description=counted(self.counts))
        if line := line_of(event):
            self.bars.console.print(line, markup=False, highlight=False)

    def _at_work(self, event: Mapping[str, Any]) -> None:
        worker, doing = str(event["worker"]), f"  {clean(str(event['name']))}  {event.get('stage', '')}"
        if worker not in self.workers:
            self.workers[worker] = self.bars.add_task(doing, total=None)
        self.bars.update(self.workers[worker], description=doing[:_LONGEST])


@contextmanager
def shown(*, quiet: bool, count: Callable[[], int] | None = None) -> Iterator[Hear]:
    """The listener that suits where stderr goes. `count` tells how many videos there are; it is asked on a thread."""
    if quiet:
        yield lambda _: None
    elif not sys.stderr.isatty():
        yield Lines()
    else:
        with _bars() as bars:
            live = Live(bars, bars.add_task("", total=None))
            if count is not None:
                threading.Thread(target=_count, args=(live, count), daemon=True).start()
            yield live


def _count(live: Live, count: Callable[[], int]) -> None:
    with contextlib.suppress(KeyartError, OSError):  # whoever makes the videos says what is wrong with the sources
        live.total(count())


def _bars() -> Bars:
    # rich costs a tenth of a second: only where somebody watches
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
    text = TextColumn("{task.description}", markup=False)
    return Progress(*columns, text, console=Console(stderr=True), transient=True, speed_estimate_period=600)

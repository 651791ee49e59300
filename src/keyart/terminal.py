"""What a run looks like in a terminal: one line per stage while it works, a short table when it is done."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keyart.progress import Progress, Silent
from keyart.types import Status

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_SIGNS: dict[Status, str] = {"ok": "✓", "degraded": "!", "skipped": "–"}


class Lines:
    """One plain line per finished stage, for logs and pipes."""

    def begin(self, stage: str) -> None: ...

    def at(self, stage: str, fraction: float) -> None: ...

    def end(self, stage: str, status: Status, note: str, seconds: float) -> None:
        print(_line(stage, status, note, seconds), file=sys.stderr, flush=True)


class Live:
    """A moving line per stage with the time left, for people."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}
        self.lock = threading.Lock()

    def begin(self, stage: str) -> None:
        with self.lock:
            self.tasks[stage] = self.bars.add_task(stage, total=1.0)

    def at(self, stage: str, fraction: float) -> None:
        self.bars.update(self.tasks[stage], completed=min(fraction, 0.99))

    def end(self, stage: str, status: Status, note: str, seconds: float) -> None:
        with self.lock:
            task = self.tasks.pop(stage, None)
            if task is not None:
                self.bars.remove_task(task)
            self.bars.console.print(_line(stage, status, note, seconds), markup=False, highlight=False)


def _line(stage: str, status: Status, note: str, seconds: float) -> str:
    spent = f"{seconds:6.1f} s" if seconds else " " * 8
    return f"{_SIGNS[status]} {stage:<11}{spent}  {note}".rstrip()


@contextmanager
def told(*, quiet: bool) -> Iterator[Progress]:
    """The listener that suits where stderr goes."""
    if quiet:
        yield Silent()
    elif not sys.stderr.isatty():
        yield Lines()
    else:
        # rich costs a tenth of a second: only where somebody watches
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = SpinnerColumn(), TextColumn("{task.description:<11}"), BarColumn(), TimeElapsedColumn()
        console = Console(stderr=True)
        with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console, transient=True) as bars:
            yield Live(bars)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell, the last one ragged."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    return "\n".join(
        "  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=False)] + [row[-1]]) for row in rows
    )


def product_table(made: Iterable[tuple[str, str]], folder: Path) -> str:
    """What lies in a package's folder, a line a kind, from kind and path of each product."""
    kinds: dict[str, list[str]] = {}
    for kind, path in made:
        kinds.setdefault(kind, []).append(path)
    rows = [[kind, str(len(paths)), f"{paths[0]}{' ...' if len(paths) > 1 else ''}"] for kind, paths in kinds.items()]
    page = [["page", "1", "index.html"]] if (folder / "index.html").exists() else []
    return table([*rows, *page])

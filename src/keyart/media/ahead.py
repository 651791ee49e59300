"""An iterator that is worked on ahead of its reader, on a thread: the decoder does not wait for those who look."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from keyart.cores import NUM_THREADS

T = TypeVar("T")

_POLL_SECONDS = 0.2


@contextmanager
def ahead(items: Iterator[T], depth: int, head_start: int = 0) -> Iterator[Iterator[T]]:
    """The same items in the same order, up to `depth` of them made before they are asked for.

    Before the first one is asked for, `head_start` more are made. What the items raise is raised where they are read.
    On leaving, the thread has ended: what the items come from may be closed. With a depth below 1 there is no thread,
    nor where there is one for everything.
    """
    if depth < 1 or NUM_THREADS == 1:
        yield items
        return
    ready: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(depth + head_start)
    left = threading.Event()
    worker = threading.Thread(target=_fill, args=(items, ready, left), daemon=True)
    worker.start()
    try:
        yield _drain(ready, depth)
    finally:
        left.set()
        worker.join()


def _fill(items: Iterator[T], ready: queue.Queue[tuple[T] | BaseException | None], left: threading.Event) -> None:
    end: BaseException | None = None
    try:
        for item in items:
            if not _put(ready, (item,), left):
                return
    except BaseException as err:  # noqa: BLE001  handed on: raised where the items are read
        end = err
    _put(ready, end, left)


def _put(
    ready: queue.Queue[tuple[T] | BaseException | None], item: tuple[T] | BaseException | None, left: threading.Event
) -> bool:
    """False once the reader has left."""
    while not left.is_set():
        try:
            ready.put(item, timeout=_POLL_SECONDS)
            return True
        except queue.Full:
            continue
    return False


def _drain(ready: queue.Queue[tuple[T] | BaseException | None], depth: int) -> Iterator[T]:
    with ready.mutex:
        ready.maxsize = depth  # what is above it is read first
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item[0]

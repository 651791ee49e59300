"""Both cores: pieces of work shared out between the caller's thread and a few that stay ready."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def _allowed() -> int:
    """KEYART_THREADS, or 0 where it says nothing that can be followed."""
    said = os.environ.get("KEYART_THREADS", "")
    return int(said) if said.isascii() and said.isdigit() else 0


ALLOWED_THREADS = _allowed()
"""What one process may keep busy at once: decoder, networks and pictures each; 0: as many as they have use for.

KEYART_THREADS=1 is for many processes side by side; products are the same whatever it says.
"""
NUM_THREADS = ALLOWED_THREADS or max(1, min(4, os.cpu_count() or 1))
"""More would only fight over memory: what is shared out are pictures of a few megabytes."""


def allowed(threads: int) -> int:
    """As many threads, or fewer where KEYART_THREADS says so."""
    return min(threads, ALLOWED_THREADS) if ALLOWED_THREADS else threads


def shared_out(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """`[work(item) for item in items]` on every core. What an item raises is raised here; the others are then left.

    The caller works too and never waits for a thread that has not begun, so work may share out work of its own.
    """
    given = list(items)
    results: dict[int, R] = {}
    left = deque(range(len(given)))

    def take() -> None:
        while left:
            try:
                number = left.popleft()
            except IndexError:  # another took the last one
                return
            results[number] = work(given[number])

    helpers = [_pool().submit(take) for _ in range(min(NUM_THREADS, len(given)) - 1)]
    try:
        take()
    except BaseException:
        left.clear()
        raise
    finally:
        begun = [one for one in helpers if not one.cancel()]
        errors = [error for one in begun if (error := one.exception()) is not None]
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(given))]


def all_done(jobs: Iterable[Callable[[], R]]) -> list[R]:
    """What the jobs return, in their order, done on every core."""
    return shared_out(lambda job: job(), jobs)


def begun(work: Callable[[], R]) -> Callable[[], R]:
    """Work begun on another core. What is returned waits for its outcome, or does it where nobody has begun it yet."""
    if NUM_THREADS < 2:
        return work
    future = _pool().submit(work)
    return lambda: work() if future.cancel() else future.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, NUM_THREADS - 1), thread_name_prefix="keyart")


def give_back_memory() -> None:
    """Hand what was freed back to the system: glibc keeps it, split over as many heaps as threads have worked."""
    with suppress(OSError, AttributeError):  # another C library has no such call
        ctypes.CDLL(None).malloc_trim(0)


_M_ARENA_MAX = -8


@cache
def one_heap() -> None:
    """One heap for all threads together, from now on.

    glibc gives every thread a heap of its own, up to eight a core; with threads that come and go what is free lies in
    ever more of them, and a process that works for hours grows although it keeps nothing.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


@contextmanager
def opencv_on_one_thread() -> Iterator[None]:
    """OpenCV's own threads cost more than they bring on pictures of our size: twice the work, hardly less time."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)

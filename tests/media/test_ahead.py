"""Worked ahead, in order, and never left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from keyart.media.ahead import ahead


def _counted(made: list[int], count: int = 100) -> Iterator[int]:
    for number in range(count):
        made.append(number)
        yield number


@pytest.mark.parametrize("depth", [0, 1, 8])
def test_the_same_items_in_the_same_order(depth: int) -> None:
    with ahead(_counted([]), depth) as items:
        assert list(items) == list(range(100))


def test_it_works_ahead_but_no_further_than_it_may() -> None:
    made: list[int] = []
    with ahead(_counted(made), 5) as items:
        assert next(items) == 0
        deadline = time.monotonic() + 5
        while len(made) < 7 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        assert len(made) == 7, "one was read, five wait, one is in hand"


def test_it_has_a_head_start_before_anybody_reads() -> None:
    made: list[int] = []
    with ahead(_counted(made), 2, head_start=6) as items:
        deadline = time.monotonic() + 5
        while len(made) < 9 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(made) == 9, "eight wait, one is in hand"
        assert [next(items) for _ in range(4)] == [0, 1, 2, 3]
        time.sleep(0.05)
        assert len(made) == 9, "more than two are waiting still"
        assert list(items) == list(range(4, 100))


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()
    with ahead(_counted([]), 2) as items:
        next(items)
    assert threading.active_count() == before


def test_what_the_items_raise_is_raised_where_they_are_read() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    with ahead(failing(), 3) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="torn"):
            next(items)

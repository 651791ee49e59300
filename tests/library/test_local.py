"""The engine of one machine: rows as workers have room for them, and nobody left when it is closed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench.studio import is_alive
from keyart.errors import MissingFile
from keyart.library import local
from keyart.library import worker as workers
from keyart.library.values import Limits, Order, Result, Row
from tests.library.test_worker import SEARCHED


@pytest.fixture(autouse=True)
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CHILD", "tests.library.rough")
    monkeypatch.setenv("PYTHONPATH", SEARCHED)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(str(tmp_path / "out"), ("shots",), limits=Limits(30.0, 2_000_000_000))


def rows(*names: str) -> Iterator[Row]:
    return (Row(f"/videos/{name}.mp4", name) for name in names)


def run(
    given: Iterator[Row], order: Order, tmp_path: Path, heard: list[Mapping[str, Any]] | None = None
) -> Iterator[Result]:
    return local.run(given, order, 2, (heard if heard is not None else []).append, tmp_path / "scratch")


def test_every_row_ends_and_is_heard_of(order: Order, tmp_path: Path) -> None:
    heard: list[Mapping[str, Any]] = []
    names = ["a", "slow", "once", "poison", "b"]
    ends = {one.row.name: one.end for one in run(rows(*names), order, tmp_path, heard)}
    assert ends == {"a": "made", "slow": "made", "once": "made", "poison": "quarantined", "b": "made"}
    assert sorted(one["name"] for one in heard if one["event"] == "begin") == sorted(names)
    (again,) = (one for one in heard if one["event"] == "again")
    assert (again["name"], again["kind"], again["attempt"]) == ("once", "Killed", 1)
    assert {one["worker"] for one in heard} <= {0, 1}
    assert not any((tmp_path / "scratch").glob("worker-*"))


def test_rows_are_asked_for_as_there_is_room_for_them(order: Order, tmp_path: Path) -> None:
    asked: list[int] = []

    def endless() -> Iterator[Row]:
        while True:
            asked.append(len(asked))
            yield Row(f"/{len(asked)}.mp4", f"slow-{len(asked)}")

    with closing(run(endless(), order, tmp_path)) as results:  # type: ignore[type-var]  # it is a generator
        taken = [next(results) for _ in range(3)]
        assert len(asked) <= len(taken) + 2
    assert len(asked) <= len(taken) + 4


def test_closed_early_nobody_is_left(order: Order, tmp_path: Path, wait_for: Callable[..., None]) -> None:
    begun = tmp_path / "scratch" / "begun.txt"
    with closing(run(rows("a", "hang-1", "hang-2"), order, tmp_path)) as results:  # type: ignore[type-var]
        next(results)
        wait_for(lambda: begun.read_text().count("hang") == 2)
        pids = {int(line.split()[2]) for line in begun.read_text().splitlines()}
        began = time.monotonic()
    assert time.monotonic() - began < 10
    wait_for(lambda: not any(map(is_alive, pids)), 10)
    assert os.getpid() not in pids


def test_what_the_source_raises_is_raised(order: Order, tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield from rows("a")
        raise MissingFile("the list ends here")

    with pytest.raises(MissingFile, match="ends here"):
        list(run(broken(), order, tmp_path))

"""A worker lives from video to video, keeps its models, and ends within limits whatever a video does to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from bench.studio import is_alive
from keyart.leash import Stopped, Told, resident_bytes
from keyart.library import worker as workers
from keyart.library.standing import NOW
from keyart.library.values import Limits, Order, Result, Row
from keyart.library.worker import Worker
from tests.conftest import ClipFactory, Take

REPO = Path(__file__).resolve().parents[2]
SEARCHED = os.pathsep.join(filter(None, (str(REPO), os.environ.get("PYTHONPATH"))))


@pytest.fixture
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CHILD", "tests.library.rough")
    monkeypatch.setenv("PYTHONPATH", SEARCHED)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def one(tmp_path: Path, waits: list[float]) -> Iterator[Worker]:
    worker = Worker(tmp_path / "scratch" / "worker-0", wait=waits.append)
    yield worker
    worker.close()
    assert not worker.folder.exists()


def order(tmp_path: Path, seconds: float = 30.0, memory_bytes: int = 2_000_000_000) -> Order:
    return Order(str(tmp_path / "out"), ("shots",), limits=Limits(seconds, memory_bytes))


def row(name: str) -> Row:
    return Row(f"/videos/{name}.mp4", name)


@pytest.mark.usefixtures("rough")
def test_a_child_lives_from_video_to_video(one: Worker, tmp_path: Path) -> None:
    heard: list[object] = []
    one.hear = heard.append
    results = [one.through(row(name), order(tmp_path)) for name in ("a", "b", "c")]
    assert [result.end for result in results] == ["made"] * 3
    assert len({result.worker for result in results}) == 1 and one.started == 1
    assert {"begin": "scan"} in heard


@pytest.mark.usefixtures("rough")
@pytest.mark.parametrize(
    ("name", "end", "kind", "reason", "tries"),
    [
        ("segv", "quarantined", "BroughtDown", "SIGSEGV", 2),
        ("exit", "quarantined", "BroughtDown", "exit status 3", 2),
        ("fault", "quarantined", "Fault", "ZeroDivisionError: a fault", 2),
        ("killed", "failed", "Killed", "SIGKILL", 3),
        ("once", "made", "", "", 2),
        ("memory", "quarantined", "OverLimit", "memory", 1),
        ("poison", "quarantined", "UnreadableVideo", "no video", 1),
        ("store", "failed", "StoreFailed", "timed out, attempt 3", 3),
        ("later", "made", "", "", 3),
        ("model", "failed", "MissingModel", "no model", 1),
        ("full", "failed", "DiskFull", "the disk is full", 1),
    ],
)
def test_what_a_video_does_decides_how_often_it_is_tried(
    one: Worker, tmp_path: Path, name: str, end: str, kind: str, reason: str, tries: int
) -> None:
    result = one.through(row(name), order(tmp_path))
    assert (result.end, result.kind, result.attempt) == (end, kind, tries)
    assert reason in result.reason and "\n" not in result.reason
    assert ("Traceback" in result.trace) == (name == "fault")
    begun = (tmp_path / "scratch" / "begun.txt").read_text().splitlines()
    assert len(begun) == tries
    assert one.through(row("a"), order(tmp_path)).end == "made"  # the next video has a worker


@pytest.mark.usefixtures("rough")
def test_waiting_for_a_store_takes_longer_each_time(one: Worker, tmp_path: Path, waits: list[float]) -> None:
    again: list[float] = []
    one.through(row("store"), order(tmp_path), on_again=lambda _, seconds: again.append(seconds))
    assert waits == again
    assert 0.5 <= waits[0] <= 1.0 <= waits[1] <= 2.0


@pytest.mark.usefixtures("rough")
def test_a_video_beyond_its_time_is_stopped(one: Worker, tmp_path: Path) -> None:
    began = time.monotonic()
    result = one.through(row("hang"), order(tmp_path, seconds=0.5))
    assert (result.end, result.kind) == ("quarantined", "OverLimit")
    assert result.reason == "it took more than 0.5 seconds, and was stopped"
    assert time.monotonic() - began < 30


@pytest.mark.usefixtures("rough")
def test_a_video_beyond_its_memory_is_stopped(one: Worker, tmp_path: Path) -> None:
    result = one.through(row("grow"), order(tmp_path, memory_bytes=400_000_000))
    assert (result.end, result.kind) == ("quarantined", "OverLimit")
    assert result.reason == "it took more than 0.4 GB of memory, and was stopped"
    assert result.peak_bytes > 400_000_000


@pytest.mark.usefixtures("rough")
def test_a_child_that_died_between_videos_is_replaced(one: Worker, tmp_path: Path) -> None:
    first = one.do(row("a"), order(tmp_path))
    pid = int(first.worker.partition(":")[2])
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # its last thread may end after the first
    assert one.do(row("b"), order(tmp_path)).end == "made"
    assert one.started == 2


@pytest.mark.usefixtures("rough")
def test_a_stopped_worker_answers_no_more(one: Worker, tmp_path: Path) -> None:
    threading.Timer(1.0, one.stop).start()
    with pytest.raises(Stopped):
        one.through(row("hang"), order(tmp_path))
    with pytest.raises(Stopped):
        one.through(row("a"), order(tmp_path))


def test_workers_die_with_whoever_started_them(tmp_path: Path, wait_for: Callable[..., None]) -> None:
    script = (
        "import sys; from pathlib import Path; from keyart.library import worker\n"
        "from keyart.library.values import *\n"
        "worker.CHILD = 'tests.library.rough'\n"
        f"one = worker.Worker(Path({str(tmp_path)!r}) / 'scratch', "
        "hear=lambda _: print(one._process.pid, flush=True))\n"
        f"one.do(Row('/a.mp4', 'hang'), Order({str(tmp_path)!r}, ('shots',)))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": SEARCHED}
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid) and resident_bytes(pid) > 1_000_000
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not is_alive(pid), 10)


def test_what_stood_when_a_budget_was_over_is_kept(
    one: Worker, tmp_path: Path, clip: ClipFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that hangs while it refines is killed; the level that it had finished is the package."""
    video = Row(str(clip(takes=(Take("scene-3", 1.0),), size_px=(160, 90))), "v")
    wish = replace(order(tmp_path), parts=("shots", "stills"), budget_seconds=1.0)
    made = one.do(video, wish)
    assert made.end in ("made", "degraded"), made
    now = json.loads((one.folder / NOW).read_text())
    run = Path(now["folder"]) / "run.json"
    run.unlink()

    class Hung:
        """As `Talk`, of a child that has written what it knows and answers no more."""

        last: ClassVar[dict[str, object]] = {}
        over, is_answered, peak_bytes, tail = "more than 3 seconds", False, 7, ""

        def __init__(self, *_: object) -> None: ...

        def ask(self, _: object) -> None:
            (one.folder / NOW).write_text(json.dumps(now))

        def listen(self, **_: object) -> bool:
            return True

    monkeypatch.setattr(workers, "Talk", Hung)
    lost = one.do(video, wish)
    assert (lost.end, lost.kind, lost.key) == (made.end, "", made.key)
    assert json.loads(run.read_text())["library"]["key"] == made.key
    assert one.do(video, replace(wish, budget_seconds=0.0)).end == "quarantined"


@pytest.mark.usefixtures("rough")
def test_a_child_that_is_ready_late_is_waited_for(one: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_READY_SECONDS", 0.0)
    assert one.do(row("a"), order(tmp_path)).end == "made"


def test_what_a_child_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(err: Exception) -> Callable[..., Result]:
        def made(*_: object) -> Result:
            raise err

        return made

    wish = {"output": str(tmp_path / "out"), "parts": ["shots"]}
    request = {"row": {"url": "/no.mp4", "name": "a"}, "order": wish, "folder": str(tmp_path / "s"), "attempt": 2}
    told = Told(lambda _: None)
    done = workers._answer(request, told)["done"]
    assert (done["end"], done["kind"], done["attempt"]) == ("quarantined", "MissingFile", 2)
    monkeypatch.setattr(workers, "make_one", raises(MemoryError()))
    assert workers._answer(request, told)["kind"] == "OverLimit"
    monkeypatch.setattr(workers, "make_one", raises(KeyError("a\nb")))
    fault = workers._answer(request, told)
    assert fault["kind"] == "Fault" and "\n" not in fault["error"]
    assert workers._answer({**request, "row": {}}, told)["kind"] == "Fault"
    workers._enter_rooms(["shots"])


def test_every_model_is_loaded_once(one: Worker, tmp_path: Path, clip: ClipFactory) -> None:
    """Whatever the number of videos; and their times, memory and stages are told."""
    wish = Order(str(tmp_path / "out"), ("covers",), given=(("covers", "presets", "youtube"), ("covers", "count", "1")))
    looks = [((Take(f"scene-{number}", 1.0),), number) for number in range(3)]
    made = [
        one.through(Row(str(clip(takes=takes, size_px=(160, 90), tone_hz=440)), f"v{number}"), wish)
        for takes, number in looks
    ]
    assert all(result.end in ("made", "degraded") for result in made), made
    assert one.started == 1
    loads = dict(made[-1].loads)
    assert "silero_vad" in loads or not loads
    assert set(loads.values()) <= {1}, loads
    assert made[-1].cpu_seconds > 0 and made[-1].peak_bytes > 50_000_000 and made[-1].video_size == (160, 90)
    assert not any(stage.resumed for stage in made[0].stages) and made[0].package_bytes > 1000

"""A library on Ray: real clusters of several processes on this machine, and processes that are killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")

from bench.library import done_twice, log_of, packages
from bench.processes import tree
from keyart.errors import BadSetting, KeyartError
from keyart.library import local
from keyart.library.on_ray import (
    Checking,
    Cluster,
    Feed,
    _Office,
    _pool,
    _said_to_ray,
    _surroundings,
    cluster_from,
    looked_at,
    room_of,
    run,
)
from keyart.library.values import Order, Result, Row
from tests.conftest import ClipRecipe, Take, make_clip

PARTS = ("stills",)
pytestmark = [
    pytest.mark.filterwarnings(f"ignore{what}")
    for what in (":::ray", "::ResourceWarning", "::pytest.PytestUnraisableExceptionWarning")
]
"""What Ray says of itself and leaves open is not ours to mend."""


# --- without a cluster --------------------------------------------------------------------------------------------


def test_the_feed_holds_back_repeats_and_counts() -> None:
    async def through() -> None:
        feed = Feed(2)
        await feed.put(0, "a")
        await feed.put(1, "b")
        third = asyncio.create_task(feed.put(2, "c"))
        await asyncio.sleep(0.01)
        assert not third.done(), "two are out"
        assert [await feed.take(0), await feed.take(0)] == ["a", "a"], "whoever lost it may ask again"
        await feed.done(0)
        await third
        assert await feed.take(0) == "", "what is done is not given again"
        assert [await feed.begin(1, "b", "x"), await feed.begin(1, "b", "y")] == [1, 2]
        told = [json.loads(line) for line in await feed.heard()]
        assert [(one["event"], one["name"], one["worker"]) for one in told] == [("begin", "b", 0), ("begin", "b", 1)]
        waiting = asyncio.create_task(feed.take(3))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await feed.end(3)
        assert await waiting is None

    asyncio.run(through())


def test_the_environment_says_what_a_worker_is() -> None:
    said = {"KEYART_RAY_MIN_WORKERS": "2", "KEYART_RAY_CPUS": "4", "KEYART_RAY_GPUS": "0.5"}
    assert cluster_from("head:6379", said) == Cluster("head:6379", 2, 4.0, 0.5)
    assert cluster_from("", {}) == Cluster()
    for wrong in ({"KEYART_RAY_CPUS": "many"}, {"KEYART_RAY_CPUS": "0.1"}, {"KEYART_RAY_MIN_WORKERS": "-1"}):
        with pytest.raises(BadSetting, match="KEYART_RAY"):
            cluster_from("", wrong)


@pytest.mark.parametrize(
    ("has", "cluster", "workers", "sizes"),
    [
        ({"CPU": 8.0}, Cluster(), 0, (8, 8)),
        ({"CPU": 8.0}, Cluster(min_workers=2), 20, (2, 20)),
        ({"CPU": 2.0}, Cluster(), 6, (2, 6)),
        ({"CPU": 16.0, "GPU": 2.0}, Cluster(num_cpus=2.0, num_gpus=0.5), 0, (4, 4)),
        ({}, Cluster(), 0, (1, 1)),
    ],
)
def test_the_pool_begins_within_what_is_there(
    has: dict[str, float], cluster: Cluster, workers: int, sizes: tuple[int, int]
) -> None:
    class Ray:
        @staticmethod
        def cluster_resources() -> dict[str, float]:
            return has

    assert tuple(_pool(Ray, cluster, workers).values()) == sizes


def test_a_room_of_a_dead_process_is_cleared_away() -> None:
    start = f"keyart-test-{os.getpid()}-"
    lines = [
        "import os",
        "from keyart.library.on_ray import room_of",
        f"with room_of({start!r}) as room:",
        "    print(room, flush=True)",
        "    os._exit(1)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    killed = Path(done.stdout.strip())
    assert killed.is_dir()
    with room_of(start) as first, room_of(start) as second:
        assert not killed.exists() and first.is_dir() and second.is_dir(), "only those that nobody holds"
    assert not first.exists() and not second.exists()


def test_a_check_opens_no_video(tmp_path: Path) -> None:
    order = Order(str(tmp_path / "out"), PARTS)
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    assert looked_at(Row(str(tmp_path / "a.mp4"), "a"), order) is None, "that is for a worker to find out"
    assert looked_at(Row("s3://bucket/a.mp4", "a"), order) is None
    for url in (str(tmp_path / "none.mp4"), str(tmp_path), "nul\0.mp4"):
        gone = looked_at(Row(url, "gone"), order)
        assert gone is not None and (gone.end, gone.kind) == ("quarantined", "MissingFile")


def test_another_version_in_the_cluster_ends_the_run(tmp_path: Path) -> None:
    import pyarrow as pa

    batch = pa.table({"number": [7], "row": ['{"url": "a", "name": "a"}']})
    told = Checking("{}", {**_surroundings(), "version": "0.0.1"})(batch)["told"][0]
    office = object.__new__(_Office)
    with pytest.raises(KeyartError, match="install the same"):
        office.taken_back(json.loads(told))


# --- with one -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    folder = tmp_path_factory.mktemp("videos")
    # enough for whoever takes the place of a killed worker: on a slow machine it is ready seconds later
    paths = [folder / f"видео {number}.mp4" for number in range(18)]
    for number, path in enumerate(paths):
        takes = (Take(f"scene-{number}", 0.5), Take(f"scene-{number + 20}", 0.5))
        make_clip(path, ClipRecipe(takes=takes, size_px=(160, 90)))
    (folder / "broken.mp4").write_bytes(b"no video at all" * 99)
    return [Row(str(path), path.stem) for path in [*paths, folder / "broken.mp4", folder / "gone.mp4"]]


@pytest.fixture(scope="module")
def undisturbed(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """How each row ends on one machine without Ray, and the packages' checksums."""
    output = tmp_path_factory.mktemp("local")
    found = list(local.run(iter(rows), Order(str(output), PARTS), 1, lambda _: None, output / "scratch"))
    return _ends(found), packages(output)


def _ends(results: list[Result]) -> dict[str, str]:
    return {one.row.name: f"{one.end} {one.kind}" for one in results}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that makes nothing, and two machines with one slot each; on loopback."""
    from ray.cluster_utils import Cluster as Machines

    facts = {"node_ip_address": "127.0.0.1", "object_store_memory": 80_000_000}
    quick = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 500, "health_check_timeout_ms": 4000}
    with _said_to_ray(own=True, loopback=True):
        machines = Machines(
            initialize_head=True,
            head_node_args={**facts, "num_cpus": 0, "include_dashboard": False, "_system_config": quick},
        )
        for _ in range(2):
            machines.add_node(**facts, num_cpus=1, wait=False)
        machines.wait_for_nodes(timeout=120)
        yield machines
        machines.shutdown()


def _disturbed(rows: list[Row], output: Path, address: str, disturb: Callable[[Result], None]) -> list[Result]:
    """All results of a run that is disturbed when the first package is there."""
    found: list[Result] = []
    for result in run(iter(rows), Order(str(output), PARTS), 2, lambda _: None, output / "scratch", address=address):
        if not any(one.end == "made" for one in found) and result.end == "made":
            disturb(result)
        found.append(result)
    return found


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_an_actor_that_is_killed_loses_nothing(
    rows: list[Row], undisturbed: tuple[dict[str, str], dict[str, str]], cluster: Any, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_actor(result: Result) -> None:
        killed.append(_parent(int(result.worker.rpartition(":")[2])))
        os.kill(killed[0], signal.SIGKILL)

    found = _disturbed(rows, tmp_path, cluster.address, kill_actor)
    assert killed and len(found) == len(rows)
    ends, made = undisturbed
    told = _ends(found)
    # one may have been made just before its actor was killed: then it was there
    assert {name: end.replace("present", "made") for name, end in told.items()} == ends
    assert packages(tmp_path) == made, "the same bytes as without Ray"
    assert len({one.worker for one in found if one.end == "made"}) == 3, "two workers, and one in place of the killed"
    assert all(count == 1 for one in found for _, count in one.loads), "models are loaded once by each"


def test_a_machine_that_is_lost_loses_nothing(
    rows: list[Row], undisturbed: tuple[dict[str, str], dict[str, str]], cluster: Any, tmp_path: Path
) -> None:
    lost: list[Any] = []

    def lose(result: Result) -> None:
        raylet = _parent(_parent(int(result.worker.rpartition(":")[2])))
        lost.extend(one for one in cluster.worker_nodes if one.all_processes["raylet"][0].process.pid == raylet)
        cluster.remove_node(lost[0], allow_graceful=False)

    found = _disturbed(rows, tmp_path, cluster.address, lose)
    assert lost and {name: end.replace("present", "made") for name, end in _ends(found).items()} == undisturbed[0]
    assert packages(tmp_path) == undisturbed[1]


def test_a_driver_that_is_killed_takes_all_with_it_and_the_next_goes_on(
    rows: list[Row], undisturbed: tuple[dict[str, str], dict[str, str]], tmp_path: Path
) -> None:
    sources = [row.url for row in rows if row.name != "gone"]
    command = [sys.executable, "-m", "keyart", "library", *sources, "-o", str(tmp_path / "out"), "--engine", "ray"]
    command += ["--workers", "2", "--parts", ",".join(PARTS), "-q"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "KEYART_CACHE"))}
    driver = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _until(lambda: len(packages(tmp_path / "out")) >= 1 or driver.poll() is not None, 120.0)
        started = [pid for pid in tree(driver.pid) if pid != driver.pid]
        assert len(started) > 4 and _outer_sockets([driver.pid, *started]) == []
    finally:
        driver.kill()
        driver.wait()
    _until(lambda: not any(_lives(pid) for pid in started), 60.0)
    assert len(packages(tmp_path / "out")) < len(sources) - 1, "it was killed in the middle"
    assert subprocess.run(command, env=environment, check=False).returncode == 1, "one of them is no video"
    assert packages(tmp_path / "out") == undisturbed[1]
    assert done_twice(log_of(tmp_path / "out")) == 0


def _until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.05)


_SLOW_TO_GO = (b"ray::DashboardAgent", b"ray::RuntimeEnvAgent")
"""Ray's own, idle by then: they report the end to a server that has ended too, for a minute."""


def _lives(pid: int) -> bool:
    try:
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(_SLOW_TO_GO):
            return False
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


_LOOPBACK = ("0100007F:", "0000000000000000FFFF00000100007F:", "00000000000000000000000001000000:")


def _outer_sockets(pids: list[int]) -> list[str]:
    """Addresses, as the kernel writes them, that these processes listen on and others can reach."""
    own = {str(one.readlink()) for pid in pids for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()}
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    listening = [line for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in own]
    assert listening, "Ray listens"
    return [line[1] for line in listening if not line[1].startswith(_LOOPBACK)]

"""Many videos on a Ray cluster: paths travel, never frames, and the package is the checkpoint.

    rows ──> Feed ──> Checking, ... ─────> Making, Making, ... ──> results ──> ledger
    (driver) (bound)  (actors: there? the  (a pool of actors, each            (driver)
                      file, the package)    with one Worker)

Ray starts a dead actor again and gives it the same row again; the feed counts how often. What a worker had finished is
in the stage cache. Whoever kills the driver ends everything: the next run goes on from the packages and the cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from keyart.cache import file_sha256
from keyart.errors import BadSetting, KeyartError, MissingExtra, MissingFile
from keyart.library.lines import plain, value_of
from keyart.library.local import Hear
from keyart.library.making import PERMANENT, is_present, recipe_of, row_key
from keyart.library.places import Place, is_address, local_path
from keyart.library.values import Order, Result, Row
from keyart.library.worker import BROUGHT_DOWN, Worker
from keyart.package import MANIFEST

CHECK_CPUS = 0.0625
"""Of a check, taken from the slot of a worker: where every slot has a worker, checks still have room."""
QUEUED = 2
"""Rows that an actor holds: one it makes, one it need not wait for."""
WORKERS_PER_CHECKER = 8
"""A check reads the file once, which takes a hundredth of making it."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_UNHEARD = 10_000
_NICENESS = "RAY_worker_niceness"
_SAY_EVERY_SECONDS = 1.0
_LEAVE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the workers are and what each of them is."""

    address: str = ""
    """`host:6379` of a cluster's head, or `auto`; "": one on this machine, on loopback, that ends with the run."""
    min_workers: int = 0
    """The pool shrinks to so many when there is little to do, and begins with so many; 0: it stays as it is."""
    num_cpus: float = 1.0
    """CPU slots of one worker. At least 0.125."""
    num_gpus: float = 0.0
    """GPU slots of one worker: 0.5 lets two share a GPU. Its networks run there if the models at hand can."""


def cluster_from(address: str, environment: Mapping[str, str] = os.environ) -> Cluster:
    """The cluster with that address; the rest is said by KEYART_RAY_MIN_WORKERS, KEYART_RAY_CPUS and KEYART_RAY_GPUS.

    Raises `BadSetting`.
    """
    said = {name: environment.get(f"KEYART_RAY_{name}", "") for name in ("MIN_WORKERS", "CPUS", "GPUS")}
    try:
        found = Cluster(address, int(said["MIN_WORKERS"] or 0), float(said["CPUS"] or 1), float(said["GPUS"] or 0))
    except ValueError as err:
        raise BadSetting(f"KEYART_RAY_...: {err}; a number is wanted") from None
    if found.min_workers < 0 or not 2 * CHECK_CPUS <= found.num_cpus < 1e4 or not 0 <= found.num_gpus < 1e4:
        raise BadSetting("KEYART_RAY_MIN_WORKERS and KEYART_RAY_GPUS are 0 or more, KEYART_RAY_CPUS is 0.125 or more")
    return found


# --- the driver ---------------------------------------------------------------------------------------------------


def run(
    rows: Iterable[Row], order: Order, workers: int, hear: Hear, scratch: Path, *, address: str = ""
) -> Iterator[Result]:
    """How each row ends, in the order in which they do. Rows are asked for as there is room for them in the cluster.

    `workers`: at most so many; 0: one for each slot that the cluster has now. `scratch` is used by workers of this
    machine's own cluster; others have room of their own. Closed early, the workers are killed at once. Raises
    `MissingExtra` without Ray, `BadSetting`, and `KeyartError` where a cluster cannot be reached, is lost or runs
    another keyart; what the rows raise is raised when all before them have ended.
    """
    yield from made_on(cluster_from(address), rows, order, workers, hear, "" if address else str(scratch))


def made_on(
    cluster: Cluster, rows: Iterable[Row], order: Order, workers: int, hear: Hear, scratch: str = ""
) -> Iterator[Result]:
    """`run` on a cluster of which more is known than its address."""
    with _connected(cluster, workers) as ray:
        pool = _pool(ray, cluster, workers)
        office = _Office(ray, rows, hear, most=2 * QUEUED * pool["max_size"])
        dataset = _pipeline(ray, office.feed, order, cluster, pool, scratch)
        office.open()
        try:
            for batch in dataset.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
                for told in batch.column("told").to_pylist():
                    if (result := office.taken_back(json.loads(told))) is not None:
                        yield result
        except ray.exceptions.RayError as err:
            raise KeyartError(f"Ray gave up: {_first_line(err)}; what is made stays, run it again") from err
        finally:
            office.leave()
        office.close()


@dataclass(slots=True)
class _Office:
    """The driver's side of the feed: rows are handed in by a thread, results taken back."""

    ray: Any
    rows: Iterable[Row]
    hear: Hear
    most: int
    feed: Any = None
    out: dict[int, Row] = field(default_factory=dict)
    """Rows that are somewhere in the cluster."""
    fault: BaseException | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feed = self.ray.remote(Feed).options(num_cpus=0, **_here(self.ray)).remote(self.most)

    def open(self) -> None:
        for work in (self._hand_in, self._listen):
            self._threads.append(threading.Thread(target=work, name="keyart-feed", daemon=True))
            self._threads[-1].start()

    def leave(self) -> None:
        """End the feed, and with it whoever waits for its word: Ray must not end while a thread asks it something."""
        with contextlib.suppress(Exception):  # the cluster may be gone by now
            self.ray.kill(self.feed)
        for thread in self._threads:
            thread.join(_LEAVE_SECONDS)

    def _hand_in(self) -> None:
        count = 0
        try:
            for count, row in enumerate(self.rows, 1):
                self.out[count - 1] = row
                self.ray.get(self.feed.put.remote(count - 1, json.dumps(plain(_placed(row)))))
        except BaseException as err:  # noqa: BLE001  handed on: `close` raises it
            self.fault = err
        with contextlib.suppress(Exception, SystemExit):  # Ray ends a thread whose cluster is gone
            self.ray.get(self.feed.end.remote(count))

    def _listen(self) -> None:
        with contextlib.suppress(Exception, SystemExit):  # until the cluster is gone
            while True:
                for line in self.ray.get(self.feed.heard.remote()):
                    self.hear(json.loads(line))

    def taken_back(self, told: Mapping[str, Any]) -> Result | None:
        """The result of a row; None for one that has come before. Raises `KeyartError` where a worker cannot work."""
        if fault := told.get("fault"):
            raise KeyartError(str(fault))
        row = self.out.pop(int(told["number"]), None)
        self.feed.done.remote(int(told["number"]))
        return None if row is None or told["result"] is None else replace(value_of(told["result"], Result), row=row)

    def close(self) -> None:
        """Raises what the rows' source has raised, and `KeyartError` where nothing was heard of a row."""
        if self.fault is not None:
            raise self.fault
        if self.out:
            first = next(iter(self.out.values())).name
            raise KeyartError(f"Ray has told nothing of {len(self.out)} videos, {first} first; run it again")


def _placed(row: Row) -> Row:
    """With a path that says the same wherever a worker stands."""
    return replace(row, url=str(local_path(row.url).absolute())) if not is_address(row.url) else row


def _pool(ray: Any, cluster: Cluster, workers: int) -> dict[str, int]:
    """Sizes of the pool. It begins with no more than there are slots: the checks need room too."""
    has = ray.cluster_resources()
    slots = [has.get("CPU", 0.0) // cluster.num_cpus]
    slots += [has.get("GPU", 0.0) // cluster.num_gpus] if cluster.num_gpus else []
    now = max(1, int(min(slots)))
    most = workers or max(now, cluster.min_workers)
    return {"min_size": min(cluster.min_workers or most, most, now), "max_size": most}


def _pipeline(ray: Any, feed: Any, order: Order, cluster: Cluster, pool: Mapping[str, int], scratch: str) -> Any:
    from ray.data import ActorPoolStrategy, DataContext

    ways = {"order": json.dumps(plain(_rooted(order))), "surroundings": _surroundings()}
    one: dict[str, Any] = {"batch_size": 1, "batch_format": "pyarrow"}
    with DataContext.current(_context(DataContext)):
        rows = ray.data.from_items([{"number": 0}]).map_batches(
            handed_out, fn_kwargs={"feed": feed}, num_cpus=0, **one, **_here(ray)
        )
        # Not as tasks: Ray ends the process of one as soon as it idles, and a new one takes longer than the check.
        checkers = ActorPoolStrategy(size=max(1, pool["min_size"] // WORKERS_PER_CHECKER))
        looked_at = rows.map_batches(Checking, fn_constructor_kwargs=ways, compute=checkers, num_cpus=CHECK_CPUS, **one)
        return looked_at.map_batches(
            Making,
            fn_constructor_kwargs={"feed": feed, "scratch": scratch, **ways},
            compute=ActorPoolStrategy(**pool, max_tasks_in_flight_per_actor=QUEUED),
            num_cpus=cluster.num_cpus - CHECK_CPUS,
            num_gpus=cluster.num_gpus or None,
            **one,
        )


def _context(kind: Any) -> Any:
    """A row is a block: it leaves as soon as it is there, and a lost one costs no other."""
    context = kind.get_current().copy()
    context.target_max_block_size = 1
    context.enable_progress_bars = context.print_on_execution_start = False
    context.issue_detectors_config.detectors = []  # they would call a long video a task that hangs
    return context


def _here(ray: Any) -> dict[str, Any]:
    """What is the driver's stays on its machine, and ends with it."""
    return {"label_selector": {"ray.io/node-id": ray.get_runtime_context().get_node_id()}}


def _rooted(order: Order) -> Order:
    """With paths that say the same wherever a worker stands."""
    output = order.output if is_address(order.output) else str(local_path(order.output).absolute())
    config, channel = (str(Path(one).absolute()) if one else "" for one in (order.config, order.channel))
    return replace(order, output=output, config=config, channel=channel)


def _surroundings() -> dict[str, str]:
    """What else of the driver decides what is made: its settings, its folder, its version."""
    import keyart

    said = {name: value for name, value in os.environ.items() if name.startswith("KEYART_")}
    kept = {name: value for name, value in said.items() if not name.startswith(("KEYART_STUDIO_", "KEYART_RAY_"))}
    return {**kept, "cwd": str(Path.cwd()), "version": keyart.__version__}


def _first_line(err: BaseException) -> str:
    return next(iter(str(err).strip().splitlines()), type(err).__name__)[:300]


# --- in the cluster -----------------------------------------------------------------------------------------------


class Feed:
    """An actor beside the driver that rows wait in: at most `most` are out at a time.

    A row is given again to whoever asks again: Ray repeats what was lost with a process.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: dict[int, str] = {}
        self._put, self._end = 0, -1
        self._tries: Counter[int] = Counter()
        self._workers: dict[str, int] = {}
        self._said: list[str] = []
        self._turn = asyncio.Condition()

    async def put(self, number: int, row: str) -> None:
        """Waits until there is room for the row."""
        async with self._turn:
            await self._turn.wait_for(lambda: len(self._rows) < self._most)
            self._rows[number] = row
            self._put = number + 1
            self._turn.notify_all()

    async def end(self, count: int) -> None:
        """No more rows than these."""
        async with self._turn:
            self._end = count
            self._turn.notify_all()

    async def take(self, number: int) -> str | None:
        """The row of that number, once there is one: "" if it is done; None after the last."""
        async with self._turn:
            await self._turn.wait_for(lambda: number < self._put or number == self._end)
            return self._rows.get(number, "") if number < self._put else None

    async def begin(self, number: int, name: str, worker: str) -> int:
        """How often the row was begun by now: more than once where an actor died with it."""
        self._tries[number] += 1
        await self.say(worker, {"event": "begin", "name": name})
        return self._tries[number]

    async def say(self, worker: str, event: Mapping[str, Any]) -> None:
        """Something for whoever watches the run."""
        async with self._turn:
            at = self._workers.setdefault(worker, len(self._workers))
            self._said = [*self._said[-_UNHEARD:], json.dumps({**event, "worker": at})]
            self._turn.notify_all()

    async def heard(self) -> list[str]:
        """What was said since the last call, once there is any."""
        async with self._turn:
            await self._turn.wait_for(lambda: self._said)
            found, self._said = self._said, []
            return found

    async def done(self, number: int) -> None:
        async with self._turn:
            self._rows.pop(number, None)
            self._tries.pop(number, None)
            self._turn.notify_all()


def handed_out(_: Any, feed: Any) -> Iterator[dict[str, list[Any]]]:
    """Rows of the feed, one after the other; Ray asks for the next when it has room for it."""
    import ray

    number = 0
    while (row := ray.get(feed.take.remote(number))) is not None:
        yield {"number": [number], "row": [row]}
        number += 1


class Checking:
    """An actor that says what can be said of a row without opening the video: not there, refused, made already."""

    def __init__(self, order: str, surroundings: Mapping[str, str]) -> None:
        self._order, self._fault = _told(order, surroundings)

    def __call__(self, batch: Any) -> dict[str, list[Any]]:
        number, text = _only(batch, "number"), _only(batch, "row")
        if self._fault:
            return _told_of(number, text, {"number": number, "result": None, "fault": self._fault})
        if not text:  # it was done before Ray asked again
            return _told_of(number, text, {"number": number, "result": None})
        result = looked_at(value_of(json.loads(text), Row), self._order)
        return _told_of(number, text, {"number": number, "result": plain(result)} if result else None)


def looked_at(row: Row, order: Order) -> Result | None:
    """How a row ends that needs no worker; None for one that does. A video of a store is not fetched for it."""
    if is_address(row.url):
        return None
    began, result = time.monotonic(), Result(row, "present", worker=f"{socket.gethostname()}:{os.getpid()}")
    video, place = local_path(row.url), Place(order.output).below(f"{row.name}.keyart")
    try:
        if "\0" in row.url or not video.is_file():
            raise MissingFile(f"{video}: no such file")
        if order.fresh or not place.exists(MANIFEST):
            return None
        sha256 = file_sha256(video)
        key = row_key(order, recipe_of(order, row, video), video, sha256)
        if not is_present(place, key):
            return None
        result = replace(result, sha256=sha256, key=key, package=place.address)
    except PERMANENT as err:
        result = replace(result, end="quarantined", kind=type(err).__name__, reason=_one_line(err))
    except (KeyartError, OSError):
        return None  # it may pass: whoever makes it knows how to wait
    return replace(result, seconds=round(time.monotonic() - began, 3))


class Making:
    """An actor of the pool. Its worker, a process of its own, lives from video to video with its models."""

    def __init__(self, feed: Any, order: str, surroundings: Mapping[str, str], scratch: str) -> None:
        import ray

        self._feed = feed
        self._order, self._fault = _told(order, surroundings)
        self._name = str(ray.get_runtime_context().get_actor_id())
        self._room = contextlib.ExitStack()
        folder = Path(scratch) if scratch else self._room.enter_context(room_of("keyart-worker-"))
        self._worker = Worker(folder / f"worker-{os.getpid()}")
        self._hand = ThreadPoolExecutor(1)  # the kernel ends a child with the thread that began it; one row at a time
        if not self._fault:
            self._hand.submit(self._worker.warm, self._order)

    def __call__(self, batch: Any) -> dict[str, list[Any]]:
        number, told = _only(batch, "number"), _only(batch, "told")
        if told:
            return {"told": [told]}
        if self._fault:
            return {"told": [json.dumps({"number": number, "result": None, "fault": self._fault})]}
        row = value_of(json.loads(_only(batch, "row")), Row)
        result = self._hand.submit(self._made, number, row).result()
        return {"told": [json.dumps({"number": number, "result": plain(result)})]}

    def _made(self, number: int, row: Row) -> Result:
        import ray

        tries, may = ray.get(self._feed.begin.remote(number, row.name, self._name)), self._order.limits.attempts
        if tries > may:
            return Result(row, "quarantined", f"{may} workers were lost while at work on it", may, kind=BROUGHT_DOWN)
        next_word = 0.0

        def on_line(line: Mapping[str, Any]) -> None:
            nonlocal next_word
            stage, now = line.get("begin") or line.get("at"), time.monotonic()
            if stage and now >= next_word:
                next_word = now + _SAY_EVERY_SECONDS
                fraction = {"fraction": line["fraction"]} if "at" in line else {}
                self._say({"event": "stage", "name": row.name, "stage": stage, **fraction})

        def on_again(result: Result, seconds: float) -> None:
            told = {"attempt": result.attempt, "kind": result.kind, "reason": result.reason, "wait_seconds": seconds}
            self._say({"event": "again", "name": row.name, **told})

        self._worker.hear = on_line
        try:
            return self._worker.through(row, self._order, on_again)
        except (KeyartError, OSError) as err:  # scratch room that cannot be written, a process that cannot be started
            return Result(row, "failed", _one_line(err), tries, kind=type(err).__name__)

    def _say(self, event: Mapping[str, Any]) -> None:
        self._feed.say.remote(self._name, event)


def _one_line(err: BaseException) -> str:
    return " ".join(str(err).split())[:1000]


def _told(order: str, surroundings: Mapping[str, str]) -> tuple[Order, str]:
    """The driver's order, and why it cannot be followed, else ""; another version's may not even be readable."""
    fault = _settle(surroundings)
    return Order("", ()) if fault else value_of(json.loads(order), Order), fault


def _settle(surroundings: Mapping[str, str]) -> str:
    """Take on the driver's settings; why that cannot be, else ""."""
    import keyart

    if surroundings["version"] != keyart.__version__:
        return f"the cluster has keyart {keyart.__version__}, the driver {surroundings['version']}: install the same"
    for name, value in surroundings.items():
        if name in ("KEYART_MODELS", "KEYART_CACHE"):  # places: a machine may have its own
            os.environ.setdefault(name, value)
        elif name.startswith("KEYART_"):
            os.environ[name] = value
    with contextlib.suppress(OSError):  # not there: then nothing points into it
        os.chdir(surroundings["cwd"])
    return ""


def _only(batch: Any, column: str) -> Any:
    return batch.column(column)[0].as_py()


def _told_of(number: int, row: str, told: Mapping[str, Any] | None) -> dict[str, list[Any]]:
    return {"number": [number], "row": [row], "told": [json.dumps(told) if told else ""]}


# --- reaching a cluster -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _connected(cluster: Cluster, workers: int) -> Iterator[Any]:
    """Ray, with a cluster behind it: the one that this process is in already, the one of the address, or its own."""
    own = not cluster.address
    with _said_to_ray(own, loopback=own or cluster.address.startswith(_LOOPBACK)):
        ray = _ray()
        if ray.is_initialized():
            yield ray
            return
        with room_of("keyart-ray-") if own else contextlib.nullcontext() as room:
            try:
                ray.init(**(_of_its_own(room, cluster, workers) if own else {"address": cluster.address}), **_QUIET)
                if own and (where := ray.util.get_node_ip_address()) not in ("127.0.0.1", "::1"):
                    raise KeyartError(
                        f"Ray listens on {where} and not on this machine alone: give an --address of yours"
                    )
                yield ray
            except (ConnectionError, ray.exceptions.AuthenticationError) as err:
                raise KeyartError(f"{cluster.address}: no Ray cluster answers: {_first_line(err)}") from err
            finally:
                ray.shutdown()


_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}


def _of_its_own(room: Path | None, cluster: Cluster, workers: int) -> dict[str, Any]:
    return {
        "address": "local",
        "_node_ip_address": "127.0.0.1",
        "include_dashboard": False,
        "num_cpus": max(1, round((workers or os.cpu_count() or 1) * cluster.num_cpus)),
        "object_store_memory": 100_000_000,  # what travels are paths
        "_temp_dir": str(room),
    }


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as err:
        raise MissingExtra("ray", extra="ray") from err
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    _hush()
    return ray


def _hush() -> None:
    """Ray prints what its machines say, lost processes and all, to standard output, where results belong."""
    from ray._private import worker

    def told(data: Mapping[str, Any], **_: Any) -> None:
        for line in data.get("lines", ()):
            logging.getLogger(__name__).info("ray: %s", line)

    if hasattr(worker, "print_to_stdstream"):  # of another Ray: then it prints
        worker.print_to_stdstream = told


@cache
def _token() -> str:
    """Of this process's clusters. "" where Ray was imported before: by then it has made up its mind on tokens."""
    return "" if "ray" in sys.modules else secrets.token_hex(32)


@contextlib.contextmanager
def _said_to_ray(own: bool, loopback: bool) -> Iterator[None]:
    """Ray listens to the environment: no reports to its makers, and a cluster of one's own is one's own."""
    said = {"RAY_USAGE_STATS_ENABLED": "0"}
    if own:  # no less and no more than local workers have
        said |= {_NICENESS: os.environ.get(_NICENESS, "0")}
    if own and _token():
        said |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _token()}
    if loopback:  # or it takes 127.0.0.1 for the machine's outer address, and binds to every one
        said |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        with _inner_address(not loopback):
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})


@contextlib.contextmanager
def _inner_address(outer: bool) -> Iterator[None]:
    """The same for a Ray that was imported before: it reads that variable once."""
    with contextlib.suppress(ImportError):
        from ray._private import ray_constants

        before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, outer
        try:
            yield
        finally:
            ray_constants.ENABLE_RAY_CLUSTER = before
        return
    yield


@contextlib.contextmanager
def room_of(start: str) -> Iterator[Path]:
    """A folder whose name begins so, gone afterwards; those of killed processes are cleared away first.

    Ray's sockets lie in one, and a socket's path must be short.
    """
    for old in _ROOMS.glob(f"{start}*"):
        with contextlib.suppress(OSError), (old / _IN_USE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
    room = Path(tempfile.mkdtemp(prefix=start, dir=_ROOMS))
    with (room / _IN_USE).open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)


_IN_USE = "in use"
_ROOMS = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())

"""The studio under fire: a queue whose server is killed at random moments, many readers at once, previews.

The queue: short videos are handed in with a form; `keyart studio` gets SIGKILL each time that a random share of all the
work is done, and is started again. At the end every package must be complete, written once, and nothing else be there.
Times are taken when the machine has little else to do, or are marked as disturbed. What is measured is kept under
bench/work: a part that is there already is not measured again unless `--fresh`, and the queue goes on where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import re
import shutil
import signal
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.clips import bench_clip
from bench.processes import tree, wait_for_quiet
from bench.readers import Timed, read, share_below
from bench.record import WORK, commit, machine, write_result
from bench.served import Server, running

KEPT = WORK / "studio.json"
DATA = WORK / "studio"
_PACKAGE = ("package.json", "run.json", "index.html")
_OWN = re.compile(r"(studio|jobs)\.sqlite(-wal|-shm|-journal)?|\.lock|[a-z.]*\.key|stages/[0-9a-f]{32}\.stage")
"""What lies in a data folder beside the videos."""
_PATIENCE_SECONDS, _QUIET_SECONDS = 3600.0, 60.0


# --- the queue ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Way:
    """How far the queue's part is, kept beside the data folder: a measurement that was interrupted goes on."""

    data: Path
    plan: list[Any]
    seconds: float = 0.0
    handed_in: int = 0
    kills: list[dict[str, Any]] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    written: dict[str, list[list[int]]] = field(default_factory=dict)
    """Package -> every [inode, time] that its manifest was seen with: more than one says that it was written twice."""

    @classmethod
    def begun(cls, data: Path, plan: list[Any]) -> Way:
        """The one that was under way with this plan, or a new one in an empty folder."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            found = cls(data, **json.loads(cls(data, plan).place.read_text("utf-8")))
            if found.plan == plan and data.is_dir():
                return found
        shutil.rmtree(data, ignore_errors=True)
        return cls(data, plan)

    @property
    def place(self) -> Path:
        return self.data.with_suffix(".way.json")

    def keep(self, seconds: float) -> None:
        facts = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "data"}
        self.place.write_text(json.dumps(facts | {"seconds": seconds}), "utf-8")

    def look(self) -> None:
        for manifest in self.data.glob("videos/*/package/package.json"):
            with contextlib.suppress(FileNotFoundError):
                stat, seen = manifest.stat(), self.written.setdefault(manifest.parent.parent.name, [])
                if [stat.st_ino, stat.st_mtime_ns] not in seen:
                    seen.append([stat.st_ino, stat.st_mtime_ns])


def queue(videos: Sequence[Path], kills: int, seed: int, data: Path) -> dict[str, Any]:
    """Hand all in, kill the server `kills` times at random moments, wait for the end; what was found then."""
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0.02, 0.95) for _ in range(kills))
    way = Way.begun(data, [[video.name for video in videos], kills, seed])
    began = time.monotonic() - way.seconds
    with running(data) as server:
        for number, video in list(enumerate(videos))[way.handed_in :]:
            with video.open("rb") as file:
                server.ask("POST", "/api/videos", files={"file": (f"video {number:02}.mp4", file)})
            way.handed_in = number + 1
            way.keep(time.monotonic() - began)
        for moment in moments[len(way.kills) :]:
            _kill(server, way, _until(server, way, moment))
            way.keep(time.monotonic() - began)
        _until(server, way, 1.0)
        states = [video["state"] for video in server.ask("GET", "/api/videos?limit=200").json()["videos"]]
        server.stop(signal.SIGINT)
    way.look()
    way.place.unlink()  # what is over is not gone on with
    return {
        "videos": len(videos),
        "kills": way.kills,
        "states": {state: states.count(state) for state in sorted(set(states))},
        "seconds": round(time.monotonic() - began, 1),
        **findings(data, way.written),
        "orphan_processes": sum(map(is_alive, way.children)),
    }


def _kill(server: Server, way: Way, share_done: float) -> None:
    """SIGKILL, and up again."""
    at_work = children(server.pid)
    server.stop(signal.SIGKILL)
    gone_ms, began = _gone_ms(at_work), time.monotonic()
    server.start()
    up_s = round(time.monotonic() - began, 2)
    way.kills.append(
        {"share_done": round(share_done, 3), "at_work": len(at_work), "child_gone_ms": gone_ms, "up_again_s": up_s}
    )
    way.children += at_work


def _until(server: Server, way: Way, share: float) -> float:
    """Wait until that share of all the work is done; the share that was."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        way.look()
        videos = server.ask("GET", "/api/videos?limit=200").json()["videos"]
        done = sum(1.0 if _is_over(one) else one["progress"]["fraction"] * 0.999 for one in videos) / len(videos)
        if done >= share:
            return done
        time.sleep(0.1)
    raise RuntimeError(f"after {_PATIENCE_SECONDS:g} s not even {share:.0%} of the work is done")


def _is_over(video: dict[str, Any]) -> bool:
    return video["state"] in ("done", "failed", "cancelled")


def _gone_ms(pids: Sequence[int]) -> int:
    """How long the processes that decode outlived the studio."""
    began = time.monotonic()
    while any(is_alive(pid) for pid in pids) and time.monotonic() - began < 30:
        time.sleep(0.002)
    return round((time.monotonic() - began) * 1000)


def children(server: int) -> list[int]:
    """Processes that a studio has started: those at work on videos."""
    return [pid for pid in tree(server) if pid != server]


def is_alive(pid: int) -> bool:
    """Whether it still does anything: not one that has ended and was not waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]  # the name may hold anything
    except OSError:
        return False
    return state != "Z"


def findings(data: Path, written: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """What lies in the data folder of a studio that is closed: whole packages, made twice, left over."""
    complete, expected = 0, set[str]()
    for folder in sorted((data / "videos").iterdir()):
        products = _whole(folder / "package")
        complete += products is not None
        inside = [*_PACKAGE, *(products or ())]
        expected |= {f"videos/{folder.name}/package/{name}" for name in inside} | {f"videos/{folder.name}/source.mp4"}
    files = {one.relative_to(data).as_posix() for one in data.rglob("*") if one.is_file()}
    return {
        "complete": complete,
        "written_twice": sum(len(seen) > 1 for seen in written.values()),
        "worked_on_twice": _done_twice(data),
        "orphan_files": sorted(one for one in files - expected if not _OWN.fullmatch(one)),
    }


def _whole(package: Path) -> list[str] | None:
    """The products of a package all of whose files are what its manifest says; None where one is not."""
    try:
        products = json.loads((package / "package.json").read_text("utf-8"))["products"]
        for one in products:
            if hashlib.sha256((package / one["path"]).read_bytes()).hexdigest() != one["sha256"]:
                return None
    except (OSError, ValueError, KeyError):
        return None
    return [one["path"] for one in products]


def _done_twice(data: Path) -> int:
    """Videos for which the queue's own books hold more than one piece of work that was done to its end."""
    connection = sqlite3.connect(data / "jobs.sqlite")
    rows = connection.execute("select workflow_uuid from workflow_status where name = 'videos'").fetchall()
    connection.close()
    ids = [row[0].partition("-")[0] for row in rows]
    return sum(ids.count(id) > 1 for id in set(ids))


# --- readers and previews -----------------------------------------------------------------------------------------


def finished(server: Server) -> str:
    """A video whose package is there."""
    videos = server.ask("GET", "/api/videos?limit=200").json()["videos"]
    return str(next(one["id"] for one in videos if one["state"] == "done"))


def readers(data: Path, count: int, seconds: float) -> dict[str, Any]:
    """A finished package read by many: each asks once a second; then as fast as they can."""
    with running(data) as server:
        id, place = finished(server), urlsplit(server.address)
        paths = [*_pages(server, id)]
        for path in paths:
            server.ask("GET", path)

        def ask(think_seconds: float) -> dict[str, Any]:
            timed = read(
                str(place.hostname), int(place.port or 80), paths,
                readers=count, for_seconds=seconds, think_seconds=think_seconds,
            )  # fmt: skip
            return _told(timed, seconds) | {"think_seconds": think_seconds}

        return {"readers": count, "paths": len(paths), "once_a_second": ask(1.0), "closed_loop": ask(0.0)}


def _pages(server: Server, id: str) -> Iterator[str]:
    """What a browser asks for when somebody looks at a package."""
    here = f"/api/videos/{id}"
    yield from (here, f"{here}/products", f"/videos/{id}/frames")
    kinds = ("still", "cover", "titles", "avatar")
    products = server.ask("GET", f"{here}/products").json()["products"]
    for kind in kinds:
        yield from [one["url"] for one in products if one["kind"] == kind][:3]


def _told(timed: Timed, seconds: float) -> dict[str, Any]:
    return {
        "requests": len(timed.seconds),
        "failures": timed.failures,
        "per_second": round(len(timed.seconds) / seconds, 1),
        "p50_ms": _ms(share_below(timed.seconds, 0.5)),
        "p95_ms": _ms(share_below(timed.seconds, 0.95)),
        "p99_ms": _ms(share_below(timed.seconds, 0.99)),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def previews(data: Path, count: int, seed: int) -> dict[str, Any]:
    """One cover after another as somebody edits it: another word, place, colour, size or template each time."""
    chance, took = random.Random(seed), []
    with running(data) as server, httpx.Client(base_url=server.address, trust_env=False, timeout=120.0) as client:
        id = finished(server)
        frame = client.get(f"/api/videos/{id}/frames").json()["frames"][0]["id"]
        templates = _templates(client)
        for number in range(count + 1):
            design = {
                "frame": frame,
                "text": f"Заголовок номер {number}",
                "template": templates[number % len(templates)],
                "position": f"{chance.randrange(10, 90)}%,{chance.randrange(10, 90)}%",
                "colour": f"#{chance.randrange(1 << 24):06x}",
            }
            began = time.perf_counter()
            answer = client.post(f"/api/videos/{id}/preview", json=design)
            took.append(time.perf_counter() - began)
            answer.raise_for_status()
    first, rest = took[0], took[1:]
    return {
        "previews": len(rest),
        "templates": len(templates),
        "first_ms": _ms(first),
        "p50_ms": _ms(statistics.median(rest)),
        "p95_ms": _ms(share_below(rest, 0.95)),
    }


def _templates(client: httpx.Client) -> list[str]:
    """Names of all the templates that a design may ask for."""
    found = client.get("/api/studio").json()["templates"]
    return [one["name"] if isinstance(one, dict) else one for one in found]


# --- the result ---------------------------------------------------------------------------------------------------


def problems(result: dict[str, Any]) -> list[str]:
    """What of a result is not as it must be, one line each."""
    said = []
    if found := result.get("queue"):
        if found["states"] != {"done": found["videos"]} or found["complete"] != found["videos"]:
            said.append(f"of {found['videos']} packages {found['complete']} are complete: {found['states']}")
        said += [
            f"{name}: {found[name]}"
            for name in ("written_twice", "worked_on_twice", "orphan_files", "orphan_processes")
            if found[name]
        ]
    if (found := result.get("readers")) and (found["once_a_second"]["p95_ms"] > 100 or _failures(found)):
        said.append(f"readers: p95 {found['once_a_second']['p95_ms']} ms, {_failures(found)} failures")
    if (found := result.get("previews")) and found["p95_ms"] > 300:
        said.append(f"previews: p95 {found['p95_ms']} ms")
    return said


def _failures(found: dict[str, Any]) -> int:
    return int(found["once_a_second"]["failures"]) + int(found["closed_loop"]["failures"])


def tables(result: dict[str, Any]) -> dict[str, Any]:
    """For README.md: one row a question."""
    rows = []
    if found := result.get("queue"):
        kills = len(found["kills"])
        gone = max((one["child_gone_ms"] for one in found["kills"]), default=0)
        rows.append([f"{found['videos']} videos queued, server killed {kills} times", f"{found['complete']} complete"])
        left = f"{len(found['orphan_files'])}, {found['orphan_processes']}"
        rows.append(["packages written twice; files, processes left over", f"{found['written_twice']}; {left}"])
        rows.append(["decoding process gone after SIGKILL of the server, at most", f"{gone} ms"])
    if found := result.get("readers"):
        once, loop = found["once_a_second"], found["closed_loop"]
        rows.append([f"{found['readers']} readers, a request a second each, p95", f"{once['p95_ms']} ms"])
        rows.append(["the same without a pause", f"{loop['per_second']:.0f} a second, p95 {loop['p95_ms']} ms"])
    if found := result.get("previews"):
        rows.append(["preview of an edited cover, p50; p95", f"{found['p50_ms']} ms; {found['p95_ms']} ms"])
    return {"studio": {"columns": ["what", "measured"], "align": "lr", "rows": rows}}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("bench studio", description=__doc__)
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=4, help="length of a video (default 4)")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--for", dest="reading", type=float, default=20.0, help="seconds that they read (default 20)")
    parser.add_argument("--previews", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("queue", "readers", "previews"), help="measure this part alone, anew")
    parser.add_argument("--fresh", action="store_true", help="measure every part anew")
    args = parser.parse_args(arguments)
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "queue": lambda: queue(_videos(args.videos, args.seconds, args.seed), args.kills, args.seed, DATA),
        "readers": lambda: readers(DATA, args.readers, args.reading),
        "previews": lambda: previews(DATA, args.previews, args.seed),
    }
    plan = {key: value for key, value in vars(args).items() if key not in ("only", "fresh")}
    kept = _kept(plan) if not args.fresh else {}
    for name, measure in parts.items():
        if args.only == name or (args.only is None and name not in kept):
            is_quiet = name == "queue" or wait_for_quiet(_QUIET_SECONDS)
            kept[name] = {**measure(), "commit": commit(), "disturbed": not is_quiet}
            KEPT.write_text(json.dumps({"plan": plan, "parts": kept}, indent=1), "utf-8")
        print(name, json.dumps(kept.get(name, "not measured"), ensure_ascii=False))
    result = {"schema": 1, "commit": commit(), "machine": machine(("dbos", "fastapi", "uvicorn")), "seed": args.seed,
              "data": f"{args.videos} clips of {args.seconds} s, 720p, each of another seed", **kept}  # fmt: skip
    print(write_result("studio", {**result, "tables": tables(kept)}))
    wrong = problems(kept)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def _videos(count: int, seconds: int, seed: int) -> list[Path]:
    return [bench_clip(seconds, seed=1000 * seed + number).path for number in range(count)]


def _kept(plan: dict[str, Any]) -> dict[str, Any]:
    """Parts that were measured before under the same plan."""
    try:
        found = json.loads(KEPT.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    parts: dict[str, Any] = found["parts"] if found.get("plan") == plan else {}
    return parts

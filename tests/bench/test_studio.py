"""What the bench of the studio makes of what it finds."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench import studio
from bench.readers import read, share_below


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a studio with one whole package."""
    package = tmp_path / "videos" / ("a" * 32) / "package"
    (package / "covers").mkdir(parents=True)
    (package.parent / "source.mp4").write_bytes(b"video")
    (package / "covers" / "one.jpg").write_bytes(b"cover")
    products = [{"path": "covers/one.jpg", "sha256": hashlib.sha256(b"cover").hexdigest()}]
    (package / "package.json").write_text(json.dumps({"products": products}))
    for name in ("run.json", "index.html"):
        (package / name).touch()
    (tmp_path / "stages").mkdir()
    for name in ("studio.sqlite", "studio.sqlite-wal", ".lock", "webhook.key", f"stages/{'0' * 32}.stage"):
        (tmp_path / name).touch()
    books(tmp_path, "a" * 32)
    return tmp_path


def books(data: Path, *workflows: str) -> None:
    connection = sqlite3.connect(data / "jobs.sqlite")
    connection.execute("create table if not exists workflow_status (workflow_uuid, name)")
    connection.executemany("insert into workflow_status values (?, 'videos')", [(one,) for one in workflows])
    connection.commit()
    connection.close()


def test_nothing_is_found_where_all_is_well(data: Path) -> None:
    assert studio.findings(data, {}) == {
        "complete": 1, "written_twice": 0, "worked_on_twice": 0, "orphan_files": [],
    }  # fmt: skip


def test_everything_else_is_found(data: Path) -> None:
    package = data / "videos" / ("a" * 32) / "package"
    (package / "covers" / "one.jpg").write_bytes(b"half a cov")
    (package / ".titles.json.partial").touch()
    (data / "stages" / "left.partial").touch()
    books(data, f"{'a' * 32}-1")
    found = studio.findings(data, {"a" * 32: [[1, 1], [2, 1]]})
    assert (found["complete"], found["written_twice"], found["worked_on_twice"]) == (0, 1, 1)
    assert {Path(one).name for one in found["orphan_files"]} == {".titles.json.partial", "left.partial", "one.jpg"}


def result(**queue: Any) -> dict[str, Any]:
    well = {"videos": 2, "states": {"done": 2}, "complete": 2, "written_twice": 0, "worked_on_twice": 0,
            "orphan_files": [], "orphan_processes": 0,
            "kills": [{"share_done": 0.1, "child_gone_ms": 4}, {"share_done": 0.5, "child_gone_ms": 9}]}  # fmt: skip
    return {"queue": {**well, **queue}}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (result(), []),
        (result(complete=1), ["of 2 packages 1 are complete: {'done': 2}"]),
        (result(states={"done": 1, "failed": 1}), ["of 2 packages 2 are complete: {'done': 1, 'failed': 1}"]),
        (result(orphan_files=["x"]), ["orphan_files: ['x']"]),
        ({"previews": {"p95_ms": 301.0}}, ["previews: p95 301.0 ms"]),
        (
            {"readers": {"once_a_second": {"p95_ms": 99.0, "failures": 1}, "closed_loop": {"failures": 1}}},
            ["readers: p95 99.0 ms, 2 failures"],
        ),
    ],
)
def test_what_is_not_as_it_must_be_is_said(found: dict[str, Any], said: list[str]) -> None:
    assert studio.problems(found) == said


def test_the_table_says_the_worst() -> None:
    rows = studio.tables(result())["studio"]["rows"]
    assert rows[0] == ["2 videos queued, server killed 2 times", "2 complete"]
    assert rows[2][1] == "9 ms"


def test_processes_are_known_by_their_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert process.pid in studio.children(os.getpid())
        assert studio.children(process.pid) == []
        assert studio.is_alive(process.pid)
        process.kill()
        assert studio._gone_ms([process.pid]) < 5000
        assert not studio.is_alive(process.pid)


def test_readers_are_timed_and_failures_counted() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/here" else 404)
            self.send_header("content-length", "4")
            self.end_headers()
            self.wfile.write(b"1234")

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        timed = read(
            "127.0.0.1", server.server_port, ["/here", "/nowhere"], readers=3, for_seconds=0.5, think_seconds=0.1
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert len(timed.seconds) == asked.count("/here") >= 4
    assert timed.failures == asked.count("/nowhere") >= 4
    assert all(seconds > 0 for seconds in timed.seconds)


def test_the_quantile_is_one_of_them() -> None:
    assert share_below([5.0], 0.95) == 5.0
    assert share_below(list(map(float, range(1, 101))), 0.95) == 95.0


def test_what_was_measured_under_another_plan_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "KEPT", tmp_path / "kept.json")
    assert studio._kept({"videos": 2}) == {}
    studio.KEPT.write_text(json.dumps({"plan": {"videos": 2}, "parts": result()}))
    assert studio._kept({"videos": 2}) == result()
    assert studio._kept({"videos": 3}) == {}


def test_an_interrupted_measurement_goes_on(data: Path) -> None:
    way = studio.Way.begun(data, [["a.mp4"], 2, 0])
    assert not data.exists()  # another plan's folder is nobody's
    data.mkdir()
    way.handed_in, way.kills = 1, [{"share_done": 0.5}]
    way.keep(12.0)
    again = studio.Way.begun(data, [["a.mp4"], 2, 0])
    assert (again.handed_in, again.kills, again.seconds) == (1, [{"share_done": 0.5}], 12.0)
    assert studio.Way.begun(data, [["a.mp4"], 2, 1]).handed_in == 0


def test_a_package_that_is_written_anew_is_noticed(data: Path) -> None:
    way, package = studio.Way(data, []), data / "videos" / ("a" * 32) / "package" / "package.json"
    way.look()
    way.look()
    again = package.with_name("again")
    again.write_text(package.read_text())
    again.replace(package)
    way.look()
    assert len(way.written["a" * 32]) == 2
    assert studio.findings(data, way.written)["written_twice"] == 1

"""`keyart library`: what is made, what is said, and that nothing is lost however it ends."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.studio import is_alive
from keyart.cli import main
from keyart.errors import BadSetting
from keyart.library import driver, make_library
from keyart.library import worker as workers
from keyart.library.command import bytes_of, seconds_of
from keyart.library.display import Live, clean, counted, line_of, shown
from keyart.library.ledger import events, opened
from keyart.library.values import Order, Result, Row
from tests.conftest import ClipFactory, Take
from tests.library.test_worker import SEARCHED

FLAGS = ("--parts", "covers", "--covers-presets", "youtube", "--covers-count", "1", "--workers", "2")
Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def videos(clip: ClipFactory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for number in range(4):
        made = clip(takes=(Take(f"scene-{number}", 0.6), Take(f"scene-{number + 20}", 0.4)), size_px=(160, 90))
        (folder / f"v{number}.mp4").write_bytes(made.read_bytes())
    return folder


@pytest.fixture
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CHILD", "tests.library.rough")
    monkeypatch.setenv("PYTHONPATH", SEARCHED)


@pytest.fixture
def named(tmp_path: Path) -> Callable[..., str]:
    """A folder of files that `rough` takes for videos."""

    def made(*names: str) -> str:
        (tmp_path / "in").mkdir(exist_ok=True)
        for name in names:
            (tmp_path / "in" / f"{name}.mp4").write_bytes(name.encode())
        return str(tmp_path / "in")

    return made


def contents(out: Path) -> dict[str, bytes]:
    """Of all packages, `run.json` aside."""
    files = (one for folder in out.rglob("*.keyart") for one in folder.rglob("*") if one.is_file())
    return {one.relative_to(out).as_posix(): one.read_bytes() for one in files if one.name != "run.json"}


def log(out: Path, event: str) -> list[dict[str, Any]]:
    return [one for one in events(out / ".library") if one["event"] == event]


def test_killed_again_and_again_it_ends_as_if_nothing_had_been(
    videos: Path, tmp_path: Path, wait_for: Callable[..., None], capsys: Said
) -> None:
    """SIGKILL of a worker and of the driver, at odd moments; then one run to the end."""
    quiet, rough = tmp_path / "quiet", tmp_path / "rough"
    assert main(["library", str(videos), "-o", str(quiet), *FLAGS, "-q"]) == 0
    command = [sys.executable, "-m", "keyart", "library", str(videos), "-o", str(rough), *FLAGS]
    chance = random.Random(7)
    for _ in range(2):
        run = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda run=run: run.poll() is not None or _children(run.pid))
        time.sleep(chance.uniform(0.2, 1.0))
        for worker in _children(run.pid)[:1]:
            os.kill(worker, signal.SIGKILL)
        time.sleep(chance.uniform(0.2, 1.5))
        left = _children(run.pid)
        run.kill()
        run.wait()
        wait_for(lambda left=left: not any(map(is_alive, left)), 10)
    capsys.readouterr()
    assert main(["library", str(videos), "-o", str(rough), *FLAGS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["videos"] == 4 and told["failed"] == told["quarantined"] == 0
    assert contents(rough) == contents(quiet)
    done = [
        (event["result"]["sha256"], stage["name"])
        for event in log(rough, "end")
        for stage in event["result"].get("stages", ())
        if not stage["resumed"]
    ]
    assert len(done) == len(set(done))  # nothing twice
    assert not list((rough / ".library").glob("scratch/*"))
    assert main(["library", str(videos), "-o", str(rough), *FLAGS, "-q"]) == 0
    assert log(rough, "stop")[-1]["counts"] == {"present": 4}


def test_threads_change_no_byte(clip: ClipFactory, tmp_path: Path) -> None:
    video = clip(takes=(Take("scene-8", 0.6), Take("noise-9", 0.6)), size_px=(160, 90), tone_hz=440)
    for threads in ("1", "3"):
        command = [sys.executable, "-m", "keyart", "library", str(video), "-o", str(tmp_path / threads), "-q"]
        flags = ("--parts", "covers,cutouts", "--covers-presets", "youtube", "--threads", threads)
        subprocess.run([*command, *flags], check=True, timeout=300)
    assert contents(tmp_path / "1") == contents(tmp_path / "3")


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(one) for task in tasks for one in (task / "children").read_text().split()]
    except OSError:
        return []


@pytest.mark.usefixtures("rough")
def test_what_failed_is_said_and_the_rest_is_made(named: Callable[..., str], tmp_path: Path, capsys: Said) -> None:
    out = tmp_path / "out"
    command = ["library", named("a", "poison", "model", "b"), "-o", str(out), "--workers", "2"]
    assert main([*command, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["videos"], told["made"], told["failed"], told["quarantined"]) == (4, 2, 1, 1)
    assert main(command) == 1
    said = capsys.readouterr()
    assert "2 videos have no package" in said.err and str(out / "report.html") in said.out
    assert "quarantined: no video" in said.err and "failed: no model" in said.err
    assert "1 failed, 1 quarantined" in said.out
    tried = [event["name"] for event in log(out, "begin")]
    assert tried.count("poison") == 1 and tried.count("model") == 2  # a model may have come; a bad file stays bad
    main([*command, "-q", "--again"])
    assert [event["name"] for event in log(out, "begin")].count("poison") == 2


@pytest.mark.usefixtures("rough")
def test_a_full_disk_stops_the_run(named: Callable[..., str], tmp_path: Path, capsys: Said) -> None:
    names = [f"full-{number}" for number in range(20)]
    assert main(["library", named(*names), "-o", str(tmp_path / "out"), "--workers", "1"]) == 1
    assert "stopped: the disk is full; free some room" in capsys.readouterr().err
    assert len(log(tmp_path / "out", "begin")) <= 3


def test_interrupted_it_says_how_to_go_on(
    named: Callable[..., str], tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    begun = tmp_path / "out" / ".library" / "scratch" / "begun.txt"
    script = "import sys; from keyart.library import worker; worker.CHILD = 'tests.library.rough'\n"
    script += "from keyart.cli import entry; entry()"
    command = [sys.executable, "-c", script, "library", named("a", "hang-1", "hang-2"), "-o", str(tmp_path / "out")]
    run = subprocess.Popen(
        [*command, "--workers", "2"], stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": SEARCHED}
    )
    wait_for(lambda: begun.is_file() and begun.read_text().count("hang") == 2)
    pids = {int(line.split()[2]) for line in begun.read_text().splitlines()}
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "interrupted; the same command goes on from there" in said
    wait_for(lambda: not any(map(is_alive, pids)), 10)
    assert log(tmp_path / "out", "stop")[-1]["interrupted"] is True


@pytest.mark.usefixtures("rough")
def test_two_runs_do_not_share_an_output(named: Callable[..., str], tmp_path: Path, capsys: Said) -> None:
    with opened(str(tmp_path / "out"), "k", Order("", ()).limits):
        assert main(["library", named("a"), "-o", str(tmp_path / "out")]) == 1
    assert "another library run is at work there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--parts", "nope"], "--parts cannot be 'nope'"),
        (["--workers", "-1"], "--workers is 0 or more"),
        (["--attempts", "0"], "1 or more"),
        (["--limit-time", "soon"], "--limit-time cannot be 'soon'"),
        (["--limit-memory", "much"], "--limit-memory cannot be 'much'"),
        (["--budget", "-2s"], "--budget cannot be '-2s'"),
        (["--config", "/nowhere.toml"], "/nowhere.toml is no file"),
        (["--channel", "/nowhere.toml"], "/nowhere.toml is no file"),
        (["--covers-presets", "nope"], "no cover preset is called 'nope'"),
        (["--address", "host:1"], "--address is for --engine ray"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_no_package(
    tmp_path: Path, capsys: Said, flags: list[str], said: str
) -> None:
    (tmp_path / "a.mp4").touch()
    given = [one if not one.startswith("-2") else f"--budget={one}" for one in flags if one != "--budget"]
    assert main(["library", str(tmp_path), "-o", str(tmp_path / "out"), *given]) == 1
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
    assert not list(tmp_path.glob("out/*.keyart"))


def test_a_source_that_is_not_there_is_said(tmp_path: Path, capsys: Said) -> None:
    assert main(["library", str(tmp_path / "nowhere"), "-o", str(tmp_path / "out"), "--workers", "1"]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert log(tmp_path / "out", "stop")[-1]["stopped"]


def test_no_engine_but_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="there are: local, ray"):
        make_library([], Order(str(tmp_path), ("shots",)), engine="cloud")


def test_every_engine_takes_rows_and_gives_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an engine hands back is booked, whatever it is; an interrupted watch is a run that is over."""
    row = Row("/a.mp4", "a", stamp="1")

    def interrupted(rows: Iterator[Row], *_: object) -> Iterator[Result]:
        yield Result(next(rows), "made", worker="w:1", loads=(("vad", 1),))
        raise KeyboardInterrupt

    monkeypatch.setitem(driver.ENGINES, "odd", interrupted)
    monkeypatch.setattr(driver, "watched", lambda *_: iter([row]))
    found = make_library([], Order(str(tmp_path / "out"), ("shots",)), engine="odd", watch=True)
    assert (found.counts, found.interrupted, found.is_whole) == ({"made": 1}, False, True)
    assert log(tmp_path / "out", "stop")[-1]["loads"] == {"w:1": {"vad": 1}}


def test_times_and_sizes_are_read() -> None:
    assert [seconds_of(text) for text in ("20s", "2m", "1h30m", "45")] == [20.0, 120.0, 5400.0, 45.0]
    assert [bytes_of(text) for text in ("4G", "500M", "1.5GB", "1024")] == [4 * 10**9, 5 * 10**8, 15 * 10**8, 1024]
    for text in ("", "0", "4X", "-1G"):
        with pytest.raises(BadSetting):
            bytes_of(text)


def test_what_is_shown_is_one_clean_line() -> None:
    odd = {"name": "a\x1b[31m\nb", "end": "failed", "reason": "x" * 500, "seconds": 1.25}
    line = line_of(odd)
    assert "\n" not in line and "\x1b" not in line and len(line) < 300
    assert line_of({**odd, "end": "present"}) == ""
    assert "\n~ " in line_of({**odd, "warnings": ("nearly the same as an older one",)})
    assert clean("Красный трактор") == "Красный трактор"
    assert counted({"made": 2, "present": 1}) == "2 made, 1 there already" and counted({}) == "no videos"


def test_people_see_a_bar_and_what_every_worker_does(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with shown(quiet=False, count=lambda: 3) as hear:
        assert isinstance(hear, Live)
        hear({"event": "begin", "name": "a", "worker": 0})
        hear({"event": "stage", "name": "a", "worker": 0, "stage": "scan", "fraction": 0.5})
        hear({"event": "again", "name": "a", "worker": 0, "wait_seconds": 1.0, "reason": "timed out"})
        hear({"event": "end", "name": "a", "end": "degraded", "reason": "no face", "seconds": 2.0})
        hear({"event": "end", "name": "b", "end": "present", "reason": "", "seconds": 0.0})
        tasks = {task.description: task for task in hear.bars.tasks}
        assert "1 degraded, 1 there already" in tasks and "  a  scan" in tasks
        until = time.monotonic() + 10
        while hear.bars.tasks[0].total is None and time.monotonic() < until:
            time.sleep(0.01)
        assert (hear.bars.tasks[0].total, hear.bars.tasks[0].completed) == (3, 2)
    said = capsys.readouterr().err
    assert "no face" in said and "again in 1 s" in said
    with shown(quiet=True) as silent:
        silent({"event": "end", "name": "a", "end": "made", "reason": "", "seconds": 2.0})
    assert not capsys.readouterr().err

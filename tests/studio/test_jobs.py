"""The queue: order, stopping, doing again; what it does after the studio was killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.studio import children, is_alive
from keyart.errors import OutputProblem
from keyart.package import read_manifest
from keyart.studio.catalogue import Catalogue, Video, new_id
from keyart.studio.options import Studio
from keyart.studio.works import jobs as jobs_module
from keyart.studio.works import running
from keyart.studio.works.forecast import Forecast, expected_seconds, past_of, usual_seconds
from keyart.studio.works.jobs import Jobs
from tests.conftest import ClipFactory
from tests.studio.test_child import SEARCHED

Wait = Callable[..., None]


@pytest.fixture
def catalogue(options: Studio) -> Iterator[Catalogue]:
    options.data.mkdir(parents=True)
    found = Catalogue(options.catalogue_url)
    yield found
    found.close()


@pytest.fixture
def jobs(options: Studio, catalogue: Catalogue) -> Iterator[Jobs]:
    """A queue that is open."""
    found = Jobs(options, catalogue)
    found.launch()
    yield found
    found.close()


@pytest.fixture
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child of `rough.py`: what it makes of a video is told by the video's name."""
    monkeypatch.setattr(running, "CHILD", "tests.studio.rough")
    monkeypatch.setenv("PYTHONPATH", SEARCHED)


def add(options: Studio, catalogue: Catalogue, name: str, source: Path | None = None, **values: Any) -> str:
    """A video as the routes take it in, not yet started."""
    id = new_id()
    folder = options.video_folder(id)
    folder.mkdir(parents=True)
    if source is None:
        (folder / "source.mp4").write_bytes(b"no video")
    else:
        shutil.copyfile(source, folder / "source.mp4")
    usual: dict[str, Any] = {"state": "queued", "probe": {"duration": 3.0}, "created_at": time.time()}
    catalogue.add_video(Video(id=id, name=name, file="source.mp4", bytes=1, **(usual | values)))
    return id


def state(catalogue: Catalogue, id: str) -> str:
    video = catalogue.video(id)
    assert video is not None
    return video.state


def begun(options: Studio) -> list[str]:
    """What the rough child began, each time it did: name and process."""
    path = options.data / "begun.txt"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.usefixtures("one_of_each")
def test_a_video_becomes_a_package(
    options: Studio, catalogue: Catalogue, jobs: Jobs, clip: ClipFactory, wait_for: Wait
) -> None:
    id = add(options, catalogue, "Красный трактор.mp4", clip(tone_hz=440))
    jobs.start(id)
    wait_for(lambda: state(catalogue, id) == "done")
    video = catalogue.video(id)
    assert video is not None
    assert video.words.startswith("красный трактор.mp4 ")
    assert (video.progress["fraction"], video.progress["seconds_left"]) == (1.0, 0.0)
    assert {stage["status"] for stage in video.progress["stages"]} <= {"ok", "degraded", "skipped"}
    folder = options.video_folder(id)
    assert read_manifest(folder / "package")["source"]["name"] == "Красный трактор.mp4"
    assert sorted(one.name for one in folder.iterdir()) == ["package", "source.mp4"]
    assert not [one for one in options.data.rglob("*") if one.name.endswith((".partial", ".keyart.lock"))]


def test_no_video_ends_with_one_clear_line_and_may_be_tried_again(
    options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait
) -> None:
    id = add(options, catalogue, "клип.mp4")
    jobs.start(id)
    wait_for(lambda: state(catalogue, id) == "failed")
    video = catalogue.video(id)
    assert video is not None and video.error.startswith("клип.mp4: ") and "\n" not in video.error
    assert [one.name for one in options.video_folder(id).iterdir()] == ["source.mp4"]
    assert catalogue.move(id, "queued", from_=("failed",), error="", progress={})
    jobs.start(id)
    wait_for(lambda: state(catalogue, id) == "failed")
    assert workflows(options) == [id, f"{id}-1"]


def workflows(options: Studio, name: str = jobs_module.QUEUE) -> list[str]:
    with sqlite3.connect(options.data / "jobs.sqlite") as connection:
        found = connection.execute("select workflow_uuid from workflow_status where name = ? order by 1", (name,))
        ids = [row[0] for row in found]
    connection.close()
    return ids


@pytest.mark.usefixtures("rough")
def test_a_crash_fails_that_video_and_no_other(
    options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait
) -> None:
    bad, good = add(options, catalogue, "crash.mp4"), add(options, catalogue, "quick.mp4")
    jobs.start(bad)
    jobs.start(good)
    wait_for(lambda: state(catalogue, good) == "done")
    video = catalogue.video(bad)
    assert video is not None and video.state == "failed" and "SIGSEGV" in video.error
    assert not (options.video_folder(bad) / "package").exists()


@pytest.mark.usefixtures("rough")
def test_turns_are_taken_in_order(options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait) -> None:
    names = [f"quick {number}.mp4" for number in range(5)]
    hanging = add(options, catalogue, "hang.mp4")
    ids = [add(options, catalogue, name) for name in names]
    for id in (hanging, *ids, *reversed(ids)):  # the second time changes nothing
        jobs.start(id)
    wait_for(lambda: len(begun(options)) == 1)
    wait_for(lambda: [jobs.position(id) for id in ids] == [1, 2, 3, 4, 5], 5)
    assert jobs.cancel(hanging)
    wait_for(lambda: all(state(catalogue, id) == "done" for id in ids))
    assert [line.rsplit(" ", 1)[0] for line in begun(options)] == ["hang.mp4", *names]
    wait_for(lambda: [jobs.position(id) for id in ids] == [None] * 5, 5)


@pytest.mark.usefixtures("rough")
def test_stopping_kills_at_once_and_leaves_nothing(
    options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait
) -> None:
    id = add(options, catalogue, "hang.mp4")
    jobs.start(id)
    wait_for(lambda: len(begun(options)) == 1)
    pid = int(begun(options)[0].split()[-1])
    clock = time.monotonic()
    assert jobs.cancel(id)
    assert time.monotonic() - clock < 5
    assert not is_alive(pid)
    assert state(catalogue, id) == "cancelled"
    assert [one.name for one in options.video_folder(id).iterdir()] == ["source.mp4"]
    assert not jobs.cancel(id)


@pytest.mark.usefixtures("rough")
def test_what_was_stopped_can_be_done_again(options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait) -> None:
    first, second = add(options, catalogue, "slow.mp4"), add(options, catalogue, "quick.mp4")
    jobs.start(first)
    jobs.start(second)
    assert jobs.cancel(second)  # it was still waiting
    wait_for(lambda: len(begun(options)) == 1)
    assert jobs.cancel(first)
    for id in (second, first):
        assert catalogue.move(id, "queued", from_=("cancelled",))
        jobs.start(id)
    wait_for(lambda: state(catalogue, first) == state(catalogue, second) == "done")
    assert [line.split()[0] for line in begun(options)] == ["slow.mp4", "quick.mp4", "slow.mp4"]


@pytest.mark.usefixtures("rough")
def test_stopped_and_done_again_in_quick_succession(
    options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait, capfd: pytest.CaptureFixture[str]
) -> None:
    """However the two fall on what the queue is just doing, the video is taken up again."""
    id = add(options, catalogue, "slow.mp4")
    jobs.start(id)
    for pause in (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.7):
        time.sleep(pause)
        if jobs.cancel(id):
            assert catalogue.move(id, "queued", from_=("cancelled",))
            jobs.start(id)
    wait_for(lambda: state(catalogue, id) == "done", 20)
    wait_for(lambda: jobs.position(id) is None, 5)
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("rough")
def test_as_many_at_a_time_as_the_options_say(tmp_path: Path, wait_for: Wait) -> None:
    options = Studio(data=tmp_path / "two", jobs=2)
    options.data.mkdir()
    catalogue = Catalogue(options.catalogue_url)
    ids = [add(options, catalogue, f"hang {number}.mp4") for number in range(3)]
    jobs = Jobs(options, catalogue)
    jobs.launch()  # what the catalogue has as queued is started, whether or not the queue knew it
    try:
        wait_for(lambda: len(begun(options)) == 2, 10)
        time.sleep(1.0)
        assert [state(catalogue, id) for id in ids].count("running") == 2
    finally:
        jobs.close()
        catalogue.close()
    assert not any(is_alive(int(line.split()[-1])) for line in begun(options))


@pytest.mark.usefixtures("rough")
def test_progress_is_told_but_not_all_the_time(
    options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait
) -> None:
    id = add(options, catalogue, "slow.mp4")
    jobs.start(id)
    seen: list[float] = []

    def is_done() -> bool:
        video = catalogue.video(id)
        assert video is not None
        if video.progress and video.state == "running":
            seen.append(video.progress["fraction"])
            assert video.progress["seconds_left"] >= 0
        return video.state == "done"

    wait_for(is_done)
    assert seen == sorted(seen) and len(set(seen)) >= 3
    video = catalogue.video(id)
    assert (
        video is not None and video.progress["stages"][0]["reason"] == "slow.mp4: is damaged"
    )  # and not where it lies
    revision = catalogue.revision(id)
    assert revision is not None and revision < 14  # of 150 lines


@pytest.mark.usefixtures("rough")
def test_a_video_that_is_taken_away_is_let_go(
    options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait
) -> None:
    id, after = add(options, catalogue, "hang.mp4"), add(options, catalogue, "quick.mp4")
    jobs.start(id)
    jobs.start(after)
    wait_for(lambda: len(begun(options)) == 1)
    jobs.cancel(id)
    catalogue.remove_video(id)
    shutil.rmtree(options.video_folder(id))
    wait_for(lambda: state(catalogue, after) == "done")
    assert not options.video_folder(id).exists()


# --- from one day to the next -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("rough")
def test_closing_time_stops_work_and_the_next_launch_goes_on(
    options: Studio, catalogue: Catalogue, wait_for: Wait, capfd: pytest.CaptureFixture[str]
) -> None:
    ids = [add(options, catalogue, name) for name in ("slow.mp4", "quick.mp4")]
    first = Jobs(options, catalogue)
    first.launch()
    wait_for(lambda: len(begun(options)) == 1)
    clock = time.monotonic()
    first.close()
    assert time.monotonic() - clock < 5
    assert not is_alive(int(begun(options)[0].split()[-1]))
    assert [state(catalogue, id) for id in ids] == ["running", "queued"]
    second = Jobs(options, catalogue)
    second.launch()
    try:
        wait_for(lambda: all(state(catalogue, id) == "done" for id in ids))
    finally:
        second.close()
    assert [line.split()[0] for line in begun(options)] == ["slow.mp4", "slow.mp4", "quick.mp4"]
    assert capfd.readouterr().err == ""
    assert workflows(options) == sorted(ids)


_SERVER = """
import sys, time
from pathlib import Path
from keyart.studio.catalogue import Catalogue
from keyart.studio.works.jobs import Jobs
from keyart.studio.options import Studio

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        print("network", event, arguments, flush=True)

sys.addaudithook(watch)
options = Studio(data=Path(sys.argv[1]))
catalogue = Catalogue(options.catalogue_url)
jobs = Jobs(options, catalogue)
jobs.launch()
print("open", flush=True)
sys.stdin.readline()
jobs.close()
catalogue.close()
print("closed", flush=True)
"""


@pytest.fixture
def serve() -> Iterator[Callable[[Studio], subprocess.Popen[str]]]:
    """A studio's queue in a process of its own; warnings are errors there too."""
    servers = []

    def begin(options: Studio) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", _SERVER, str(options.data)]
        ends = subprocess.PIPE
        server = subprocess.Popen(command, stdin=ends, stdout=ends, stderr=ends, text=True)
        servers.append(server)
        assert server.stdout is not None and server.stderr is not None
        assert server.stdout.readline() == "open\n", server.stderr.read()
        return server

    yield begin
    for server in servers:
        if server.returncode is None:
            kill(server)


def kill(server: subprocess.Popen[str]) -> None:
    server.send_signal(signal.SIGKILL)
    server.communicate()


@pytest.mark.usefixtures("one_of_each")
def test_a_killed_studio_goes_on_where_it_was(
    options: Studio,
    catalogue: Catalogue,
    clip: ClipFactory,
    wait_for: Wait,
    serve: Callable[[Studio], subprocess.Popen[str]],
) -> None:
    """SIGKILL in the middle of a package: the next launch finds its finished stages, and nothing else is left."""
    source = clip(tone_hz=440)
    ids = [add(options, catalogue, name, source) for name in ("Первый.mp4", "Второй.mp4")]
    server = serve(options)

    def has_stills() -> bool:
        video = catalogue.video(ids[0])
        stages = video.progress.get("stages", ()) if video else ()
        return any(one["name"] == "covers" and one["status"] == "running" for one in stages)

    wait_for(has_stills)
    (child,) = children(server.pid)
    kill(server)
    wait_for(lambda: not is_alive(child), 5)
    assert state(catalogue, ids[0]) == "running"
    assert not (options.video_folder(ids[0]) / "package" / "package.json").exists()
    orphan = options.cache_folder / "left.partial"
    orphan.touch()

    second = serve(options)
    wait_for(lambda: all(state(catalogue, id) == "done" for id in ids))
    out, err = second.communicate("\n", timeout=30)
    assert (out, err, second.returncode) == ("closed\n", "", 0)  # no network, no noise
    video = catalogue.video(ids[0])
    assert video is not None
    stages = {one["name"]: one for one in video.progress["stages"]}
    assert stages["scan"]["reason"] == stages["stills"]["reason"] == "from an earlier run"
    assert workflows(options) == sorted(ids)
    assert not orphan.exists()
    for id in ids:
        folder = options.video_folder(id)
        made = {one["path"] for one in read_manifest(folder / "package")["products"]}
        files = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
        beside = {"source.mp4", "package/package.json", "package/run.json", "package/index.html"}
        assert files == {f"package/{path}" for path in made} | beside


def test_a_package_that_was_finished_when_the_studio_died_is_not_made_again(
    options: Studio, catalogue: Catalogue, jobs: Jobs, package_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = add(options, catalogue, "a.mp4")
    shutil.copytree(package_folder, options.video_folder(id) / "package")
    monkeypatch.setattr(jobs_module, "run_child", None)
    ended = jobs.make(id)
    assert ended["state"] == "done"
    assert jobs.finish(id, ended) is None
    assert state(catalogue, id) == "done"
    assert jobs.finish(id, ended) is None  # a step may be done twice


def test_what_a_killed_studio_left_half_done_is_tidied_up(
    options: Studio, catalogue: Catalogue, package_folder: Path
) -> None:
    stranger, leaving = new_id(), f".{new_id()}.gone"
    for name in (stranger, leaving, "somebody's own"):
        (options.data / "videos" / name / "deep").mkdir(parents=True)
    broken = add(options, catalogue, "a.mp4", state="cancelled")
    (options.video_folder(broken) / "package" / "frames").mkdir(parents=True)
    finished = add(options, catalogue, "b.mp4", state="done")
    shutil.copytree(package_folder, options.video_folder(finished) / "package")
    partial = options.video_folder(finished) / "package" / ".titles.json.partial"
    partial.touch()
    lost_package = add(options, catalogue, "c.mp4", state="done")
    lost_source = add(options, catalogue, "d.mp4")
    shutil.rmtree(options.video_folder(lost_source))

    jobs = Jobs(options, catalogue)
    jobs.launch()
    jobs.close()
    left = {one.name for one in (options.data / "videos").iterdir()}
    assert left == {broken, finished, lost_package, "somebody's own"}
    assert not (options.video_folder(broken) / "package").exists()
    assert not partial.exists() and (options.video_folder(finished) / "package" / "package.json").exists()
    assert state(catalogue, finished) == "done"
    failed = [catalogue.video(one) for one in (lost_package, lost_source)]
    assert [(one.state, one.error) for one in failed if one] == [
        ("failed", "its package is gone from the disk"),
        ("failed", "the video is gone from the disk"),
    ]


def test_a_catalogue_that_knows_nothing_costs_nobody_his_videos(
    options: Studio, catalogue: Catalogue, jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    jobs.close()
    folder = options.video_folder(new_id())
    folder.mkdir(parents=True)
    jobs.launch()
    assert folder.is_dir()
    assert "1 videos that the catalogue does not know" in caplog.text


def test_two_studios_in_one_folder_are_refused(options: Studio, catalogue: Catalogue, jobs: Jobs) -> None:
    with pytest.raises(OutputProblem, match="another studio is at work"):
        Jobs(options, catalogue).launch()


def test_the_queue_forgets_videos_that_are_gone(
    options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait
) -> None:
    gone, kept = add(options, catalogue, "a.mp4"), add(options, catalogue, "b.mp4")
    for id in (gone, kept):
        jobs.start(id)
    wait_for(lambda: state(catalogue, gone) == state(catalogue, kept) == "failed")
    jobs.close()
    catalogue.remove_video(gone)
    jobs.launch()
    assert workflows(options) == [kept]


def test_what_is_kept_is_no_program(options: Studio, catalogue: Catalogue, jobs: Jobs, wait_for: Wait) -> None:
    id = add(options, catalogue, "a.mp4")
    jobs.start(id)
    wait_for(lambda: state(catalogue, id) == "failed")
    wait_for(lambda: jobs.position(id) is None, 5)
    connection = sqlite3.connect(options.data / "jobs.sqlite")
    rows = connection.execute("select output, serialization from operation_outputs").fetchall()
    connection.close()
    assert rows and all(kind == "json" for _, kind in rows)
    assert json.loads(rows[0][0])["state"] == "failed"


@pytest.mark.usefixtures("rough")
def test_a_team_may_keep_it_all_in_postgresql(tmp_path: Path, wait_for: Wait) -> None:
    """KEYART_TEST_POSTGRES=postgresql://user@host/an-empty-database"""
    url = os.environ.get("KEYART_TEST_POSTGRES", "")
    if not url:
        pytest.skip("no PostgreSQL: KEYART_TEST_POSTGRES names none")
    options = Studio(data=tmp_path / "studio", database=url)
    options.data.mkdir()
    catalogue = Catalogue(options.catalogue_url)
    ids = [add(options, catalogue, name) for name in ("slow.mp4", "crash.mp4", "quick.mp4")]
    for _ in range(2):  # the first time it is closed in the middle of the first video
        jobs = Jobs(options, catalogue)
        jobs.launch()
        wait_for(lambda: len(begun(options)) >= 1)
        time.sleep(0.5)
        jobs.close()
    jobs.launch()
    wait_for(lambda: [state(catalogue, id) for id in ids] == ["done", "failed", "done"], 30)
    jobs.close()
    assert catalogue.videos("рыжий")[1] == 2
    for id in ids:
        catalogue.remove_video(id)
    catalogue.close()
    assert not list(options.data.glob("*.sqlite"))


# --- time left ----------------------------------------------------------------------------------------------------


def test_a_forecast_comes_true() -> None:
    forecast = Forecast(expected_seconds(60.0), began_at=0.0)
    usual = usual_seconds(60.0)
    now, lefts = 0.0, []
    for stage, seconds in usual.items():
        forecast.hear({"begin": stage})
        now += 2 * seconds  # a machine half as fast
        forecast.hear({"end": stage, "status": "ok", "reason": "", "seconds": 2 * seconds})
        lefts.append((forecast.told(now)["seconds_left"], 2 * sum(usual.values()) - now))
    assert all(abs(told - true) <= 0.2 for told, true in lefts[2:])
    assert forecast.told(now)["fraction"] == 1.0


def test_a_forecast_learns_from_what_this_machine_did() -> None:
    usual = usual_seconds(60.0)
    past = [(60.0, {"scan": usual["scan"] * 3, "covers": usual["covers"] * 5})] * 3
    learned = expected_seconds(120.0, past)
    assert learned["scan"] == pytest.approx(3 * usual_seconds(120.0)["scan"])
    assert learned["covers"] == pytest.approx(5 * usual["covers"])
    assert learned["teaser"] == usual_seconds(120.0)["teaser"]


def test_what_the_cache_gave_teaches_nothing() -> None:
    stages = [
        {"name": "scan", "status": "ok", "reason": "from an earlier run", "seconds": 0.01},
        {"name": "covers", "status": "ok", "reason": "", "seconds": 4.0},
        {"name": "agreement", "status": "skipped", "reason": "no model", "seconds": 0.0},
    ]
    assert past_of({"stages": stages}) == {"covers": 4.0}


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"begin": "no such stage"},
        {"at": "scan"},
        {"at": "scan", "fraction": "half"},
        {"end": ["scan"]},
        {"done": {}},
    ],
)
def test_a_child_that_talks_nonsense_is_not_believed(line: dict[str, Any]) -> None:
    forecast = Forecast(expected_seconds(1.0))
    forecast.hear(line)
    assert forecast.told()["fraction"] == 0.0

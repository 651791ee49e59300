"""Level after level within a time: what stands in the end, whatever happens in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from keyart import Recipe
from keyart.anytime import LEVELS, apart, make_level, make_within
from keyart.anytime import within as within_module
from keyart.anytime.budget import GRACE_SECONDS, Budget
from keyart.anytime.publish import STAGING
from keyart.anytime.stop import Deadline, OutOfTime
from keyart.anytime.work import Job, _Work
from keyart.cache import StageCache
from keyart.errors import BadSetting, KeyartError, MissingFile, NothingUsable, OutputProblem, UnreadableVideo
from keyart.media.probe import probe
from keyart.package import MANIFEST, USUAL, save
from keyart.pipeline import make
from keyart.progress import Progress, Silent
from tests.anytime import bodies
from tests.conftest import ClipFactory, Take

SCHEMA = Path(__file__).parents[2] / "docs/schema/package.schema.json"


def _light() -> Recipe:
    asked = Recipe()
    return replace(
        asked,
        covers=replace(asked.covers, count=1, presets=("youtube",)),
        cutouts=replace(asked.cutouts, count=1),
        variants=replace(asked.variants, count=1, looks=("cinematic",), backgrounds=()),
        teaser=replace(asked.teaser, formats=("mp4",), looks=2),
    )


@pytest.fixture(scope="module")
def video(clip: ClipFactory) -> Path:
    return clip(takes=(Take("photo-coffee", 1.0), Take("photo-rocket", 1.0)), size_px=(160, 90))


@pytest.fixture
def cache(tmp_path: Path) -> StageCache:
    return StageCache(tmp_path / "cache")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file() and one.name != "run.json"
    }


# --- with real levels -------------------------------------------------------------------------------------------


def test_with_time_enough_it_is_what_would_be_made_without_a_budget(
    video: Path, tmp_path: Path, cache: StageCache
) -> None:
    found = make_within(video, 600.0, tmp_path / "within", _light(), cache=cache, apart=False)
    assert found.is_whole
    assert [one.level for one in found.tried if one.end == "made"] == ["sketch", "full"]
    save(make(video, _light(), cache=StageCache(tmp_path / "other")), tmp_path / "usual")
    assert _files(tmp_path / "within") == _files(tmp_path / "usual")
    run = json.loads((tmp_path / "within/run.json").read_text())
    assert run["budget"]["level"] == "full"
    # a sketch of the same video and wishes does not take the whole package's place
    before = _files(tmp_path / "within")
    again = make_within(video, 0.01, tmp_path / "within", _light(), cache=cache, apart=False)
    assert again.level == "full"
    assert _files(tmp_path / "within") == before


def test_with_hardly_any_time_it_is_a_certified_sketch(video: Path, tmp_path: Path, cache: StageCache) -> None:
    found = make_within(video, 0.01, tmp_path / "package", cache=cache, apart=False)
    assert found.level == "sketch"
    assert not (tmp_path / "package" / STAGING).exists()
    manifest = json.loads((tmp_path / "package" / MANIFEST).read_text())
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text()))
    assert manifest["parts"] == list(USUAL)
    assert manifest["settings"]["budget"]["level"] == "sketch"
    assert set(USUAL) <= {one["name"] for one in manifest["stages"]}
    assert all(one["reason"] for one in manifest["stages"] if one["status"] != "ok")
    assert manifest["stills"]
    assert (tmp_path / "package/index.html").is_file()


def test_a_file_that_is_no_video_leaves_nothing(tmp_path: Path, cache: StageCache) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video at all")
    with pytest.raises(UnreadableVideo, match=r"text\.mp4"):
        make_within(text, 5.0, tmp_path / "package", cache=cache, apart=False)
    with pytest.raises(MissingFile):
        make_within(tmp_path / "none.mp4", 5.0, tmp_path / "package", cache=cache, apart=False)
    assert not (tmp_path / "package").exists()


def test_a_package_of_more_parts_is_not_replaced(video: Path, tmp_path: Path, cache: StageCache) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"schema": 1, "parts": [*USUAL, "summaries"]}))
    with pytest.raises(OutputProblem, match="summaries"):
        make_within(video, 5.0, tmp_path, cache=cache, apart=False)


def test_the_command_says_what_the_time_bought(video: Path, tmp_path: Path) -> None:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "keyart", "make", *map(str, words)]
        environment = {**os.environ, "KEYART_CACHE": str(tmp_path / "cache")}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=100)

    done = run(
        video,
        "-o",
        tmp_path / "package",
        "--budget",
        "60s",
        "--variants-count",
        1,
        "--variants-looks",
        "cinematic",
        "--covers-count",
        1,
        "--covers-presets",
        "youtube",
        "--teaser-formats",
        "mp4",
    )
    assert done.returncode == 0, done.stderr
    assert "package" in done.stdout.splitlines()[-1]
    assert " s" in done.stdout.splitlines()[-1]
    assert json.loads((tmp_path / "package" / MANIFEST).read_text())["stills"]
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    done = run(text, "-o", tmp_path / "other", "--budget", "1s")
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line.startswith("keyart:")] == done.stderr.splitlines()[-1:]
    done = run(video, "--budget", "soon")
    assert done.returncode == 1
    assert "20s, 2m or 1m30s" in done.stderr


# --- which levels ------------------------------------------------------------------------------------------------


@pytest.fixture
def job(video: Path, tmp_path: Path, cache: StageCache) -> Job:
    folder = tmp_path / "package"
    folder.mkdir()
    return Job(video, Recipe(), USUAL, folder, Budget.of(100.0), cache)


def _run(job: Job, monkeypatch: pytest.MonkeyPatch, make_level: Callable[[Any, Any], None]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(_Work, "_make", make_level)
    _Work(job, lambda line: said.append(dict(line)), Silent()).run()
    return said


def _words(said: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(key, line[key]) for line in said for key in line if key in ("made", "stopped", "passed over", "failed")]


def _seconds(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    monkeypatch.setattr(_Work, "_expected", lambda self, level: seconds[level.name])


def test_the_finest_level_that_fits_is_made_next(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def make_level(self: Any, level: Any) -> None:
        self.best = LEVELS.index(level)

    _seconds(monkeypatch, sketch=1, draft=5, fast=10, full=20)
    assert _words(_run(job, monkeypatch, make_level)) == [("made", "sketch"), ("made", "full")]
    _seconds(monkeypatch, sketch=1, draft=5, fast=10, full=2000)
    assert _words(_run(job, monkeypatch, make_level)) == [("made", "sketch"), ("passed over", "full"), ("made", "fast")]
    _seconds(monkeypatch, sketch=1, draft=5000, fast=1000, full=2000)
    passed = [("passed over", name) for name in ("full", "fast", "draft")]
    assert _words(_run(job, monkeypatch, make_level)) == [("made", "sketch"), *passed]


def test_a_level_that_is_stopped_is_the_last(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def make_level(self: Any, level: Any) -> None:
        self.best = LEVELS.index(level)
        if level.name == "full":
            raise OutOfTime

    _seconds(monkeypatch, sketch=1, draft=5, fast=10, full=20)
    assert _words(_run(job, monkeypatch, make_level)) == [("made", "sketch"), ("stopped", "full")]


def test_where_a_sketch_finds_nothing_the_whole_look_may(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def make_level(self: Any, level: Any) -> None:
        self.info = probe(job.video)
        if level.name == "sketch":
            raise NothingUsable("all black")
        self.best = LEVELS.index(level)

    _seconds(monkeypatch, sketch=1, draft=5, fast=10, full=20)
    assert _words(_run(job, monkeypatch, make_level)) == [("failed", "sketch"), ("made", "full")]


def test_what_no_level_can_cure_is_raised_at_once(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def make_level(self: Any, level: Any) -> None:
        raise OutputProblem("the disk is full")

    _seconds(monkeypatch, sketch=1, draft=5, fast=10, full=20)
    with pytest.raises(OutputProblem):
        _run(job, monkeypatch, make_level)


def test_a_deadline_stops_whoever_begins_or_goes_on() -> None:
    late, early = Deadline(time.monotonic() - 1, Silent()), Deadline(time.monotonic() + 60, Silent())
    early.begin("scan")
    early.at("scan", 0.5)
    late.end("scan", "ok", "", 1.0)
    with pytest.raises(OutOfTime):
        late.begin("scan")
    with pytest.raises(OutOfTime):
        late.at("scan", 0.5)


# --- a child process that misbehaves -----------------------------------------------------------------------------


def _within(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    seconds: float,
    body: Callable[..., None],
    progress: Progress | None = None,
) -> Any:
    monkeypatch.setattr(within_module, "work", body)
    monkeypatch.setattr(apart, "is_quiet", lambda: False)  # nobody knows what ran in this process before
    cache = StageCache(tmp_path / "cache")
    return make_within("a.mp4", seconds, tmp_path / "package", cache=cache, progress=progress)


def _is_gone(folder: Path) -> bool:
    try:
        os.kill(int((folder / "pid").read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def test_a_child_that_hangs_is_killed_and_what_stands_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.monotonic()
    found = _within(monkeypatch, tmp_path, 4.0, bodies.hangs)
    assert time.monotonic() - start < 4.0 + GRACE_SECONDS + 1.0
    assert found.level == "sketch"
    assert (found.tried[0].level, found.tried[0].end) == ("sketch", "made")
    assert all((one.level, one.end) == ("full", "stopped") for one in found.tried[1:])
    assert _is_gone(tmp_path)


def test_where_nothing_came_in_time_there_is_one_line_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyart.anytime.budget.FLOOR_SECONDS", 0.2)
    monkeypatch.setattr("keyart.anytime.budget.GRACE_SECONDS", 0.2)
    with pytest.raises(NothingUsable, match=r"within 0\.1 s; give it more time"):
        _within(monkeypatch, tmp_path, 0.1, bodies.sleeps)
    assert not (tmp_path / "package").exists()


def test_a_decoder_that_breaks_down_takes_only_the_child_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableVideo, match=r"broke down on it \(SIGSEGV\)"):
        _within(monkeypatch, tmp_path, 30.0, bodies.breaks_down)
    assert not (tmp_path / "package").exists()
    found = _within(monkeypatch, tmp_path, 30.0, bodies.breaks_down_later)
    assert found.level == "sketch"
    assert found.tried[-1].end == "failed"


def test_a_fault_of_ours_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyartError, match=r"please report it \(ZeroDivisionError: seven by nothing\)"):
        _within(monkeypatch, tmp_path, 30.0, bodies.has_a_fault)


def test_an_error_comes_as_it_was_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputProblem, match="the disk is full"):
        _within(monkeypatch, tmp_path, 30.0, bodies.has_no_room)


def test_an_interrupted_run_ends_its_child_and_keeps_what_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # whoever runs the tests in the background has them ignore it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            _within(monkeypatch, tmp_path, 30.0, bodies.interrupts)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "package" / MANIFEST).is_file()
    assert _is_gone(tmp_path)


def test_progress_has_one_line_a_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Heard(Silent):
        def __init__(self) -> None:
            self.lines: list[tuple[str, str]] = []

        def begin(self, stage: str) -> None:
            self.lines.append(("begin", stage))

        def at(self, stage: str, fraction: float) -> None:
            assert 0.0 <= fraction < 1.0

        def end(self, stage: str, status: str, note: str, seconds: float) -> None:
            self.lines.append((status, stage))

    heard = Heard()
    found = _within(monkeypatch, tmp_path, 30.0, bodies.passes_over, heard)
    assert heard.lines == [("begin", "sketch"), ("ok", "sketch"), ("begin", "draft"), ("skipped", "draft")]
    assert [one.end for one in found.tried] == ["made", "passed over", "stopped"]


def test_a_process_with_threads_at_work_is_not_forked() -> None:
    waits = threading.Event()
    thread = threading.Thread(target=waits.wait)
    thread.start()
    assert not apart.is_quiet()
    waits.set()
    thread.join()


def test_a_quiet_process_is_forked(tmp_path: Path) -> None:
    """In a process of its own: what ran in this one before is not known."""
    code = """
import sys
from pathlib import Path
from keyart.anytime import apart
from tests.anytime import bodies

def told(body, seconds):
    child = apart.started(body, None)
    lines = [line for line in child.lines(apart.time.monotonic() + seconds) if line is not None]
    status = child.ended() if seconds > 1 else child.end()
    child.close()
    return lines, status

assert apart.is_quiet()
assert told(bodies.says_two_words, 20.0) == ([{"one": 1}, {"two": 2}], 0)
assert told(bodies.says_and_dies, 20.0) == ([{"one": 1}], -9)
assert told(bodies.says_and_sleeps, 0.5) == ([{"one": 1}], 0)
assert told(bodies.raises, 20.0) == ([], 1)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "seven" in done.stderr


# --- one level alone ---------------------------------------------------------------------------------------------


def test_a_draft_is_a_certified_package_of_the_first_of_all(video: Path, tmp_path: Path, cache: StageCache) -> None:
    found = make_level(video, "draft", tmp_path / "package", _light(), cache=cache)
    assert found.level == "draft"
    manifest = json.loads((tmp_path / "package" / MANIFEST).read_text())
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text()))
    assert {one["kind"] for one in manifest["products"]} >= {"still", "cover", "cutout", "variant", "avatar", "teaser"}
    stages = {one["name"]: one for one in manifest["stages"]}
    assert stages["stills"]["status"] == "ok"  # a short video is looked at whole
    assert stages["covers"]["reason"].startswith("draft: ")
    assert "budget" in json.loads((tmp_path / "package/run.json").read_text())


def test_a_level_that_is_not_there_is_told_with_those_that_are(video: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="sketch, draft, fast, full"):
        make_level(video, "perfect", tmp_path / "package")


def test_large_files_are_not_read_whole_for_a_sketch(
    video: Path, tmp_path: Path, cache: StageCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyart.anytime.work._QUICKLY_READ_BYTES", 10)
    found = make_within(video, 0.01, tmp_path / "package", _light(), cache=cache, apart=False)
    assert found.manifest["source"]["sha256"] == ""
    jsonschema.validate(found.manifest, json.loads(SCHEMA.read_text()))

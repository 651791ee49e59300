"""Lines of JSON: what they say, and what they never say."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keyart import logs, make, witness
from keyart.cache import StageCache
from keyart.errors import BadSetting, MissingFile, OutputProblem, UnreadableVideo
from keyart.told import Ended
from tests.conftest import ClipFactory, Take


@pytest.fixture(autouse=True)
def lines_end_with_the_test() -> Iterator[None]:
    yield
    logs.take_down()
    logs._hidden.clear()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log.jsonl"
    monkeypatch.setenv("KEYART_LOG_FILE", str(path))
    monkeypatch.setenv("KEYART_RUN", "r1")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_stage_of_a_run_begins_and_ends_in_the_log(log: Path, clip: ClipFactory, tmp_path: Path) -> None:
    video = clip(takes=(Take("scene-1", 0.6), Take("scene-2", 0.6)), size_px=(160, 90))
    for _ in range(2):
        make(video, parts=("stills",), cache=StageCache(tmp_path / "cache"))
    found = read(log)
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in found)
    assert {line["run"] for line in found} == {"r1"}
    assert {line["video"] for line in found} == {video.name}
    ends = [line for line in found if "status" in line]
    first = {line["stage"]: line for line in ends[: len(ends) // 2] if "stage" in line}
    assert first.keys() >= {"scan", "shots", "stills"}
    assert first["scan"]["status"] == "ok" and first["scan"]["seconds"] > 0 and first["scan"]["backend"]
    assert not any(line["resumed"] for line in first.values())
    assert all(line["resumed"] for line in ends[len(ends) // 2 :] if "stage" in line)
    whole = ends[-1]
    assert "stage" not in whole and whole["message"].startswith("video ends") and whole["width_px"] == 160
    assert whole["seconds"] > 0 and str(tmp_path) not in log.read_text()


def test_an_error_is_told_by_its_kind(log: Path, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_text("no video")
    with pytest.raises(UnreadableVideo):
        make(tmp_path / "no.mp4")
    last = read(log)[-1]
    assert (last["level"], last["status"], last["error"]) == ("error", "failed", "UnreadableVideo")


def test_a_failing_stage_is_named(log: Path) -> None:
    with pytest.raises(ValueError, match="broken"), witness.witnessed("a.mp4") as seen:
        seen.begin("scan")
        try:
            raise ValueError("broken")
        except ValueError as err:
            seen.fail("scan", err)
            raise
    stages = [line for line in read(log) if line.get("status") == "failed"]
    assert [line.get("stage", "") for line in stages] == ["scan", ""]


def test_a_degraded_stage_degrades_the_whole(log: Path) -> None:
    with witness.witnessed("a.mp4") as seen:
        seen.begin("shots")
        seen.end("shots", "degraded", reason="key frames only", resumed=False)
    levels = {line.get("stage", ""): line["level"] for line in read(log) if "status" in line}
    assert levels == {"shots": "warning", "": "warning"}


SECRETS = (
    "s3://AKIAEXAMPLE:verysecret@host/bucket",
    "https://host/a.mp4?X-Amz-Signature=verysecret&x=1",
    "https://host/a.mp4#verysecret",
    "Authorization: Bearer verysecret.token",
    "the studio's token is verysecret-of-the-environment",
)


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("form", ["json", "text"])
def test_no_line_tells_a_secret(text: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_STUDIO_TOKEN", "verysecret-of-the-environment")
    record = logging.LogRecord("keyart", logging.INFO, "x.py", 1, "%s", (text,), None)
    record.facts = {"reason": text, "models": [text]}
    line = logs.FORMS[form]().format(record)
    assert "verysecret" not in line
    assert ("host" in line) == ("host" in text)


def test_a_traceback_tells_no_secret_either(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.hide("/data/of/the/studio", "(data)")
    try:
        raise OSError("/data/of/the/studio/videos/1: no such file")
    except OSError:
        record = logging.LogRecord("keyart", logging.ERROR, "x.py", 1, "it broke", None, sys.exc_info())
    for form in logs.FORMS.values():
        assert "/data/of" not in form().format(record) and "(data)/videos/1" in form().format(record)


def test_a_line_stays_one_line() -> None:
    record = logging.LogRecord("keyart", logging.INFO, "x.py", 1, "a\nb\x1b[31m\u2028c\ud800", None, None)
    record.video = 'имя "с кавычками".mp4\n{"level": "error"}'
    plain, told = logs.TextLines().format(record), logs.JsonLines().format(record)
    assert len(plain.splitlines()) == 1 and "\x1b" not in plain
    assert "\n" not in told and json.loads(told)["video"].startswith("имя")
    told.encode()


def test_many_writers_share_a_file(log: Path) -> None:
    logs.set_up()

    def write() -> None:
        for _ in range(50):
            logs.log.info("x" * 300)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert len(read(log)) == 200


def test_a_log_that_cannot_be_written_is_said_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEYART_LOG_FILE", str(tmp_path))
    with pytest.raises(OutputProblem, match="--log"), witness.witnessed("a"):
        pass
    monkeypatch.setenv("KEYART_LOG", "xml")
    with pytest.raises(BadSetting, match="json, text"), witness.witnessed("a"):
        pass


def test_a_full_disk_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    monkeypatch.setenv("KEYART_LOG_FILE", "/dev/full")
    with witness.witnessed("a.mp4") as seen:
        seen.begin("scan")
        seen.end("scan", "ok")


def test_nobody_asks_and_nothing_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for name in (*witness.LINE_VARIABLES, *witness.SPAN_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delitem(sys.modules, "opentelemetry.sdk.trace", raising=False)
    with witness.witnessed("a.mp4") as seen:
        assert seen is witness.NOBODY
        seen.begin("scan")
        seen.end("scan", "degraded")
    assert seen.status == "ok" and not caplog.records


def test_standard_error_takes_lines_too(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setenv("KEYART_LOG", "text")
    with witness.command("make"), witness.witnessed("a.mp4"):
        assert logs.on_stderr()
    assert [line.split(" ", 3)[3] for line in said.getvalue().splitlines()][:2] == [
        "keyart make begins command=make",
        "a.mp4 video begins",
    ]


def test_a_command_lends_its_file_and_number_to_what_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv("KEYART_RUN", raising=False)
    with pytest.raises(MissingFile), witness.command("library", log=tmp_path / "x.log"):
        assert os.environ["KEYART_LOG_FILE"] == str(tmp_path / "x.log") and len(os.environ["KEYART_RUN"]) == 12
        raise MissingFile("gone")
    assert "KEYART_LOG_FILE" not in os.environ and "KEYART_RUN" not in os.environ
    assert read(tmp_path / "x.log")[-1]["error"] == "MissingFile"


def test_the_facts_of_a_whole_are_told_at_its_end(log: Path) -> None:
    logs.set_up()
    lines = logs.Lines("video", "a.mp4", "t1")
    lines.know({"codec": "h264"})
    lines.end(Ended("", 0, 1.0, "ok"))
    assert read(log)[-1]["codec"] == "h264" and read(log)[-1]["trace"] == "t1"

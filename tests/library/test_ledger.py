"""The log of a library: what it knows after a crash, and what makes it forget."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from keyart.errors import OutputProblem
from keyart.library import ledger as ledgers
from keyart.library.ledger import Ledger, events, ledger_folder, opened, result_of
from keyart.library.values import Limits, Order, Result, Row, StageTold

LIMITS = Limits()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def video(tmp_path: Path) -> Row:
    path = tmp_path / "in" / "a.mp4"
    path.parent.mkdir()
    path.write_bytes(b"video")
    return Row(str(path), "a", 5, "5-1")


def package(out: Path, name: str = "a") -> Path:
    folder = out / f"{name}.keyart"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    return folder


def book(out: Path, row: Row, end: str, key: str = "k", **given: object) -> None:
    with opened(str(out), key, LIMITS) as ledger:
        ledger.begin_run(Order(str(out), ("shots",)), {})
        ledger.end(Result(row, end, **given), ledger.mark(row))  # type: ignore[arg-type]


def settled(out: Path, row: Row, key: str = "k", limits: Limits = LIMITS, *, again: bool = False) -> Result | None:
    with opened(str(out), key, limits) as ledger:
        return ledger.settled(row, ledger.mark(row), again=again)


def test_what_was_made_is_there(out: Path, video: Row) -> None:
    book(out, video, "made")
    assert settled(out, video) is None  # the log says so, but the package is not there
    folder = package(out)
    found = settled(out, video)
    assert found is not None and (found.end, found.package) == ("present", str(folder))
    (folder / ".keyart.lock").touch()  # a run was killed in it
    assert settled(out, video) is None


@pytest.mark.parametrize("change", ["stamp", "url", "settings", "order"])
def test_what_changed_is_made_again(out: Path, video: Row, change: str) -> None:
    book(out, video, "made")
    package(out)
    changes: dict[str, Row] = {
        "stamp": replace(video, stamp="5-2"),
        "url": replace(video, url=f"{video.url}.mp4"),
        "settings": replace(video, settings={"covers.text": "x"}),
        "order": video,
    }
    assert settled(out, video) is not None
    assert settled(out, changes[change], "other" if change == "order" else "k") is None


@pytest.mark.parametrize("name", ["a.srt", "a.en.vtt", "keyart.toml"])
def test_files_beside_the_video_are_part_of_it(out: Path, video: Row, name: str) -> None:
    book(out, video, "made")
    package(out)
    beside = Path(video.url).with_name(name)
    beside.write_text("1")
    assert settled(out, video) is None
    book(out, video, "made")
    assert settled(out, video) is not None
    beside.write_text("12")
    assert settled(out, video) is None


def test_a_video_whose_changes_nobody_tells_is_looked_at_again(out: Path, video: Row) -> None:
    unknown = replace(video, stamp="")
    book(out, unknown, "made")
    package(out)
    assert settled(out, unknown) is None


def test_the_quarantined_are_tried_again_when_asked_or_changed(out: Path, video: Row) -> None:
    book(out, video, "quarantined", kind="UnreadableVideo", reason="no video")
    found = settled(out, video)
    assert found is not None and (found.end, found.reason) == ("quarantined", "no video")
    assert settled(out, video, again=True) is None
    assert settled(out, replace(video, stamp="6-2")) is None


def test_more_time_is_worth_another_try(out: Path, video: Row) -> None:
    book(out, video, "quarantined", kind="OverLimit", reason="it took too long")
    assert settled(out, video) is not None
    assert settled(out, video, limits=Limits(seconds=7200)) is None


def test_failures_are_tried_by_the_next_run(out: Path, video: Row) -> None:
    book(out, video, "failed", kind="StoreFailed", reason="timed out")
    package(out)
    assert settled(out, video) is None


def test_a_torn_last_line_is_passed_over(out: Path, video: Row) -> None:
    book(out, video, "made")
    package(out)
    log = out / ".library" / "log.jsonl"
    with log.open("ab") as file:
        file.write(b'{"event": "end", "name": "b", "resu')
    assert settled(out, video) is not None
    book(out, replace(video, name="c"), "made")
    assert [event["event"] for event in events(log.parent)] == ["run", "end", "run", "end"]
    log.write_bytes(log.read_bytes() + b'[1]\nnull\n{"event": "end", "name": 3, "result": {}}\n\xff\n')
    assert settled(out, video) is not None


def test_one_run_at_a_time(out: Path) -> None:
    with opened(str(out), "k", LIMITS), pytest.raises(OutputProblem, match="another library run"), _open(out):
        pass
    with _open(out):  # it is free again
        pass


def _open(out: Path):  # type: ignore[no-untyped-def]
    return opened(str(out), "k", LIMITS)


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputProblem, match="cannot be written"), _open(tmp_path / "file"):
        pass
    (tmp_path / "out" / ".library" / "log.jsonl").mkdir(parents=True)
    with pytest.raises(OutputProblem, match="cannot be written"), _open(tmp_path / "out"):
        pass


def test_a_full_disk_is_one_line(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with _open(out) as ledger:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OutputProblem, match="No space left"):
            ledger.tell("stop", {}, sure=True)


def test_scratch_of_a_killed_run_is_cleared(out: Path) -> None:
    left = out / ".library" / ledgers.SCRATCH / "worker-0" / "at-hand-1"
    left.mkdir(parents=True)
    with _open(out):
        assert not left.exists()


def test_results_come_back_as_they_were(out: Path, video: Row) -> None:
    odd = replace(video, name="season 1/\udcff\n", facts={"id": "7"})
    told = Result(odd, "degraded", "why", stages=(StageTold("scan", "ok", 1.5, True),), loads=(("vad", 1),))
    with _open(out) as ledger:
        ledger.end(told, ledger.mark(odd))
    (event,) = events(out / ".library")
    assert result_of(event) == told
    assert result_of({"event": "begin"}) is None
    assert result_of({"event": "end", "result": {"row": 3}}) is None
    assert all(byte < 128 for byte in (out / ".library" / "log.jsonl").read_bytes())


def test_a_store_has_its_ledger_with_the_user() -> None:
    one, other = ledger_folder("s3://bucket/a"), ledger_folder("s3://bucket/b")
    assert one != other and one.is_absolute() and "keyart" in str(one)


def test_listings_of_many_folders_are_not_all_held(out: Path, tmp_path: Path) -> None:
    with _open(out) as ledger:
        for number in range(40):
            ledger.mark(Row(str(tmp_path / f"{number}" / "a.mp4"), "a"))
        assert len(ledger._listings) <= 16
        assert ledger.mark(Row("s3://bucket/a.mp4", "a")) != ledger.mark(Row("/a\0.mp4", "a"))


def test_a_log_line_is_what_programs_read(out: Path, video: Row) -> None:
    with _open(out) as ledger:
        ledger.begin_run(Order(str(out), ("shots",)), {"workers": 2})
        assert isinstance(ledger, Ledger)
    (line,) = (out / ".library" / "log.jsonl").read_text().splitlines()
    event = json.loads(line)
    assert event["event"] == "run" and event["schema"] == 1 and event["workers"] == 2
    assert event["order"] == {"output": str(out), "parts": ["shots"]}

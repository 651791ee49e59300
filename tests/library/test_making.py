"""One row becomes one package, once, whatever a run before has left behind."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keyart import pipeline
from keyart.errors import BadSetting, OutputProblem
from keyart.library.making import DISK_FULL, _is_full, content_key, is_present, make_one, order_key, recipe_of
from keyart.library.places import Place, StoreFailed
from keyart.library.standing import NOW, of_folder, what_stands
from keyart.library.values import Order, Result, Row
from keyart.package import claim
from tests.conftest import ClipFactory, Take

pytest.importorskip("fsspec")
Make = Callable[..., Result]


@pytest.fixture
def video(clip: ClipFactory, tmp_path: Path) -> Path:
    path = tmp_path / "in" / "Красный трактор.mp4"
    path.parent.mkdir()
    path.write_bytes(clip(takes=(Take("scene-5", 1.0),), size_px=(160, 90)).read_bytes())
    return path


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(str(tmp_path / "out"), ("shots", "stills"), given=(("stills", "count", "2"),))


@pytest.fixture
def row(video: Path) -> Row:
    return Row(str(video), "сезон 1/трактор")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(row: Row, order: Order) -> Result:
        return make_one(row, order, tmp_path / "scratch")

    return made


def contents(folder: Path) -> dict[str, bytes]:
    files = (one for one in folder.rglob("*") if one.is_file() and one.name != "run.json")
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


def test_a_package_is_made_once(row: Row, order: Order, make: Make, tmp_path: Path) -> None:
    first = make(row, order)
    folder = tmp_path / "out" / "сезон 1" / "трактор.keyart"
    assert (first.end, first.reason, first.package) == ("made", "", str(folder))
    assert {stage.name for stage in first.stages} == {"scan", "shots", "stills"}
    assert (first.video_seconds, first.video_size) == (1.0, (160, 90))
    assert first.package_bytes > 1000 and first.cpu_seconds > 0 and len(first.sha256) == 64
    assert json.loads((folder / "run.json").read_text())["library"]["key"] == first.key
    again = make(row, order)
    assert (again.end, again.key, again.stages) == ("present", first.key, ())
    fresh = make(row, replace(order, fresh=True))
    assert fresh.end == "made" and not any(stage.resumed for stage in fresh.stages)


def test_it_is_what_keyart_make_makes(row: Row, order: Order, make: Make, tmp_path: Path, video: Path) -> None:
    make(row, order)
    with claim(tmp_path / "plain") as claimed:
        claimed.save(pipeline.make(video, recipe_of(order, None, None), parts=order.parts), {})
    assert contents(tmp_path / "out" / "сезон 1" / "трактор.keyart") == contents(tmp_path / "plain")


def test_a_name_of_odd_bytes_is_a_video_like_any_other(video: Path, order: Order, make: Make, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(video.parent) + b"/caf\xe9\nbar.mp4"))
    odd.write_bytes(video.read_bytes())
    result = make(Row(str(odd), "odd"), replace(order, parts=("shots", "stills", "titles")))
    assert result.end in ("made", "degraded"), result.reason
    package = json.loads((tmp_path / "out" / "odd.keyart" / "package.json").read_text())
    assert package["source"]["name"] == "caf\ufffd\nbar.mp4"


def test_settings_of_the_row_win_and_make_it_anew(row: Row, order: Order, make: Make, tmp_path: Path) -> None:
    make(row, order)
    other = make(replace(row, settings={"stills.count": "1"}), order)
    assert other.end == "made"
    assert {stage.name: stage.resumed for stage in other.stages}["scan"] is False  # its stills are others
    package = json.loads((tmp_path / "out" / "сезон 1" / "трактор.keyart" / "package.json").read_text())
    assert package["settings"]["stills"]["count"] == 1


def test_files_beside_the_video_make_it_anew(row: Row, order: Order, make: Make, video: Path) -> None:
    first = make(row, order)
    video.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    second = make(row, order)
    assert second.end == "made" and second.key != first.key
    assert all(stage.resumed for stage in second.stages)  # none of these listens


def test_a_twin_under_another_name_is_not_looked_at_twice(
    row: Row, order: Order, make: Make, tmp_path: Path, video: Path
) -> None:
    twin = video.with_name("twin.mp4")
    twin.write_bytes(video.read_bytes())
    results: list[Result] = []
    threads = [
        threading.Thread(target=lambda one=one: results.append(make(one, order)))
        for one in (row, Row(str(twin), "twin"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    scans = [stage.resumed for result in results for stage in result.stages if stage.name == "scan"]
    assert sorted(scans) == [False, True]


def test_what_a_killed_run_left_is_cleared_away(row: Row, order: Order, make: Make, tmp_path: Path) -> None:
    make(row, order)
    folder = tmp_path / "out" / "сезон 1" / "трактор.keyart"
    whole = contents(folder)
    (folder / "package.json").unlink()
    (folder / ".keyart.lock").touch()
    (folder / "frames" / ".x.jpg.partial").write_bytes(b"half")
    (folder / "frames" / "of_another_run.jpg").write_bytes(b"x")
    (folder / "covers").mkdir()
    result = make(row, order)
    assert result.end == "made" and all(stage.resumed for stage in result.stages)
    assert contents(folder) == whole and not (folder / "covers").exists()


def test_a_package_between_its_last_file_and_its_lock_is_made_again(row: Row, order: Order, make: Make) -> None:
    make(row, order)
    place = Place(order.output).below(f"{row.name}.keyart")
    (place.path / ".keyart.lock").touch()
    assert make(row, order).end == "made"
    assert make(row, order).end == "present"


def test_what_cannot_be_a_video_is_quarantined(order: Order, make: Make, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    result = make(Row(str(bad), "bad"), order)
    assert (result.end, result.kind, result.package) == ("quarantined", "UnreadableVideo", "")
    assert result.sha256 and "\n" not in result.reason
    missing = make(Row(str(tmp_path / "nowhere.mp4"), "nowhere"), order)
    assert (missing.end, missing.kind) == ("quarantined", "MissingFile")
    assert not (tmp_path / "out" / "bad.keyart").exists()


@pytest.mark.parametrize("settings", [{"stills": "3"}, {"stills.nope": "3"}, {"stills.count": "many"}, {"x.y": "1"}])
def test_a_row_with_a_setting_that_cannot_be_is_quarantined(
    row: Row, order: Order, make: Make, settings: dict[str, str]
) -> None:
    result = make(replace(row, settings=settings), order)
    assert (result.end, result.kind) == ("quarantined", "BadSetting")


@pytest.mark.parametrize("name", ["../out", "/tmp/x", "a/../../b", "", "a\0b", ".library/x"])
def test_no_package_leaves_the_output(row: Row, order: Order, make: Make, name: str) -> None:
    result = make(replace(row, name=name), order)
    assert (result.end, result.kind) == ("quarantined", "BadSetting")
    assert not Path(order.output).exists()


def test_where_other_files_lie_nothing_is_written(row: Row, order: Order, make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "сезон 1" / "трактор.keyart"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    result = make(row, order)
    assert (result.end, result.kind) == ("failed", "OutputProblem")
    assert [one.name for one in folder.iterdir()] == ["mine.txt"]
    (tmp_path / "out" / "file").touch()
    below = make(replace(row, name="file/a"), order)
    assert (below.end, below.kind) == ("failed", "OutputProblem")


def test_a_full_disk_is_known_from_any_depth(
    row: Row, order: Order, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        result = make(row, order)
    assert (result.end, result.kind) == ("failed", DISK_FULL)
    assert "full" in result.reason
    assert make(row, order).end == "made"
    assert not _is_full(StoreFailed("timed out")) and not _is_full(OutputProblem("read-only"))


def test_a_disk_that_fails_may_cure_itself(row: Row, order: Order, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("keyart.library.making.file_sha256", broken)
    result = make(row, order)
    assert (result.end, result.kind) == ("failed", "StoreFailed")


def test_a_budget_buys_what_it_can(row: Row, order: Order, make: Make, tmp_path: Path) -> None:
    hurried = replace(order, budget_seconds=1.0)
    result = make(row, hurried)
    assert result.end in ("made", "degraded") and result.video_seconds == 1.0
    assert result.end == "made" or result.reason.startswith("budget: ")
    assert make(row, hurried).end == "present"
    told = json.loads((tmp_path / "scratch" / NOW).read_text())
    lost = Result(row, "failed", "it took too long", kind="OverLimit")
    stands = what_stands(tmp_path / "scratch", lost)  # as if its worker had been killed while it refined
    assert stands is not None
    found, folder = stands
    assert (found.end, found.key, found.kind, str(folder)) == (result.end, result.key, "", told["folder"])
    (folder / "package.json").unlink()
    (folder / ".keyart.lock").touch()
    assert what_stands(tmp_path / "scratch", lost) is None
    assert what_stands(tmp_path / "nothing", lost) is None
    whole = make(row, order)
    assert whole.end == "made" and of_folder(lost, folder).end == "made"


def test_a_package_goes_into_a_store(row: Row, order: Order, make: Make, tmp_path: Path) -> None:
    """And its stages into the user's own cache; the scratch room is empty again."""
    stored = replace(order, output=f"memory://library-{tmp_path.name}")
    first = make(row, stored)
    assert (first.end, first.package) == ("made", f"{stored.output}/сезон 1/трактор.keyart")
    place = Place(first.package)
    assert place.exists("package.json") and first.package_bytes > 1000
    assert make(row, stored).end == "present"
    make(row, order)
    local = contents(tmp_path / "out" / "сезон 1" / "трактор.keyart")
    assert {name: place.read_bytes(name) for name in place.names() if name != "run.json"} == local
    assert not any((tmp_path / "scratch").iterdir())


def test_what_a_key_is_made_of(order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def key(one: Order) -> str:
        return order_key(one, recipe_of(one, None, None))

    assert key(order) == key(replace(order, threads=2, output="elsewhere"))
    config = tmp_path / "keyart.toml"
    config.write_text("[stills]\ncount = 5\n")
    others = [
        replace(order, parts=("shots",)),
        replace(order, given=(("stills", "count", "3"),)),
        replace(order, given=(), config=str(config)),
        replace(order, budget_seconds=2.0),
    ]
    keys = [key(order), *map(key, others)]
    assert len(set(keys)) == len(keys)
    monkeypatch.setenv("KEYART_STILLS_RATE_HZ", "3")
    assert key(order) not in keys
    with pytest.raises(BadSetting):
        recipe_of(replace(order, given=(("nope", "x", "1"),)), None, None)


def test_what_settings_point_to_counts_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "model"
    file.write_bytes(b"1")
    first = content_key(file)
    file.write_bytes(b"22")
    assert content_key(file) != first
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_bytes(b"1")
    folder = content_key(tmp_path / "folder")
    (tmp_path / "folder" / "b").write_bytes(b"1")
    assert content_key(tmp_path / "folder") != folder


def test_a_package_that_another_made_is_not_there(tmp_path: Path) -> None:
    place = Place(str(tmp_path))
    (tmp_path / "package.json").write_text("{}")
    assert not is_present(place, "key")
    for run in ("no JSON", "[]", '{"library": null}', '{"library": {"key": "other"}}'):
        (tmp_path / "run.json").write_text(run)
        assert not is_present(place, "key")
    (tmp_path / "run.json").write_text('{"library": {"key": "key"}}')
    assert is_present(place, "key")

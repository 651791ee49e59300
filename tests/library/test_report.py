"""The report of a library: figures, page, table, and the log that it comes from."""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import tracemalloc
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import fsspec
import numpy as np
import pytest

from keyart.errors import BadSetting, MissingFile
from keyart.library import report as reports
from keyart.library import reporting
from keyart.library.figures import Figures, Prices
from keyart.library.ledger import LOG, ledger_folder
from keyart.library.lines import plain
from keyart.library.places import Place
from keyart.library.report import Near, Ran, near_in, report_of, write_report
from keyart.library.values import End, Result, Row, StageTold


def result(name: str, end: End = "made", seconds: float = 2.0, **more: Any) -> Result:
    has_package = end not in ("failed", "quarantined")
    usual: dict[str, Any] = {
        "seconds": seconds,
        "cpu_seconds": 2 * seconds,
        "video_seconds": 60.0 * has_package,
        "package": f"out/{name}.keyart" if has_package else "",
        "package_bytes": 1_000_000 * has_package,
        "peak_bytes": 700_000_000,
        "worker": "host:1",
    }
    return Result(Row(f"/v/{name}.mp4", name, 10_000_000, "s"), end, **{**usual, **more})


def stages(*told: tuple[str, str, float, bool]) -> tuple[StageTold, ...]:
    return tuple(StageTold(*one) for one in told)


class Page(HTMLParser):
    """Checks that elements close, and keeps the links and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert tag != "script"
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)


def page_of(folder: Path) -> Page:
    text = (folder / "report.html").read_text("utf-8")
    assert not re.search(r'(?:src|href)="https?:', text)
    return Page(text)


# --- figures ----------------------------------------------------------------------------------------------------


def test_the_figures_of_ten_numbers() -> None:
    figures = Figures()
    for one in (
        result("a", stages=stages(("scan", "ok", 1.5, False), ("titles", "degraded", 0.5, False))),
        result("b", "degraded", 4.0, reason="speech: no voice; titles: the file's name", attempt=2,
               stages=stages(("scan", "ok", 3.0, False), ("titles", "skipped", 0.0, False))),
        result("c", "present", stages=stages(("scan", "ok", 9.0, True))),
        result("d", "failed", 1.0, reason="/v/d.mp4: the store failed"),
        result("e", "quarantined", 1.0, reason="/v/e.mp4: holds no video"),
        result("f", "quarantined", 1.0, reason="/v/f.mp4: holds no video", worker="host:2"),
    ):  # fmt: skip
        figures.see(one)
    assert dict(figures.counts) == {"made": 1, "degraded": 1, "present": 1, "failed": 1, "quarantined": 2}
    assert (figures.videos, figures.packages, figures.retried, len(figures.workers)) == (6, 3, 1, 2)
    assert (figures.seconds, figures.cpu_seconds, figures.lost_cpu_seconds) == (11.0, 22.0, 6.0)
    assert (figures.video_seconds, figures.package_bytes, figures.source_bytes) == (180.0, 3_000_000, 30_000_000)
    scan = figures.stages["scan"]
    assert (scan.seconds, scan.longest, scan.resumed, scan.done) == (4.5, "b", 1, 2)
    assert figures.stages["titles"].done == 1
    assert [(one.end, one.text, one.count, one.example) for one in figures.reasons()] == [
        ("quarantined", "holds no video", 2, "e"),
        ("failed", "the store failed", 1, "d"),
        ("degraded", "speech: no voice", 1, "b"),
        ("degraded", "titles: the file's name", 1, "b"),
    ]
    assert [one.row.name for one in figures.worst()] == ["e", "f", "d", "b", "a", "c"]
    assert [one.row.name for one in figures.slowest()][:2] == ["b", "a"]
    prices = Prices(core_hour=3600.0, gb_month=1000.0)
    assert figures.work_costs(prices) == pytest.approx(22.0)
    assert figures.month_costs(prices) == pytest.approx(3.0)


def test_reasons_without_end_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyart.library.figures._MOST_REASONS", 3)
    figures = Figures()
    for number in range(10):
        figures.see(result(str(number), "failed", reason=f"fault {number}"))
    assert {one.text: one.count for one in figures.reasons()}["others"] == 7


# --- page and table ---------------------------------------------------------------------------------------------


def test_a_report_says_all_of_it(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    results = [
        result("s 1/Фильм #1?", stages=stages(("scan", "ok", 1.5, False), ("titles", "degraded", 0.5, False))),
        result("b", "failed", reason=f"/v/b.mp4: {hostile}", attempt=3),
        result("w", warnings=("cover nearly equals one of the channel",)),
        Result(
            Row("s3://k:secret@b/c\udcff.mp4", hostile, facts={"owner": "Анна"}, settings={"covers.text": "x"}), "made"
        ),
    ]
    (tmp_path / "s 1" / "Фильм #1?.keyart" / "covers").mkdir(parents=True)
    (tmp_path / "s 1" / "Фильм #1?.keyart" / "index.html").write_text("")
    cover = np.full((720, 1280, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "s 1" / "Фильм #1?.keyart" / "covers" / "youtube_1.jpg"), cover)
    near = Near((("b", "s 1/Фильм #1?"),), (("b", "its cover nearly equals that of a"),))
    runs = [
        Ran("1", "2026-11-20T01:00:00+00:00", "local", 2, {"made": 2}, 75.0, ""),
        Ran("2", "2026-11-21T01:00:00", "ray"),
    ]
    report = write_report(results, Place(str(tmp_path)), Prices(1.0, 2.0, "EUR"), near, runs)
    assert report.files == tuple(str(tmp_path / f"report.{kind}") for kind in ("html", "parquet", "json"))
    page = page_of(tmp_path)
    assert "s%201/%D0%A4%D0%B8%D0%BB%D1%8C%D0%BC%20%231%3F.keyart/index.html" in page.links
    assert "report.parquet" in page.links
    for words in (hostile, "4 videos", "3 packages", "(3 attempts)", "core hours × 1.0 =", "EUR", "1 min 15 s",
                  "not yet, or killed", "its cover nearly equals", "Some of what was made",
                  "equals one of the channel"):  # fmt: skip
        assert words in page.text, words
    for name in ("html", "json", "parquet"):
        assert b"secret" not in (tmp_path / f"report.{name}").read_bytes()
    told = json.loads((tmp_path / "report.json").read_text())
    assert (told["schema"], told["videos"], told["made"], told["failed"]) == (1, 4, 3, 1)
    assert told["warnings"] == [{"name": "w", "warning": "cover nearly equals one of the channel"}]
    assert told["stages"]["scan"] == {
        "ok": 1, "degraded": 0, "skipped": 0, "resumed": 0, "seconds": 1.5, "longest_seconds": 1.5
    }  # fmt: skip
    assert told["groups"] == [["b", "s 1/Фильм #1?"]]


def test_the_table_has_every_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow import parquet

    monkeypatch.setattr(reports, "_ROWS_IN_A_GROUP", 4)
    made = [result(f"n{number}", stages=stages(("scan", "ok", 1.0, False))) for number in range(10)]
    made.append(Result(Row("memory://v/x", "x", facts={"owner": "Анна"}, settings={"covers.text": "T"}), "failed"))
    write_report(made, Place(str(tmp_path)))
    with parquet.ParquetFile(tmp_path / "report.parquet") as file:
        assert file.num_row_groups == 3
        rows = file.read().to_pylist()
    assert [row["name"] for row in rows] == [one.row.name for one in made]
    assert rows[0]["stages"] == [{"name": "scan", "status": "ok", "seconds": 1.0, "resumed": False, "reason": ""}]
    assert rows[-1]["facts"] == [("owner", "Анна")]
    assert rows[-1]["source_bytes"] is None


def test_without_the_extra_the_table_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    report = write_report([result("=cmd()"), result("b")], Place(str(tmp_path)))
    assert "pip install 'keyart[library]'" in report.note
    assert "keyart[library]" in page_of(tmp_path).text
    with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["'=cmd()", "b"]
    assert json.loads(rows[0]["stages"]) == []
    monkeypatch.undo()
    write_report([result("b")], Place(str(tmp_path)))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "report.json", "report.parquet"]


def test_a_library_of_nothing(tmp_path: Path) -> None:
    write_report([], Place(str(tmp_path / "new")))
    assert "0 videos" in page_of(tmp_path / "new").text


def test_the_page_of_a_large_library_is_no_larger(tmp_path: Path) -> None:
    def many() -> Iterator[Result]:
        for number in range(3000):
            end: End = "failed" if number % 100 == 0 else "made"
            yield result(f"n{number}", end, float(number % 977), reason="x" * 3000 if end == "failed" else "")

    tracemalloc.start()
    try:
        write_report(many(), Place(str(tmp_path)))
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
    page = page_of(tmp_path)
    assert "The worst 500 of 3 000" in page.text.replace("\u202f", " ")
    assert len(page.links) < 600
    assert {"n976.keyart/", "n1953.keyart/"} < set(page.links)  # of those with a package, the slowest


def test_a_store_has_its_report_beside_its_packages(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    write_report([result("a")], Place("memory://bucket/out"))
    assert Place("memory://bucket/out").names() == ["report.html", "report.json", "report.parquet"]
    assert "a.keyart/index.html" in Page(memory.cat_file("/bucket/out/report.html").decode()).links
    memory.store.clear()


def test_a_cover_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.keyart" / "covers").mkdir(parents=True)
    (tmp_path / "a.keyart" / "covers" / "youtube_1.jpg").write_bytes(b"no picture")
    write_report([result("a"), result("b")], Place(str(tmp_path)))
    assert "Some of what was made" not in page_of(tmp_path).text


# --- from the log -----------------------------------------------------------------------------------------------


def write_log(output: Path, *events: dict[str, Any]) -> None:
    folder = ledger_folder(str(output))
    folder.mkdir(parents=True)
    lines = [json.dumps(event) for event in events]
    (folder / LOG).write_text("\n".join([*lines[:1], "torn", "[1]", *lines[1:]]) + '\n{"event": "end", "na')


def ended(one: Result, run: str = "1") -> dict[str, Any]:
    return {"event": "end", "run": run, "name": one.row.name, "result": plain(one)}


def test_every_video_as_it_ended_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = result("a", stages=stages(("scan", "ok", 1.5, False))), result("b", "failed", reason="first")
    write_log(
        tmp_path,
        {"event": "run", "run": "1", "at": "2026-11-20T01:00:00", "engine": "local", "workers": 2},
        ended(a),
        ended(b),
        {"event": "stop", "run": "1", "counts": {"made": 1, "failed": 1}, "seconds": 9.5, "interrupted": True},
        {"event": "run", "run": "2", "at": "2026-11-21T01:00:00", "engine": "ray"},
        ended(Result(a.row, "present", package="there")),
        ended(result("b", "degraded", reason="titles: second")),
        {"event": "end", "run": "2", "name": "c", "result": {"end": "no result"}},
    )
    parser = argparse.ArgumentParser()
    reporting.add(parser)
    assert reporting.run(parser.parse_args([str(tmp_path), "--core-hour", "2", "--json"])) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["videos"], told["present"], told["degraded"], told["failed"]) == (2, 1, 1, 0)
    assert told["stages"]["scan"]["seconds"] == 1.5
    assert told["cost"]["core_hour"] == 2.0
    assert [(one["run"], one["counts"], one["stopped"]) for one in told["runs"]] == [
        ("1", {"made": 1, "failed": 1}, "interrupted"),
        ("2", None, ""),
    ]
    assert reporting.run(parser.parse_args([str(tmp_path)])) == 0
    assert capsys.readouterr().out.splitlines()[0] == str(tmp_path / "report.html")
    with pytest.raises(BadSetting):
        reporting.run(parser.parse_args([str(tmp_path), "--gb-month", "-1"]))
    with pytest.raises(MissingFile, match="no index is there"):
        reporting.run(parser.parse_args([str(tmp_path), "--near", str(tmp_path / "none")]))


def test_the_same_log_gives_the_same_report(tmp_path: Path) -> None:
    write_log(tmp_path, ended(result("a")), ended(result("b", "failed", reason="x")))
    report_of(str(tmp_path))
    first = {name: (tmp_path / name).read_bytes() for name in ("report.html", "report.json", "report.parquet")}
    report_of(str(tmp_path))
    assert first == {name: (tmp_path / name).read_bytes() for name in first}


def test_where_no_run_was(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no library run has been here"):
        report_of(str(tmp_path))


def test_names_in_an_index_are_those_of_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyart.nearness import groups as grouping
    from keyart.nearness import packages
    from keyart.nearness.groups import Group

    out = tmp_path / "out"
    found = (Group(("out/s 1/a.keyart", f"{out}/b.keyart", "elsewhere/c.keyart"), ()),)
    monkeypatch.setattr(grouping, "groups", lambda index: found)
    monkeypatch.setattr(packages, "warnings_in_order", lambda index, names: iter([("out/b.keyart", ("as older x",))]))
    near = near_in(tmp_path / "index", str(out))
    assert near.groups == (("s 1/a", "b", "elsewhere/c"),)
    assert near.covers == (("b", "as older x"),)

"""The fuzzer itself: the same case is the same file, boxes are what they are, every outcome has its name."""

from __future__ import annotations

import hashlib
import json
import signal
import struct
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.fuzz import boxes, ebml, findings, table
from bench.fuzz.mutators import BYTES, MATROSKA, MP4, MUTATORS, NUMBERS, TEXT, fitting, ogg_crc
from bench.fuzz.outcome import FAULTS, GOOD, Ended, outcome_of, without_numbers
from bench.fuzz.runner import plan
from bench.fuzz.seeds import MADE, SUBTITLES, Seed, made_clip
from bench.fuzz.table import Case


@pytest.fixture(scope="module")
def mp4(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return made_clip("h264 aac.mp4", tmp_path_factory.mktemp("seeds")).read_bytes()


@pytest.fixture(scope="module")
def mkv(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return made_clip("h264 srt.mkv", tmp_path_factory.mktemp("seeds")).read_bytes()


def test_a_made_clip_has_the_same_bytes_each_time(tmp_path: Path, mkv: bytes) -> None:
    assert made_clip("h264 srt.mkv", tmp_path).read_bytes() == mkv


@pytest.mark.parametrize("name", MUTATORS)
def test_a_mutator_gives_the_same_bytes_for_the_same_number(name: str, mp4: bytes, mkv: bytes) -> None:
    data = mkv if name in MATROSKA else SUBTITLES[".srt"].encode() if name in TEXT else mp4
    made = [[MUTATORS[name](data, Random(number), mkv) for number in range(8)] for _ in range(2)]
    assert made[0] == made[1]
    assert any(one != data for one in made[0])


def test_mutators_stay_what_they_were_or_the_table_is_made_anew() -> None:
    tree = boxes.Box(
        b"moov", b"", (boxes.Box(b"trak", b"", (boxes.Box(b"stts", bytes(40)),)), boxes.Box(b"udta", b"x"))
    )
    data = tree.data + b"OggS" + bytes(range(256)) * 8
    digest = hashlib.sha256()
    for name, mutator in MUTATORS.items():
        for number in range(30):
            digest.update(name.encode() + mutator(tree.data if name in MP4 else data, Random(number), data[::-1]))
    assert digest.hexdigest()[:16] == "0d243ea3a325420d"


@pytest.mark.parametrize("name", MUTATORS)
@pytest.mark.parametrize("data", [b"", b"x", b"OggS", b"RIFF", bytes(9), b"\0\0\0\x08moov"])
def test_a_mutator_takes_whatever_comes(name: str, data: bytes) -> None:
    if data or name not in ("pieces shuffled", "packet heads"):
        assert isinstance(MUTATORS[name](data or b"\0", Random(1), b"\0"), bytes)


def test_the_box_walker_puts_a_file_together_as_it_was(mp4: bytes) -> None:
    tree = boxes.parse(mp4)
    assert tree is not None
    assert boxes.join(tree) == mp4
    kinds = [box.kind for _, box in boxes.paths(tree)]
    assert kinds[0] == b"ftyp"
    assert {b"moov", b"trak", b"stsd", b"avc1", b"avcC", b"mp4a", b"esds", b"stts", b"mdat"} <= set(kinds)


def test_boxes_are_put_where_they_are_wanted(mp4: bytes) -> None:
    tree = boxes.parse(mp4)
    assert tree is not None
    path, box = next((path, box) for path, box in boxes.paths(tree) if box.kind == b"avcC")
    without = boxes.join(boxes.put(tree, path, ()))
    assert len(without) == len(mp4) - len(box.data)
    again = boxes.parse(without)
    assert again is not None
    assert b"avcC" not in [one.kind for _, one in boxes.paths(again)]


def test_a_lie_about_a_size_changes_the_header_alone() -> None:
    box = boxes.Box(b"free", b"abc", stated_size=1 << 40)
    assert box.data == struct.pack(">I4sQ", 1, b"free", 1 << 40) + b"abc"
    assert boxes.parse(box.data) is None


def test_the_element_walker_finds_every_level(mkv: bytes) -> None:
    found = list(ebml.walk(mkv))
    assert found[0].id == 0x1A45DFA3
    assert {0x18538067, 0xAE, 0xB0, 0x1F43B675, 0xA3, 0x45B9} <= {one.id for one in found}
    assert max(one.end for one in found) == len(mkv)
    width = next(one for one in found if one.id == 0xB0)
    assert int.from_bytes(mkv[width.body : width.end], "big") == 128


@pytest.mark.parametrize(("value", "width"), [(5, 1), (300, 2), (1 << 40, 8)])
def test_a_length_reads_back(value: int, width: int) -> None:
    data = b"\xec" + ebml.length_bytes(value, width)
    (one,) = ebml.walk(data)
    assert one.body == 1 + width


def test_the_checksum_of_ogg_is_the_one_of_its_specification() -> None:
    assert ogg_crc(b"123456789") == 0x89A1897F  # CRC-32 with polynomial 04c11db7, no reflection, no inversion


def test_a_case_follows_from_its_number(mp4: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(mp4)
    seeds = (Seed("a.mp4", tmp_path / "a.mp4"), Seed("beside.srt", tmp_path / "a.mp4", ".srt"))
    assert plan(0, seeds).data == mp4
    assert plan(0, seeds).mutator == "none"
    assert plan(1, seeds).data == SUBTITLES[".srt"].encode()
    many = [plan(number, seeds) for number in range(2, 60)]
    assert [one.sha256 for one in many] == [plan(number, seeds).sha256 for number in range(2, 60)]
    assert len({one.sha256 for one in many}) > 50


def test_every_format_has_mutators_of_its_own() -> None:
    for name in MADE:
        assert set(fitting(Path(name).suffix)) >= set(BYTES)
    assert set(fitting(".mkv")) == {*BYTES, *MATROSKA}
    assert max(NUMBERS) == (1 << 64) - 1


def _ended(status: int, stderr: str = "", *, cpu_seconds: float = 0.5, late: bool = False) -> Ended:
    return Ended(status, 1.0, cpu_seconds, 100, late, stderr)


LINE = "keyart: case.mp4: is a text file, not a video\n"


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (_ended(1, LINE), "refused"),
        (_ended(1, "keyart: case.gif: not one picture could be had within 2 s; give it more time\n"), "out of time"),
        (_ended(1, LINE + "[mov] more\n"), "unclear refusal"),
        (_ended(1, ""), "unclear refusal"),
        (_ended(1, "keyart: a fault of keyart's own, please report it (KeyError: 1)\n"), "fault"),
        (_ended(99, "Traceback (most recent call last):\nKeyError: 1\n"), "traceback"),
        (_ended(2, "usage\n"), "traceback"),
        (_ended(-signal.SIGSEGV, 'File "/x/keyart/media/scan.py", line 9 in see\n'), "signal"),
        (_ended(-signal.SIGABRT, "terminate called: std::bad_alloc\n"), "memory"),
        (_ended(-signal.SIGXCPU), "hang"),
        (_ended(-signal.SIGKILL, late=True), "hang"),
        (_ended(-signal.SIGKILL, cpu_seconds=0.1), "signal"),
        (_ended(1, "keyart: a fault of keyart's own, please report it (MemoryError: )\n"), "memory"),
        (_ended(0), "broken package"),
    ],
)
def test_every_end_has_its_name(tmp_path: Path, ended: Ended, outcome: str) -> None:
    found, _ = outcome_of(ended, tmp_path, tmp_path / "out", frozenset())
    assert found == outcome
    assert found in (*GOOD, *FAULTS)


def _package(folder: Path, scan: Mapping[str, Any], data: bytes = b"picture") -> Path:
    package = folder / "out"
    package.mkdir()
    (package / "a.jpg").write_bytes(b"picture")
    product = {"path": "a.jpg", "sha256": hashlib.sha256(data).hexdigest()}
    (package / "package.json").write_text(json.dumps({"products": [product], "stages": [{"name": "scan", **scan}]}))
    return package


@pytest.mark.parametrize(
    ("scan", "outcome"),
    [
        ({"status": "ok", "reason": ""}, "made"),
        ({"status": "degraded", "reason": "16 moments were looked at."}, "made"),
        ({"status": "degraded", "reason": "2 damaged pieces of the video passed over."}, "degraded"),
    ],
)
def test_a_whole_package_is_made_and_one_that_tells_of_damage_degraded(
    tmp_path: Path, scan: Mapping[str, Any], outcome: str
) -> None:
    package = _package(tmp_path, scan)
    assert outcome_of(_ended(0), tmp_path, package, frozenset())[0] == outcome


def test_a_product_that_is_not_what_the_manifest_says_breaks_the_package(tmp_path: Path) -> None:
    package = _package(tmp_path, {"status": "ok"}, b"another")
    assert outcome_of(_ended(0), tmp_path, package, frozenset())[0] == "broken package"


def test_files_left_behind_are_told(tmp_path: Path) -> None:
    package = _package(tmp_path, {"status": "ok"})
    assert outcome_of(_ended(1, LINE), tmp_path, package, frozenset())[0] == "leftovers"
    (package / ".a.jpg.partial").write_bytes(b"")
    assert outcome_of(_ended(0), tmp_path, package, frozenset())[0] == "leftovers"
    (package / ".a.jpg.partial").unlink()
    (tmp_path / "core").write_bytes(b"")
    assert outcome_of(_ended(0), tmp_path, package, frozenset()) == ("leftovers", "core")
    assert outcome_of(_ended(0), tmp_path, package, frozenset(["core"]))[0] == "made"


def test_reasons_that_differ_in_numbers_are_one_class() -> None:
    assert without_numbers("case.mp4: ends at 1.5 s, not -3") == without_numbers("case.mkv: ends at 22 s, not 7")


def _case(number: int, outcome: str = "made", **facts: Any) -> Case:
    usual = {"clip": "h264.mp4", "mutator": "one bit", "sha256": f"{number:016x}", "reason": "", "seconds": 1.0}
    rest = {"cpu_seconds": 0.5 + number, "peak_mb": 100, "code": "abc", "words": "make --budget 2s"}
    return Case(**{"number": number, "outcome": outcome, **usual, **rest, **facts})


def test_the_table_survives_a_torn_line_and_the_newest_counts(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    table.add(path, _case(1, "fault"))
    with path.open("a") as file:
        file.write('{"number": 2, "cl')
    table.add(path, _case(3))
    table.add(path, _case(1, "refused", reason="кадров нет"))
    assert table.read(path) == {1: _case(1, "refused", reason="кадров нет"), 3: _case(3)}


def test_the_packed_table_reads_back_and_has_no_clock(tmp_path: Path) -> None:
    cases = [_case(2, "refused", reason="no"), _case(1), _case(3, clip="b.mkv")]
    for name in ("a.json.gz", "b.json.gz"):
        table.write_packed(tmp_path / name, cases)
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()
    assert table.read(tmp_path / "a.json.gz") == {one.number: one for one in cases}


def test_the_result_counts_by_family_and_format() -> None:
    cases = [_case(0), _case(1, "refused", mutator="box gone + one bit"), _case(2, "hang", clip="b.webm")]
    found = findings.result_of(cases, (), "make --budget 2s")
    rows = {row[0]: row[1:7] for row in found["tables"]["fuzz"]["rows"]}
    assert rows["all"] == ["3", "1", "0", "1", "0", "1"]
    assert rows["boxes of MP4"] == ["1", "0", "0", "1", "0", "0"]
    assert {row[0] for row in found["tables"]["fuzz-formats"]["rows"]} == {"mp4", "webm", "all"}
    assert found["faults"][0]["case"] == 2
    assert found["facts"]["fuzz-slowest-seconds"] == "1.5"

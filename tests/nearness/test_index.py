"""The index on disk: found again, replaced, cut off where a run died."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from keyart.errors import BadSetting, OutputProblem
from keyart.nearness import index as index_module
from keyart.nearness.index import Entry, Index, Kept, Kind, Shown, open_index, standing_index
from keyart.nearness.signature import MOST_BITS, Signature, signature_of
from tests.nearness.pictures import reencoded, scene


def _entry(seed: int, kind: Kind = "still") -> Entry:
    made = signature_of(scene(seed))
    assert made is not None
    return Entry(Shown(f"frames/{seed:02}.jpg", kind, float(seed)), made)


def _near(index: Index, seed: int, **more: object) -> list[tuple[str, str]]:
    made = signature_of(reencoded(scene(seed)))
    assert made is not None
    return [(one.package.name, one.shown.product) for one in index.near(made, **more)]  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "channel.near"


def test_what_was_added_is_found_again_by_another_reader(folder: Path) -> None:
    assert open_index(folder).add("a", "1" * 64, [_entry(1), _entry(2, "cover")], 12.5)
    index = open_index(folder)
    assert len(index) == 2
    assert _near(index, 1) == [("a", "frames/01.jpg")]
    assert _near(index, 2, kinds=("still",)) == []
    assert _near(index, 2, kinds=("cover",)) == [("a", "frames/02.jpg")]
    assert _near(index, 2, of=lambda one: one.name != "a") == []
    assert _near(index, 3) == []
    kept = index.packages["a"]
    assert (kept.sha256, kept.seconds, kept.shown[1]) == ("1" * 64, 12.5, Shown("frames/02.jpg", "cover", 2.0))


def test_the_same_package_is_kept_once(folder: Path) -> None:
    index = open_index(folder)
    assert index.add("a", "x", [_entry(1)])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert not index.add("a", "x", [_entry(1)])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_package_made_again_takes_the_place_of_the_older(folder: Path) -> None:
    index = open_index(folder)
    index.add("a", "x", [_entry(1)])
    index.add("b", "y", [_entry(2)])
    index.add("a", "x", [_entry(3)])
    assert _near(index, 1) == []
    assert _near(index, 2) == [("b", "frames/02.jpg")]
    assert _near(index, 3) == [("a", "frames/03.jpg")]
    assert len(open_index(folder)) == 2


def test_a_standing_index_reads_only_what_others_have_added(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = standing_index(folder)
    standing.add("a", "x", [_entry(1)])
    open_index(folder).add("b", "y", [_entry(2)])
    read: list[bytes] = []
    really = index_module._kept

    def noted(line: bytes) -> Kept | None:
        read.append(line)
        return really(line)

    monkeypatch.setattr(index_module, "_kept", noted)
    assert standing_index(folder) is standing
    assert len(read) == 1 and b'"b"' in read[0]
    assert _near(standing, 2) == [("b", "frames/02.jpg")] and _near(standing, 1) == [("a", "frames/01.jpg")]
    open_index(folder).add("a", "x", [_entry(3)])
    standing.refresh()
    assert (_near(standing, 1), _near(standing, 3)) == ([], [("a", "frames/03.jpg")])
    assert [one.name for one in standing.packages.values()] == ["b", "a"] and len(standing) == 2


def test_a_standing_index_notices_that_another_was_begun(folder: Path) -> None:
    standing = standing_index(folder)
    for seed in (1, 2, 4):
        standing.add(str(seed), "x", [_entry(seed)])
    for path in folder.iterdir():
        path.unlink()
    open_index(folder).add("c", "z", [_entry(3)])
    standing.refresh()
    assert list(standing.packages) == ["c"] and len(standing) == 1
    assert _near(standing, 1) == [] and _near(standing, 3) == [("c", "frames/03.jpg")]


def test_a_package_without_pictures_leaves_nothing(folder: Path) -> None:
    index = open_index(folder)
    index.add("a", "x", [_entry(1)])
    index.add("a", "x", [])
    assert len(index) == 0
    assert _near(index, 1) == []


@pytest.mark.parametrize("torn", [1, 40, 300])
def test_half_a_write_at_the_end_is_cut_off(folder: Path, torn: int) -> None:
    index = open_index(folder)
    index.add("a", "x", [_entry(1), _entry(2)])
    for name in ("bits.column", "cells.column"):
        with (folder / name).open("ab") as file:
            file.write(b"\xee" * torn)
    with (folder / "packages.jsonl").open("ab") as file:
        file.write(b'{"name": "half')
    again = open_index(folder)
    assert list(again.packages) == ["a"]
    assert again.add("b", "y", [_entry(3)])
    for seed, name in ((1, "a"), (2, "a"), (3, "b")):
        assert _near(open_index(folder), seed) == [(name, f"frames/{seed:02}.jpg")]
    assert all(json.loads(line) for line in (folder / "packages.jsonl").read_text().splitlines())


def test_a_line_whose_rows_are_missing_does_not_count(folder: Path) -> None:
    index = open_index(folder)
    index.add("a", "x", [_entry(1)])
    index.add("b", "y", [_entry(2)])
    path = folder / "bits.column"
    os.truncate(path, path.stat().st_size - 8)
    assert list(open_index(folder).packages) == ["a"]


def test_a_damaged_line_costs_its_own_package_alone(folder: Path) -> None:
    index = open_index(folder)
    index.add("a", "x", [_entry(1)])
    index.add("b", "y", [_entry(2)])
    path = folder / "packages.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(['{"name": "a", "shown": 5}', lines[1]]) + "\n")
    assert _near(open_index(folder), 2) == [("b", "frames/02.jpg")]


def test_other_files_are_no_index(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadSetting, match="holds other files"):
        open_index(tmp_path)
    with pytest.raises(BadSetting, match="a folder, not a file"):
        open_index(tmp_path / "a.txt")


def test_a_column_of_another_version_is_refused(folder: Path) -> None:
    open_index(folder).add("a", "x", [_entry(1)])
    path = folder / "bits.column"
    data = bytearray(path.read_bytes())
    data[8] = 9
    path.write_bytes(data)
    with pytest.raises(BadSetting, match="version 1"):
        open_index(folder)


def test_an_index_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "MOST_ROWS", 3)
    index = open_index(folder)
    index.add("a", "x", [_entry(1), _entry(2)])
    with pytest.raises(OutputProblem, match="full"):
        index.add("b", "y", [_entry(3), _entry(4)])
    assert list(open_index(folder).packages) == ["a"]


def test_a_package_takes_no_more_than_its_share(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "MOST_OF_A_PACKAGE", 5)
    index = open_index(folder)
    index.add("a", "x", [*(_entry(1, "tile") for _ in range(20)), _entry(2, "cover")])
    assert [one.kind for one in index.packages["a"].shown] == ["cover", *["tile"] * 4]


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputProblem, match="cannot be written"):
        Index(tmp_path / "file" / "near").add("a", "x", [_entry(1)])


_WRITER = """
import sys
from pathlib import Path
from keyart.nearness.index import open_index
from tests.nearness.test_index import _entry
folder, name = Path(sys.argv[1]), sys.argv[2]
for number in range(60):
    open_index(folder).add(f"{name}{number}", "x", [_entry(number % 5)])
"""


def _writer(folder: Path, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(folder), name], cwd=Path(__file__).parents[2])


def test_two_writers_lose_nothing_and_a_killed_one_leaves_a_sound_index(folder: Path) -> None:
    first, second = _writer(folder, "a"), _writer(folder, "b")
    until = time.monotonic() + 60
    while len(open_index(folder).packages) < 5 and time.monotonic() < until:
        time.sleep(0.01)
    first.kill()
    first.wait()
    assert second.wait(60) == 0
    index = open_index(folder)
    assert {f"b{number}" for number in range(60)} <= set(index.packages)
    for kept in index.packages.values():
        (bits, _), number = index.signatures(kept), int(kept.name[1:])
        assert np.array_equal(bits[0], _entry(number % 5).signature.bits)


def test_search_is_exact(folder: Path) -> None:
    """Against counting every bit of every row in Python."""
    random = np.random.default_rng(0)
    rows = random.integers(0, 2**63, (300, 4)).astype(np.uint64)
    wanted = rows[17] ^ np.uint64(0b1011)
    cells = np.ones((32, 32), np.uint8)
    index = open_index(folder)
    entries = [Entry(Shown(f"{k}", "tile", 0.0), Signature(row, cells)) for k, row in enumerate(rows)]
    index.add("a", "x", entries)
    found, far = index._with_near_bits(wanted, {0, 1, 2}, None)
    counted = [sum(int(a ^ b).bit_count() for a, b in zip(row, wanted, strict=True)) for row in rows]
    near = [k for k, away in enumerate(counted) if away <= MOST_BITS]
    assert sorted(found.tolist()) == near
    assert found[0] == 17 and far[0] == counted[17]

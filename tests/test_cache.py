"""What goes into the stage cache comes out the same; what is broken in it is forgotten."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import keyart.cache
from keyart.cache import StageCache, cache_folder, code_stamp, key_of
from keyart.types import (
    Box,
    Cue,
    Face,
    Frame,
    Outcome,
    Product,
    Receipt,
    Still,
    Term,
    Transcript,
    Word,
)


@pytest.fixture
def cache(tmp_path: Path) -> StageCache:
    return StageCache(tmp_path / "stages")


def _still() -> Still:
    image = np.random.default_rng(0).integers(0, 256, (9, 16, 3), np.uint8)
    terms = (Term("sharpness", 0.5, 2.0, "in focus"),)
    return Still(
        1, Frame(image, 1.5), 45, 0.7, terms, (Face(Box(1, 2, 3, 4), 0.9, None, "x"),), avoid=(Box(0, 0, 2, 2),)
    )


def test_stills_come_back_with_their_pixels(cache: StageCache) -> None:
    kind = Outcome[tuple[Still, ...]]
    cache.put("k", Outcome((_still(),), "degraded", "because", "b", ("m",)), kind)
    found = cache.get("k", kind)
    assert found is not None
    still = found.value[0]
    assert (found.status, found.reason, found.backend, found.models) == ("degraded", "because", "b", ("m",))
    assert np.array_equal(still.frame.image, _still().frame.image)
    assert still.frame.image.dtype == np.uint8
    assert (still.faces, still.terms, still.avoid, still.seconds) == (
        _still().faces,
        _still().terms,
        _still().avoid,
        1.5,
    )


def test_words_and_bytes_come_back(cache: StageCache) -> None:
    transcript = Transcript("ru", "sidecar", (Cue("Привет", 0.0, 1.0, (Word("Привет", 0.0, 1.0, 0.5),)),))
    cache.put("words", Outcome(transcript), Outcome[Transcript | None])
    cache.put("none", Outcome(None, "skipped", "nobody speaks"), Outcome[Transcript | None])
    product = Product("a/b.gif", b"\x00\xff", "teaser", Receipt("a/b.gif", {"pieces": [{"start": 1.0}], "loop": None}))
    cache.put("files", Outcome((product,)), Outcome[tuple[Product, ...]])
    words, none = cache.get("words", Outcome[Transcript | None]), cache.get("none", Outcome[Transcript | None])
    files = cache.get("files", Outcome[tuple[Product, ...]])
    assert words is not None and words.value == transcript
    assert none is not None and none.value is None and none.reason == "nobody speaks"
    assert files is not None and files.value[0].data == b"\x00\xff"
    assert files.value[0].receipt.facts == {"pieces": [{"start": 1.0}], "loop": None}


def test_a_key_that_was_never_kept_is_none(cache: StageCache) -> None:
    assert cache.get("nothing", Outcome[Transcript | None]) is None


def test_a_torn_entry_is_forgotten(cache: StageCache) -> None:
    kind = Outcome[tuple[Still, ...]]
    cache.put("k", Outcome((_still(),)), kind)
    path = cache.folder / "k.stage"
    path.write_bytes(path.read_bytes()[:200])
    assert cache.get("k", kind) is None
    assert not path.exists()


def test_an_entry_of_another_shape_is_forgotten(cache: StageCache) -> None:
    cache.put("k", Outcome(None), Outcome[Transcript | None])
    assert cache.get("k", Outcome[tuple[Still, ...]]) is None


def test_fresh_uses_nothing_but_keeps(cache: StageCache) -> None:
    fresh = StageCache(cache.folder, fresh=True)
    fresh.put("k", Outcome(None), Outcome[Transcript | None])
    assert fresh.get("k", Outcome[Transcript | None]) is None
    assert cache.get("k", Outcome[Transcript | None]) is not None


def test_the_oldest_entries_go_first(cache: StageCache) -> None:
    kind = Outcome[tuple[Product, ...]]
    product = Product("x", bytes(1000), "k", Receipt("x", {}))
    small = StageCache(cache.folder, max_bytes=3500)
    for age, name in enumerate(("a", "b", "c")):
        small.put(name, Outcome((product,)), kind)
        if small._path(name).exists():
            os.utime(small._path(name), (age, age))
    assert small.get("a", kind) is None
    assert small.get("c", kind) is not None
    assert sum(one.stat().st_size for one in cache.folder.iterdir()) <= 3500


def test_a_cache_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    StageCache(tmp_path / "file" / "stages").put("k", Outcome(None), Outcome[Transcript | None])


@dataclass(frozen=True)
class _Stage:
    count: int = 3
    folder: Path = Path("a")


def test_a_key_changes_with_every_part_and_nothing_else() -> None:
    same = key_of("1", _Stage(), {"a": (1, 2)})
    assert same == key_of("1", _Stage(), {"a": [1, 2]})
    others = {
        key_of("2", _Stage(), {"a": (1, 2)}),
        key_of("1", _Stage(4), {"a": (1, 2)}),
        key_of("1", _Stage(), {"a": (2, 1)}),
    }
    assert len(others | {same}) == 4


def test_the_stamp_of_the_code_is_one_per_process() -> None:
    assert code_stamp() == code_stamp()
    assert len(code_stamp()) == 16


def test_the_stamp_sees_every_file_of_the_package() -> None:
    there = {path.name for path in Path(keyart.cache.__file__).parent.rglob("*") if path.is_file()}
    seen = {name for name, _, _ in keyart.cache._marks(Path(keyart.cache.__file__).parent)}
    assert seen == {name for name in there if not name.endswith(".pyc")}


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEYART_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("KEYART_CACHE")
    assert cache_folder().name == "stages"


def test_a_folder_of_very_many_is_weighed_seldom(tmp_path: Path) -> None:
    cache = StageCache(tmp_path, max_bytes=1, trims_seldom=True)
    for number in range(1, 4):
        cache.put(f"{number}abc", "x", str)
    assert len(list(tmp_path.glob("*.stage"))) == 3
    cache.put("0abc", "x", str)
    assert not list(tmp_path.glob("*.stage"))

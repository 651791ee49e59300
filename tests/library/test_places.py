"""Stores and folders: videos taken from them, packages put into them, and what goes wrong there."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from keyart.errors import BadSetting, MissingExtra, MissingFile, OutputProblem, UnreadableVideo
from keyart.library import places
from keyart.library.places import UPLOADING, Place, StoreFailed, at_hand, opened, put_package, shown
from keyart.library.rows import rows_of
from keyart.library.values import Row
from keyart.speech.sidecar import MAX_BYTES

Store = Any  # fsspec ships no types


@pytest.fixture
def store() -> Iterator[Store]:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    yield memory
    memory.store.clear()


@pytest.fixture(params=["here", "there"])
def place(request: pytest.FixtureRequest, tmp_path: Path, store: Store) -> Place:
    return Place(str(tmp_path / "out") if request.param == "here" else "memory://bucket/out")


def names_at_hand(url: str, folder: Path) -> list[str]:
    with at_hand(Row(url, "x"), folder) as video:
        assert video.is_file()
        return sorted(one.name for one in video.parent.iterdir())


# --- places -----------------------------------------------------------------------------------------------------


def test_a_place_is_the_same_here_and_there(place: Place) -> None:
    assert place.names() == []
    assert not place.exists("a.txt")
    place.remove("a.txt")
    place.write_bytes("s/b.txt", b"one")
    place.below("s").write_bytes("c.txt", b"two")
    place.write_bytes("s/b.txt", b"three")
    assert place.names() == ["s/b.txt", "s/c.txt"]
    assert place.read_bytes("s/b.txt") == b"three"
    assert place.exists("s/c.txt")
    assert not place.exists("s")
    place.remove("s/c.txt")
    assert place.names() == ["s/b.txt"]
    with pytest.raises(MissingFile, match=r"s/c\.txt: no such file"):
        place.read_bytes("s/c.txt")


def test_a_file_is_put_whole(place: Place, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    place.put_file(tmp_path / "big", "deep/big.bin")
    assert len(place.read_bytes("deep/big.bin")) == 3_000_000
    assert place.names() == ["deep/big.bin"]


def test_a_folder_that_takes_nothing_is_an_output_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputProblem, match="cannot be written"):
        Place(str(tmp_path / "file")).write_bytes("a/b", b"")

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(places, "write_whole", full)
    with pytest.raises(OutputProblem, match="No space left"):
        Place(str(tmp_path)).write_bytes("b", b"")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FileNotFoundError("x"), MissingFile),
        (TimeoutError("slow\ndown"), StoreFailed),
        (PermissionError("expired token"), StoreFailed),
        (RuntimeError(), StoreFailed),
        (OSError(errno.ENOSPC, "No space"), OutputProblem),
        (BadSetting("ours"), BadSetting),
        (MemoryError(), MemoryError),
    ],
)
def test_every_fault_has_its_kind(
    store: Store, monkeypatch: pytest.MonkeyPatch, fault: Exception, kind: type[Exception]
) -> None:
    def fails(self: Store, path: str, **more: Any) -> bytes:
        raise fault

    monkeypatch.setattr(type(store), "cat_file", fails)
    with pytest.raises(kind) as raised:
        Place("memory://b").read_bytes("a")
    assert "\n" not in str(raised.value)


def test_a_store_without_the_bucket_is_an_output_problem(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Store, path: str, value: bytes, **more: Any) -> None:
        raise FileNotFoundError("no such bucket")

    monkeypatch.setattr(type(store), "pipe_file", fails)
    with pytest.raises(OutputProblem):
        Place("memory://b").write_bytes("a", b"")


def test_what_only_the_owner_may_know_is_not_shown() -> None:
    assert shown("ftp://ann:pa/ss@host/a?b") == "ftp://ann:pa/ss@host/a?b"  # no address has a slash there
    assert shown("ftp://ann:pass@host/a") == "ftp://ann@host/a"
    assert shown("s3://bucket/a?b.mp4") == "s3://bucket/a?b.mp4"
    with pytest.raises(BadSetting, match="no store that can be opened"):
        opened("nothing://x:secret@y/z")


def test_without_the_extra_folders_and_tables_still_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fsspec", "pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "m.csv").write_text("path\na.mp4\n")
    (tmp_path / "m.parquet").write_text("")
    assert [row.name for row in rows_of([str(tmp_path), str(tmp_path / "m.csv")])] == ["a"]
    with pytest.raises(MissingExtra, match=r"pip install 'keyart\[library\]'"):
        rows_of(["s3://bucket/a.mp4"])
    with pytest.raises(MissingExtra, match=r"'pyarrow' .*keyart\[library\]"):
        rows_of([str(tmp_path / "m.parquet")])


def test_a_store_of_an_extra_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtra, match=r"keyart\[s3\]"):
        opened("s3://bucket/a.mp4")
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(BadSetting, match="gcsfs"):
        opened("gs://bucket/a.mp4")


# --- videos at hand ---------------------------------------------------------------------------------------------


def test_a_video_of_this_machine_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    for url in (str(tmp_path / "a.mp4"), f"file://{tmp_path}/a.mp4"):
        with at_hand(Row(url, "a"), tmp_path / "scratch") as video:
            assert video == tmp_path / "a.mp4"
    assert not (tmp_path / "scratch").exists()


def test_what_is_no_file_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url, said in (
        (f"{tmp_path}/no", "no such file"),
        (str(tmp_path), "a folder"),
        ("a\0b", r"a.x00b: no such file"),
    ):
        with pytest.raises(MissingFile, match=said), at_hand(Row(url, "a"), tmp_path):
            pass
    (tmp_path / "a.mp4").write_bytes(b"x")
    for fault, said in (
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (OSError(5, "I/O error"), "I/O"),
    ):

        def fails(path: Path, mode: str, fault: OSError = fault) -> None:
            raise fault

        with monkeypatch.context() as patch, pytest.raises(StoreFailed, match=said):
            patch.setattr(Path, "open", fails)
            with at_hand(Row(str(tmp_path / "a.mp4"), "a"), tmp_path):
                pass
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MissingFile), at_hand(Row(str(tmp_path / "pipe.mp4"), "a"), tmp_path):
        pass


def test_a_video_of_a_store_comes_with_what_lies_beside_it(tmp_path: Path, store: Store) -> None:
    beside = ("talk.srt", "talk.ru.vtt", "talk.json", "keyart.toml")
    others = ("talk2.srt", "talk.mp4.part", "talk.mkv", "other.srt", "sub/talk.srt", "talk.big.srt")
    for name in (*beside, *others):
        store.pipe_file(f"/v/{name}", b"x")
    store.pipe_file("/v/talk.mp4", b"film" * 1000)
    store.pipe_file("/v/talk.big.srt", bytes(MAX_BYTES + 1))
    with at_hand(Row("memory://v/talk.mp4", "a"), tmp_path / "room") as video:
        assert video.name == "talk.mp4"
        assert video.read_bytes() == b"film" * 1000
        assert {one.name for one in video.parent.iterdir()} == {"talk.mp4", *beside}
    assert list((tmp_path / "room").iterdir()) == []


def test_it_is_gone_when_the_work_fails(tmp_path: Path, store: Store) -> None:
    store.pipe_file("/v/a.mp4", b"x")
    with pytest.raises(RuntimeError), at_hand(Row("memory://v/a.mp4", "a"), tmp_path):
        raise RuntimeError
    for kind in (UnreadableVideo, OutputProblem):  # of both kinds of builtin
        with pytest.raises(kind) as raised, at_hand(Row("memory://v/a.mp4", "a"), tmp_path) as video:
            raise kind(f"{video}: no video")
        assert str(raised.value) == "memory://v/a.mp4: no video"
    with pytest.raises(MissingFile, match=r"memory://v/b\.mp4: no such file"):
        names_at_hand("memory://v/b.mp4", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_comes_cut_off_is_a_fault_of_the_store(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe_file("/v/a.mp4", b"film")
    real = type(store).info

    def info(self: Store, path: str, **more: Any) -> dict[str, Any]:
        return {**real(self, path, **more), "size": 9}

    monkeypatch.setattr(type(store), "info", info)
    with pytest.raises(StoreFailed, match="4 of 9 bytes came"):
        names_at_hand("memory://v/a.mp4", tmp_path)


def test_a_store_that_may_not_be_listed_gives_the_video_alone(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe_file("/v/a.mp4", b"film")
    store.pipe_file("/v/a.srt", b"x")

    def ls(self: Store, path: str, **more: Any) -> None:
        raise PermissionError("no listing")

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "ls", ls)
        assert names_at_hand("memory://v/a.mp4", tmp_path) == ["a.mp4"]
    with pytest.raises(MissingFile, match="a folder, no video"):
        names_at_hand("memory://v", tmp_path)


def test_no_room_to_fetch_it_to(tmp_path: Path, store: Store) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputProblem), at_hand(Row("memory://v/a.mp4", "a"), tmp_path / "file"):
        pass


@pytest.mark.parametrize("url", ["https://host/v/film.mp4?sig=%2F", "https://host/"])
def test_the_web_gives_the_video_alone(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Web:
        def info(self, path: str) -> dict[str, Any]:
            return {"size": None}

        def get_file(self, path: str, file: str) -> None:
            Path(file).write_bytes(b"x")

    monkeypatch.setattr(places, "opened", lambda address: (Web(), address))
    assert names_at_hand(url, tmp_path) == ["film.mp4" if "film" in url else "host"]


# --- packages ---------------------------------------------------------------------------------------------------


def package(folder: Path, *products: str, parts: tuple[str, ...] = ("stills",)) -> Path:
    for name in (*products, "run.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    told = {"schema": 1, "parts": parts, "products": [{"path": name} for name in products]}
    (folder / "package.json").write_text(json.dumps(told))
    return folder


def test_a_package_comes_with_its_last_file_and_takes_stale_ones_away(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_package(package(tmp_path / "1", "covers/a.jpg", "covers/b.jpg"), place.address)
    place.write_bytes("notes.txt", b"of the owner")
    put_done: list[str] = []
    real = Place.put_file

    def put(self: Place, file: Path, name: str) -> None:
        assert not self.exists("package.json")
        put_done.append(name)
        real(self, file, name)

    monkeypatch.setattr(Place, "put_file", put)
    put_package(package(tmp_path / "2", "covers/b.jpg", "frames/c.jpg"), place.address)
    assert place.names() == ["covers/b.jpg", "frames/c.jpg", "notes.txt", "package.json", "run.json"]
    assert put_done[-1] == "package.json"


def test_an_upload_that_was_cut_off_leaves_nothing_behind_in_the_end(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_package(package(tmp_path / "1", "old.jpg"), place.address)
    real = Place.put_file

    def put(self: Place, file: Path, name: str) -> None:
        if name == "run.json":
            raise StoreFailed("gone")
        real(self, file, name)

    with monkeypatch.context() as patch, pytest.raises(StoreFailed):
        patch.setattr(Place, "put_file", put)
        put_package(package(tmp_path / "2", "half.jpg"), place.address)
    assert UPLOADING in place.names()
    assert not place.exists("package.json")
    put_package(package(tmp_path / "3", "new.jpg"), place.address)
    assert place.names() == ["new.jpg", "package.json", "run.json"]


def test_what_is_no_package_is_left_alone(place: Place, tmp_path: Path) -> None:
    place.write_bytes("thesis.doc", b"")
    with pytest.raises(OutputProblem, match="no keyart package"):
        put_package(package(tmp_path / "1", "a.jpg"), place.address)
    assert place.names() == ["thesis.doc"]


def test_products_of_more_parts_are_not_lost(place: Place, tmp_path: Path) -> None:
    put_package(package(tmp_path / "1", "a.jpg", parts=("stills", "covers")), place.address)
    with pytest.raises(OutputProblem, match="covers too"):
        put_package(package(tmp_path / "2", "b.jpg"), place.address)
    assert place.exists("a.jpg")


def test_a_broken_manifest_there_is_written_over(place: Place, tmp_path: Path) -> None:
    place.write_bytes("package.json", b"[1")
    put_package(package(tmp_path / "1", "a.jpg"), place.address)
    assert json.loads(place.read_bytes("package.json"))["products"] == [{"path": "a.jpg"}]

"""The same on a real S3 protocol: a store on this machine's loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto")

from keyart.errors import MissingFile, OutputProblem
from keyart.library.places import UPLOADING, Place, StoreFailed, at_hand, put_package
from keyart.library.rows import rows_of
from keyart.library.values import Row


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import s3fs

    for name, value in {"ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    s3fs.S3FileSystem.clear_instance_cache()
    found = s3fs.S3FileSystem()
    found.mkdir("films")
    yield found
    found.rm("films", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def test_folders_globs_and_manifests(store: Any) -> None:
    for name in ("a.mp4", "s 1/ж.mkv", "s 1/n.txt", "s 1/x.keyart/t.mp4", "odd [1].mp4", "1#2?3.mp4"):
        store.pipe_file(f"films/in/{name}", b"xy")
    store.pipe_file("films/in/m.csv", "path;covers.text\na.mp4;Привет\n../b.mp4;\n".encode("cp1251"))
    rows = {row.name: row for row in rows_of(["s3://films/in"])}
    assert set(rows) == {"a", "s 1/ж", "odd [1]", "1#2?3"}
    assert rows["a"].url == "s3://films/in/a.mp4"
    assert rows["a"].size_bytes == 2
    assert len(rows["a"].stamp) > len("2-")
    assert [row.name for row in rows_of(["s3://films/in/**/*.mk?"])] == ["s 1/ж"]
    assert [row.name for row in rows_of(["s3://films/in/odd [1].mp4"])] == ["odd [1]"]
    first, second = rows_of(["s3://films/in/m.csv"])
    assert (first.url, first.settings) == ("s3://films/in/a.mp4", {"covers.text": "Привет"})
    assert second.url == "s3://films/b.mp4"
    with pytest.raises(MissingFile):
        rows_of(["s3://films/none.mp4"])


def test_a_video_comes_with_what_lies_beside_it(store: Any, tmp_path: Path) -> None:
    for name in ("1#2?3.mp4", "1#2?3.ru.srt", "1#2?3.json", "1#2?3/1#2?3.srt", "10.srt", "keyart.toml"):
        store.pipe_file(f"films/{name}", b"x" * 9)
    with at_hand(Row("s3://films/1#2?3.mp4", "x"), tmp_path) as video:
        assert sorted(one.name for one in video.parent.iterdir()) == [
            "1#2?3.json",
            "1#2?3.mp4",
            "1#2?3.ru.srt",
            "keyart.toml",
        ]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(MissingFile), at_hand(Row("s3://films/no.mp4", "x"), tmp_path):
        pass


def test_a_package_is_put_there_and_another_over_it(store: Any, tmp_path: Path) -> None:
    for number, names in enumerate((("a.jpg", "covers/b.jpg"), ("covers/b.jpg", "c.jpg"))):
        folder = tmp_path / str(number)
        (folder / "covers").mkdir(parents=True)
        for name in names:
            (folder / name).write_bytes(b"x")
        told = {"schema": 1, "parts": ["stills"], "products": [{"path": name} for name in names]}
        (folder / "package.json").write_text(json.dumps(told))
        put_package(folder, "s3://films/out/ж.keyart")
    place = Place("s3://films/out")
    assert place.names() == ["ж.keyart/c.jpg", "ж.keyart/covers/b.jpg", "ж.keyart/package.json"]
    assert place.exists("ж.keyart/package.json")
    assert not place.exists(f"ж.keyart/{UPLOADING}")
    place.remove("nothing.txt")
    with pytest.raises(OutputProblem):
        Place("s3://no-such-bucket-at-all").write_bytes("a", b"x")


def test_a_store_that_is_away_is_a_passing_fault(store: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StoreFailed), at_hand(Row("s3://films/a.mp4", "x"), tmp_path):
        pass

"""Sources -> rows: folders, globs, lists, manifests; names that are each video's own."""

from __future__ import annotations

import io
import os
import random
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from keyart.errors import BadSetting, MissingFile
from keyart.library.names import Names, Told, clean_name
from keyart.library.places import StoreFailed
from keyart.library.rows import rows_of, watched
from keyart.library.values import Row


def made(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def names_of(*sources: str | Path) -> list[str]:
    return [row.name for row in rows_of([str(one) for one in sources])]


@pytest.fixture
def store() -> Iterator[fsspec.AbstractFileSystem]:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    yield memory
    memory.store.clear()


# --- folders ----------------------------------------------------------------------------------------------------


def test_a_folder_is_read_to_its_depth_in_the_order_of_its_names(tmp_path: Path) -> None:
    made(tmp_path, "b.mp4", "a.mkv", "s 2/x.MOV", "s 10/ж.webm", "notes.txt", "cover.jpg", "a.srt")
    rows = list(rows_of([str(tmp_path)]))
    assert [row.name for row in rows] == ["a", "b", "s 10/ж", "s 2/x"]
    assert rows[0].url == str(tmp_path / "a.mkv")
    assert rows[0].size_bytes == 1
    assert rows[0].stamp == f"1-{(tmp_path / 'a.mkv').stat().st_mtime_ns}"


def test_what_keyart_made_and_what_is_hidden_is_no_source(tmp_path: Path) -> None:
    made(
        tmp_path,
        "a.mp4",
        "out/a.keyart/teaser/teaser.mp4",
        ".library/x.mp4",
        "._a.mp4",
        "lost+found/b.mp4",
        "out/.tmp/b.mp4",
    )
    assert names_of(tmp_path) == ["a"]


def test_two_files_that_differ_in_their_ending_keep_it(tmp_path: Path) -> None:
    made(tmp_path, "a.mp4", "a.mov", "a.mp4.mkv", "B.mp4", "b.avi")
    names = names_of(tmp_path)
    assert len(set(names)) == 5
    assert {"a.mov", "B.mp4", "b.avi"} < set(names)


def test_links_that_go_round_end_and_real_folders_win(tmp_path: Path) -> None:
    made(tmp_path, "a/deep/x.mp4", "z/y.mp4")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    (tmp_path / "0").symlink_to(tmp_path / "z")
    (tmp_path / "itself").symlink_to("itself")
    assert names_of(tmp_path) == ["a/deep/x", "z/y"]


def test_a_linked_folder_from_elsewhere_is_followed(tmp_path: Path) -> None:
    made(tmp_path, "elsewhere/x.mp4", "in/a.mp4")
    (tmp_path / "in" / "more").symlink_to(tmp_path / "elsewhere")
    assert names_of(tmp_path / "in") == ["a", "more/x"]


def test_typescript_is_no_transport_stream(tmp_path: Path) -> None:
    made(tmp_path, "empty.ts")
    (tmp_path / "page.ts").write_text("export const film = 1;\n" * 40)
    (tmp_path / "film.ts").write_bytes((b"\x47" + bytes(187)) * 3)
    assert names_of(tmp_path) == ["empty", "film"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told_of(tmp_path: Path) -> None:
    made(tmp_path, "a.mp4", "shut/b.mp4")
    (tmp_path / "shut").chmod(0)
    try:
        assert names_of(tmp_path) == ["a", "shut"]
        with pytest.raises(StoreFailed, match="ermission"):
            rows_of([str(tmp_path / "shut")])
    finally:
        (tmp_path / "shut").chmod(0o755)


def test_a_folder_that_cannot_be_read_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "a.mp4", "shut/b.mp4")
    real = os.scandir

    def scandir(path: str | Path) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    rows = list(rows_of([str(tmp_path)]))
    assert [(row.name, row.url) for row in rows][1] == ("shut", str(tmp_path / "shut"))
    with pytest.raises(StoreFailed):
        list(rows_of([str(tmp_path / "shut")]))


def test_the_same_name_in_two_folders(tmp_path: Path) -> None:
    made(tmp_path, "a/x.mp4", "a/only.mp4", "b/x.mp4", "c/b/x.mp4")
    forth = names_of(tmp_path / "a", tmp_path / "b")
    assert sorted(forth) == ["a/x", "b/x", "only"]
    assert sorted(names_of(tmp_path / "b", tmp_path / "a")) == sorted(forth)
    three = names_of(tmp_path / "a", tmp_path / "b", tmp_path / "c" / "b")
    assert len(set(three)) == 4
    assert three[1] == "a/x"
    assert all(name.startswith("b/x-") for name in three[2:])


def test_a_video_named_itself_is_taken_whatever_it_ends_in(tmp_path: Path) -> None:
    made(tmp_path, "a.bin", "x/a.mp4", "y/a.mp4", "odd [1].mp4")
    assert names_of(tmp_path / "a.bin") == ["a"]
    assert names_of(tmp_path / "odd [1].mp4") == ["odd [1]"]
    twice = names_of(tmp_path / "x/a.mp4", tmp_path / "y/a.mp4", tmp_path / "x/a.mp4")
    assert [name.rpartition("/")[0][-2:] for name in twice] == ["/x", "/y"]


def test_what_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    for source in (tmp_path / "no.mp4", "a\0b.mp4", "x" * 300, "memory://no/such.mp4"):
        with pytest.raises(MissingFile):
            rows_of([str(source)])
    with pytest.raises(MissingFile, match="called like that"):
        list(rows_of([f"{tmp_path}/*.mp4"]))
    with pytest.raises(BadSetting, match=r"save it as \.txt"):
        rows_of([str(made(tmp_path, "a.xlsx") / "a.xlsx")])


# --- globs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.mp4", ["a"]),
        ("*", ["a", "b", "s1/c", "s1/deep/d", "s2/e"]),
        ("**/*.mp4", ["a", "s1/c", "s1/deep/d"]),
        ("s?/*", ["s1/c", "s2/e", "s1/deep/d"]),
        ("s[!1]/*.mk?", ["s2/e"]),
        ("**", ["a", "b", "s1/c", "s1/deep/d", "s2/e"]),
        ("s1/**/*", ["c", "deep/d"]),
        ("*/*.raw", ["s2/f"]),
        (".h*/*.mp4", [".hid/g"]),
    ],
)
def test_globs(tmp_path: Path, store: fsspec.AbstractFileSystem, pattern: str, names: list[str]) -> None:
    files = ("a.mp4", "b.mkv", "s1/c.mp4", "s1/deep/d.mp4", "s2/e.mkv", "s2/f.raw", "s2/n.txt", ".hid/g.mp4")
    made(tmp_path, *files)
    for file in files:
        store.pipe_file(f"/v/{file}", b"x")
    wanted = sorted("_" + clean_name([".hid"])[1:] + "/g" if name == ".hid/g" else name for name in names)
    assert sorted(names_of(f"{tmp_path}/{pattern}")) == wanted
    assert sorted(names_of(f"memory://v/{pattern}")) == wanted


def test_a_store_is_read_like_a_folder(store: fsspec.AbstractFileSystem) -> None:
    for name in ("a.mp4", "s/ж.mkv", "s/x.keyart/teaser.mp4", ".h.mp4", "n.txt"):
        store.pipe_file(f"/v/{name}", b"xy")
    rows = list(rows_of(["memory://v"]))
    assert [(row.url, row.name, row.size_bytes) for row in rows] == [
        ("memory://v/a.mp4", "a", 2),
        ("memory://v/s/ж.mkv", "s/ж", 2),
    ]
    assert rows[0].stamp.startswith("2-")
    assert names_of("memory://v/a.mp4", "memory://v/s") == ["a", "ж"]


def test_a_store_that_does_not_list_is_asked_again(
    store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe_file("/v/a.mp4", b"x")
    asked = []
    real = type(store).ls

    def ls(self: object, path: str, **more: object) -> object:
        asked.append(path)
        if len(asked) % 2:
            raise TimeoutError("no answer")
        return real(self, path, **more)

    monkeypatch.setattr("keyart.library.folders._LISTING_PAUSES", (0.0,))
    monkeypatch.setattr(type(store), "ls", ls)
    assert names_of("memory://v") == ["a"]
    monkeypatch.setattr("keyart.library.folders._LISTING_PAUSES", ())
    with pytest.raises(StoreFailed, match="no answer"):
        list(rows_of(["memory://v"]))


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["../../x", "/etc/x", "", ".library/x", "a/../../x", "a\0b", "x\u202egpm", "\udcff\udcfe", "ж" * 300, "a/" * 900,
     ".keyart", "a.keyart/b", "...", " ", "a\\..\\b", "x\n", "a."],
)  # fmt: skip
def test_a_name_stays_in_the_output_folder(text: str, tmp_path: Path) -> None:
    name = clean_name(text.split("/"))
    package = tmp_path / f"{name}.keyart"
    assert package.resolve().is_relative_to(tmp_path)
    assert not any(part.startswith(".") or part.endswith(".keyart") for part in name.split("/"))
    package.mkdir(parents=True)  # every part is short enough, and can be written
    name.encode()


def test_names_that_had_to_be_changed_stay_apart() -> None:
    assert len({clean_name([one]) for one in ("a\x01", "a\x02", "a_", ".a", "_a", "ж" * 150, "ж" * 151)}) == 7


def test_names_do_not_depend_on_the_order() -> None:
    told = [Told(Row(f"/v/{way}.mp4", way[-1]), way) for way in ("p/a", "q/a", "r/b", "a", "Q/A", "s/c")]
    found = []
    for order in (told, told[::-1]):
        names = Names()
        names.see(order)
        found.append({row.url: row.name for row in names.named(order)})
    assert found[0] == found[1]
    assert len(set(found[0].values())) == 6
    assert found[0]["/v/p/a.mp4"] == "p/a"
    assert found[0]["/v/r/b.mp4"] == "b"
    assert found[0]["/v/q/a.mp4"].startswith("q/a-")


# --- lists and manifests ----------------------------------------------------------------------------------------


def test_a_list_starts_from_its_own_folder(tmp_path: Path) -> None:
    made(tmp_path, "v/a.mp4", "v/s/b.bin", "else/c.mp4")
    (tmp_path / "v" / "l.txt").write_text(
        f"# my films\na.mp4\n\n./s/b.bin\n../else/c.mp4\n{tmp_path}/v/s/b.bin\n{tmp_path}/else/c.mp4\ns3://b/k/d.mp4\n"
    )
    rows = list(rows_of([str(tmp_path / "v" / "l.txt")]))
    assert {row.name: row.url for row in rows} == {
        "a": f"{tmp_path}/v/a.mp4",
        "s/b": f"{tmp_path}/v/s/b.bin",
        "else/c": f"{tmp_path}/else/c.mp4",
        "c": f"{tmp_path}/else/c.mp4",
        "d": "s3://b/k/d.mp4",
    }
    assert rows[0].stamp
    assert (rows[-1].size_bytes, rows[-1].stamp) == (-1, "")


def test_a_list_in_a_store_starts_from_there(store: fsspec.AbstractFileSystem) -> None:
    store.pipe_file("/b/lists/l.csv", b"path\na.mp4\n../v/b.mp4\nmemory://b/lists/sub/c.mp4\n/abs/d.mp4\n")
    assert {row.url: row.name for row in rows_of(["memory://b/lists/l.csv"])} == {
        "memory://b/lists/a.mp4": "a",
        "memory://b/v/b.mp4": "v/b",
        "memory://b/lists/sub/c.mp4": "sub/c",
        "/abs/d.mp4": "d",
    }


HEADER = "path;name;covers.text;Title;stills.count;owner\r\n"
ROWS = f"{HEADER}a.mp4;Первый;Привет, мир;;3;Анна\r\nb.mp4;;;Вторая;;\r\n;;;;;\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le", "koi8-r"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_a_table_of_any_make(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = ROWS.replace("Привет, мир", "Привет и мир").replace(";", delimiter)
    (tmp_path / "m.csv").write_bytes(text.encode(encoding))
    first, second = rows_of([str(tmp_path / "m.csv")])
    assert (first.name, second.name) == ("Первый", "b")
    assert first.settings == {"covers.text": "Привет и мир", "stills.count": "3"}
    assert first.facts == {"owner": "Анна"}
    assert second.settings == {"covers.text": "Вторая"}


def test_what_a_spreadsheet_writes(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text('sep=;\nfile;covers.text;;\n"a;1.mp4";"two\nlines ""so""";;\n')
    (row,) = rows_of([str(tmp_path / "m.csv")])
    assert row.url == f"{tmp_path}/a;1.mp4"
    assert row.settings == {"covers.text": 'two\nlines "so"'}


def test_one_odd_name_does_not_change_the_others(tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_bytes("фильм.mp4\nещё.mp4\n".encode() + b"caf\xe9.mp4\n")
    rows = list(rows_of([str(tmp_path / "l.txt")]))
    assert [row.name for row in rows][:2] == ["фильм", "ещё"]
    assert os.fsencode(rows[2].url).endswith(b"caf\xe9.mp4")
    assert rows[2].name.startswith("caf_-")


def test_json_lines_and_parquet_say_the_same(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    (tmp_path / "m.jsonl").write_text(
        '{"url": "a.mp4", "covers": {"text": "One"}, "stills.count": 4, "ok": true, "tags": ["x", "y"], "no": null}\n\n'
        '{"url": "b.mp4", "prompt": "a cat", "n": NaN}\n"c.mp4"\n'
    )
    table = pyarrow.Table.from_pylist([
        {"url": "a.mp4", "covers": {"text": "One"}, "stills.count": 4.0, "ok": True, "tags": ["x", "y"],
         "prompt": None},
        {"url": "b.mp4", "covers": None, "stills.count": None, "ok": None, "prompt": "a cat"},
        {"url": "c.mp4"},
    ])  # fmt: skip
    parquet.write_table(table, tmp_path / "m.parquet")
    for ending in ("jsonl", "parquet"):
        a, b, c = rows_of([str(tmp_path / f"m.{ending}")])
        assert a.settings == {"covers.text": "One", "stills.count": "4"}
        assert a.facts == {"ok": "true", "tags": "x,y"}
        assert (b.settings, b.facts) == ({"review.prompt": "a cat"}, {})
        assert c.url == f"{tmp_path}/c.mp4"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.csv", "a,b\n1,2\n", "row 2: nothing names the video"),
        ("m.csv", "path,stills.count\na.mp4,3\nb.mp4,many\n", "row 3, column stills.count: count cannot be 'many'"),
        ("m.csv", "path,stills.size\na.mp4,3\n", "row 2, column stills.size: .stills. has no setting 'size'"),
        ("m.csv", "path,cover.text\na.mp4,x\n", "row 2, column cover.text: .*did you mean covers.text"),
        ("m.csv", "path,name,name\na.mp4,x,y\n", "more than one column is called name"),
        ("m.csv", "path,name\na.mp4,x,y\n", "row 2: 3 cells, 2 columns: 'y' is too many"),
        ("m.csv", 'path\n"' + "a" * 200_000, "is a quotation mark left open"),
        ("m.jsonl", '{"path": "a.mp4"}\n{"path": "b', "line 2: not readable as JSON"),
        ("m.jsonl", "[" * 100_000 + "\n", "line 1: not readable as JSON"),
        ("m.jsonl", "17\n", "an object or a path is wanted"),
        ("m.txt", "x" * 1_100_000, "no list of videos"),
        ("m.parquet", "PAR1 or not", "not readable as Parquet"),
    ],
)
def test_a_manifest_that_cannot_be_meant(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadSetting, match=said) as raised:
        rows_of([str(tmp_path / name)])
    assert name in str(raised.value)


@pytest.mark.parametrize("ending", ["txt", "csv", "jsonl", "parquet"])
def test_spoiled_lists_are_rows_or_one_clear_line(tmp_path: Path, ending: str) -> None:
    import pyarrow
    from pyarrow import parquet

    chance = random.Random(ending)
    parquet.write_table(pyarrow.table({"path": ["a.mp4", "b.mp4"] * 9}), tmp_path / "whole")
    start = {
        "txt": "a.mp4\n../б.mp4\n# c\ns3://b/k.mp4\n".encode(),
        "csv": 'path;name;covers.text;stills.count\r\na.mp4;Имя;"x""y";3\r\n../b.mp4;;;\r\n'.encode(),
        "jsonl": b'{"path": "a.mp4", "covers": {"text": "x"}}\n"b.mp4"\n',
        "parquet": (tmp_path / "whole").read_bytes(),
    }[ending]
    pieces = (b'"', b"\0", b";", b"\n", b"\xff\xfe", b"\xef\xbb\xbf", b"://", b"../", b"{", b"\x1b[2J", b"\xf0")
    for _ in range(25):
        spoiled = bytearray(start)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(spoiled) + 1)
            spoiled[at : at + chance.choice((0, 0, 1, 9, 99))] = chance.choice(pieces) * chance.choice((0, 1, 1, 3))
        (tmp_path / f"m.{ending}").write_bytes(spoiled)
        try:
            names = names_of(tmp_path / f"m.{ending}")
        except BadSetting as err:
            assert "\n" not in str(err)
        else:
            assert len(set(names)) == len(names)
            assert not any(name.startswith("/") or ".." in name.split("/") for name in names)


def test_dotted_columns_of_nobody_are_facts_and_dashes_are_taken(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("video,meta.author,covers.text-colour,title,covers.text\na.mp4,Ann,red,T,Own\n")
    (row,) = rows_of([str(tmp_path / "m.csv")])
    assert row.settings == {"covers.text_colour": "red", "covers.text": "Own"}
    assert row.facts == {"meta.author": "Ann", "title": "T"}


def test_hostile_rows_are_rows_still(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(
        b"path,name\na\0.mp4,\n../../../etc/passwd,../../out\na.mp4,same\nb.mp4,same\na.mp4,same\n/,\n,only a name\n"[
            :-14
        ]
    )
    rows = list(rows_of([str(tmp_path / "m.csv")]))
    assert len(rows) == 5
    assert len({row.name for row in rows}) == 5
    assert rows[1].name == "out"
    assert all(".." not in row.name for row in rows)


def test_settings_of_their_own_make_two_of_one_video(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,covers.text\na.mp4,One\na.mp4,Two\na.mp4,One\n")
    rows = list(rows_of([str(tmp_path / "m.csv")]))
    assert [row.settings["covers.text"] for row in rows] == ["One", "Two"]
    assert len({row.name for row in rows}) == 2


def test_a_list_by_the_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "a.mp4")
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text("a.mp4\nb.mp4\n"))
    writer.start()
    assert names_of(tmp_path / "pipe") == ["a", "b"]
    writer.join()
    assert names_of(tmp_path / "pipe") == ["a", "b"]  # who counts them and who makes them both read
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a.mp4\n")))
    assert [row.url for row in rows_of(["-"])] == [str(tmp_path / "a.mp4")]


def test_a_colon_is_no_address(tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_text("Film::Part 2.mp4\nsimplecache::s3://b/a.mp4\n")
    assert [row.url for row in rows_of([str(tmp_path / "l.txt")])] == [
        f"{tmp_path}/Film::Part 2.mp4",
        "simplecache::s3://b/a.mp4",
    ]


def test_a_long_manifest_is_never_held(tmp_path: Path) -> None:
    count, fact_bytes = 1500, 10_000
    with (tmp_path / "m.csv").open("w") as file:
        file.write("url,name,note\n")
        file.writelines(f"s3://bucket/{n}.mp4,film {n},{'x' * fact_bytes}\n" for n in range(count))
    tracemalloc.start()
    try:
        assert sum(1 for _ in rows_of([str(tmp_path / "m.csv")])) == count
        assert tracemalloc.get_traced_memory()[1] < count * fact_bytes / 5
    finally:
        tracemalloc.stop()


# --- watching ---------------------------------------------------------------------------------------------------


def aged(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


class Steps(threading.Event):
    """Something happens between every two looks; after the last step it is over."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self.steps = list(steps)

    def wait(self, timeout: float | None = None) -> bool:
        if self.steps:
            self.steps.pop(0)()
        else:
            self.set()
        return self.is_set()


def nothing() -> None:
    pass


HOUR = 3600.0


def test_those_that_come_are_taken_when_they_are_whole(tmp_path: Path) -> None:
    aged(made(tmp_path, "a.mp4") / "a.mp4", 2 * HOUR)
    growing = tmp_path / "b.mp4"
    stop = Steps(
        lambda: growing.write_bytes(b"x"),
        lambda: growing.write_bytes(b"xx"),  # a first look at it, and it grows on
        lambda: growing.write_bytes(b"xxx"),
        nothing,
        lambda: made(tmp_path, "b.mov"),
        nothing,
        lambda: made(tmp_path, "s/b.mov"),
    )
    rows = [(row.name, row.size_bytes) for row in watched([str(tmp_path)], HOUR, stop)]
    assert rows == [("a", 1), ("b", 3), ("b.mov", 1)]  # the last was seen once


def test_no_two_that_come_have_one_name(tmp_path: Path) -> None:
    aged(made(tmp_path, "a.mp4") / "a.mp4", 2 * HOUR)

    def another() -> None:
        (tmp_path / "a.mp4").unlink()
        aged(made(tmp_path, "a.mov") / "a.mov", 2 * HOUR)

    first, second = watched([str(tmp_path)], HOUR, Steps(another, nothing))
    assert first.name == "a"
    assert second.name.startswith("a-")


def test_it_ends_in_the_midst_of_a_look(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        aged(made(tmp_path, name) / name, 2 * HOUR)
    stop = threading.Event()
    rows = watched([str(tmp_path)], HOUR, stop)
    assert next(rows).name == "a"
    stop.set()
    assert list(rows) == []


def test_a_list_is_watched_and_a_failing_look_is_no_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made(tmp_path, "a.mp4", "b.mp4")
    names = tmp_path / "l.csv"

    def write(text: str, age_seconds: float) -> None:
        names.write_text(text)
        aged(names, age_seconds)

    for name in ("a.mp4", "b.mp4"):
        aged(tmp_path / name, 2 * HOUR)
    write("path\na.mp4\nlater.mp4\nmemory://x/far.mp4\n", 2 * HOUR)
    stop = Steps(
        lambda: write("nothing\nof use\n", 2 * HOUR),
        lambda: write("path\nb.m", 0),  # just being written
        lambda: write("path\nb.mp4\n", 1),
        nothing,
    )
    assert [row.name for row in watched([str(names)], HOUR, stop)] == ["a", "far", "b"]
    assert caplog.text.count("a look at the sources failed") == 1
    with pytest.raises(MissingFile):
        next(watched([str(tmp_path / "none")], HOUR, threading.Event()))

"""Files and lines that mean harm, each with its stated outcome."""

from __future__ import annotations

import base64
import html
import io
import json
import shutil
import socket
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from keyart.studio.catalogue import Video, new_id
from keyart.studio.doors import limits, patience
from keyart.studio.doors.patience import Patient
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms
from tests.conftest import ClipRecipe, make_clip
from tests.studio.doors import BYTES, TUS, Answer, ask, nobody_works, rooms_of, studio

JSON = {"content-type": "application/json"}
SCRIPT = b"<!doctype html><script>alert(document.cookie)</script>"


@pytest.fixture
def app(options: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """The whole studio, but that nothing which comes in is worked on."""
    nobody_works(monkeypatch)
    with studio(options) as made:
        yield made


@pytest.fixture
def rooms(app: FastAPI) -> Rooms:
    return rooms_of(app)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", ClipRecipe(size_px=(64, 64))).read_bytes()


@pytest.fixture
def finished(app: FastAPI, rooms: Rooms, source: Path, package_folder: Path) -> Video:
    """A video whose package is there."""
    video = Video(new_id(), "Кот.mp4", "source.mp4", source.stat().st_size, "done", words="кот", created_at=time.time())
    folder = rooms.options.video_folder(video.id)
    folder.mkdir(parents=True)
    shutil.copyfile(source, folder / "source.mp4")
    shutil.copytree(package_folder, folder / "package")
    rooms.catalogue.add_video(video)
    return video


def uploaded(app: FastAPI, data: bytes, name: str = "film.mp4") -> str:
    named = base64.b64encode(name.encode()).decode()
    said = {**TUS, "upload-length": str(len(data)), "upload-metadata": f"filename {named}"}
    place = ask(app, "POST", "/api/uploads", said).headers["location"]
    assert ask(app, "PATCH", place, {**TUS, **BYTES, "upload-offset": "0"}, data).status == 204
    return place.rsplit("/", 1)[1]


def handed_in(app: FastAPI, data: bytes, name: str = "film.mp4", **more: Any) -> Answer:
    body = json.dumps({"upload": uploaded(app, data, name), **more}).encode()
    return ask(app, "POST", "/api/videos", JSON, body)


def as_form(app: FastAPI, data: bytes, filename: str, **headers: str) -> Answer:
    disposition = f'Content-Disposition: form-data; name="file"; filename="{filename}"'.encode()
    body = b"--x\r\n" + disposition + b"\r\nContent-Type: video/mp4\r\n\r\n" + data + b"\r\n--x--\r\n"
    return ask(app, "POST", "/api/videos", {"content-type": "multipart/form-data; boundary=x", **headers}, body)


def nothing_left(rooms: Rooms) -> bool:
    """Neither rows nor files."""
    kept = [one for folder in ("uploads", "videos") for one in (rooms.options.data / folder).glob("*")]
    return not kept and rooms.catalogue.uploads() == () and rooms.catalogue.videos()[1] == 0


# --- files that are not what they are called -----------------------------------------------------------------------


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.mp4", bytes(50_000_000))
    return packed.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_zip_bomb(), id="zip bomb"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", id="svg"),
        pytest.param(SCRIPT, id="html"),
        pytest.param(b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", id="hls playlist"),
        pytest.param(b"ffconcat version 1.0\nfile /etc/passwd\n", id="edit list"),
        pytest.param(b"<!--ftypisom--><MPD profiles='urn:mpeg:dash:profile:isoff-main:2011'/>", id="dash manifest"),
        pytest.param(b"#!/bin/sh\nrm -rf /\n", id="script"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="picture"),
    ],
)
@pytest.mark.parametrize("way", ["tus", "form"])
def test_what_is_no_video_is_refused_and_gone(app: FastAPI, rooms: Rooms, data: bytes, way: str) -> None:
    answer = handed_in(app, data) if way == "tus" else as_form(app, data, "film.mp4")
    assert answer.status == 415, answer.body
    assert nothing_left(rooms)


def test_a_broken_video_is_one_line_and_gone(app: FastAPI, rooms: Rooms, clip: bytes) -> None:
    answer = handed_in(app, clip[:200])
    assert answer.status == 422 and "\n" not in answer.error
    assert str(rooms.options.data) not in answer.error
    assert nothing_left(rooms)


def test_no_page_comes_out_of_a_polyglot(app: FastAPI, rooms: Rooms, clip: bytes) -> None:
    """A video that is a page as well, by a box that players skip: taken in, shown as a video and as nothing else."""
    at = struct.unpack(">I", clip[:4])[0]
    box = struct.pack(">I", 8 + len(SCRIPT)) + b"free" + SCRIPT
    made = handed_in(app, clip[:at] + box + clip[at:], "page.html")
    if made.status == 422:  # its index counts from the file's start
        made = handed_in(app, clip + box, "page.html")
    assert made.status == 201, made.body
    shown = ask(app, "GET", f"/api/videos/{json.loads(made.body)['id']}/source")
    assert shown.status == 200 and SCRIPT in shown.body
    assert shown.headers["content-type"] == "video/mp4"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self'" in shown.headers["content-security-policy"]


def test_a_package_shows_no_page(app: FastAPI, finished: Video) -> None:
    for path in ("index.html", "package.json"):
        answer = ask(app, "GET", f"/api/videos/{finished.id}/products/{path}")
        assert answer.status == 404 or answer.headers["content-disposition"].startswith("attachment")
        assert "html" not in answer.headers["content-type"]


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../../../../tmp/evil.mp4", "..\\..\\evil.mp4", "/etc/cron.d/evil", "evil.mp4/../../x", "C:\\evil.mp4", "~/evil",
     "evil\x00.mp4", "|touch evil", "$(touch evil).mp4", "-rf", ".htaccess", "con.mp4", "file:///etc/passwd"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["tus", "form"])
def test_names_never_become_paths(app: FastAPI, rooms: Rooms, clip: bytes, name: str, way: str) -> None:
    made = handed_in(app, clip, name) if way == "tus" else as_form(app, clip, name.replace("\x00", "%00"))
    assert made.status == 201, made.body
    video = json.loads(made.body)
    assert not set(video["name"]) & set("/\\\0")
    files = {str(one.relative_to(rooms.options.data)) for one in rooms.options.data.rglob("*") if one.is_file()}
    assert {one for one in files if "videos" in one} == {f"videos/{video['id']}/source.mp4"}
    assert not [one for one in rooms.options.data.parent.iterdir() if one != rooms.options.data]


@pytest.mark.parametrize(
    "name",
    ['a";filename="evil.html', "a\r\nSet-Cookie: a=b", "a\nX: y.mp4", "%0d%0aX: y.mp4", "a\u2028b", 'a\\"b', "é☃"],
)
def test_names_write_no_headers(app: FastAPI, clip: bytes, name: str) -> None:
    made = handed_in(app, clip, name)
    shown = ask(app, "GET", f"/api/videos/{json.loads(made.body)['id']}/source")
    said = shown.headers["content-disposition"]
    assert said.isascii() and said.isprintable() and said.count('"') == 2
    assert said.startswith('inline; filename="') and shown.cookies == ()


def test_names_write_no_markup(app: FastAPI, clip: bytes) -> None:
    name = "<img src=x onerror=alert(1)>{{7*7}}${7*7}.mp4"
    made = json.loads(handed_in(app, clip, name).body)
    assert made["name"] == name
    for page in ("/", "/library", f"/videos/{made['id']}"):
        text = ask(app, "GET", page, {"accept": "text/html"}).body.decode()
        assert "<img src=x" not in text and ">49" not in text
    assert html.escape(name) in ask(app, "GET", "/library").body.decode()


def test_two_of_one_name_are_two_videos(app: FastAPI, rooms: Rooms, clip: bytes) -> None:
    first, second = (json.loads(handed_in(app, clip, "same.mp4").body) for _ in range(2))
    assert first["id"] != second["id"] and first["name"] == second["name"] == "same.mp4"
    places = [rooms.options.video_folder(one["id"]) / "source.mp4" for one in (first, second)]
    assert [one.read_bytes() == clip for one in places] == [True, True]
    ask(app, "DELETE", f"/api/videos/{first['id']}")
    assert places[1].is_file() and not places[0].exists()


# --- sizes ---------------------------------------------------------------------------------------------------------


def test_ten_gigabytes_are_refused_before_the_first_byte(app: FastAPI, rooms: Rooms) -> None:
    assert ask(app, "POST", "/api/uploads", {**TUS, "upload-length": str(10 * 10**9)}).status == 413
    assert as_form(app, b"", "film.mp4", **{"content-length": str(10 * 10**9)}).status == 413
    assert nothing_left(rooms)


def test_a_sparse_file_of_ten_gigabytes_is_not_copied(
    tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "film.mp4").write_bytes(clip)
    with (shelf / "film.mp4").open("r+b") as file:
        file.truncate(10 * 10**9)
    with studio(Studio(data=tmp_path / "studio", spare_gb=0.0, allow_paths=(str(shelf),))) as app:
        body = json.dumps({"path": str(shelf / "film.mp4")}).encode()
        assert ask(app, "POST", "/api/videos", JSON, body).status == 413
        assert nothing_left(rooms_of(app))


def test_a_promise_is_not_room(tmp_path: Path) -> None:
    """Many uploads that are begun and never sent take no disk, and no more of the quota than there is."""
    with studio(Studio(data=tmp_path / "studio", spare_gb=0.0, quota_gb=0.005, max_upload_gb=0.001)) as app:
        said = {**TUS, "upload-length": "1000000"}
        assert [ask(app, "POST", "/api/uploads", said).status for _ in range(7)] == [201] * 5 + [507] * 2


@pytest.mark.parametrize(
    "wanted",
    ["bytes=0-", "bytes=-1", "bytes=0-0,2-2", "bytes=5-1", "bytes=99999999999-", "bytes=0-99999999999999999999",
     "bytes=-99999999999999", "bytes=a-b", "bytes=", "bytes=--1", "octets=0-1", "bytes=0-,0-,0-,0-,0-", "b" * 5000],
)  # fmt: skip
def test_ranges_are_answered_or_refused(app: FastAPI, finished: Video, source: Path, wanted: str) -> None:
    answer = ask(app, "GET", f"/api/videos/{finished.id}/source", {"range": wanted})
    assert answer.status in (200, 206, 400, 416)
    assert len(answer.body) <= source.stat().st_size + 1000


@pytest.mark.parametrize("bomb", [b"[" * 500_000, b'{"a":' * 100_000, b'{"a":[' * 300 + b"1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("PUT", "/{id}/draft"), ("POST", "/{id}/frames"), ("POST", "/{id}/preview"),
     ("POST", "/{id}/covers"), ("POST", "/{id}/variants"), ("PUT", "/{id}/frames/0"), ("POST", "/{id}/images")],
)  # fmt: skip
def test_nested_json_breaks_nothing(app: FastAPI, finished: Video, method: str, path: str, bomb: bytes) -> None:
    answer = ask(app, method, f"/api/videos{path.format(id=finished.id)}", JSON, bomb)
    assert answer.status == 400


@pytest.mark.parametrize(
    "draft",
    [{"frame": []}, {"frame": {"a": 1}, "text": 5, "position": None}, {"text": SCRIPT.decode()}, {"a" * 500: [[]]},
     {"frame": "</script>", "size": "big"}, {"template": "__class__", "position": "{{7*7}}"}],
)  # fmt: skip
def test_a_draft_of_the_wrong_kind_breaks_no_page(app: FastAPI, finished: Video, draft: dict[str, Any]) -> None:
    here = f"/api/videos/{finished.id}/draft"
    assert ask(app, "PUT", here, JSON, json.dumps(draft).encode()).status == 204
    assert json.loads(ask(app, "GET", here).body) == draft
    page = ask(app, "GET", f"/videos/{finished.id}/text", {"accept": "text/html"})
    assert page.status == 200 and SCRIPT not in page.body


# --- paths ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["../../../door.key", "..%2f..%2f..%2fdoor.key", "%2e%2e/%2e%2e/%2e%2e/door.key", "frames/../../source.mp4",
     "/etc/passwd", "%2fetc%2fpasswd", "frames//01.jpg", "frames/./01.jpg", "frames%5c01.jpg", "frames/01.jpg%00.png",
     "FRAMES/01.JPG", "frames", "", "frames/０1.jpg", "..%c0%af..%c0%afdoor.key", "....//....//door.key",
     "run.json/../../../studio.sqlite", "frames/01.jpg/"],
)  # fmt: skip
def test_only_what_the_manifest_names_is_handed_out(app: FastAPI, finished: Video, path: str) -> None:
    answer = ask(app, "GET", f"/api/videos/{finished.id}/products/{path}")
    assert answer.status in (307, 400, 404)
    assert b"\xff\xd8" not in answer.body


def test_a_link_in_a_package_leads_nowhere(app: FastAPI, rooms: Rooms, finished: Video) -> None:
    package = rooms.options.video_folder(finished.id) / "package"
    manifest = json.loads((package / "package.json").read_text())
    product = next(one["path"] for one in manifest["products"] if one["path"].endswith(".jpg"))
    (package / product).unlink()
    (package / product).symlink_to(rooms.options.data / "door.key")
    answer = ask(app, "GET", f"/api/videos/{finished.id}/products/{product}")
    assert answer.status == 404
    archive = ask(app, "GET", f"/api/videos/{finished.id}/package.zip").body
    assert (rooms.options.data / "door.key").read_bytes() not in archive


@pytest.mark.parametrize("name", ["door.key", "studio.sqlite", "webhook.key", "jobs.sqlite"])
@pytest.mark.parametrize("start", ["/static/x/", "/", "/api/", "/videos/"])
def test_the_studios_own_files_are_nowhere(app: FastAPI, name: str, start: str) -> None:
    for path in (f"{start}{name}", f"{start}../{name}", f"{start}%2e%2e/{name}"):
        assert ask(app, "GET", path).status in (400, 404, 422)


# --- lines ---------------------------------------------------------------------------------------------------------


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    """A real server on a free port of this machine; the port."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=Patient, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
    assert not thread.is_alive()


def line_to(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=8)


def all_of(line: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def get(port: int, target: str = "/api/videos", more: str = "Connection: close\r\n") -> bytes:
    with line_to(port) as line:
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n".encode())
        return all_of(line)


def test_headers_that_trickle_are_cut_off(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEADER_SECONDS", 0.6)
    with served(app) as port:
        lines = [line_to(port) for _ in range(50)]
        begun = time.monotonic()
        for line in lines:
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        while time.monotonic() - begun < 0.4:
            for line in lines:
                line.sendall(b"a")
            time.sleep(0.1)
        assert get(port).startswith(b"HTTP/1.1 200")  # others are served meanwhile
        assert [all_of(line) for line in lines] == [b""] * 50
        assert time.monotonic() - begun < 7
        for line in lines:
            line.close()


def test_a_silent_line_is_cut_off(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEADER_SECONDS", 0.3)
    with served(app) as port, line_to(port) as line:
        assert all_of(line) == b""


def test_a_kept_line_is_cut_off_after_its_answer(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn forgets its own limit at the first byte of the next request."""
    with served(app) as port, line_to(port) as line:
        for seconds in (10.0, 0.0):  # the second answer's wait is the 2 seconds that a line may be kept, no more
            monkeypatch.setattr(patience, "HEADER_SECONDS", seconds)
            line.sendall(f"HEAD /api/videos HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert line.recv(65536).startswith(b"HTTP/1.1 ")
        line.sendall(b"G")
        assert all_of(line) == b""


def test_headers_without_end_are_cut_off(app: FastAPI) -> None:
    with served(app) as port, line_to(port) as line:
        try:
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            for _ in range(100):
                line.sendall(b"X: " + b"a" * 9000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert not all_of(line).startswith(b"HTTP/1.1 2")
        assert get(port).startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_reads_is_cut_off(app: FastAPI, rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STALL_SECONDS", 0.4)
    video = Video(new_id(), "a.mp4", "source.mp4", 1, "queued", created_at=time.time())
    rooms.catalogue.add_video(video)
    place = rooms.options.video_folder(video.id) / "source.mp4"
    place.parent.mkdir(parents=True)
    with place.open("wb") as file:
        file.truncate(100_000_000)
    with served(app) as port, line_to(port) as line:
        line.sendall(f"GET /api/videos/{video.id}/source HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        assert line.recv(12) == b"HTTP/1.1 200"
        until = time.monotonic() + 5
        while Patient.lines["127.0.0.1"] and time.monotonic() < until:
            time.sleep(0.05)
        assert not Patient.lines["127.0.0.1"]
        assert len(all_of(line)) < 100_000_000


def test_a_body_that_does_not_come_is_answered_408(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SILENT_SECONDS", 0.3)
    with served(app) as port, line_to(port) as line:
        line.sendall(
            f"PUT /api/videos/{'0' * 32}/draft HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode()
        )
        assert all_of(line).startswith(b"HTTP/1.1 408")


def test_an_upload_that_stalls_keeps_what_came_and_frees_its_lock(
    app: FastAPI, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_SILENT_SECONDS", 0.3)
    said = {**TUS, "upload-length": str(len(clip))}
    place = ask(app, "POST", "/api/uploads", said).headers["location"]
    head = f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: "
    head += f"application/offset+octet-stream\r\nContent-Length: {len(clip)}\r\n\r\n"
    with served(app) as port, line_to(port) as line:
        line.sendall((head % port).encode() + clip[:500])
        assert all_of(line).startswith(b"HTTP/1.1 408")
    assert ask(app, "HEAD", place, TUS).headers["upload-offset"] == "500"
    assert ask(app, "PATCH", place, {**TUS, **BYTES, "upload-offset": "500"}, clip[500:]).status == 204


def test_an_upload_goes_on_in_the_next_studio(options: Studio, clip: bytes) -> None:
    with studio(options) as before:
        place = ask(before, "POST", "/api/uploads", {**TUS, "upload-length": str(len(clip))}).headers["location"]
        ask(before, "PATCH", place, {**TUS, **BYTES, "upload-offset": "0"}, clip[:700])
    with studio(options) as after:
        assert ask(after, "HEAD", place, TUS).headers["upload-offset"] == "700"
        assert ask(after, "PATCH", place, {**TUS, **BYTES, "upload-offset": "700"}, clip[700:]).status == 204


SMUGGLED = "GET /api/videos HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
        f"Content-Length: {len(SMUGGLED)}, 0\r\n\r\n{SMUGGLED}",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + SMUGGLED,
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + SMUGGLED,
        "Content-Length: -5\r\n\r\n" + SMUGGLED,
        "Content-Length: 18446744073709551616\r\n\r\n" + SMUGGLED,
        "Host: evil.example\r\n\r\n" + SMUGGLED,
        "X: a\r\n\tfolded\r\n Host: evil.example\r\nContent-Length: a\r\n\r\n" + SMUGGLED,
    ],
)
def test_nothing_is_smuggled_in_behind_a_request(app: FastAPI, head: str) -> None:
    """Whatever the parser (llhttp) or the door makes of it: no second request is answered with 200."""
    with served(app) as port, line_to(port) as line:
        line.sendall(f"POST /api/uploads HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}".encode())
        line.shutdown(socket.SHUT_WR)
        answered = all_of(line)
    assert b"HTTP/1.1 200" not in answered and b"HTTP/1.1 5" not in answered


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"\x00" * 500 + b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /%00%ff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_junk_is_not_answered_and_harms_nobody(app: FastAPI, junk: bytes) -> None:
    with served(app) as port:
        with line_to(port) as line:
            line.sendall(junk)
            line.shutdown(socket.SHUT_WR)
            answered = all_of(line)
        assert not answered.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 5"))
        assert get(port).startswith(b"HTTP/1.1 200")


def test_no_websocket_is_opened(app: FastAPI) -> None:
    more = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"
    with served(app) as port, line_to(port) as line:
        line.sendall(f"GET /api/videos HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n".encode())
        assert not line.recv(65536).startswith(b"HTTP/1.1 101")


def _first_of_events(port: int, video: str) -> bytes:
    with line_to(port) as line:
        line.sendall(f"GET /api/videos/{video}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        return line.recv(12)


def test_too_many_watchers_leave_room_for_the_rest(app: FastAPI, rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    video = Video(new_id(), "a.mp4", "source.mp4", 1, "running", created_at=time.time())
    rooms.catalogue.add_video(video)
    with served(app) as port:
        lines = [line_to(port) for _ in range(135)]
        for line in lines:
            line.sendall(f"GET /api/videos/{video.id}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        first = [line.recv(12) for line in lines]
        assert first.count(b"HTTP/1.1 200") == 128 and first.count(b"HTTP/1.1 503") == 7
        assert get(port).startswith(b"HTTP/1.1 200")
        for line in lines:
            line.close()
        until = time.monotonic() + 20
        while (said := _first_of_events(port, video.id)) != b"HTTP/1.1 200" and time.monotonic() < until:
            time.sleep(0.1)
        assert said == b"HTTP/1.1 200"  # who has left is counted no more

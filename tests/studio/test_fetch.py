"""Videos named by path and by address: what is allowed, and that nothing else is even looked at."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException

from keyart.errors import BadSetting, KeyartError, MissingFile, UnreadableVideo
from keyart.studio.doors import addresses, fetch, uploads
from keyart.studio.doors.addresses import destination, public_address
from keyart.studio.options import Studio

FILM = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + bytes(range(256)) * 64

# --- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888"])
def test_public_addresses_are_asked(host: str) -> None:
    assert public_address(host) == host


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%lo",
        "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_private_addresses_are_not_asked(host: str) -> None:
    with pytest.raises(BadSetting, match="private"):
        public_address(host)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "127.0.0", "a..b", ".a", "-a.com",
     "a" * 64 + ".com", ".".join("a" * 60 for _ in range(6)), "a b", "a\tb", "ⓔvil.example", "１２７.0.0.1",
     "a\0b", "*"],
)  # fmt: skip
def test_what_is_no_name_of_a_host_is_not_looked_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("looked up"))
    with pytest.raises(BadSetting, match="no name of a host"):
        public_address(host)


def _names(*found: str) -> Callable[..., list[Any]]:
    return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in found]


def test_a_name_is_public_when_all_its_addresses_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _names("8.8.8.8", "10.0.0.1"))
    with pytest.raises(BadSetting, match="private"):
        public_address("mixed.example")
    monkeypatch.setattr(socket, "getaddrinfo", _names("8.8.8.8", "1.1.1.1"))
    assert public_address("good.example") == "8.8.8.8"


def test_an_unknown_name_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(BadSetting, match="no such host"):
        public_address("nowhere.example")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://8.8.8.8/a", "file:///etc/passwd", "gopher://8.8.8.8/", "javascript:alert(1)", "//8.8.8.8/a", "8.8.8.8/a",
        "http:8.8.8.8", "http:///a", "http://user:secret@8.8.8.8/", "http://8.8.8.8@127.0.0.1/", "http://8.8.8.8:25/",
        "http://8.8.8.8:0/", "http://8.8.8.8:99999/", "http://8.8.8.8:a/", "http://8.8.8.8\\@127.0.0.1/",
        "http://8.8.8.8 /", "http://8.8.8.8/a b", "http://8.8.8.8/\r\nHost: a", "http://8.8.8.8/\0", "http://[::1",
        "http://пример.example/", "http://8.8.8.8/" + "a" * 2000, "http://[8.8.8.8]/", "",
    ],
)  # fmt: skip
def test_addresses_of_other_kinds_are_refused(url: str) -> None:
    with pytest.raises(BadSetting):
        destination(url)


def test_a_destination_is_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _names("8.8.8.8"))
    there = destination("https://Good.example:8443/a?b=c#d")
    assert there.url_by_address == "https://8.8.8.8:8443/a?b=c"
    assert dict(there.headers) == {"Host": "good.example:8443"}
    assert dict(there.extensions) == {"sni_hostname": "good.example"}
    assert destination("http://[2001:4860:4860::8888]/").headers["Host"] == "[2001:4860:4860::8888]"


def test_webhooks_reach_home_only_where_nobody_else_can_ask(tmp_path: Path) -> None:
    home = "http://127.0.0.1:9000/done"
    uploads.check_webhook(Studio(data=tmp_path), home)
    uploads.check_webhook(Studio(data=tmp_path), "")
    for open_ in ({"host": "0.0.0.0"}, {"hosts": ("studio.example.org",)}):
        with pytest.raises(BadSetting, match="private"):
            uploads.check_webhook(Studio(data=tmp_path, token="sixteen-letters!", **open_), home)


# --- downloads -----------------------------------------------------------------------------------------------------


class _Site(BaseHTTPRequestHandler):
    """A small site in the public network, as the tests have it."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.headers["Host"], self.path))
        getattr(self, f"_{self.path.split('?')[0].strip('/').replace('.', '_')}")()

    def _say(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(body)

    def _film_mp4(self) -> None:
        self._say(FILM)

    def _empty(self) -> None:
        self._say(b"")

    def _gone(self) -> None:
        self._say(b"", 404)

    def _page(self) -> None:
        self._say(b"<html>" + FILM, content_type="video/mp4")

    def _playlist(self) -> None:
        self._say(b"#EXTM3U\nhttp://127.0.0.1/secret.ts\n", content_type="video/mp4")

    def _packed(self) -> None:
        self._say(FILM, content_encoding="gzip")

    def _moved(self) -> None:
        self._say(b"", 302, location="/film.mp4")

    def _home(self) -> None:
        self._say(b"", 302, location="http://inner.example/film.mp4")

    def _metadata(self) -> None:
        self._say(b"", 307, location="http://169.254.169.254/latest/meta-data/")

    def _file(self) -> None:
        self._say(b"", 302, location="file:///etc/passwd")

    def _round(self) -> None:
        self._say(b"", 302, location="/round")

    def _huge(self) -> None:
        self._say(FILM, content_length=str(10**13))

    def _odd(self) -> None:
        self._say(FILM, content_length="-1")

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(FILM)
            for _ in range(200):
                self.wfile.write(bytes(10_000))

    def _slow(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            for at in range(200):
                self.wfile.write(FILM[at * 50 : at * 50 + 50])
                threading.Event().wait(0.05)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Stands at good.example, which only these tests take for public; inner.example is a private address."""
    _Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    real, look_up = addresses.is_public, socket.getaddrinfo
    where = {"good.example": "127.0.0.1", "inner.example": "10.0.0.1"}
    monkeypatch.setattr(addresses, "is_public", lambda one: str(one) == "127.0.0.1" or real(one))
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: look_up(where.get(host, host), *rest, **more)
    )
    yield f"http://good.example:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_studio(tmp_path: Path) -> Studio:
    options = Studio(data=tmp_path / "studio", allow_urls=True, spare_gb=0.0, max_upload_gb=0.001)
    options.data.mkdir()
    return options


def test_a_video_is_fetched(open_studio: Studio, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # asked by nobody
    fetch.download(open_studio, f"{site}/moved", tmp_path / "source")
    assert (tmp_path / "source").read_bytes() == FILM
    host = site.removeprefix("http://")
    assert _Site.asked == [(host, "/moved"), (host, "/film.mp4")]


@pytest.mark.parametrize(
    ("page", "kind", "said"),
    [
        ("empty", UnreadableVideo, "no video"),
        ("gone", UnreadableVideo, "404"),
        ("page", UnreadableVideo, "no video"),
        ("playlist", UnreadableVideo, "no video"),
        ("packed", UnreadableVideo, "200"),
        ("home", BadSetting, "private"),
        ("metadata", BadSetting, "private"),
        ("file", BadSetting, "http"),
        ("round", UnreadableVideo, "redirects"),
        ("huge", HTTPException, "413"),
        ("odd", UnreadableVideo, "fetched"),
        ("endless", HTTPException, "413"),
    ],
)
def test_what_is_not_a_video_of_the_public_network_is_refused(
    open_studio: Studio, site: str, tmp_path: Path, page: str, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        fetch.download(open_studio, f"{site}/{page}", tmp_path / "source")
    assert not (tmp_path / "source").exists()


def test_a_name_is_looked_up_once(
    open_studio: Studio, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer of a name server that wants us at home is never heard (DNS rebinding)."""
    look_up, asked = socket.getaddrinfo, []

    def rebinding(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        first = asked.count("good.example") == 1
        return look_up("127.0.0.1" if first or host != "good.example" else "10.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    fetch.download(open_studio, f"{site}/film.mp4", tmp_path / "source")
    assert asked.count("good.example") == 1


def test_what_comes_too_slowly_is_given_up(
    open_studio: Studio, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_SILENT_SECONDS", 0.3)
    with pytest.raises(UnreadableVideo, match="slowly"):
        fetch.download(open_studio, f"{site}/slow", tmp_path / "source")
    assert not (tmp_path / "source").exists()


def test_addresses_are_fetched_only_where_that_is_allowed(tmp_path: Path, site: str) -> None:
    with pytest.raises(BadSetting, match="allow-urls"):
        fetch.download(Studio(data=tmp_path), f"{site}/film.mp4", tmp_path / "source")
    assert _Site.asked == []


def test_two_are_fetched_at_once(open_studio: Studio, site: str, tmp_path: Path) -> None:
    with fetch._AT_ONCE, fetch._AT_ONCE, pytest.raises(HTTPException, match="429"):
        fetch.download(open_studio, f"{site}/film.mp4", tmp_path / "source")
    fetch.download(open_studio, f"{site}/film.mp4", tmp_path / "source")


def test_https_does_not_lead_to_http() -> None:
    with pytest.raises(BadSetting, match="less safe"):
        fetch._onward("https://good.example/a", "http://good.example/b")
    assert fetch._onward("https://good.example/a/b", "../c") == "https://good.example/c"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://a.example/b/film.mp4?x=/y", "film.mp4"),
        ("http://a.example/%D0%9A%D0%BE%D1%82.mp4", "Кот.mp4"),
        ("http://a.example/..%2f..%2fetc%2fpasswd", "passwd"),
        ("http://a.example/", "video"),
        ("http://a.example", "video"),
        ("http://a.example/%ff%0d%0a", "\ufffd"),
    ],
)
def test_a_name_is_read_off_an_address(url: str, name: str) -> None:
    assert fetch.name_in(url) == name


def test_junk_has_no_name() -> None:
    with pytest.raises(BadSetting):
        fetch.name_in("http://[a")


# --- paths ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder that is allowed, beside one that is not."""
    for name in ("shelf", "shelf-of-others"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "film.mp4").write_bytes(FILM)
    (tmp_path / "shelf" / "inner" / "film.mp4").write_bytes(FILM)
    (tmp_path / "shelf" / "passwords.mp4").write_text("root:x:0:0")
    (tmp_path / "shelf" / "out.mp4").symlink_to(tmp_path / "shelf-of-others" / "film.mp4")
    (tmp_path / "shelf" / "within.mp4").symlink_to(tmp_path / "shelf" / "film.mp4")
    (tmp_path / "shelf" / "way").symlink_to(tmp_path / "shelf-of-others")
    (tmp_path / "shelf" / "loop").symlink_to(tmp_path / "shelf" / "loop")
    os.mkfifo(tmp_path / "shelf" / "pipe.mp4")
    return tmp_path / "shelf"


@pytest.fixture
def with_shelf(tmp_path: Path, shelf: Path) -> Studio:
    return Studio(data=tmp_path / "studio", allow_paths=(str(shelf),))


@pytest.mark.parametrize("name", ["film.mp4", "inner/film.mp4", "inner/../film.mp4", "within.mp4", "./film.mp4"])
def test_what_lies_in_an_allowed_folder_may_be_named(with_shelf: Studio, shelf: Path, name: str) -> None:
    assert fetch.allowed_path(with_shelf, f"{shelf}/{name}").read_bytes() == FILM


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../shelf-of-others/film.mp4", BadSetting),
        ("out.mp4", BadSetting),
        ("way/film.mp4", BadSetting),
        ("way/nothing.mp4", BadSetting),
        ("../../../../../../etc/passwd", BadSetting),
        ("a\0b", BadSetting),
        ("loop", KeyartError),
        ("inner", MissingFile),
        ("pipe.mp4", MissingFile),
        ("nothing.mp4", MissingFile),
        ("a" * 300, KeyartError),
        ("passwords.mp4", UnreadableVideo),
    ],
)
def test_nothing_else_may_be_named(with_shelf: Studio, shelf: Path, name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        fetch.allowed_path(with_shelf, f"{shelf}/{name}")


def test_outside_nobody_learns_what_is_there(with_shelf: Studio, tmp_path: Path) -> None:
    said = []
    for name in ("film.mp4", "nothing.mp4"):
        with pytest.raises(BadSetting) as caught:
            fetch.allowed_path(with_shelf, f"{tmp_path}/shelf-of-others/{name}")
        said.append(str(caught.value).replace(name, "NAME"))
    assert said[0] == said[1]


def test_paths_are_taken_only_where_that_is_allowed(tmp_path: Path, shelf: Path) -> None:
    with pytest.raises(BadSetting, match="allow-paths"):
        fetch.allowed_path(Studio(data=tmp_path), str(shelf / "film.mp4"))
    with pytest.raises(BadSetting, match="root"):
        fetch.allowed_path(Studio(data=tmp_path, allow_paths=(str(shelf),)), "film.mp4")

"""The door: who and what comes in, and under which headers everything goes out."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, Response

from keyart.errors import BadSetting
from keyart.studio.doors import limits, safety
from keyart.studio.doors.sessions import LASTS_SECONDS, Attempts, Keys
from keyart.studio.options import Studio
from tests.studio.doors import BEARER, HERE, TOKEN, Answer, ask, rooms_of, studio

FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
BROWSER = {"accept": "text/html,application/xhtml+xml"}
SEALS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """As its only user has it: on the machine itself, without a token. Nothing that is sent here changes it."""
    with studio(Studio(data=tmp_path_factory.mktemp("own") / "studio", spare_gb=0.0)) as made:
        _odd_routes(made)
        yield made


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[FastAPI]:
    """As others reach it: with a token."""
    with studio(Studio(data=tmp_path / "locked", spare_gb=0.0, token=TOKEN, hosts=("studio.example.org",))) as made:
        yield made


def _odd_routes(app: FastAPI) -> None:
    @app.get("/api/odd/broken")
    def broken() -> None:
        raise RuntimeError("a secret of the inside")

    @app.get("/api/odd/page")
    def page() -> Response:
        return HTMLResponse("<script>alert(1)</script>")

    @app.get("/api/odd/drawing")
    def drawing() -> Response:
        return Response(b"<svg onload='alert(1)'/>", media_type="image/svg+xml")


# --- every answer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "status"),
    [("/api/videos", 200), ("/api/videos/nonsense", 422), ("/nowhere", 404), ("/api/odd/broken", 500), ("/a\\b", 400)],
)
def test_every_answer_is_sealed(app: FastAPI, target: str, status: int) -> None:
    answer = _survived(app, target)
    assert answer.status == status
    assert {name: answer.headers[name] for name in SEALS} == SEALS
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    assert "secret" not in answer.body.decode()


def _survived(app: FastAPI, target: str) -> Answer:
    """An answer even where the server behind it raises what the log is to have."""
    sent: list[Answer] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except RuntimeError as err:
            assert "a secret" in str(err)

    sent.append(ask(watched, "GET", target))
    return sent[0]


def test_what_is_private_is_not_kept_by_browsers(app: FastAPI) -> None:
    assert ask(app, "GET", "/api/videos").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("target", ["/api/odd/page", "/api/odd/drawing"])
def test_the_api_shows_nothing_that_a_browser_would_run(app: FastAPI, target: str) -> None:
    answer = ask(app, "GET", target)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"


def test_streams_pass_as_they_come(options: Studio) -> None:
    order: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"one", b"two"):
            order.append(f"sent {piece.decode()}")
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        async def noted(message: Any) -> None:
            order.append(f"out {message.get('body', b'').decode()}")
            await send(message)

        door = safety.Door(inner, options, Keys("", options.data), Attempts())
        await door(scope, receive, noted)

    ask(outer, "GET", "/api/videos/x/events")
    assert order == ["out ", "sent one", "out one", "sent two", "out two", "out "]


# --- meant for us --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [HERE, "127.0.0.1", "localhost:8400", "LOCALHOST", "[::1]:8400"])
def test_our_own_names_are_answered_to(app: FastAPI, host: str) -> None:
    assert ask(app, "GET", "/api/videos", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8400",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.0.7",
        "127.0.0.1@evil.example",
        "evil.example/127.0.0.1",
        "",
        None,
        "ｌocalhost".encode().decode("latin-1"),
        "[::1",
        "127.0.0.1:99999999",
    ],
)
def test_a_name_that_was_made_to_lead_here_is_refused(app: FastAPI, host: str | None) -> None:
    assert ask(app, "GET", "/api/videos", host=host).status == 421


def test_a_name_that_was_allowed_is_answered_to(locked: FastAPI) -> None:
    assert ask(locked, "GET", "/api/videos", BEARER, host="Studio.Example.org").status == 200
    assert ask(locked, "GET", "/api/videos", BEARER, host="other.example.org").status == 421


def test_an_open_studio_is_reached_by_its_address(tmp_path: Path) -> None:
    with studio(Studio(host="0.0.0.0", data=tmp_path / "open", token=TOKEN)) as app:
        assert ask(app, "GET", "/api/videos", BEARER, host="192.168.0.7:8400").status == 200
        assert ask(app, "GET", "/api/videos", BEARER, host="evil.example").status == 421


# --- from a page of ours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        {},  # curl
        {"origin": f"http://{HERE}"},
        {"origin": f"http://{HERE}", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_own_pages_may_change_things(app: FastAPI, sent: dict[str, str]) -> None:
    assert ask(app, "DELETE", f"/api/videos/{'0' * 32}", sent).status == 404


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://{HERE}.evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": f"http://{HERE}", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": f"file://{HERE}"},
        {"origin": f"http://{HERE}@evil.example"},
        {"origin": ""},
    ],
)
def test_other_sites_pages_change_nothing(app: FastAPI, sent: dict[str, str]) -> None:
    assert ask(app, "DELETE", f"/api/videos/{'0' * 32}", sent).status == 403


def test_other_sites_pages_load_nothing_but_may_link(app: FastAPI) -> None:
    picture = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    frame = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert [ask(app, "GET", "/api/videos", one).status for one in (picture, frame, link)] == [403, 403, 200]
    assert ask(app, "POST", "/api/videos", link).status == 403


# --- who -----------------------------------------------------------------------------------------------------------


def _cookie(answer: Answer) -> dict[str, str]:
    return {"cookie": answer.cookies[0].split(";")[0]}


def _logged_in(app: FastAPI) -> dict[str, str]:
    answer = ask(app, "POST", "/login", FORM, f"token={TOKEN}&next=/library".encode())
    assert (answer.status, answer.headers["location"]) == (303, "/library")
    return _cookie(answer)


def test_strangers_are_sent_to_the_door(locked: FastAPI) -> None:
    api = ask(locked, "GET", "/api/videos")
    assert (api.status, api.headers["www-authenticate"]) == (401, "Bearer")
    page = ask(locked, "GET", "/library", BROWSER)
    assert (page.status, page.headers["location"]) == (303, "/login?next=%2Flibrary")
    assert ask(locked, "GET", "/openapi.json").status == 401
    assert ask(locked, "POST", "/api/uploads", BROWSER).status == 401


@pytest.mark.parametrize(
    "shown",
    [f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, "Bearer ÿþ", ""],
)
def test_only_the_token_opens(locked: FastAPI, shown: str) -> None:
    assert ask(locked, "GET", "/api/videos", {"authorization": shown}).status == 401
    assert ask(locked, "GET", "/api/videos", BEARER).status == 200


def test_a_browser_shows_the_token_once(locked: FastAPI) -> None:
    answer = ask(locked, "POST", "/login", FORM, f"token={TOKEN}".encode())
    said = answer.cookies[0].lower()
    assert all(word in said for word in ("httponly", "samesite=strict", "path=/"))
    assert TOKEN not in answer.cookies[0]
    assert ask(locked, "GET", "/api/videos", _cookie(answer)).status == 200


def test_a_cookie_alone_changes_nothing(locked: FastAPI, tmp_path: Path) -> None:
    cookie, gone = _logged_in(locked), f"/api/videos/{'0' * 32}"
    assert ask(locked, "DELETE", gone, cookie).status == 403
    assert ask(locked, "DELETE", gone, {**cookie, "x-csrf-token": "0" * 64}).status == 403
    session = Keys(TOKEN, tmp_path / "locked").session(cookie["cookie"].partition("=")[2])
    assert session is not None
    assert ask(locked, "DELETE", gone, {**cookie, "x-csrf-token": session.csrf_token}).status == 404
    other = Keys(TOKEN, tmp_path / "locked").session(_logged_in(locked)["cookie"].partition("=")[2])
    assert other is not None and other.csrf_token != session.csrf_token
    assert ask(locked, "DELETE", gone, {**cookie, "x-csrf-token": other.csrf_token}).status == 403


def test_pages_are_told_the_csrf_token(locked: FastAPI) -> None:
    seen: list[str] = []

    async def page(request: Any) -> Response:
        seen.append(safety.csrf_token(request))
        return Response("")

    locked.add_route("/odd", page)
    cookie = _logged_in(locked)
    ask(locked, "GET", "/odd", cookie)
    ask(locked, "GET", "/odd", BEARER)
    assert len(seen[0]) == 64 and seen[1] == ""
    assert ask(locked, "DELETE", f"/api/videos/{'0' * 32}", {**cookie, "x-csrf-token": seen[0]}).status == 404


def test_cookies_are_nobody_elses(tmp_path: Path) -> None:
    keys, now = Keys(TOKEN, tmp_path), 1_000_000.0
    cookie = keys.new_cookie(now)
    assert keys.session(cookie, now) is not None
    assert Keys(TOKEN, tmp_path).session(cookie, now + LASTS_SECONDS) is not None
    assert keys.session(cookie, now + LASTS_SECONDS + 1) is None
    assert keys.session(cookie, now - 3600) is None
    assert Keys("another-token-of-ours", tmp_path).session(cookie, now) is None
    assert Keys(TOKEN, tmp_path / "elsewhere").session(cookie, now) is None
    begun, number, mark = cookie.split(".")
    later = f"{int(begun, 16) + 1:x}"
    for forged in (
        f"{later}.{number}.{mark}",
        f"{begun}.{number}.",
        f"{begun}.{number}.{mark[:-1]}",
        "",
        "..",
        "ÿ.ÿ.ÿ",
    ):
        assert keys.session(forged, now) is None


def test_two_studios_of_a_machine_have_a_cookie_each(tmp_path: Path) -> None:
    assert Keys(TOKEN, tmp_path / "one").name != Keys(TOKEN, tmp_path / "other").name
    assert Keys(TOKEN, tmp_path / "one").name == Keys(TOKEN, tmp_path / "one").name


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    Keys(TOKEN, tmp_path / "data")
    (file,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"short")
    with pytest.raises(BadSetting, match="damaged"):
        Keys(TOKEN, tmp_path / "data")


def test_over_https_the_cookie_stays_there(locked: FastAPI) -> None:
    secure = {**FORM, "x-forwarded-proto": "https", "origin": "https://studio.example.org"}
    answer = ask(locked, "POST", "/login", secure, f"token={TOKEN}".encode(), host="studio.example.org")
    assert answer.cookies[0].startswith("__Host-keyart-") and "secure" in answer.cookies[0].lower()
    stolen = _cookie(answer)
    assert ask(locked, "GET", "/api/videos", stolen).status == 401  # shown over plain http
    assert ask(locked, "GET", "/api/videos", {**stolen, "x-forwarded-proto": "https"}).status == 200


def test_logging_out_takes_the_cookie_away(locked: FastAPI) -> None:
    cookie = _logged_in(locked)
    answer = ask(locked, "POST", "/logout", cookie)
    assert answer.status == 303 and "max-age=0" in answer.cookies[0].lower()
    assert ask(locked, "POST", "/logout", {**cookie, "origin": "https://evil.example"}).status == 403


def test_guessing_is_slow(locked: FastAPI) -> None:
    wrong = [ask(locked, "POST", "/login", FORM, b"token=wrong", client="192.0.2.1").status for _ in range(12)]
    assert wrong == [303] * 10 + [429] * 2
    right = ask(locked, "POST", "/login", FORM, f"token={TOKEN}".encode(), client="192.0.2.1")
    assert right.status == 429 and int(right.headers["retry-after"]) <= 31
    assert ask(locked, "GET", "/api/videos", BEARER, client="192.0.2.1").status == 429
    assert ask(locked, "GET", "/api/videos", BEARER, client="192.0.2.2").status == 200


def test_guesses_come_back_slowly_and_by_neighbourhood() -> None:
    tries = Attempts()
    for number in range(10):
        tries.failed(f"2001:db8::{number:x}", now=0.0)
    assert tries.wait_seconds("2001:db8::ffff", now=0.0) == 30.0
    assert tries.wait_seconds("2001:db8:0:1::1", now=0.0) == 0.0
    assert tries.wait_seconds("2001:db8::1", now=15.0) == 15.0
    assert tries.wait_seconds("2001:db8::1", now=30.0) == 0.0


def test_a_wrong_token_goes_back_to_the_form(locked: FastAPI) -> None:
    answer = ask(locked, "POST", "/login", FORM, b"token=wrong&next=/library")
    assert (answer.status, answer.headers["location"]) == (303, "/login?wrong=1&next=%2Flibrary")
    assert answer.cookies == ()


@pytest.mark.parametrize(
    "onward",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
     "/%0d%0aset-cookie:a=b\r\n", "/" + "a" * 600, "/\u202eevil", "", " //evil.example"],
)  # fmt: skip
def test_the_way_on_is_a_page_of_ours(locked: FastAPI, onward: str) -> None:
    from urllib.parse import urlencode

    body = urlencode({"token": TOKEN, "next": onward}).encode()
    assert ask(locked, "POST", "/login", FORM, body).headers["location"] == "/"


def test_a_login_is_a_small_form(locked: FastAPI) -> None:
    assert ask(locked, "POST", "/login", FORM, b"token=" + b"a" * 9000).status == 413
    assert ask(locked, "POST", "/login", JSON, b"{}").status == 415


def test_others_need_a_token(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="needs a token"):
        safety.guard(FastAPI(), Studio(data=tmp_path, hosts=("studio.example.org",)))


# --- one reading only ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["host", "content-length", "authorization", "origin", "upload-offset", "transfer-encoding", "range"]
)
def test_a_header_that_decides_comes_once(app: FastAPI, name: str) -> None:
    answer = ask(app, "GET", "/api/videos", [(name, "1"), (name, "2")])
    assert answer.status == 400 and name in answer.error


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content-length": "5", "transfer-encoding": "chunked"}, 400),
        ({"content-length": "-1"}, 400),
        ({"content-length": "+5"}, 400),
        ({"content-length": "9" * 30}, 400),
        ({"content-encoding": "gzip"}, 415),
        ({"range": "bytes=" + ",".join("0-" for _ in range(500))}, 416),
    ],
)
def test_headers_that_are_read_in_two_ways_are_refused(app: FastAPI, sent: dict[str, str], status: int) -> None:
    assert ask(app, "POST", "/api/videos", sent).status == status


@pytest.mark.parametrize(
    "target",
    [
        "/api/videos/../../etc/passwd",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/%2E./app.py",
        "/static/..%2fapp.py",
        "/static/%2fetc/passwd",
        "/static/..%5capp.py",
        "/static/a%00.css",
        "/static/a%0d%0aSet-Cookie:%20a=b",
        "/static/%ff",
        "/static/%c0%ae%c0%ae/app.py",
        "/api/videos?q=%00",
    ],
)
def test_a_path_has_one_spelling(app: FastAPI, target: str) -> None:
    assert ask(app, "GET", target).status == 400


def test_addresses_have_an_end(app: FastAPI) -> None:
    assert ask(app, "GET", "/" + "a" * 3000).status == 414
    assert ask(app, "GET", "/api/videos?q=" + "a" * 9000).status == 414


# --- how much ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b'"' + b"a" * 1_000_000 + b'"', [b'"', *[b"a" * 99_999] * 11, b'"']])
def test_a_long_body_is_not_read(app: FastAPI, body: Any) -> None:
    assert ask(app, "PUT", f"/api/videos/{'0' * 32}/draft", JSON, body).status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 400_000,
        b"[" * 100 + b"]" * 100,
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":-Infinity}',
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\\u0000"}',
        b'{"a":9223372036854775808}',
        b'{"a":' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b'{"a":1',
    ],
)
def test_json_that_could_not_be_kept_is_refused(app: FastAPI, body: bytes) -> None:
    assert ask(app, "PUT", f"/api/videos/{'0' * 32}/draft", JSON, body).status == 400


def test_json_that_is_sound_comes_in_whole() -> None:
    limits.check_json('{"a":[1,2.5,-9223372036854775807,"кот 🐈",null,true,{"b":[]}]}'.encode())


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SILENT_SECONDS", 0.05)

    async def silent() -> Any:
        await asyncio.sleep(5)

    with pytest.raises(HTTPException) as caught:
        asyncio.run(limits.metered(silent, 100)())  # type: ignore[arg-type]
    assert caught.value.status_code == 408


def test_a_body_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SILENT_SECONDS", 0.5)

    async def trickle() -> Any:
        await asyncio.sleep(0.1)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def read() -> int:
        receive, pieces = limits.metered(trickle, 100), 0
        while True:
            try:
                await receive()
            except HTTPException as err:
                assert err.status_code == 408
                return pieces
            pieces += 1

    assert 1 <= asyncio.run(read()) <= 6


def test_too_many_at_once_are_asked_to_wait(app: FastAPI) -> None:
    crowd = limits.Crowd({"archive": 1, "other": 1})
    with crowd.joined("archive"), crowd.joined("other"):
        with pytest.raises(HTTPException) as caught, crowd.joined("archive"):
            pass
        assert (caught.value.status_code, caught.value.headers) == (503, {"Retry-After": "2"})
    with crowd.joined("archive"):
        pass
    assert rooms_of(app).options.token == ""


def test_a_body_is_looked_at_wherever_its_pieces_end() -> None:
    """Broken off in the middle of a letter or of a word; a client that leaves meanwhile is no fault of anybody's."""
    pieces = [b'{"a":"\xd0', b"\xba\xd0\xbe", b'\xd1\x82"}']

    async def read(messages: list[dict[str, Any]]) -> bytes | None:
        async def receive() -> Any:
            return messages.pop(0)

        return await limits.read_whole(receive)

    come = [{"type": "http.request", "body": one, "more_body": one is not pieces[-1]} for one in pieces]
    assert asyncio.run(read(come)) == '{"a":"кот"}'.encode()
    assert asyncio.run(read([{"type": "http.request", "more_body": True}, {"type": "http.disconnect"}])) is None


@pytest.mark.parametrize(
    ("method", "path", "crowd"),
    [("GET", "/api/videos/1/events", "events"), ("GET", "/api/videos/1/package.zip", "archive"),
     ("PATCH", "/api/uploads/1", "upload"), ("POST", "/api/videos", "arrival"),
     ("POST", "/api/videos/1/frames", "arrival"), ("GET", "/api/videos/1/frames", "other"), ("POST", "/login", "login"),
     ("GET", "/api/videos", "other")],
)  # fmt: skip
def test_what_lasts_has_a_crowd_of_its_own(method: str, path: str, crowd: str) -> None:
    assert limits.kind_of(method, path) == crowd
    assert crowd in limits.Crowd().most


# --- the table ------------------------------------------------------------------------------------------------------


def test_every_threat_names_a_test_that_is_there() -> None:
    here = Path(__file__).parent
    table = (here.parents[1] / "docs" / "threats.md").read_text("utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| threat |")]
    written = "".join(file.read_text("utf-8") for file in here.glob("test_*.py"))
    there = {*re.findall(r"^(?:async )?def (test_\w+)", written, re.MULTILINE), *(one.name for one in here.iterdir())}
    for row in rows:
        named = re.findall(r"`(test_[\w.]+)`", row.rsplit(" | ", 1)[1])
        assert named, row
        assert set(named) <= there, set(named) - there
    assert len(rows) > 30

"""Requests put together by hand, as no client library would send them, and a studio that answers without its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fastapi import FastAPI

from keyart.studio.app import application
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms
from keyart.studio.works.jobs import Jobs

HERE = "127.0.0.1:8400"
TOKEN = "sixteen-letters!"
BEARER = {"authorization": f"Bearer {TOKEN}"}
TUS = {"tus-resumable": "1.0.0"}
BYTES = {"content-type": "application/offset+octet-stream"}

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes

    @property
    def error(self) -> str:
        import json

        return str(json.loads(self.body)["error"])


@contextmanager
def studio(options: Studio) -> Iterator[FastAPI]:
    """The real one, doors closed behind it again; its jobs are never launched."""
    app = application(options)
    try:
        yield app
    finally:
        rooms_of(app).catalogue.close()


def nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes in, nothing of it is worked on."""
    monkeypatch.setattr(Jobs, "start", lambda *_: None)
    monkeypatch.setattr(Jobs, "cancel", lambda *_: None)
    monkeypatch.setattr(Jobs, "position", lambda *_: 0)


def rooms_of(app: FastAPI) -> Rooms:
    found = app.state.rooms
    assert isinstance(found, Rooms)
    return found


def ask(
    app: Any,
    method: str,
    target: str,
    headers: Headers = (),
    body: bytes | Iterable[bytes] = b"",
    *,
    host: str | None = HERE,
    client: str = "127.0.0.1",
    scheme: str = "http",
) -> Answer:
    """One request straight to the application. `target` goes as it stands; a body in pieces has no length."""
    return asyncio.run(_asked(app, _scope(method, target, headers, body, host, client, scheme), _pieces(body)))


def _scope(
    method: str, target: str, headers: Headers, body: object, host: str | None, client: str, scheme: str
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    raw = quote(path, safe="/%.:@!$&'()*+,;=~-_\\")
    named = list(headers.items() if isinstance(headers, Mapping) else headers)
    if host is not None:
        named.append(("host", host))
    if isinstance(body, bytes) and body and not any(name == "content-length" for name, _ in named):
        named.append(("content-length", str(len(body))))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in named],
        "server": ("127.0.0.1", 8400),
        "client": (client, 50000),
        "state": {},
    }


def _pieces(body: bytes | Iterable[bytes]) -> list[bytes]:
    return [body] if isinstance(body, bytes) else list(body)


async def _asked(app: Any, scope: dict[str, Any], pieces: list[bytes]) -> Answer:
    sent: list[dict[str, Any]] = []
    waiting, answered = list(pieces), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}
        await answered.wait()  # who asks stays for the answer
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            answered.set()

    await app(scope, receive, send)
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    cookies = tuple(value for name, value in pairs if name == "set-cookie")
    return Answer(sent[0]["status"], dict(pairs), cookies, b"".join(one.get("body", b"") for one in sent[1:]))

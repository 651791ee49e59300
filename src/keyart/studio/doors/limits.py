"""How much one request may bring, how slowly, and how many may be under way: before anything of it is parsed."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from keyart.studio.options import GIGABYTE, Studio

if TYPE_CHECKING:
    from starlette.types import Message, Receive

JSON_BYTES = 1_000_000
LOGIN_BYTES = 8_000
_FORM_EXTRA_BYTES = 100_000_000
"""Subtitles and fields beside the video of a form."""
_SILENT_SECONDS = 30.0
"""A body of which nothing comes for so long is given up."""
_SLOWEST = 1000
"""Bytes a second that a body must bring on average, once `_SILENT_SECONDS` were waited for it."""
_DEEPEST = 64
_LARGEST = 2**63


def most_bytes(method: str, path: str, kind: str, options: Studio) -> int:
    """Of a request's body."""
    upload = int(options.max_upload_gb * GIGABYTE)
    if method == "PATCH" and path.startswith("/api/uploads/"):
        return upload
    if method == "POST" and path == "/api/videos" and kind == "multipart/form-data":
        return upload + _FORM_EXTRA_BYTES
    return LOGIN_BYTES if path == "/login" else JSON_BYTES


def metered(receive: Receive, most: int) -> Receive:
    """The same body, but 413 once it is longer than `most`, and 408 where it does not come."""
    come, waited, is_over = 0, 0.0, False

    async def metered_receive() -> Message:
        nonlocal come, waited, is_over
        if is_over:
            return await receive()  # only waits for the client to leave
        begun = time.monotonic()
        try:
            async with asyncio.timeout(_SILENT_SECONDS):
                message = await receive()
        except TimeoutError as err:
            raise HTTPException(408, "the request's body did not come in time", {"Connection": "close"}) from err
        waited += time.monotonic() - begun
        come += len(message.get("body", b""))
        is_over = message["type"] != "http.request" or not message.get("more_body", False)
        if come > most:
            raise HTTPException(413, f"the body has more than {most} bytes", {"Connection": "close"})
        if not is_over and waited > _SILENT_SECONDS and come < waited * _SLOWEST:
            raise HTTPException(408, "the request's body comes too slowly", {"Connection": "close"})
        return message

    return metered_receive


async def read_whole(receive: Receive) -> bytes | None:
    """A body that is small; None where the client left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, once more."""
    is_read = False

    async def receive_again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def check_json(body: bytes) -> None:
    """Raises 400 for what a parser takes and a database, a JSON writer or a stack of calls does not: no UTF-8, NUL and
    half characters, numbers that are none, 64 levels of nesting, numbers above 2^63."""
    try:
        waiting: list[tuple[Any, int]] = [(json.loads(body.decode(), parse_constant=_no_number), 0)]
    except (ValueError, RecursionError) as err:
        raise HTTPException(400, "the body is no JSON") from err
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise HTTPException(400, f"the body's JSON is nested more than {_DEEPEST} deep")
        if isinstance(value, dict):
            waiting += ((one, depth + 1) for pair in value.items() for one in pair)
        elif isinstance(value, list):
            waiting += ((one, depth + 1) for one in value)
        elif not _is_sound(value):
            raise HTTPException(400, "the body's JSON holds a text or a number that cannot be kept")


def _is_sound(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and _is_unicode(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) < _LARGEST


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_number(name: str) -> float:
    raise ValueError(name)


@dataclass(slots=True)
class Crowd:
    """How many requests of each kind are under way."""

    most: dict[str, int] = field(
        default_factory=lambda: {"events": 128, "archive": 4, "upload": 24, "arrival": 8, "login": 16, "other": 400}
    )
    now: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def joined(self, kind: str) -> Iterator[None]:
        """Raises 503 where there are too many."""
        if self.now.get(kind, 0) >= self.most[kind]:
            raise HTTPException(503, "too many requests at once; try again in a moment", {"Retry-After": "2"})
        self.now[kind] = self.now.get(kind, 0) + 1
        try:
            yield
        finally:
            self.now[kind] -= 1


def kind_of(method: str, path: str) -> str:
    """Which crowd a request belongs to."""
    if path.endswith("/events"):
        return "events"
    if path.endswith("/package.zip"):
        return "archive"
    if path == "/login":
        return "login"
    if method == "POST" and (path == "/api/videos" or path.endswith("/frames")):
        return "arrival"  # every one of them starts a process that looks at the video
    return "upload" if path.startswith("/api/uploads/") and method == "PATCH" else "other"

"""Routes of what happens to a video while somebody watches: server-sent events."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import anyio
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from keyart.studio.shapes import PROBLEMS, VideoId
from keyart.studio.videos import Desk, shown

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

LOOK_EVERY_SECONDS = 0.25
HEARTBEAT_SECONDS = 15.0
"""A comment, so that whatever stands between keeps the line open, and so that a client who has left is noticed."""
_STREAM = {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "one event per change"}


@dataclass(frozen=True, slots=True)
class Sight:
    """A video at one moment, ready to be sent."""

    mark: tuple[int, int | None]
    """Revision and place in the queue: what has to differ to be news."""
    is_final: bool
    text: str


@dataclass(slots=True)
class Lookout:
    """Looks at the catalogue for all who watch: however many they are, a video is looked at four times a second."""

    rooms: Rooms
    _seen: dict[str, tuple[float, Sight | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, id: str) -> Sight | None:
        """The video as of a quarter of a second ago at most; None where it is gone."""
        with self._lock:
            now = time.monotonic()
            at, sight = self._seen.get(id, (-LOOK_EVERY_SECONDS, None))
            if now - at < LOOK_EVERY_SECONDS * 0.9:
                return sight
            self._seen = {one: seen for one, seen in self._seen.items() if now - seen[0] < 10.0}
            self._seen[id] = now, (sight := self._fresh(id, sight))
            return sight

    def _fresh(self, id: str, before: Sight | None) -> Sight | None:
        revision = self.rooms.catalogue.revision(id)
        position = self.rooms.jobs.position(id)
        if before is not None and before.mark == (revision, position):
            return before
        video = self.rooms.catalogue.video(id)
        if video is None:
            return None
        return Sight((video.revision, position), video.is_final, shown(self.rooms, video).model_dump_json())


def router(rooms: Rooms) -> APIRouter:
    """GET of /api/videos/{id}/events."""
    routes, desk, lookout = (
        APIRouter(prefix="/api/videos", tags=["videos"], responses=PROBLEMS),
        Desk(rooms),
        Lookout(rooms),
    )

    @routes.get(
        "/{id}/events", response_class=StreamingResponse, responses={200: _STREAM, 204: {"description": "seen"}}
    )
    async def events(
        id: VideoId, request: Request, last_event_id: Annotated[str, Header(max_length=20)] = ""
    ) -> Response:
        """The video as GET tells it, now and at each change, as `event: video`; ends when it is at its end.

        Who comes again after the end (`Last-Event-ID`) is told 204: there is nothing more to come.
        """
        video = await run_in_threadpool(desk.video, id)
        if video.is_final and last_event_id == str(video.revision):
            return Response(status_code=204)
        return StreamingResponse(
            _told(lookout, id, request),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    return routes


async def _told(lookout: Lookout, id: str, request: Request) -> AsyncIterator[str]:
    last: Sight | None = None
    said_at = time.monotonic()
    while not (lookout.rooms.jobs.is_closing or await request.is_disconnected()):
        sight = await run_in_threadpool(lookout.look, id)
        if sight is None:
            yield "event: gone\ndata: {}\n\n"
            return
        if last is None or sight.mark != last.mark:
            yield f"event: video\nid: {sight.mark[0]}\ndata: {sight.text}\n\n"
            last, said_at = sight, time.monotonic()
        elif time.monotonic() - said_at >= HEARTBEAT_SECONDS:
            yield ": still here\n\n"
            said_at = time.monotonic()
        if sight.is_final:
            return
        await anyio.sleep(LOOK_EVERY_SECONDS)

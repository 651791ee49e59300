"""Routes of the videos themselves: taking one in, how far it is, stopping it, doing it again, taking it away."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from keyart.studio.catalogue import FINAL, Video
from keyart.studio.doors import arrivals
from keyart.studio.shapes import PROBLEMS, Body, NewVideo, ProgressShown, VideoId, VideoShown

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

_MAX_DRAFT = 64_000


class VideoPage(Body):
    videos: list[VideoShown]
    total: int


_MULTIPART = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "subtitles": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "settings": {"type": "string", "description": "JSON"},
        "webhook": {"type": "string"},
    },
}


def shown(rooms: Rooms, video: Video) -> VideoShown:
    """A video as the API tells it."""
    return told(video, rooms.jobs.position(video.id) if video.state == "queued" else None)


def told(video: Video, position: int | None = None) -> VideoShown:
    """The same, to whoever has no queue at hand: a webhook is told of what waits no more."""
    here = f"/api/videos/{video.id}"
    links = {"self": here, "events": f"{here}/events", "source": f"{here}/source", "page": f"/videos/{video.id}"}
    if video.state == "done":
        links |= {"products": f"{here}/products", "package": f"{here}/package.zip"}
    return VideoShown(
        id=video.id,
        name=video.name,
        state=video.state,
        error=video.error,
        bytes=video.bytes,
        created_at=round(video.created_at, 3),
        probe=dict(video.probe),
        settings=dict(video.settings),
        progress=ProgressShown.model_validate(video.progress or {}),
        position=position,
        links=links,
        revision=video.revision,
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """Looks videos up for the routes."""

    rooms: Rooms

    def video(self, id: str) -> Video:
        found = self.rooms.catalogue.video(id)
        if found is None:
            raise HTTPException(404, "there is no such video")
        return found

    def finished(self, id: str) -> Video:
        found = self.video(id)
        if found.state != "done":
            raise HTTPException(409, f"the package is not there yet: the video is {found.state}")
        return found


def router(rooms: Rooms) -> APIRouter:
    """POST, GET and DELETE of /api/videos and what is done to one of them."""
    routes, desk = APIRouter(prefix="/api/videos", tags=["videos"], responses=PROBLEMS), Desk(rooms)

    @routes.post(
        "",
        status_code=201,
        response_model=VideoShown,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": NewVideo.model_json_schema()},
                    "multipart/form-data": {"schema": _MULTIPART},
                },
            }
        },
    )
    async def add(request: Request, response: Response) -> VideoShown:
        """Take a video in and queue it: an upload that is finished, a form with the file, a path or an address."""
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind == "multipart/form-data":
            video = await arrivals.from_form(rooms, request)
        elif kind == "application/json":
            video = await run_in_threadpool(arrivals.from_wish, rooms, await _wish(request))
        else:
            raise HTTPException(415, "send application/json or multipart/form-data")
        response.headers["location"] = f"/api/videos/{video.id}"
        return await run_in_threadpool(shown, rooms, video)

    @routes.get("", response_model=VideoPage)
    def list_videos(
        q: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> VideoPage:
        """Newest first; `q` looks in names, titles and tags."""
        found, total = rooms.catalogue.videos(q, limit=limit, offset=offset)
        return VideoPage(videos=[shown(rooms, one) for one in found], total=total)

    @routes.get("/{id}", response_model=VideoShown)
    def get_video(id: VideoId) -> VideoShown:
        """How far it is."""
        return shown(rooms, desk.video(id))

    @routes.delete("/{id}", status_code=204)
    def delete_video(id: VideoId) -> None:
        """Stop whatever is done to it and remove it with all that was made of it."""
        remove(rooms, desk.video(id))

    @routes.post("/{id}/cancel", response_model=VideoShown)
    def cancel(id: VideoId) -> VideoShown:
        """Stop it, waiting or running; what is finished already stays as it is."""
        video = desk.video(id)
        if video.is_final:
            raise HTTPException(409, f"there is nothing to stop: the video is {video.state}")
        rooms.jobs.cancel(id)
        return shown(rooms, desk.video(id))

    @routes.post("/{id}/retry", response_model=VideoShown)
    def retry(id: VideoId) -> VideoShown:
        """Queue it again after it failed or was stopped; finished stages are not done twice."""
        video = desk.video(id)
        if video.state not in ("failed", "cancelled"):
            raise HTTPException(409, f"only what failed or was stopped is done again; the video is {video.state}")
        if rooms.catalogue.move(id, "queued", from_=FINAL, error="", progress={}):
            rooms.jobs.start(id)
        return shown(rooms, desk.video(id))

    @routes.get("/{id}/draft")
    def draft(id: VideoId) -> dict[str, Any]:
        """The cover that is being worked on, as it was left."""
        return dict(desk.video(id).draft)

    @routes.put("/{id}/draft", status_code=204)
    def keep_draft(id: VideoId, draft: dict[str, Any]) -> None:
        """Keep the cover that is being worked on."""
        desk.video(id)
        if len(json.dumps(draft)) > _MAX_DRAFT:
            raise HTTPException(413, f"a draft has at most {_MAX_DRAFT} bytes")
        rooms.catalogue.change(id, draft=draft)

    return routes


async def _wish(request: Request) -> NewVideo:
    try:
        return NewVideo.model_validate_json(await request.body())
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise HTTPException(422, f"{place}: {first['msg']}" if place else first["msg"]) from err
    except (ValueError, RecursionError) as err:
        raise HTTPException(422, "the body is no JSON") from err


def remove(rooms: Rooms, video: Video) -> None:
    """The video, its files, its rows. The folder is moved away first, so that nothing half gone is ever seen."""
    if not video.is_final:
        rooms.jobs.cancel(video.id)
    rooms.catalogue.remove_video(video.id)
    rooms.darkroom.forget(video.id)
    folder = rooms.options.video_folder(video.id)
    gone = folder.with_name(f".{video.id}.gone")
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return
    shutil.rmtree(gone, ignore_errors=True)

"""Routes that judge a video as a generated one: its score, what moved it, its worst pairs of frames (seed 003)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from keyart.studio.catalogue import Video
from keyart.studio.shapes import PROBLEMS, Body, VideoId
from keyart.studio.videos import Desk
from keyart.studio.works.running import run_child

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

STRIP = "judged.jpg"
"""Beside the video: its worst pairs of frames, as they were last looked at."""
MOST_SECONDS = 180.0
"""A longer video is no take of one scene, and somebody waits for the answer."""


AT_ONCE = 2
"""Videos judged at a time; whoever comes meanwhile is told to come again."""
_PATIENCE_SECONDS = 5.0


_BUSY: dict[int | str, dict[str, Any]] = {503: {"description": "other takes are being judged; try again in a moment"}}


class Prompt(Body):
    prompt: Annotated[str, Field(max_length=2000)] = ""
    """What the video was to show."""


class Judgement(BaseModel):
    """What `keyart judge --json` says, and where the strip of worst pairs is."""

    id: str
    name: str
    score: float
    label: str
    uncertainty: float
    reasons: list[dict[str, Any]]
    worst_pairs: list[dict[str, Any]]
    notes: list[str]
    strip: str = ""


def router(rooms: Rooms) -> APIRouter:
    """POST and GET below /api/videos/{id}/judgement."""
    routes, desk = APIRouter(prefix="/api/videos", tags=["judgement"], responses=PROBLEMS), Desk(rooms)
    places = threading.BoundedSemaphore(AT_ONCE)

    @routes.post("/{id}/judgement", response_model=Judgement, responses=_BUSY)
    def judge(id: VideoId, wish: Prompt) -> Judgement:
        """How good the video is as a generated one; takes about as long as the video."""
        video = desk.video(id)
        if not places.acquire(timeout=_PATIENCE_SECONDS):
            raise HTTPException(503, "other takes are being judged; try again in a moment")
        try:
            return judged(rooms, video, wish.prompt)
        finally:
            places.release()

    @routes.get("/{id}/judgement/strip", response_class=FileResponse)
    def strip(id: VideoId) -> Response:
        """The pairs of frames that hang together worst, as they were last looked at."""
        path = rooms.options.video_folder(desk.video(id).id) / STRIP
        if not path.is_file():
            raise HTTPException(404, "this video was not judged, or no pair of its frames stands out")
        return FileResponse(path, media_type="image/jpeg", headers={"cache-control": "no-cache"})

    return routes


def judged(rooms: Rooms, video: Video, prompt: str) -> Judgement:
    """In a child process, as everything that opens a user's file."""
    length = float(video.probe.get("duration") or 0.0)
    if length > MOST_SECONDS:
        raise HTTPException(422, f"a take has at most {MOST_SECONDS:.0f} seconds; this video has {length:.0f}")
    folder = rooms.options.video_folder(video.id)
    request = {
        "path": str(folder / video.file),
        "name": video.name,
        "prompt": prompt,
        "strip": str(folder / STRIP),
    }
    found = run_child("judge", request, options=rooms.options)
    strip = f"/api/videos/{video.id}/judgement/strip" if found["has_strip"] else ""
    return Judgement.model_validate(
        {**found, "id": video.id, "name": video.name, "label": found["class"], "strip": strip}
    )

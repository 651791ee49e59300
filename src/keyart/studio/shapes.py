"""What goes over the wire: ids, bodies and answers that several rooms of the studio share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

VideoId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="id of a video")]
PictureId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="id of a picture made in the studio")]
Milliseconds = Annotated[int, Path(ge=0, le=10**9, description="a frame's time in milliseconds from the first frame")]


class Body(BaseModel):
    """A request's body: what is not named is refused, so that a misspelt wish is not silently dropped."""

    model_config = ConfigDict(extra="forbid", str_max_length=2000)


class Problem(BaseModel):
    """Every answer that is no success."""

    error: str


PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "there is no such thing"},
    409: {"model": Problem, "description": "not now, or not with what is installed; the text says the cure"},
    422: {"model": Problem, "description": "what came is not allowed; the text says what is"},
}
"""For `responses=` of the routes."""


class NewVideo(Body):
    """Where the video is: exactly one of `upload`, `path`, `url`."""

    upload: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = None
    path: Annotated[str, Field(max_length=1000)] | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None
    subtitles: list[Annotated[str, Field(pattern="^[0-9a-f]{32}$")]] = Field(default_factory=list, max_length=8)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    webhook: Annotated[str, Field(max_length=2000)] = ""


class StageShown(BaseModel):
    name: str
    status: str
    """waiting, running, ok, degraded or skipped."""
    fraction: float = Field(ge=0, le=1)
    reason: str = ""
    seconds: float = 0.0


class ProgressShown(BaseModel):
    stages: list[StageShown] = Field(default_factory=list)
    fraction: float = 0.0
    seconds_left: float | None = None


class VideoShown(BaseModel):
    id: str
    name: str
    state: str
    """queued, running, done, failed or cancelled."""
    error: str
    bytes: int
    created_at: float
    probe: dict[str, Any]
    settings: dict[str, Any]
    progress: ProgressShown
    position: int | None
    """How many videos come before it, where it waits."""
    links: dict[str, str]
    revision: int

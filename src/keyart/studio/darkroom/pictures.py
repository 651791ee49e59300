"""Routes of the darkroom: frames, texts, previews, covers, variants, generated images, and what can be chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from keyart.studio.catalogue import Picture, Video
from keyart.studio.darkroom.darkroom import Busy
from keyart.studio.darkroom.design import LARGEST_SEED, Design
from keyart.studio.darkroom.engines import ENGINES, Wish
from keyart.studio.shapes import PROBLEMS, Body, PictureId, VideoId
from keyart.studio.shelf import disposition
from keyart.studio.videos import Desk

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

FrameId = Annotated[
    str, Path(pattern="^([0-9]{1,10}|cover)$", description="a frame's milliseconds, or cover for the author's own")
]
Kind = Literal["cover", "variant", "image"]
_FOLDERS: dict[Kind, str] = {"cover": "covers", "variant": "variants", "image": "images"}
_KEPT = {"cache-control": "private, max-age=3600"}
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "the picture"}}
_BUSY: dict[int | str, dict[str, Any]] = {503: {"description": "too much is asked for at once; try again in a moment"}}


class NewFrame(Body):
    seconds: Annotated[float, Field(ge=0, le=1_000_000)]


class FrameWish(Body):
    favourite: bool


class NewVariant(Body):
    frame: Annotated[str, Field(pattern="^([0-9]{1,10}|cover)$")]
    look: Annotated[str, Field(max_length=40)] = ""
    background: Annotated[str, Field(max_length=40)] = ""
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0


class NewImages(Body):
    prompt: Annotated[str, Field(min_length=1, max_length=1000)]
    negative: Annotated[str, Field(max_length=1000)] = ""
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED - 8)] = 0
    count: Annotated[int, Field(ge=1, le=4)] = 1
    engine: Annotated[str, Field(max_length=40)] = "sd3"
    frame: Annotated[str, Field(pattern="^([0-9]{1,10}|cover)?$")] = ""
    """What is drawn over, for an engine that does; the best still where none is named."""


class FrameShown(BaseModel):
    id: str
    seconds: float
    rank: int | None
    score: float | None
    by_hand: bool
    favourite: bool
    width: int
    height: int
    terms: list[dict[str, Any]]
    why: str
    picture: str
    small: str


class FrameList(BaseModel):
    frames: list[FrameShown]


class PictureShown(BaseModel):
    id: str
    kind: str
    url: str
    width: int
    height: int
    bytes: int
    created_at: float
    format: str = "jpeg"
    notes: list[str] = []
    command: str = ""
    receipt: dict[str, Any] = {}
    design: dict[str, Any] = {}
    wish: dict[str, Any] = {}
    """What a variant or an image was asked for with."""


def router(rooms: Rooms) -> APIRouter:
    """What is made of a finished video."""
    routes = APIRouter(prefix="/api", tags=["pictures"], responses=PROBLEMS)
    _add_choices(routes, rooms)
    _add_frames(routes, rooms)
    _add_covers(routes, rooms)
    _add_variants(routes, rooms)
    _add_images(routes, rooms)
    for kind in _FOLDERS:
        _add_made(routes, rooms, kind)
    return routes


def _add_choices(routes: APIRouter, rooms: Rooms) -> None:
    desk = Desk(rooms)

    @routes.get("/studio")
    def studio() -> dict[str, Any]:
        """What can be chosen: templates, looks, backgrounds, fonts, presets, fields of a design, engines."""
        return rooms.darkroom.choices()

    @routes.get("/videos/{id}/texts")
    def texts(id: VideoId) -> dict[str, Any]:
        """Headlines, phrases, and what a picture's prompt may be."""
        return rooms.darkroom.texts(desk.finished(id))


def _add_frames(routes: APIRouter, rooms: Rooms) -> None:
    desk, album = Desk(rooms), rooms.darkroom.album

    @routes.get("/videos/{id}/frames", response_model=FrameList)
    def frames(id: VideoId, sort: Literal["score", "time"] = "score") -> dict[str, Any]:
        """The ranked stills and those added by hand."""
        found = rooms.darkroom.frames(desk.finished(id))
        return {"frames": sorted(found, key=lambda one: one["seconds"]) if sort == "time" else found}

    @routes.post("/videos/{id}/frames", status_code=201, response_model=FrameShown)
    def add_frame(id: VideoId, wish: NewFrame) -> dict[str, Any]:
        """The frame on display at that time, from now on among the frames."""
        return rooms.darkroom.add_frame(desk.finished(id), wish.seconds)

    @routes.put("/videos/{id}/frames/{frame}", response_model=FrameShown)
    def like_frame(id: VideoId, frame: FrameId, wish: FrameWish) -> dict[str, Any]:
        """Among the favourites, or no longer."""
        video = desk.finished(id)
        album.like(video, frame, wish.favourite)
        return album.frame(video, frame)

    @routes.delete("/videos/{id}/frames/{frame}", status_code=204)
    def remove_frame(id: VideoId, frame: FrameId) -> None:
        """Take away a frame that was added by hand."""
        if not album.remove(desk.finished(id), frame):
            raise HTTPException(409, "only frames that were added by hand can be taken away")

    @routes.get("/videos/{id}/frames/{frame}.jpg", response_class=Response, responses=_JPEG)
    def frame_picture(id: VideoId, frame: FrameId, width: Annotated[int, Query(ge=0, le=1920)] = 0) -> Response:
        """The frame, at most `width` pixels wide where that is given."""
        video = desk.finished(id)
        path = rooms.darkroom.frame_file(video, frame)
        if not width:
            return FileResponse(path, media_type="image/jpeg", headers=_KEPT)
        return Response(rooms.darkroom.thumbnail(path, max(width, 16)), media_type="image/jpeg", headers=_KEPT)


def _add_covers(routes: APIRouter, rooms: Rooms) -> None:
    desk = Desk(rooms)

    @routes.post("/videos/{id}/preview", response_class=Response, responses=_JPEG | _BUSY)
    def preview(id: VideoId, design: Design) -> Response:
        """The cover as it would be exported, as JPEG. `x-keyart-cover` tells in JSON where its lettering stands."""
        video = desk.finished(id)
        with _patience():
            made = rooms.darkroom.preview(video, design)
        headers = {"cache-control": "no-store", "x-keyart-cover": json.dumps(made.facts)}
        return Response(made.data, media_type="image/jpeg", headers=headers)

    @routes.post("/videos/{id}/covers", status_code=201, response_model=PictureShown, responses=_BUSY)
    def add_cover(id: VideoId, design: Design) -> PictureShown:
        """Make the cover and keep it; `command` makes the same file on the command line."""
        video = desk.finished(id)
        with _patience():
            return shown(rooms.darkroom.cover(video, design))


def _add_variants(routes: APIRouter, rooms: Rooms) -> None:
    desk = Desk(rooms)

    @routes.post("/videos/{id}/variants", status_code=201, response_model=PictureShown, responses=_BUSY)
    def add_variant(id: VideoId, wish: NewVariant) -> PictureShown:
        """A frame in a look, its people on a background."""
        video = desk.finished(id)
        with _patience():
            return shown(rooms.darkroom.variant(video, wish.frame, wish.look, wish.background, wish.seed))


def _add_images(routes: APIRouter, rooms: Rooms) -> None:
    desk = Desk(rooms)

    @routes.post("/videos/{id}/images", status_code=201, responses=_BUSY)
    def add_images(id: VideoId, wish: NewImages) -> dict[str, list[PictureShown]]:
        """Pictures drawn from words; 409 with the cure where the engine's model or packages are not here."""
        video, engine = desk.finished(id), ENGINES.get(wish.engine)
        if engine is None:
            raise HTTPException(422, f"no engine is called {wish.engine!r}; there are: {', '.join(ENGINES)}")
        wanted = Wish(wish.prompt, wish.negative, wish.seed, wish.count)
        with _patience():
            return {"pictures": [shown(one) for one in rooms.darkroom.images(video, engine, wanted, wish.frame)]}


def _add_made(routes: APIRouter, rooms: Rooms, kind: Kind) -> None:
    """List, file and removal of one kind of picture."""
    desk, folder = Desk(rooms), _FOLDERS[kind]

    @routes.get(f"/videos/{{id}}/{folder}", name=f"list_{folder}")
    def list_made(id: VideoId) -> dict[str, list[PictureShown]]:
        """What was made, oldest first."""
        return {folder: [shown(one) for one in rooms.catalogue.pictures(desk.video(id).id, kind)]}

    @routes.get(f"/videos/{{id}}/{folder}/{{picture}}", name=f"get_{kind}", response_class=FileResponse)
    def get_made(id: VideoId, picture: PictureId) -> Response:
        """The file."""
        video = desk.video(id)
        made = _made(rooms, video, picture, kind)
        path = rooms.options.video_folder(video.id) / "made" / made.file
        if not path.is_file():
            raise HTTPException(404, "the file is gone")
        name = made.facts.get("receipt", {}).get("product", made.file).rsplit("/", 1)[-1]
        return FileResponse(path, headers=_KEPT | {"content-disposition": disposition(name, "inline")})

    @routes.delete(f"/videos/{{id}}/{folder}/{{picture}}", status_code=204, name=f"remove_{kind}")
    def remove_made(id: VideoId, picture: PictureId) -> None:
        """Take it away."""
        video = desk.video(id)
        _made(rooms, video, picture, kind)
        rooms.darkroom.remove(video, picture)


@contextmanager
def _patience() -> Iterator[None]:
    try:
        yield
    except Busy as err:
        raise HTTPException(503, str(err), {"retry-after": "1"}) from err


def _made(rooms: Rooms, video: Video, id: str, kind: Kind) -> Picture:
    made = rooms.darkroom.album.made(video, id)
    if made is None or made.kind != kind:
        raise HTTPException(404, f"there is no such {kind}")
    return made


def shown(one: Picture) -> PictureShown:
    """A made picture as the API tells it."""
    facts = dict(one.facts)
    wish = {name: facts[name] for name in _WISHES if name in facts}
    return PictureShown(
        id=one.id,
        kind=one.kind,
        url=f"/api/videos/{one.video}/{_FOLDERS[one.kind]}/{one.id}",  # type: ignore[index]  # kinds are ours
        width=facts["width"],
        height=facts["height"],
        bytes=facts["bytes"],
        created_at=round(one.created_at, 3),
        format=facts.get("format", "jpeg"),
        notes=facts.get("notes", []),
        command=facts.get("command", ""),
        receipt=facts.get("receipt", {}),
        design=facts.get("design", {}),
        wish=wish,
    )


_WISHES = ("frame", "look", "background", "seed", "prompt", "negative", "engine")

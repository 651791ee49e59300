"""The pages: rooms of the studio as HTML that says something before any script runs. All work is the API's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from keyart.studio.catalogue import Video
from keyart.studio.options import GIGABYTE
from keyart.studio.site.reference import groups_of
from keyart.studio.site.showing import card, shelf_or_none
from keyart.studio.site.steps import ROOMS, STEPS
from keyart.studio.site.visitor import YEAR_SECONDS, Visitor, statics, version
from keyart.studio.takes import MOST_SECONDS
from keyart.studio.wishes import rankers

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

_A_PAGE = 24
_BLANK_VIDEO = {"id": "", "name": "", "state": "queued", "revision": 0, "fraction": 0.0, "facts": "",
                "line": "", "poster": ""}  # fmt: skip


def router(rooms: Rooms) -> APIRouter:
    """GET of every page and of what pages load."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/static/{asked}/{path:path}")
    def static(asked: str, path: str) -> Response:
        if path not in statics():
            raise HTTPException(404, "there is no such file")
        data, kind = statics()[path]
        fresh = f"public, max-age={YEAR_SECONDS}, immutable" if asked == version() else "no-cache"
        return Response(data, media_type=kind, headers={"cache-control": fresh})

    @routes.get("/")
    def upload(request: Request) -> Response:
        return _upload(rooms, Visitor(request))

    @routes.get("/library")
    def library(request: Request) -> Response:
        return _library(rooms, Visitor(request))

    @routes.get("/takes")
    def takes(request: Request) -> Response:
        return _takes(rooms, Visitor(request))

    @routes.get("/docs")
    def docs(request: Request) -> Response:
        return Visitor(request).page("docs", groups=groups_of(request.app.openapi()), styles=("papers",))

    @routes.get("/login")
    def login(request: Request, wrong: str = "", next: str = "/") -> Response:
        status = 401 if wrong else 200
        return Visitor(request).page("login", status, wrong=wrong, next=next[:500], bar=False, styles=("papers",))

    @routes.get("/videos/{id}")
    @routes.get("/videos/{id}/{step}")
    def room(request: Request, id: str, step: str = "") -> Response:
        visitor, video = Visitor(request), rooms.catalogue.video(id)
        if video is None or step not in ("", *ROOMS):
            return visitor.lost()
        if video.state != "done":
            return _progress(rooms, visitor, video) if not step else RedirectResponse(f"/videos/{id}", 303)
        if not step:
            return RedirectResponse(f"/videos/{id}/frames", 303)
        if shelf_or_none(rooms, video) is None:
            return visitor.lost()
        return ROOMS[step](rooms, visitor, video)

    return routes


# --- pages without a video, or before it is done --------------------------------------------------------------------


def _upload(rooms: Rooms, visitor: Visitor) -> Response:
    videos, _ = rooms.catalogue.videos(limit=6)
    unfinished = {one.id: one for one in rooms.catalogue.unfinished()}
    queue = [*(one for one in unfinished.values()), *(one for one in videos if one.id not in unfinished)]
    options, say = rooms.options, visitor.say
    limit = int(options.max_upload_gb * GIGABYTE)
    return visitor.page(
        "upload",
        videos=[card(rooms, one, say) for one in queue],
        blank=_BLANK_VIDEO,
        limit=limit,
        limit_said=say.size(limit),
        endings=".srt .vtt .ass .ssa .ttml",
        allow_paths=bool(options.allow_paths),
        allow_urls=options.allow_urls,
        rankers={section: rankers(section) for section in ("stills", "teaser")},
        styles=("upload",),
        scripts=("upload",),
    )


def _progress(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    return visitor.page(
        "progress", video=card(rooms, video, visitor.say), steps=STEPS, styles=("upload",), scripts=("progress_page",)
    )


def _takes(rooms: Rooms, visitor: Visitor) -> Response:
    """The newest videos that are short enough to be takes of one scene."""
    videos, _ = rooms.catalogue.videos(limit=200)
    short = [one for one in videos if one.is_final and float(one.probe.get("duration") or 0) <= MOST_SECONDS]
    return visitor.page(
        "takes",
        videos=[card(rooms, one, visitor.say) for one in short[:_A_PAGE]],
        styles=("papers",),
        scripts=("takes",),
    )


def _library(rooms: Rooms, visitor: Visitor) -> Response:
    params = visitor.request.query_params
    query = params.get("q", "")[:200].strip()
    page = int(params["page"]) if params.get("page", "").isdecimal() and len(params["page"]) < 6 else 1
    videos, total = rooms.catalogue.videos(query, limit=_A_PAGE, offset=(max(page, 1) - 1) * _A_PAGE)
    return visitor.page(
        "library",
        videos=[card(rooms, one, visitor.say) for one in videos],
        query=query,
        total=total,
        page=page,
        pages=-(-total // _A_PAGE),
        styles=("papers",),
        scripts=("library",),
    )

"""The pages: rooms of the studio as HTML that says something before any script runs. All work is the API's."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from keyart.studio.catalogue import Video
from keyart.studio.options import GIGABYTE
from keyart.studio.reference import groups_of
from keyart.studio.safety import csrf_token, is_logged_in
from keyart.studio.showing import (
    called,
    card,
    covers_by_preset,
    cues_of,
    made_covers,
    offered,
    product_url,
    shelf_or_none,
    texts_of,
)
from keyart.studio.wording import LANGUAGES, Wording, clock, preferred, wording

if TYPE_CHECKING:
    from keyart.studio.app import Rooms

STEPS = (
    ("watch", "video"),
    ("frames", "frames"),
    ("looks", "looks"),
    ("generate", "generate"),
    ("text", "text"),
    ("download", "download"),
)
"""The six steps of thesis §6, the first as the video that was handed in, each with its icon."""
THEMES = ("light", "dark")
SWATCHES = (
    ("white", "#ffffff"),
    ("black", "#141414"),
    ("yellow", "#ffd60a"),
    ("orange", "#ff7a1a"),
    ("red", "#e5262b"),
    ("green", "#2fb344"),
    ("blue", "#2f6bff"),
    ("violet", "#8b3dff"),
)
_YEAR_SECONDS = 31_536_000
_A_PAGE = 24
_LANGUAGE, _THEME = "keyart-language", "keyart-theme"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".ttf": "font/ttf"}
_BLANK_FRAME = {
    "id": "", "seconds": 0, "rank": None, "score": None, "by_hand": False, "favourite": False, "width": 16, "height": 9,
    "small": "", "picture": "",
}  # fmt: skip
_BLANK_VIDEO = {"id": "", "name": "", "state": "queued", "revision": 0, "fraction": 0.0, "facts": "",
                "line": "", "poster": ""}  # fmt: skip


@cache
def environment() -> Environment:
    found = Environment(
        loader=PackageLoader("keyart.studio", "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found.globals["clock"] = clock
    return found


# --- what never changes ---------------------------------------------------------------------------------------------


@cache
def statics() -> Mapping[str, tuple[bytes, str]]:
    """Path -> bytes and media type: our scripts and sheets, words for the scripts, Roboto from its own wheel."""
    import json

    import font_roboto

    found = {one.name: one.read_bytes() for one in files("keyart.studio").joinpath("static").iterdir() if one.is_file()}
    found |= {f"words/{code}.json": json.dumps(dict(wording(code).words)).encode() for code in LANGUAGES}
    for name in ("Regular", "Medium", "Bold"):
        path = Path(font_roboto.__path__[0], "files", f"Roboto-{name}.ttf")
        if path.is_file():
            found[f"fonts/{path.name}"] = path.read_bytes()
    return {name: (data, _media_type(name)) for name, data in sorted(found.items())}


def _media_type(name: str) -> str:
    return _MEDIA_TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


@cache
def version() -> str:
    """Changes with any of the statics: what a browser keeps for a year is never out of date."""
    sha = hashlib.sha256()
    for name, (data, _) in statics().items():
        sha.update(name.encode() + b"\0" + data)
    return sha.hexdigest()[:12]


# --- one answer -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks: language and theme are asked for in the address, kept in a cookie, else as the browser prefers."""

    request: Request

    @property
    def language(self) -> str:
        asked = self.request.query_params.get("language") or self.request.cookies.get(_LANGUAGE, "")
        return asked if asked in LANGUAGES else preferred(self.request.headers.get("accept-language", ""))

    @property
    def theme(self) -> str:
        asked = self.request.query_params.get("theme") or self.request.cookies.get(_THEME, "")
        return asked if asked in THEMES else ""

    @property
    def say(self) -> Wording:
        return wording(self.language)

    def same_place(self, **changed: str) -> str:
        """The query of this page with something changed in it."""
        kept = {name: value for name, value in self.request.query_params.items() if name not in ("language", "theme")}
        return urlencode(kept | changed)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        other = next(code for code in LANGUAGES if code != self.language)
        text = environment().get_template(f"{template}.html").render(
            {"here": template, "bar": True, "styles": (), "scripts": ()}
            | values
            | {
                "say": self.say,
                "theme": self.theme,
                "static": f"/static/{version()}",
                "csrf": csrf_token(self.request),
                "logged_in": is_logged_in(self.request),
                "other_language": {
                    "code": other,
                    "name": LANGUAGES[other],
                    "query": self.same_place(language=other),
                },
                "other_theme": self.same_place(theme="light" if self.theme == "dark" else "dark"),
            }
        )  # fmt: skip
        answer = HTMLResponse(text, status, headers={"vary": "Cookie, Accept-Language"})
        for cookie, name in ((_LANGUAGE, "language"), (_THEME, "theme")):
            if name in self.request.query_params:
                value = self.language if name == "language" else self.theme
                answer.set_cookie(cookie, value, max_age=_YEAR_SECONDS, samesite="lax")
        return answer

    def lost(self, status: int = 404) -> HTMLResponse:
        return self.page("lost", status, title=self.say("lost.title"), text=self.say("lost.text"))


def router(rooms: Rooms) -> APIRouter:
    """GET of every page and of what pages load."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/static/{asked}/{path:path}")
    def static(asked: str, path: str) -> Response:
        if path not in statics():
            raise HTTPException(404, "there is no such file")
        data, kind = statics()[path]
        fresh = f"public, max-age={_YEAR_SECONDS}, immutable" if asked == version() else "no-cache"
        return Response(data, media_type=kind, headers={"cache-control": fresh})

    @routes.get("/")
    def upload(request: Request) -> Response:
        return _upload(rooms, Visitor(request))

    @routes.get("/library")
    def library(request: Request) -> Response:
        return _library(rooms, Visitor(request))

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
        styles=("upload",),
        scripts=("upload",),
    )


def _progress(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    return visitor.page(
        "progress", video=card(rooms, video, visitor.say), steps=STEPS, styles=("upload",), scripts=("progress_page",)
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


# --- the six steps --------------------------------------------------------------------------------------------------


def _room(rooms: Rooms, visitor: Visitor, video: Video, step: str, **values: Any) -> Response:
    return visitor.page(step, video=card(rooms, video, visitor.say), steps=STEPS, **values)


def _watch(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    shelf, say = shelf_or_none(rooms, video), visitor.say
    assert shelf is not None
    moving = [one for one in shelf.manifest["products"] if one["path"].endswith((".mp4", ".webm"))]
    language, cues = cues_of(shelf)
    return _room(
        rooms,
        visitor,
        video,
        "watch",
        shorts=[offered(video.id, one, say.maybe(f"kind.{one['kind']}", one["kind"]), say) for one in moving],
        subtitles=product_url(video.id, "transcript.vtt") if "transcript.vtt" in shelf.checksums else "",
        spoken=language,
        words_said=cues,
        stages=shelf.manifest["stages"],
        length=clock(_seconds(video)),
        styles=("papers",),
        scripts=("watch",),
    )


def _frames(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    return _room(
        rooms,
        visitor,
        video,
        "frames",
        frames=_frames_of(rooms, video),
        blank_frame=_BLANK_FRAME,
        storyboard=product_url(video.id, "storyboard/storyboard.vtt"),
        seconds=_seconds(video),
        styles=("frames",),
        scripts=("frames",),
    )


def _looks(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    from keyart.covers.backgrounds import BACKGROUNDS
    from keyart.covers.looks import LOOKS

    frames = _frames_of(rooms, video)
    return _room(
        rooms,
        visitor,
        video,
        "looks",
        favourites=[one for one in frames if one["favourite"]] or frames[:3],
        variants=_variants_there(rooms, video),
        looks=list(LOOKS),
        backgrounds=list(BACKGROUNDS),
        styles=("looks",),
        scripts=("looks",),
    )


def _generate(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    engines = rooms.darkroom.choices()["engines"]
    engine = next((one for one in engines if one["available"]), engines[0])
    prompt = rooms.darkroom.texts(video)["prompt"]
    images = [{"id": one.id, "url": f"/api/videos/{video.id}/images/{one.id}"}
              for one in rooms.catalogue.pictures(video.id, "image")[::-1]]  # fmt: skip
    return _room(
        rooms, visitor, video, "generate", engine=engine, prompt=prompt.get("text", ""),
        negative=prompt.get("negative", ""), images=images, styles=("looks",), scripts=("generate",),
    )  # fmt: skip


def _text(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    from keyart.covers.backgrounds import BACKGROUNDS
    from keyart.covers.looks import LOOKS
    from keyart.covers.templates import TEMPLATES

    choices, frames = rooms.darkroom.choices(), _frames_of(rooms, video)
    for one in frames:
        one["said"] = visitor.say("frames.at", time=clock(one["seconds"]))
    frames.sort(key=lambda one: (not one["favourite"], one["rank"] or 99))
    asked = visitor.request.query_params.get("frame") or video.draft.get("frame")
    return _room(
        rooms,
        visitor,
        video,
        "text",
        frame=next((one for one in frames if one["id"] == asked), frames[0]),
        pickable=frames,
        draft=dict(video.draft),
        texts=rooms.darkroom.texts(video),
        presets=[one for one in choices["presets"] if one["kind"] == "cover"],
        fonts=choices["fonts"],
        templates=list(TEMPLATES),
        looks=list(LOOKS),
        backgrounds=list(BACKGROUNDS),
        swatches=SWATCHES,
        seconds=_seconds(video),
        styles=("editor",),
        scripts=("text",),
    )


def _download(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    from keyart.covers.presets import PRESETS

    shelf, say, id = shelf_or_none(rooms, video), visitor.say, video.id
    assert shelf is not None
    products = shelf.manifest["products"]

    def of(kind: str) -> list[dict[str, str]]:
        return [offered(id, one, called(one["path"], say), say) for one in products if one["kind"] == kind]

    teasers = [one | {"said": Path(one["file"]).suffix[1:].upper()} for one in of("teaser")]
    return _room(
        rooms,
        visitor,
        video,
        "download",
        mine=made_covers(id, rooms.catalogue.pictures(id, "cover"), say),
        made=covers_by_preset(id, products, PRESETS, say),
        titles=shelf.manifest["titles"],
        texts=texts_of(shelf),
        teasers=teasers,
        teaser_clip=next((one["url"] for one in teasers if one["file"].endswith(".mp4")), ""),
        pictures={"avatars": of("avatar"), "cutouts": of("cutout")},
        files=of("transcript") + of("titles"),
        styles=("papers",),
        scripts=("download",),
    )


ROOMS: Mapping[str, Callable[[Rooms, Visitor, Video], Response]] = {
    "watch": _watch,
    "frames": _frames,
    "looks": _looks,
    "generate": _generate,
    "text": _text,
    "download": _download,
}


def _seconds(video: Video) -> float:
    return float(video.probe.get("duration") or 0.0)


def _frames_of(rooms: Rooms, video: Video) -> list[dict[str, Any]]:
    """As the API tells them, best first."""
    return [dict(one) for one in rooms.darkroom.frames(video)]


def _variants_there(rooms: Rooms, video: Video) -> list[dict[str, Any]]:
    """Pictures that need not be made: those of the package, and those asked for earlier."""
    shelf = shelf_or_none(rooms, video)
    found = []
    for one in shelf.manifest["products"] if shelf else ():
        if one["kind"] == "variant":
            facts = one["receipt"]
            found.append({
                "rank": facts["still_rank"], "frame": "", "look": facts.get("look", ""),
                "background": facts.get("background", ""), "seed": 0, "url": product_url(video.id, one["path"]),
            })  # fmt: skip
    for made in rooms.catalogue.pictures(video.id, "variant"):
        found.append({
            "rank": 0, "frame": str(made.facts.get("frame", "")), "look": made.facts.get("look", ""),
            "background": made.facts.get("background", ""), "seed": made.facts.get("seed", 0),
            "url": f"/api/videos/{video.id}/variants/{made.id}",
        })  # fmt: skip
    return found

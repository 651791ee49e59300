"""The studio as a value: settings in, an ASGI application out. Its rooms are the modules beside this one."""

from __future__ import annotations

import errno
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException

from keyart.errors import KeyartError, LicenceRefused, MissingExtra, MissingFile, MissingModel, OutputProblem
from keyart.studio import events, metrics, shelf, takes, videos
from keyart.studio.catalogue import Catalogue
from keyart.studio.darkroom import pictures
from keyart.studio.darkroom.darkroom import Darkroom
from keyart.studio.doors import safety, uploads
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms
from keyart.studio.site import pages
from keyart.studio.site.visitor import Visitor
from keyart.studio.works.jobs import Jobs
from keyart.version import __version__

log = logging.getLogger("keyart.studio")


ROUTERS: tuple[Callable[[Rooms], APIRouter], ...] = (
    videos.router,
    shelf.router,
    takes.router,
    events.router,
    uploads.router,
    pictures.router,
    pages.router,
    metrics.router,
)

_STATUS: tuple[tuple[type[KeyartError], int], ...] = (
    (MissingModel, 409),
    (MissingExtra, 409),
    (LicenceRefused, 409),
    (MissingFile, 404),
    (OutputProblem, 507),
    (KeyartError, 422),
)
"""What went wrong in the house, as HTTP says it; the first that fits."""


def application(options: Studio) -> FastAPI:
    """The whole web app. Its jobs start with it and wait for it to come again when it stops."""
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    catalogue = Catalogue(options.catalogue_url)
    rooms = Rooms(options, catalogue, Jobs(options, catalogue), Darkroom(options, catalogue))

    @asynccontextmanager
    async def open_hours(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(rooms.jobs.launch)
        await run_in_threadpool(uploads.sweep, rooms)
        yield
        await run_in_threadpool(rooms.jobs.close)
        rooms.darkroom.close()
        catalogue.close()

    app = FastAPI(
        title="keyart studio",
        version=__version__,
        description="A video in; stills, covers, titles, teaser and avatar out.",
        lifespan=open_hours,
        docs_url=None,  # the usual page loads its scripts from elsewhere; ours stands at /docs
        redoc_url=None,
    )
    app.state.rooms = rooms
    for router in ROUTERS:
        app.include_router(router(rooms))
    app.add_exception_handler(KeyartError, _known_problem)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(OSError, _out_of_room)
    app.add_exception_handler(Exception, _broken)
    safety.guard(app, options)
    metrics.count_requests(app, options)
    return app


def _known_problem(_: Request, err: Exception) -> JSONResponse:
    status = next(number for kind, number in _STATUS if isinstance(err, kind))
    return _line(status, str(err))


def _refused(request: Request, err: Exception) -> Response:
    assert isinstance(err, StarletteHTTPException)
    is_page = not request.url.path.startswith(("/api/", "/static/"))
    if err.status_code == 404 and is_page and "text/html" in request.headers.get("accept", ""):
        return Visitor(request).lost()
    return _line(err.status_code, str(err.detail), err.headers)


def _misunderstood(_: Request, err: Exception) -> JSONResponse:
    assert isinstance(err, RequestValidationError)
    said = [f"{'.'.join(str(part) for part in one['loc'][1:]) or one['loc'][0]}: {one['msg']}" for one in err.errors()]
    return _line(422, "; ".join(said[:5]))


def _out_of_room(request: Request, err: Exception) -> JSONResponse:
    if isinstance(err, OSError) and err.errno in (errno.ENOSPC, errno.EDQUOT):
        return _line(507, "the disk of the studio is full; remove videos or ask whoever runs it")
    return _broken(request, err)


def _broken(request: Request, err: Exception) -> JSONResponse:
    """A fault of our own: the log has it all, the user one line."""
    log.error("%s %s", request.method, request.url.path, exc_info=err)
    return _line(500, f"a fault of keyart's own, please report it ({type(err).__name__})")


def _line(status: int, text: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": " ".join(text.split())}, status, headers=headers)


__all__ = ["ROUTERS", "application"]

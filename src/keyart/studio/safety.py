"""The door of the studio: which requests come in, and what every answer says to the browser.

Pure ASGI, so that streams pass as they are: nothing is buffered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from keyart.studio.options import Studio

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def guard(app: FastAPI, options: Studio) -> None:
    """Put the door before everything else that `app` does."""
    app.add_middleware(Door, options=options)


def csrf_token(request: Request) -> str:
    """What unsafe requests of a logged-in browser must show as `X-CSRF-Token`; a global of the page templates."""
    return str(request.scope.get("state", {}).get("csrf_token", ""))


class Door:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, options: Studio) -> None:
        self.app, self.options = app, options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, receive, answer)

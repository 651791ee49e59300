"""The door of the studio: which requests come in, and what every answer says to the browser.

Pure ASGI, so that streams pass as they are. What is looked at, in this order: whether the request can be read in one
way only, whether it is meant for us, whether a page of another site sent it, who sent it, how much it brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response

from keyart.errors import BadSetting
from keyart.studio.doors import limits
from keyart.studio.doors.requests import check_form, check_host, check_site, media_type, netloc_of, own_names
from keyart.studio.doors.sessions import LASTS_SECONDS, Attempts, Keys, Session

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from keyart.studio.options import Studio

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/login", "/favicon.ico")
"""What may be asked for without having come in; and all of /static/."""
_METRICS = "/metrics"
_SMALL = 16_000
"""Bytes of JSON that are looked at sooner than a thread is found for them."""
_NEVER_SHOWN = ("html", "xml", "svg", "javascript", "ecmascript")
"""What a browser would run: the API hands out none of it except to be kept."""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not no-referrer: under that a browser calls the origin of our own login form null
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}


def guard(app: FastAPI, options: Studio) -> None:
    """Put the door before everything that `app` does, and POST /login and /logout behind it.

    Raises `BadSetting` where others are to reach the studio and there is no token.
    """
    if options.hosts and not options.token:
        raise BadSetting("a studio that others reach by name, --hosts, needs a token: KEYART_STUDIO_TOKEN=...")
    keys, attempts = Keys(options.token, options.data, options.metrics_token), Attempts()

    async def login(request: Request) -> Response:
        return await _login(request, options, keys, attempts)

    async def logout(request: Request) -> Response:
        return await _logout(request, keys)

    app.add_route("/login", login, methods=["POST"], include_in_schema=False)
    app.add_route("/logout", logout, methods=["POST"], include_in_schema=False)
    inner = app.build_middleware_stack
    # outside of what answers for faults of our own, so that those answers are sealed too
    app.build_middleware_stack = lambda: Door(inner(), options, keys, attempts)  # type: ignore[method-assign]


def csrf_token(request: Request) -> str:
    """What unsafe requests of a logged-in browser must show as `X-CSRF-Token`; a global of the page templates."""
    return str(request.scope.get("state", {}).get("csrf_token", ""))


def is_logged_in(request: Request) -> bool:
    """Whether there is a session that can be ended; for the page templates."""
    return bool(csrf_token(request))


class Door:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, options: Studio, keys: Keys, attempts: Attempts) -> None:
        self.app, self.options, self.keys, self.attempts = app, options, keys, attempts
        self.names, self.crowd = own_names(options), limits.Crowd()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._enter(scope, receive, _sealed(send, scope["path"]))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            headers = Headers(scope=scope)
            check_form(scope, headers)
            check_host(headers, self.names)
            check_site(scope["method"], headers)
            self._admit(scope, headers)
            with self.crowd.joined(limits.kind_of(scope["method"], scope["path"])):
                await self.app(scope, await self._body(scope, headers, receive), noted)
        except _Elsewhere as err:
            await RedirectResponse(err.address, 303)(scope, receive, send)
        except HTTPException as err:
            if started:
                raise
            refusal = JSONResponse({"error": err.detail}, err.status_code, headers=err.headers)
            if _brings_much(Headers(scope=scope)):
                refusal.headers["Connection"] = "close"  # nobody reads the rest of it
            await refusal(scope, receive, send)

    # --- who ------------------------------------------------------------------------------------------------------

    def _admit(self, scope: Scope, headers: Headers) -> None:
        """Raises 401, 403 and 429. Leaves the session's token for the pages."""
        if not self.options.token:
            return
        session = self._session(scope, headers)
        if session is not None:
            scope.setdefault("state", {})["csrf_token"] = session.csrf_token
        path = scope["path"]
        if path in _OPEN or path.startswith("/static/"):
            return
        if "authorization" in headers:
            self._check_bearer(headers["authorization"], _client(scope), path)
        elif session is None:
            raise _stranger(scope, headers)
        elif scope["method"] in SAFE_METHODS or path == "/logout":
            return
        elif not self.keys.is_csrf_token(session, headers.get("x-csrf-token", "")):
            raise HTTPException(403, "the page is too old; load it again (X-CSRF-Token is missing or wrong)")

    def _session(self, scope: Scope, headers: Headers) -> Session | None:
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        return self.keys.session(cookies.get(_cookie_name(self.keys, scope, headers), ""))

    def _check_bearer(self, given: str, client: str, path: str) -> None:
        wait = self.attempts.wait_seconds(client)
        if wait:
            raise _too_many_tries(wait)
        scheme, _, token = given.partition(" ")
        token = token.strip()
        is_ours = self.keys.is_token(token) or (path == _METRICS and self.keys.is_metrics_token(token))
        if scheme.lower() != "bearer" or not is_ours:
            self.attempts.failed(client)
            raise HTTPException(401, "this is not the studio's token", {"WWW-Authenticate": "Bearer"})

    # --- what -----------------------------------------------------------------------------------------------------

    async def _body(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """The body within its limits; one of JSON is looked at before anybody parses it."""
        kind = media_type(headers)
        most = limits.most_bytes(scope["method"], scope["path"], kind, self.options)
        if int(headers.get("content-length", "0")) > most:
            raise HTTPException(413, f"the body has more than {most} bytes")
        receive = limits.metered(receive, most)
        if scope["method"] in SAFE_METHODS or not kind.endswith("json"):
            return receive
        body = await limits.read_whole(receive)
        if body and len(body) < _SMALL:
            limits.check_json(body)
        elif body:
            await run_in_threadpool(limits.check_json, body)
        return receive if body is None else limits.replayed(body, receive)


def _sealed(send: Send, path: str) -> Send:
    """The same answer under the headers that all answers have."""

    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            if not path.startswith("/static/"):
                headers.setdefault("Cache-Control", "no-store")
            kind = headers.get("content-type", "").split(";")[0].lower()
            if path.startswith("/api/") and any(one in kind for one in _NEVER_SHOWN):
                headers["Content-Type"] = "application/octet-stream"
                headers["Content-Disposition"] = "attachment"
        await send(message)

    return sealed


# --- coming in and going out ---------------------------------------------------------------------------------------


class _Elsewhere(Exception):
    """Sends a browser to another page."""

    def __init__(self, address: str) -> None:
        self.address = address


async def _login(request: Request, options: Studio, keys: Keys, attempts: Attempts) -> Response:
    """The form's `token` for a cookie; then on to the form's `next`."""
    if media_type(request.headers) != "application/x-www-form-urlencoded":
        raise HTTPException(415, "send application/x-www-form-urlencoded")
    form = await request.form(max_fields=8, max_files=0)
    token, onward = str(form.get("token", "")), _own_page(str(form.get("next", "")))
    client = _client(request.scope)
    wait = attempts.wait_seconds(client)
    if wait:
        raise _too_many_tries(wait)
    if options.token and not keys.is_token(token):
        attempts.failed(client)
        return RedirectResponse(f"/login?wrong=1&next={quote(onward, safe='')}", 303)
    answer = RedirectResponse(onward, 303)
    if options.token:
        _set_cookie(answer, request, keys, keys.new_cookie(), LASTS_SECONDS)
    return answer


async def _logout(request: Request, keys: Keys) -> Response:
    answer = RedirectResponse("/login", 303)
    answer.headers["Clear-Site-Data"] = '"cache"'
    _set_cookie(answer, request, keys, "", 0)
    return answer


def _set_cookie(answer: Response, request: Request, keys: Keys, value: str, seconds: int) -> None:
    name = _cookie_name(keys, request.scope, request.headers)
    answer.set_cookie(
        name, value, seconds, path="/", httponly=True, samesite="strict", secure=name.startswith("__Host-")
    )


def _cookie_name(keys: Keys, scope: Scope, headers: Headers) -> str:
    """Over https the browser itself sees to it that no other host and no plain http can set or see the cookie."""
    is_https = scope["scheme"] == "https" or headers.get("x-forwarded-proto", "").lower() == "https"
    return f"__Host-{keys.name}" if is_https else keys.name


def _own_page(address: str) -> str:
    """A page of ours and of nobody else: //elsewhere and /\\elsewhere are other hosts to a browser."""
    is_ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if is_ours and address.isprintable() and address.isascii() and len(address) <= 500 else "/"


def _stranger(scope: Scope, headers: Headers) -> Exception:
    if scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", ""):
        return _Elsewhere(f"/login?next={quote(_own_page(scope['path']), safe='')}")
    return HTTPException(401, "log in, or send Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})


def _too_many_tries(wait_seconds: float) -> HTTPException:
    seconds = str(int(wait_seconds) + 1)
    return HTTPException(429, f"too many wrong tokens; try again in {seconds} seconds", {"Retry-After": seconds})


def _brings_much(headers: Headers) -> bool:
    return "transfer-encoding" in headers or len(headers.get("content-length", "")) > 4


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


__all__ = ["Door", "csrf_token", "guard", "is_logged_in", "netloc_of"]

"""Whether a request can be read in one way only, is meant for this studio, and comes from a page of its own."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import Scope

    from keyart.studio.options import Studio

_ONCE = (
    "host",
    "content-length",
    "transfer-encoding",
    "content-type",
    "content-encoding",
    "authorization",
    "origin",
    "range",
    "x-csrf-token",
    "x-forwarded-proto",
    "upload-offset",
    "upload-length",
    "upload-metadata",
    "tus-resumable",
)
"""Sent twice, one reader would take the first and another the last."""
_LONGEST_PATH = 2000
_LONGEST_QUERY = 8000
_MOST_RANGES = 4
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_NAVIGATIONS = ("document", "")


# --- one reading only ----------------------------------------------------------------------------------------------


def check_form(scope: Scope, headers: Headers) -> None:
    """Raises 400, 414, 415, 416."""
    for name in _ONCE:
        if len(headers.getlist(name)) > 1:
            raise HTTPException(400, f"{name} came more than once")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) <= 18):
        raise HTTPException(400, "Content-Length is a whole number")
    if "content-length" in headers and "transfer-encoding" in headers:
        raise HTTPException(400, "Content-Length and Transfer-Encoding exclude each other")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "bodies come as they are, not compressed")
    if headers.get("range", "").count(",") >= _MOST_RANGES:
        raise HTTPException(416, f"at most {_MOST_RANGES} ranges at once")
    _check_path(scope)


def _check_path(scope: Scope) -> None:
    """No second spelling of a path: what is `..` or a separator to one reader is so to all, or is refused."""
    raw = scope.get("raw_path") or scope["path"].encode(errors="replace")
    query = scope.get("query_string", b"")
    if len(raw) > _LONGEST_PATH or len(query) > _LONGEST_QUERY:
        raise HTTPException(414, "the address is too long")
    lowered, path = raw.lower(), unquote_to_bytes(raw)
    if b"%2f" in lowered or any(one < 0x20 or one == 0x7F or one == 0x5C for one in path):
        raise HTTPException(400, "the path holds characters that are not allowed there")
    if any(one in (b".", b"..") for one in path.split(b"/")) or b"\0" in unquote_to_bytes(query):
        raise HTTPException(400, "the path holds parts that are not allowed there")
    try:
        path.decode()
    except UnicodeDecodeError as err:
        raise HTTPException(400, "the path is not UTF-8") from err


def media_type(headers: Headers) -> str:
    """The body's, without parameters."""
    return headers.get("content-type", "").split(";")[0].strip().lower()


# --- meant for us --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Names:
    """What the studio answers to."""

    names: frozenset[str]
    any_address: bool
    """Whether others may reach it, by whatever address it has: those cannot be made to lead anywhere else."""


def own_names(options: Studio) -> Names:
    names = {one.lower().strip("[]") for one in (*options.hosts, options.host)}
    return Names(frozenset({*names, *_LOCAL_NAMES}), any_address=not options.is_local)


def check_host(headers: Headers, ours: Names) -> None:
    """Raises 421: a page whose name was made to lead here (DNS rebinding) sends its own name, and it is not ours."""
    host = netloc_of(headers.get("host", ""))[0]
    if host not in ours.names and not (ours.any_address and _is_address(host)):
        shown = ", ".join(sorted(ours.names))
        raise HTTPException(421, f"the studio answers to {shown}, not to this Host; --hosts NAME allows another name")


def netloc_of(netloc: str) -> tuple[str, int | None]:
    """Host in lower case without brackets, and port. ('', None) for what is neither."""
    if "@" in netloc or "/" in netloc or "?" in netloc or "#" in netloc:
        return "", None
    try:
        parts = urlsplit(f"//{netloc}")
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# --- from a page of ours -------------------------------------------------------------------------------------------


def check_site(method: str, headers: Headers) -> None:
    """Raises 403 for what a page of another site sends, other than a link to a page that is followed.

    Another port of this machine is another site as well, though cookies do not know it.
    """
    site = headers.get("sec-fetch-site", "")
    if site and site not in ("same-origin", "none") and not _is_followed_link(method, headers):
        raise HTTPException(403, "this is not for other sites' pages")
    origin = headers.get("origin")
    if method in ("GET", "HEAD") or origin is None:
        return
    if origin == "null" and site == "same-origin":
        return
    parts = urlsplit(origin) if origin.isprintable() else urlsplit("")
    default = {"http": 80, "https": 443}.get(parts.scheme)
    theirs, ours = netloc_of(parts.netloc), netloc_of(headers.get("host", ""))
    if default is None or (theirs[0], theirs[1] or default) != (ours[0], ours[1] or default):
        raise HTTPException(403, "this is not for other sites' pages")


def _is_followed_link(method: str, headers: Headers) -> bool:
    is_navigation = headers.get("sec-fetch-mode", "") == "navigate"
    return method in ("GET", "HEAD") and is_navigation and headers.get("sec-fetch-dest", "") in _NAVIGATIONS

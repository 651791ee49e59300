"""Videos that a user names instead of uploading: by a path of this machine, or by an address of the public network.

Both are off unless whoever runs the studio switched them on.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urljoin, urlsplit

from fastapi import HTTPException

from keyart.errors import BadSetting, MissingExtra, MissingFile, UnreadableVideo
from keyart.studio.doors.addresses import destination
from keyart.studio.doors.kinds import HEAD_BYTES, video_suffix
from keyart.studio.doors.names import shown_name
from keyart.studio.doors.space import space_of
from keyart.studio.options import GIGABYTE, Studio

if TYPE_CHECKING:
    import httpx

_MOST_REDIRECTS = 5
_MOST_SECONDS = 3600.0
_SILENT_SECONDS = 30.0
_SLOWEST = 10_000
"""Bytes a second that a server must send on average, once half a minute is over."""
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 1 << 20
_AT_ONCE = threading.BoundedSemaphore(2)
"""A download holds one of the threads that answer requests."""


# --- by path -------------------------------------------------------------------------------------------------------


def allowed_path(options: Studio, path: str) -> Path:
    """The file that a path names, symbolic links followed. Raises `BadSetting` where it lies in no allowed folder,
    `MissingFile` where it is no regular file, `UnreadableVideo` where it is no video."""
    if not options.allow_paths:
        raise BadSetting("this studio takes no paths; upload the video, or start it with --allow-paths FOLDER")
    if "\0" in path or not Path(path).is_absolute():
        raise BadSetting("a path begins at the root of the machine's disk")
    try:
        real = Path(path).resolve()
    except (OSError, RuntimeError, ValueError) as err:
        raise BadSetting("this path cannot be followed") from err
    # said of what is outside whether or not it is there: nobody is to learn what else the machine has
    if not any(real.is_relative_to(Path(one).resolve()) for one in options.allow_paths):
        raise BadSetting(f"{path}: lies in none of the folders that are allowed: {', '.join(options.allow_paths)}")
    try:
        head = _head_of(real) if real.is_file() else None
    except OSError as err:
        raise MissingFile(f"{path}: cannot be read ({err.strerror})") from err
    if head is None:
        raise MissingFile(f"{path}: no such file")
    _check_head(head, shown_name(real.name))
    return real


# --- by address ----------------------------------------------------------------------------------------------------


def name_in(url: str) -> str:
    """What a file of this address would be called: the last part of its path."""
    try:
        return shown_name(unquote(urlsplit(url).path.rsplit("/", 1)[-1], errors="replace"))
    except ValueError as err:
        raise BadSetting(f"this is no address ({err})") from err


def download(options: Studio, url: str, place: Path) -> None:
    """The video at a public address into `place`, a new file; nothing is left there where it fails.

    Raises `BadSetting` for what is not allowed, `UnreadableVideo` for what does not answer with a video, 413 and 507 as
    uploads do, 429 while two others are fetched.
    """
    if not options.allow_urls:
        raise BadSetting("this studio fetches no addresses; upload the video, or start it with --allow-urls")
    try:
        import httpx
    except ModuleNotFoundError as err:
        raise MissingExtra("httpx", extra="studio") from err
    if not _AT_ONCE.acquire(blocking=False):
        raise HTTPException(429, "two videos are being fetched already; try again when one is here")
    try:
        with _answer(url) as answer:
            _kept(options, answer, place)
    except httpx.HTTPError as err:
        raise UnreadableVideo(f"{url}: could not be fetched ({type(err).__name__})") from err
    finally:
        _AT_ONCE.release()


@contextmanager
def _answer(url: str) -> Iterator[httpx.Response]:
    """The answer at the end of all redirects, every one of which is looked at like the first address."""
    import httpx

    # no proxy, no .netrc and no cookies: the server is asked as by a stranger
    with httpx.Client(trust_env=False, timeout=_SILENT_SECONDS, follow_redirects=False) as client:
        for _ in range(_MOST_REDIRECTS + 1):
            there = destination(url)
            headers = {**there.headers, "Accept-Encoding": "identity"}
            client.cookies.clear()
            with client.stream("GET", there.url_by_address, headers=headers, extensions=there.extensions) as answer:
                onward = answer.headers.get("location", "")
                if answer.status_code not in _REDIRECTS or not onward:
                    yield answer
                    return
            url = _onward(url, onward)
    raise UnreadableVideo(f"{url}: redirects more than {_MOST_REDIRECTS} times")


def _onward(url: str, location: str) -> str:
    onward = urljoin(url, location)
    if url.startswith("https:") and not onward.startswith("https:"):
        raise BadSetting("the address redirects from https to something less safe")
    return onward


def _kept(options: Studio, answer: httpx.Response, place: Path) -> None:
    if answer.status_code != 200 or "content-encoding" in answer.headers:
        raise UnreadableVideo(f"the address answered {answer.status_code}, not with a file")
    most = int(options.max_upload_gb * GIGABYTE)
    told = answer.headers.get("content-length", str(most))
    if not (told.isascii() and told.isdigit()) or int(told[:18]) > most:
        raise HTTPException(413, f"the address has more than {options.max_upload_gb:g} GB")
    space = space_of(options)
    with space.reserved(int(told)), _new_file(place) as file:
        for chunk in _watched(answer, most):
            if file.tell() == 0:
                _check_head(chunk[:HEAD_BYTES], "what the address has")
            space.check_disk(len(chunk))
            file.write(chunk)


def _watched(answer: httpx.Response, most: int) -> Iterator[bytes]:
    """The body in pieces that are worth writing, as long as it is neither too big nor too slow."""
    begun, come, waiting = time.monotonic(), 0, bytearray()
    for piece in answer.iter_raw():
        come += len(piece)
        took = time.monotonic() - begun
        if come > most:
            raise HTTPException(413, f"the address has more than {most / GIGABYTE:g} GB")
        if took > _MOST_SECONDS or (took > _SILENT_SECONDS and come < took * _SLOWEST):
            raise UnreadableVideo("what the address has came too slowly")
        waiting += piece
        if len(waiting) >= _CHUNK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


@contextmanager
def _new_file(place: Path) -> Iterator[BinaryIO]:
    """Written to, and gone again if that fails."""
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except BaseException:
        place.unlink(missing_ok=True)
        raise


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _check_head(head: bytes, name: str) -> None:
    if not video_suffix(head):
        raise UnreadableVideo(f"{name}: this is no video: its first bytes are of no known kind")

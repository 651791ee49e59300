"""Files on their way in, resumable by the tus protocol 1.0.0 (core, creation, termination, expiration).

What has come lies in `uploads/<id>`; its size is the offset, so a killed server
loses nothing.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from keyart.studio.catalogue import Upload, new_id
from keyart.studio.doors.addresses import destination, may_call_private
from keyart.studio.doors.kinds import HEAD_BYTES, subtitle_suffix, video_suffix
from keyart.studio.doors.names import shown_name
from keyart.studio.doors.space import space_of
from keyart.studio.options import GIGABYTE
from keyart.studio.shapes import PROBLEMS

if TYPE_CHECKING:
    from keyart.studio.options import Studio
    from keyart.studio.rooms import Rooms

TUS = "1.0.0"
KEPT_SECONDS = 24 * 3600.0
"""An upload that nothing is added to for so long is swept away."""
MOST_AT_ONCE = 200
"""Uploads that are begun and not yet made into videos."""
_BATCH_BYTES = 1 << 20
_MOST_METADATA = 8192
_SUBTITLE_BYTES = 10_000_000
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BUSY_LOCK = threading.Lock()
_BUSY: set[str] = set()
"""Ids that somebody writes to or takes; ids are random, so one set does for all studios of a process."""

Number = Annotated[str | None, Header(json_schema_extra={"pattern": "^[0-9]{1,15}$"})]
Version = Annotated[str | None, Header(json_schema_extra={"enum": ["1.0.0"]})]
"""Told so in the description; what is wrong with them is said in the protocol's own way, not as 422."""
UploadId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", description="id of an upload")]
SUBTITLES = (".srt", ".vtt", ".ass", ".ssa", ".ttml", ".sub", ".sbv")


def router(rooms: Rooms) -> APIRouter:
    """POST /api/uploads; OPTIONS, HEAD, PATCH and DELETE of one."""
    routes = APIRouter(prefix="/api/uploads", tags=["uploads"], responses=PROBLEMS)

    @routes.options("", status_code=204)
    @routes.options("/{id}", status_code=204, include_in_schema=False)
    def abilities() -> Response:
        """What of the protocol is spoken here."""
        return _said(
            204,
            tus_version=TUS,
            tus_extension="creation,termination,expiration",
            tus_max_size=str(int(rooms.options.max_upload_gb * GIGABYTE)),
        )

    @routes.post("", status_code=201)
    def create(
        upload_length: Number = None,
        upload_metadata: Annotated[str | None, Header(description="filename and its name in base64")] = None,
        tus_resumable: Version = None,
    ) -> Response:
        """Begin an upload; `Location` says where its bytes go."""
        _speaks_tus(tus_resumable)
        made = begin(rooms, _metadata(upload_metadata), _number("Upload-Length", upload_length))
        return _said(201, location=f"/api/uploads/{made.id}", upload_expires=_expiry(made.touched_at))

    @routes.head("/{id}")
    def offset(id: UploadId, tus_resumable: Version = None) -> Response:
        """How much has come."""
        _speaks_tus(tus_resumable)
        upload = known(rooms, id)
        return _said(
            200,
            upload_offset=str(_size(rooms, id)),
            upload_length=str(upload.bytes),
            upload_metadata=f"filename {base64.b64encode(upload.name.encode()).decode()}",
            upload_expires=_expiry(upload.touched_at),
            cache_control="no-store",
        )

    @routes.patch("/{id}", status_code=204, openapi_extra=_BYTES)
    async def append(
        id: UploadId,
        request: Request,
        upload_offset: Number = None,
        tus_resumable: Version = None,
    ) -> Response:
        """Add the body's bytes at the end of what has come."""
        _speaks_tus(tus_resumable)
        if request.headers.get("content-type") != "application/offset+octet-stream":
            raise _refused(415, "send application/offset+octet-stream")
        offset = _number("Upload-Offset", upload_offset)
        upload = await run_in_threadpool(known, rooms, id)
        with alone(id):
            have = await _append(rooms, upload, offset, request)
        now = time.time()
        await run_in_threadpool(rooms.catalogue.touch_upload, id, now)
        return _said(204, upload_offset=str(have), upload_expires=_expiry(now))

    @routes.delete("/{id}", status_code=204)
    def stop(id: UploadId, tus_resumable: Version = None) -> Response:
        """Give the upload up and remove what has come."""
        _speaks_tus(tus_resumable)
        known(rooms, id)
        with alone(id):
            remove(rooms, id)
        return _said(204)

    return routes


_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


# --- what is done with an upload -----------------------------------------------------------------------------------


def begin(rooms: Rooms, name: str, length: int) -> Upload:
    """An empty upload for a file of `length` bytes. Raises 400, 413, 429, 507."""
    if length == 0:
        raise _refused(400, "the file is empty")
    space = space_of(rooms.options)
    sweep(rooms)
    with space.lock:
        if len(rooms.catalogue.uploads()) >= MOST_AT_ONCE:
            raise _refused(429, "too many uploads are under way; finish or remove some")
        space.admit(rooms, length)
        upload = Upload(new_id(), shown_name(name), length, time.time())
        rooms.options.uploads_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(_place(rooms, upload.id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        rooms.catalogue.add_upload(upload)
    return upload


def known(rooms: Rooms, id: str) -> Upload:
    """Raises 404 where there is no such upload."""
    upload = rooms.catalogue.upload(id)
    if upload is None or not _is_there(_place(rooms, id)):
        raise _refused(404, "there is no such upload")
    return upload


@contextmanager
def alone(id: str) -> Iterator[None]:
    """Nobody else writes to the upload or takes it meanwhile. Raises 423."""
    with _BUSY_LOCK:
        if id in _BUSY:
            raise _refused(423, "the upload is being written to by another request")
        _BUSY.add(id)
    try:
        yield
    finally:
        _BUSY.discard(id)


def take(rooms: Rooms, upload_id: str, place: Path) -> None:
    """Move a finished upload to `place`, whose ending tells whether it is to be a video or subtitles.

    Raises 404 for an unknown upload, 409 for an unfinished one, 423 where it is being written to, 415 where its first
    bytes are of no known video (or subtitles): then it is removed.
    """
    upload = known(rooms, upload_id)
    with alone(upload_id):
        source = _place(rooms, upload_id)
        if _size(rooms, upload_id) != upload.bytes:
            raise _refused(409, f"{upload.name}: only {_size(rooms, upload_id)} of {upload.bytes} bytes have come")
        try:
            check_content(source, upload.name, subtitles=place.suffix.lower() in SUBTITLES)
        except HTTPException:
            remove(rooms, upload_id)
            raise
        source.replace(place)
        space_of(rooms.options).taken(upload.bytes)
        rooms.catalogue.remove_upload(upload_id)


def check_content(path: Path, name: str, *, subtitles: bool = False) -> str:
    """The ending of what a file is, whatever it is called. Raises 415 where it is no video (no subtitles)."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if subtitles and path.stat().st_size <= _SUBTITLE_BYTES and (suffix := subtitle_suffix(head)):
        return suffix
    if not subtitles and (suffix := video_suffix(head)):
        return suffix
    what = (
        "subtitles of a known kind, of at most 10 MB" if subtitles else "a video: its first bytes are of no known kind"
    )
    raise _refused(415, f"{name}: this is not {what}")


def check_room(rooms: Rooms, wanted: int) -> None:
    """Raises 413 above the size of one upload, 507 where quota or disk have no room for `wanted` bytes."""
    space_of(rooms.options).admit(rooms, wanted)


def check_webhook(options: Studio, url: str) -> None:
    """Raises `BadSetting` for an address that is never called; '' is none."""
    if url:
        destination(url, private=may_call_private(options))


def remove(rooms: Rooms, id: str) -> None:
    """The upload with what has come of it."""
    rooms.catalogue.remove_upload(id)
    _place(rooms, id).unlink(missing_ok=True)


def sweep(rooms: Rooms, now: float | None = None) -> None:
    """Remove uploads that nothing was added to for a day, rows without a file and old files without a row."""
    now = time.time() if now is None else now
    uploads = rooms.catalogue.uploads()
    for one in uploads:
        is_old = now - one.touched_at > KEPT_SECONDS
        if one.id not in _BUSY and (is_old or not _is_there(_place(rooms, one.id))):
            remove(rooms, one.id)
    ours = {one.id for one in uploads}
    folder = rooms.options.uploads_folder
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.name not in ours | _BUSY and now - file.lstat().st_mtime > KEPT_SECONDS:
            file.unlink(missing_ok=True)


# --- bytes ---------------------------------------------------------------------------------------------------------


async def _append(rooms: Rooms, upload: Upload, offset: int, request: Request) -> int:
    """How much there is when the body is through. What came of a body that broke off is kept."""
    have = await run_in_threadpool(_size, rooms, upload.id)
    if offset != have:
        raise _refused(409, f"{have} bytes have come, not {offset}")
    left = upload.bytes - have
    if int(request.headers.get("content-length", "0")) > left:
        raise _refused(413, f"the file has {upload.bytes} bytes; only {left} are missing")
    batch = bytearray()

    async def flush() -> None:
        nonlocal have
        have += len(batch)
        data = bytes(batch)
        batch.clear()
        await run_in_threadpool(_write, rooms, upload.id, data)

    try:
        async for piece in request.stream():
            if have + len(batch) + len(piece) > upload.bytes:
                raise _refused(413, f"more than the {upload.bytes} bytes that were announced")
            batch += piece
            if len(batch) >= _BATCH_BYTES:
                await flush()
    except ClientDisconnect:
        pass  # nobody is there to be answered
    finally:
        await flush()
    return have


def _write(rooms: Rooms, id: str, data: bytes) -> None:
    space_of(rooms.options).check_disk(len(data))
    try:
        handle = os.open(_place(rooms, id), os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "wb", buffering=0) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
    except OSError as err:
        if err.errno not in _FULL:
            raise
        raise _refused(507, "the disk of the studio is full") from err


def _is_there(place: Path) -> bool:
    return place.is_file() and not place.is_symlink()


def _place(rooms: Rooms, id: str) -> Path:
    return rooms.options.uploads_folder / id


def _size(rooms: Rooms, id: str) -> int:
    try:
        return _place(rooms, id).stat().st_size
    except FileNotFoundError as err:
        raise _refused(404, "there is no such upload") from err


# --- words of the protocol -----------------------------------------------------------------------------------------


def _said(status: int, **headers: str) -> Response:
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Response(None, status, headers={"Tus-Resumable": TUS, **named})


def _refused(status: int, line: str) -> HTTPException:
    return HTTPException(status, line, headers={"Tus-Resumable": TUS, "Tus-Version": TUS})


def _speaks_tus(version: str | None) -> None:
    if version != TUS:
        raise _refused(412, f"send Tus-Resumable: {TUS}")


def _number(header: str, given: str | None) -> int:
    """Decimal digits, at most 15: no sign, no exponent, nothing that another reader would take for another number."""
    if given is None or not (given.isascii() and given.isdigit() and len(given) <= 15):
        raise _refused(400, f"{header} is a whole number of bytes")
    return int(given)


def _metadata(given: str | None) -> str:
    """The file's name out of `Upload-Metadata`; '' where none is told."""
    if given is None:
        return ""
    if len(given) > _MOST_METADATA:
        raise _refused(400, f"Upload-Metadata has at most {_MOST_METADATA} characters")
    for pair in given.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, ValueError) as err:
                raise _refused(400, "Upload-Metadata: filename is not UTF-8 in base64") from err
    return ""


def _expiry(touched_at: float) -> str:
    return formatdate(touched_at + KEPT_SECONDS, usegmt=True)

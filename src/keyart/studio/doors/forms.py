"""Multipart forms read as a stream: each file goes straight to the uploads folder, nothing is kept in memory.

A form's file is an upload like any other afterwards, so it goes through the same checks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from fastapi import HTTPException, Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from keyart.studio.catalogue import Upload, new_id
from keyart.studio.doors import uploads
from keyart.studio.doors.names import shown_name
from keyart.studio.doors.space import space_of
from keyart.studio.options import GIGABYTE

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

MOST_PARTS = 16
_MOST_FIELD_BYTES = 64_000
_MOST_HEADER_BYTES = 8_000


@dataclass(slots=True)
class Form:
    """What a form held: text fields by name, and uploads by the name of their field."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[Upload]] = field(default_factory=dict)

    def forget(self, rooms: Rooms) -> None:
        """Remove those of its uploads that nobody took."""
        for one in (upload for kept in self.files.values() for upload in kept):
            if rooms.catalogue.upload(one.id) is not None:
                uploads.remove(rooms, one.id)


async def read_form(rooms: Rooms, request: Request) -> Form:
    """All of a multipart body. Raises 400 for what is none, 413 for what is too large, 507 where there is no room."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise HTTPException(400, "the form names no boundary")
    announced = request.headers.get("content-length", "")
    most = int(announced) if announced.isdigit() else int(rooms.options.max_upload_gb * GIGABYTE)
    reader = _Reader(rooms)
    with space_of(rooms.options).held(rooms, most):
        try:
            parser = MultipartParser(boundary, reader.callbacks(), max_size=most + 1)
            async for piece in request.stream():
                await run_in_threadpool(_fed, parser, piece)
            await run_in_threadpool(parser.finalize)
            if not reader.is_whole:
                raise HTTPException(400, "the form breaks off")
        except (FormParserError, ClientDisconnect) as err:
            await run_in_threadpool(reader.give_up)
            raise HTTPException(400, "the form cannot be read") from err
        except BaseException:
            await run_in_threadpool(reader.give_up)
            raise
    return reader.form


def _fed(parser: MultipartParser, piece: bytes) -> None:
    if piece:
        parser.write(piece)


@dataclass(slots=True)
class _Part:
    """One part of the form while it comes; `file` is open for what has a file name."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    text: bytearray = field(default_factory=bytearray)
    file: BinaryIO | None = None
    upload: str = ""
    shown: str = ""
    bytes: int = 0


class _Reader:
    """Takes what the parser calls out."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms, self.form = rooms, Form()
        self.part, self.parts, self.is_whole = _Part(), 0, False
        self._field, self._value = bytearray(), bytearray()

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._grow(self._field, data[start:end]),
            "on_header_value": lambda data, start, end: self._grow(self._value, data[start:end]),
            "on_header_end": self._header,
            "on_headers_finished": self._opened,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def give_up(self) -> None:
        """Leave nothing behind."""
        if self.part.file is not None:
            self.part.file.close()
            (self.rooms.options.uploads_folder / self.part.upload).unlink(missing_ok=True)
        self.form.forget(self.rooms)

    def _begin(self) -> None:
        self.part, self.parts = _Part(), self.parts + 1
        if self.parts > MOST_PARTS:
            raise HTTPException(413, f"the form has more than {MOST_PARTS} parts")

    def _grow(self, held: bytearray, more: bytes) -> None:
        held += more
        if len(held) > _MOST_HEADER_BYTES:
            raise HTTPException(413, "a header of the form is too long")

    def _header(self) -> None:
        self.part.headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _opened(self) -> None:
        said: Mapping[bytes, bytes] = parse_options_header(self.part.headers.get(b"content-disposition", b""))[1]
        self.part.name = said.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in said:
            self.part.shown = shown_name(said[b"filename"].decode("utf-8", "replace"))
            self.part.upload = new_id()
            folder = self.rooms.options.uploads_folder
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(folder / self.part.upload, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self.part.file = os.fdopen(handle, "wb")

    def _data(self, data: bytes) -> None:
        self.part.bytes += len(data)
        if self.part.file is not None:
            space_of(self.rooms.options).check_disk(len(data))
            self.part.file.write(data)
            return
        self.part.text += data
        if len(self.part.text) > _MOST_FIELD_BYTES:
            raise HTTPException(413, f"{self.part.name}: a field has at most {_MOST_FIELD_BYTES} bytes")

    def _end(self) -> None:
        part = self.part
        if part.file is None:
            self.form.fields[part.name] = part.text.decode("utf-8", "replace")
            return
        part.file.close()
        part.file = None
        upload = Upload(part.upload, part.shown, part.bytes, time.time())
        self.rooms.catalogue.add_upload(upload)
        self.form.files.setdefault(part.name, []).append(upload)

    def _finish(self) -> None:
        self.is_whole = True

"""Routes of what lies on disk: a package's products, the video itself, everything as one archive, presets, health."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi import Path as FromPath
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from keyart.covers.presets import PRESETS
from keyart.package import MANIFEST, read_manifest
from keyart.studio.catalogue import Video
from keyart.studio.shapes import PROBLEMS, VideoId
from keyart.studio.videos import Desk
from keyart.version import __version__

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

SHOWN: Mapping[str, str] = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".vtt": "text/vtt; charset=utf-8",
}
"""What a browser may show in place. All else, pages above all, is handed over as a download and nothing more."""


def router(rooms: Rooms) -> APIRouter:
    """GET of products, source and archive of a video; of the presets; of the studio's health."""
    routes, desk = APIRouter(prefix="/api", tags=["products"], responses=PROBLEMS), Desk(rooms)

    @routes.get("/videos/{id}/products")
    def products(id: VideoId) -> JSONResponse:
        """The package's manifest: stages, stills, titles, products with their receipts; `url` tells where each is."""
        shelf = shelf_of(rooms, desk.finished(id).id)
        return JSONResponse(shelf.told(id))

    @routes.get("/videos/{id}/products/{path:path}", response_class=FileResponse)
    def product(id: VideoId, path: Annotated[str, FromPath(max_length=300)]) -> Response:
        """One file of the package; parts of it where a Range is asked for."""
        shelf = shelf_of(rooms, desk.finished(id).id)
        if path not in shelf.checksums:
            raise HTTPException(404, "the package has no such product")
        headers = {"etag": f'"{shelf.checksums[path][:32]}"', "cache-control": "private, max-age=60"}
        return _file(shelf.folder / path, Path(path).name, headers)

    @routes.get("/videos/{id}/source", response_class=FileResponse)
    def source(id: VideoId) -> Response:
        """The video as it came, for players; parts of it where a Range is asked for."""
        video = desk.video(id)
        return _file(rooms.options.video_folder(id) / video.file, video.name, {"cache-control": "private"})

    @routes.get("/videos/{id}/package.zip", response_class=StreamingResponse)
    def archive(id: VideoId) -> Response:
        """The whole package, and what was made in the studio, as one archive that is written while it is read."""
        video = desk.finished(id)
        name = f"{Path(video.name).stem or 'video'}.keyart.zip"
        headers = {"content-disposition": disposition(name), "cache-control": "private"}
        return StreamingResponse(_zipped(rooms, video), media_type="application/zip", headers=headers)

    @routes.get("/presets")
    def presets() -> dict[str, Any]:
        """What each platform accepts."""
        return {name: preset_facts(name) for name in PRESETS}

    @routes.get("/health")
    def health() -> dict[str, Any]:
        """Whether the studio works, and how much waits."""
        waiting = rooms.catalogue.unfinished()
        states = [one.state for one in waiting]
        return {"status": "ok", "keyart": __version__, "queued": states.count("queued"),
                "running": states.count("running")}  # fmt: skip

    return routes


def preset_facts(name: str) -> dict[str, Any]:
    """A preset as JSON: boxes are [x, y, width, height] in pixels of the cover."""
    from keyart import plain

    one = PRESETS[name]
    return {
        "name": one.name,
        "title": one.title,
        "kind": one.kind,
        "width": one.width_px,
        "height": one.height_px,
        "max_bytes": one.max_bytes,
        "formats": list(one.formats),
        "safe": plain.box(one.safe),
        "badge": plain.box(one.badge) if one.badge else None,
        "source": one.source,
        "checked_at": one.checked_at,
    }


@dataclass(frozen=True, slots=True)
class Shelf:
    """A finished package and the files that may be handed out of it."""

    folder: Path
    manifest: Mapping[str, Any]
    checksums: Mapping[str, str]
    """By path inside the package."""

    def told(self, id: str) -> dict[str, Any]:
        products = [
            {**one, "url": f"/api/videos/{id}/products/{quote(one['path'])}"} for one in self.manifest["products"]
        ]
        return {**self.manifest, "products": products}


def shelf_of(rooms: Rooms, id: str) -> Shelf:
    """The package of a finished video. Raises `MissingFile` where it is gone."""
    folder = rooms.options.video_folder(id) / "package"
    try:
        written_at = (folder / MANIFEST).stat().st_mtime_ns
    except FileNotFoundError:
        written_at = 0
    return _read_shelf(folder, written_at)


@lru_cache(maxsize=64)
def _read_shelf(folder: Path, _written_at: int) -> Shelf:
    found = read_manifest(folder)
    inside = {
        one["path"]: one["sha256"]
        for one in found["products"]
        if (folder / one["path"]).resolve().is_relative_to(folder.resolve())
    }
    return Shelf(folder, found, inside)


def _file(path: Path, name: str, headers: Mapping[str, str]) -> FileResponse:
    """A file as what its ending says, if that is harmless to show; else as bytes to keep."""
    if not path.is_file():
        raise HTTPException(404, "the file is gone")
    kind = SHOWN.get(path.suffix.lower())
    shown = kind or "application/octet-stream"
    placed = {**headers, "content-disposition": disposition(name, "inline" if kind else "attachment")}
    return FileResponse(path, media_type=shown, headers=placed)


def disposition(name: str, how: str = "attachment") -> str:
    """Content-Disposition for a name in any script (RFC 6266): an ASCII stand-in, then the name itself."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_. ") else "_" for letter in name)
    return f"{how}; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(name, safe='')}"


class _Chunks:
    """What a zip writer writes to, emptied as it is sent; nothing is ever sought back to."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.at = 0

    def write(self, data: bytes) -> int:
        self.waiting.append(bytes(data))
        self.at += len(data)
        return len(data)

    def tell(self) -> int:
        return self.at

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def taken(self) -> bytes:
        data = b"".join(self.waiting)
        self.waiting.clear()
        return data


def _zipped(rooms: Rooms, video: Video) -> Iterator[bytes]:
    """Stored: pictures and clips do not shrink. Dates are the format's first, so equal files give equal bytes."""
    chunks = _Chunks()
    with zipfile.ZipFile(chunks, "w", zipfile.ZIP_STORED) as archive:
        for name, path in _contents(rooms, video):
            entry = zipfile.ZipInfo(name)
            entry.file_size = path.stat().st_size
            with path.open("rb") as file, archive.open(entry, "w") as kept:
                while part := file.read(1 << 18):
                    _written(kept, part)
                    yield chunks.taken()
            yield chunks.taken()
    yield chunks.taken()


def _written(kept: IO[bytes], part: bytes) -> None:
    kept.write(part)


def _contents(rooms: Rooms, video: Video) -> Iterator[tuple[str, Path]]:
    folder = rooms.options.video_folder(video.id)
    shelf = shelf_of(rooms, video.id)
    for name in (MANIFEST, "index.html", *shelf.checksums):
        if (shelf.folder / name).is_file():
            yield name, shelf.folder / name
    for number, made in enumerate(rooms.catalogue.pictures(video.id), 1):
        path = folder / "made" / made.file
        if path.is_file():
            yield f"studio/{made.kind}_{number:02}{path.suffix}", path

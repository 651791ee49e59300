"""From what a user hands in to a queued video: files put in their place, looked at once, entered, queued.

A video's folder is made under its id; it is entered in the catalogue only when everything in it is known to be good.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from keyart.errors import BadSetting, UnreadableVideo
from keyart.studio import fetch, uploads
from keyart.studio.catalogue import Video, new_id
from keyart.studio.running import run_child
from keyart.studio.wishes import recipe_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyart.studio.app import Rooms
    from keyart.studio.videos import NewVideo

SUBTITLES = (".srt", ".vtt", ".ass", ".ssa", ".ttml")
_MOST_SUBTITLES = 8


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that a user handed in: its name for people, and how it gets to its place."""

    name: str
    move: Callable[[Path], None]


async def from_form(rooms: Rooms, request: Request) -> Video:
    """A multipart form with `file`, and perhaps `subtitles`, `settings`, `webhook`."""
    from keyart.studio.videos import read_settings

    async with request.form(max_files=1 + _MOST_SUBTITLES, max_fields=4, max_part_size=64_000) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, "file: the form has no file of that name")
        beside = [one for one in form.getlist("subtitles") if isinstance(one, UploadFile)]
        settings, webhook = read_settings(_text(form.get("settings"))), _text(form.get("webhook"))
        source, texts = _of_form(rooms, file), [_of_form(rooms, one) for one in beside]
        return await run_in_threadpool(_take_in, rooms, source, texts, settings, webhook)


def from_wish(rooms: Rooms, wish: NewVideo) -> Video:
    """What a JSON body names: an upload that is finished, a path where that is allowed, an address where that is."""
    from keyart.studio.videos import checked_settings

    named = [name for name in ("upload", "path", "url") if getattr(wish, name)]
    if len(named) != 1:
        raise HTTPException(422, "name exactly one of upload, path and url")
    settings = checked_settings(wish.settings)
    texts = [_of_upload(rooms, one) for one in wish.subtitles]
    source = {"upload": _of_upload, "path": _of_path, "url": _of_url}[named[0]](rooms, getattr(wish, named[0]))
    return _take_in(rooms, source, texts, settings, wish.webhook)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


# --- where a file comes from --------------------------------------------------------------------------------------


def _of_form(rooms: Rooms, file: UploadFile) -> Handed:
    def move(place: Path) -> None:
        with place.open("wb") as kept:
            shutil.copyfileobj(file.file, kept, 1 << 20)

    uploads.check_room(rooms, file.size or 0)
    return Handed(uploads.shown_name(file.filename or ""), move)


def _of_upload(rooms: Rooms, upload: str) -> Handed:
    found = rooms.catalogue.upload(upload)
    if found is None:
        raise HTTPException(404, "there is no such upload")
    return Handed(found.name, lambda place: uploads.take(rooms, upload, place))


def _of_path(rooms: Rooms, path: str) -> Handed:
    allowed = fetch.allowed_path(rooms.options, path)
    uploads.check_room(rooms, allowed.stat().st_size)
    return Handed(uploads.shown_name(allowed.name), lambda place: _copied(allowed, place))


def _of_url(rooms: Rooms, url: str) -> Handed:
    name = uploads.shown_name(fetch.name_in(url))
    return Handed(name, lambda place: fetch.download(rooms.options, url, place))


def _copied(source: Path, place: Path) -> None:
    """A second name for the same bytes where the file system has that, else a copy."""
    shutil.copyfile(source, place)


# --- into the house -----------------------------------------------------------------------------------------------


def _take_in(rooms: Rooms, source: Handed, texts: Sequence[Handed], settings: Mapping[str, Any], webhook: str) -> Video:
    recipe_of(settings)  # a value that is not allowed is said now, not in an hour
    uploads.check_webhook(rooms.options, webhook)
    id = new_id()
    with _folder(rooms, id) as folder:
        file = f"source{_ending(source.name)}"
        source.move(folder / file)
        _put_beside(folder, texts)
        probe = _probed(rooms, folder / file, source.name)
        video = Video(
            id=id,
            name=source.name,
            file=file,
            bytes=(folder / file).stat().st_size,
            state="queued",
            settings=dict(settings),
            probe=probe,
            webhook=webhook,
            words=source.name.casefold(),
            created_at=time.time(),
        )
        rooms.catalogue.add_video(video)
    rooms.jobs.start(id)
    return rooms.catalogue.video(id) or video


@contextmanager
def _folder(rooms: Rooms, id: str) -> Iterator[Path]:
    """A video's folder, gone again if what is done in it fails."""
    folder = rooms.options.video_folder(id)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _ending(name: str) -> str:
    """What kind of file it is is told by its content; the ending only helps players."""
    ending = Path(name).suffix.lower()
    return ending if ending.isascii() and ending[1:].isalnum() and len(ending) <= 6 else ""


def _put_beside(folder: Path, texts: Sequence[Handed]) -> None:
    """Subtitles under the source's name, `source.srt` and `source.ru.srt`, as the house finds them."""
    for text in texts:
        parts = text.name.lower().rsplit(".", 2)
        ending = f".{parts[-1]}"
        if ending not in SUBTITLES:
            raise BadSetting(f"{text.name}: subtitles are {', '.join(SUBTITLES)}")
        language = parts[1] if len(parts) == 3 and parts[1].isascii() and parts[1].isalpha() else ""
        place = folder / (f"source.{language[:8]}{ending}" if language else f"source{ending}")
        if place.exists():
            raise BadSetting(f"{text.name}: there are two subtitle files of this kind and language")
        text.move(place)


def _probed(rooms: Rooms, path: Path, name: str) -> dict[str, Any]:
    """What the file says of itself, read in a process of its own. Raises `UnreadableVideo`."""
    from keyart.studio.videos import too_long

    try:
        found: dict[str, Any] = run_child("probe", {"path": str(path)}, options=rooms.options)
    except UnreadableVideo as err:
        raise UnreadableVideo(str(err).replace(str(path), name)) from err
    too_long(float(found.get("duration", 0.0)), rooms)
    return found

"""From what a user hands in to a queued video: files put in their place, looked at once, entered, queued.

A video's folder is made under its id; it is entered in the catalogue only when everything in it is known to be good.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from keyart.errors import BadSetting, UnreadableVideo
from keyart.speech.sidecar import find_sidecars
from keyart.studio.catalogue import Video, new_id
from keyart.studio.doors import fetch, uploads
from keyart.studio.doors.forms import read_form
from keyart.studio.doors.names import shown_name
from keyart.studio.shapes import NewVideo
from keyart.studio.wishes import checked_settings, read_settings
from keyart.studio.works.running import run_child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyart.studio.rooms import Rooms

_LANGUAGE = re.compile(r"\.([a-z]{2,3}(?:-[a-z]{2,4})?)$", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that a user handed in: its name for people, and what puts it into a folder under a stem."""

    name: str
    put: Callable[[Path, str], Path]


async def from_form(rooms: Rooms, request: Request) -> Video:
    """A multipart form with `file`, and perhaps `subtitles`, `settings`, `webhook`; its files become uploads first."""
    came = await read_form(rooms, request)
    try:
        if len(came.files.get("file", ())) != 1 or came.files.keys() - {"file", "subtitles"}:
            raise HTTPException(422, "the form has one `file` and perhaps `subtitles`, `settings`, `webhook`")
        wish = NewVideo(
            upload=came.files["file"][0].id,
            subtitles=[one.id for one in came.files.get("subtitles", ())],
            settings=read_settings(came.fields.get("settings", "")),
            webhook=came.fields.get("webhook", "")[:2000],
        )
        return await run_in_threadpool(from_wish, rooms, wish)
    finally:
        await run_in_threadpool(came.forget, rooms)


def from_wish(rooms: Rooms, wish: NewVideo) -> Video:
    """What a JSON body names: an upload that is finished, a path where that is allowed, an address where that is."""
    named = [name for name in ("upload", "path", "url") if getattr(wish, name)]
    if len(named) != 1:
        raise HTTPException(422, "name exactly one of upload, path and url")
    settings = checked_settings(wish.settings)
    texts = [_of_subtitles(rooms, one) for one in wish.subtitles]
    source = FROM[named[0]](rooms, getattr(wish, named[0]))
    return _take_in(rooms, source, texts, settings, wish.webhook)


# --- where a file comes from --------------------------------------------------------------------------------------


def _of_upload(rooms: Rooms, id: str) -> Handed:
    def put(folder: Path, stem: str) -> Path:
        uploads.take(rooms, id, folder / stem)
        return _named_by_content(folder / stem)

    return Handed(uploads.known(rooms, id).name, put)


def _of_subtitles(rooms: Rooms, id: str) -> Handed:
    def put(folder: Path, stem: str) -> Path:
        coming = folder / f"{stem}.srt"
        uploads.take(rooms, id, coming)
        return coming.rename(folder / f"{stem}{uploads.check_content(coming, stem, subtitles=True)}")

    return Handed(uploads.known(rooms, id).name, put)


def _of_path(rooms: Rooms, path: str) -> Handed:
    """A file of this machine, with the subtitles that lie beside it."""
    allowed = fetch.allowed_path(rooms.options, path)
    uploads.check_room(rooms, allowed.stat().st_size)

    def put(folder: Path, stem: str) -> Path:
        for beside in find_sidecars(allowed):
            if beside.path.is_symlink():
                continue  # it may lead out of the folders that are allowed
            shutil.copyfile(beside.path, folder / f"{stem}{beside.path.name.removeprefix(allowed.stem).lower()}")
        return _named_by_content(shutil.copyfile(allowed, folder / stem))

    return Handed(shown_name(allowed.name), put)


def _of_url(rooms: Rooms, url: str) -> Handed:
    def put(folder: Path, stem: str) -> Path:
        fetch.download(rooms.options, url, folder / stem)
        return _named_by_content(folder / stem)

    return Handed(shown_name(fetch.name_in(url)), put)


def _named_by_content(path: Path) -> Path:
    return path.rename(path.with_name(f"{path.name}{uploads.check_content(path, path.name)}"))


FROM: dict[str, Callable[[Rooms, str], Handed]] = {"upload": _of_upload, "path": _of_path, "url": _of_url}


# --- into the house -----------------------------------------------------------------------------------------------


def _take_in(rooms: Rooms, source: Handed, texts: Sequence[Handed], settings: Mapping[str, Any], webhook: str) -> Video:
    uploads.check_webhook(rooms.options, webhook)
    id = new_id()
    with _folder(rooms, id) as folder:
        path = source.put(folder, "source")
        _put_beside(folder, texts)
        probe = _probed(rooms, path, source.name)
        video = Video(
            id=id,
            name=source.name,
            file=path.name,
            bytes=path.stat().st_size,
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


def _put_beside(folder: Path, texts: Sequence[Handed]) -> None:
    """Subtitles under the source's name, `source.srt` and `source.ru.srt`, as the house finds them."""
    taken: set[str] = set()
    for text in texts:
        found = _LANGUAGE.search(Path(text.name).stem)
        stem = f"source.{found[1].lower()}" if found else "source"
        if stem in taken:
            raise BadSetting(f"{text.name}: subtitles of this language came twice; name them talk.ru.srt, talk.en.srt")
        taken.add(stem)
        text.put(folder, stem)


def _probed(rooms: Rooms, path: Path, name: str) -> dict[str, Any]:
    """What the file says of itself, read in a process of its own. Raises `UnreadableVideo`."""
    try:
        found: dict[str, Any] = run_child("probe", {"path": str(path)}, options=rooms.options)
    except UnreadableVideo as err:
        raise UnreadableVideo(str(err).replace(str(path), name)) from err
    _check_length(float(found.get("duration", 0.0)), rooms)
    return found


def _check_length(video_seconds: float, rooms: Rooms) -> None:
    """Raises `UnreadableVideo` above the studio's limit."""
    if video_seconds > rooms.options.max_hours * 3600:
        raise UnreadableVideo(
            f"the video lasts {video_seconds / 3600:.1f} hours; this studio takes up to {rooms.options.max_hours:g}"
        )

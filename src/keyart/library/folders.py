"""Folders and globs, of this machine and of stores -> the videos in them, folder by folder.

No list of all files ever stands in memory, only those of the folder at hand. Links are followed, each real folder is
entered once; hidden files, packages and what keyart itself keeps are passed by.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from pathlib import PurePosixPath
from typing import Any

from keyart.errors import MissingFile
from keyart.library.names import PACKAGE, VIDEOS
from keyart.library.places import StoreFailed, faults_of, is_address, joined, local_path, opened

MAGIC = re.compile(r"[*?\[]")
_LISTING_PAUSES = (0.5, 2.0)
"""Seconds before a store that did not list a folder is asked again."""
_SYSTEM = frozenset({"lost+found", "$RECYCLE.BIN", "System Volume Information", "#recycle", "@eaDir"})
"""Folders of the disk's own."""
_PACKET = 188
_SYNC = 0x47


@dataclass(frozen=True, slots=True)
class Found:
    """A file or folder as its folder lists it."""

    name: str
    is_folder: bool
    is_link: bool = False
    size_bytes: int = -1
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One folder with the videos in it."""

    parts: tuple[str, ...]
    """Its way from the source's folder."""
    files: tuple[Found, ...]
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Pattern:
    """What of a folder is wanted: everything, or what a glob says. `**` stands for folders in any depth."""

    segments: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """The pattern says the ending itself: it is not for us to say what is a video."""
        ending = PurePosixPath(self.segments[-1]).suffix if self.segments else ""
        return bool(ending) and not MAGIC.search(ending)

    def reached(self, parts: tuple[str, ...]) -> set[int]:
        """How many segments the parts may have used up."""
        states = self._passed({0})
        for part in parts:
            states = self._passed({after for state in states for after in self._after(state, part)})
        return states

    def leads_into(self, parts: tuple[str, ...]) -> bool:
        return bool(self.reached(parts))

    def wants(self, parts: tuple[str, ...]) -> bool:
        """Whether a file is meant: itself, or a folder that it lies in."""
        end = len(self.segments)
        return end in self.reached(parts) and (self.is_exact or _is_video(parts[-1]))

    def _after(self, state: int, part: str) -> Iterator[int]:
        if state == len(self.segments):
            if not part.startswith(".") and not self.is_exact:
                yield state  # below a folder that is meant, everything is
            return
        segment = self.segments[state]
        if part.startswith(".") and not segment.startswith("."):
            return
        if segment == "**":
            yield state
        elif _expression(segment).match(part):
            yield state + 1

    def _passed(self, states: set[int]) -> set[int]:
        """With those that `**`, standing for no folder at all, leads on to."""
        for at, segment in enumerate(self.segments):
            if segment == "**" and at in states:
                states = states | {at + 1}
        return states


def _expression(segment: str) -> re.Pattern[str]:
    return re.compile(translate(segment))  # `re` itself remembers the last few hundred


def split_glob(text: str) -> tuple[str, Pattern]:
    """A glob as the folder that it starts from and the pattern below.

    >>> split_glob("videos/s?/**/*.mp4")[0], split_glob("s3://b/a/*.mp4")[0], split_glob("*.mp4")[0]
    ('videos', 's3://b/a', '.')
    """
    parts = text.split("/")
    at = next(place for place, part in enumerate(parts) if MAGIC.search(part))
    root = "/".join(parts[:at]) or ("/" if text.startswith("/") else ".")
    return root, Pattern(tuple(part for part in parts[at:] if part))


def levels(root: str, pattern: Pattern) -> Iterator[Level]:
    """Every folder below `root` that holds a video, in the order of their names; linked folders after the real ones.

    A folder that cannot be read is a level too. Raises `MissingFile`, `StoreFailed` for the first one.
    """
    listed = _listed_far if is_address(root) else _listed_near
    waiting: list[tuple[str, ...]] = [()]
    linked: list[tuple[str, ...]] = []
    entered: set[tuple[int, int]] = set()
    while waiting or linked:
        parts = waiting.pop() if waiting else linked.pop(0)
        if _been_in(root, parts, entered):
            continue
        try:
            found = listed(root, parts)
        except (MissingFile, StoreFailed):
            if not parts:
                raise
            yield Level(parts, (), readable=False)
            continue
        files = tuple(one for one in found if not one.is_folder and pattern.wants((*parts, one.name)))
        if files := tuple(one for one in files if _may_be_video(root, parts, one.name)):
            yield Level(parts, files)
        folders = [one for one in found if one.is_folder and not _is_passed_by(one.name)]
        inner = [(one, (*parts, one.name)) for one in folders if pattern.leads_into((*parts, one.name))]
        waiting += [way for one, way in reversed(inner) if not one.is_link]
        linked += [way for one, way in inner if one.is_link]


def _is_passed_by(folder: str) -> bool:
    return folder.lower().endswith(PACKAGE) or folder in _SYSTEM


def _been_in(root: str, parts: tuple[str, ...], entered: set[tuple[int, int]]) -> bool:
    if is_address(root):
        return False
    try:
        stat = os.stat(local_path(root).joinpath(*parts))  # noqa: PTH116  # of the folder that a link leads to
    except OSError:
        return False
    known = (stat.st_dev, stat.st_ino) in entered
    entered.add((stat.st_dev, stat.st_ino))
    return known


def _listed_near(root: str, parts: tuple[str, ...]) -> list[Found]:
    folder = local_path(root).joinpath(*parts)
    try:
        with os.scandir(folder) as entries:
            found = [_found(entry) for entry in entries]
    except FileNotFoundError as err:
        raise MissingFile(f"{folder}: no such folder") from err
    except OSError as err:
        raise StoreFailed(f"{folder}: a folder that cannot be read: {err.strerror}") from err
    return sorted(found, key=lambda one: one.name)


def _found(entry: os.DirEntry[str]) -> Found:
    is_folder = False
    with contextlib.suppress(OSError):  # a link that leads round in a circle
        is_folder = entry.is_dir()
    return Found(entry.name, is_folder, entry.is_symlink())


def _listed_far(root: str, parts: tuple[str, ...]) -> list[Found]:
    address = joined(root, "/".join(parts)) if parts else root
    for pause in (*_LISTING_PAUSES, None):
        try:
            with faults_of(address):
                store, path = opened(address)
                store.invalidate_cache(path)
                told = store.ls(path, detail=True)
            break
        except StoreFailed:
            if pause is None:
                raise
            time.sleep(pause)
    itself = path.rstrip("/")
    found = [_told(info) for info in told if info["name"].rstrip("/") != itself]
    return sorted((one for one in found if one.name), key=lambda one: one.name)


def _told(info: dict[str, Any]) -> Found:
    name = info["name"].rstrip("/").rpartition("/")[2]
    size = info.get("size")
    size = -1 if size is None else int(size)
    return Found(name, info["type"] == "directory", size_bytes=size, stamp=stamp_of(info))


def stamp_of(info: dict[str, Any]) -> str:
    """What changes with a file of a store, as it tells of it; "" where it tells nothing."""
    marks = (
        "ETag",
        "etag",
        "md5Hash",
        "md5",
        "generation",
        "LastModified",
        "last_modified",
        "mtime",
        "updated",
        "created",
    )
    mark = next((str(info[one]) for one in marks if info.get(one)), "")
    return f"{info.get('size')}-{mark}" if mark else ""


def _is_video(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in VIDEOS


def _may_be_video(root: str, parts: tuple[str, ...], name: str) -> bool:
    """`.ts` is a programming language too; a transport stream has a sign every 188 bytes."""
    if not name.lower().endswith(".ts") or is_address(root):
        return True
    try:
        with local_path(root).joinpath(*parts, name).open("rb") as file:
            head = file.read(_PACKET + 1)
    except OSError:
        return True
    return len(head) <= _PACKET or head[0] == head[_PACKET] == _SYNC

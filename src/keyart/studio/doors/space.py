"""How much the studio may still take in: its quota, and what the disk keeps free."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import HTTPException

from keyart.studio.options import GIGABYTE, Studio

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

_MEASURED_FOR_SECONDS = 60.0


class Space:
    """One studio's place on the disk. May be asked from any thread."""

    def __init__(self, options: Studio) -> None:
        self.options = options
        self.lock = threading.RLock()
        """Held while room is asked for and while what it was asked for is written down."""
        self._held: dict[object, int] = {}
        self._measured = (-_MEASURED_FOR_SECONDS, 0)

    def admit(self, rooms: Rooms, wanted: int) -> None:
        """Raises 413 above the size of one upload, 507 where quota or disk have no room for `wanted` bytes more."""
        options = self.options
        if wanted > options.max_upload_gb * GIGABYTE:
            raise HTTPException(413, f"one upload has at most {options.max_upload_gb:g} GB, this one {_gb(wanted)}")
        promised, come = self._on_their_way(rooms)
        self.check_quota(wanted + promised)
        self.check_disk(wanted + promised - come)
        self.taken(wanted)

    def check_quota(self, wanted: int) -> None:
        """Raises 507 where videos and `wanted` bytes more are above the quota."""
        left = int(self.options.quota_gb * GIGABYTE) - wanted
        if self._videos_bytes(_MEASURED_FOR_SECONDS) > left and self._videos_bytes(0) > left:
            raise HTTPException(507, f"the studio's quota of {self.options.quota_gb:g} GB is used up; remove videos")

    def taken(self, number: int) -> None:
        """So many bytes are among the videos now, or may soon be: sooner than they are measured."""
        with self.lock:
            at, measured = self._measured
            self._measured = at, measured + number

    def check_disk(self, wanted: int = 0) -> None:
        """Raises 507 where the disk would have less than `spare_gb` left with `wanted` bytes more."""
        if shutil.disk_usage(self.options.data).free - wanted < self.options.spare_gb * GIGABYTE:
            raise HTTPException(507, "the disk of the studio is full; remove videos or ask whoever runs it")

    @contextmanager
    def held(self, rooms: Rooms, wanted: int) -> Iterator[None]:
        """Keep room for what comes without an upload of its own. Raises as `admit` does."""
        with self.lock:
            self.admit(rooms, wanted)
        with self.reserved(wanted):
            yield

    @contextmanager
    def reserved(self, wanted: int) -> Iterator[None]:
        """Keep room beside what else comes so. Raises 507."""
        key = object()
        with self.lock:
            self.check_quota(wanted + sum(self._held.values()))
            self.check_disk(wanted)
            self._held[key] = wanted
        try:
            yield
        finally:
            with self.lock:
                del self._held[key]
                self.taken(wanted)

    def _on_their_way(self, rooms: Rooms) -> tuple[int, int]:
        """Bytes that uploads were promised, and how many of them have come."""
        uploads = rooms.catalogue.uploads()
        come = sum(_size(self.options.uploads_folder / one.id) for one in uploads)
        return sum(one.bytes for one in uploads) + sum(self._held.values()), come

    def _videos_bytes(self, age_seconds: float) -> int:
        now = time.monotonic()
        with self.lock:
            if now - self._measured[0] >= age_seconds:
                self._measured = (now, bytes_below(self.options.data / "videos"))
            return self._measured[1]


@cache
def space_of(options: Studio) -> Space:
    """The one `Space` of a studio."""
    return Space(options)


def bytes_below(folder: Path) -> int:
    """Of all files in the folder and in those below it."""
    return sum(_size(Path(place) / name) for place, _, names in os.walk(folder) for name in names)


def _size(path: Path) -> int:
    try:
        return path.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0


def _gb(number: int) -> str:
    return f"{number / GIGABYTE:.3g} GB"

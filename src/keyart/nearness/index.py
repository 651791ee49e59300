"""Signatures of many packages on disk: appended to, mapped into memory, searched exactly.

    NAME.near/
      bits.column     one row a picture: 256 bits
      cells.column    one row a picture: 32x32 cells
      packages.jsonl  one line a package: its name, where its rows begin, what each row is

Rows are written and flushed first, then the package's line; a row that no line names does not count. A run that is
killed therefore leaves at most rows and half a line that the next writer cuts off. A column is a file of its own so
that another one can be added beside these (an embedding, for a search by meaning): it states in its head from which row
on it has values.
"""

from __future__ import annotations

import bisect
import contextlib
import fcntl
import json
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting, OutputProblem
from keyart.nearness.signature import CELLS, MOST_BITS, NEAR, Bits, Cells, Signature, hamming, likeness

Kind = Literal["cover", "still", "tile"]
SUFFIX = ".near"
VERSION = 1
MOST_ROWS = 50_000_000
"""Pictures that one index takes: 1.6 GB of bits, which are searched, and 51 GB of cells, which are looked up."""
MOST_OF_A_PACKAGE = 400
"""Rows of one package."""
MOST_LAID_OVER = 256
"""Pictures with the nearest bits that one picture is compared with closely."""
_MAGIC = b"KANEAR\0\0"
_HEAD = struct.Struct("<8sHHIQ40s")
"""Magic, version, bytes of an element, elements of a row, first row with a value, name of the column."""
_PART = 1 << 16
_PACKAGES = "packages.jsonl"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Column:
    """A file of rows of one length."""

    name: str
    dtype: str
    width: int

    @property
    def row_bytes(self) -> int:
        return np.dtype(self.dtype).itemsize * self.width

    def head(self) -> bytes:
        return _HEAD.pack(_MAGIC, VERSION, np.dtype(self.dtype).itemsize, self.width, 0, self.name.encode())


COLUMNS = (Column("bits", "<u8", 4), Column("cells", "u1", CELLS * CELLS))


@dataclass(frozen=True, slots=True)
class Shown:
    """What one row is a picture of."""

    product: str
    """Path in the package."""
    kind: Kind
    seconds: float
    """Of the video."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A picture to be kept."""

    shown: Shown
    signature: Signature


@dataclass(frozen=True, slots=True)
class Kept:
    """A package as the index knows it."""

    name: str
    """Unique in the index; a package that is added again takes the place of the older one."""
    sha256: str
    """Of the video."""
    first: int
    shown: tuple[Shown, ...]
    seconds: float = 0.0
    """Length of the video."""
    checksum: int = 0

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + len(self.shown))


@dataclass(frozen=True, slots=True)
class Match:
    """A picture of the index that is nearly the one asked for."""

    package: Kept
    shown: Shown
    bits: int
    """In which the two differ, of 256."""
    likeness: float
    """0 ... 1."""
    row: int


@dataclass(slots=True, eq=False)
class Index:
    """A folder of signatures, read as it was when it was opened and after each `add`. One writer at a time."""

    folder: Path
    packages: dict[str, Kept] = field(default_factory=dict)
    """By name, in the order of their first rows."""
    _num_rows: int = 0
    _text_end: int = 0
    _columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    _live: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    _in_order: list[Kept] = field(default_factory=list)
    _firsts: list[int] = field(default_factory=list)
    _kinds: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __len__(self) -> int:
        """Rows of packages that are still current."""
        return int(self._live.sum())

    # --- reading --------------------------------------------------------------------------------------------------

    def refresh(self) -> Index:
        """Read what has been added since the last time. Raises `BadSetting` for an index of another version or form."""
        lines, end, goes_on = _lines_from(self.folder / _PACKAGES, self._text_end)
        if not goes_on:
            self._forget()
        self._columns = {column.name: _mapped(self.folder, column) for column in COLUMNS}
        have = min(len(column) for column in self._columns.values())
        for kept in filter(None, map(_kept, lines)):
            if kept.rows.stop <= have:
                self._take(kept)
        self._text_end = end
        return self

    def _forget(self) -> None:
        self.packages, self._in_order, self._firsts = {}, [], []
        self._num_rows = self._text_end = 0
        self._live, self._kinds = np.zeros(0, np.bool_), np.zeros(0, np.uint8)

    def _take(self, kept: Kept) -> None:
        """A package takes the place of an older one of its name; one without pictures only ends that."""
        if (before := self.packages.pop(kept.name, None)) is not None:
            self._live[before.rows] = False
            place = bisect.bisect_left(self._firsts, before.first)
            del self._in_order[place], self._firsts[place]
        if not kept.shown:
            return
        self._num_rows = max(self._num_rows, kept.rows.stop)
        if self._num_rows > len(self._live):  # twice the room: not a copy of all for each
            more = np.zeros(max(1024, 2 * self._num_rows) - len(self._live), np.uint8)
            self._live = np.concatenate([self._live, more.astype(np.bool_)])
            self._kinds = np.concatenate([self._kinds, more])
        self.packages[kept.name] = kept
        place = bisect.bisect_left(self._firsts, kept.first)
        self._in_order.insert(place, kept)
        self._firsts.insert(place, kept.first)
        self._live[kept.rows] = True
        self._kinds[kept.rows] = [get_args(Kind).index(shown.kind) for shown in kept.shown]

    def signatures(self, package: Kept) -> tuple[NDArray[np.uint64], Cells]:
        """Bits (n, 4) and cells (n, 32, 32) of a package's rows."""
        bits = np.array(self._columns["bits"][package.rows], np.uint64)
        return bits, np.array(self._columns["cells"][package.rows], np.uint8).reshape(-1, CELLS, CELLS)

    def near(
        self,
        signature: Signature,
        *,
        kinds: Iterable[Kind] = get_args(Kind),
        of: Callable[[Kept], bool] | None = None,
        least: float = NEAR,
        most: int = 20,
    ) -> list[Match]:
        """Pictures of these kinds that are nearly this one, likest first; `of` says which packages count."""
        rows, distances = self._with_near_bits(signature.bits, {get_args(Kind).index(kind) for kind in kinds}, of)
        cells = self._columns["cells"][rows].reshape(-1, CELLS, CELLS) if len(rows) else np.zeros((0, CELLS, CELLS))
        alike = likeness(signature.cells, cells.astype(np.uint8))
        found = [
            self._match(int(row), int(distance), float(like))
            for row, distance, like in zip(rows, distances, alike, strict=True)
            if like >= least
        ]
        return sorted(found, key=lambda one: (-one.likeness, one.bits, one.row))[:most]

    def _with_near_bits(
        self, wanted: Bits, kinds: set[int], of: Callable[[Kept], bool] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.uint16]]:
        """Rows within `MOST_BITS`, nearest first, and their distances: every row is looked at."""
        bits = self._columns["bits"] if self._num_rows else np.zeros((0, 4), np.uint64)
        rows: list[NDArray[np.intp]] = []
        distances: list[NDArray[np.uint16]] = []
        for first in range(0, self._num_rows, _PART):
            away = hamming(wanted, bits[first : min(first + _PART, self._num_rows)])
            (near,) = np.nonzero(away <= MOST_BITS)
            rows.append(near + first)
            distances.append(away[near])
        found = np.concatenate(rows) if rows else np.zeros(0, np.intp)
        far = np.concatenate(distances) if rows else np.zeros(0, np.uint16)
        counts = self._live[found] & np.isin(self._kinds[found], sorted(kinds))
        if of is not None:
            pairs = zip(found.tolist(), counts.tolist(), strict=True)
            counts &= np.array([ok and of(self._holder(row)) for row, ok in pairs], bool)
        found, far = found[counts], far[counts]
        order = np.argsort(far, kind="stable")[:MOST_LAID_OVER]
        return found[order], far[order]

    def _match(self, row: int, bits: int, alike: float) -> Match:
        package = self._holder(row)
        return Match(package, package.shown[row - package.first], bits, round(alike, 4), row)

    def _holder(self, row: int) -> Kept:
        """Packages stand in the order of their first rows: one that is added again goes to the end."""
        place = bisect.bisect_right(self._firsts, row) - 1
        return self._in_order[place]

    # --- writing --------------------------------------------------------------------------------------------------

    def add(self, name: str, sha256: str, entries: Sequence[Entry], seconds: float = 0.0) -> bool:
        """Keep a package's pictures; False where the index has these very ones under this name already.

        Raises `OutputProblem` where the folder cannot be written and where the index is full.
        """
        entries = _thinned(entries)
        try:
            with _writing(self.folder):
                self.refresh()
                return self._added(name, sha256, entries, seconds)
        except OSError as err:
            if isinstance(err, OutputProblem):
                raise
            raise OutputProblem(f"{self.folder}: the index cannot be written ({err.strerror or err})") from err

    def _added(self, name: str, sha256: str, entries: Sequence[Entry], seconds: float) -> bool:
        rows = _rows(entries)
        kept = Kept(
            name, sha256, self._num_rows, tuple(one.shown for one in entries), round(seconds, 3), _checksum(rows)
        )
        before = self.packages.get(name)
        if before is not None and _same(before, kept):
            return False
        if self._num_rows + len(entries) > MOST_ROWS:
            raise OutputProblem(f"{self.folder}: the index is full ({MOST_ROWS} pictures); begin another one")
        for column in COLUMNS:
            _append_rows(self.folder, column, self._num_rows, rows[column.name])
        line = json.dumps(_plain(kept), ensure_ascii=False, separators=(",", ":")) + "\n"
        _append(self.folder / _PACKAGES, self._text_end, line.encode("utf-8", "surrogatepass"))
        self.refresh()
        return True


def open_index(folder: Path) -> Index:
    """The index in a folder, empty where none is there yet. Raises `BadSetting` for one that is not readable."""
    _refuse_others(folder)
    return Index(folder).refresh()


def standing_index(folder: Path) -> Index:
    """The same for a process that comes back to it: of what it has read only what was added since. For one thread."""
    _refuse_others(folder)
    return _standing(folder).refresh()


@cache
def _standing(folder: Path) -> Index:
    return Index(folder)


def _refuse_others(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise BadSetting(f"{folder}: an index is a folder, not a file; name another place")
    names = {one.name for one in folder.iterdir()} - {_LOCK} if folder.is_dir() else set()
    if names and not names & {_PACKAGES, *(f"{column.name}.column" for column in COLUMNS)}:
        raise BadSetting(f"{folder}: holds other files and no index; name a new folder")


# --- the files ------------------------------------------------------------------------------------------------------


def _thinned(entries: Sequence[Entry]) -> list[Entry]:
    """Not more than a package may have: covers and stills before tiles, tiles evenly."""
    first = [one for one in entries if one.shown.kind != "tile"][:MOST_OF_A_PACKAGE]
    tiles = [one for one in entries if one.shown.kind == "tile"]
    room = MOST_OF_A_PACKAGE - len(first)
    if len(tiles) > room:
        tiles = [tiles[place * len(tiles) // room] for place in range(room)]
    return [*first, *tiles]


def _rows(entries: Sequence[Entry]) -> dict[str, NDArray[Any]]:
    bits = np.array([one.signature.bits for one in entries], "<u8").reshape(-1, 4)
    return {"bits": bits, "cells": np.array([one.signature.cells for one in entries], np.uint8).reshape(-1, CELLS**2)}


def _checksum(rows: Mapping[str, NDArray[Any]]) -> int:
    return zlib.crc32(rows["cells"].tobytes(), zlib.crc32(rows["bits"].tobytes()))


def _same(one: Kept, other: Kept) -> bool:
    return (one.sha256, one.shown, one.checksum, one.seconds) == (
        other.sha256,
        other.shown,
        other.checksum,
        other.seconds,
    )


def _plain(kept: Kept) -> dict[str, Any]:
    return {**asdict(kept), "shown": [[one.product, one.kind, one.seconds] for one in kept.shown]}


def _kept(line: bytes) -> Kept | None:
    """None for a line that is damaged; those after it still count."""
    try:
        found = json.loads(line.decode("utf-8", "surrogatepass"))
        shown = tuple(Shown(str(path), kind, float(seconds)) for path, kind, seconds in found.pop("shown"))
        kept = Kept(shown=shown, **found)
        sound = isinstance(kept.first, int) and kept.first >= 0 and all(one.kind in get_args(Kind) for one in shown)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return kept if sound else None


def _lines_from(path: Path, start: int) -> tuple[list[bytes], int, bool]:
    """Whole lines from `start` on, where the last of them ends, and whether they go on from there.

    Half a line at the end was being written when a run died. Where the file is shorter than it was, or no line ends at
    `start`, it is another one: its lines come from the beginning.
    """
    if not path.is_file():
        return [], 0, start == 0
    with path.open("rb") as file:
        file.seek(max(0, start - 1))
        goes_on = start == 0 or file.read(1) == b"\n"
        if not goes_on:
            file.seek(0)
        data = file.read()
    end = data.rfind(b"\n") + 1
    return data[:end].splitlines(), end + (start if goes_on else 0), goes_on


def _mapped(folder: Path, column: Column) -> NDArray[Any]:
    """The whole rows of a column. Raises `BadSetting` for a file of another kind."""
    path = folder / f"{column.name}.column"
    size = path.stat().st_size if path.is_file() else 0
    if size < _HEAD.size:
        return np.zeros((0, column.width), column.dtype)
    with path.open("rb") as file:
        if file.read(_HEAD.size) != column.head():
            raise BadSetting(f"{path}: not a column of an index of version {VERSION}; begin another index")
    rows = (size - _HEAD.size) // column.row_bytes
    if not rows:
        return np.zeros((0, column.width), column.dtype)
    return np.memmap(path, column.dtype, "r", _HEAD.size, (rows, column.width))


def _append_rows(folder: Path, column: Column, at: int, rows: NDArray[Any]) -> None:
    path = folder / f"{column.name}.column"
    if not path.is_file() or path.stat().st_size < _HEAD.size:
        _append(path, 0, column.head())
    _append(path, _HEAD.size + at * column.row_bytes, rows.tobytes())


def _append(path: Path, at: int, data: bytes) -> None:
    """Write from `at` on, whatever stood there: nothing that counts."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
        file.truncate(max(at, 0))
        file.seek(at)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Whoever else wants to write waits."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)

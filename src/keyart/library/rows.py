"""What sources tell of videos: files, folders, globs, lists and manifests -> rows.

What is wrong with a source (it is not there, a column names no setting, a value is none) is said before the first
row; what is wrong with a video is for its own turn. Rows are streamed, a million as well as ten.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import os
import posixpath
import re
import shutil
import stat
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from keyart.errors import BadSetting, KeyartError, MissingFile
from keyart.library.folders import MAGIC, Level, Pattern, levels, split_glob
from keyart.library.manifests import LISTS, Record, of_lines
from keyart.library.names import Names, Told, clean_name, folded, mark_of, number_of, siblings_named, stem_of
from keyart.library.places import WEB, faults_of, is_address, joined, local_path, opened, shown
from keyart.library.values import Row
from keyart.recipe import SECTIONS, Recipe
from keyart.settings import Setting, parsed, settings_of

PATHS = ("path", "url", "video", "file")
"""Columns that name the video; the first of these that a row has."""
SPOKEN = {"title": "covers.text", "prompt": "review.prompt"}
"""Columns with a name of their own for a setting, where the setting has no column itself."""
_DOTTED = re.compile(r"([A-Za-z_-]+)\.([A-Za-z_-]+)")
_NO_LISTS = (".json", ".xls", ".xlsx", ".ods")
_UNKNOWN = (-1, "")
_LOG = logging.getLogger(__name__)


def rows_of(sources: Sequence[str]) -> Iterator[Row]:
    """The videos of all sources, each under a name of its own, which is the same in whatever order the sources come.

    A source is a video, a folder, a glob, a list (`.txt`, `.lst`; `-` for what comes in by the pipe) or a manifest
    (`.csv`, `.tsv`, `.jsonl`, `.parquet`), here or in a store. Lists are read twice: once to see what clashes.

    Raises `MissingFile` for a source that is not there, `BadSetting` for a manifest that cannot be meant,
    `StoreFailed`, `MissingExtra`.
    """
    read = [source_of(one) for one in sources]
    if len(read) == 1 and isinstance(read[0], Folder):
        return (one.row for one in read[0].told())  # names in one folder do not clash
    names = Names()
    names.see(one for source in read for one in source.told(look=False))
    return names.named(one for source in read for one in source.told())


# --- sources ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Single:
    """A video that is named itself."""

    text: str

    def told(self, look: bool = True) -> Iterator[Told]:
        url = self.text if is_address(self.text) else _absolute(self.text)
        way = _parts(self.text)
        known = _size_and_stamp(url) if look else _UNKNOWN
        yield Told(Row(url, clean_name([stem_of(way[-1])]), *known), clean_name(way))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, or a glob as the folder that it starts from."""

    root: str
    pattern: Pattern
    text: str

    def told(self, look: bool = True) -> Iterator[Told]:
        is_empty = True
        for level in levels(self.root, self.pattern):
            is_empty = False
            yield from self._rows(level, look)
        if is_empty and self.pattern.segments:
            raise MissingFile(f"{self.text}: no video is called like that")

    def _rows(self, level: Level, look: bool) -> Iterator[Told]:
        if not level.readable:  # its row fails when its turn comes, and the report says so
            name = clean_name(level.parts)
            yield Told(Row(self._below(level.parts), name), self._longer(name))
        names = siblings_named(level.parts, [one.name for one in level.files])
        for found, name in zip(level.files, names, strict=True):
            url = self._below((*level.parts, found.name))
            is_to_be_asked = look and not is_address(url)
            known = _size_and_stamp(url) if is_to_be_asked else (found.size_bytes, found.stamp)
            yield Told(Row(url, name, *known), self._longer(name))

    def _longer(self, name: str) -> str:
        return clean_name([*_parts(self.root)[-1:], *name.split("/")])

    def _below(self, parts: Sequence[str]) -> str:
        return joined(self.root, "/".join(parts)) if is_address(self.root) else str(Path(self.root, *parts))


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Listing:
    """A list or manifest, in a file of this machine."""

    shown: str
    file: Path
    beside: str
    """Folder or address that its relative paths start from."""
    records: Callable[[Path], Iterator[Record]]

    def told(self, look: bool = True) -> Iterator[Told]:
        for record in self.records(self.file):
            yield self._told(record, f"{self.shown}: {record.where}", look)

    def _told(self, record: Record, where: str, look: bool) -> Told:
        cells = record.cells
        columns = {name.casefold(): name for name in cells}
        path = next((columns[one] for one in PATHS if one in columns), None)
        if path is None:
            raise BadSetting(
                f"{where}: nothing names the video: a column {', '.join(PATHS)} does; "
                f"what it has: {', '.join(cells) or 'nothing'}"
            )
        settings = _settings_in(cells, where)
        used = {path, columns.get("name"), *settings.values()}
        url = self._url(cells[path])
        name, longer = self._names(cells[columns["name"]] if "name" in columns else "", url, cells[path])
        size_bytes, stamp = _size_and_stamp(url) if look else _UNKNOWN
        row = Row(
            url,
            name,
            size_bytes,
            stamp,
            settings={setting: cells[column] for setting, column in settings.items()},
            facts={fact: value for fact, value in cells.items() if fact not in used},
        )
        return Told(row, longer)

    def _names(self, given: str, url: str, text: str) -> tuple[str, str]:
        """As given; else by the way from the list, or by its own name alone where the video lies elsewhere."""
        if given:
            return (name := clean_name(given.split("/"))), name
        here = self.beside.rstrip("/") + "/"
        is_below = url.startswith(here)
        way = _parts(url.removeprefix(here) if is_below else text)
        short = way if is_below or not (is_address(text) or text.startswith("/")) else way[-1:]
        return clean_name([*short[:-1], stem_of(short[-1])]), clean_name(way)

    def _url(self, text: str) -> str:
        if is_address(text):
            return text
        path = str(local_path(text))
        if is_address(self.beside) and not path.startswith("/"):
            scheme, rest = self.beside.split("://", 1)
            return f"{scheme}://{posixpath.normpath(f'/{rest}/{path}').lstrip('/')}"
        return os.path.normpath(Path(self.beside, path))


Source = Single | Folder | Listing


def source_of(text: str) -> Source:
    """What a source is. Raises `MissingFile`, `BadSetting`, `StoreFailed`, `MissingExtra`."""
    if text == "-":
        return _once(text, lambda: _spooled(sys.stdin.buffer, "the list that came in", str(Path.cwd()), of_lines))
    return _far_source(text) if is_address(text) else _near_source(text)


def _near_source(text: str) -> Source:
    path = local_path(text)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as err:
        if MAGIC.search(text) and not isinstance(err, ValueError):
            root, pattern = split_glob(str(path))
            return Folder(_absolute(root), pattern, text)
        raise MissingFile(f"{text!r}: no such file or folder") from err
    if stat.S_ISDIR(mode):
        with faults_of(text):
            os.scandir(path).close()
        return Folder(_absolute(text), Pattern(), text)
    records = _reader(path.name)
    if stat.S_ISFIFO(mode):
        return _once(text, lambda: _spooled(path.open("rb"), text, str(Path.cwd()), records or of_lines))
    return Listing(text, path, str(Path(_absolute(text)).parent), records) if records else Single(text)


def _far_source(text: str) -> Source:
    is_web = text.startswith(WEB)
    store, path = opened(text)
    records = _reader(path.split("?")[0] if is_web else path)
    if not is_web:
        try:
            with faults_of(text):
                info = store.info(path)
        except MissingFile:
            if not MAGIC.search(text):
                raise
            return Folder(*split_glob(text), text)
        if info["type"] == "directory":
            return Folder(text, Pattern(), text)
    if records is None:
        return Single(text)
    with faults_of(text):
        return _spooled(store.open(path, "rb"), shown(text), text.rpartition("/")[0], records)


def _reader(name: str) -> Callable[[Path], Iterator[Record]] | None:
    ending = PurePosixPath(name).suffix.lower()
    if ending in _NO_LISTS:
        raise BadSetting(f"{name}: a {ending} is no video, and no list that is read; save it as {', '.join(LISTS)}")
    return LISTS.get(ending)


_came_in: dict[str, Listing] = {}
_COMING = threading.Lock()


def _once(text: str, read: Callable[[], Listing]) -> Listing:
    """What comes by a pipe comes once; whoever asks later gets the same."""
    with _COMING:
        if text not in _came_in:
            _came_in[text] = read()
        return _came_in[text]


def _spooled(stream: BinaryIO, shown: str, beside: str, records: Callable[[Path], Iterator[Record]]) -> Listing:
    """A list that is not here, or comes only once, in a file that goes with the last who reads it."""
    handle, name = tempfile.mkstemp(prefix="keyart-list-")
    with stream, os.fdopen(handle, "wb") as file:
        shutil.copyfileobj(stream, file)
    listing = Listing(shown, Path(name), beside, records)
    weakref.finalize(listing, Path(name).unlink, missing_ok=True)
    return listing


def _absolute(text: str) -> str:
    return os.path.abspath(local_path(text))  # noqa: PTH100  # Path.resolve would follow links


def _parts(text: str) -> list[str]:
    """The way to a file, part by part; of an address without the store's kind, of a web address without the query."""
    text = text.split("?")[0] if text.startswith(WEB) else text
    way = re.sub(r"^.*?://", "", text.split("::")[0] if "://" in text.split("::")[0] else text.rpartition("::")[2])
    return [part for part in way.split("/") if part not in ("", ".", "..")] or ["video"]


def _size_and_stamp(url: str) -> tuple[int, str]:
    """Of a file of this machine; one that is not there is for its own turn."""
    if not is_address(url):
        with contextlib.suppress(OSError, ValueError):
            found = os.stat(url)  # noqa: PTH116  # a million of them
            if stat.S_ISREG(found.st_mode):
                return found.st_size, f"{found.st_size}-{found.st_mtime_ns}"
    return _UNKNOWN


# --- settings of one video --------------------------------------------------------------------------------------


def _settings_in(cells: Mapping[str, str], where: str) -> dict[str, str]:
    """Setting -> the column that gives it. Raises `BadSetting` with row and column."""
    found: dict[str, str] = {}
    for column, value in cells.items():
        try:
            setting = _setting_of(column)
        except BadSetting as err:
            raise BadSetting(f"{where}, column {column}: {err}") from err
        if setting is None:
            continue
        name, field = setting
        if column.casefold() not in SPOKEN or name not in cells:
            parsed(field, value, f"{where}, column {column}")
            found[name] = column
    return found


@cache
def _setting_of(column: str) -> tuple[str, Setting] | None:
    """The setting that a column is for, if it is for one."""
    dotted = SPOKEN.get(column.casefold(), column)
    said = _DOTTED.fullmatch(dotted)
    if said is None:
        return None
    section, name = (part.replace("-", "_").lower() for part in said.groups())
    if section not in SECTIONS:
        if near := difflib.get_close_matches(section, SECTIONS, 1, 0.8):
            raise BadSetting(f"no section is called {section!r}; did you mean {near[0]}.{name}?")
        return None
    fields = {one.name: one for one in settings_of(type(getattr(Recipe(), section)))}
    if name not in fields:
        raise BadSetting(f"[{section}] has no setting {name!r}; it has: {', '.join(fields)}")
    return f"{section}.{name}", fields[name]


# --- those that come later --------------------------------------------------------------------------------------


def watched(sources: Sequence[str], every_seconds: float, stop: threading.Event) -> Iterator[Row]:
    """The videos of all sources, and then those that come, until `stop` is set.

    A file that changed less than `every_seconds` ago is taken when two looks find it the same; so is a list. What a
    later look cannot read is left for the next one. Raises what `rows_of` does, for the first look.
    """
    given: set[int] = set()
    names: set[int] = set()
    patience = _Patience(every_seconds)
    is_first = True
    while not stop.is_set():
        try:
            for row in rows_of([one for one in sources if _is_to_be_read(one, patience)]):
                key = number_of(f"{row.url}\0{sorted(row.settings.items())}")
                if key in given or not patience.is_over(row):
                    continue
                given.add(key)
                yield _renamed(row, names)
                if stop.is_set():
                    return
        except KeyartError as err:
            if is_first:
                raise
            _LOG.warning("a look at the sources failed, the next is in %g s: %s", every_seconds, err)
        is_first = False
        stop.wait(every_seconds)


def _renamed(row: Row, names: set[int]) -> Row:
    """The row under a name that none before it has."""
    if number_of(folded(row.name)) in names:
        row = replace(row, name=f"{row.name}-{mark_of(row.url)}")
    names.add(number_of(folded(row.name)))
    return row


def _is_to_be_read(source: str, patience: _Patience) -> bool:
    """Not a list that is just being written."""
    if is_address(source):
        return True
    path = local_path(source)
    return (
        path.suffix.lower() not in LISTS
        or not path.is_file()
        or patience.is_over(Row(source, "", *_size_and_stamp(source)))
    )


@dataclass(slots=True)
class _Patience:
    """Waits for files that still grow."""

    quiet_seconds: float
    before: dict[str, str] = field(default_factory=dict)
    """How those looked that are waited for."""

    def is_over(self, row: Row) -> bool:
        if is_address(row.url) and row.size_bytes < 0:
            return True  # only named; the store shows whole files
        if not is_address(row.url):
            if not row.stamp:
                return False  # named, but not there yet
            age = time.time() - int(row.stamp.rpartition("-")[2]) / 1e9
            if age > self.quiet_seconds:
                self.before.pop(row.url, None)
                return True
        look = f"{row.size_bytes} {row.stamp}"
        if self.before.get(row.url) == look:
            del self.before[row.url]
            return True
        self.before[row.url] = look
        return False

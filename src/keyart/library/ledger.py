"""What a library knows of itself, `OUT/.library/`: an append-only log, one line of JSON an event; one run at a time.

The log is the truth: what was made of which file, and what is not worth another try. An event is on the disk before
the next row is begun; a last line that a crash has torn is passed over.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import io
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from keyart.cache import key_of
from keyart.channel.memory import NAME as CHANNEL_NAME
from keyart.errors import KeyartError, OutputProblem
from keyart.leash import OverLimit
from keyart.library.lines import plain, value_of
from keyart.library.making import FOLDER
from keyart.library.places import Place, is_address, local_path
from keyart.library.values import End, Limits, Order, Result, Row
from keyart.package import LOCK, MANIFEST
from keyart.settings import CONFIG_NAME

LOG, SCRATCH = "log.jsonl", "scratch"
SCHEMA = 1
DONE: tuple[End, ...] = ("made", "degraded", "present")
"""Ends after which there is a package."""
_LISTING_SECONDS = 20.0
"""How long a folder's listing is believed: the files beside many videos of one folder are looked up in it."""
_LISTINGS = 16


def ledger_folder(output: str) -> Path:
    """Of a local output `.library` below it; of a store, in the user's data folder."""
    if is_address(output):
        return user_data_path("keyart") / "library" / key_of(output)
    return local_path(output).absolute() / FOLDER


@dataclass(frozen=True, slots=True)
class Known:
    """How a row ended last time."""

    end: End
    mark: str
    reason: str = ""
    """Of those that are not tried again."""


@dataclass(slots=True)
class Ledger:
    """An open library. Make it with `opened`."""

    folder: Path
    output: Place
    order_key: str
    limits: Limits
    run: str = ""
    known: dict[str, Known] = field(default_factory=dict)
    """By the row's name; about 300 bytes a video."""
    _log: io.BufferedWriter = field(default_factory=lambda: io.BufferedWriter(io.BytesIO()))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listings: dict[Path, _Listing] = field(default_factory=dict)

    # --- what is to be done ------------------------------------------------------------------------------------

    def mark(self, row: Row) -> str:
        """Changes when the row's file does, a file beside it, or what is to be made of it; without reading any."""
        return key_of(self.order_key, row.url, row.stamp, dict(row.settings), self._beside(row))

    def settled(self, row: Row, mark: str, *, again: bool = False) -> Result | None:
        """The result of a row that needs no work: its package is there, or another try is no use. None: it does."""
        known = self.known.get(row.name)
        if known is None or known.mark not in (mark, self._within(mark)):
            return None
        if known.end == "quarantined":
            return None if again else Result(row, "quarantined", known.reason)
        if not row.stamp or known.end not in DONE or not self._is_there(row):
            return None
        return Result(row, "present", package=self.output.at(f"{row.name}.keyart"))

    def _is_there(self, row: Row) -> bool:
        place = self.output.below(f"{row.name}.keyart")
        try:
            return place.exists(MANIFEST) and not (place.is_local and place.exists(LOCK))
        except (KeyartError, OSError):
            return False

    def _within(self, mark: str) -> str:
        """The mark of what went over these limits: larger ones are worth another try."""
        return f"{mark}/{self.limits.seconds:g}/{self.limits.memory_bytes}"

    def _beside(self, row: Row) -> list[tuple[str, int, int]]:
        if is_address(row.url) or "\0" in row.url:
            return []
        path = local_path(row.url)
        listing = self._listings.get(path.parent)
        if listing is None or time.monotonic() - listing.read_at > _LISTING_SECONDS:
            while len(self._listings) >= _LISTINGS:
                self._listings.pop(next(iter(self._listings)))
            listing = self._listings[path.parent] = _listing(path.parent)
        names = [*listing.by_start.get(path.stem, ()), CONFIG_NAME, CHANNEL_NAME]
        return [(name, *stat) for name in names if name != path.name and (stat := _stat(path.parent / name))]

    # --- what is told ------------------------------------------------------------------------------------------

    def tell(self, event: str, facts: Mapping[str, Any], *, sure: bool = False) -> None:
        """Append an event; `sure`: it is on the disk when this returns. Raises `OutputProblem`."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"event": event, "run": self.run, "at": now, **facts})
        try:
            with self._lock:
                self._log.write(line.encode() + b"\n")
                self._log.flush()
                if sure:
                    os.fsync(self._log.fileno())
        except OSError as err:
            raise OutputProblem(f"{self.folder / LOG}: cannot be written: {err.strerror}") from err

    def begin_run(self, order: Order, facts: Mapping[str, Any]) -> None:
        self.run = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
        self.tell("run", {"schema": SCHEMA, "order": plain(order), **facts}, sure=True)

    def end(self, result: Result, mark: str) -> None:
        """Book how a row has ended."""
        if result.kind == OverLimit.__name__:
            mark = self._within(mark)
        self._know(result.row.name, result.end, mark, result.reason)
        self.tell("end", {"name": result.row.name, "mark": mark, "result": plain(result)}, sure=result.end != "present")

    def _know(self, name: str, end: End, mark: str, reason: str) -> None:
        self.known[name] = Known(end, mark, reason if end == "quarantined" else "")

    # --- reading -----------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Learn how every row ended last."""
        for event in events(self.folder):
            told = event.get("result")
            if event.get("event") != "end" or not isinstance(told, dict):
                continue
            name, end = event.get("name"), told.get("end")
            if isinstance(name, str) and isinstance(end, str):
                self._know(name, end, str(event.get("mark")), str(told.get("reason", "")))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Listing:
    read_at: float
    by_start: Mapping[str, tuple[str, ...]]
    """What stands before any of a name's dots -> the names."""


def _listing(folder: Path) -> _Listing:
    found: dict[str, tuple[str, ...]] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for name in sorted(one.name for one in entries):
            for place in (number for number, letter in enumerate(name) if letter == "." and number):
                found[name[:place]] = (*found.get(name[:place], ()), name)
    return _Listing(time.monotonic(), found)


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


@contextlib.contextmanager
def opened(output: str, order_key: str, limits: Limits) -> Iterator[Ledger]:
    """The ledger of an output, for one run. Raises `OutputProblem`: it cannot be written, or another run is at work."""
    folder = ledger_folder(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as err:
        raise OutputProblem(f"{folder}: cannot be written: {err.strerror}; choose another folder with -o") from err
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise OutputProblem(f"{output}: another library run is at work there; wait for it") from err
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)  # of a run that was killed
        with _appending(folder / LOG) as log:
            ledger = Ledger(folder, Place(output), order_key, limits, _log=log)
            ledger.read()
            yield ledger
    finally:
        os.close(lock)


@contextlib.contextmanager
def _appending(path: Path) -> Iterator[io.BufferedWriter]:
    """The log, behind the end of a line."""
    try:
        log = path.open("ab+")
    except OSError as err:
        raise OutputProblem(f"{path}: cannot be written: {err.strerror}") from err
    try:
        if log.seek(0, os.SEEK_END):
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                log.write(b"\n")
        yield log  # type: ignore[misc]  # a buffer of both kinds
    finally:
        with contextlib.suppress(OSError):  # a full disk was told of when it came up
            log.close()


def events(folder: Path) -> Iterator[dict[str, Any]]:
    """Every event in the log of a ledger's folder, in order; lines that are none are passed over."""
    with contextlib.suppress(FileNotFoundError), (folder / LOG).open("rb") as log:
        for line in log:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event


def result_of(event: Mapping[str, Any]) -> Result | None:
    """What an `end` event tells; None for any other."""
    if event.get("event") != "end" or not isinstance(event.get("result"), dict):
        return None
    try:
        return value_of(event["result"], Result)
    except ValueError:
        return None

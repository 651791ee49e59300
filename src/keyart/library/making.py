"""One row of a library -> its package, or the reason why there is none. In whatever process it is called, no limits."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import resource
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart.cache import StageCache, cache_folder, code_stamp, file_sha256, key_of
from keyart.errors import BadSetting, KeyartError, MissingFile, NothingUsable, OutputProblem, UnreadableVideo
from keyart.library.near import keep
from keyart.library.places import Place, StoreFailed, at_hand, put_package
from keyart.library.standing import NOW, of_folder, sign
from keyart.library.values import End, Order, Result, Row
from keyart.models.loads import loads
from keyart.package import LOCK, MANIFEST, RUN, claim, write_whole
from keyart.progress import Progress, Silent
from keyart.settings import Given, settings_of

if TYPE_CHECKING:
    from keyart.models.licence import LicenceMode
    from keyart.recipe import Recipe

FOLDER = ".library"
"""Below the output: what a library knows of itself."""
PERMANENT = (UnreadableVideo, NothingUsable, BadSetting, MissingFile)
"""Another try at the same file with the same settings ends the same way."""
PASSING = (StoreFailed, OutputProblem)
"""Another try may go well."""
PACKAGE = "package.keyart"
"""In the scratch room: a package on its way to a store."""
DISK_FULL = "DiskFull"
"""Kind of a result after which nothing more can be made."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def make_one(row: Row, order: Order, folder: Path, attempt: int = 1, progress: Progress | None = None) -> Result:
    """Make a row's package, unless it is there already.

    `folder` is scratch room on this machine. What keyart raises on purpose, and what the system does, becomes the
    result's reason; anything else is a fault of keyart's own and is raised.
    """
    work = _Work(row, order, folder, progress or Silent(), Result(row, "failed", attempt=attempt))
    began, cpu = time.perf_counter(), _cpu_seconds()
    _forget_peak()
    try:
        with at_hand(row, folder) as video:
            work.do(video)
    except (KeyartError, OSError) as err:
        work.failed(err)
    return replace(
        work.result,
        seconds=round(time.perf_counter() - began, 3),
        cpu_seconds=round(_cpu_seconds() - cpu, 3),
        peak_bytes=_peak_bytes(),
        worker=f"{socket.gethostname()}:{os.getpid()}",
        loads=tuple(loads().items()),
    )


@dataclass(slots=True)
class _Work:
    """One row on its way; `result` is what is known of it so far."""

    row: Row
    order: Order
    folder: Path
    progress: Progress
    result: Result
    began: float = field(default_factory=time.monotonic)
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = Place(self.order.output).below(f"{self.row.name}.keyart")

    def do(self, video: Path) -> None:
        from keyart.models.licence import licensed

        _refuse_outside(self.row.name)
        sha256 = file_sha256(video)
        self.result = replace(self.result, sha256=sha256, package=self.place.address)
        with licensed(licence_of(self.order)), _alone(self.order, sha256):
            recipe = recipe_of(self.order, self.row, video)
            key = row_key(self.order, recipe, video, sha256)
            self.result = replace(self.result, key=key)
            if not self.order.fresh and is_present(self.place, key):
                self.result = replace(self.result, end="present")
            else:
                self._make(video, recipe)

    def _make(self, video: Path, recipe: Recipe) -> None:
        if self.place.is_local:
            self._save(video, recipe, self.place.path)
            return
        folder = self.folder / PACKAGE
        shutil.rmtree(folder, ignore_errors=True)
        try:
            self._save(video, recipe, folder)
            put_package(folder, self.place.address)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _save(self, video: Path, recipe: Recipe, folder: Path) -> None:
        with _unpathed(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
        if self.order.budget_seconds:
            self._within(video, recipe, folder)
        else:
            self._whole(video, recipe, folder)
        self.result = replace(of_folder(self.result, folder), warnings=keep(folder, self.order, video))

    def _whole(self, video: Path, recipe: Recipe, folder: Path) -> None:
        from keyart.journal import run_facts
        from keyart.pipeline import make

        broken_off = (folder / LOCK).exists()
        with claim(folder) as claimed:
            if broken_off:
                _clear(folder)
            package = make(video, recipe, parts=self.order.parts, progress=self.progress, cache=stage_cache(self.order))
            claimed.save(package, {**run_facts(package), "library": self._signature})

    def _within(self, video: Path, recipe: Recipe, folder: Path) -> None:
        """The best package within the budget. Whoever holds this process on a leash ends what runs over."""
        from keyart.anytime import make_within

        told = {**self._signature, "folder": str(folder), "package": self.place.address}
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / NOW, json.dumps(told).encode())
        make_within(
            video,
            self.order.budget_seconds,
            folder,
            recipe,
            parts=self.order.parts,
            progress=self.progress,
            cache=stage_cache(self.order),
            begun=self.began,
            apart=False,
        )
        sign(folder, self.result.key, self.result.sha256, self.result.attempt)

    @property
    def _signature(self) -> dict[str, Any]:
        return {"key": self.result.key, "sha256": self.result.sha256, "attempt": self.result.attempt}

    def failed(self, err: KeyartError | OSError) -> None:
        kind, end = type(err).__name__, "quarantined" if isinstance(err, PERMANENT) else "failed"
        if _is_full(err):
            kind, end = DISK_FULL, "failed"
        elif not isinstance(err, KeyartError):
            kind = StoreFailed.__name__
        reason = " ".join(str(err).split())[:1000]
        self.result = replace(self.result, end=_end(end), kind=kind, reason=reason, package="")


def _refuse_outside(name: str) -> None:
    parts = Path(name).parts
    if not parts or ".." in parts or Path(name).is_absolute() or "\0" in name or parts[0] == FOLDER:
        raise BadSetting(f"{name!r} is no name of a package below the output folder")


def _end(text: str) -> End:
    return "quarantined" if text == "quarantined" else "failed"


# --- what decides whether it is there already -------------------------------------------------------------------


def recipe_of(order: Order, row: Row | None, video: Path | None) -> Recipe:
    """The stages as they are said: by the channel, config files, environment, the library, the row; later ones win.

    Raises `BadSetting`.
    """
    from keyart.channel import find_channel
    from keyart.recipe import recipe_for

    given = [Given(section, name, value, f"--{section}-{name}") for section, name, value in order.given]
    if row is not None:
        given += [_of_row(name, value) for name, value in row.settings.items()]
    config, channel = Path(order.config) if order.config else None, find_channel(video, order.channel)
    return recipe_for(video, given, config, order.seed, order.parts, channel)


def _of_row(name: str, value: str) -> Given:
    section, dot, field_name = name.partition(".")
    if not dot:
        raise BadSetting(f"the manifest sets {name!r}; a setting is section.name, like covers.text")
    return Given(section, field_name.replace("-", "_"), value, "the manifest")


def licence_of(order: Order) -> LicenceMode:
    from keyart.models.licence import licence_mode

    return licence_mode() if order.licence not in ("any", "permissive") else order.licence  # type: ignore[return-value]


def row_key(order: Order, recipe: Recipe, video: Path, sha256: str) -> str:
    """Of all that decides what a package is: content, files beside it, settings, models at hand, code."""
    return key_of(order_key(order, recipe), sha256, video.name, _beside(video))


def order_key(order: Order, recipe: Recipe) -> str:
    """Of all of that but the video, in the order's licence mode. Raises `BadSetting`."""
    from keyart.models import CARDS, have
    from keyart.models.licence import licensed
    from keyart.recipe import sections_for

    stages = [getattr(recipe, name) for name in sections_for(order.parts)]
    named = [content_key(path) for stage in stages for path in _paths_of(stage)]
    with licensed(licence_of(order)):
        here = tuple(filter(have, CARDS))
    channel = content_key(Path(order.channel)) if order.channel else ""
    what = order.parts, order.seed, order.budget_seconds, channel
    return key_of("library", code_stamp(), stages, named, what, here)


def _beside(video: Path) -> list[tuple[str, str]]:
    """Files that carry the video's name: subtitles and the like, which decide what is said."""
    found = (one for one in video.parent.iterdir() if one.name.startswith(f"{video.stem}.") and one != video)
    return sorted((one.name, _sha256(one, *_marks(one))) for one in found if one.is_file())


def _paths_of(stage: Any) -> list[Path]:
    found = [getattr(stage, one.name) for one in settings_of(type(stage)) if one.kind is Path]
    return [path for path in found if path is not None]


def content_key(path: Path) -> str:
    """Stands for what a setting points to: a file by its content, a folder by what lies in it."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    return key_of([(str(one.relative_to(path.parent)), _sha256(one, *_marks(one))) for one in files])


def _marks(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


@lru_cache(256)
def _sha256(file: Path, _size: int, _mtime_ns: int) -> str:
    return file_sha256(file)


def is_present(place: Place, key: str) -> bool:
    """Whether a finished package of that key lies there."""
    if not place.exists(MANIFEST) or place.exists(LOCK):
        return False
    try:
        told = json.loads(place.read_bytes(RUN))
    except (KeyartError, ValueError):
        return False
    return isinstance(told, dict) and dict(told.get("library") or {}).get("key") == key


# --- saving -----------------------------------------------------------------------------------------------------


def stage_cache(order: Order) -> StageCache:
    """KEYART_CACHE where it is named; else below a local output, or the user's own."""
    place = Place(order.output)
    if os.environ.get("KEYART_CACHE") or not place.is_local:
        return StageCache(cache_folder(), fresh=order.fresh)
    return StageCache(place.path / FOLDER / "stages", fresh=order.fresh, trims_seldom=True)


def _clear(folder: Path) -> None:
    """Away with what a killed run has left: half a package, or one with files of the package before."""
    for one in folder.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        elif one.name != LOCK:
            one.unlink()


@contextlib.contextmanager
def _unpathed(folder: Path) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError) as err:
        raise OutputProblem(f"{folder}: cannot be written: part of the path is a file, not a folder") from err


@contextlib.contextmanager
def _alone(order: Order, sha256: str) -> Iterator[None]:
    """One at a time over the same content: what one makes, its twin under another name need not make again."""
    cache = stage_cache(order).folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = os.open(cache / f"{sha256[:32]}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError:  # a cache that cannot be written: nothing will be kept in it either
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        with contextlib.suppress(OSError):
            (cache / f"{sha256[:32]}.lock").unlink()
        os.close(lock)


def _is_full(err: BaseException) -> bool:
    while True:
        if isinstance(err, OSError) and err.errno in _FULL:
            return True
        if err.__cause__ is None:
            return False
        err = err.__cause__


# --- what it took -----------------------------------------------------------------------------------------------


def _cpu_seconds() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _forget_peak() -> None:
    """From now on the kernel's high-water mark is that of this video, where it lets itself be told so."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

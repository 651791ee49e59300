"""Where videos come from and packages go: a folder of this machine, or a store that fsspec opens.

A video of a store is fetched whole before it is worked on, with the small files beside it, and gone afterwards. What is
put into a store becomes a package with its last file: `package.json`.
"""

from __future__ import annotations

import contextlib
import errno
import inspect
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from keyart.errors import BadSetting, KeyartError, MissingExtra, MissingFile, OutputProblem
from keyart.library.values import Row
from keyart.package import MANIFEST, RUN, write_whole
from keyart.settings import CONFIG_NAME
from keyart.speech.sidecar import MAX_BYTES, SUFFIXES

UPLOADING = ".keyart.uploading"
"""In a store, beside a package that is being put there: the names of all that may have to go."""
BESIDE = (*SUFFIXES, ".json")
"""Endings of the small files that are fetched with a video, where their names begin as the video's does."""
PAGE = "index.html"
_WRITERS = 8
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:://|::(?=.*://))")
WEB = ("http://", "https://")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class StoreFailed(KeyartError, ConnectionError):
    """A store, or a disk, did not give or take a file this time; another try may go well."""

    __str__ = Exception.__str__  # an OSError would print the errno form


# --- addresses --------------------------------------------------------------------------------------------------


def is_address(text: str) -> bool:
    """Whether it is for fsspec to open (`s3://bucket/a.mp4`) and no path of this machine.

    >>> is_address("s3://bucket/a.mp4"), is_address("videos/a.mp4"), is_address("file:///videos/a.mp4")
    (True, False, False)
    """
    return bool(_ADDRESS.match(text)) and not text.startswith(("file://", "local://"))


def local_path(text: str) -> Path:
    """A path of this machine, written as one or as `file://`."""
    return Path(re.sub(r"^(?:file|local)://", "", text))


def joined(address: str, name: str) -> str:
    """The address of a file below that of a folder.

    >>> joined("s3://bucket/a/", "b.mp4"), joined("memory://", "b.mp4"), joined("zip://a::s3://b/c.zip", "d.mp4")
    ('s3://bucket/a/b.mp4', 'memory://b.mp4', 'zip://a/d.mp4::s3://b/c.zip')
    """
    links = address.split("::")
    at = next((place for place, link in enumerate(links) if "://" in link), 0)
    folder = links[at] if links[at].endswith("://") else links[at].rstrip("/") + "/"
    return "::".join((*links[:at], folder + name, *links[at + 1 :]))


def shown(address: str) -> str:
    """The address without what only its owner may know, a password in it, a signature behind it; in one line.

    >>> shown("sftp://ann:secret@host/a.mp4"), shown("https://host/a.mp4?X-Amz-Signature=3f")
    ('sftp://ann@host/a.mp4', 'https://host/a.mp4?...')
    """
    address = "".join(one if one.isprintable() else repr(one)[1:-1] for one in address)
    address = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://[^/@:]*):[^/@]*@", r"\1@", address)
    return re.sub(r"\?.*", "?...", address) if address.startswith(WEB) else address


def opened(address: str) -> tuple[Any, str]:
    """The store of an address, as fsspec has it, and the path within.

    Raises `MissingExtra` without the extra that it needs, `BadSetting` for a kind of store that nobody knows.
    """
    try:
        import fsspec
    except ImportError as err:
        raise MissingExtra("fsspec", extra="library") from err
    try:
        store, path = fsspec.core.url_to_fs(address)
    except ImportError as err:
        if address.startswith(("s3://", "s3a://")):
            raise MissingExtra("s3fs", extra="s3") from err
        raise BadSetting(f"{shown(address)}: {err}") from err
    except ValueError as err:
        raise BadSetting(f"{shown(address)}: no store that can be opened: {err}") from err
    return store, str(path)


@contextlib.contextmanager
def faults_of(address: str) -> Iterator[None]:
    """What goes wrong at a place, as errors of ours: `MissingFile`, `OutputProblem` (full), else `StoreFailed`."""
    try:
        yield
    except (KeyartError, MemoryError):
        raise
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as err:
        raise MissingFile(f"{shown(address)}: no such file") from err
    except Exception as err:  # every store has errors of its own, of no common kind
        if isinstance(err, OSError) and err.errno in _FULL:
            raise OutputProblem(f"{shown(address)}: cannot be kept: {err.strerror}") from err
        raise StoreFailed(f"{shown(address)}: {_one_line(err)}") from err


@contextlib.contextmanager
def _writing(address: str) -> Iterator[None]:
    """The same for what is written: a folder of this machine that takes nothing is an `OutputProblem`, and so is a
    store without the bucket."""
    try:
        with faults_of(address):
            yield
    except (MissingFile, StoreFailed) as err:
        if isinstance(err, MissingFile) or not is_address(address):
            why = _one_line(err.__cause__ or err)
            raise OutputProblem(f"{shown(address)}: cannot be written: {why}") from err
        raise


def _one_line(err: BaseException) -> str:
    if isinstance(err, OSError) and err.strerror:
        return err.strerror
    text = " ".join(str(err).split())
    return f"{type(err).__name__}: {text}"[:300] if text else type(err).__name__


# --- a folder, here or there ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of this machine or of a store, and the files in it. Its errors: see `faults_of`."""

    address: str

    @property
    def is_local(self) -> bool:
        return not is_address(self.address)

    @property
    def path(self) -> Path:
        """Of a place on this machine."""
        return local_path(self.address)

    def at(self, name: str) -> str:
        """Where a file of this place lies: `at("a.keyart/package.json")`."""
        return str(self.path / name) if self.is_local else joined(self.address, name)

    def below(self, name: str) -> Place:
        return Place(self.at(name))

    def read_bytes(self, name: str) -> bytes:
        """Raises `MissingFile`, `StoreFailed`."""
        with faults_of(self.at(name)):
            if self.is_local:
                return (self.path / name).read_bytes()
            store, path = opened(self.at(name))
            return bytes(store.cat_file(path))

    def write_bytes(self, name: str, data: bytes) -> None:
        """The file is seen whole or not at all; folders are made. Raises `OutputProblem`, `StoreFailed`."""
        with _writing(self.at(name)):
            if self.is_local:
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                write_whole(self.path / name, data)
                return
            store, path = opened(self.at(name))
            store.pipe_file(path, data)

    def put_file(self, file: Path, name: str) -> None:
        """Like `write_bytes`, from a file that may be too large to be held."""
        with _writing(self.at(name)):
            if self.is_local:
                partial = (self.path / name).with_name(f".{Path(name).name}.partial")
                partial.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, partial)
                partial.replace(self.path / name)
                return
            store, path = opened(self.at(name))
            store.put_file(str(file), path)

    def exists(self, name: str) -> bool:
        with faults_of(self.at(name)):
            if self.is_local:
                return (self.path / name).is_file()
            store, path = opened(self.at(name))
            store.invalidate_cache(store._parent(path))
            try:
                return bool(store.info(path)["type"] == "file")
            except FileNotFoundError:
                return False

    def names(self) -> list[str]:
        """Of all files here and in the folders below, sorted; none where there is no such folder."""
        with faults_of(self.address):
            if self.is_local:
                found = [one for one in self.path.rglob("*") if one.is_file()]
                return sorted(one.relative_to(self.path).as_posix() for one in found)
            store, path = opened(self.address)
            store.invalidate_cache()
            try:
                found = store.find(path)
            except FileNotFoundError:
                return []
            root = store._strip_protocol(path).rstrip("/")
            return sorted(one.removeprefix(root).lstrip("/") for one in found)

    def remove(self, name: str) -> None:
        """Nothing happens where there is no such file."""
        with faults_of(self.at(name)), contextlib.suppress(FileNotFoundError):
            if self.is_local:
                (self.path / name).unlink()
            else:
                store, path = opened(self.at(name))
                store.rm_file(path)


# --- a video at hand --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def at_hand(row: Row, folder: Path) -> Iterator[Path]:
    """A file of this machine with the video: its own path, or for the time being one below `folder`.

    With a fetched one lie its subtitles, its `.json` and the `keyart.toml` of its folder. Raises `MissingFile` where
    it is not there, `StoreFailed` where another try may go well, `OutputProblem` where `folder` cannot take it.
    """
    if not is_address(row.url):
        yield _local_video(row.url)
        return
    with _writing(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        there = Path(tempfile.mkdtemp(prefix="at-hand-", dir=folder))
    try:
        video = _fetched(row.url, there)
        with _told_of(row.url, video):
            yield video
    finally:
        shutil.rmtree(there, ignore_errors=True)


@contextlib.contextmanager
def _told_of(url: str, video: Path) -> Iterator[None]:
    """What is said of a fetched file is said of its address: nobody knows the other, and it is gone."""
    try:
        yield
    except KeyartError as err:
        err.args = tuple(one.replace(str(video), shown(url)) if isinstance(one, str) else one for one in err.args)
        raise


def _local_video(url: str) -> Path:
    path = local_path(url)
    with faults_of(url):
        if not path.is_file():
            raise MissingFile(f"{shown(url)}: {_what_else(path)}")
        path.open("rb").close()
    return path


def _what_else(path: Path) -> str:
    if not path.is_dir():
        return "no such file"
    return "a folder, no video" if os.access(path, os.R_OK | os.X_OK) else "a folder that may not be read"


def _fetched(url: str, folder: Path) -> Path:
    store, path = opened(url)
    video = folder / _file_name(url, path)
    with faults_of(url):
        info = store.info(path)
        if info.get("type") == "directory":
            raise MissingFile(f"{shown(url)}: a folder, no video")
        store.get_file(path, str(video))
        size = info.get("size")
        if size is not None and video.stat().st_size != size:
            raise StoreFailed(f"{shown(url)}: {video.stat().st_size} of {size} bytes came")
        for beside in _beside(store, path, url):
            store.get_file(beside, str(folder / PurePosixPath(beside).name))
    return video


def _file_name(url: str, path: str) -> str:
    """The video's own name, which its subtitles and its package know it by."""
    name = path.split("?")[0] if url.startswith(WEB) else path
    name = PurePosixPath(name).name.replace("\0", "_")
    return name if name not in ("", ".", "..") else "video"


def _beside(store: Any, path: str, url: str) -> list[str]:
    """The small files that go with a video. A web server does not tell what it has."""
    if url.startswith(WEB):
        return []
    parent, stem = store._parent(path), PurePosixPath(path).stem
    found: set[str] = set()
    with contextlib.suppress(PermissionError):  # a store may let its files be read and not be listed
        found |= {
            one["name"]
            for one in _starting(store, parent, f"{stem}.")
            if one["type"] == "file" and (one["size"] or 0) <= MAX_BYTES and _goes_with(one["name"], path, stem)
        }
    with contextlib.suppress(FileNotFoundError, PermissionError):
        config = f"{parent}/{CONFIG_NAME}"
        found |= {config} if store.info(config)["type"] == "file" else set()
    return sorted(found)


def _goes_with(name: str, path: str, stem: str) -> bool:
    file = PurePosixPath(name)
    beside = file.parent == PurePosixPath(path).parent and name.strip("/") != path.strip("/")
    return beside and file.suffix.lower() in BESIDE and file.name.startswith(f"{stem}.")


def _starting(store: Any, folder: str, start: str) -> list[dict[str, Any]]:
    """What the store has in a folder under names that begin so; asked for by that, where a store can be."""
    find = getattr(store, "_find", store.find)
    if "prefix" in inspect.signature(find).parameters:
        return list(store.find(folder, prefix=start, detail=True).values())
    return list(store.ls(folder, detail=True))


# --- a package in a store ---------------------------------------------------------------------------------------


def put_package(folder: Path, address: str) -> None:
    """Put the package of a local folder to an address; `package.json` goes first and comes last.

    What an earlier package, or an upload that was cut off, left there and this one does not have is removed. Raises
    `OutputProblem` where something else lies there or a package of more parts, `StoreFailed`.
    """
    place, new = Place(address), Place(str(folder)).names()
    there = set(place.names())
    earlier = _read_json(place, MANIFEST) if MANIFEST in there else {}
    _refuse_to_lose(place, there, earlier, _read_json(Place(str(folder)), MANIFEST))
    products = [one.get("path") for one in earlier.get("products", ()) if isinstance(one, dict)]
    uploading = _read_json(place, UPLOADING) if UPLOADING in there else {}
    leftover = there & {*products, *uploading, RUN, PAGE}
    place.write_bytes(UPLOADING, json.dumps(dict.fromkeys(sorted({*leftover, *new}), 1)).encode())
    place.remove(MANIFEST)
    _together(lambda name: place.put_file(folder / name, name), [name for name in new if name != MANIFEST])
    _together(place.remove, sorted(leftover.difference(new)))
    place.put_file(folder / MANIFEST, MANIFEST)
    place.remove(UPLOADING)


def _refuse_to_lose(place: Place, there: set[str], earlier: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    if there and not there & {MANIFEST, UPLOADING}:
        raise OutputProblem(f"{shown(place.address)}: holds other files and no keyart package; choose another place")
    if more := set(earlier.get("parts", ())) - set(new.get("parts", ())):
        raise OutputProblem(
            f"{shown(place.address)}: holds a package with {', '.join(sorted(more))} too; choose another place"
        )


def _read_json(place: Place, name: str) -> dict[str, Any]:
    """Nothing, where it cannot be read as what we write."""
    try:
        found = json.loads(place.read_bytes(name))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _together(work: Callable[[str], None], names: Sequence[str]) -> None:
    with ThreadPoolExecutor(_WRITERS) as writers:
        list(writers.map(work, names))

"""Work once: the outcome of a stage, kept under a key of everything that went into it.

An entry is one uncompressed zip: `value.json` and the arrays and byte strings it points to. It appears whole (temporary
name, then rename), so a killed run leaves finished stages behind and nothing else. No pickle: a value comes back only
through the types that made it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar, get_origin

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


def cache_folder() -> Path:
    """KEYART_CACHE, or `stages` in the user's cache folder."""
    named = os.environ.get("KEYART_CACHE")
    return Path(named) if named else user_cache_path("keyart") / "stages"


def key_of(*parts: object) -> str:
    """A key that changes when any part does: settings, versions, the keys of what the stage was given."""
    return hashlib.sha256(json.dumps([_plain(part) for part in parts], sort_keys=True).encode()).hexdigest()[:32]


def file_sha256(path: Path) -> str:
    """Stands for a file's content, wherever it lies."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def code_stamp() -> str:
    """Changes with any file of the package: what other code has made is not what this code would make."""
    marks = sorted(_marks(Path(__file__).parent))
    return hashlib.sha256(repr(marks).encode()).hexdigest()[:16]


def _marks(folder: str | Path) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of change of every file; `scandir`, as `rglob` takes a hundredth of a second over ours."""
    with os.scandir(folder) as entries:
        for one in entries:
            if not one.is_dir():
                stat = one.stat()
                yield one.name, stat.st_size, stat.st_mtime_ns
            elif one.name != "__pycache__":
                yield from _marks(one.path)


def _plain(part: object) -> object:
    if is_dataclass(part) and not isinstance(part, type):
        return {type(part).__name__: {field.name: _plain(getattr(part, field.name)) for field in fields(part)}}
    if isinstance(part, Mapping):
        return {str(key): _plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_plain(item) for item in part]
    if isinstance(part, PurePath | Fraction):
        return str(part)
    return part


@dataclass(frozen=True, slots=True)
class StageCache:
    """Entries in one folder, the least recently used removed when all of them weigh more than `max_bytes`."""

    folder: Path
    max_bytes: int = 2_000_000_000
    fresh: bool = False
    """Keep what is made, but use nothing that an earlier run has kept."""
    trims_seldom: bool = False
    """Weigh the folder after about every sixteenth entry: it may hold very many, and others add to it too."""

    def get(self, key: str, kind: type[T]) -> T | None:
        """The value kept under the key, or None; an entry that cannot be read is dropped."""
        path = self._path(key)
        if self.fresh:
            return None
        try:
            with zipfile.ZipFile(path) as archive:
                value = _unpack(archive, kind)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, ExceptionGroup):
            path.unlink(missing_ok=True)
            return None
        return value

    def put(self, key: str, value: object, kind: Any) -> None:
        """Keep the value. A full or read-only cache never stops the run: the value is then simply not kept."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.folder, suffix=".partial")
            try:
                with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
                    _pack(archive, value, kind)
                Path(name).replace(self._path(key))
            finally:
                Path(name).unlink(missing_ok=True)
            if not self.trims_seldom or key.startswith("0"):
                self._trim()

    def warm_up(self, kind: Any) -> None:
        """Load what `put` will need: worth doing beside the work whose outcome is to be kept."""
        _converter().get_unstructure_hook(kind)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.stage"

    def _trim(self) -> None:
        entries = sorted(self._entries(), key=lambda pair: pair[0].st_mtime_ns)
        excess = sum(stat.st_size for stat, _ in entries) - self.max_bytes
        for stat, path in entries:
            if excess <= 0:
                break
            Path(path).unlink(missing_ok=True)
            excess -= stat.st_size

    def _entries(self) -> Iterator[tuple[os.stat_result, str]]:
        with os.scandir(self.folder) as found:
            for one in found:
                with contextlib.suppress(FileNotFoundError):  # another process trims as well
                    if one.name.endswith(".stage"):
                        yield one.stat(), one.path


def _pack(archive: zipfile.ZipFile, value: object, kind: Any) -> None:
    blobs: list[tuple[str, NDArray[Any] | bytes]] = []
    plain = _lift(_converter().unstructure(value, unstructure_as=kind), blobs)
    archive.writestr("value.json", json.dumps(plain))
    for name, blob in blobs:
        with archive.open(name, "w", force_zip64=True) as entry:
            if isinstance(blob, bytes):
                entry.write(blob)
            else:
                np.lib.format.write_array(entry, np.ascontiguousarray(blob), allow_pickle=False)


def _unpack(archive: zipfile.ZipFile, kind: type[T]) -> T:
    return _converter().structure(_lower(json.loads(archive.read("value.json")), archive), kind)


def _lift(value: Any, blobs: list[tuple[str, NDArray[Any] | bytes]]) -> Any:
    """The value with its arrays and bytes moved out into `blobs`."""
    if isinstance(value, np.ndarray | bytes):
        blobs.append((f"{len(blobs)}.{'bin' if isinstance(value, bytes) else 'npy'}", value))
        return {_BLOB: blobs[-1][0]}
    if isinstance(value, Mapping):
        return {key: _lift(item, blobs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_lift(item, blobs) for item in value]
    return value


def _lower(value: Any, archive: zipfile.ZipFile) -> Any:
    if isinstance(value, dict) and _BLOB in value:
        name = value[_BLOB]
        data = archive.read(name)
        return np.load(io.BytesIO(data), allow_pickle=False) if name.endswith(".npy") else data
    if isinstance(value, dict):
        return {key: _lower(item, archive) for key, item in value.items()}
    if isinstance(value, list):
        return [_lower(item, archive) for item in value]
    return value


_BLOB = "$blob"


def _is_array(kind: Any) -> bool:
    return kind is np.ndarray or get_origin(kind) is np.ndarray


@cache
def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter()
    converter.register_unstructure_hook_func(_is_array, lambda array: array)
    converter.register_structure_hook_func(_is_array, lambda array, _: array)
    converter.register_unstructure_hook(bytes, lambda data: data)
    converter.register_structure_hook(bytes, lambda data, _: data)
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda text, _: Path(text))
    converter.register_unstructure_hook(Fraction, str)
    converter.register_structure_hook(Fraction, lambda text, _: Fraction(text))
    return converter

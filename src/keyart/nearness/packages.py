"""A package -> the pictures that are kept of it, and which older covers its own are nearly the same as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keyart.errors import BadSetting, OutputProblem
from keyart.nearness.index import Entry, Index, Kept, Kind, Match, Shown
from keyart.nearness.signature import Signature, signature_of
from keyart.package import Package, manifest, read_manifest
from keyart.types import RGB, Box

_MOST_STILLS, _MOST_TILES = 60, 200
_LARGEST_PX = 100_000_000
_ROOM = 0.02
"""Of the longer side, around a cover's headline: its shadow and its plate are no picture either."""
_CUE = re.compile(r"^([\d:.]+) --> [\d:.]+\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$", re.MULTILINE)
_KINDS: dict[str, Kind] = {"cover": "cover", "still": "still"}

Read = Callable[[str], bytes]
"""Path of a product -> its bytes, empty where it is not there."""


@dataclass(frozen=True, slots=True)
class NearCover:
    """Covers of a package that are nearly the same as covers of an older one."""

    cover: str
    """The likest of them, a path in the package."""
    older: str
    """Name of the older package."""
    older_cover: str
    likeness: float
    """0 ... 1."""
    covers: int = 1
    """How many of the package's covers are nearly the same as one of the older package's."""
    same_video: bool = False
    """The older package is of the very same file."""

    def __str__(self) -> str:
        more = f" (and {self.covers - 1} more)" if self.covers > 1 else ""
        why = ", which is of the same video file" if self.same_video else ""
        return (
            f"{self.cover}{more} is nearly the same as {self.older_cover} of {self.older}{why}:"
            f" likeness {self.likeness:.2f}"
        )


def entries_of(package: Path | Package) -> list[Entry]:
    """The pictures of a package that an index keeps: covers, ranked stills, tiles of the storyboard.

    Products that are missing or damaged are passed over. Raises `MissingFile`, `BadSetting` for a folder that holds no
    package.
    """
    found, read = _manifest(package)
    return _entries(found, read, ("cover", "still", "tile"))


def add_package(package: Path | Package, index: Index, name: str = "") -> bool:
    """Keep a package's pictures in the index; False where they are there already.

    `name` is what the package is called there; empty takes the folder's place as seen from the index.
    """
    found, read = _manifest(package)
    entries = _entries(found, read, ("cover", "still", "tile"))
    seconds = float(found["source"].get("video", {}).get("duration", 0.0))
    return index.add(name or name_in(package, index), str(found["source"]["sha256"]), entries, seconds)


def name_in(package: Path | Package, index: Index) -> str:
    """The folder's path from the folder that the index lies in where it is below that, else its whole path."""
    folder = package.folder if isinstance(package, Package) else package
    if folder is None:
        raise OutputProblem("a package that is not saved has no name in an index; give it one")
    folder, beside = folder.absolute(), index.folder.absolute().parent
    return folder.relative_to(beside).as_posix() if folder.is_relative_to(beside) else folder.as_posix()


def warnings_for(package: Path | Package, index: Index, name: str = "") -> tuple[NearCover, ...]:
    """What to say of a package's covers before it is added: one warning for each older package, the likest first."""
    found, read = _manifest(package)
    own = name or name_in(package, index)
    covers = [(one.shown, one.signature) for one in _entries(found, read, ("cover",))]
    return _told(covers, str(found["source"]["sha256"]), index, lambda one: one.name != own)


def warnings_in_order(index: Index, names: Sequence[str]) -> Iterator[tuple[str, tuple[NearCover, ...]]]:
    """The warnings of many packages of an index, each against those before it in `names`: the same whatever the order
    they were added in. Packages with nothing to say are left out."""
    seen: set[str] = set()
    for name in names:
        kept = index.packages.get(name)
        if kept is None or name in seen:
            continue
        bits, cells = index.signatures(kept)
        rows = zip(kept.shown, bits, cells, strict=True)
        covers = [(shown, Signature(b, c)) for shown, b, c in rows if shown.kind == "cover"]
        if told := _told(covers, kept.sha256, index, lambda one: one.name in seen):
            yield name, told
        seen.add(name)


def _told(
    covers: Sequence[tuple[Shown, Signature]], sha256: str, index: Index, counts: Callable[[Kept], bool]
) -> tuple[NearCover, ...]:
    best: dict[str, list[tuple[Shown, Match]]] = {}
    for shown, signature in covers:
        met: set[str] = set()
        for match in index.near(signature, kinds=("cover",), of=counts, most=200):
            if match.package.name not in met:  # likest first: the others of this package say no more
                met.add(match.package.name)
                best.setdefault(match.package.name, []).append((shown, match))
    warnings = []
    for older, pairs in best.items():
        shown, match = max(pairs, key=lambda pair: pair[1].likeness)
        same = match.package.sha256 == sha256
        warnings.append(NearCover(shown.product, older, match.shown.product, match.likeness, len(pairs), same))
    return tuple(sorted(warnings, key=lambda one: (-one.likeness, one.older)))


# --- the pictures of a package --------------------------------------------------------------------------------------


def _manifest(package: Path | Package) -> tuple[Mapping[str, Any], Read]:
    if isinstance(package, Package):
        held = {one.path: one.data for one in package.products}
        return manifest(package), lambda path: held.get(path, b"")
    folder = package.resolve()
    found = read_manifest(package)
    if not isinstance(found.get("source"), dict) or "sha256" not in found["source"]:
        raise BadSetting(f"{package}: its package.json says nothing of the video")

    def read(path: str) -> bytes:
        file = (folder / path).resolve()
        return file.read_bytes() if file.is_relative_to(folder) and file.is_file() else b""

    return found, read


def _entries(found: Mapping[str, Any], read: Read, kinds: Sequence[Kind]) -> list[Entry]:
    try:
        return [
            Entry(shown, made)
            for shown, image, hidden in _pictures(found, read, kinds)
            if (made := signature_of(image, hidden)) is not None
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise BadSetting(f"a package.json that is not as keyart writes it ({type(err).__name__}: {err})") from err


def _pictures(
    found: Mapping[str, Any], read: Read, kinds: Sequence[Kind]
) -> Iterator[tuple[Shown, RGB, tuple[Box, ...]]]:
    stills = 0
    for product in found["products"]:
        kind = _KINDS.get(product["kind"])
        if kind not in kinds or kind is None or (kind == "still" and stills >= _MOST_STILLS):
            continue
        stills += kind == "still"
        image = _decoded(read(product["path"]))
        if image is not None:
            seconds = float(product["receipt"].get("seconds", 0.0))
            yield (Shown(product["path"], kind, seconds), *shown_part(image, product["receipt"]))
    if "tile" in kinds:
        yield from _tiles(found, read)


def shown_part(image: RGB, receipt: Mapping[str, Any]) -> tuple[RGB, tuple[Box, ...]]:
    """What of a cover is a picture of the video, and where in it the headline stands, as its receipt says; the covers
    of a channel share everything else. All of a picture without such a receipt."""
    if "text_box" not in receipt or "picture_box" not in receipt:
        return image, ()
    x, y, width, height = receipt["picture_box"]
    left, top = min(max(0, x), image.shape[1] - 1), min(max(0, y), image.shape[0] - 1)
    part = image[top : max(top + 1, y + height), left : max(left + 1, x + width)]
    room = _ROOM * max(image.shape[:2])
    tx, ty, wide, tall = receipt["text_box"]
    return part, (Box(tx - left - room, ty - top - room, wide + 2 * room, tall + 2 * room),)


def _tiles(found: Mapping[str, Any], read: Read) -> Iterator[tuple[Shown, RGB, tuple[Box, ...]]]:
    cues = next((one["path"] for one in found["products"] if one["path"].endswith("storyboard.vtt")), "")
    places = _CUE.findall(read(cues).decode("utf-8", "replace")) if cues else []
    places = places[:: 1 + (len(places) - 1) // _MOST_TILES] if places else []
    sheets: dict[str, RGB | None] = {}
    for start, sheet, *box in places:
        path = f"{cues.rpartition('/')[0]}/{sheet}"
        if path not in sheets:
            sheets = {path: _decoded(read(path))}  # they come in order: one sheet stands in memory
        image = sheets[path]
        x, y, width, height = map(int, box)
        if image is not None and 0 < height <= image.shape[0] - y and 0 < width <= image.shape[1] - x:
            yield Shown(path, "tile", _seconds(start)), image[y : y + height, x : x + width], ()


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.split(":"):
        total = 60 * total + float(part)
    return round(total, 3)


def _decoded(data: bytes) -> RGB | None:
    """None for what is no picture, or a bigger one than any of keyart's."""
    if not data or not 0 < _pixels(data) <= _LARGEST_PX:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if image is None else np.ascontiguousarray(image[:, :, ::-1])


def _pixels(data: bytes) -> int:
    """As the file's head says."""
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as head:
            return head.width * head.height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0

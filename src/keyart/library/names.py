"""What a package is called: names that stay inside the output folder, one for every video of a library."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from keyart.library.values import Row

VIDEOS = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".ivf", ".m2p", ".m2ts", ".m2v", ".m4v", ".mkv",
    ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob",
    ".webm", ".wmv", ".y4m",
})  # fmt: skip
"""Endings by which a video is known in a folder; a file that is named itself is taken whatever it ends in."""
PACKAGE = ".keyart"
_MAX_PART_BYTES = 200
_MAX_NAME_BYTES = 700
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Told:
    """A row as its source tells of it: whether its name is its own is known when all have been seen."""

    row: Row
    longer: str
    """Its name where the row's is another's too: with more of the way to the video."""

    @property
    def identity(self) -> str:
        """Rows that agree in it are one row, told twice."""
        row = self.row
        return f"{row.url}\0{row.name}\0{sorted(row.settings.items()) if row.settings else ''}"


def stem_of(file_name: str) -> str:
    """The name without its ending, where it is one.

    >>> stem_of("talk.ru.mp4"), stem_of("Film 2.0"), stem_of("clip")
    ('talk.ru', 'Film 2.0', 'clip')
    """
    stem, dot, ending = file_name.rpartition(".")
    return stem if stem and _ENDING.fullmatch(dot + ending) else file_name


def clean_name(parts: Iterable[str]) -> str:
    """A way below a folder that stays below it: nothing hidden, nothing unprintable, nothing too long.

    A part that had to be changed bears a mark of what it was, so two that differed still do.

    >>> clean_name(["..", "..", "etc", "passwd"]), clean_name(["season 1", "Фильм.keyart"])
    ('etc/passwd', 'season 1/Фильм')
    """
    found = [_clean_part(part) for part in parts if part.strip() not in ("", ".", "..")]
    name = "/".join(found) or "video"
    if len(name.encode()) <= _MAX_NAME_BYTES:
        return name
    return f"{found[0]}/{mark_of(name)}/{found[-1]}"


def _clean_part(part: str) -> str:
    while part.lower().endswith(PACKAGE) and part.lower() != PACKAGE:
        part = part[: -len(PACKAGE)]
    shown = part
    if "\\" in part or not part.isprintable():
        shown = "".join("_" if one == "\\" or unicodedata.category(one)[0] == "C" else one for one in part)
    shown = shown.strip().rstrip(".")
    shown = "_" + shown[1:] if shown.startswith(".") else shown
    if len(shown.encode()) > _MAX_PART_BYTES:
        shown = shown.encode()[: _MAX_PART_BYTES - 20].decode(errors="ignore")
    return shown if shown == part else f"{shown or 'video'}-{mark_of(part)}"


def mark_of(text: str) -> str:
    """Eight characters that stand for a text."""
    return hashlib.sha256(_bytes(text)).hexdigest()[:8]


def siblings_named(folder: Sequence[str], files: Sequence[str]) -> list[str]:
    """Names for the videos of one folder: without their endings, but for those that differ in nothing else.

    >>> siblings_named(["s1"], ["a.mp4", "b.mp4", "b.mov"])
    ['s1/a', 's1/b.mp4', 's1/b.mov']
    """
    names = [clean_name([*folder, stem_of(file)]) for file in files]
    often = Counter(map(folded, names))
    names = [
        clean_name([*folder, file]) if often[folded(name)] > 1 else name
        for name, file in zip(names, files, strict=True)
    ]
    often = Counter(map(folded, names))
    return [
        f"{name}-{mark_of(file)}" if often[folded(name)] > 1 else name for name, file in zip(names, files, strict=True)
    ]


class Names:
    """Gives every row of many sources a name of its own, the same in whatever order the rows come.

    It has to see all rows once before the first is named, and holds 24 bytes of each: `see`, then `named`.
    """

    def __init__(self) -> None:
        self._clashing: set[int] = set()
        self._taken: set[int] = set()
        self._told_twice: set[int] = set()

    def see(self, told: Iterable[Told]) -> None:
        seen = array("Q"), array("Q"), array("Q")
        for one in told:
            for column, text in zip(seen, _keys(one), strict=True):
                column.append(number_of(text))
        short, longer, identity = (np.array(column, np.uint64) for column in seen)
        self._told_twice = set(_repeated(identity).tolist())
        first = np.unique(identity, return_index=True)[1]  # a row told twice is one row
        short, longer = short[first], longer[first]
        clashing = _repeated(short)
        wanted = longer[np.isin(short, clashing)]
        self._clashing = set(clashing.tolist())
        self._taken = {*_repeated(wanted).tolist(), *np.intersect1d(wanted, short).tolist()}

    def named(self, told: Iterable[Told]) -> Iterator[Row]:
        """The rows of the same sources again, each once, under names of their own."""
        gone: set[int] = set()
        for one in told:
            short, longer, identity = map(number_of, _keys(one))
            if identity in gone:
                continue
            if identity in self._told_twice:
                gone.add(identity)
            if short not in self._clashing:
                yield one.row
            else:
                mark = f"-{mark_of(one.identity)}" if longer in self._taken else ""
                yield replace(one.row, name=one.longer + mark)


def _keys(told: Told) -> tuple[str, str, str]:
    return folded(told.row.name), folded(told.longer), told.identity


def folded(name: str) -> str:
    """Names that some file system takes for the same agree in it."""
    return unicodedata.normalize("NFC", name.casefold())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def number_of(text: str) -> int:
    """64 bits that stand for a text."""
    return int.from_bytes(hashlib.blake2b(_bytes(text), digest_size=8).digest())


def _repeated(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values, counts = np.unique(numbers, return_counts=True)
    return values[counts > 1]

"""News with headlines, read from the files that their publishers give out.

Lenta (`lenta-ru-news.csv`), RIA (`ria.json`, one JSON object a line), Gazeta (`gazeta_train.jsonl`): all of them call
the two columns `title` and `text`. Files may be packed with gzip, bzip2 or xz.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import html
import json
import lzma
import random
import re
import statistics
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

from keyart.cache import file_sha256
from keyart.errors import KeyartError, MissingFile

T = TypeVar("T")
MAX_BROKEN_SHARE = 0.5
_BROKEN_LOOK = 1000
"""After so many rows a file with more broken rows than good ones is given up."""


class BadData(KeyartError, ValueError):
    """A data set cannot be read as what it was said to be, or holds too little."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and its headline, tags and entities of HTML taken out."""

    text: str
    title: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    pairs: tuple[Pair, ...]
    skipped: int
    """Rows without a title or a text."""
    repeated: int
    """Rows that came before: left in, they would stand on both sides of a split."""
    sha256: str
    """Of the file as it lies there."""


def read_pairs(path: Path, topics: Iterable[str] = (), limit: int = 0) -> Corpus:
    """The pairs of a file in its order; those of `topics` alone where any are given, `limit` at most (0: all).

    Raises `MissingFile`, and `BadData` with the line that is wrong.
    """
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    wanted, skipped, repeated = frozenset(topics), 0, 0
    kept: dict[tuple[str, str], Pair] = {}
    with closing(_rows(path)) as rows:
        for number, row in enumerate(rows, 1):
            pair = Pair(plain_text(row.get("text")), plain_text(row.get("title")), str(row.get("topic") or "").strip())
            if not pair.text or not pair.title:
                skipped += 1
            elif (pair.title, pair.text) in kept:
                repeated += 1
            elif not wanted or pair.topic in wanted:
                kept[pair.title, pair.text] = pair
            if number >= _BROKEN_LOOK and skipped > MAX_BROKEN_SHARE * number:
                raise BadData(f"{path}: {skipped} of {number} rows have no title or no text")
            if limit and len(kept) >= limit:
                break
    if not kept:
        raise BadData(f"{path}: no row has a title and a text{_of_topics(wanted)}; {skipped} rows lack one")
    return Corpus(tuple(kept.values()), skipped, repeated, file_sha256(path))


def _of_topics(topics: frozenset[str]) -> str:
    return f" and is of the topics {', '.join(sorted(topics))}" if topics else ""


def plain_text(value: Any) -> str:
    """One line without tags and entities; nothing for what is no text."""
    if not isinstance(value, str):
        return ""
    bare = html.unescape(re.sub(r"<[^<>]{1,200}>", " ", value))
    return re.sub(r"\s+", " ", bare.replace("\N{SOFT HYPHEN}", "")).strip()


# --- files --------------------------------------------------------------------------------------------------------

_OPENERS: dict[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def _rows(path: Path) -> Generator[dict[str, Any]]:
    name = path.name.removesuffix(path.suffix) if path.suffix in _OPENERS else path.name
    readers = {".csv": _csv_rows, ".jsonl": _json_rows, ".json": _json_rows}
    reader = readers.get(Path(name).suffix.lower())
    if reader is None:
        allowed = ", ".join(readers)
        raise BadData(f"{path}: known are {allowed}, packed as {', '.join(_OPENERS)} or not")
    opened = _OPENERS.get(path.suffix, open)
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield from reader(file, path)
    except UnicodeDecodeError as err:
        raise BadData(f"{path}: not UTF-8 text") from err
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as err:
        raise BadData(f"{path}: {'a broken archive' if path.suffix in _OPENERS else 'unreadable'}: {err}") from err


def _csv_rows(file: IO[str], path: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(10_000_000)
    rows = csv.DictReader(file, strict=True)
    try:
        lacking = {"title", "text"} - set(rows.fieldnames or ())
        if lacking:
            found = ", ".join(rows.fieldnames or ()) or "none"
            raise BadData(f"{path}: no column {' and '.join(sorted(lacking))}; its columns are: {found[:200]}")
        yield from rows
    except csv.Error as err:
        raise BadData(f"{path}: line {rows.line_num}: {err}") from err


def _json_rows(file: IO[str], path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as err:
            raise BadData(f"{path}: line {number} is no JSON object; one a line is wanted") from err
        if not isinstance(row, dict):
            raise BadData(f"{path}: line {number} is no JSON object; one a line is wanted")
        if number == 1 and not {"title", "text"} <= set(row):
            raise BadData(f"{path}: no field title and text; its fields are: {', '.join(map(str, row))[:200]}")
        yield row


# --- length groups and splits (thesis §5.4, table 5.2) --------------------------------------------------------------

Unit = Literal["tokens", "characters"]
GroupName = Literal["short", "medium", "long", "all"]


@dataclass(frozen=True, slots=True)
class Group:
    """Headlines longer than `above` and not longer than `up_to`."""

    words: str
    above: int
    up_to: float


GROUPS: dict[str, Group] = {
    "short": Group("7 words", 0, 51),
    "medium": Group("9-11 words", 65, 80),
    "long": Group("11 words and more", 80, float("inf")),
    "all": Group("any", 0, float("inf")),
}
"""Table 5.2. It writes 'tokens'; its words, means and deviations fit characters, as in Russian news seven words have
about fifty characters and fifteen tokens. Its mean of the second group, 70.4, leaves no room for those over 80."""


def in_group(pairs: Sequence[Pair], name: str, lengths: Sequence[int], unit: Unit) -> tuple[Pair, ...]:
    """The pairs whose headline has a length of the group. Raises `BadData` where there is none."""
    group = GROUPS[name]
    kept = tuple(pair for pair, length in zip(pairs, lengths, strict=True) if group.above < length <= group.up_to)
    if not kept:
        mean = statistics.mean(lengths) if lengths else 0.0
        other = "; the thesis' groups fit characters: --length-unit characters" if unit == "tokens" else ""
        raise BadData(f"no headline is of the group {name!r}: they have {mean:.1f} {unit} on average{other}")
    return kept


@dataclass(frozen=True, slots=True)
class Split:
    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    test: tuple[Pair, ...]


def split(pairs: Sequence[Pair], seed: int = 0) -> Split:
    """70 / 15 / 15 (thesis §5.4), drawn by the seed. Raises `BadData` for fewer than ten pairs."""
    if len(pairs) < 10:
        raise BadData(f"{len(pairs)} pairs cannot be split 70/15/15; ten or more are wanted")
    order = list(pairs)
    random.Random(seed).shuffle(order)
    held = max(1, round(0.15 * len(order)))
    return Split(tuple(order[2 * held :]), tuple(order[:held]), tuple(order[held : 2 * held]))


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter."""
    source = iter(items)
    while part := list(islice(source, size)):
        yield part

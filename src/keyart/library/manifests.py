"""Lists and manifests -> records, one a video, as text under the names of their columns; streamed, never held whole."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from keyart.errors import BadSetting, MissingExtra

_LONGEST_LINE = 1 << 20
_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ",;\t|"
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a list or one row of a manifest."""

    where: str
    """`row 7`, as a spreadsheet counts, or `line 7`."""
    cells: Mapping[str, str]
    """Those that are not empty."""


def of_lines(path: Path) -> Iterator[Record]:
    """One path or address a line; empty lines and those that begin with `#` are passed by."""
    with _text(path) as file:
        for number, line in enumerate(_lines(file, path), 1):
            line = line.rstrip("\r\n")  # noqa: PLW2901  # the same line, without its end
            if line.strip() and not line.startswith("#"):
                yield Record(f"line {number}", {"path": line})


def of_csv(path: Path) -> Iterator[Record]:
    """Comma, semicolon, tab or bar; the first row names the columns."""
    with _text(path) as file:
        lines = _lines(file, path)
        first = next(lines, "")
        told = first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=;")
        delimiter = first.strip()[-1] if told else _delimiter(first)
        start = 2 if told else 1
        rows = csv.reader(lines if told else _again(first, lines), delimiter=delimiter)
        header: list[str] | None = None
        for number, row in enumerate(_parsed_rows(rows, path), start):
            if header is None:
                header = _header(row, path)
            elif any(cell.strip() for cell in row):
                yield Record(f"row {number}", _cells(header, row, f"{path}: row {number}"))


def of_json_lines(path: Path) -> Iterator[Record]:
    """An object a line, or a path as a string. `{"covers": {"text": ...}}` is the column `covers.text`."""
    with _text(path) as file:
        for number, line in enumerate(_lines(file, path), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as err:
                raise BadSetting(f"{path}: line {number}: not readable as JSON: {err}") from err
            if not isinstance(value, dict | str):
                raise BadSetting(f"{path}: line {number}: an object or a path is wanted, not {value!r:.60}")
            yield Record(f"line {number}", _flat({"path": value} if isinstance(value, str) else value))


def of_parquet(path: Path) -> Iterator[Record]:
    """Row by row, a few thousand in memory. Raises `MissingExtra`."""
    try:
        import pyarrow.parquet
    except ImportError as err:
        raise MissingExtra("pyarrow", extra="library") from err
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    number += 1
                    yield Record(f"row {number}", _flat(row))
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as err:
        why = " ".join(str(err).split())[:200]
        raise BadSetting(f"{path}: not readable as Parquet, after row {number}: {why}") from err


LISTS: dict[str, Callable[[Path], Iterator[Record]]] = {
    ".txt": of_lines,
    ".lst": of_lines,
    ".csv": of_csv,
    ".tsv": of_csv,
    ".jsonl": of_json_lines,
    ".ndjson": of_json_lines,
    ".parquet": of_parquet,
}
"""Ending -> reader. A source with one of these endings is a list and no video."""


# --- text -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _text(path: Path) -> Iterator[io.TextIOWrapper]:
    with path.open("rb") as raw:
        encoding = encoding_of(raw)
        raw.seek(0)
        # bytes that are no UTF-8 may be a file's name all the same
        errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
        with io.TextIOWrapper(raw, encoding, errors=errors, newline="") as file:
            yield file


def encoding_of(raw: BinaryIO) -> str:
    """Of text: its mark, UTF-8, UTF-16, else the best guess from the lines that are neither."""
    head = raw.read(_SAMPLE)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if head.count(0) > len(head) // 10:
        # ASCII letters are every second byte of unmarked UTF-16
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    raw.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := raw.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raw.seek(0)
        return _legacy(raw)
    return "utf-8"


def _legacy(raw: BinaryIO) -> str:
    # one broken name among many in UTF-8 must not turn all others into another alphabet
    good = bad = 0
    sample = bytearray()
    while len(sample) < _SAMPLE and (line := raw.readline(_LONGEST_LINE)):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad += 1
            sample += line
    if good > bad:
        return "utf-8"
    from keyart.speech.sidecar import decode_text

    text = decode_text(bytes(sample))
    guesses = ("cp1251", "koi8-r", "cp866", "cp1252", "cp1250", "latin-1")
    return next((one for one in guesses if bytes(sample).decode(one, "replace") == text), "latin-1")


def _lines(file: io.TextIOWrapper, path: Path) -> Iterator[str]:
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise BadSetting(
                f"{path}: line {number} is longer than {_LONGEST_LINE} characters; it is no list of videos"
            )
        yield line


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(header: str) -> str:
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _parsed_rows(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    number = 0
    try:
        for row in rows:
            number += 1
            yield row
    except csv.Error as err:
        raise BadSetting(f"{path}: row {number + 1}: {err}; is a quotation mark left open?") from err


def _header(row: list[str], path: Path) -> list[str]:
    header = [cell.strip() for cell in row]
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise BadSetting(f"{path}: more than one column is called {', '.join(sorted(twice))}")
    return header


def _cells(header: list[str], row: list[str], where: str) -> dict[str, str]:
    if more := [cell for cell in row[len(header) :] if cell.strip()]:
        raise BadSetting(
            f"{where}: {len(row)} cells, {len(header)} columns: {more[0]!r:.40} is too many; "
            "a value with the delimiter in it stands in quotation marks"
        )
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
    return {name: cell for name, cell in cells.items() if name and cell}


# --- values -----------------------------------------------------------------------------------------------------


def _flat(row: Mapping[str, Any]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in row.items():
        inner = {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        cells |= {str(key).strip(): text for key, one in inner.items() if (text := _as_text(one))}
    return cells


def _as_text(value: Any) -> str:
    """As one would write it on a command line."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a column of whole numbers with a gap comes as floats
    if isinstance(value, list | tuple):
        return ",".join(map(_as_text, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value).strip()

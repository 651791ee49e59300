"""The table of results: one line of JSON a case, the newest counts; compact, whole and fit for git."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bench.fuzz.outcome import FAULTS


@dataclass(frozen=True, slots=True)
class Case:
    """One mutated file and what became of it. Clip, mutator and number give the same file again."""

    number: int
    clip: str
    mutator: str
    sha256: str
    """Of the file that was broken, its first sixteen letters."""
    outcome: str
    reason: str
    seconds: float
    cpu_seconds: float
    peak_mb: int
    code: str
    """Stands for the code that made it: the git tree of src/keyart."""
    words: str
    """Of the command line, such as `--budget 2s`."""


def read(path: Path) -> dict[int, Case]:
    """By number; a last line that a kill has torn is passed over."""
    found: dict[int, Case] = {}
    for line in _lines(path):
        try:
            found_case = Case(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[found_case.number] = found_case
    return found


def _lines(path: Path) -> Iterator[str]:
    if not path.exists():
        return
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as packed:
            yield from _of_columns(json.load(packed))
        return
    with path.open(encoding="utf-8") as file:
        yield from file


def add(path: Path, case: Case) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if torn else "") + json.dumps(asdict(case), ensure_ascii=False) + "\n")


def write_packed(path: Path, cases: Iterable[Case]) -> None:
    """All cases as columns, gzipped without a clock: the same cases give the same bytes."""
    ordered = sorted(cases, key=lambda one: one.number)
    columns = {one.name: [getattr(case, one.name) for case in ordered] for one in fields(Case)}
    words: dict[str, list[str]] = {}
    for name in ("clip", "mutator", "outcome", "reason", "code", "words"):
        words[name] = sorted(set(columns[name]))
        place = {word: number for number, word in enumerate(words[name])}
        columns[name] = [place[word] for word in columns[name]]
    text = json.dumps({"words": words, "columns": columns}, ensure_ascii=False, separators=(",", ":"))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(text.encode())
    partial = path.with_suffix(".partial")
    partial.write_bytes(packed.getvalue())
    partial.replace(path)


def _of_columns(stored: dict[str, Any]) -> Iterator[str]:
    words, columns = stored["words"], stored["columns"]
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        yield json.dumps({name: words[name][value] if name in words else value for name, value in row.items()})


def is_fault(case: Case) -> bool:
    return case.outcome in FAULTS


def counts(cases: Iterable[Case]) -> Counter[str]:
    return Counter(one.outcome for one in cases)

"""Tables of the docs = figures of the benches: what stands between two marks is written from bench/results.

    <!-- bench:TABLE -->
    (written)
    <!-- /bench -->

TABLE is a key of "tables" in any bench/results/*.json: {"columns": [...], "align": "lrr", "rows": [[...], ...]}, or
the name of a result that bench.tables knows how to show.
A figure in running text is marked the same way, on one line, with a key of "facts".
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.record import REPO, RESULTS
from bench.tables import RENDERERS

_MARK = re.compile(r"(<!-- bench:(?P<name>[\w.-]+) -->)(?P<body>.*?)(<!-- /bench -->)", re.DOTALL)
_RULES = {"l": ":--", "r": "--:", "c": ":-:"}


def markdown(table: Mapping[str, Any]) -> str:
    """A table as Markdown lines. Raises `ValueError` for a row of another length than the header."""
    columns = [str(column) for column in table["columns"]]
    align = table.get("align") or "l" * len(columns)
    rows = [[str(cell).replace("|", "\\|") for cell in row] for row in table["rows"]]
    if wrong := [row for row in [*rows, [*align]] if len(row) != len(columns)]:
        raise ValueError(f"a table of {len(columns)} columns has a row of {len(wrong[0])}: {wrong[0]}")
    rules = [_RULES[side] for side in align]
    return "\n".join(f"| {' | '.join(row)} |" for row in [columns, rules, *rows])


def figures(folder: Path = RESULTS) -> dict[str, str]:
    """Every table and fact of the results, as text, by name. Raises `ValueError` where two results use one name."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        tables = dict(result.get("tables", {}))
        if path.stem in RENDERERS:
            tables[path.stem] = RENDERERS[path.stem](result)
        own = {name: f"\n{markdown(table)}\n" for name, table in tables.items()}
        own.update({name: str(value) for name, value in result.get("facts", {}).items()})
        if twice := own.keys() & found.keys():
            raise ValueError(f"{path.name}: {', '.join(sorted(twice))} is in another result too")
        found.update(own)
    return found


def rewritten(text: str, figures: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with every marked place brought up to date, and the names that no result has: those are left alone."""
    unknown: list[str] = []

    def fresh(mark: re.Match[str]) -> str:
        name = mark["name"]
        if name not in figures:
            unknown.append(name)
            return mark[0]
        return f"{mark[1]}{figures[name]}{mark[4]}"

    return _MARK.sub(fresh, text), unknown


def documents(repo: Path = REPO) -> list[Path]:
    """What may hold marks: the pages at the root and under docs/."""
    return sorted([*repo.glob("*.md"), *repo.glob("docs/**/*.md")])


def stale(paths: Iterable[Path], figures: Mapping[str, str], *, write: bool) -> list[Path]:
    """The pages that differ from the results; with `write` they are brought up to date."""
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        new, unknown = rewritten(text, figures)
        for name in unknown:
            print(f"{path.name}: no result has a table {name!r} yet", file=sys.stderr)
        if new == text:
            continue
        found.append(path)
        if write:
            path.write_text(new, encoding="utf-8")
        else:
            lines = difflib.unified_diff(text.splitlines(), new.splitlines(), path.name, "bench/results", lineterm="")
            print("\n".join(lines), file=sys.stderr)
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench report", description=(__doc__ or "").splitlines()[0])
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--write", action="store_true", help="bring the pages up to date")
    either.add_argument("--check", action="store_true", help="exit 1 where a page differs from the results")
    write = parser.parse_args(arguments).write
    found = stale(documents(), figures(), write=write)
    for path in found:
        print(f"{path.relative_to(REPO)}: {'written' if write else 'differs; python -m bench report --write'}")
    return 1 if found and not write else 0

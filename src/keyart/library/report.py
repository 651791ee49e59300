"""What a library's log knows -> `report.html` for people, `report.parquet` and `report.json` for programs.

The page shows all figures and the worst few hundred videos; the table has every one. Nothing is held but the figures:
a library of a hundred thousand videos is reported in the memory of one of a thousand.
"""

from __future__ import annotations

import base64
import csv
import json
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from keyart import plain
from keyart.errors import MissingFile
from keyart.library.figures import ENDS, WORST_SHOWN, Figures, Prices, general, seen
from keyart.library.ledger import LOG, ledger_folder, result_of
from keyart.library.names import PACKAGE
from keyart.library.places import Place, shown
from keyart.library.values import Result, Row

SCHEMA = 1
PAGE, TABLE, TABLE_WITHOUT_EXTRA, SUMMARY = "report.html", "report.parquet", "report.csv", "report.json"
_ROWS_IN_A_GROUP = 2_000
_RUNS_SHOWN = 10
_NEAR_SHOWN = 200
_COVER_PX = 260
_DONE = ("made", "degraded")
_NOBODY = Row("", "")


@dataclass(frozen=True, slots=True)
class Ran:
    """One run over the library."""

    run: str
    began: str
    engine: str = ""
    workers: int = 0
    counts: Mapping[str, int] | None = None
    """None where it was killed."""
    seconds: float = 0.0
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A written report."""

    figures: Figures
    files: tuple[str, ...]
    """Where they lie, the page first."""
    note: str = ""
    """What it could not be, and the cure."""


@dataclass(frozen=True, slots=True)
class Near:
    """What of a library looks like more of it."""

    groups: tuple[tuple[str, ...], ...] = ()
    """Names of videos that show the same material."""
    covers: tuple[tuple[str, str], ...] = ()
    """Name of a video, and what is to be said of its cover."""


def report_of(output: str, prices: Prices | None = None, near: Near | None = None) -> Report:
    """Write the report of a library beside its packages, from its log: every video as it ended last.

    Raises `MissingFile` where no library run was, `OutputProblem`, `StoreFailed`.
    """
    log = ledger_folder(output) / LOG
    if not log.is_file():
        raise MissingFile(f"{shown(output)}: no library run has been here ({log} is not there)")
    runs, lines = _read_log(log)
    return write_report(_results(log, lines), Place(output), prices, near, runs)


def write_report(
    results: Iterable[Result],
    place: Place,
    prices: Prices | None = None,
    near: Near | None = None,
    runs: Sequence[Ran] = (),
) -> Report:
    """Write `report.html`, `report.parquet` (without the extra `library`: `report.csv`) and `report.json` to a place.

    The results are gone through once. Raises `OutputProblem`, `StoreFailed`.
    """
    prices, near, figures = prices or Prices(), near or Near(), Figures()
    with tempfile.TemporaryDirectory(prefix="keyart-report-") as folder:
        table, note = _write_table(seen(results, figures), Path(folder))
        page = _page(figures, place, prices, near, runs, table, note)
        place.put_file(Path(folder, table), table)
    place.write_bytes(SUMMARY, plain.dumps(summary(figures, prices, near, runs)).encode("utf-8", "replace"))
    place.write_bytes(PAGE, page.encode("utf-8", "replace"))
    if table == TABLE:
        place.remove(TABLE_WITHOUT_EXTRA)
    return Report(figures, (place.at(PAGE), place.at(table), place.at(SUMMARY)), note)


def near_in(index: Path, output: str) -> Near:
    """What an index of the library's pictures tells, by the names that the videos have in it. Raises `BadSetting`."""
    from keyart.nearness.groups import groups
    from keyart.nearness.index import open_index
    from keyart.nearness.packages import warnings_in_order

    def name(package: str) -> str:
        path = Path(index.absolute().parent, package)
        own = path.relative_to(output) if path.is_relative_to(output) else Path(package)
        return own.as_posix().removesuffix(PACKAGE)

    kept = open_index(index)
    names = sorted(kept.packages)
    covers = [(name(one), str(told)) for one, all_told in warnings_in_order(kept, names) for told in all_told]
    return Near(tuple(tuple(map(name, group.packages)) for group in groups(kept)), tuple(covers))


# --- the log ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Lines:
    """Where in the log the last word on a video stands, and where the last on what its making took."""

    last: int = -1
    made: int = -1


def _read_log(log: Path) -> tuple[list[Ran], dict[str, _Lines]]:
    runs: dict[str, Ran] = {}
    lines: dict[str, _Lines] = {}
    for at, event in _events(log):
        kind, run = event.get("event"), str(event.get("run", ""))
        if kind == "run":
            told = str(event.get("engine", "")), int(event.get("workers") or 0)
            runs[run] = Ran(run, str(event.get("at", "")), *told)
        elif kind == "stop" and run in runs:
            counts, seconds, stopped = event.get("counts"), float(event.get("seconds") or 0.0), event.get("stopped")
            stopped = str(stopped or ("interrupted" if event.get("interrupted") else ""))
            runs[run] = replace(runs[run], counts=counts or {}, seconds=seconds, stopped=stopped)
        elif kind == "end" and isinstance(event.get("result"), dict):
            found = lines.setdefault(str(event.get("name")), _Lines())
            found.last = at
            if event["result"].get("end") in _DONE:
                found.made = at
    return list(runs.values()), lines


def _events(log: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every event and where its line begins; torn lines are passed over."""
    at = 0
    with log.open("rb") as file:
        for line in file:
            event = _event(line)
            if event:
                yield at, event
            at += len(line)


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _results(log: Path, lines: Mapping[str, _Lines]) -> Iterator[Result]:
    """Every video as it ended last; one that was there already with what its making had taken."""

    def at(place: int) -> Result | None:
        file.seek(place)
        return result_of(_event(file.readline()))

    with log.open("rb") as file:
        for found in lines.values():
            last = at(found.last)
            if last is None:
                continue
            made = at(found.made) if last.end == "present" and found.made >= 0 else None
            yield last if made is None else replace(made, row=last.row, end="present", package=last.package)


# --- the table --------------------------------------------------------------------------------------------------


def _write_table(results: Iterator[Result], folder: Path) -> tuple[str, str]:
    """The name of the file in the folder, and what is to be said of it."""
    try:
        import pyarrow.parquet
    except ImportError:
        _write_csv(results, folder / TABLE_WITHOUT_EXTRA)
        return (
            TABLE_WITHOUT_EXTRA,
            f"{TABLE} needs pyarrow: pip install 'keyart[library]'; {TABLE_WITHOUT_EXTRA} is here",
        )
    schema = _schema()
    with pyarrow.parquet.ParquetWriter(folder / TABLE, schema, compression="zstd") as writer:
        for rows in _in_groups(map(table_row, results)):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
    return TABLE, ""


def _in_groups(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(row)
        if len(group) == _ROWS_IN_A_GROUP:
            yield group
            group = []
    yield group


def table_row(result: Result) -> dict[str, Any]:
    """One video as a row of the table: all of its result, without what only its owner may know."""
    row = result.row
    return {
        "name": _text(row.name),
        "end": result.end,
        "reason": _text(result.reason),
        "error": result.kind,
        "url": _text(shown(row.url)),
        "source_bytes": row.size_bytes if row.size_bytes >= 0 else None,
        "sha256": result.sha256,
        "video_seconds": result.video_seconds,
        "width_px": result.video_size[0],
        "height_px": result.video_size[1],
        "package": _text(shown(result.package)),
        "package_bytes": result.package_bytes,
        "attempt": result.attempt,
        "seconds": result.seconds,
        "cpu_seconds": result.cpu_seconds,
        "peak_bytes": result.peak_bytes,
        "worker": _text(result.worker),
        "key": result.key,
        "stages": [{**asdict(one), "reason": _text(one.reason)} for one in result.stages],
        "warnings": [_text(one) for one in result.warnings],
        "settings": {_text(name): _text(value) for name, value in row.settings.items()},
        "facts": {_text(name): _text(value) for name, value in row.facts.items()},
    }


def _text(text: str) -> str:
    """A file's name may hold bytes that are no text."""
    return text.encode("utf-8", "replace").decode()


def _schema() -> Any:
    import pyarrow as pa

    text, real, whole = pa.string(), pa.float64(), pa.int64()
    stage = [("name", text), ("status", text), ("seconds", real), ("resumed", pa.bool_()), ("reason", text)]
    kinds = {
        "source_bytes": whole, "video_seconds": real, "width_px": pa.int32(), "height_px": pa.int32(),
        "package_bytes": whole, "attempt": pa.int32(), "seconds": real, "cpu_seconds": real, "peak_bytes": whole,
        "stages": pa.list_(pa.struct(stage)), "warnings": pa.list_(text),
        "settings": pa.map_(text, text), "facts": pa.map_(text, text),
    }  # fmt: skip
    names = table_row(Result(_NOBODY, "made"))
    return pa.schema([(name, kinds.get(name, text)) for name in names])


def _write_csv(results: Iterator[Result], path: Path) -> None:
    names = list(table_row(Result(_NOBODY, "made")))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for result in results:
            writer.writerow({name: _cell(value) for name, value in table_row(result).items()})


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    # a spreadsheet would take it for a formula
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


# --- the summary ------------------------------------------------------------------------------------------------


def summary(figures: Figures, prices: Prices, near: Near, runs: Sequence[Ran]) -> dict[str, Any]:
    """`report.json`: all figures of the page, no single video."""
    return {
        "schema": SCHEMA,
        "videos": figures.videos,
        **{end: figures.counts[end] for end in ENDS},
        "video_seconds": round(figures.video_seconds, 3),
        "seconds": round(figures.seconds, 3),
        "cpu_seconds": round(figures.cpu_seconds, 3),
        "lost_cpu_seconds": round(figures.lost_cpu_seconds, 3),
        "peak_bytes": figures.peak_bytes,
        "package_bytes": figures.package_bytes,
        "source_bytes": figures.source_bytes,
        "retried": figures.retried,
        "cost": {
            **asdict(prices),
            "formula": "cpu_seconds / 3600 * core_hour, once; package_bytes / 1e9 * gb_month, each month",
            "work": round(figures.work_costs(prices), 6),
            "keeping_a_month": round(figures.month_costs(prices), 6),
        },
        "stages": {
            name: {
                **{status: stage.counts[status] for status in ("ok", "degraded", "skipped")},
                "resumed": stage.resumed,
                "seconds": round(stage.seconds, 3),
                "longest_seconds": round(stage.longest_seconds, 3),
            }
            for name, stage in figures.stages.items()
        },
        "reasons": [asdict(one) for one in figures.reasons()],
        "groups": [list(group) for group in near.groups],
        "near_covers": [{"name": name, "warning": warning} for name, warning in near.covers],
        "warnings": [{"name": name, "warning": warning} for name, warning in figures.warnings],
        "runs": [asdict(one) for one in runs],
    }


# --- the page ---------------------------------------------------------------------------------------------------


def _page(
    figures: Figures,
    place: Place,
    prices: Prices,
    near: Near,
    runs: Sequence[Ran],
    table: str,
    note: str,
) -> str:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        took=took, count=counted, size=size, money=money, link=_linker(place), text=_text, why=_why
    )
    template = environment.from_string(files("keyart.library").joinpath("report.html").read_text("utf-8"))
    return template.render(
        figures=figures,
        title=shown(place.address),
        ends=ENDS,
        prices=prices,
        slowest=figures.slowest(),
        worst=figures.worst(),
        reasons=figures.reasons()[:100],
        most_shown=WORST_SHOWN,
        groups=near.groups[:_NEAR_SHOWN],
        num_groups=len(near.groups),
        near_covers=[*near.covers, *figures.warnings][:_NEAR_SHOWN],
        num_near_covers=len(near.covers) + figures.num_warnings,
        runs=list(runs)[-_RUNS_SHOWN:][::-1],
        covers=_covers(figures.sample(), place),
        table=table,
        note=note,
    )


def _why(result: Result) -> str:
    return _text(general(result.reason, result)) if result.end != "present" else ""


def _linker(place: Place) -> Callable[[str], str]:
    """From the report to a package's page, or to its folder where it has none."""

    def link(name: str) -> str:
        folder = f"{name}.keyart"
        page = "index.html" if not place.is_local or (place.path / folder / "index.html").is_file() else ""
        return quote(f"{folder}/{page}", errors="surrogateescape")

    return link


def _covers(results: Sequence[Result], place: Place) -> list[tuple[str, str]]:
    """Name of the video, and a cover of it as a data address."""
    if not place.is_local:
        return []
    found = [(one.row.name, _cover(place.path / f"{one.row.name}.keyart" / "covers")) for one in results]
    return [(name, address) for name, address in found if address]


def _cover(folder: Path) -> str:
    import cv2
    import numpy as np

    pictures = sorted(folder.glob("*_1.*"), key=lambda one: (not one.name.startswith("youtube"), one.name))
    try:
        image = cv2.imdecode(np.frombuffer(pictures[0].read_bytes(), np.uint8), cv2.IMREAD_COLOR) if pictures else None
    except (OSError, cv2.error):
        return ""
    if image is None:
        return ""
    height_px = max(1, round(image.shape[0] * _COVER_PX / image.shape[1]))
    small = cv2.resize(image, (_COVER_PX, height_px), interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def took(seconds: float) -> str:
    """A time as one says it.

    >>> took(0.42), took(75), took(3 * 3600 + 60 * 5)
    ('0.42 s', '1 min 15 s', '3 h 5 min')
    """
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{counted(hours)} h {minutes} min"


def counted(number: float) -> str:
    """With spaces between thousands.

    >>> counted(1234567)
    '1\\u202f234\\u202f567'
    """
    return f"{number:,.0f}".replace(",", "\u202f")


def size(num_bytes: float) -> str:
    """
    >>> size(950), size(12_345_678)
    ('950 B', '12.3 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}" if unit == "B" else f"{num_bytes:.3g} {unit}"
        num_bytes /= 1000
    return f"{counted(num_bytes) if num_bytes >= 1000 else f'{num_bytes:.3g}'} TB"


def money(amount: float, currency: str) -> str:
    """
    >>> money(0.000084, "USD"), money(1234.5, "EUR")
    ('0.000084 USD', '1\\u202f234.50 EUR')
    """
    if 0 < amount < 0.1:
        return f"{amount:.{1 - math.floor(math.log10(amount))}f} {currency}"  # two digits, no exponent
    whole, cents = divmod(round(amount * 100), 100)
    return f"{counted(whole)}.{cents:02} {currency}"

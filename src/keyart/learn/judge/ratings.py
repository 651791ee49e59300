"""Prompts, videos and scores from 1 to 10: a table, or a folder with one.

A table is .csv, .tsv, .jsonl or .json (a list of objects). Its columns may be called what the common sets call them
(`COLUMNS`), so that the hub's folders of videos (`metadata.csv` with `file_name`), which is how the seed's set is given
out, are read as they lie. Where a row's video has no such path, a file of that stem is looked for in the folder. Where
there is no table, a folder of videos each with a `NAME.json` (`prompt`, `score`) beside it will do.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyart.errors import MissingFile
from keyart.learn.data import BadData

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "text", "caption", "text_prompt", "description"),
    "video": ("video", "file_name", "video_path", "path", "filename", "video_name", "file", "id"),
    "score": ("score", "mos", "rating", "mean_score", "quality", "label", "target"),
    "group": ("group", "scene"),
    "reference": ("reference", "image", "reference_image"),
}
"""What is read -> names of its column, in the order they are tried; upper and lower case are alike."""
_TABLES = ("ratings", "metadata", "data", "train", "dataset", "labels", "scores", "annotations")
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".json")
VIDEO_SUFFIXES = (".mp4", ".webm", ".mov", ".mkv", ".avi", ".gif", ".m4v")


@dataclass(frozen=True, slots=True)
class Rating:
    prompt: str
    video: Path
    score: float
    """1 ... 10."""
    group: str = ""
    """Clips of one group are of one scene and stay on one side of a split; empty: the clip stands alone."""
    reference: Path | None = None
    """Picture that the clip was made from."""


@dataclass(frozen=True, slots=True)
class RatedSet:
    ratings: tuple[Rating, ...]
    missing: tuple[str, ...]
    """Videos that rows name and that are not there."""
    sha256: str
    """Of the table; of names and scores where there is none."""


def read_ratings(path: Path) -> RatedSet:
    """The set of a table or a folder. Raises `MissingFile`, and `BadData` with what is wrong."""
    if not path.exists():
        raise MissingFile(f"{path}: no such file or folder")
    table = path if path.is_file() else _table_of(path)
    folder = path if path.is_dir() else path.parent
    rows = list(_rows(table)) if table else list(_beside(folder))
    if not rows:
        raise BadData(
            f"{path}: holds no ratings: a table with prompt, video and score, or videos with a .json beside each"
        )
    known = _videos(folder)
    found, missing = [], []
    for number, row in enumerate(rows, 1):
        rating = _rating(row, folder, known, f"{table or folder}: row {number}")
        found.append(rating) if rating.video.is_file() else missing.append(str(row[_column(row, "video")]))
    if not found:
        raise BadData(f"{path}: none of the {len(rows)} videos that it names is there, as {missing[0]!r}")
    mark = table.read_bytes() if table else repr([(one.video.name, one.score) for one in found]).encode()
    return RatedSet(tuple(found), tuple(missing), hashlib.sha256(mark).hexdigest())


def _table_of(folder: Path) -> Path | None:
    places = [one for one in (folder, folder / "data") if one.is_dir()]
    for place in places:
        tables = [one for one in sorted(place.iterdir()) if one.suffix.lower() in _SUFFIXES and one.is_file()]
        named = [one for one in tables if one.stem.lower() in _TABLES]
        if named:
            return min(named, key=lambda one: _TABLES.index(one.stem.lower()))
        if len([one for one in tables if one.suffix.lower() != ".json"]) == 1:
            return next(one for one in tables if one.suffix.lower() != ".json")
    return None


def _rows(table: Path) -> Iterable[dict[str, Any]]:
    suffix = table.suffix.lower()
    if suffix not in _SUFFIXES:
        raise BadData(f"{table}: known are {', '.join(_SUFFIXES)}")
    try:
        text = table.read_text("utf-8-sig")
        if suffix in (".csv", ".tsv"):
            yield from csv.DictReader(
                text.splitlines(keepends=True), delimiter="\t" if suffix == ".tsv" else ",", strict=True
            )
        elif suffix == ".jsonl":
            yield from (_object(json.loads(line), table) for line in text.splitlines() if line.strip())
        else:
            whole = json.loads(text)
            yield from (_object(one, table) for one in (whole if isinstance(whole, list) else whole.get("data", [])))
    except (UnicodeDecodeError, csv.Error, ValueError, AttributeError) as err:
        if isinstance(err, BadData):
            raise
        raise BadData(f"{table}: cannot be read as {suffix[1:]}: {err}") from err


def _object(value: Any, table: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadData(f"{table}: holds {type(value).__name__} where a row with names is wanted")
    return value


def _beside(folder: Path) -> Iterable[dict[str, Any]]:
    for video in sorted(_videos(folder).values()):
        note = video.with_suffix(".json")
        if note.is_file():
            yield {**_object(json.loads(note.read_text("utf-8")), note), "video": str(video.relative_to(folder))}


def _videos(folder: Path) -> dict[str, Path]:
    found = (one for one in sorted(folder.rglob("*")) if one.suffix.lower() in VIDEO_SUFFIXES)
    return {one.stem: one for one in found}


def _column(row: Mapping[str, Any], what: str) -> str:
    lower = {str(name).strip().lower(): str(name) for name in row if name is not None}
    return next((lower[name] for name in COLUMNS[what] if name in lower), "")


def _rating(row: Mapping[str, Any], folder: Path, known: Mapping[str, Path], where: str) -> Rating:
    columns = {what: _column(row, what) for what in COLUMNS}
    if lacking := [what for what in ("prompt", "video", "score") if not columns[what]]:
        told = ", ".join(str(name) for name in row)
        raise BadData(f"{where}: has no {' and no '.join(lacking)}; its columns are: {told[:200]}")
    try:
        score = float(row[columns["score"]])
    except (TypeError, ValueError) as err:
        raise BadData(f"{where}: the score is {row[columns['score']]!r}; a number from 1 to 10 is wanted") from err
    if not (math.isfinite(score) and 1 <= score <= 10):
        raise BadData(f"{where}: the score is {score}; it lies between 1 and 10")
    named = str(row[columns["video"]]).strip()
    place = (folder / named).resolve()
    inside = place.is_relative_to(folder.resolve()) and place.is_file()
    video = place if inside else known.get(Path(named).stem, known.get(named, folder / Path(named).name))
    picture = str(row[columns["reference"]] or "").strip() if columns["reference"] else ""
    reference = folder / picture if picture and (folder / picture).is_file() else None
    group = str(row[columns["group"]] or "") if columns["group"] else ""
    return Rating(str(row[columns["prompt"]] or ""), video, score, group, reference)

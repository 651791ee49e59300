"""Which data sets lie in some folders, and what is wrong with them: `keyart learn data`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyart.errors import KeyartError, MissingFile
from keyart.learn.data import read_pairs
from keyart.learn.sets import eccv16, gif, own, retargetvid, scenes, summe, tvsum

NEWS = ("lenta-ru-news", "ria", "gazeta")
NEWS_SUFFIXES = (".csv", ".json", ".jsonl", ".gz", ".bz2", ".xz")
"""How the files with headlines are called by their publishers."""
_SCENES = ("scenes_*.json", "scenes_*features*.npz")
_NEWS_LOOK = 2000
"""Pairs that are read to see whether a file of news is one; some are gigabytes."""


@dataclass(frozen=True, slots=True)
class Found:
    """One data set, or what looks like one."""

    name: str
    path: Path
    videos: int
    """Or pairs of text and headline; 0 where it cannot be read."""
    told: str
    """What is in it, in words."""
    wrong: str = ""
    """Empty: nothing."""


def found(folders: Iterable[Path]) -> tuple[Found, ...]:
    """What lies in the folders and below them, by path. Raises `MissingFile` for what is no folder."""
    sets: list[Found] = []
    for folder in folders:
        if not folder.is_dir():
            raise MissingFile(f"{folder}: no such folder")
        sets += _in(folder)
    return tuple(dict.fromkeys(sets))


def _in(folder: Path) -> Iterator[Found]:
    for place in sorted({folder, *(one for one in folder.rglob("*") if one.is_dir())}):
        files = sorted(one for one in place.iterdir() if one.is_file())
        names = {one.name for one in files}
        if any(one.suffix == ".mat" and one.name != "ydata-tvsum50.mat" for one in files):
            yield _tried("SumMe", place.parent if place.name == "GT" else place, _summe)
        if "annotator_1.zip" in names:
            yield _tried("RetargetVid", place, _retargetvid)
        if any(one.match("scenes_*.json") for one in files) and any(
            one.match("scenes_*features*.npz") for one in files
        ):
            yield _tried("scenes", place, _scenes)
        if own.ANNOTATIONS in names:
            yield _tried("your own videos", place, _own)
        for path in files:
            yield from _of_file(path)


def _of_file(path: Path) -> Iterator[Found]:
    if path.name == "ydata-tvsum50.mat":
        yield _tried("TVSum", path, _tvsum)
    elif path.suffix == ".h5" and "eccv16" in path.name:
        yield _tried("eccv16", path, _eccv16)
    elif path.suffix == ".json" and not path.name.endswith("_dm_count.json") and _begins_like_gifs(path):
        yield _tried("GIF thumbnails", path, _gifs)
    elif path.name.lower().startswith(NEWS) and path.suffix in NEWS_SUFFIXES:
        yield _tried("news with headlines", path, _news)


def _tried(name: str, path: Path, look: Callable[[Path], tuple[int, str]]) -> Found:
    try:
        videos, told = look(path)
    except KeyartError as err:
        return Found(name, path, 0, "", str(err))
    return Found(name, path, videos, told)


def _tvsum(path: Path) -> tuple[int, str]:
    videos = tvsum.read_tvsum(path)
    return len(videos), f"{len(videos)} videos, importance by {_people(videos)} people each"


def _summe(folder: Path) -> tuple[int, str]:
    with_features = (folder / summe.FEATURES).is_file()
    videos = summe.read_summe(folder)
    told = "with features of superframes" if with_features else "without features"
    return len(videos), f"{len(videos)} videos, summaries by {_people(videos)} people each, {told}"


def _eccv16(path: Path) -> tuple[int, str]:
    videos = eccv16.read_eccv16(path)
    sizes = sorted({one.features.shape[1] for one in videos})
    return len(videos), f"{len(videos)} videos, features of {' and '.join(map(str, sizes))} numbers"


def _people(videos: Iterable[Any]) -> str:
    counts = sorted({one.people for one in videos})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _gifs(path: Path) -> tuple[int, str]:
    counts = path.with_name(path.name.replace("_data.json", "_dm_count.json"))
    videos = gif.read_gifs(path, counts if counts != path and counts.is_file() else None)
    commented = sum(len(one.comments) > 0 for one in videos)
    return len(videos), f"{len(videos)} videos, {sum(len(one.gifs) for one in videos)} GIFs, {commented} with comments"


def _retargetvid(folder: Path) -> tuple[int, str]:
    videos = {video for aspect in retargetvid.ASPECTS for video in retargetvid.read_annotators(folder, aspect)[0]}
    return len(videos), f"{len(videos)} videos, crops of {' and '.join(retargetvid.ASPECTS)} by six people"


def _scenes(folder: Path) -> tuple[int, str]:
    labels, features = (next(iter(sorted(folder.glob(one)))) for one in _SCENES)
    films = scenes.read_scenes(labels, features)
    return len(films), f"{len(films)} films, {sum(len(one.begins) for one in films)} shots with features"


def _own(folder: Path) -> tuple[int, str]:
    rows = own.read_annotations(folder)
    return len(rows), f"{len(rows)} videos with what was thought of them"


def _news(path: Path) -> tuple[int, str]:
    count = len(read_pairs(path, limit=_NEWS_LOOK).pairs)
    return count, f"{count} pairs{' and more' if count == _NEWS_LOOK else ''} of text and headline"


def _begins_like_gifs(path: Path) -> bool:
    """By its first kilobyte: JSON files of other kinds may be large."""
    try:
        with path.open(encoding="utf-8") as file:
            begin = file.read(1024)
    except (OSError, UnicodeDecodeError):
        return False
    if '"gifs"' not in begin and '"video_url"' not in begin:
        return False
    try:
        return gif.is_gifs(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        return True  # a broken one: reading it says so


@dataclass(frozen=True, slots=True)
class FindData:
    """The data sets that lie in some folders, and what is wrong with them."""

    data: tuple[str, ...] = (".",)
    """Folders to look through, with all that is in them."""

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Facts on each set; "test" holds one line for each. Raises `MissingFile`."""
        sets = found(Path(one) for one in self.data)
        if not sets:
            say(
                f"no data set that can be learned from in {', '.join(self.data)}; docs/learn-data.md says how they look"
            )
        facts = [
            {"name": one.name, "path": str(one.path), "videos": one.videos, "told": one.told, "wrong": one.wrong}
            for one in sets
        ]
        return {"found": facts, "test": {str(one.path): f"{one.name}: {one.wrong or one.told}" for one in sets}}

"""What a source tells of videos: folders, globs, lists, manifests -> rows."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from keyart.errors import MissingFile
from keyart.library.values import Row

VIDEOS = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".ivf", ".m2p", ".m2ts", ".m2v", ".m4v", ".mkv",
    ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob",
    ".webm", ".wmv", ".y4m",
})  # fmt: skip
"""Endings by which a video is known in a folder; a file that is named itself is taken whatever it ends in."""


def rows_of(sources: Sequence[str]) -> Iterator[Row]:
    """The videos of all sources."""
    for source in sources:
        path = Path(source)
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(one for one in folders if not one.startswith(".") and not one.endswith(".keyart"))
                for name in sorted(names):
                    if Path(name).suffix.lower() in VIDEOS and not name.startswith("."):
                        yield _row(Path(folder, name), path)
        elif path.is_file():
            yield _row(path, path.parent)
        elif found := sorted(Path().glob(source)):
            yield from (_row(Path(one), Path(one).parent) for one in found)
        else:
            raise MissingFile(f"{source}: no such file or folder")


def _row(path: Path, root: Path) -> Row:
    stat = path.stat()
    name = path.relative_to(root).with_suffix("").as_posix()
    return Row(str(path.absolute()), name, stat.st_size, f"{stat.st_size}-{stat.st_mtime_ns}")


def watched(sources: Sequence[str], every_seconds: float, stop: threading.Event) -> Iterator[Row]:
    """The videos of all sources, and then those that come, until `stop` is set; a file still growing is waited for."""
    seen: set[str] = set()
    while not stop.is_set():
        for row in rows_of(sources):
            if row.url not in seen:
                seen.add(row.url)
                yield row
        stop.wait(every_seconds)

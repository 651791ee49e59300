"""A user's own videos with what he, or his viewers, thought of them: a folder with the videos and `annotations.json`.

    {"videos": {
        "talk.mp4":  {"importance": [0, 0, 3, 5, 1, ...]},          one number >= 0 for each second (views, likes ...)
        "trip.mp4":  {"chosen": [12.4, 80.0]},                      seconds of the stills that were chosen
        "match.mp4": {"gifs": [[4, 61, 30]], "comments": [...]}     three-shot GIFs; comments in each second, if known
    }}

Importance is made relative to the video's own highest; what was chosen counts 1 in its second and half beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.values import Triple

ANNOTATIONS = "annotations.json"
KINDS = ("importance", "chosen", "gifs")


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """What was thought of one video."""

    path: Path
    importance: NDArray[np.float32]
    """Shape (seconds,), 0 ... 1; (0,) where only GIFs were given."""
    chosen: tuple[float, ...]
    """Seconds of the chosen stills."""
    gifs: tuple[Triple, ...]
    comments: NDArray[np.int64]

    def by_second(self, seconds: float) -> NDArray[np.float32]:
        """Importance of each second of a video so long, 0 ... 1; where it was not given, by what was chosen.

        Raises `BadData` for a chosen second or a list of numbers beyond the end.
        """
        count = max(1, int(np.ceil(seconds - 1e-9)))
        if len(self.importance):
            if abs(len(self.importance) - count) > 2:
                raise BadData(f"{self.path}: importance of {len(self.importance)} seconds; the video has {count}")
            return np.resize(self.importance, count) if len(self.importance) >= count else self._held(count)
        picked = [*self.chosen, *(second for one in self.gifs for second in one)]
        if picked and max(picked) > seconds:
            raise BadData(f"{self.path}: second {max(picked)} was chosen; the video has {seconds:.1f}")
        found = np.zeros(count + 2, np.float32)
        for second in picked:
            at = min(int(second), count - 1) + 1
            found[[at - 1, at + 1]] = np.maximum(found[[at - 1, at + 1]], 0.5)
            found[at] = 1.0
        return found[1:-1]

    def _held(self, count: int) -> NDArray[np.float32]:
        return np.append(self.importance, np.repeat(self.importance[-1:], count - len(self.importance)))


def read_annotations(folder: Path) -> tuple[Annotation, ...]:
    """What `annotations.json` says, in its order. Raises `MissingFile` (a video, too), and `BadData`."""
    path = folder / ANNOTATIONS
    if not path.is_file():
        raise MissingFile(f"{path}: no such file; docs/learn-data.md says how it looks")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["videos"]
        items = list(rows.items())
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise BadData(f'{path}: wanted is {{"videos": {{"name.mp4": {{...}}}}}}') from err
    if not items:
        raise BadData(f"{path}: no video in it")
    return tuple(_annotation(folder / name, row, f"{path}: {name}") for name, row in items)


def _annotation(video: Path, row: Any, where: str) -> Annotation:
    if not isinstance(row, dict) or not any(row.get(kind) for kind in KINDS):
        raise BadData(f"{where}: one of {', '.join(KINDS)} is wanted")
    unknown = set(row) - {*KINDS, "comments"}
    if unknown:
        raise BadData(f"{where}: {', '.join(sorted(unknown))} is not known; known are {', '.join(KINDS)}, comments")
    if not video.is_file():
        raise MissingFile(f"{video}: no such file; {ANNOTATIONS} names it")
    importance, chosen = _numbers(row, "importance", where), _numbers(row, "chosen", where)
    gifs = []
    for one in row.get("gifs", []):
        if not isinstance(one, list) or len(one) != 3 or not all(isinstance(at, int) and at >= 0 for at in one):
            raise BadData(f"{where}: a GIF is {one!r}; wanted are three whole seconds")
        gifs.append((one[0], one[1], one[2]))
    top = float(importance.max()) if len(importance) else 0.0
    return Annotation(
        path=video,
        importance=(importance / top if top > 0 else importance).astype(np.float32),
        chosen=tuple(float(one) for one in chosen),
        gifs=tuple(gifs),
        comments=_numbers(row, "comments", where).astype(np.int64),
    )


def _numbers(row: dict[str, Any], name: str, where: str) -> NDArray[np.float64]:
    try:
        values = np.asarray(row.get(name, []), np.float64)
    except (ValueError, TypeError) as err:
        raise BadData(f"{where}: {name} is no list of numbers") from err
    if values.ndim != 1 or not np.isfinite(values).all() or (values < 0).any():
        raise BadData(f"{where}: {name} must be a list of numbers that are 0 or more")
    return values

"""Films as shots with features, and where their scenes begin (BBC Planet Earth, OVSD, RAI: 34 of them with features).

`scenes_*.json`: {film: {"shots": [[first, last], ...], "scenes_raw": text}}, `scenes_*.npz`: (shots, d) for each film,
as `<set>_<number>_<network>`. The text is as each set gives it out: BBC's are numbers of shots, the last one their
count; the others' are lines with the first and last frame of a scene.
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


@dataclass(frozen=True, slots=True, eq=False)
class SceneFilm:
    """A film as its shots."""

    name: str
    features: NDArray[np.float32]
    """Shape (shots, d)."""
    begins: NDArray[np.bool_]
    """Shape (shots,): whether a scene begins with the shot; with the first one always."""

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or not len(self.features) or not np.isfinite(self.features).all():
            raise BadData(f"{self.name}: features is {self.features.shape}; wanted is (shots, d), finite")
        if self.begins.shape != self.features.shape[:1] or self.begins.dtype != np.bool_ or not self.begins[0]:
            raise BadData(
                f"{self.name}: begins is {self.begins.shape} {self.begins.dtype}; one bool a shot, True first"
            )

    @property
    def source(self) -> str:
        """The set it comes from."""
        return self.name.partition("/")[0]


def read_scenes(labels: Path, features: Path) -> tuple[SceneFilm, ...]:
    """The films that have features and two scenes or more. Raises `MissingFile`, `BadData` with the film."""
    for path in (labels, features):
        if not path.is_file():
            raise MissingFile(f"{path}: no such file")
    try:
        rows = json.loads(labels.read_text(encoding="utf-8"))
        with np.load(features, allow_pickle=False) as arrays:
            found = {"/".join(name.split("_")[:2]): arrays[name].astype(np.float32) for name in arrays}
    except (OSError, ValueError) as err:
        raise BadData(f"{labels} or {features} cannot be read: {err}") from err
    films = [_film(name, row, found[name], labels) for name, row in rows.items() if name in found]
    if not films:
        raise BadData(f"{features}: no array is called like a film of {labels}")
    return tuple(one for one in films if one.begins.sum() > 1)


def _film(name: str, row: Any, features: NDArray[np.float32], path: Path) -> SceneFilm:
    try:
        shots = np.asarray(row["shots"], np.int64)
        begins = scene_begins(row["scenes_raw"], shots)
    except (KeyError, TypeError, ValueError) as err:
        raise BadData(
            f'{path}: {name}: wanted is {{"shots": [[first, last], ...], "scenes_raw": text}}: {err}'
        ) from err
    return SceneFilm(name, features, begins)


def scene_begins(text: str, shots: NDArray[np.int64]) -> NDArray[np.bool_]:
    """With which shots a scene begins; a scene's first frame belongs to the shot that begins nearest to it.

    >>> scene_begins("0,2,3", np.array([[0, 9], [10, 19], [20, 29]])).tolist()
    [True, False, True]
    >>> scene_begins("0 8\\n9 29", np.array([[0, 9], [10, 19], [20, 29]])).tolist()
    [True, True, False]
    """
    begins = np.zeros(len(shots), np.bool_)
    if "," in text:
        numbers = [int(one) for one in text.replace("\n", ",").split(",") if one.strip()]
        begins[[one for one in numbers if one < len(shots)]] = True
    else:
        firsts = [int(line.split()[0]) for line in text.splitlines() if line.strip()]
        begins[[int(np.abs(shots[:, 0] - first).argmin()) for first in firsts]] = True
    begins[0] = True
    return begins

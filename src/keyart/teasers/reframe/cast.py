"""The people of one shot: tracks of faces joined over gaps, passers-by and errors of the detector left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from keyart.teasers.reframe.watch import Look

Floats = NDArray[np.float64]

_GAP_SECONDS = 2.5
_LEAST_SHARE, _LEAST_SECONDS, _LEAST_LOOKS = 0.12, 1.0, 3


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """N people over T looks. Boxes are faces in shares of the picture; NaN where somebody is not seen."""

    seconds: Floats
    """(T,)"""
    faces: Floats
    """(T, N, 4): x, y, width, height."""
    mouths: Floats
    """(T, N): gap between the lips in lengths of the face."""
    confidence: Floats
    """(N,)"""

    def __len__(self) -> int:
        return int(self.faces.shape[1])

    @property
    def seen(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self.faces[:, :, 0]))

    @property
    def presence(self) -> Floats:
        """Share of the looks that show each, (N,)."""
        return np.asarray(self.seen.mean(axis=0), np.float64)

    @property
    def prominence(self) -> Floats:
        """Typical width of each face over that of the largest, (N,)."""
        if not len(self):
            return np.empty(0)
        widths = np.nanmedian(self.faces[:, :, 2], axis=0)
        return np.asarray(widths / max(float(widths.max()), 1e-9), np.float64)

    @property
    def heads(self) -> Floats:
        """Faces grown to heads with hair, ears and chin, (T, N, 4)."""
        x, y, width, height = np.moveaxis(self.faces, 2, 0)
        return np.stack([x - 0.3 * width, y - 0.6 * height, 1.6 * width, 1.76 * height], axis=2)

    def of(self, chosen: Sequence[int]) -> Cast:
        kept = list(chosen)
        return Cast(self.seconds, self.faces[:, kept], self.mouths[:, kept], self.confidence[kept])


def cast_of(looks: Sequence[Look]) -> Cast:
    """Everybody who is seen for a while in these looks, the most prominent first."""
    tracks = _tracks(looks)
    joined = _joined(tracks, np.array([look.seconds for look in looks]))
    seconds = np.array([look.seconds for look in looks])
    faces = np.full((len(looks), len(joined), 4), np.nan)
    mouths = np.full((len(looks), len(joined)), np.nan)
    confidence = np.zeros(len(joined))
    for number, members in enumerate(joined):
        for row, face in sorted((row, face) for member in members for row, face in tracks[member].items()):
            faces[row, number] = face[:4]
            mouths[row, number] = face[4]
            confidence[number] = max(confidence[number], face[5])
    _fill(faces, seconds)
    interval = float(np.median(np.diff(seconds))) if len(looks) > 1 else 1.0
    least = min(len(looks), max(_LEAST_LOOKS, min(_LEAST_SHARE * len(looks), _LEAST_SECONDS / interval)))
    cast = Cast(seconds, faces, mouths, confidence)
    staying = np.flatnonzero(cast.seen.sum(axis=0) >= least)
    staying = staying[np.argsort(-cast.prominence[staying] * cast.presence[staying], kind="stable")]
    return cast.of(staying.tolist())


_Track = dict[int, tuple[float, ...]]
"""Number of the look -> x, y, width, height, mouth, confidence."""


def _tracks(looks: Sequence[Look]) -> dict[int, _Track]:
    tracks: dict[int, _Track] = {}
    for row, look in enumerate(looks):
        for face in look.faces:
            mouth = np.nan if face.mouth is None else face.mouth
            box = face.box
            tracks.setdefault(face.track, {})[row] = (box.x, box.y, box.width, box.height, mouth, face.confidence)
    return tracks


def _joined(tracks: dict[int, _Track], seconds: Floats) -> list[list[int]]:
    """Tracks that go on where another broke off: the same person."""
    people: list[list[int]] = []
    for name in sorted(tracks, key=lambda name: min(tracks[name])):
        first = min(tracks[name])
        for members in people:
            last = max(max(tracks[member]) for member in members)
            tail = next(tracks[member][last] for member in members if last in tracks[member])
            near = seconds[first] - seconds[last] <= _GAP_SECONDS and last < first
            if near and _is_same(tail, tracks[name][first]):
                members.append(name)
                break
        else:
            people.append([name])
    return people


def _is_same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    width = max(one[2], other[2])
    apart = np.hypot(one[0] + one[2] / 2 - other[0] - other[2] / 2, one[1] + one[3] / 2 - other[1] - other[3] / 2)
    return bool(apart < 1.2 * width and min(one[2], other[2]) > 0.5 * width)


def _fill(faces: Floats, seconds: Floats) -> None:
    """Short gaps are bridged on a straight line: somebody who turns away for a second is still there."""
    for number in range(faces.shape[1]):
        seen = np.flatnonzero(np.isfinite(faces[:, number, 0]))
        for before, after in pairwise(seen.tolist()):
            if after - before > 1 and seconds[after] - seconds[before] <= _GAP_SECONDS:
                share = (seconds[before + 1 : after] - seconds[before]) / (seconds[after] - seconds[before])
                ends = faces[before, number], faces[after, number]
                faces[before + 1 : after, number] = ends[0] + share[:, None] * (ends[1] - ends[0])

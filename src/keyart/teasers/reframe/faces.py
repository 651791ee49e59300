"""Faces followed from look to look, and how far each mouth is open: found by a detector, kept by their 468 points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from keyart.models import have
from keyart.stills.objects import FACE_MODELS, FaceDetector, Find, MediapipeFaces, Points, landmarks
from keyart.types import RGB, Box

_MIN_PRESENCE = 0.7
_LIPS = (13, 14)
"""Middle of the inner edges of upper and lower lip, in the 468-point numbering."""
_LENGTH = (10, 152)
"""Top of the forehead and chin."""
_MOST = 6
"""Faces followed at once."""
_SMALLEST_PX = 22.0
_MOST_STEPS, _OFF_MIDDLE = 4, 0.08
_BACK_SECONDS, _SOON_SECONDS = 4.0, 0.4


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face in one look; boxes in pixels of the picture that was looked at."""

    track: int
    """The same number as long as it was followed without a break."""
    box: Box
    confidence: float
    mouth: float | None = None
    """Gap between the lips, in lengths of the face; None where no points were found."""

    def scaled(self, fx: float, fy: float) -> SeenFace:
        return replace(self, box=self.box.scaled(fx, fy))


class FollowFaces:
    """Looks for faces every `every_seconds`; between, looks only where they were. Tiles are searched more seldom."""

    def __init__(self, detector: FaceDetector, every_seconds: float = 1.2, tiles_seconds: float = 4.0) -> None:
        self.detector = detector
        self.every_seconds, self.tiles_seconds = every_seconds, tiles_seconds
        self.has_points = isinstance(detector, MediapipeFaces) and have(FACE_MODELS[1])
        self._due, self._tiles_due = float("-inf"), float("-inf")
        self._faces: list[SeenFace] = []
        self._next = self._turn = 0
        self._moving = self._had = False
        self._last = float("-inf")

    def see(self, image: RGB, seconds: float, changed: bool, stands: bool = False) -> tuple[SeenFace, ...]:
        """`changed`: the picture shows another take than the look before, so nothing is where it was; `stands`: hardly
        anything moved, so that one face alone, of which nobody asks whether it speaks, is followed at every other look.
        """
        if changed:
            self._faces, self._due, self._tiles_due = [], seconds, seconds
        before = self._faces
        self._turn += 1
        if len(before) != 1 or self._turn % 2 or self._moving or not stands:
            self._faces = [face for old in before if (face := self._followed(image, old))]
            self._moving = _moved(before, self._faces)
        if seconds >= self._due or len(self._faces) < len(before):
            self._look(image, seconds)
        if self._faces:
            self._last = seconds
        return tuple(self._faces)

    def _followed(self, image: RGB, old: SeenFace) -> SeenFace | None:
        if not self.has_points:
            return old
        face = old
        for _ in range(_MOST_STEPS):
            points, presence = landmarks(image, _find(face))
            box = _around(points)
            steady = 0.6 < box.width / old.box.width < 1.7 and _apart(box, old.box) < 1.2 * old.box.width
            if presence < _MIN_PRESENCE or not steady:
                return None
            # the points are only right round the middle of what the network is shown: go there and look again
            moved = _apart(box, face.box) > _OFF_MIDDLE * box.width
            face = SeenFace(old.track, _mixed(face.box, box), old.confidence, _gap(points))
            if not moved:
                break
        return face

    def _look(self, image: RGB, seconds: float) -> None:
        # somebody who was here a moment ago is likely to come back
        gone = not self._faces and seconds - self._last < _BACK_SECONDS
        self._due = seconds + (_SOON_SECONDS if gone else self.every_seconds)
        lost = seconds >= self._tiles_due - self.tiles_seconds + self.every_seconds and self._had
        tiles = (seconds >= self._tiles_due or lost) and not self._faces
        self._had = bool(self._faces)
        if tiles:
            self._tiles_due = seconds + self.tiles_seconds
        found = [face for face in self.detector.look(image, tiles=tiles) if face.box.width >= _SMALLEST_PX]
        known = [] if not self.has_points else self._faces
        if not self.has_points:
            known = [old for old in self._faces if any(_same(old.box, face.box) for face in found)]
        fresh = [face for face in found if not any(_same(face.box, old.box) for old in known)]
        # what is followed drifts; what is detected does not
        self._faces = [_anchored(old, [face.box for face in found]) for old in known]
        for face in fresh[: max(0, _MOST - len(known))]:
            self._faces.append(SeenFace(self._next, face.box, face.confidence))
            self._next += 1


def _find(face: SeenFace) -> Find:
    """A find with level eyes: the points tell the head's tilt well enough by themselves."""
    x, y = face.box.center
    eyes = [[x - 0.2 * face.box.width, y], [x + 0.2 * face.box.width, y]]
    return Find(face.box, np.array(eyes, np.float32), face.confidence)


def _around(points: Points) -> Box:
    """The detector's kind of box (square, brow to chin) round the points (forehead to chin)."""
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    side = 0.95 * max(right - left, bottom - top)
    return Box((left + right) / 2 - side / 2, bottom - side, side, side)


def _mixed(old: Box, new: Box) -> Box:
    """The new place, the size changing slowly: a mouth that opens makes no face larger."""
    side = 0.7 * old.width + 0.3 * new.width
    x, y = new.center
    return Box(x - side / 2, y - side / 2, side, side)


def _gap(points: Points) -> float:
    upper, lower = points[list(_LIPS)]
    top, chin = points[list(_LENGTH)]
    return float(np.linalg.norm(upper - lower) / max(float(np.linalg.norm(top - chin)), 1e-6))


def _anchored(face: SeenFace, boxes: Sequence[Box]) -> SeenFace:
    there = next((box for box in boxes if _same(box, face.box)), face.box)
    return replace(face, box=there)


def _moved(before: Sequence[SeenFace], now: Sequence[SeenFace]) -> bool:
    places = {face.track: face.box for face in before}
    return any(_apart(face.box, places[face.track]) > _OFF_MIDDLE * face.box.width for face in now)


def _apart(one: Box, other: Box) -> float:
    return float(np.hypot(one.center[0] - other.center[0], one.center[1] - other.center[1]))


def _same(one: Box, other: Box) -> bool:
    return one.iou(other) > 0.2 or _apart(one, other) < 0.5 * max(one.width, other.width)

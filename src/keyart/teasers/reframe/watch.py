"""One pass -> a few hundred bytes a look: where things stand out, move, look like people, have faces or lettering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.cores import all_done
from keyart.media.scan import Glimpse
from keyart.stills.objects import FaceDetector, person_mask
from keyart.stills.text import FindText
from keyart.teasers.reframe.clusters import filtered
from keyart.teasers.reframe.faces import FollowFaces, SeenFace
from keyart.teasers.reframe.saliency import Map, Motion, grid_of, moving, reduced, standing_out
from keyart.types import RGB, Box, Gray, VideoInfo

LOOK_PX = 640
"""Longer side of the pictures that are looked at: mouths of people who sit at a table are still ten pixels wide."""
_PEOPLE_SECONDS, _PEOPLE_BESIDE_FACES_SECONDS = 1.2, 2.4
"""Where a face is seen, the outline of who has it says little more."""
_TEXT_SECONDS, _TEXT_SOON_SECONDS, _FADED = 1.5, 0.4, 4.0
"""Titles fade in: where the picture's mean has changed by so many grey levels, lettering is looked for sooner."""
_BAR_LEVEL = 26
_FADES = 0.85
_STANDS = 5.0
"""Mean difference in grey levels below which a face is where it was."""
_SAME_PICTURE, _PARTS = 4.0, (16, 9)
"""The same of any part, below which nothing is looked for anew in a picture."""
_PEOPLE_SHARE = 0.012, 0.8
_HEAD_SHARE = 0.25
_OBLONG = 1.25
_SEEN_TWICE, _STIRS = 0.4, 0.12
_STATIC_SHARE = 0.6
"""How much what merely stands out counts beside what moves."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one look found; boxes in shares of the picture, profiles along x and y that sum to 1 or to 0."""

    seconds: float
    faces: tuple[SeenFace, ...]
    drawn: tuple[NDArray[np.float32], NDArray[np.float32]]
    """Of what stands out or moves, clustered."""
    drawn_trust: float
    """0 ... 1."""
    motion: tuple[NDArray[np.float32], NDArray[np.float32]]
    """How much moves otherwise than the camera in each column and row, 0 ... 1."""
    people: tuple[NDArray[np.float32], NDArray[np.float32]]
    figures: tuple[Box, ...]
    """Heads of the people whom the person network sees, by the tops of their outlines: faces may be turned away."""
    lettering: tuple[Box, ...]
    changed: bool
    """Whether this look shows another take than the one before."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """All looks of a stretch of the video."""

    width_px: int
    height_px: int
    interval_seconds: float
    looks: tuple[Look, ...]
    area: Box
    """The picture inside black bars, in shares."""

    def between(self, start: float, end: float) -> tuple[Look, ...]:
        return tuple(look for look in self.looks if start - 1e-6 <= look.seconds < end)


class WatchForReframing:
    """An onlooker: looks a few times a second, and keeps no picture. Sizes are the displayed picture's."""

    def __init__(self, width_px: int, height_px: int, detector: FaceDetector, looks_per_second: float = 5.0) -> None:
        self.width_px, self.height_px = width_px, height_px
        self.detector, self.looks_per_second = detector, looks_per_second
        self.looks: list[Look] = []
        self._due = float("-inf")
        self._faces = FollowFaces(detector)
        self._before: Gray | None = None
        self._brightest: Gray | None = None
        self._area = Box(0, 0, 1, 1)
        self._salient: tuple[Gray, Box, Map, float] | None = None
        self._peopled: Gray | None = None
        self._people: tuple[Map | None, tuple[Box, ...]] = (None, ())
        self._stirred: Map = np.zeros((1, 1), np.float32)
        self._lettering: tuple[Box, ...] = ()
        self._people_due = self._text_due = float("-inf")
        self._text_light = 0.0

    @classmethod
    def over(cls, info: VideoInfo, detector: FaceDetector, looks_per_second: float) -> WatchForReframing:
        return cls(info.width_px, info.height_px, detector, looks_per_second)

    def see(self, glimpse: Glimpse) -> None:
        if glimpse.seconds >= self._due:
            self.look(glimpse.small(LOOK_PX), glimpse.seconds)

    def look(self, image: RGB, seconds: float) -> None:
        """A picture of any size; those of one pass must have one size."""
        interval = 1.0 / self.looks_per_second
        self._due = max(seconds, self._due if self._due > seconds - interval else seconds) + interval - 0.003
        gray = reduced(image)
        stands = self._before is not None and _difference(gray, self._before) < _STANDS
        motion = self._motion(gray, grid_of(*image.shape[1::-1]))
        self._before = gray
        if self._stirred.shape != motion.moving.shape or motion.changed:
            self._stirred = np.zeros_like(motion.moving)
        self._stirred = np.maximum(_FADES * self._stirred, motion.moving)
        if motion.changed:
            self._people_due = self._text_due = seconds
            self._salient = self._peopled = None
        width, height = image.shape[1], image.shape[0]
        found: list[Any] = all_done(
            (
                lambda: self._faces.see(image, seconds, motion.changed, stands),
                lambda: self._beside_faces(image, gray, motion, seconds),
            )
        )
        faces: tuple[SeenFace, ...] = found[0]
        drawn, trust = found[1]
        people, boxes = self._people
        inside = tuple(face.scaled(1 / width, 1 / height) for face in faces)
        self.looks.append(
            Look(
                seconds,
                inside,
                _profiles(drawn),
                trust,
                (motion.moving.max(axis=0), motion.moving.max(axis=1)),
                _profiles(people),
                boxes,
                self._lettering,
                motion.changed,
            )
        )

    def _motion(self, gray: Gray, grid: tuple[int, int]) -> Motion:
        self._brightest = gray if self._brightest is None else np.maximum(self._brightest, _like(gray, self._brightest))
        if self._before is None or self._before.shape != gray.shape:
            return Motion(np.zeros(grid, np.float32), 0.0, True)
        return moving(self._before, gray, grid)

    def _beside_faces(self, image: RGB, gray: Gray, motion: Motion, seconds: float) -> tuple[Map | None, float]:
        self._look_seldom(image, gray, seconds)
        return self._drawn(image, gray, motion)

    def _drawn(self, image: RGB, gray: Gray, motion: Motion) -> tuple[Map | None, float]:
        """What stands out and what moves, weighted by how far each can be trusted, then clustered."""
        if self._salient is None or self._salient[1] != self._area or not _is_same(gray, self._salient[0]):
            self._salient = gray, self._area, *self._standing_out(image, self._area)
        _, _, still, still_trust = self._salient
        one, other = _STATIC_SHARE * still_trust, motion.trust
        found = filtered(np.asarray(one * still + other * motion.moving, np.float32))
        if found is None:
            return None, 0.0
        return found.values, min(1.0, max(one, other))

    def _standing_out(self, image: RGB, area: Box) -> tuple[Map, float]:
        """Inside black bars only: before them, the whole picture stands out."""
        import cv2

        rows, columns = grid_of(image.shape[1], image.shape[0])
        if area.area > 0.999:
            return standing_out(image)
        part = area.scaled(image.shape[1], image.shape[0])
        inner = image[round(part.y) : round(part.bottom), round(part.x) : round(part.right)]
        found, trust = standing_out(inner)
        place = area.scaled(columns, rows)
        y, x = round(place.y), round(place.x)
        height, width = max(1, round(place.bottom) - y), max(1, round(place.right) - x)
        whole = np.zeros((rows, columns), np.float32)
        whole[y : y + height, x : x + width] = cv2.resize(found, (width, height), interpolation=cv2.INTER_AREA)
        return whole, trust

    def _look_seldom(self, image: RGB, gray: Gray, seconds: float) -> None:
        import cv2

        if seconds >= self._people_due:
            faces = bool(self.looks and self.looks[-1].faces)
            self._people_due = seconds + (_PEOPLE_BESIDE_FACES_SECONDS if faces else _PEOPLE_SECONDS)
            if self._brightest is not None:
                self._area = _area(self._brightest)
            # who was seen is still there; who was not may have stirred since
            if self._people[0] is None or self._peopled is None or not _is_same(gray, self._peopled):
                self._people, self._peopled = _people(image, self._stirred), gray
        light = float(gray.mean())
        faded = (
            abs(light - self._text_light) > _FADED and seconds >= self._text_due - _TEXT_SECONDS + _TEXT_SOON_SECONDS
        )
        if seconds >= self._text_due or faded:
            self._text_due, self._text_light = seconds + _TEXT_SECONDS, light
            lines = FindText()(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8))
            self._lettering = tuple(line.scaled(1 / image.shape[1], 1 / image.shape[0]) for line in lines)

    def seen(self) -> Looks:
        area = _area(self._brightest) if self._brightest is not None else Box(0, 0, 1, 1)
        return Looks(self.width_px, self.height_px, 1 / self.looks_per_second, tuple(self.looks), area)


def _difference(gray: Gray, before: Gray) -> float:
    return float(np.abs(_like(before, gray).astype(np.int16) - gray).mean())


def _is_same(gray: Gray, before: Gray) -> bool:
    """Whether no part differs: a ball that rolls is lost in the mean."""
    import cv2

    apart = cv2.absdiff(gray, _like(before, gray))
    return float(cv2.resize(apart, _PARTS, interpolation=cv2.INTER_AREA).max()) < _SAME_PICTURE


def _like(gray: Gray, other: Gray) -> Gray:
    """A stream may change its size midway."""
    import cv2

    return gray if gray.shape == other.shape else np.asarray(cv2.resize(gray, other.shape[::-1]), np.uint8)


def _people(image: RGB, stirred: Map) -> tuple[Map | None, tuple[Box, ...]]:
    """The person network's map on the grid and the head of each figure; nothing where it says all, nothing or specks.

    Looked at closely the network takes pillars for people: a figure is believed where the look at the whole picture
    sees it too, or where something has `stirred`.
    """
    import cv2

    mask, whole = _person_maps(image)
    if mask is None or whole is None or not _PEOPLE_SHARE[0] < float((mask > 0.5).mean()) < _PEOPLE_SHARE[1]:
        return None, ()
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 0.6).astype(np.uint8))
    sizes = stats[1:, cv2.CC_STAT_AREA]
    least = max(_PEOPLE_SHARE[0] * mask.size, 0.15 * float(sizes.max(initial=0)))
    stirs = np.asarray(cv2.resize(stirred, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    large = (index for index in range(1, count) if stats[index, cv2.CC_STAT_AREA] >= least)
    figures = [index for index in large if _is_believed(labels == index, whole, stirs)]
    if not figures:
        return None, ()
    kept = np.where(np.isin(labels, figures), mask, 0).astype(np.float32)
    tops = tuple(_top(labels == index, stats[index]) for index in figures)
    rows, columns = grid_of(image.shape[1], image.shape[0])
    return np.asarray(cv2.resize(kept, (columns, rows), interpolation=cv2.INTER_AREA), np.float32), tops


def _is_believed(figure: NDArray[np.bool_], whole: Map, stirs: Map) -> bool:
    return float(whole[figure].mean()) >= _SEEN_TWICE or float(stirs[figure].mean()) >= _STIRS


def _person_maps(image: RGB) -> tuple[Map | None, Map | None]:
    """The network's word on the whole and on the squares at both ends, together; and on the whole alone.

    It was trained on upright pictures of one person, and misses half of the people in a wide one.
    """
    import cv2

    whole = person_mask(image)
    height, width = image.shape[:2]
    side = min(height, width)
    if whole is None or max(height, width) < _OBLONG * side:
        return whole, whole
    whole = np.asarray(cv2.resize(whole, (width // 2, height // 2), interpolation=cv2.INTER_LINEAR), np.float32)
    parts = np.zeros_like(whole)
    for start in (0, max(height, width) - side):
        cut = np.s_[:, start : start + side] if width > height else np.s_[start : start + side]
        first, last = start // 2, start // 2 + side // 2
        half = np.s_[:, first:last] if width > height else np.s_[first:last]
        found = person_mask(np.ascontiguousarray(image[cut]))
        if found is not None:
            rows, columns = parts[half].shape
            parts[half] = np.maximum(parts[half], cv2.resize(found, (columns, rows), interpolation=cv2.INTER_LINEAR))
    return np.asarray(0.35 * whole + 0.65 * parts, np.float32), whole


def _top(figure: NDArray[np.bool_], row: NDArray[np.int32]) -> Box:
    """The uppermost part of an outline, in shares."""
    _, top, _, tall, _ = (int(value) for value in row)
    rows = figure[top : top + max(1, round(_HEAD_SHARE * tall))]
    columns = np.flatnonzero(rows.any(axis=0))
    box = Box(float(columns[0]), float(top), float(columns[-1] + 1 - columns[0]), float(len(rows)))
    return box.scaled(1 / figure.shape[1], 1 / figure.shape[0])


def _profiles(values: Map | None) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if values is None:
        return np.zeros(1, np.float32), np.zeros(1, np.float32)
    total = max(float(values.sum()), 1e-9)
    return np.asarray(values.sum(axis=0) / total), np.asarray(values.sum(axis=1) / total)


def _area(brightest: Gray) -> Box:
    """What is not black in every look; the whole where bars would leave little, or lie on one side only."""
    rows, columns = brightest.shape
    y0, y1 = _inside(np.percentile(brightest, 95, axis=1), rows)
    x0, x1 = _inside(np.percentile(brightest, 95, axis=0), columns)
    return Box(x0 / columns, y0 / rows, (x1 - x0) / columns, (y1 - y0) / rows)


def _inside(levels: Sequence[float] | NDArray[np.float64], length: int) -> tuple[int, int]:
    lit = np.flatnonzero(np.asarray(levels) > _BAR_LEVEL)
    if not len(lit):
        return 0, length
    first, last = int(lit[0]), int(lit[-1]) + 1
    bars = first, length - last
    paired = min(bars) >= 0.015 * length and max(bars) <= 1.6 * min(bars) + 2
    # one more line at each end: the bar's edge is blurred
    return (first + 1, last - 1) if paired and last - first > 0.3 * length else (0, length)

"""Made scenes whose subject is known in every frame: an astronaut, a cat or a ball before photographs, in groups.

Nothing in them comes from the code that is measured: the astronaut's outline and head were drawn by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.matte import filled, masks
from keyart.media.images import read_image
from keyart.models import model_path
from keyart.types import RGB, Box, Frame

SECONDS, FRAMES_PER_SECOND = 6.0, 25
_HEAD = Box(153, 16, 148, 174)
"""Of the astronaut's photograph, drawn by hand: hair, ears and chin."""
_BUST_PX = 300
_GROUNDS = ("photo-coffee", "photo-hubble", "photo-rocket")

Place = Callable[[float], tuple[float, float]]
"""Seconds -> centre of a figure, in shares of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    image: RGB
    alpha: NDArray[np.float32]
    head: Box | None
    """In pixels of `image`."""


@dataclass(frozen=True, slots=True)
class Actor:
    figure: str
    height: float
    """In heights of the frame."""
    place: Place


@dataclass(frozen=True, slots=True)
class Scene:
    """A made take. Its subject is the first of the actors."""

    name: str
    group: str
    actors: tuple[Actor, ...]
    ground: str
    size_px: tuple[int, int] = (640, 360)
    camera: float = 0.0
    """How far the camera moves sideways in the take, in frame widths: ground and actors move against it."""
    cut_seconds: float | None = None
    """When the take ends and the same goes on mirrored: a cut."""

    def frames(self, rate: float) -> Iterator[Frame]:
        for number in range(round(SECONDS * rate)):
            seconds = number / rate
            yield Frame(self.image(seconds), seconds)

    def image(self, seconds: float) -> RGB:
        width, height = self.size_px
        image = _ground(self.ground, width, height, self._pan(seconds))
        for actor in reversed(self.actors):
            _lay(image, _figure(actor.figure), self._box(actor, seconds))
        if self.cut_seconds is not None and seconds >= self.cut_seconds:
            image = np.asarray(image[:, ::-1], np.uint8)
        grain = np.random.default_rng(round(seconds * 1000)).integers(-3, 4, (height, width, 1))
        return np.ascontiguousarray(np.clip(image.astype(np.int16) + grain, 0, 255).astype(np.uint8))

    def subject(self, seconds: float) -> Box:
        """What must be shown, in pixels."""
        return self._seen(self._box(self.actors[0], seconds), seconds)

    def heads(self, seconds: float) -> list[Box]:
        found = []
        for actor in self.actors:
            figure, box = _figure(actor.figure), self._box(actor, seconds)
            if figure.head is not None:
                scale = box.height / figure.image.shape[0]
                found.append(self._seen(figure.head.scaled(scale).moved(box.x, box.y), seconds))
        return found

    def _seen(self, box: Box, seconds: float) -> Box:
        if self.cut_seconds is None or seconds < self.cut_seconds:
            return box
        return Box(self.size_px[0] - box.right, box.y, box.width, box.height)

    def _pan(self, seconds: float) -> float:
        return self.camera * (seconds / SECONDS - 0.5)

    def _box(self, actor: Actor, seconds: float) -> Box:
        width, height = self.size_px
        x, y = actor.place(seconds)
        tall = actor.height * height
        rows, columns = _figure(actor.figure).alpha.shape
        wide = tall * columns / rows
        return Box((x - self._pan(seconds)) * width - wide / 2, y * height - tall / 2, wide, tall)


@cache
def _figure(name: str) -> Figure:
    if name == "astronaut":
        outline = next(one for one in masks() if one.name == "astronaut")
        image = read_image(model_path("photo-astronaut"))[:_BUST_PX, 30:370]
        alpha = filled(outline.polygons, outline.size)[:_BUST_PX, 30:370].astype(np.float32)
        return Figure(image, _soft(alpha), _HEAD.moved(-30, 0))
    side = 240
    y, x = np.mgrid[-1 : 1 : complex(side), -1 : 1 : complex(side)]
    inside = (x**2 + y**2 <= 0.95).astype(np.float32)
    if name == "cat":
        image = np.asarray(cv2.resize(read_image(model_path("photo-chelsea"))[:, 75:375], (side, side)), np.uint8)
        return Figure(image, _soft(inside), None)
    shade = np.clip(1.1 - 0.5 * np.hypot(x + 0.4, y + 0.4), 0.2, 1.0)[..., None]
    image = np.asarray(shade * np.array([230.0, 60.0, 40.0]), np.uint8)
    return Figure(image, _soft(inside), None)


def _soft(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.2), np.float32)


@cache
def _photo(name: str) -> RGB:
    if name == "grass":
        grain = np.random.default_rng(5).normal(0, 1, (720, 1600)).astype(np.float32)
        blades = cv2.GaussianBlur(grain, (0, 0), 1.5, sigmaY=4.0)
        tone = 95 + 220 * blades[..., None] * np.array([0.5, 0.9, 0.35]) + np.array([-25.0, 15.0, -45.0])
        return np.asarray(np.clip(tone, 0, 255), np.uint8)
    return read_image(model_path(name))


def _ground(name: str, width: int, height: int, pan: float) -> RGB:
    photo = _photo(name)
    rows, columns = photo.shape[:2]
    scale = min(columns / (1.5 * width), rows / height)
    wide, tall = width * scale, height * scale
    left = (columns - wide) / 2 + pan * wide
    move = np.array([[scale, 0, left], [0, scale, (rows - tall) / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(photo, move, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cv2.GaussianBlur(seen, (0, 0), 1.5) * 0.8, np.uint8)


def _lay(image: RGB, figure: Figure, box: Box) -> None:
    scale = box.height / figure.image.shape[0]
    move = np.array([[scale, 0, box.x], [0, scale, box.y]])
    size = image.shape[1::-1]
    front = cv2.warpAffine(figure.image, move, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(figure.alpha, move, size, flags=cv2.INTER_AREA)[..., None]
    image[:] = (image * (1 - alpha) + front * alpha + 0.5).astype(np.uint8)


# --- groups -----------------------------------------------------------------------------------------------------


def _stands(x: float, y: float, sway: float = 0.006) -> Place:
    return lambda seconds: (x + sway * float(np.sin(2.1 * seconds)), y + 0.5 * sway * float(np.sin(3.3 * seconds)))


def _walks(first: float, last: float, y: float) -> Place:
    """Stands for a second, walks evenly, stands again."""

    def place(seconds: float) -> tuple[float, float]:
        share = float(np.clip((seconds - 1) / (SECONDS - 2), 0, 1))
        return first + (last - first) * share * share * (3 - 2 * share), y

    return place


def _group(name: str, index: int) -> Scene:
    """The `index`-th (0 ... 5) of a group: mirrored places, other sizes and grounds."""
    side = -1 if index % 2 else 1
    off = side * (0.2, 0.27, 0.31)[index // 2]
    tall = (0.75, 0.6, 0.5)[index // 2]
    ground = _GROUNDS[index % 3]
    x = 0.5 + off

    def scene(*actors: Actor, size_px: tuple[int, int] = (640, 360), **more: float) -> Scene:
        return Scene(f"{name} {index + 1}", name, actors, ground, size_px, **more)

    bust = Actor("astronaut", tall, _stands(x, 1 - tall / 2))
    match name:
        case "person beside the middle":
            return scene(bust)
        case "person walks across":
            return scene(Actor("astronaut", tall, _walks(0.5 - off, x, 1 - tall / 2)))
        case "camera pans past a person":
            return scene(Actor("astronaut", tall, _stands(0.5, 1 - tall / 2)), camera=side * 0.5)
        case "two people, one nearer":
            return scene(bust, Actor("astronaut", 0.45 * tall, _stands(0.5 - 1.2 * off, 0.7)))
        case "cut to the other side":
            return scene(bust, cut_seconds=3.0)
        case "animal beside the middle":
            return scene(Actor("cat", 0.5 * tall + 0.2, _stands(x, 0.55)))
        case "ball rolls":
            return scene(Actor("ball", 0.3 * tall, _walks(0.5 - off, x, 0.7)))
        case "upright picture":
            high = (0.2, 0.3, 0.75)[index // 2]
            return scene(Actor("astronaut", 0.25, _stands(0.5 + 0.3 * off, high)), size_px=(360, 640))
        case "subject in the middle":
            return scene(Actor(("astronaut", "cat", "ball")[index % 3], 0.6, _stands(0.5, 0.6)))
    raise KeyError(name)


GROUPS = (
    "person beside the middle",
    "person walks across",
    "camera pans past a person",
    "two people, one nearer",
    "cut to the other side",
    "animal beside the middle",
    "ball rolls",
    "upright picture",
    "subject in the middle",
)
CENTRED = "subject in the middle"
"""The group in which the centre crop cannot be beaten, only lost to."""
PER_GROUP = 6


def scenes() -> Iterator[Scene]:
    for name in GROUPS:
        for index in range(PER_GROUP):
            yield _group(name, index)

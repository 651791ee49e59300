"""A picture -> its figure, cut out: people first, where nobody is there the thing that stands out.

guess (coarse) ──> alpha (the picture's own edges) ──> colours of the figure without the old background
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyart.covers.matte.alpha import fitted
from keyart.covers.matte.colour import foreground_colours
from keyart.covers.matte.cut import beside_faces, standing_out
from keyart.covers.matte.guess import Guess
from keyart.covers.matte.keep import content_key, kept
from keyart.covers.matte.networks import birefnet, modnet
from keyart.covers.matte.person import people
from keyart.errors import BadSetting, MissingModel
from keyart.models import have
from keyart.stills.objects import PERSON_MODEL
from keyart.types import RGB, Box

Subject = Literal["person", "object"]
_LEAST_COVERED = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """A figure taken out of its picture. `foreground * alpha + ground * (1 - alpha)` puts it on a new ground."""

    alpha: NDArray[np.float32]
    """Share of each pixel that the figure covers, shape (h, w), 0 ... 1."""
    foreground: RGB
    """The figure's own colours, with the old background taken out; shape (h, w, 3)."""
    backend: str
    models: tuple[str, ...]
    """Names of the model cards that took part."""
    subject: Subject

    @property
    def coverage(self) -> float:
        """Share of the picture that the figure covers."""
        return float(self.alpha.mean())

    @property
    def box(self) -> Box:
        """Around everything that is at least half covered."""
        rows, columns = (np.flatnonzero((self.alpha >= 0.5).any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return Box(0, 0, 0, 0)
        return Box(
            float(columns[0]),
            float(rows[0]),
            float(columns[-1] - columns[0] + 1),
            float(rows[-1] - rows[0] + 1),
        )

    @property
    def is_clear(self) -> bool:
        """Whether one would publish the figure: little of it is neither figure nor ground, and it does not fray below.

        People whose legs a network has lost end in the air in shreds; those that the frame cuts off end at its edge.
        """
        box = self.box
        soft, solid = (self.alpha > 0.1) & (self.alpha < 0.9), self.alpha > 0.5
        if not solid.any() or soft.sum() > _MOST_SOFT * solid.sum():
            return False
        if self.subject == "object" and box.x <= 1 and box.right >= self.alpha.shape[1] - 1:
            return False  # a thing stands somewhere; what runs from side to side is a stand, a street, a table
        if box.bottom >= 0.99 * len(self.alpha):
            return True
        foot = np.s_[int(box.y + 0.85 * box.height) : int(box.bottom)]
        return bool(soft[foot].sum() <= _MOST_FRAYED * max(1, solid[foot].sum()))


_MOST_SOFT = 0.4  # clear figures stay below 0.25, blotches in a soft old film reach 0.55
_MOST_FRAYED = 0.32  # shoes and seats stay below 0.22, lost legs lie at 0.39 and above


@dataclass(frozen=True, slots=True)
class Matter:
    """A way to find the figure. `find` answers None where nothing stands out, and raises `MissingModel`."""

    find: Callable[[RGB, Sequence[Box]], Guess | None]
    subject: Subject
    models: tuple[str, ...] = ()
    """Cards of what it needs in the store."""


def _selfie(image: RGB, faces: Sequence[Box]) -> Guess | None:
    if not have(PERSON_MODEL):
        raise MissingModel(PERSON_MODEL)
    return people(image, faces)


MATTERS: dict[str, Matter] = {
    "selfie": Matter(_selfie, "person", (PERSON_MODEL,)),
    "grabcut": Matter(beside_faces, "person"),
    "saliency": Matter(lambda image, _: standing_out(image), "object"),
    "modnet": Matter(lambda image, _: modnet(image), "person", ("modnet",)),
    "birefnet": Matter(lambda image, _: birefnet(image), "object", ("birefnet",)),
}
"""The first three are embedded; the others are pulled from the hub and chosen by name."""

_EMBEDDED = ("selfie", "grabcut", "saliency")


@dataclass(frozen=True, slots=True)
class MakeMatte:
    """Cuts the figure of a picture out (thesis §4.5)."""

    backend: str = "auto"
    """Name from MATTERS, or auto: people by the embedded network or their faces, else what stands out."""

    def __post_init__(self) -> None:
        if self.backend != "auto" and self.backend not in MATTERS:
            raise BadSetting(f"no matte backend is called {self.backend!r}; there are: auto, {', '.join(MATTERS)}")

    def __call__(self, image: RGB, faces: Sequence[Box] = ()) -> Matte | None:
        """The figure, or None where nothing stands out. Faces are boxes in pixels of the picture; they help GrabCut.

        Raises `MissingModel` where a backend asked for by name has no model in the store.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise BadSetting(f"a picture to cut out of is (height, width, 3) uint8, not {image.shape} {image.dtype}")
        names, boxes = self._names(), tuple(faces)
        finders = tuple(MATTERS[name].find for name in names)
        return kept((content_key(image), boxes, finders), lambda: self._cut_out(names, image, boxes))

    def _cut_out(self, names: tuple[str, ...], image: RGB, faces: tuple[Box, ...]) -> Matte | None:
        for name in names:
            guess = MATTERS[name].find(image, faces)
            matte = self._made(name, image, guess) if guess is not None else None
            if matte is not None:
                return matte
        return None

    def _names(self) -> tuple[str, ...]:
        if self.backend != "auto":
            return (self.backend,)
        return tuple(name for name in _EMBEDDED if all(have(model) for model in MATTERS[name].models))

    def _made(self, name: str, image: RGB, guess: Guess) -> Matte | None:
        alpha = fitted(image, guess)
        if float(alpha.mean()) < _LEAST_COVERED:
            return None
        matter = MATTERS[name]
        return Matte(alpha, foreground_colours(image, alpha), name, matter.models, matter.subject)

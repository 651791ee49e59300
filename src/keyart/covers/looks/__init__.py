"""Looks: a still as a painting, a drawing, a print or a film. One file each; all keep the size of the still."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from keyart.covers.looks.anime import Anime
from keyart.covers.looks.cinematic import Cinematic
from keyart.covers.looks.comic import Comic
from keyart.covers.looks.duotone import Duotone
from keyart.covers.looks.painted import Painted
from keyart.types import RGB, Box


class Look(Protocol):
    """(image, face boxes, seed) -> picture of the same size. Same arguments, same bytes."""

    def __call__(self, image: RGB, faces: Sequence[Box] = (), seed: int = 0) -> RGB: ...


LOOKS: dict[str, Look] = {
    "painted": Painted(),
    "anime": Anime(),
    "cinematic": Cinematic(),
    "comic": Comic(),
    "duotone": Duotone(),
}
"""The first three are the variants made of each still by default."""

__all__ = ["LOOKS", "Look"]

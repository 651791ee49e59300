"""A still before its layout: in another look, its people on another background."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from keyart.errors import BadSetting
from keyart.types import Still


def check_staging(look: str, background: str) -> None:
    """Raises `BadSetting` for a name that is in no registry."""
    if look:
        from keyart.covers.looks import LOOKS

        if look not in LOOKS:
            raise BadSetting(f"no look is called {look!r}; there are: {', '.join(LOOKS)}")
    if background:
        from keyart.covers.backgrounds import BACKGROUNDS

        if background not in BACKGROUNDS:
            raise BadSetting(f"no background is called {background!r}; there are: {', '.join(BACKGROUNDS)}")


def check_side(max_side_px: int) -> None:
    """Raises `BadSetting`."""
    if not 64 <= max_side_px <= 8192:
        raise BadSetting(f"max_side_px is 64 to 8192, not {max_side_px}")


@dataclass(frozen=True, slots=True)
class Staged:
    """A still as it goes into the layout, same size as before."""

    still: Still
    note: str = ""
    """What could not be done to it."""
    matte: str = ""
    """Backend that cut the figure out, for the receipt."""
    models: tuple[str, ...] = ()
    """Names of the model cards that took part."""


def bounded(still: Still, max_side_px: int) -> Still:
    """The still with its longer side at most that long, and all that is marked on it: an 8K look costs a gigabyte."""
    image = still.frame.image
    scale = max_side_px / max(image.shape[:2])
    if scale >= 1:
        return still
    import cv2

    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return replace(
        still,
        frame=replace(still.frame, image=small),
        faces=tuple(replace(face, box=face.box.scaled(scale)) for face in still.faces),
        avoid=tuple(box.scaled(scale) for box in still.avoid),
    )


def staged(still: Still, look: str, background: str, seed: int) -> Staged:
    """The still in another look, its figure on another background.

    The background comes first: a look is laid over figure and ground alike. Lettering that was in the picture is
    still avoided where only the look changed; a new background has none.
    """
    image, note, matte = still.frame.image, "", None
    boxes = tuple(face.box for face in still.faces)
    avoid = still.avoid
    if background:
        from keyart.covers.compose import restaged
        from keyart.covers.matte import MakeMatte

        matte = MakeMatte()(image, boxes)
        if matte is None:
            note = f"nothing stands out from the picture, so the background {background} was not laid behind it"
        else:
            image, avoid = restaged(image, matte, background, seed, boxes), ()
    if look:
        from keyart.covers.looks import LOOKS

        image = LOOKS[look](image, boxes, seed)
    shown = replace(still, frame=replace(still.frame, image=image), avoid=avoid)
    return Staged(shown, note, matte.backend if matte else "", matte.models if matte else ())

"""A still before its layout: in another look, its people on another background."""

from __future__ import annotations

from dataclasses import dataclass, replace

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

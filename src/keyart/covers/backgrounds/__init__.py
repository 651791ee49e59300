"""Backgrounds to set a cut-out figure on: made of light and noise, seeded, of any size. One file each kind."""

from __future__ import annotations

from typing import Protocol

from keyart.covers.backgrounds.studio import blurred_original, halftone, palette_gradient, studio_sweep
from keyart.covers.backgrounds.thesis import golden_fog, neon_embers, soft_halo
from keyart.covers.palette import Palette
from keyart.types import RGB


class Background(Protocol):
    """(width, height, the still, its palette, seed) -> picture. Same arguments, same bytes."""

    def __call__(self, width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB: ...


BACKGROUNDS: dict[str, Background] = {
    "golden_fog": golden_fog,
    "soft_halo": soft_halo,
    "neon_embers": neon_embers,
    "studio_sweep": studio_sweep,
    "palette_gradient": palette_gradient,
    "halftone": halftone,
    "blurred_original": blurred_original,
}
"""The first three are the looks of the thesis' prompts (§5.6)."""

__all__ = ["BACKGROUNDS", "Background"]

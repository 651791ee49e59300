"""Stills -> the figure alone: soft, cut hard, and as a sticker with outline and shadow; PNG with alpha."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.cores import opencv_on_one_thread, shared_out
from keyart.covers.matte import MakeMatte, Matte
from keyart.covers.staging import bounded, check_side
from keyart.errors import BadSetting
from keyart.media.images import encode_image
from keyart.models import CARDS
from keyart.types import RGB, Outcome, Product, Receipt, Still, VideoInfo

RGBA = NDArray[np.uint8]
"""A picture with alpha, shape (h, w, 4), uint8, colours not multiplied by it."""

_SHADOW_SHARE = 0.55  # alpha of the shadow where it is darkest
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class CutOut:
    """Figures of the best stills without their background (thesis §4.5): `cutouts/still_RR*.png`."""

    backend: str = "auto"
    """Name from MATTERS, or auto: people, else what stands out."""
    count: int = 3
    """How many of the best stills are cut out, 0 ... 20."""
    max_side_px: int = 1920
    """Longer side of what is made, at most, 64 ... 8192; larger stills are made smaller first."""
    threshold: float = 0.2
    """Alpha from which a pixel belongs to the hard cut, 0 ... 1 (thesis §4.5: 0.2)."""
    outline: float = 0.012
    """Width of the sticker's outline as a share of the still's shorter side, 0 ... 0.1; 0 for none."""
    outline_colour: str = "#ffffff"
    """Colour of the outline, #rrggbb."""
    shadow: float = 0.02
    """How far the sticker's shadow falls and how soft it is, share of the shorter side, 0 ... 0.1; 0 for none."""

    def __post_init__(self) -> None:
        MakeMatte(self.backend)
        check_side(self.max_side_px)
        if not 0 <= self.count <= 20:
            raise BadSetting(f"cut-outs are made of 0 to 20 stills, not {self.count}")
        if not 0 < self.threshold <= 1:
            raise BadSetting(f"the threshold of the hard cut lies in 0 ... 1, not {self.threshold}")
        for name, value in (("outline", self.outline), ("shadow", self.shadow)):
            if not 0 <= value <= 0.1:
                raise BadSetting(f"the {name} is 0 to 0.1 of the shorter side, not {value}")
        if not _COLOUR.fullmatch(self.outline_colour):
            raise BadSetting(f"the outline's colour is written #rrggbb, not {self.outline_colour!r}")

    def __call__(self, info: VideoInfo, stills: Sequence[Still]) -> Outcome[tuple[Product, ...]]:
        if not stills or not self.count:
            return Outcome((), "skipped", "no still to cut a figure out of")
        chosen = [bounded(still, self.max_side_px) for still in stills[: self.count]]
        with opencv_on_one_thread():
            made = dict(zip(chosen, shared_out(self._matte, chosen), strict=True))
        mattes = {still: matte for still, matte in made.items() if matte is not None}
        if not mattes:
            return Outcome((), "skipped", "nothing stands out clearly from the background of the best stills")
        products = tuple(one for still, matte in mattes.items() for one in self._products(info, still, matte))
        taken = ", ".join(dict.fromkeys(matte.backend for matte in mattes.values()))
        used = tuple(dict.fromkeys(name for matte in mattes.values() for name in matte.models))
        empty = [str(still.rank) for still in chosen if still not in mattes]
        reason = f"nothing stands out clearly in still {', '.join(empty)}" if empty else ""
        return Outcome(products, "degraded" if empty else "ok", reason, taken, used)

    def _matte(self, still: Still) -> Matte | None:
        """What a backend that was asked for by name finds is taken as it is."""
        matte = MakeMatte(self.backend)(still.frame.image, [face.box for face in still.faces])
        return None if matte is None or (self.backend == "auto" and not matte.is_clear) else matte

    def _products(self, info: VideoInfo, still: Still, matte: Matte) -> list[Product]:
        short = min(still.frame.image.shape[:2])
        colour = tuple(int(self.outline_colour[at : at + 2], 16) for at in (1, 3, 5))
        shown = {
            "": soft_cut(matte),
            "_hard": hard_cut(matte, self.threshold),
            "_sticker": sticker(matte, self.outline * short, colour, self.shadow * short),
        }
        facts = self._facts(info, still, matte)
        return [
            _product(f"cutouts/still_{still.rank:02d}{suffix}.png", image, facts | {"cut": cut})
            for (suffix, image), cut in zip(shown.items(), ("soft", "hard", "sticker"), strict=True)
        ]

    def _facts(self, info: VideoInfo, still: Still, matte: Matte) -> dict[str, Any]:
        box = matte.box
        return {
            "kind": "cutout",
            "video": info.name,
            "seconds": round(still.seconds, 3),
            "still_rank": still.rank,
            "subject": matte.subject,
            "backend": matte.backend,
            "models": {name: CARDS[name].licence for name in matte.models},
            "coverage": round(matte.coverage, 4),
            "box": [round(value) for value in (box.x, box.y, box.width, box.height)],
            "threshold": self.threshold,
        }


def _product(path: str, image: RGBA, facts: Mapping[str, Any]) -> Product:
    size = {"size": [int(image.shape[1]), int(image.shape[0])]}
    receipt = Receipt(path, {**facts, **size})
    return Product(path, encode_image(image, "png", receipt=receipt), "cutout", receipt)


# --- the three cuts ---------------------------------------------------------------------------------------------


def soft_cut(matte: Matte) -> RGBA:
    """The figure with its soft edge; pixels without any of it are empty, so that the file stays small."""
    alpha = np.round(matte.alpha * 255).astype(np.uint8)
    return np.dstack([np.where(alpha[..., None] > 0, matte.foreground, 0).astype(np.uint8), alpha])


def hard_cut(matte: Matte, threshold: float) -> RGBA:
    """The figure with alpha 0 or 255: whole from `threshold` on (thesis §4.5)."""
    kept = matte.alpha >= threshold
    return np.dstack([np.where(kept[..., None], matte.foreground, 0), np.where(kept, 255, 0)]).astype(np.uint8)


def sticker(matte: Matte, outline_px: float, colour: Sequence[int], shadow_px: float) -> RGBA:
    """The figure in an outline of one colour, over a soft shadow, with room for both around; cut to what is there.

    Where the figure is cut by the picture's own rim, outline and shadow end there too: a straight cut stays straight.
    """
    box = matte.box
    room = max(1, round(outline_px + 3 * shadow_px) + 2)
    top, left = max(0, int(box.y) - room), max(0, int(box.x) - room)
    bottom, right = int(box.bottom) + room, int(box.right) + room
    figure = matte.alpha[top:bottom, left:right]
    colours: RGB = matte.foreground[top:bottom, left:right]
    ring = _grown(figure, outline_px)
    shade = _SHADOW_SHARE * _fallen(ring, shadow_px)
    # over: figure on ring on shadow, colours not multiplied
    ring = np.maximum(ring, figure)
    alpha = ring + shade * (1 - ring)
    mixed = colours * figure[..., None] + np.asarray(colour, np.float32) * (ring - figure)[..., None]
    done = np.where(alpha[..., None] > 0, mixed / np.maximum(alpha, 1e-6)[..., None], 0)
    return np.dstack([np.clip(np.round(done), 0, 255), np.round(alpha * 255)]).astype(np.uint8)


def _grown(alpha: NDArray[np.float32], pixels: float) -> NDArray[np.float32]:
    """Alpha of everything within `pixels` of the figure, with a smooth edge."""
    import cv2

    if pixels < 0.5:
        return alpha
    away = cv2.distanceTransform((alpha < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    smooth = cv2.GaussianBlur(away, (0, 0), max(0.6, pixels / 4))  # hair must not make a frayed ring
    return np.asarray(np.clip(pixels - smooth + 0.5, 0, 1), np.float32)


def _fallen(alpha: NDArray[np.float32], pixels: float) -> NDArray[np.float32]:
    """The shape's shadow: moved down by `pixels` and blurred by as much."""
    import cv2

    if pixels < 0.5:
        return np.zeros_like(alpha)
    down = np.array([[1, 0, 0.3 * pixels], [0, 1, pixels]], np.float64)
    moved = cv2.warpAffine(alpha, down, alpha.shape[::-1], borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), 0.7 * pixels), np.float32)

"""What a template is given and what it gives back: brief -> plan (geometry only) -> painted cover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from PIL import Image

from keyart.covers.breaks import key_words
from keyart.covers.crop import Framing, Scene, crop_window, cuts_heads, frame, frame_with_blurred_sides, picture
from keyart.covers.draw import letter, lettering_mask
from keyart.covers.extend import EXTENSIONS, extended_to
from keyart.covers.fonts import Typeface, Weight
from keyart.covers.layout import Column, Row, Spot, Taste, TypeRule, best_spot, geometric_px
from keyart.covers.palette import WHITE, Colour, Palette, contrast
from keyart.covers.wishes import Wishes
from keyart.types import RGB, Box, Gray, Preset

FILLS = ("blur", *EXTENSIONS)
"""What stands beside a still whose shape does not suit the frame: an enlarged blurred copy, or an extension."""


@dataclass(frozen=True, slots=True, eq=False)
class Brief:
    """One cover to be made."""

    scene: Scene
    preset: Preset
    headline: str
    palette: Palette
    faces: Mapping[Weight, Typeface]
    columns: tuple[Column, ...] = ("left", "center", "right")
    rows: tuple[Row, ...] = ("top", "middle", "bottom")
    """Where the user lets the headline stand."""
    wishes: Wishes = field(default_factory=Wishes)
    fill: str = "mirror"
    """A name from FILLS."""
    seed: int = 0

    @property
    def width_px(self) -> int:
        return self.preset.width_px

    @property
    def height_px(self) -> int:
        return self.preset.height_px

    @property
    def size_px(self) -> float:
        return geometric_px(self.width_px, self.height_px)

    @property
    def is_tall(self) -> bool:
        return self.width_px < 1.1 * self.height_px

    @property
    def key_words(self) -> str:
        return key_words(self.headline)

    def text_area(self, margin: float = 0.042) -> Box:
        """The preset's safe box without its margins (a share of the frame's geometric size)."""
        gap, safe = margin * self.size_px, self.preset.safe
        left, top = max(safe.x, gap), max(safe.y, gap)
        right, bottom = min(safe.right, self.width_px - gap), min(safe.bottom, self.height_px - gap)
        return Box(left, top, right - left, bottom - top)

    def badges(self) -> tuple[Box, ...]:
        return (self.preset.badge,) if self.preset.badge else ()

    def scaled(self, scale: float) -> Brief:
        """The same cover in another size."""
        preset, badge = self.preset, self.preset.badge
        width_px, height_px = max(1, round(preset.width_px * scale)), max(1, round(preset.height_px * scale))
        small = replace(
            preset,
            width_px=width_px,
            height_px=height_px,
            safe=preset.safe.scaled(scale),
            badge=badge.scaled(scale) if badge else None,
        )
        return replace(self, preset=small)

    def point_px(self) -> tuple[float, float] | None:
        """Where the user wants the middle of the headline."""
        point = self.wishes.point
        return (point[0] * self.width_px, point[1] * self.height_px) if point else None

    def cased(self, upper_up_to: int) -> str:
        """The headline as it is set: capitals for short ones where the template likes them."""
        case = self.wishes.case
        if case == "upper" or (case == "auto" and len(self.headline) <= upper_up_to):
            return self.headline.upper()
        return self.headline.lower() if case == "lower" else self.headline

    def sized(self, rule: TypeRule) -> TypeRule:
        """The template's rule, or the one size that the user wants."""
        if not self.wishes.size:
            return rule
        size = self.wishes.size * self.height_px / self.size_px
        return replace(rule, max_size=size, min_size=0.98 * size, max_lines=max(rule.max_lines, 6))

    def ink(self, chosen: Colour) -> Colour:
        return self.wishes.ink or chosen

    def ground(self, chosen: Colour) -> Colour:
        """The colour that a template lays under the lettering; the other end of the palette where the user's ink
        would not be read on it."""
        ink = self.wishes.ink
        if ink is None or contrast(ink, chosen) >= 4.5:
            return chosen
        return max((chosen, self.palette.deep, self.palette.paper), key=lambda ground: contrast(ink, ground))

    def picture(self, framing: Framing) -> RGB:
        """The pixels of a framing, what is missing beside the still filled in."""
        if filled_by(self.fill, framing) in ("blur", "crop"):
            return picture(self.scene, framing)
        return self.scene.once(framing, lambda: self._extended(framing), self.fill, self.seed)

    def _extended(self, framing: Framing) -> RGB:
        inner = framing.inner
        size = round(inner.width), round(inner.height)
        front = picture(self.scene, frame(self.scene, framing.window, *size))
        at = round(inner.x), round(inner.y)
        return extended_to(front, framing.width_px, framing.height_px, at, self.fill, self.seed)

    def letter(
        self, image: Image.Image, plan: Plan, ink: Colour, key: Colour, stroke_em: float = 0.0, edge: Colour = WHITE
    ) -> None:
        """Draw the headline as planned: `ink` for its words, `key` for the key words, the user's wishes before both."""
        wished = self.wishes
        block = plan.spot.block
        letter(
            image,
            block,
            plan.spot.box,
            plan.align,
            self.ink(ink),
            key=self.key_words,
            key_fill=self.key_ink(key),
            stroke_px=block.font_px * (stroke_em if wished.outline_em is None else wished.outline_em),
            stroke=wished.outline or edge,
        )

    def key_ink(self, chosen: Colour) -> Colour:
        """A colour of the user's is for all words."""
        return self.wishes.ink or chosen


def filled_by(fill: str, framing: Framing) -> str:
    """What fills the sides that a framing lacks: `fill`, "crop" where it lacks none, "blur" where a mirror would draw a
    head that the still cuts off into a cone of skin."""
    if not framing.has_blurred_sides:
        return "crop"
    return "blur" if fill == "mirror" and _cuts_a_head(framing) else fill


def _cuts_a_head(framing: Framing) -> bool:
    """Whether a head reaches a border of the still, other than the lower one, beyond which the frame goes on."""
    inner = framing.inner
    return any(
        (inner.y > 0 and head.y <= inner.y)
        or (inner.x > 0 and head.x <= inner.x)
        or (inner.right < framing.width_px and head.right >= inner.right)
        for head in framing.heads
    )


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A cover thought through to the pixel, not yet painted."""

    framing: Framing
    picture_at: Box
    """Where the framing stands on the cover."""
    spot: Spot
    score: float
    align: Column
    picks: str
    """What was chosen and why, for the receipt."""

    @property
    def heads(self) -> tuple[Box, ...]:
        return tuple(head.moved(self.picture_at.x, self.picture_at.y) for head in self.framing.heads)

    def scaled(self, scale: float) -> Plan:
        """The same layout in another size."""
        framing, block = self.framing, self.spot.block
        width_px, height_px = max(1, round(framing.width_px * scale)), max(1, round(framing.height_px * scale))
        whole = Box(0, 0, width_px, height_px)
        small = replace(
            framing,
            width_px=width_px,
            height_px=height_px,
            heads=tuple(head.scaled(scale) for head in framing.heads),
            faces=tuple(face.scaled(scale) for face in framing.faces),
            avoid=tuple(box.scaled(scale) for box in framing.avoid),
            inner=_whole_px(framing.inner.scaled(scale), whole) if framing.has_blurred_sides else whole,
        )
        type_ = replace(
            block,
            font_px=block.font_px * scale,
            leading_px=block.leading_px * scale,
            width=block.width * scale,
            height=block.height * scale,
            first_baseline=block.first_baseline * scale,
        )
        return replace(
            self,
            framing=small,
            picture_at=self.picture_at.scaled(scale),
            spot=replace(self.spot, block=type_, box=self.spot.box.scaled(scale)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A finished cover and where its lettering is."""

    image: RGB
    lettering: Gray
    """Coverage of the glyphs' fill, 0 ... 255, without stroke, shadow or plate."""


def _whole_px(box: Box, within: Box) -> Box:
    left, top = round(box.x), round(box.y)
    right, bottom = min(round(box.right), round(within.right)), min(round(box.bottom), round(within.bottom))
    return Box(left, top, max(1, right - left), max(1, bottom - top))


class Template(Protocol):
    """A way to lay out a cover; a frozen dataclass of its own proportions."""

    def plan(self, brief: Brief) -> Plan | None:
        """None where the headline fits nowhere."""

    def paint(self, brief: Brief, plan: Plan, strength: int, /) -> Painted:
        """`strength` 0, 1, 2: how strongly the ground under the lettering is held back."""


_ZOOMS = (1.0, 1.14, 1.3, 1.5)
_PLACES = (0.3, 0.5, 0.7)
_MOST_ENLARGED = 2.0
_LEAST_KEPT = 0.45


def framings(scene: Scene, width_px: int, height_px: int) -> Iterator[Framing]:
    """Crops worth considering for a frame, heads whole in each where the still allows it at all."""
    widest = crop_window(scene, width_px, height_px)
    if _suits_badly(scene, widest, width_px, height_px):
        yield from (frame_with_blurred_sides(scene, width_px, height_px, at) for at in (0.0, 1.0, 0.5))
        return
    seen = set()
    natural = width_px / widest.width
    for zoom in _ZOOMS:
        if zoom > 1 and natural * zoom > max(_MOST_ENLARGED, 1.15 * natural):
            break
        for x in _PLACES:
            window = crop_window(scene, width_px, height_px, zoom=zoom, at=(x, 0.46))
            key = (round(window.x), round(window.y), round(window.width))
            if key in seen or (cuts_heads(scene, window) and not cuts_heads(scene, widest)):
                continue
            seen.add(key)
            yield frame(scene, window, width_px, height_px)


def closest(
    scene: Scene, width_px: int, height_px: int, cover_height_px: float, at: tuple[float, float] = (0.5, 0.45)
) -> Framing:
    """The crop for a part of a cover: drawn in towards small heads as far as the still has pixels for it."""
    widest = crop_window(scene, width_px, height_px, at=at)
    choices = [widest]
    for zoom in _ZOOMS[1:]:
        window = crop_window(scene, width_px, height_px, zoom=zoom, at=at)
        if width_px / window.width <= _MOST_ENLARGED and (cuts_heads(scene, widest) or not cuts_heads(scene, window)):
            choices.append(window)
    made = [frame(scene, window, width_px, height_px) for window in choices]
    return max(made, key=lambda framing: framing_score(scene, framing, cover_height_px))


def _suits_badly(scene: Scene, widest: Box, width_px: int, height_px: int) -> bool:
    kept = widest.area / (scene.width_px * scene.height_px)
    if kept > 0.75:
        return False
    if width_px * scene.height_px > height_px * scene.width_px:  # a tall still in a wide frame loses the body
        return kept < _LEAST_KEPT or cuts_heads(scene, widest)
    if not scene.heads:  # a wide still in a tall frame: does the frame still show what the still is about?
        inside = frame(scene, widest, width_px, height_px).interest
        return float(inside.sum()) < _LEAST_KEPT * float(scene.interest.sum())
    return cuts_heads(scene, widest) and not _one_fills(scene, widest)


def _one_fills(scene: Scene, window: Box) -> bool:
    """The biggest head is whole and much bigger than those that are cut: they are passers-by."""
    first, *others = scene.heads
    return first.overlap(window) > 0.98 * first.area and all(head.area < 0.35 * first.area for head in others)


def framing_score(scene: Scene, framing: Framing, cover_height_px: float) -> float:
    """How good the picture alone is in this framing, about -1 ... 1."""
    score = -0.12 * max(0.0, framing.scale - 1.0)
    if framing.heads:
        tallest = max(head.height for head in framing.heads) / cover_height_px
        score += 0.7 * min(tallest, 0.55) / 0.55 - 1.5 * max(0.0, tallest - 0.8)
        x, _ = framing.heads[0].center
        score += 0.1 * (1 - abs(x / framing.width_px - 0.5) * 2)
        return score - 0.25 * (len(scene.heads) - len(framing.heads))
    window = framing.window
    kept = window.area / (scene.width_px * scene.height_px)
    return score + 0.4 * min(1.0, kept * 1.6)


def best_full_bleed(brief: Brief, text: str, rule: TypeRule, taste: Taste, margin: float = 0.042) -> Plan | None:
    """The best crop and the best place for the headline on it, found together."""
    plans = []
    taste = replace(
        taste,
        columns={column: value for column, value in taste.columns.items() if column in brief.columns},
        rows={row: value for row, value in taste.rows.items() if row in brief.rows},
    )
    point = brief.point_px()
    for framing in framings(brief.scene, brief.width_px, brief.height_px):
        obstacles = (*framing.heads, *framing.avoid, *brief.badges())
        spot = best_spot(framing, brief.text_area(margin), obstacles, text, brief.sized(rule), taste, point)
        if spot is not None:
            score = spot.score + framing_score(brief.scene, framing, brief.height_px)
            whole = Box(0, 0, brief.width_px, brief.height_px)
            place = "where the user wants it" if point else f"{spot.row} {spot.column}, the calmest place"
            picks = f"{place} for {spot.block.font_px:.0f} px type"
            plans.append(Plan(framing, whole, spot, score, spot.column, picks))
    return max(plans, key=lambda plan: plan.score, default=None)


def picture_under(brief: Brief, plan: Plan) -> float:
    """Mean level of the still under the headline, 0 ... 255."""
    box, framing = plan.spot.box.moved(-plan.picture_at.x, -plan.picture_at.y), plan.framing
    inner, scale = framing.inner, framing.scale
    left, top = framing.window.x + (box.x - inner.x) / scale, framing.window.y + (box.y - inner.y) / scale
    rows = slice(max(0, round(top)), max(1, round(top + box.height / scale)))
    columns = slice(max(0, round(left)), max(1, round(left + box.width / scale)))
    part = brief.scene.image[rows, columns]
    if not part.size:  # beside the picture, on the blurred ground
        part = brief.scene.image
    return float(part[::4, ::4].mean()) * (0.55 if framing.has_blurred_sides else 1.0)


def finished(image: Image.Image, plan: Plan) -> Painted:
    mask = lettering_mask(image.size, plan.spot.block, plan.spot.box, plan.align)
    return Painted(np.asarray(image, np.uint8), np.asarray(mask, np.uint8))

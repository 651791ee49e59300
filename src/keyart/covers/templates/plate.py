"""Each line on a plate of its own, like cut paper, bound by a spine of the accent; the key word is marked."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, best_full_bleed, finished, picture_under
from keyart.covers.crop import picture, union
from keyart.covers.draw import cloud, key_spans, letter_line, line_origins, rectangle
from keyart.covers.layout import Column, Taste, TypeRule
from keyart.covers.palette import WHITE, Colour
from keyart.types import Box

_TASTE = Taste(
    {"left": 0.14, "right": 0.02},
    {"bottom": 0.1, "middle": 0.0, "top": 0.06},
    calm_weight=1.0,
)


@dataclass(frozen=True, slots=True)
class Plate:
    side_em: float = 0.36
    cap_em: float = 0.72
    room_em: float = 0.3
    """Above the capitals and below the baseline."""
    spine_em: float = 0.11
    """Width of the spine, in heights of a plate."""
    pale_above: float = 165.0
    """Mean level of the picture under the headline that takes dark plates, 0 ... 255."""

    def plan(self, brief: Brief) -> Plan | None:
        leading = self.cap_em + 2 * self.room_em
        rule = TypeRule(
            brief.faces["black"], max_size=0.155, leading=leading, pad=self.side_em + self.spine_em, max_lines=5
        )
        return best_full_bleed(brief, brief.cased(22), rule, _TASTE)

    def paint(self, brief: Brief, plan: Plan, _strength: int) -> Painted:
        image = Image.fromarray(picture(brief.scene, plan.framing))
        spot, em, palette = plan.spot, plan.spot.block.font_px, brief.palette
        ground, ink = self._colours(brief, plan)
        font = spot.block.face.at(em)
        rows = [(line, x, y, self._plate(font.getbbox(line, anchor="ls"), x, y, em))
                for line, x, y in line_origins(spot.block, spot.box, plan.align)]  # fmt: skip
        plates = Image.new("L", image.size, 0)
        for *_, box in rows:
            rectangle(plates, box, 255)
        cloud(image, plates, palette.deep, 0.3 * em, 0.5)
        for *_, box in rows:
            rectangle(image, box, ground)
        for line, x, y, box in rows:
            self._mark(image, brief, plan, line, x, box, ground)
            letter_line(
                image, spot.block, line, x, y, ink, brief.key_words, ink if ink == palette.deep else palette.light
            )
        self._spine(image, brief, [box for *_, box in rows], plan.align)
        return finished(image, plan)

    def _colours(self, brief: Brief, plan: Plan) -> tuple[Colour, Colour]:
        """Ground and ink: pale plates on a picture, dark ones where the picture itself is pale."""
        under = picture_under(brief, plan)
        return (brief.palette.deep, WHITE) if under > self.pale_above else (brief.palette.paper, brief.palette.deep)

    def _mark(
        self, image: Image.Image, brief: Brief, plan: Plan, line: str, x: float, plate: Box, ground: Colour
    ) -> None:
        """The stroke of a marker behind the key words, on pale plates only."""
        if ground != brief.palette.paper:
            return
        em = plan.spot.block.font_px
        for left, right in key_spans(line, plan.spot.block, brief.key_words):
            pad = 0.07 * em
            stroke = Box(x + left - pad, plate.y + 0.1 * em, right - left + 2 * pad, plate.height - 0.2 * em)
            rectangle(image, stroke, brief.palette.light)

    def _spine(self, image: Image.Image, brief: Brief, plates: list[Box], align: Column) -> None:
        whole = union(plates)
        width = self.spine_em * (whole.height / len(plates))
        left = whole.right if align == "right" else whole.x - width
        rectangle(image, Box(left, whole.y, width, whole.height), brief.palette.accent)

    def _plate(self, ink: tuple[float, float, float, float], x: float, y: float, em: float) -> Box:
        left, right = x + ink[0] - self.side_em * em, x + ink[2] + self.side_em * em
        top, bottom = y - (self.cap_em + self.room_em) * em, y + self.room_em * em
        return Box(left, top, right - left, bottom - top)

"""Each line on a plate of its own, like cut paper, bound by a spine of the accent."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, best_full_bleed, finished, picture_under
from keyart.covers.crop import union
from keyart.covers.draw import cloud, line_origins, rectangle
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
    side_em: float = 0.46
    cap_em: float = 0.72
    room_em: float = 0.4
    """Above the capitals and below the baseline."""
    spine_em: float = 0.11
    """Width of the spine, in heights of a plate."""
    pale_above: float = 100.0
    """Mean level of the picture under the headline that takes pale plates, 0 ... 255."""

    def plan(self, brief: Brief) -> Plan | None:
        leading = self.cap_em + 2 * self.room_em
        rule = TypeRule(
            brief.faces["black"], max_size=0.155, leading=leading, pad=self.side_em + self.spine_em, max_lines=5
        )
        return best_full_bleed(brief, brief.cased(22), rule, _TASTE)

    def paint(self, brief: Brief, plan: Plan, _strength: int) -> Painted:
        image = Image.fromarray(brief.picture(plan.framing))
        spot, em, palette = plan.spot, plan.spot.block.font_px, brief.palette
        ground, ink, key = self._colours(brief, plan)
        font = spot.block.face.at(em)
        plates = [
            self._plate(font.getbbox(line, anchor="ls"), x, y, em)
            for line, x, y in line_origins(spot.block, spot.box, plan.align)
        ]
        mask = Image.new("L", image.size, 0)
        for box in plates:
            rectangle(mask, box, 255)
        cloud(image, mask, palette.deep, 0.3 * em, 0.5)
        for box in plates:
            rectangle(image, box, ground)
        brief.letter(image, plan, ink, key)
        self._spine(image, brief, plates, plan.align)
        return finished(image, plan)

    def _colours(self, brief: Brief, plan: Plan) -> tuple[Colour, Colour, Colour]:
        """Ground, ink and ink of the key words: the plates go with the light of the picture.

        Read back by a machine, pale plates on a dark picture lose a third of their words: it takes them for holes.
        """
        palette = brief.palette
        if palette.is_pale(picture_under(brief, plan) > self.pale_above):
            return brief.ground(palette.paper), palette.deep, palette.deep
        return brief.ground(palette.deep), WHITE, palette.light

    def _spine(self, image: Image.Image, brief: Brief, plates: list[Box], align: Column) -> None:
        whole = union(plates)
        width = self.spine_em * (whole.height / len(plates))
        left = whole.right if align == "right" else whole.x - width
        rectangle(image, Box(left, whole.y, width, whole.height), brief.palette.accent)

    def _plate(self, ink: tuple[float, float, float, float], x: float, y: float, em: float) -> Box:
        left, right = x + ink[0] - self.side_em * em, x + ink[2] + self.side_em * em
        top, bottom = y - (self.cap_em + self.room_em) * em, y + self.room_em * em
        return Box(left, top, right - left, bottom - top)

"""Each line on a plate of its own, like cut paper; the line of the key word in the opposite colours."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, best_full_bleed, finished
from keyart.covers.crop import picture
from keyart.covers.draw import cloud, holds_key, letter_line, line_origins, rectangle
from keyart.covers.layout import Taste, TypeRule
from keyart.covers.palette import ink_for
from keyart.types import Box

_TASTE = Taste(
    {"left": 0.14, "right": 0.02},
    {"bottom": 0.1, "middle": 0.0, "top": 0.06},
    calm_weight=1.0,
)


@dataclass(frozen=True, slots=True)
class Plate:
    side_em: float = 0.26
    cap_em: float = 0.72
    room_em: float = 0.21
    """Above the capitals and below the baseline."""

    def plan(self, brief: Brief) -> Plan | None:
        leading = self.cap_em + 2 * self.room_em + 0.05
        rule = TypeRule(brief.faces["black"], max_size=0.155, leading=leading, pad=self.side_em, max_lines=5)
        return best_full_bleed(brief, brief.cased(22), rule, _TASTE)

    def paint(self, brief: Brief, plan: Plan, _strength: int) -> Painted:
        image = Image.fromarray(picture(brief.scene, plan.framing))
        spot, em, palette = plan.spot, plan.spot.block.font_px, brief.palette
        plates = Image.new("L", image.size, 0)
        rows = [(line, x, y, self._plate(spot.block.face.at(em).getbbox(line, anchor="ls"), x, y, em))
                for line, x, y in line_origins(spot.block, spot.box, spot.column)]  # fmt: skip
        for *_, box in rows:
            rectangle(plates, box, 255)
        cloud(image, plates, palette.deep, 0.3 * em, 0.5)
        for line, x, y, box in rows:
            turned = holds_key(line, brief.key_words)
            ground = palette.deep if turned else palette.accent
            rectangle(image, box, ground)
            letter_line(image, spot.block, line, x, y, palette.accent if turned else ink_for(ground, palette))
        return finished(image, plan)

    def _plate(self, ink: tuple[float, float, float, float], x: float, y: float, em: float) -> Box:
        left, right = x + ink[0] - self.side_em * em, x + ink[2] + self.side_em * em
        top, bottom = y - (self.cap_em + self.room_em) * em, y + self.room_em * em
        return Box(left, top, right - left, bottom - top)

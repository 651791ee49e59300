"""Big capitals straight on the picture: a thin dark edge, a soft cloud below, the key word in the accent colour."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, best_full_bleed, finished, picture_under
from keyart.covers.draw import cloud, drop_shadow, lettering_mask, shade, soften
from keyart.covers.layout import Taste, TypeRule
from keyart.covers.palette import WHITE

_TASTE = Taste(
    {"left": 0.04, "center": 0.1, "right": 0.0},
    {"top": 0.14, "bottom": 0.06, "middle": 0.0},
    size_weight=1.3,
)


@dataclass(frozen=True, slots=True)
class Outline:
    stroke_em: float = 0.045
    clouds: tuple[float, float, float] = (0.78, 0.9, 1.0)
    """Opacity of the cloud, per strength."""
    pale_above: float = 196.0
    """Mean level of the picture under the headline that takes dark letters in a pale cloud, 0 ... 255."""

    def plan(self, brief: Brief) -> Plan | None:
        text = brief.cased(28)
        leading = 0.98 if text.isupper() else 1.06
        rule = TypeRule(brief.faces["black"], max_size=0.175, leading=leading, pad=0.08, max_lines=4)
        return best_full_bleed(brief, text, rule, _TASTE)

    def paint(self, brief: Brief, plan: Plan, strength: int) -> Painted:
        image = Image.fromarray(brief.picture(plan.framing))
        spot, em, palette = plan.spot, plan.spot.block.font_px, brief.palette
        ink, key, edge = WHITE, palette.light, brief.ground(palette.deep)
        if brief.wishes.ink is None and picture_under(brief, plan) > self.pale_above:
            ink, key, edge = palette.deep, palette.deep, WHITE  # a dark cloud on a white wall is a stain
        mask = lettering_mask(image.size, spot.block, spot.box, plan.align)
        if edge == palette.deep:  # a pale veil would fade the people with the wall
            shade(image, "all", 1, edge, 0.12 + 0.08 * strength)
        soften(image, mask, 0.7 * em)
        cloud(image, mask, edge, 0.55 * em, self.clouds[strength])
        drop_shadow(image, mask, edge, 0.07 * em, 0.05 * em, 0.85)
        brief.letter(image, plan, ink, key, self.stroke_em, edge)
        return finished(image, plan)

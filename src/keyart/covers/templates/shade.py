"""The picture fills the cover and sinks into a shade where the headline stands; an accent rule beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, best_full_bleed, finished
from keyart.covers.draw import Side, rectangle, shade
from keyart.covers.layout import Taste, TypeRule
from keyart.covers.palette import WHITE
from keyart.types import Box

_TASTE = Taste(
    {"left": 0.12, "right": 0.0},
    {"bottom": 0.1, "middle": 0.04, "top": 0.0},
    largest_share=0.36,
)


@dataclass(frozen=True, slots=True)
class Shade:
    opacities: tuple[float, float, float] = (0.82, 0.92, 1.0)
    """Of the shade at the frame's edge, per strength."""
    rule_em: float = 0.12
    """Width of the accent rule, in ems of the headline."""

    def plan(self, brief: Brief) -> Plan | None:
        rule = TypeRule(brief.faces["black"], max_size=0.15, leading=1.08, pad=0.16, max_lines=5)
        plan = best_full_bleed(brief, brief.cased(0), rule, _TASTE)
        return None if plan is None else replace(plan, picks=f"{plan.picks}; shade from the {_side(brief, plan)}")

    def paint(self, brief: Brief, plan: Plan, strength: int) -> Painted:
        image = Image.fromarray(brief.picture(plan.framing))
        spot, deep = plan.spot, brief.ground(brief.palette.deep)
        side, reach = _side(brief, plan), _reach(brief, plan)
        shade(image, side, reach, deep, self.opacities[strength])
        if side in ("left", "right"):  # ties the block to the ground
            shade(image, "bottom", 0.5, deep, 0.35)
        width = self.rule_em * spot.block.font_px
        x = spot.box.x - 2.2 * width if spot.column == "left" else spot.box.right + 1.2 * width
        rectangle(image, Box(x, spot.box.y, width, spot.box.height), brief.palette.accent)
        brief.letter(image, plan, WHITE, brief.palette.light)
        return finished(image, plan)


def _side(brief: Brief, plan: Plan) -> Side:
    """The frame's edge that the shade comes from: the one that needs the least of the picture."""
    box = plan.spot.box
    row = plan.spot.row
    across = box.right if plan.spot.column == "left" else brief.width_px - box.x
    if brief.is_tall or box.width > 0.6 * brief.width_px:
        return "top" if row == "top" else "bottom"
    down = box.bottom if row == "top" else brief.height_px - box.y
    if row == "middle" or across / brief.width_px < 1.15 * down / brief.height_px:
        return "left" if plan.spot.column == "left" else "right"
    return "top" if row == "top" else "bottom"


def _reach(brief: Brief, plan: Plan) -> float:
    box = plan.spot.box
    needed = {
        "left": box.right / brief.width_px,
        "right": 1 - box.x / brief.width_px,
        "top": box.bottom / brief.height_px,
        "bottom": 1 - box.y / brief.height_px,
    }[_side(brief, plan)]
    return min(1.3, 1.75 * needed)

"""A strip below or above the picture, like a newspaper's caption: nothing of the picture is covered."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, finished, framing_score
from keyart.covers.crop import crop_window, cuts_heads, frame, picture
from keyart.covers.draw import letter, rectangle
from keyart.covers.layout import Row, Taste, TypeRule, best_spot
from keyart.types import Box


@dataclass(frozen=True, slots=True)
class Strip:
    shares: tuple[float, ...] = (0.24, 0.3, 0.36, 0.42)
    """Of the frame's height that the strip may take."""
    rule: float = 0.016
    """Thickness of the rule between strip and picture, as a share of the frame's geometric size."""

    def plan(self, brief: Brief) -> Plan | None:
        plans = (
            self._plan_at(brief, row, share) for row in ("bottom", "top") if row in brief.rows for share in self.shares
        )
        return max((plan for plan in plans if plan is not None), key=lambda plan: plan.score, default=None)

    def _plan_at(self, brief: Brief, row: Row, share: float) -> Plan | None:
        width, height = brief.width_px, brief.height_px
        edge = round(height * share)
        size = width, height - edge
        window = crop_window(brief.scene, *size, at=(0.5, 0.42))
        kept = window.area / (brief.scene.width_px * brief.scene.height_px)
        if cuts_heads(brief.scene, window) or kept < 0.4:
            return None
        framing = frame(brief.scene, window, *size)
        strip = Box(0, height - edge if row == "bottom" else 0, width, edge)
        shown = Box(0, 0 if row == "bottom" else edge, *size)
        rule = TypeRule(brief.faces["black"], max_size=0.15, min_size=0.07, leading=1.06, max_lines=3)
        taste = Taste({"left": 0.1}, {"middle": 0.0, "bottom": 0.0, "top": 0.0}, calm_weight=0, largest_share=1)
        canvas = frame(brief.scene, crop_window(brief.scene, width, height), width, height)
        spot = best_spot(canvas, _inside(strip, brief), brief.badges(), brief.cased(26), rule, taste)
        if spot is None:
            return None
        score = spot.score + framing_score(brief.scene, framing, brief.height_px) - 1.2 * (share - self.shares[0])
        score += 0.05 if row == "bottom" else 0.0
        return Plan(framing, shown, spot, score, "left", f"strip at the {row}, {share:.0%} of the height")

    def paint(self, brief: Brief, plan: Plan, _strength: int) -> Painted:
        palette = brief.palette
        image = Image.new("RGB", (brief.width_px, brief.height_px), palette.paper)
        at = plan.picture_at
        image.paste(Image.fromarray(picture(brief.scene, plan.framing)), (0, round(at.y)))
        thick = self.rule * brief.size_px
        rectangle(image, Box(0, at.bottom - thick if at.y < 1 else at.y, brief.width_px, thick), palette.accent)
        letter(image, plan.spot.block, plan.spot.box, "left", palette.deep)
        return finished(image, plan)


def _inside(strip: Box, brief: Brief) -> Box:
    area, safe, gap = brief.text_area(), brief.preset.safe, 0.034 * brief.size_px
    top, bottom = max(strip.y + gap, safe.y), min(strip.bottom - gap, safe.bottom)
    return Box(area.x, top, area.width, max(1.0, bottom - top))

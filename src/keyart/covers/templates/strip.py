"""A print with a paper edge, the headline in its broad margin: nothing of the picture is covered."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, finished, framing_score
from keyart.covers.crop import crop_window, cuts_heads, frame, picture
from keyart.covers.draw import rectangle
from keyart.covers.layout import Row, Taste, TypeRule, best_spot
from keyart.types import Box


@dataclass(frozen=True, slots=True)
class Strip:
    shares: tuple[float, ...] = (0.26, 0.31, 0.37, 0.43)
    """Of the frame's height that the margin with the headline may take."""
    edge: float = 0.026
    """Width of the paper round the picture, as a share of the frame's geometric size. It also keeps the headline apart
    from the picture for machines that read: a strip that runs off the frame is taken for a part of the picture."""
    bar: float = 0.012
    """Thickness of the accent bar over the headline, likewise."""

    def plan(self, brief: Brief) -> Plan | None:
        plans = (
            self._plan_at(brief, row, share) for row in ("bottom", "top") if row in brief.rows for share in self.shares
        )
        return max((plan for plan in plans if plan is not None), key=lambda plan: plan.score, default=None)

    def _plan_at(self, brief: Brief, row: Row, share: float) -> Plan | None:
        width, height = brief.width_px, brief.height_px
        edge, broad = round(self.edge * brief.size_px), round(height * share)
        size = width - 2 * edge, height - edge - broad
        window = crop_window(brief.scene, *size, at=(0.5, 0.42))
        kept = window.area / (brief.scene.width_px * brief.scene.height_px)
        if cuts_heads(brief.scene, window) or kept < 0.4:
            return None
        framing = frame(brief.scene, window, *size)
        shown = Box(edge, edge if row == "bottom" else broad, *size)
        rule = TypeRule(brief.faces["black"], max_size=0.16, min_size=0.07, leading=1.04, max_lines=3)
        taste = Taste({"left": 0.1}, {"middle": 0.1, "bottom": 0.0, "top": 0.0}, calm_weight=0, largest_share=1)
        canvas = frame(brief.scene, crop_window(brief.scene, width, height), width, height)
        area = _inside(brief, shown, row, self.bar * brief.size_px)
        spot = best_spot(canvas, area, brief.badges(), brief.cased(26), brief.sized(rule), taste)
        if spot is None:
            return None
        score = spot.score + framing_score(brief.scene, framing, brief.height_px) - 1.2 * (share - self.shares[0])
        score += 0.05 if row == "bottom" else 0.0
        return Plan(
            framing, shown, spot, score, "left", f"print with its margin at the {row}, {share:.0%} of the height"
        )

    def paint(self, brief: Brief, plan: Plan, _strength: int) -> Painted:
        palette, at = brief.palette, plan.picture_at
        image = Image.new("RGB", (brief.width_px, brief.height_px), brief.ground(palette.paper))
        image.paste(Image.fromarray(picture(brief.scene, plan.framing)), (round(at.x), round(at.y)))
        thick = self.bar * brief.size_px
        below = at.y > brief.height_px - at.bottom  # the margin is at the top: the bar hangs from the picture's edge
        y = at.y - thick if below else at.bottom
        rectangle(image, Box(at.x, y, at.width, thick), palette.accent)
        brief.letter(image, plan, palette.deep, palette.strong)
        return finished(image, plan)


def _inside(brief: Brief, shown: Box, row: Row, bar: float) -> Box:
    """Room for the ink: the broad margin without the bar, in line with the picture's edge, inside the safe box."""
    area, safe, gap = brief.text_area(0.05), brief.preset.safe, 0.026 * brief.size_px
    if row == "bottom":
        top, bottom = shown.bottom + bar + gap, min(brief.height_px - 1.3 * gap, safe.bottom)
    else:
        top, bottom = max(1.3 * gap, safe.y), shown.y - bar - gap
    left, right = max(area.x, shown.x + 0.3 * gap), min(area.right, shown.right - 0.3 * gap)
    return Box(left, top, max(1.0, right - left), max(1.0, bottom - top))

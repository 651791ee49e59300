"""The still as a framed card on a blurred ground, the headline beside it: for small, tall or odd stills."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageFilter

from keyart.covers.brief import Brief, Painted, Plan, closest, finished, framing_score
from keyart.covers.crop import blurred_ground, crop_window, cuts_heads, frame, picture
from keyart.covers.draw import rounded_mask, shade, tinted
from keyart.covers.layout import Column, Row, Taste, TypeRule, best_spot
from keyart.covers.palette import WHITE
from keyart.types import Box


@dataclass(frozen=True, slots=True)
class Card:
    shares: tuple[float, ...] = (0.56, 0.48, 0.4)
    """Of the frame that the card may take along the axis it shares with the headline."""
    border: float = 0.007
    radius: float = 0.028
    """Of the frame's geometric size, like `border`."""

    def plan(self, brief: Brief) -> Plan | None:
        order = [first for first in (True, False) if _is_allowed(brief, first)]
        plans = [self._plan_at(brief, first, share) for first in order for share in self.shares]
        return max((plan for plan in plans if plan is not None), key=lambda plan: plan.score, default=None)

    def _plan_at(self, brief: Brief, text_first: bool, share: float) -> Plan | None:
        card, text = _cells(brief, text_first, share)
        size = self._size(brief, card)
        at = Box(round(card.x + (card.width - size[0]) / 2), round(card.y + (card.height - size[1]) / 2), *size)
        framing = closest(brief.scene, *size, brief.height_px)
        rule = TypeRule(brief.faces["black"], max_size=0.135, leading=1.08, max_lines=7)
        column: Column = "center" if brief.is_tall else "left"
        rows: dict[Row, float] = {"middle": 0.1, "bottom": 0.0, "top": 0.0}
        canvas = frame(
            brief.scene, crop_window(brief.scene, brief.width_px, brief.height_px), brief.width_px, brief.height_px
        )
        taste = Taste({column: 0.0}, rows, calm_weight=0, largest_share=1)
        spot = best_spot(canvas, text, brief.badges(), brief.cased(0), brief.sized(rule), taste)
        if spot is None:
            return None
        enlarged = crop_window(brief.scene, brief.width_px, brief.height_px)
        saved = brief.width_px / enlarged.width - framing.scale
        score = spot.score + framing_score(brief.scene, framing, brief.height_px) + 0.2 * min(max(saved, 0.0), 2.0)
        score += 0.9 * min(at.area / (brief.width_px * brief.height_px), 0.4) - 0.5
        return Plan(
            framing, at, spot, score, column, f"card of {share:.0%}, headline {'before' if text_first else 'after'} it"
        )

    def _size(self, brief: Brief, room: Box) -> tuple[int, int]:
        """As much of its room as the card can fill without cutting a head; else in the shape of the still."""
        natural = min(max(brief.scene.width_px / brief.scene.height_px, 0.72), 1.6)
        filling = min(max(room.width / room.height, 0.72), 1.6)
        for aspect in (filling, (filling * natural) ** 0.5, natural):
            width = min(room.width, room.height * aspect)
            size = round(width), round(width / aspect)
            if not cuts_heads(brief.scene, crop_window(brief.scene, *size)):
                break
        return size

    def paint(self, brief: Brief, plan: Plan, strength: int) -> Painted:
        image = Image.fromarray(blurred_ground(brief.scene, brief.width_px, brief.height_px, dim=0.5 - 0.14 * strength))
        shade(image, "all", 1, brief.ground(brief.palette.deep), 0.35 + 0.15 * strength)
        at, border, radius = plan.picture_at, self.border * brief.size_px, self.radius * brief.size_px
        outer = Box(at.x - border, at.y - border, at.width + 2 * border, at.height + 2 * border)
        mask = rounded_mask(image.size, outer, radius + border)
        shadow = mask.filter(ImageFilter.GaussianBlur(0.02 * brief.size_px)).point(lambda value: value * 7 // 10)
        tinted(image, shadow, (0, 0, 0))
        tinted(image, mask, WHITE)
        card = Image.fromarray(picture(brief.scene, plan.framing))
        inner = rounded_mask(card.size, Box(0, 0, *card.size), radius)
        image.paste(card, (round(at.x), round(at.y)), inner)
        brief.letter(image, plan, WHITE, brief.palette.light)
        return finished(image, plan)


def _is_allowed(brief: Brief, text_first: bool) -> bool:
    """Whether the user lets the headline stand on that side of the card."""
    if brief.is_tall:
        return ("top" if text_first else "bottom") in brief.rows
    return ("left" if text_first else "right") in brief.columns


def _cells(brief: Brief, text_first: bool, share: float) -> tuple[Box, Box]:
    """(room for the card, room for the headline)."""
    area, gap = brief.text_area(0.06), 0.045 * brief.size_px
    if brief.is_tall:
        long = area.height * share
        rest = area.height - long - gap
        card_y, text_y = (area.y + rest + gap, area.y) if text_first else (area.y, area.y + long + gap)
        return Box(area.x, card_y, area.width, long), Box(area.x, text_y, area.width, rest)
    long = area.width * share
    rest = area.width - long - gap
    card_x, text_x = (area.x + rest + gap, area.x) if text_first else (area.x, area.x + long + gap)
    return Box(card_x, area.y, long, area.height), Box(text_x, area.y, rest, area.height)

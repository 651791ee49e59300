"""A flat panel with a slanted edge holds the headline; the picture keeps the rest of the cover to itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from keyart.covers.brief import Brief, Painted, Plan, closest, finished, framing_score
from keyart.covers.crop import crop_window, frame, picture
from keyart.covers.draw import polygon
from keyart.covers.layout import Column, Row, Taste, TypeRule, best_spot
from keyart.covers.palette import WHITE, Colour
from keyart.types import Box

Place = Literal["left", "right", "bottom", "top"]


@dataclass(frozen=True, slots=True)
class Panel:
    shares: tuple[float, ...] = (0.38, 0.44, 0.5)
    """Of the frame that the panel may take."""
    slant: float = 0.07
    """How far the edge leans, as a share of the frame's width."""
    stripe: float = 0.014
    """Width of the accent stripe along the edge, likewise."""
    dark_below: float = 80.0
    """Mean level of a still that takes the bright panel, 0 ... 255."""

    def plan(self, brief: Brief) -> Plan | None:
        plans = (self._plan_at(brief, place, share) for place in self._places(brief) for share in self.shares)
        return max((plan for plan in plans if plan is not None), key=lambda plan: plan.score, default=None)

    def _places(self, brief: Brief) -> Iterator[Place]:
        if brief.is_tall:
            yield from (row for row in ("bottom", "top") if row in brief.rows)
        else:
            yield from (column for column in ("left", "right") if column in brief.columns)

    def _plan_at(self, brief: Brief, place: Place, share: float) -> Plan | None:
        width, height = brief.width_px, brief.height_px
        lean = self.slant * width if place in ("left", "right") else 0.5 * self.slant * height
        panel, shown = _split(place, share, width, height, lean)
        size = round(shown.width), round(shown.height)
        # the lean hides a corner of the picture: the subject stands clear of it
        off = 0.5 * lean / max(size)
        at = {"left": (0.5 + off, 0.45), "right": (0.5 - off, 0.45), "bottom": (0.5, 0.43), "top": (0.5, 0.5)}[place]
        framing = closest(brief.scene, *size, height, at)
        hidden = _corner(place, shown, lean).moved(-shown.x, -shown.y)
        if any(head.overlap(hidden) > 0.06 * head.area for head in framing.heads):
            return None
        rule = TypeRule(brief.faces["black"], max_size=0.135, leading=1.08, max_lines=7)
        column: Column = "left"
        rows: dict[Row, float] = {"middle": 0.1, "bottom": 0.0, "top": 0.0}
        taste = Taste({column: 0.0}, rows, calm_weight=0, largest_share=1)
        canvas = frame(brief.scene, crop_window(brief.scene, width, height), width, height)
        area = _within(panel, brief.text_area(0.05))
        spot = best_spot(canvas, area, brief.badges(), brief.cased(0), brief.sized(rule), taste)
        if spot is None:
            return None
        score = spot.score + framing_score(brief.scene, framing, brief.height_px) - 0.5 * (share - self.shares[0])
        score += 0.05 if place == "left" else 0.0
        return Plan(framing, shown, spot, score, column, f"panel {place}, {share:.0%} of the frame")

    def paint(self, brief: Brief, plan: Plan, _strength: int) -> Painted:
        ground, ink, key = self._colours(brief)
        image = Image.new("RGB", (brief.width_px, brief.height_px), ground)
        at = plan.picture_at
        image.paste(Image.fromarray(picture(brief.scene, plan.framing)), (round(at.x), round(at.y)))
        edge, stripe = self._edges(brief, at)
        polygon(image, stripe, brief.palette.accent)
        polygon(image, edge, ground)
        brief.letter(image, plan, ink, key)
        return finished(image, plan)

    def _colours(self, brief: Brief) -> tuple[Colour, Colour, Colour]:
        """Ground, lettering, key words: a dark still is met by a bright panel, a bright one by a dark panel."""
        palette = brief.palette
        if palette.is_pale(float(brief.scene.image[::8, ::8].mean()) < self.dark_below):
            return brief.ground(palette.paper), palette.deep, palette.strong
        return brief.ground(palette.deep), WHITE, palette.light

    def _edges(self, brief: Brief, shown: Box) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Corners of the panel, and of the panel with its stripe."""
        width, height = brief.width_px, brief.height_px
        lean, wide = self.slant * width, self.stripe * width
        if brief.is_tall:
            lean, wide = 0.5 * self.slant * height, self.stripe * height * 0.7
        place = _place_of(shown, width)

        def corners(extra: float) -> list[tuple[float, float]]:
            if place == "left":
                return [(0, 0), (shown.x + lean + extra, 0), (shown.x + extra, height), (0, height)]
            if place == "right":
                return [(width, 0), (shown.right - extra, 0), (shown.right - lean - extra, height), (width, height)]
            if place == "bottom":
                return [(0, height), (0, shown.bottom - extra), (width, shown.bottom - lean - extra), (width, height)]
            return [(0, 0), (0, shown.y + lean + extra), (width, shown.y + extra), (width, 0)]

        return corners(0), corners(wide)


def _split(place: Place, share: float, width: float, height: float, lean: float) -> tuple[Box, Box]:
    """(part of the panel that is always covered, part where the picture shows, the leaning corner included)."""
    if place == "left":
        edge = round(width * share - lean / 2)
        return Box(0, 0, edge, height), Box(edge, 0, width - edge, height)
    if place == "right":
        edge = round(width * (1 - share) + lean / 2)
        return Box(edge, 0, width - edge, height), Box(0, 0, edge, height)
    if place == "bottom":
        edge = round(height * (1 - share) + lean / 2)
        return Box(0, edge, width, height - edge), Box(0, 0, width, edge)
    edge = round(height * share - lean / 2)
    return Box(0, 0, width, edge), Box(0, edge, width, height - edge)


def _corner(place: Place, shown: Box, lean: float) -> Box:
    """Box round the triangle of the picture that the lean hides."""
    if place == "left":
        return Box(shown.x, 0, lean, shown.height * 0.55)
    if place == "right":
        return Box(shown.right - lean, shown.height * 0.45, lean, shown.height * 0.55)
    if place == "bottom":
        return Box(shown.width * 0.45, shown.bottom - lean, shown.width * 0.55, lean)
    return Box(0, shown.y, shown.width * 0.55, lean)


def _place_of(shown: Box, width: float) -> Place:
    if shown.x > 1:
        return "left"
    if shown.right < width - 1:
        return "right"
    return "top" if shown.y > 1 else "bottom"


def _within(box: Box, area: Box) -> Box:
    left, top = max(box.x, area.x), max(box.y, area.y)
    right, bottom = min(box.right, area.right), min(box.bottom, area.bottom)
    return Box(left, top, max(1.0, right - left), max(1.0, bottom - top))

"""What the user decided about the lettering, read from settings, with a clear word where it cannot be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from keyart.covers.layout import Column, Row
from keyart.covers.palette import Colour, as_hex, parse_colour
from keyart.errors import BadSetting
from keyart.types import Headline

Case = Literal["auto", "upper", "lower", "asis"]
POSITIONS = ("left", "right", "top", "bottom", "center", "top left", "top right", "bottom left", "bottom right")
COLUMNS: tuple[Column, ...] = ("left", "center", "right")
ROWS: tuple[Row, ...] = ("top", "middle", "bottom")
LARGEST_PERCENT, LEAST_PERCENT = 40.0, 3.0
WIDEST_OUTLINE_PERCENT = 20.0
LONGEST_TEXT = 300
"""Characters of a headline of the user's; what a cover has no room for is cut, and that is said."""


@dataclass(frozen=True, slots=True)
class Length:
    """A place along one side of a cover: a share of it, or pixels."""

    value: float
    in_percent: bool

    def share_of(self, side_px: int) -> float:
        return self.value / 100 if self.in_percent else self.value / side_px


@dataclass(frozen=True, slots=True)
class Position:
    """Where the headline may stand: anchors, or the one point that its middle stands on."""

    columns: tuple[Column, ...] = COLUMNS
    rows: tuple[Row, ...] = ROWS
    point: tuple[Length, Length] | None = None

    @property
    def is_free(self) -> bool:
        return self == Position()

    def on(self, width_px: int, height_px: int) -> tuple[float, float] | None:
        """The point as shares of a cover; None for anchors. Pixels beyond the cover are brought to its edge."""
        if self.point is None:
            return None
        x, y = self.point
        return min(x.share_of(width_px), 1.0), min(y.share_of(height_px), 1.0)

    def near(self, width_px: int, height_px: int) -> Position:
        """The anchors that are nearest to the point, for layouts that give the headline a field of its own."""
        point = self.on(width_px, height_px)
        if point is None:
            return self
        return Position(("left" if point[0] < 0.5 else "right",), ("top" if point[1] < 0.5 else "bottom",), self.point)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The wishes for one cover; what is left at its default is the template's to choose."""

    ink: Colour | None = None
    point: tuple[float, float] | None = None
    """Where the middle of the headline stands, as shares of the cover's width and height."""
    size: float = 0.0
    """Em of the type as a share of the cover's height; 0 chooses."""
    case: Case = "auto"
    outline_em: float | None = None
    """Width of the outline, 0 for none; None leaves it to the template."""
    outline: Colour | None = None

    def facts(self) -> dict[str, object]:
        """What the receipt says of them."""
        said: dict[str, object] = {}
        if self.ink is not None:
            said["text_colour"] = as_hex(self.ink)
        if self.point is not None:
            said["point"] = [round(share, 4) for share in self.point]
        if self.size:
            said["size_percent"] = round(100 * self.size, 2)
        if self.case != "auto":
            said["case"] = self.case
        if self.outline_em is not None:
            said["outline_percent"] = round(100 * self.outline_em, 2)
        if self.outline is not None:
            said["outline_colour"] = as_hex(self.outline)
        return said


def parse_position(text: str) -> Position:
    """'', 'top left', '30%,80%' or '400,600'. Raises `BadSetting`."""
    if not text:
        return Position()
    if "," in text:
        return Position(point=_point(text))
    if text not in POSITIONS:
        raise BadSetting(f"{text!r} is no position; there are: {', '.join(POSITIONS)}, or x,y as 30%,80% or in pixels")
    if text == "center":
        return Position(("center",), ("middle",))
    words = text.split()
    columns = tuple(column for column in COLUMNS if column in words)
    rows = tuple(row for row in ROWS if row in words)
    return Position(columns or COLUMNS, rows or ROWS)


def _point(text: str) -> tuple[Length, Length]:
    parts = [part.strip() for part in text.split(",")]
    try:
        first, second = (Length(float(part.removesuffix("%")), part.endswith("%")) for part in parts)
    except ValueError as err:
        raise BadSetting(f"{text!r} is no point; write x,y as 30%,80% or in pixels as 400,600") from err
    for length in (first, second):
        if not 0 <= length.value < float("inf") or (length.in_percent and length.value > 100):
            raise BadSetting(
                f"{text!r} lies outside the cover; 0%,0% is its upper left corner, 100%,100% its lower right"
            )
    return first, second


def parse_outline(text: str) -> tuple[float | None, Colour | None]:
    """'' (the template's), 'none', '6' or '6 #102030': width in percent of the type size. (ems, colour).

    Raises `BadSetting`.
    """
    if not text:
        return None, None
    if text == "none":
        return 0.0, None
    width, _, colour = text.replace(",", " ").partition(" ")
    try:
        percent = float(width.removesuffix("%"))
    except ValueError as err:
        raise BadSetting(
            f"{text!r} is no outline; write none, a width as 6, or a width and a colour as '6 #102030'"
        ) from err
    if not 0 <= percent <= WIDEST_OUTLINE_PERCENT:
        raise BadSetting(f"an outline is 0 to {WIDEST_OUTLINE_PERCENT:g} percent of the type wide, not {percent:g}")
    return percent / 100, parse_colour(colour.strip()) if colour.strip() else None


def check_size(percent: float) -> None:
    if percent and not LEAST_PERCENT <= percent <= LARGEST_PERCENT:
        raise BadSetting(
            f"type of {percent:g} percent of the height was asked for; {LEAST_PERCENT:g} to {LARGEST_PERCENT:g} can be"
            " set, and 0 chooses"
        )


def headline_of(text: str) -> Headline | None:
    """The user's own headline, which nothing in the video need support; None for an empty one. Raises `BadSetting`."""
    text = " ".join(text.split())
    if len(text) > LONGEST_TEXT:
        raise BadSetting(f"a headline has at most {LONGEST_TEXT} characters; this one has {len(text)}")
    if not text:
        return None
    language = "ru" if re.search("[а-яё]", text.lower()) else "en"
    return Headline(text, language, 0.0, 0.0, "", False, 1.0, "user")

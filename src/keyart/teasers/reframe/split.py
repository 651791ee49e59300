"""Two people who talk and do not fit one window: each gets a half of the frame, the left one above."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from keyart.teasers.reframe.cast import Cast, Floats
from keyart.teasers.reframe.watch import Looks
from keyart.types import Box

if TYPE_CHECKING:
    from keyart.teasers.reframe.decide import Frame

_WIDEST = Fraction(1)
_PRESENT = 0.6
_ALIKE = 0.6
NEARLY_FITS = 1.25
"""Times the window: heads that reach this far are shown together, with narrow bars."""
_TOLD = 0.4
_ONE_SPEAKS = 0.85
_HEADS_TALL = 1.25
_TURN_SECONDS = 2.5


def pair_of(cast: Cast, told: Floats, heard: bool) -> tuple[int, int] | None:
    """The two people whom a shot is about, the left one first; None where there are not exactly two of like size, or
    where it is clear who speaks and for long enough to cut from one to the other."""
    main = np.flatnonzero((cast.prominence >= _ALIKE) & (cast.presence >= _PRESENT))
    if len(main) != 2 or (heard and _turns(cast, told[:, main])):
        return None
    left, right = sorted(main.tolist(), key=lambda number: float(np.nanmedian(cast.faces[:, number, 0])))
    return left, right


def two_windows(
    cast: Cast, pair: tuple[int, int], frame: Frame, looks: Looks, aspect: Fraction
) -> tuple[Box, Box] | None:
    """Windows of half the target's height for two people, in displayed pixels.

    None where the target is wider than tall, where one window (nearly) holds both, or where they sit too close for two.
    """
    if aspect > _WIDEST or frame.slide.axis != 0:
        return None
    pixels = looks.width_px, looks.height_px, looks.width_px, looks.height_px
    left, right = (np.nanmedian(cast.heads[:, number], axis=0) * pixels for number in pair)
    if right[0] + right[2] - left[0] <= NEARLY_FITS * frame.window_width:
        return None
    return _windows(left, right, frame.area, float(aspect) * 2)


def _turns(cast: Cast, told: Floats) -> bool:
    """Whether it is known who speaks, and turns are long: then the window goes to the speaker."""
    certain = told.max(axis=1) > 0.3
    if certain.mean() < _TOLD:
        return False
    who = told[certain].argmax(axis=1)
    if max(who.mean(), 1 - who.mean()) > _ONE_SPEAKS:
        return True
    changes = int((np.diff(who) != 0).sum())
    return float(cast.seconds[-1] - cast.seconds[0]) / (changes + 1) >= _TURN_SECONDS


def _windows(left: Floats, right: Floats, area: Box, shape: float) -> tuple[Box, Box] | None:
    """Equal windows round both heads, as large as keeps the other's head out; None where that would be too near."""
    apart = float(right[0] + right[2] / 2 - left[0] - left[2] / 2)
    head = max(float(left[3]), float(right[3]))
    # shoulders reach a head's width to each side; at the picture's rim a window cannot lie round its head's middle
    free = min(float(right[0]) - area.x, area.right - float(left[0] + left[2]), 2 * apart - 2.2 * float(left[2]))
    width = min(area.width, area.height * shape, max(free, 0.0))
    if width / shape < _HEADS_TALL * head or width < 1.15 * max(float(left[2]), float(right[2])):
        return None
    one, two = (_around(head, width, width / shape, area) for head in (left, right))
    return one, two


def _around(head: Floats, width: float, height: float, area: Box) -> Box:
    """Eyes a little above the middle."""
    x = float(np.clip(head[0] + head[2] / 2 - width / 2, area.x, area.right - width))
    y = float(np.clip(head[1] + 0.55 * head[3] - 0.45 * height, area.y, area.bottom - height))
    return Box(round(x), round(y), width, height)

"""Titles, slides and screens: lettering that makes the picture, as against a caption or a sign in it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from keyart.teasers.reframe.focus import Slide
from keyart.teasers.reframe.watch import Look
from keyart.types import Box

_PAGE_SHARE, _TITLE_SHARE = 0.6, 0.2
_LEAST_HEIGHT, _TITLE_HEIGHT = 0.03, 0.045
_LINES, _SMALL_LINES, _PAGE_WIDE = 3, 8, 0.7
_LINE_GAP = 2.0
"""Between the lines of one title, in heights of its largest."""
_SAME_ENDS = 0.05


def lettering_span(looks: Sequence[Look], slide: Slide) -> tuple[float, float] | None:
    """From where to where the lettering reaches along the slide, in shares; None where it is not the subject.

    A page has several lines most of the time; a title is one large line near the middle that stays for a while.
    """
    pages = [found for look in looks if (found := _page(look, slide))]
    titles = [two for one, look in pairwise(looks) if (two := _title(look, slide)) and _stays(_title(one, slide), two)]
    spans = pages if len(pages) >= _PAGE_SHARE * len(looks) else titles
    if not spans or len(spans) < _TITLE_SHARE * len(looks):
        return None
    return float(np.percentile([one for one, _ in spans], 5)), float(np.percentile([two for _, two in spans], 95))


def _page(look: Look, slide: Slide) -> tuple[float, float] | None:
    lines = [line for line in look.lettering if line.height >= _LEAST_HEIGHT]
    if len(lines) < _LINES:  # a screen full of small type is a page, too
        lines = list(look.lettering) if len(look.lettering) >= _SMALL_LINES else []
    if not lines:
        return None
    ends = _ends(lines, slide)
    # who sees most of a page wants all of it: pictures and short words at its rim are no lines
    return ends if ends[1] - ends[0] < _PAGE_WIDE * slide.length else (slide.start, slide.start + slide.length)


def _title(look: Look, slide: Slide) -> tuple[float, float] | None:
    """Of the largest line and those that stand with it: far off, there are signs and specks."""
    large = [line for line in look.lettering if line.height >= _TITLE_HEIGHT]
    if not large:
        return None
    main = max(large, key=lambda line: line.area)
    x, y = main.center
    if not (0.3 < x < 0.7 and 0.2 < y < 0.8):
        return None
    near = _LINE_GAP * main.height
    return _ends([one for one in look.lettering if main.y - near < one.bottom and one.y < main.bottom + near], slide)


def _stays(before: tuple[float, float] | None, now: tuple[float, float]) -> bool:
    """While it fades in, not every letter is found at once."""
    return before is not None and max(abs(before[0] - now[0]), abs(before[1] - now[1])) < _SAME_ENDS


def _ends(lines: Sequence[Box], slide: Slide) -> tuple[float, float]:
    ends = [slide.span(line) for line in lines]
    return min(one for one, _ in ends), max(two for _, two in ends)

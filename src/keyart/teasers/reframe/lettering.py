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
_LINES = 3


def lettering_span(looks: Sequence[Look], slide: Slide) -> tuple[float, float] | None:
    """From where to where the lettering reaches along the slide, in shares; None where it is not the subject.

    A page has several lines most of the time; a title is one large line near the middle that stays for a while.
    """
    pages = [found for look in looks if (found := _page(look, slide))]
    titles = [two for one, look in pairwise(looks) if (two := _title(look, slide)) and two == _title(one, slide)]
    spans = pages if len(pages) >= _PAGE_SHARE * len(looks) else titles
    if not spans or len(spans) < _TITLE_SHARE * len(looks):
        return None
    return float(np.percentile([one for one, _ in spans], 5)), float(np.percentile([two for _, two in spans], 95))


def _page(look: Look, slide: Slide) -> tuple[float, float] | None:
    lines = [line for line in look.lettering if line.height >= _LEAST_HEIGHT]
    return _ends(lines, slide) if len(lines) >= _LINES else None


def _title(look: Look, slide: Slide) -> tuple[float, float] | None:
    large = [line for line in look.lettering if line.height >= _TITLE_HEIGHT]
    x, y = _middle(large) if large else (0.0, 0.0)
    return _ends(look.lettering, slide) if 0.3 < x < 0.7 and 0.2 < y < 0.8 else None


def _middle(lines: Sequence[Box]) -> tuple[float, float]:
    """The middle of the largest."""
    return max(lines, key=lambda line: line.area).center


def _ends(lines: Sequence[Box], slide: Slide) -> tuple[float, float]:
    ends = [slide.span(line) for line in lines]
    return min(one for one, _ in ends), max(two for _, two in ends)

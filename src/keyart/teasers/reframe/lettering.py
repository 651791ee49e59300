"""Titles, slides and screens: lettering that makes the picture, as against a caption or a sign in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keyart.teasers.reframe.focus import Slide
from keyart.teasers.reframe.watch import Look

_LEAST_SHARE = 0.6
_LEAST_HEIGHT = 0.03
_LINES = 3


def lettering_span(looks: Sequence[Look], slide: Slide) -> tuple[float, float] | None:
    """From where to where the lettering reaches along the slide, in shares; None where it is not the subject.

    It is where most looks show a large line near the middle, or several lines.
    """
    spans = [found for look in looks if (found := _span(look, slide))]
    if len(spans) < _LEAST_SHARE * len(looks):
        return None
    return float(np.percentile([one for one, _ in spans], 10)), float(np.percentile([two for _, two in spans], 90))


def _span(look: Look, slide: Slide) -> tuple[float, float] | None:
    lines = [line for line in look.lettering if line.height >= _LEAST_HEIGHT]
    title = any(line.height >= 2 * _LEAST_HEIGHT and 0.2 < line.center[1] < 0.75 for line in lines)
    if not title and len(lines) < _LINES:
        return None
    ends = [slide.span(line) for line in lines]
    return min(one for one, _ in ends), max(two for _, two in ends)

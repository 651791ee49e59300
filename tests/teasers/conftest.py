"""Stills and shots by hand: the rooms that find them are not under test here."""

from __future__ import annotations

import numpy as np

from keyart.types import Frame, Shot, Still

BLANK = np.zeros((2, 2, 3), np.uint8)


def still(seconds: float, *, rank: int = 1, score: float = 0.6, cluster: int = 0) -> Still:
    return Still(rank, Frame(BLANK, seconds), round(seconds * 25), score, (), cluster=cluster)


def shots_at(*starts: float, end: float, dissolve_seconds: float = 0.0) -> tuple[Shot, ...]:
    """Shots that begin at the given times, all but the first with the given dissolve."""
    ends = [*starts[1:], end]
    return tuple(
        Shot(
            start,
            stop,
            round(start * 25),
            round(stop * 25),
            "dissolve" if number and dissolve_seconds else ("cut" if number else "start"),
            dissolve_seconds if number else 0.0,
        )
        for number, (start, stop) in enumerate(zip(starts, ends, strict=True))
    )

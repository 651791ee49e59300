"""Pieces -> one loop of pictures: bars cut off, pieces joined, the end led back to the beginning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from keyart.teasers.pieces import Piece
from keyart.types import RGB, Box

_BAR_LEVEL = 22
"""Compression leaves a black bar a few grey levels off black."""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Pictures at an even rate, and the frame numbers where another piece begins."""

    frames: tuple[RGB, ...]
    cuts: tuple[int, ...]
    frames_per_second: float

    def thinned(self, frames_per_second: float) -> Loop:
        """Every n-th picture of each piece, so that the rate is at most `frames_per_second`: no uneven steps."""
        step = max(1, math.ceil(self.frames_per_second / frames_per_second - 0.02))
        frames: list[RGB] = []
        cuts = []
        for first, last in pairwise([*self.cuts, len(self.frames)]):
            cuts.append(len(frames))
            frames += self.frames[first:last:step]
        return Loop(tuple(frames), tuple(cuts), self.frames_per_second / step)


def joined(pieces: Sequence[Piece], overlap_seconds: float, bars: Box | None) -> Loop:
    """Pieces end to end; the tail of each is mixed into the head of the next, and of the last into that of the first.

    ──────╲╱──────╲╱──────╲╱     The loop begins after a mix, so that its first picture, which is all that some
          ╱╲      ╱╲      ╱╲     viewers ever show, is a clean one. Each piece must bring `overlap_seconds` more than
                                 it is to last; a third of the shortest is the most. One piece is led back to itself.
    """
    rate = pieces[0].frames_per_second
    overlap = min(round(overlap_seconds * rate), min(len(piece.frames) for piece in pieces) // 3)
    runs = [[_cropped(frame.image, bars) for frame in piece.frames] for piece in pieces]
    frames: list[RGB] = []
    cuts = []
    for run, after in zip(runs, [*runs[1:], runs[0]], strict=True):
        cuts.append(len(frames))
        end = len(run) - overlap
        frames += run[overlap:end]
        frames += [_mixed(run[end + at], after[at], (at + 1) / (overlap + 1)) for at in range(overlap)]
    return Loop(tuple(frames), tuple(cuts), rate)


def without_bars(pieces: Sequence[Piece]) -> Box | None:
    """The picture inside bars that are black in every frame; None where there are none, or hardly anything is left."""
    lightest = np.maximum.reduce([frame.image for piece in pieces for frame in piece.frames[::3]])
    rows, columns = (np.flatnonzero(lightest.max(axis=(axis, 2)) > _BAR_LEVEL) for axis in (1, 0))
    if not len(rows):
        return None
    y, x = int(rows[0]), int(columns[0])
    box = Box(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)
    height, width = lightest.shape[:2]
    share = box.width / width, box.height / height
    return box if 0.3 < min(share) < 0.97 else None


def _cropped(image: RGB, box: Box | None) -> RGB:
    return image if box is None else image[int(box.y) : int(box.bottom), int(box.x) : int(box.right)]


def _mixed(old: RGB, new: RGB, share: float) -> RGB:
    return np.asarray(old * (1 - share) + new * share + 0.5, np.uint8)

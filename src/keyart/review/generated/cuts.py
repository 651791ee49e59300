"""Where a clip that is edited cuts: a new take is no fault of the one before it.

Frames are compared with their neighbours within a take only. What generated video does wrong can look like a cut to
a shot detector, so the two pictures must also share little: a leap of the framing shows the same things elsewhere.
"""

from __future__ import annotations

import numpy as np

from keyart.media.grab import grab
from keyart.media.scan import Scan
from keyart.shots import DetectShots
from keyart.stills.embed import classical
from keyart.stills.sample import reduced
from keyart.types import VideoInfo

MOST_ALIKE = 0.5
"""Cosine of the stills' descriptor up to which two pictures are of different takes: leaps of the framing by a tenth of
the width keep about .6 and more. Cuts between near views of one thing may too, and then count as leaps."""
_LOOK_PX = 160


def cuts_of(info: VideoInfo) -> tuple[float, ...]:
    """When each take but the first begins, in seconds; only hard cuts. Decodes the clip once, and each cut again."""
    watcher, passing = DetectShots().watch(info), Scan().open(info)
    for glimpse in passing:
        watcher.see(glimpse)
    shots = watcher.shots(passing.report.end_seconds)
    starts = [one.start for one in shots[1:] if one.transition == "cut"]
    step = 1 / max(1.0, info.frames_per_second)
    return tuple(one for one in starts if _likeness(info, one - step, one + 0.1 * step) <= MOST_ALIKE)


def _likeness(info: VideoInfo, before: float, after: float) -> float:
    rows = [classical(reduced(frame.image, _LOOK_PX)) for frame in grab(info, [max(0.0, before), after])]
    return float(np.dot(*rows)) if len(rows) == 2 else 1.0

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
from keyart.stills.metrics import to_gray
from keyart.stills.sample import reduced
from keyart.types import RGB, VideoInfo

MOST_ALIKE = 0.6
"""Up to which two pictures are of different takes: the cosine of the stills' descriptor, and how well the middle of one
is found again anywhere in the other (normalised cross-correlation). Leaps of the framing keep more of one of them."""
_LOOK_PX, _FIND_PX = 160, 96


def cuts_of(info: VideoInfo) -> tuple[float, ...]:
    """When each take but the first begins, in seconds; only hard cuts. Decodes the clip once, and each cut again."""
    watcher, passing = DetectShots().watch(info), Scan().open(info)
    for glimpse in passing:
        watcher.see(glimpse)
    shots = watcher.shots(passing.report.end_seconds)
    starts = [one.start for one in shots[1:] if one.transition == "cut"]
    step = 1 / max(1.0, info.frames_per_second)
    return tuple(one for one in starts if _are_apart(info, one - step, one + 0.1 * step))


def _are_apart(info: VideoInfo, before: float, after: float) -> bool:
    images = [frame.image for frame in grab(info, [max(0.0, before), after])]
    if len(images) < 2:
        return False
    cosine = float(np.dot(*(classical(reduced(image, _LOOK_PX)) for image in images)))
    return cosine <= MOST_ALIKE and max(_found(*images), _found(*images[::-1])) <= MOST_ALIKE


def _found(image: RGB, other: RGB) -> float:
    """How well the middle of a picture is found in another, -1 ... 1; an even middle is found nowhere."""
    import cv2

    one, two = (to_gray(reduced(each, _FIND_PX)) for each in (image, other))
    height, width = one.shape
    middle = one[height // 4 : height - height // 4, width // 4 : width - width // 4]
    if float(middle.std()) < 2.0:
        return 0.0
    return float(cv2.matchTemplate(two, np.ascontiguousarray(middle), cv2.TM_CCOEFF_NORMED).max())

"""Times -> full pictures, exact to the frame, decoding from the key frame before each."""

from __future__ import annotations

from collections.abc import Sequence

from keyart.media.scan import Scan
from keyart.types import Frame, VideoInfo


def grab(info: VideoInfo, seconds: Sequence[float]) -> tuple[Frame, ...]:
    """The frames on display at the given times, in the order asked; a time past the end gives the last frame."""
    frames: dict[float, Frame] = {}
    for glimpse in Scan()(info):
        for wanted in seconds:
            if glimpse.seconds <= wanted + 1e-6:
                frames[wanted] = glimpse.full()
    return tuple(frames[wanted] for wanted in seconds)

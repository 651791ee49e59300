"""A stretch of the video -> its pictures at an even rate, decoded from the key frame before it."""

from __future__ import annotations

from collections.abc import Iterator

import av

from keyart.media.scan import Glimpse
from keyart.types import Frame, VideoInfo

EARLY_SECONDS = 0.002
"""Matroska and FLV round times to a millisecond: a frame this little late still counts as on display."""


def read_clip(
    info: VideoInfo, start: float, end: float, *, frames_per_second: float, longest_px: int
) -> Iterator[Frame]:
    """The picture on display at `start`, `start + 1 / frames_per_second` ... up to but not including `end`.

    Each frame carries the time it was asked for, not its own; it is upright and at most `longest_px` on its longer
    side. A picture that stays on screen comes several times (the same array). Ends early where the video ends, or
    where it cannot be decoded any further.
    """
    ticks = int((end - start) * frames_per_second + 1e-6)
    tick, held, shown = 0, None, None
    for glimpse in _glimpses(info, start):
        while held is not None and tick < ticks and start + tick / frames_per_second + EARLY_SECONDS < glimpse.seconds:
            shown = held.small(longest_px) if shown is None else shown
            yield Frame(shown, start + tick / frames_per_second)
            tick += 1
        if tick >= ticks:
            return
        held, shown = glimpse, None
    if held is not None and tick < ticks:  # the last picture of the file stays on screen for its own duration
        yield Frame(held.small(longest_px), start + tick / frames_per_second)


def _glimpses(info: VideoInfo, start: float) -> Iterator[Glimpse]:
    """Decoded frames from the one on display at `start`; from the first frame where the file cannot be sought in."""
    if info.video_index is None:
        return
    for seek in (True, False):
        with av.open(str(info.path), metadata_errors="replace") as container:
            stream = container.streams[info.video_index]
            assert isinstance(stream, av.VideoStream) and stream.time_base
            stream.thread_type = "AUTO"
            late = False
            try:
                if seek:
                    container.seek(int((start + info.start_seconds) / stream.time_base), stream=stream)
                for number, frame in enumerate(container.decode(stream)):
                    assert isinstance(frame, av.VideoFrame)
                    seconds = float(frame.time or 0) - info.start_seconds
                    late = seek and number == 0 and seconds > start + EARLY_SECONDS
                    if late:
                        break
                    yield Glimpse(frame, info, number, seconds)
            except av.FFmpegError:
                # a damaged stretch: what was decoded before it has been handed on
                late = False
        if not late:
            return

"""A stretch of the video -> its pictures at an even rate, decoded from the key frame before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

import av

from keyart.media.container import open_container
from keyart.media.decode import Clock, Decoder
from keyart.media.scan import Glimpse
from keyart.types import Frame, VideoInfo

EARLY_SECONDS = 0.002
"""Matroska and FLV round times to a millisecond: a frame this little late still counts as on display."""

RUN_UP_SECONDS = 0.5


def read_clip(
    info: VideoInfo, start: float, end: float, *, frames_per_second: float, longest_px: int
) -> Iterator[Frame]:
    """The picture on display at `start`, `start + 1 / frames_per_second` ... up to but not including `end`.

    Each frame carries the time it was asked for, not its own; it is upright and at most `longest_px` on its longer
    side. A picture that stays on screen comes several times (the same array). Ends early where the video ends.
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
    """Decoded frames from one at or before `start`; from the first of all where the file cannot be sought in."""
    if info.video_index is None:
        return
    sought = _decoded(info, start)
    first = next(sought, None)
    if first is not None and first.seconds <= start + EARLY_SECONDS:
        yield first
        yield from sought
    else:
        yield from _decoded(info, None)


def _decoded(info: VideoInfo, start: float | None) -> Iterator[Glimpse]:
    """Frames from the key frame before `start`; all of them for None. Damage is passed over."""
    with open_container(info.path) as container:
        stream = container.streams[info.video_index or 0]
        tick = float(stream.time_base or 0)
        if start is not None and tick:
            with suppress(av.FFmpegError):  # not every container can seek: reading then goes on from the beginning
                container.seek(int((start + info.start_seconds) / tick), stream=stream)
        decoder, clock = Decoder(stream), Clock(info, tick)
        number = 0
        for packet in chain(decoder.packets(container), [None]):
            if start is not None and packet is not None:
                # pictures that no other is made from are not decoded on the way to the first one wanted
                on_the_way = decoder.seconds(packet) - info.start_seconds < start - RUN_UP_SECONDS
                decoder.context.skip_frame = "NONREF" if on_the_way else "DEFAULT"
            for frame in decoder.decode(packet):
                yield Glimpse(frame, info, number, clock.seconds(frame))
                number += 1

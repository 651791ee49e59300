"""Stretches of the video -> their pictures at an even rate. Nothing is decoded twice, and little that is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

import av

from keyart.media.container import open_container
from keyart.media.decode import Clock, Decoder
from keyart.media.grab import RUN_UP_SECONDS
from keyart.media.scan import Glimpse
from keyart.types import RGB, Frame, VideoInfo

EARLY_SECONDS = 0.002
"""Matroska and FLV round times to a millisecond: a frame this little late still counts as on display."""

Span = tuple[float, float]
"""Start and end in seconds; the end is not included."""


def read_clip(
    info: VideoInfo, start: float, end: float, *, frames_per_second: float, longest_px: int
) -> tuple[Frame, ...]:
    """The picture on display at `start`, `start + 1 / frames_per_second` ... before `end`; see `read_clips`."""
    found = read_clips(info, [(start, end)], frames_per_second=frames_per_second, longest_px=longest_px)
    return next((frames for _, frames in found), ())


def read_clips(
    info: VideoInfo, spans: Sequence[Span], *, frames_per_second: float, longest_px: int
) -> Iterator[tuple[int, tuple[Frame, ...]]]:
    """(number of the span, its frames) for each span, as soon as it is read; spans may overlap and come in any order.

    A frame carries the time it was asked for, not its own; it is upright and at most `longest_px` on its longer side.
    A picture that stays on screen comes several times (the same array). A span ends early where the video ends.
    """
    if info.video_index is None:
        return
    clips = [
        _Clip(number, start, end, frames_per_second, int((end - start) * frames_per_second + 1e-6))
        for number, (start, end) in enumerate(spans)
    ]
    for run in _runs(info, clips):
        yield from ((clip.number, tuple(clip.frames)) for clip in _read(info, run, longest_px))


@dataclass(slots=True)
class _Clip:
    number: int
    start: float
    end: float
    frames_per_second: float
    count: int
    frames: list[Frame] = field(default_factory=list)

    @property
    def due(self) -> float:
        return self.start + len(self.frames) / self.frames_per_second

    @property
    def is_complete(self) -> bool:
        return len(self.frames) >= self.count


def _runs(info: VideoInfo, clips: Sequence[_Clip]) -> list[list[_Clip]]:
    """Clips that one stretch of decoding serves: seeking would lead back into what is decoded for the clip before."""
    runs: list[list[_Clip]] = []
    ordered = sorted(clips, key=lambda clip: clip.start)
    for clip, key in zip(ordered, _key_seconds(info, [clip.start for clip in ordered]), strict=True):
        if runs and key <= max(before.end for before in runs[-1]):
            runs[-1].append(clip)
        else:
            runs.append([clip])
    return runs


def _key_seconds(info: VideoInfo, starts: Sequence[float]) -> list[float]:
    """Where decoding would begin for each start; -inf where seeking fails, or lands too late."""
    found = []
    with open_container(info.path) as container:
        stream = container.streams[info.video_index or 0]
        decoder = Decoder(stream)
        for start in starts:
            key = float("-inf")
            with suppress(av.FFmpegError):
                _seek(container, stream, start + info.start_seconds)
                first = next(decoder.packets(container), None)
                key = decoder.seconds(first) - info.start_seconds if first is not None else key
            found.append(key if key <= start + EARLY_SECONDS else float("-inf"))
    return found


def _seek(container: av.container.InputContainer, stream: av.stream.Stream, seconds: float) -> None:
    container.seek(int(seconds / float(stream.time_base or 1)), stream=stream)


def _read(info: VideoInfo, run: Sequence[_Clip], longest_px: int) -> Iterator[_Clip]:
    """The clips of one run as they are completed; those that the video's end cuts short come last."""
    left = list(run)
    held: Glimpse | None = None
    until = 0.0
    for glimpse, leaves in _glimpses(info, run):
        if held is not None:
            _fill(left, held, glimpse.seconds, longest_px)
            yield from (clip for clip in left if clip.is_complete)
            left = [clip for clip in left if not clip.is_complete]
            if not left:
                return
        held, until = glimpse, leaves
    if held is not None:
        _fill(left, held, until, longest_px)
    yield from left


def _fill(clips: Sequence[_Clip], held: Glimpse, until: float, longest_px: int) -> None:
    """Give the picture on display up to `until` to every clip that asks for that time."""
    image: RGB | None = None
    for clip in clips:
        while not clip.is_complete and clip.due + EARLY_SECONDS < until:
            image = held.small(longest_px) if image is None else image
            clip.frames.append(Frame(image, clip.due))


def _glimpses(info: VideoInfo, run: Sequence[_Clip]) -> Iterator[tuple[Glimpse, float]]:
    """Decoded frames, and when each leaves the screen; from the first of all where the file cannot be sought in."""
    start = run[0].start
    sought = _decoded(info, run, start)
    first = next(sought, None)
    if first is not None and first[0].seconds <= start + EARLY_SECONDS:
        yield first
        yield from sought
    else:
        yield from _decoded(info, run, None)


def _decoded(info: VideoInfo, run: Sequence[_Clip], start: float | None) -> Iterator[tuple[Glimpse, float]]:
    """Frames from the key frame before `start`, all for None; outside the clips only those that others are made from.

    Damage is passed over.
    """
    with open_container(info.path) as container:
        stream = container.streams[info.video_index or 0]
        if start is not None:
            with suppress(av.FFmpegError):  # not every container can seek: reading then goes on from the beginning
                _seek(container, stream, start + info.start_seconds)
        decoder, clock = Decoder(stream), Clock(info, float(stream.time_base or 0))
        number = 0
        for packet in chain(decoder.packets(container), [None]):
            if packet is not None:
                seconds = decoder.seconds(packet) - info.start_seconds
                wanted = any(clip.start - RUN_UP_SECONDS <= seconds < clip.end + RUN_UP_SECONDS for clip in run)
                decoder.context.skip_frame = "DEFAULT" if wanted else "NONREF"
            for frame in decoder.decode(packet):
                seconds = clock.seconds(frame)
                yield Glimpse(frame, info, number, seconds), clock.end_seconds
                number += 1

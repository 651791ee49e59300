"""Stretches of the video -> their pictures at an even rate. Nothing is decoded twice, and little that is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

import av
from av.container import InputContainer

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
    with open_container(info.path) as container:
        source = _Source(info, container)
        for run in _runs(source, clips):
            yield from ((clip.number, tuple(clip.frames)) for clip in _read(source, run, longest_px))


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


class _Source:
    """The opened video and its decoder, which all runs share: opening a file costs as much as decoding ten pictures."""

    def __init__(self, info: VideoInfo, container: InputContainer) -> None:
        self.info, self.container = info, container
        self.stream = container.streams[info.video_index or 0]
        self.decoder = Decoder(self.stream)

    def seek(self, seconds: float) -> None:
        """To the key frame before; not every container can: reading then goes on from where it is."""
        with suppress(av.FFmpegError):
            target = seconds + self.info.start_seconds
            self.container.seek(int(target / float(self.stream.time_base or 1)), stream=self.stream)
        self.decoder.context.flush_buffers()


def _runs(source: _Source, clips: Sequence[_Clip]) -> list[list[_Clip]]:
    """Clips that one stretch of decoding serves: seeking would lead back into what is decoded for the clip before."""
    runs: list[list[_Clip]] = []
    for clip in sorted(clips, key=lambda clip: clip.start):
        if runs and _key_seconds(source, clip.start) <= max(before.end for before in runs[-1]):
            runs[-1].append(clip)
        else:
            runs.append([clip])
    return runs


def _key_seconds(source: _Source, start: float) -> float:
    """Where decoding would begin; -inf where seeking fails, or lands too late."""
    source.seek(start)
    first = next(source.decoder.packets(source.container), None)
    if first is None:
        return float("-inf")
    key = source.decoder.seconds(first) - source.info.start_seconds
    return key if key <= start + EARLY_SECONDS else float("-inf")


def _read(source: _Source, run: Sequence[_Clip], longest_px: int) -> Iterator[_Clip]:
    """The clips of one run as they are completed; those that the video's end cuts short come last."""
    left = list(run)
    held: Glimpse | None = None
    until = 0.0
    for glimpse, leaves in _glimpses(source, run):
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


def _glimpses(source: _Source, run: Sequence[_Clip]) -> Iterator[tuple[Glimpse, float]]:
    """Decoded frames, and when each leaves the screen; from the first of all where the file cannot be sought in."""
    source.seek(run[0].start)
    sought = _decoded(source, run)
    first = next(sought, None)
    if first is not None and first[0].seconds <= run[0].start + EARLY_SECONDS:
        yield first
        yield from sought
        return
    with open_container(source.info.path) as container:
        yield from _decoded(_Source(source.info, container), run)


def _decoded(source: _Source, run: Sequence[_Clip]) -> Iterator[tuple[Glimpse, float]]:
    """Frames from where the source stands on; outside the clips only those that others are made from."""
    info, decoder = source.info, source.decoder
    clock = Clock(info, float(source.stream.time_base or 0))
    number = 0
    for packet in chain(decoder.packets(source.container), [None]):
        if packet is not None:
            seconds = decoder.seconds(packet) - info.start_seconds
            wanted = any(clip.start - RUN_UP_SECONDS <= seconds < clip.end + RUN_UP_SECONDS for clip in run)
            decoder.context.skip_frame = "DEFAULT" if wanted else "NONREF"
        for frame in decoder.decode(packet):
            seconds = clock.seconds(frame)
            yield Glimpse(frame, info, number, seconds), clock.end_seconds
            number += 1

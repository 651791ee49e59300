"""Stretches of the video -> their pictures at an even rate. Nothing is decoded twice, and little that is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import av
import numpy as np
from av.container import InputContainer

from keyart.media.ahead import ahead
from keyart.media.container import open_container
from keyart.media.decode import Clock, Decoder
from keyart.media.grab import RUN_UP_SECONDS
from keyart.media.scan import Glimpse
from keyart.types import RGB, Frame, VideoInfo

EARLY_SECONDS = 0.002
"""Matroska and FLV round times to a millisecond: a frame this little late still counts as on display."""

_AHEAD_FRAMES, _AHEAD_BYTES = 16, 32_000_000
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
    found: dict[int, list[Frame]] = {number: [] for number in range(len(spans))}
    for clip, frame in _read(info, _clips(spans, frames_per_second), longest_px, depth=0):
        if frame is not None:
            found[clip.number].append(frame)
        if clip.is_over:
            yield clip.number, tuple(found.pop(clip.number))


def stream_clips(
    info: VideoInfo, spans: Sequence[Span], *, frames_per_second: float, longest_px: int
) -> Iterator[tuple[int, Frame]]:
    """(number of the span, frame) as they pass: nothing is kept, and the decoder works ahead on a thread of its own.

    The frames are those of `read_clips`, in the order in which they are shown: spans that overlap take turns.
    """
    area = max(1, info.coded_width_px * info.coded_height_px)
    depth = min(_AHEAD_FRAMES, _AHEAD_BYTES // (2 * area))
    for clip, frame in _read(info, _clips(spans, frames_per_second), longest_px, depth):
        if frame is not None:
            yield clip.number, frame


def _clips(spans: Sequence[Span], frames_per_second: float) -> list[_Clip]:
    counts = [int((end - start) * frames_per_second + 1e-6) for start, end in spans]
    return [
        _Clip(number, start, end, frames_per_second, count)
        for number, ((start, end), count) in enumerate(zip(spans, counts, strict=True))
    ]


@dataclass(slots=True)
class _Clip:
    number: int
    start: float
    end: float
    frames_per_second: float
    count: int
    num_given: int = 0
    is_over: bool = False
    """Whether no more comes: it is complete, or the video is at its end."""

    @property
    def due(self) -> float:
        return self.start + self.num_given / self.frames_per_second

    @property
    def is_complete(self) -> bool:
        return self.num_given >= self.count


class _Source:
    """The opened video and its decoder, which all runs share: opening a file costs as much as decoding ten pictures."""

    def __init__(self, info: VideoInfo, container: InputContainer) -> None:
        self.info, self.container = info, container
        self.stream = container.streams[info.video_index or 0]
        self.decoder = Decoder(self.stream, alone=info.is_damaged)

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


def _read(info: VideoInfo, clips: Sequence[_Clip], longest_px: int, depth: int) -> Iterator[tuple[_Clip, Frame | None]]:
    """Each clip with each of its frames, and once, with or without a frame, when it is over."""
    if info.video_index is None:
        return
    with open_container(info.path) as container:
        source, alike = _Source(info, container), _Alike(longest_px)
        for run in _runs(source, clips):
            with ahead(_glimpses(source, run), depth) as glimpses:
                yield from _given(glimpses, run, alike)


@dataclass(slots=True)
class _Alike:
    """Glimpses -> pictures of one size, that of the first: a stream may change its own on the way."""

    longest_px: int
    size: tuple[int, int] | None = None
    """Height and width."""

    def __call__(self, glimpse: Glimpse) -> RGB:
        image = glimpse.small(self.longest_px)
        self.size = self.size or image.shape[:2]
        return image if image.shape[:2] == self.size else _fitted(image, *self.size)


def _fitted(image: RGB, height: int, width: int) -> RGB:
    """All of it in the middle of a black picture of that size, as players show it."""
    import cv2

    scale = min(height / image.shape[0], width / image.shape[1])
    rows, columns = max(1, round(scale * image.shape[0])), max(1, round(scale * image.shape[1]))
    top, left = (height - rows) // 2, (width - columns) // 2
    found: RGB = np.zeros((height, width, 3), np.uint8)
    found[top : top + rows, left : left + columns] = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    return found


def _given(
    glimpses: Iterator[tuple[Glimpse, float]], run: Sequence[_Clip], alike: _Alike
) -> Iterator[tuple[_Clip, Frame | None]]:
    """The frames of one run; clips that the video's end cuts short are over at the last."""
    left = list(run)
    held: Glimpse | None = None
    until = 0.0
    for glimpse, leaves in glimpses:
        if held is not None:
            yield from _filled(left, held, glimpse.seconds, alike)
            left = [clip for clip in left if not clip.is_over]
            if not left:
                return
        held, until = glimpse, leaves
    if held is not None:
        yield from _filled(left, held, until, alike)
    for clip in left:
        if not clip.is_over:
            clip.is_over = True
            yield clip, None


def _filled(clips: Sequence[_Clip], held: Glimpse, until: float, alike: _Alike) -> Iterator[tuple[_Clip, Frame | None]]:
    """The picture on display up to `until`, for every clip that asks for that time."""
    image: RGB | None = None
    for clip in clips:
        while not clip.is_complete and clip.due + EARLY_SECONDS < until:
            image = alike(held) if image is None else image
            frame = Frame(image, clip.due)
            clip.num_given += 1
            clip.is_over = clip.is_complete
            yield clip, frame
        if clip.is_complete and not clip.is_over:  # nothing was asked for
            clip.is_over = True
            yield clip, None


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
    end = max(clip.end for clip in run)
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
            if seconds > end + EARLY_SECONDS:  # it tells when the last one asked for leaves
                return

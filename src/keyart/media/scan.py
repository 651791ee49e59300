"""One streaming pass over the video. Whoever wants to learn from it sees each `Glimpse` once, as it passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Protocol

import av
from av.container import InputContainer

from keyart.errors import UnreadableVideo
from keyart.media.again import frames_after
from keyart.media.ahead import ahead
from keyart.media.container import open_container
from keyart.media.decode import Aftermath, Clock, Decoder, before_damage, key_frames, picture_bytes
from keyart.media.develop import develop
from keyart.media.planes import coarse_chroma, coarse_luma, reduced_luma
from keyart.types import RGB, Frame, Gray, VideoInfo

_MAX_GAP_SHARE = 0.3
"""Of a short video, that a fast scan may leave unseen in one piece."""
_NEAR_SECONDS = 0.5
"""Less than this of whole pictures between two damaged stretches is of no use to anybody."""
_BEFORE_SECONDS = 0.3
"""Pictures between two others are made of both: those before a damaged one show its damage, and no decoder tells."""
_AHEAD_FRAMES, _AHEAD_BYTES = 16, 32_000_000
_HEAD_START_BYTES = 128_000_000
"""Decoded before anybody looks: as much as is ready by the time the rooms have been entered."""


class Onlooker(Protocol):
    """Something that learns from the pass: a shot watcher, a still sampler, a storyboard."""

    def see(self, glimpse: Glimpse) -> None: ...


class Glimpse:
    """One decoded frame as it passes. Cheap views first; the dear ones (`small`, `full`) only when asked.

    Holding a glimpse holds its decoded picture in memory (1.4 MB at 720p), so hold few.
    """

    __slots__ = ("_frame", "_info", "_luma", "is_damaged", "is_key", "number", "seconds")

    def __init__(
        self, frame: av.VideoFrame, info: VideoInfo, number: int, seconds: float, *, is_damaged: bool = False
    ) -> None:
        self._frame, self._info = frame, info
        self._luma: Gray | None = None
        self.number = number
        """Of the frames this pass decoded, from 0."""
        self.seconds = seconds
        """From the first displayed frame."""
        self.is_key = bool(frame.key_frame)
        self.is_damaged = is_damaged or bool(frame.is_corrupt)
        """Whether the decoder had to make parts of it up, or of one that it builds on."""

    @property
    def luma(self) -> Gray:
        """Coarse luma for change detection: 64 to 127 columns, subsampled without filtering, not upright; a copy."""
        if self._luma is None:
            self._luma = coarse_luma(self._frame)
        return self._luma

    @property
    def chroma(self) -> tuple[Gray, Gray] | None:
        """Coarse planes of colour difference, subsampled like `luma`; None where the format keeps none apart."""
        return coarse_chroma(self._frame)

    def detail(self, width_px: int) -> Gray:
        """Luma as it lies in the file, at most `width_px` on its longer side: to compare the frames of one pass.

        Not upright, its range not stretched, not tone-mapped; six times cheaper than `small`.
        """
        return reduced_luma(self._frame, width_px)

    def small(self, width_px: int) -> RGB:
        """Upright, square pixels, at most `width_px` on its longer side, tone-mapped to sRGB; meant for measuring."""
        return develop(self._frame, self._info, width_px, exact=False)

    def full(self, *, exact: bool = True) -> Frame:
        """Upright picture with square pixels, displayed size, tone-mapped to sRGB; not `exact`, for measuring."""
        return Frame(develop(self._frame, self._info, exact=exact), self.seconds)

    @property
    def held_bytes(self) -> int:
        return sum(plane.buffer_size for plane in self._frame.planes)


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a pass found out about the file, known once it is over."""

    num_frames: int = 0
    """Frames that were decoded and shown to the onlookers."""
    end_seconds: float = 0.0
    """When the last frame leaves the screen."""
    complete: bool = True
    """False where the file is cut short or parts of it could not be decoded; `notes` say which."""
    notes: tuple[str, ...] = ()
    is_damaged: bool = False
    """Whether pictures were lost or patched up; a file that is merely cut short is not damaged."""
    damaged_spans: tuple[tuple[float, float], ...] = ()
    """Seconds from, to: where what was shown to the onlookers showed damage; with little between them they are one."""


@dataclass(frozen=True, slots=True)
class Scan:
    """How to look at the video once."""

    mode: Literal["full", "fast"] = "full"
    """full: every frame; fast: key frames only, and every frame where key frames are rare."""
    min_key_seconds: float = 0.5
    """fast: key frames nearer than this to the last one are passed over (codecs in which every frame is one)."""
    max_key_seconds: float = 12.0
    """fast: a longer stretch without a key frame is decoded whole."""

    def open(self, info: VideoInfo) -> Pass:
        return Pass(self, info)

    def __call__(self, info: VideoInfo) -> Iterator[Glimpse]:
        return iter(self.open(info))


class Pass:
    """One run through the video: iterate it, then read `report`. Raises `UnreadableVideo` if nothing decodes.

    Damage does not raise: what cannot be decoded is passed over, and the report says so.
    """

    def __init__(self, scan: Scan, info: VideoInfo) -> None:
        self.scan, self.info = scan, info
        self.report = ScanReport(complete=False, notes=("The pass did not reach the end.",))
        self._damaged: list[tuple[float, float]] = []
        self._held = ExitStack()
        self._begun: tuple[Iterator[av.VideoFrame], Clock] | None = None

    def begin(self) -> Pass:
        """Decode ahead from now on, until the first glimpse is asked for further than after it."""
        self._begun = self._begun or self._opened()
        return self

    def close(self) -> None:
        """Give up what was begun; a pass that is iterated does so at its end."""
        self._held.close()
        self._begun = None

    def _opened(self) -> tuple[Iterator[av.VideoFrame], Clock]:
        info = self.info
        if info.video_index is None:
            raise UnreadableVideo(f"{info.path}: has sound but no pictures")
        container = self._held.enter_context(open_container(info.path))
        stream = container.streams[info.video_index]
        self._decoder = Decoder(stream, alone=info.is_damaged)
        clock = Clock(info, float(stream.time_base or 0))
        frames = self._held.enter_context(ahead(self._frames(container), *self._depths()))
        return frames, clock

    def __iter__(self) -> Iterator[Glimpse]:
        info, number = self.info, -1
        frames, clock = self._begun or self._opened()
        aftermath = Aftermath()
        try:
            for number, frame in enumerate(frames):
                is_damaged = aftermath.shows_in(frame, self._decoder)
                glimpse = Glimpse(frame, info, number, clock.seconds(frame), is_damaged=is_damaged)
                self._note_damage(glimpse)
                yield glimpse
        finally:
            self.close()
        if number < 0:
            raise UnreadableVideo(f"{info.path}: not one picture in it could be decoded")
        end_seconds, decoder = clock.end_seconds, self._decoder
        if self.scan.mode == "fast":  # the last frame was hardly a key frame
            end_seconds = max(end_seconds, decoder.end_seconds - info.start_seconds)
        notes = (*decoder.notes(info.start_seconds), *clock.notes, *self._cut_short(end_seconds))
        spans = tuple((start, min(end, end_seconds)) for start, end in self._damaged)
        self.report = ScanReport(number + 1, end_seconds, not notes, notes, decoder.is_damaged, spans)

    def _note_damage(self, glimpse: Glimpse) -> None:
        """A stretch of damage begins a little before the first such picture and lasts up to the next whole one."""
        start, end = self._damaged[-1] if self._damaged else (0.0, float("-inf"))
        if glimpse.is_damaged and glimpse.seconds - end > _NEAR_SECONDS:
            self._damaged.append((max(0.0, glimpse.seconds - _BEFORE_SECONDS), float("inf")))
        elif glimpse.is_damaged:
            self._damaged[-1] = start, float("inf")
        elif end == float("inf"):
            self._damaged[-1] = start, glimpse.seconds

    def _frames(self, container: InputContainer) -> Iterator[av.VideoFrame]:
        """What is decoded, the same every time: where it is damaged, on one thread from what was not handed on yet."""
        if self._decoder.num_threads == 1:
            yield from self._decoded(container, self._decoder)
            return
        given, last = 0, None
        for last in before_damage(self._decoder, self._decoded(container, self._decoder)):
            given += 1
            yield last
        if self._decoder.is_damaged:
            yield from self._rest(given, last)

    def _rest(self, given: int, last: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
        """What comes after the last of the given frames, on one thread: from shortly before it where that can be."""
        # how often reading failed up to there is known only to who has read it all
        if last is not None and self.scan.mode == "full" and not self._decoder.num_read_failures:
            with open_container(self.info.path) as near:
                decoder = self._alone(near)
                rest = frames_after(last, near, decoder)
                if rest is not None:
                    self._decoder = decoder
                    yield from rest
                    return
        with open_container(self.info.path) as again:
            self._decoder = self._alone(again)
            yield from islice(self._decoded(again, self._decoder), given, None)

    def _alone(self, container: InputContainer) -> Decoder:
        return Decoder(container.streams[self.info.video_index or 0], alone=True)

    def _decoded(self, container: InputContainer, decoder: Decoder) -> Iterator[av.VideoFrame]:
        if self.scan.mode == "full":
            return decoder.frames(container)
        longest = self.scan.max_key_seconds
        if self.info.duration_seconds:
            longest = min(longest, _MAX_GAP_SHARE * self.info.duration_seconds)
        return key_frames(decoder, decoder.packets(container), self.scan.min_key_seconds, longest)

    def _depths(self) -> tuple[int, int]:
        """Frames decoded ahead: enough to bridge a closer look at one, few where they are large; more for a start."""
        each = picture_bytes(self.info.coded_width_px, self.info.coded_height_px)
        return min(_AHEAD_FRAMES, _AHEAD_BYTES // each), _HEAD_START_BYTES // each

    def _cut_short(self, end_seconds: float) -> tuple[str, ...]:
        promised = self.info.duration_seconds
        if promised - end_seconds <= max(1.0, 0.02 * promised):
            return ()
        return (f"The pictures end at {end_seconds:.1f} s although the file says {promised:.1f} s.",)

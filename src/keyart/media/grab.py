"""Times -> full pictures, exact to the frame: key frame before, decode forward, check by the time stamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from math import isfinite
from typing import Any

import av
from av.container import InputContainer

from keyart.errors import BadSetting, UnreadableVideo
from keyart.media.container import open_container
from keyart.media.decode import Decoder
from keyart.media.develop import develop
from keyart.media.scan import Scan
from keyart.types import Frame, VideoInfo

_SAME_SECONDS = 1e-4
"""Times come from floats that a JSON rounded to 1 ms at best; half a millisecond would reach into 1000 fps video."""
_STEPS_BACK_SECONDS = (0.0, 1.0, 5.0, 20.0, float("inf"))
_NEAR_SECONDS = 2.0
RUN_UP_SECONDS = 0.5
"""Before a wanted frame every picture is decoded, so that reordering cannot hide one."""


class _CannotSeek(Exception):
    """What a seek brings does not add up; the caller reads the file from its start instead."""


def grab(info: VideoInfo, seconds: Sequence[float]) -> tuple[Frame, ...]:
    """The frames on display at the given times, in the order asked; a time past the end gives the last frame.

    Times of one group of pictures share one decode; only the wanted frames are held. Raises `UnreadableVideo`.
    """
    if not all(isfinite(one) for one in seconds):
        raise BadSetting(f"times to grab must be finite seconds, not {list(seconds)}")
    if not seconds:
        return ()
    wanted = sorted(set(seconds))
    try:
        found = _by_seeking(info, wanted)
    except (_CannotSeek, av.FFmpegError, OverflowError):  # a time stamp may lie beyond what a seek can name
        found = _by_reading(info, wanted)
    return tuple(found[one] for one in seconds)


def embedded_cover(info: VideoInfo) -> Frame | None:
    """The cover picture the author put into the file, or None."""
    if info.cover_index is None:
        return None
    with open_container(info.path) as container:
        decoder = Decoder(container.streams[info.cover_index])
        frame = next(decoder.frames(container), None)
        if frame is None:
            return None
        return Frame(develop(frame, _plain(info, frame)), 0.0)


def _plain(info: VideoInfo, frame: av.VideoFrame) -> VideoInfo:
    """A cover is a picture of its own: the film's turn, aspect and light are not the cover's."""
    return replace(
        info,
        coded_width_px=frame.width,
        coded_height_px=frame.height,
        sample_aspect=Fraction(1),
        rotation_degrees=0,
        mirrored=False,
        transfer="sdr",
    )


def _by_reading(info: VideoInfo, wanted: Sequence[float]) -> dict[float, Frame]:
    """One pass from the start; needs no seeking and agrees with the scan by construction."""
    found: dict[float, Frame] = {}
    todo = list(wanted)
    last = None
    for glimpse in Scan().open(info):
        while todo and last is not None and glimpse.seconds > todo[0] + _SAME_SECONDS:
            found[todo.pop(0)] = last.full()
        if not todo:
            break
        last = glimpse
    if last is not None:
        found.update((one, last.full()) for one in todo)
    return found


def _by_seeking(info: VideoInfo, wanted: Sequence[float]) -> dict[float, Frame]:
    with open_container(info.path) as container, closing(_Reader(container, info)) as reader:
        return {one: reader.frame_at(one) for one in wanted}


class _Reader:
    """A place in the video: the frame on display, the one after it, and how to get elsewhere."""

    def __init__(self, container: InputContainer, info: VideoInfo) -> None:
        if info.video_index is None:
            raise UnreadableVideo(f"{info.path}: has sound but no pictures")
        self.info, self.container = info, container
        self.stream: Any = container.streams[info.video_index]
        self.decoder = Decoder(self.stream, alone=info.is_damaged)
        self.tick = float(self.stream.time_base or 0)
        self.frames: Iterator[av.VideoFrame] = iter(())
        self.wanted = float("-inf")
        self.shown: av.VideoFrame | None = None
        self.after: av.VideoFrame | None = None
        self._warm_up()

    def _warm_up(self) -> None:
        """x264 names its version in the first packet only, and decoding its old 4:4:4 streams depends on that."""
        if self.stream.codec_context.name == "h264" and "444" in self.info.pixel_format:
            next(self.decoder.frames(self.container), None)

    def close(self) -> None:
        """Let go of the decoder and its pictures: the frames to come hold the reader, and it holds them."""
        self.frames, self.shown, self.after = iter(()), None, None

    def frame_at(self, wanted: float) -> Frame:
        self.wanted = wanted
        if not self._is_near(wanted):
            self._seek(wanted)
        while self.after is not None and self._seconds(self.after) <= wanted + _SAME_SECONDS:
            self._step()
        assert self.shown is not None
        return Frame(develop(self.shown, self.info), self._seconds(self.shown))

    def _decoded(self) -> Iterator[av.VideoFrame]:
        """Frames from here on; well before what is wanted, only those that others are made from."""
        for packet in chain(self.decoder.packets(self.container), [None]):
            if packet is not None:
                ahead = self.wanted + self.info.start_seconds - self.decoder.seconds(packet)
                self.decoder.context.skip_frame = "NONREF" if ahead > RUN_UP_SECONDS else "DEFAULT"
            yield from self.decoder.decode(packet)

    def _seconds(self, frame: av.VideoFrame) -> float:
        if frame.pts is None:
            raise _CannotSeek
        return frame.pts * self.tick - self.info.start_seconds

    def _step(self) -> None:
        self.shown, self.after = self.after, next(self.frames, None)

    def _is_near(self, wanted: float) -> bool:
        """Whether going on from here is cheaper than seeking: no key frame lies between."""
        if self.shown is None or wanted < self._seconds(self.shown) - _SAME_SECONDS:
            return False
        if self.after is None:
            return True
        here = self._seconds(self.after)
        index = self.stream.index_entries
        if len(index) < 2:
            return wanted - here < _NEAR_SECONDS
        entry = index.search_timestamp(self._stamp(wanted), backward=True)
        return bool(entry < 0 or index[entry].timestamp <= self._stamp(here))

    def _stamp(self, seconds: float) -> int:
        return int((seconds + self.info.start_seconds) / self.tick)

    def _seek(self, wanted: float) -> None:
        """Land on a clean frame at or before `wanted`, trying ever further back."""
        for back in _STEPS_BACK_SECONDS:
            target = max(0.0, wanted - back)
            self.container.seek(self._stamp(target), stream=self.stream, backward=True)
            self.decoder.context.flush_buffers()
            self.frames = self._decoded()
            # pictures before the first clean one lean on frames that were not decoded
            self.after = next((one for one in self.frames if not one.is_corrupt), None)
            if self.after is not None and (self._seconds(self.after) <= wanted + _SAME_SECONDS or target == 0.0):
                break
        if self.after is None or self._seconds(self.after) > max(wanted, 0.0) + _SAME_SECONDS:
            raise _CannotSeek
        self._step()

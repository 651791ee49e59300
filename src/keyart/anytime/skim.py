"""A look at a few moments all over the video, in a time that does not depend on how long the video is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, Literal

import av
from av.container import InputContainer

from keyart.errors import UnreadableVideo
from keyart.media.container import open_container, packets_of
from keyart.media.decode import Decoder
from keyart.media.scan import Glimpse, Scan, ScanReport
from keyart.types import VideoInfo

_HELD_BYTES = 160_000_000
_PACKETS_TO_A_KEY = 300
_FEW = 6
_READ_FRAMES = 300
_APART_SECONDS = 0.3
"""Frames nearer than that would be taken for neighbours."""
_LONGEST_SECONDS = 3600.0
_SHARE = 0.5
"""Of the time that is left, for looking; the rest is for what is made of it."""


@dataclass(frozen=True, slots=True)
class Skim(Scan):
    """Instead of a pass: key frames at some moments, found by seeking; from the start on where seeking finds few."""

    mode: Literal["full", "fast"] = "fast"
    moments: int = 16
    """How many are looked at, [2, 200]."""

    time_left: ClassVar[Callable[[], float]] = staticmethod(lambda: inf)
    """Seconds."""

    def open(self, info: VideoInfo) -> SkimPass:  # type: ignore[override]  # a pass in all that is asked of one
        return SkimPass(self, info)


class SkimPass:
    """One look: iterate it, then read `report`. Raises `UnreadableVideo` if nothing was decoded in time."""

    def __init__(self, scan: Skim, info: VideoInfo) -> None:
        self.scan, self.info = scan, info
        self.report = ScanReport(complete=False, notes=("The look did not reach its end.",))

    def __iter__(self) -> Iterator[Glimpse]:
        if self.info.video_index is None:
            raise UnreadableVideo(f"{self.info.path}: has sound but no pictures")
        frames = self._found()
        if not frames:
            raise UnreadableVideo(f"{self.info.path}: not one picture in it could be decoded in time")
        for number, seconds in enumerate(sorted(frames)):
            yield Glimpse(frames[seconds], self.info, number, seconds)
        end = max(self.info.duration_seconds, *frames)
        self.report = ScanReport(len(frames), end, False, (f"{len(frames)} moments were looked at.",))

    def _found(self) -> dict[float, av.VideoFrame]:
        """Seconds -> frame. A seek that hangs is left to itself: what was found before it is enough."""
        look = _Look(self.info, self.scan.moments, time.monotonic() + _SHARE * type(self.scan).time_left())
        thread = threading.Thread(target=look.run, daemon=True)
        thread.start()
        thread.join(max(0.0, min(_LONGEST_SECONDS, look.until - time.monotonic() + 0.1)))
        while thread.is_alive() and not look.frames:  # without a single picture there is nothing to do but wait
            thread.join(0.02)
        return dict(look.frames)


class _Look:
    """The seeking, on a thread of its own."""

    def __init__(self, info: VideoInfo, moments: int, until: float) -> None:
        self.info, self.until = info, until
        frame_bytes = max(1, info.coded_width_px * info.coded_height_px * 3 // 2)
        self.most = max(2, min(moments, _HELD_BYTES // frame_bytes))
        self.frames: dict[float, av.VideoFrame] = {}
        self.tick = 0.0
        self.index = info.video_index or 0

    def run(self) -> None:
        try:
            with open_container(self.info.path) as container:
                stream = container.streams[self.index]
                self.tick = float(stream.time_base or 0)
                decoder = Decoder(stream)
                self._read(container, decoder, 1)  # before any seek, which may never come back
                if self.info.duration_seconds and self.tick:
                    self._seek_about(container, decoder)
            if len(self.frames) < min(_FEW, self.most):
                with open_container(self.info.path) as container:
                    self._read(container, Decoder(container.streams[self.index]), _READ_FRAMES)
        except (av.FFmpegError, UnreadableVideo, ValueError, OverflowError):  # what was found before stands
            return

    @property
    def _is_over(self) -> bool:
        return time.monotonic() > self.until or len(self.frames) >= self.most

    def _seek_about(self, container: InputContainer, decoder: Decoder) -> None:
        known: set[int] = set()
        for share in spread(self.most):
            if self._is_over:
                return
            stamp = int((share * self.info.duration_seconds + self.info.start_seconds) / self.tick)
            try:
                container.seek(stamp, stream=decoder.stream, backward=True)
            except av.FFmpegError:
                continue
            decoder.context.flush_buffers()
            packet = self._key_packet(container, decoder.stream)
            if packet is None or packet.pts in known:
                continue
            known.add(packet.pts)
            for frame in (*decoder.decode(packet), *decoder.decode(None))[:1]:
                self._keep(frame)

    def _key_packet(self, container: InputContainer, stream: Any) -> Any:
        for number, packet in enumerate(packets_of(container, stream)):
            if packet.size and packet.is_keyframe and packet.pts is not None:
                return packet
            if number > _PACKETS_TO_A_KEY or self._is_over:
                return None
        return None

    def _read(self, container: InputContainer, decoder: Decoder, most: int) -> None:
        """From the start: one frame, or some of the first few seconds."""
        step = max(_APART_SECONDS, min(2.0, self.info.duration_seconds / self.most))
        due = -inf
        for number, frame in enumerate(decoder.frames(container)):
            seconds = self._seconds(frame, number)
            if seconds >= due and not frame.is_corrupt:
                self._keep(frame, seconds)
                due = seconds + step
            if number + 1 >= most or self._is_over:
                return

    def _keep(self, frame: av.VideoFrame, seconds: float | None = None) -> None:
        at = self._seconds(frame, 0) if seconds is None else seconds
        if all(abs(at - other) > 0.9 * _APART_SECONDS for other in list(self.frames)):
            self.frames[max(0.0, at)] = frame

    def _seconds(self, frame: av.VideoFrame, number: int) -> float:
        if frame.pts is None:
            return number / (self.info.frames_per_second or 25.0)
        return float(frame.pts * self.tick - self.info.start_seconds)


def spread(count: int) -> list[float]:
    """`count` places in (0, 1), so ordered that the first few already cover the whole.

    >>> spread(4)
    [0.5, 0.25, 0.75, 0.125]
    """
    places = []
    for number in range(1, count + 1):
        place, half, bits = 0.0, 0.5, number
        while bits:
            place += half * (bits & 1)
            bits, half = bits >> 1, half / 2
        places.append(place)
    return places

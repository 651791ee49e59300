"""One streaming pass over the video. Whoever wants to learn from it sees each `Glimpse` once, as it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import av
import numpy as np

from keyart.errors import UnreadableVideo
from keyart.types import RGB, Frame, Gray, VideoInfo


class Onlooker(Protocol):
    """Something that learns from the pass: a shot watcher, a still sampler, a storyboard."""

    def see(self, glimpse: Glimpse) -> None: ...


class Glimpse:
    """One decoded frame as it passes. Cheap views first; the dear ones (`small`, `full`) only when asked.

    Holding a glimpse holds its decoded picture in memory (1.4 MB at 720p), so hold few.
    """

    __slots__ = ("_frame", "_info", "is_key", "number", "seconds")

    def __init__(self, frame: av.VideoFrame, info: VideoInfo, number: int, seconds: float) -> None:
        self._frame, self._info = frame, info
        self.number = number
        self.seconds = seconds
        self.is_key = bool(frame.key_frame)

    @property
    def luma(self) -> Gray:
        """Coarse luma for change detection: about 64 columns, subsampled without filtering, not upright."""
        plane = self._frame.planes[0]
        rows: Gray = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        step = max(1, plane.width // 64)
        return rows[::step, ::step]

    def small(self, width_px: int) -> RGB:
        """Upright picture with square pixels, at most `width_px` on its longer side."""
        scale = width_px / max(self._frame.width, self._frame.height)
        size = max(2, round(self._frame.width * scale)), max(2, round(self._frame.height * scale))
        return np.asarray(self._frame.reformat(*size, format="rgb24", interpolation="AREA").to_ndarray(), np.uint8)

    def full(self) -> Frame:
        """Upright picture with square pixels, displayed size, tone-mapped to sRGB."""
        return Frame(np.asarray(self._frame.to_ndarray(format="rgb24"), np.uint8), self.seconds)

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


class Pass:
    """One run through the video: iterate it once, then read `report`. Raises `UnreadableVideo` if nothing decodes."""

    def __init__(self, scan: Scan, info: VideoInfo) -> None:
        self.scan, self.info = scan, info
        self.report = ScanReport()

    def __iter__(self) -> Iterator[Glimpse]:
        info = self.info
        number, seconds, notes = -1, 0.0, []
        with av.open(str(info.path), metadata_errors="replace") as container:
            if info.video_index is None:
                raise UnreadableVideo(f"{info.path}: has sound but no pictures")
            stream = container.streams[info.video_index]
            assert isinstance(stream, av.VideoStream)
            stream.thread_type = "AUTO"
            if self.scan.mode == "fast":
                stream.codec_context.skip_frame = "NONKEY"
            try:
                for number, frame in enumerate(container.decode(stream)):
                    assert isinstance(frame, av.VideoFrame)
                    seconds = float(frame.time or 0) - info.start_seconds
                    yield Glimpse(frame, info, number, seconds)
            except av.FFmpegError as err:
                notes.append(f"decoding stopped at {seconds:.1f} s: {err.strerror}")
        if number < 0:
            raise UnreadableVideo(f"{info.path}: not one picture in it could be decoded")
        end = seconds + 1 / info.frames_per_second if info.frames_per_second else seconds
        self.report = ScanReport(number + 1, end, not notes, tuple(notes))


@dataclass(frozen=True, slots=True)
class Scan:
    """How to look at the video once."""

    mode: Literal["full", "fast"] = "full"
    """full: every frame; fast: key frames only."""

    def open(self, info: VideoInfo) -> Pass:
        return Pass(self, info)

    def __call__(self, info: VideoInfo) -> Iterator[Glimpse]:
        return iter(self.open(info))

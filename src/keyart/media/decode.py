"""Packets -> frames and their times, going on past whatever is damaged."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import av
from av.container import InputContainer

from keyart.cores import allowed
from keyart.media.container import is_showable, packets_of, pixel_limit
from keyart.types import VideoInfo

T = TypeVar("T")

_MAX_READ_FAILURES = 16
_THREAD_BYTES = 128 << 20
"""Decoded pictures that frame threads may hold between them: 8K gets two threads, 1080p as many as there are cores."""
_MOST_THREADS = allowed(min(16, (os.cpu_count() or 1) + 4))
"""More than cores: frame threads wait for one another, and libav's own choice leaves a tenth of two cores idle."""
_HELD_BYTES = 64 << 20
"""Compressed, of a stretch without a key frame."""
_HELD_BACK_BYTES = 64 << 20
"""Decoded, until it is known that nothing in them is damaged."""
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_HEALED_SECONDS = 12.0
"""After damage, without a key frame."""
_USUAL_STEP_SECONDS = 0.04
_TICK_SECONDS = 0.001


class Decoder:
    """The decoder of one stream. Damage is counted and passed over; `notes` tells of it afterwards.

    `alone`: on one thread, as damaged video has to be. Of several, each patches a damaged picture up from what the
    others have made of theirs by then, which is something else every time.
    """

    def __init__(self, stream: Any, *, alone: bool = False) -> None:
        self.stream = stream
        self.context = _context(stream, alone=alone)
        self.damaged_seconds: list[float] = []
        self.patched_seconds: list[float] = []
        self.num_read_failures = 0
        self.end_seconds = 0.0
        """Container time at which the last packet that was read leaves the screen."""
        self._tick = float(stream.time_base or 0)
        self._kind = stream.type  # asked for after the container is closed, when the stream is gone

    def packets(self, container: InputContainer) -> Iterator[av.Packet[Any]]:
        """The stream's packets that hold data; a reader that fails is set going again a few times."""
        while True:
            try:
                for packet in packets_of(container, self.stream):
                    if packet.size:  # an empty one would tell the decoder that the stream is over
                        end = self.seconds(packet) + (packet.duration or 0) * self._tick
                        self.end_seconds = max(self.end_seconds, end)
                        yield packet
                return
            except av.FFmpegError:
                self.num_read_failures += 1
                if self.num_read_failures >= _MAX_READ_FAILURES:
                    return

    def decode(self, packet: av.Packet[Any] | None) -> list[Any]:
        """Frames of picture or sound that are ready; None as the packet asks for the last ones."""
        try:
            frames = list(self.context.decode(packet))
        except av.EOFError:
            return []
        except av.FFmpegError:
            self._note_damage(packet)
            return []
        if self._kind != "video":
            return frames
        self.patched_seconds += [(one.pts or 0) * self._tick for one in frames if one.is_corrupt]
        if not all(is_showable(one.width, one.height) for one in frames):
            self._note_damage(packet)  # a stream may change its size on the way
            return [one for one in frames if is_showable(one.width, one.height)]
        return frames

    def _note_damage(self, packet: av.Packet[Any] | None) -> None:
        self.damaged_seconds.append(self.seconds(packet) if packet is not None else float("inf"))

    def forget_damage(self, until_seconds: float) -> None:
        """Of what lies up to a time of the container."""
        self.damaged_seconds = [one for one in self.damaged_seconds if one > until_seconds]
        self.patched_seconds = [one for one in self.patched_seconds if one > until_seconds]

    @property
    def is_damaged(self) -> bool:
        """Whether anything so far could not be decoded as it was meant."""
        return bool(self.damaged_seconds or self.patched_seconds)

    @property
    def num_threads(self) -> int:
        return int(self.context.thread_count)

    def frames(self, container: InputContainer) -> Iterator[Any]:
        for packet in self.packets(container):
            yield from self.decode(packet)
        yield from self.decode(None)

    def seconds(self, item: av.Packet[Any] | av.VideoFrame) -> float:
        """The container's time of a packet or a picture."""
        time = item.pts if item.pts is not None else item.dts
        return (time or 0) * self._tick

    def notes(self, start_seconds: float) -> tuple[str, ...]:
        notes = []
        if self.damaged_seconds:
            notes.append(_told(self.damaged_seconds, start_seconds, "piece", f"of the {self._kind} passed over"))
        if self.patched_seconds:
            notes.append(_told(self.patched_seconds, start_seconds, "picture", "patched up"))
        if self.num_read_failures:
            notes.append(f"The file could not be read in {self.num_read_failures} places.")
        return tuple(notes)


class Aftermath:
    """Which pictures show damage: those that the decoder patched up, and those that build on them or on lost ones.

    Of the latter no decoder tells. A whole key frame ends it; and so does time, as streams without any heal bit by bit.
    """

    def __init__(self) -> None:
        self._whole = self._damaged = float("-inf")  # container times of the last such picture

    def shows_in(self, frame: av.VideoFrame, decoder: Decoder) -> bool:
        """Whether a frame shows damage; to be asked of each frame in its turn."""
        here = decoder.seconds(frame)
        lost_before = bisect_right(decoder.damaged_seconds, here)
        if lost_before:
            self._damaged = max(self._damaged, decoder.damaged_seconds[lost_before - 1])
        if frame.is_corrupt:
            self._damaged = here
        elif frame.key_frame:
            self._whole = here
        return frame.is_corrupt or self._whole < self._damaged >= here - _HEALED_SECONDS


def _told(damage_seconds: list[float], start_seconds: float, what: str, fate: str) -> str:
    first, count = max(0.0, damage_seconds[0] - start_seconds), len(damage_seconds)
    place = f"first at {first:.1f} s" if first < float("inf") else "at the end"
    return f"{count} damaged {what}{'s' if count > 1 else ''} {fate}, {place}."


def _context(stream: Any, *, alone: bool) -> Any:
    context = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and context.name in _ALPHA_DECODERS:
        # libavcodec's own VP8 and VP9 decoders leave the transparency out
        context = av.CodecContext.create(_ALPHA_DECODERS[context.name], "r")
        context.options = pixel_limit()
    stream.thread_type = context.thread_type = "AUTO"
    if stream.type != "video":
        return context
    each = picture_bytes(stream.codec_context.width, stream.codec_context.height)
    context.thread_count = 1 if alone else max(1, min(_MOST_THREADS, _THREAD_BYTES // each))
    return context


def picture_bytes(width_px: int, height_px: int) -> int:
    """About what a decoded picture takes, before one is there to ask; at least 1."""
    return max(1, 2 * width_px * height_px)


def before_damage(decoder: Decoder, frames: Iterable[T]) -> Iterator[T]:
    """The frames of a decoder as long as none of them can be damaged.

    libav tells of damage some frames late: as many are held back as its threads have under way, twice over, and less
    where they are large.
    """
    held: deque[T] = deque()
    each = picture_bytes(decoder.context.width, decoder.context.height)
    most = min(2 * decoder.num_threads + 4, _HELD_BACK_BYTES // each)
    for frame in frames:
        held.append(frame)
        if decoder.is_damaged:
            return
        if len(held) > most:
            yield held.popleft()
    if not decoder.is_damaged:
        yield from held


def key_frames(
    decoder: Decoder, packets: Iterable[av.Packet[Any]], min_gap_seconds: float, max_gap_seconds: float
) -> Iterator[av.VideoFrame]:
    """Key frames at least `min_gap_seconds` apart; where none comes for `max_gap_seconds`, every frame up to the next.

    K . . . K . . . . . . . . . . . . K . . . K K K K
    ^       ^ <- too long: all of it  ^       ^
    """
    gop: list[av.Packet[Any]] = []  # what must be decoded to go on from the last key frame; kept compressed
    gop_bytes, gop_seconds, sent_seconds, whole = 0, float("-inf"), float("-inf"), False
    any_sent = False
    for packet in packets:
        seconds = decoder.seconds(packet)
        if packet.is_keyframe:
            decoder.context.skip_frame = "DEFAULT"
            gop, gop_bytes, gop_seconds, whole = [], 0, seconds, False
            if seconds - sent_seconds >= min_gap_seconds:
                sent_seconds, any_sent = seconds, True
                yield from decoder.decode(packet)
            else:
                gop.append(packet)
            continue
        if not any_sent and not gop:
            gop_seconds = seconds  # a stream that does not begin with a key frame
        gop.append(packet)
        gop_bytes += packet.size
        whole = whole or seconds - gop_seconds > max_gap_seconds or gop_bytes > _HELD_BYTES
        if whole:
            any_sent = True
            for held in gop:
                yield from decoder.decode(held)
            gop = []
    for held in () if any_sent else gop:
        yield from decoder.decode(held)
    yield from decoder.decode(None)


class Clock:
    """Frame -> seconds from the first displayed frame, always rising, whatever the file's time stamps do."""

    def __init__(self, info: VideoInfo, time_base_seconds: float) -> None:
        self._tick = time_base_seconds
        self._origin = info.start_seconds
        self._step = 1 / info.frames_per_second if info.frames_per_second else _USUAL_STEP_SECONDS
        self._last: float | None = None
        self.end_seconds = 0.0
        self.notes: tuple[str, ...] = ()

    def seconds(self, frame: av.VideoFrame) -> float:
        stamp = frame.pts if frame.pts is not None else frame.dts
        last = self._last
        unstamped = 0.0 if last is None else last + self._step
        seconds = unstamped if stamp is None else stamp * self._tick - self._origin
        if last is not None and seconds <= last:
            seconds = self._after(last, seconds)
        self._last = seconds
        shown = (frame.duration or 0) * self._tick
        self.end_seconds = seconds + (shown if 0 < shown < 60 else self._step)
        return seconds

    def _after(self, last: float, seconds: float) -> float:
        """A time stamp that goes back: a little is sloppiness, a lot is a recording that starts its clock anew."""
        if last - seconds < 1.0:
            return last + _TICK_SECONDS
        moved = last + self._step
        self._origin += seconds - moved
        self.notes = (*self.notes, f"Time stamps start anew at {moved:.1f} s; times go on from there.")
        return moved

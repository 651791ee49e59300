"""Pictures and sound as streams -> an MP4 that a platform takes: H.264 High and AAC, index first, never over its bytes.

The same input gives the same bytes: threads are fixed. A file that would grow over its limit is begun anew under a
ceiling on x264's buffer (VBV) that cannot be broken, by one thread: with two, x264 fills a buffer differently from run
to run (one run in twelve).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.bitstream import BitStreamFilterContext

from keyart.errors import BadSetting
from keyart.media.encode import THREADS, whole_file
from keyart.media.images import receipt_json
from keyart.teasers.summary.channels import Channels
from keyart.types import RGB, Receipt

_SAME_BYTES = {"mbtree": "0"}
"""x264's macroblock tree is not repeatable on processors with AVX-512."""
_BT709 = 1
_AAC_SAMPLES = 1024
_LEAST_BITS_PER_SECOND = 24_000
_PACKET_BYTES = 24
"""What the index takes for each frame and each block of sound, at most."""
_HEADER_BYTES = 8_192


@dataclass(frozen=True, slots=True)
class Format:
    """What the file shall be."""

    rate: Fraction
    crf: float = 21.0
    """x264's quality, 1 ... 51, lower is better."""
    preset: str = "veryfast"
    max_bytes: int = 0
    """0: no limit."""
    sample_rate_hz: int = 48_000
    audio_bits_per_second: int = 128_000
    channels: int = 1
    """1 or 2."""

    @property
    def layout(self) -> str:
        return "mono" if self.channels == 1 else "stereo"


def ceiling(form: Format, seconds: float, num_frames: int, *, sounds: bool, extra_bytes: int = 0) -> int:
    """Bits a second that the pictures may take so that the whole file stays under its limit; 0 where there is none.

    Raises `BadSetting` where the limit leaves nothing for pictures.
    """
    if not form.max_bytes:
        return 0
    audio = form.audio_bits_per_second * seconds / 8 * 1.05 if sounds else 0.0
    blocks = seconds * form.sample_rate_hz / _AAC_SAMPLES if sounds else 0.0
    left = form.max_bytes - audio - _PACKET_BYTES * (num_frames + blocks) - _HEADER_BYTES - extra_bytes
    # x264 may spend its buffer, here one second, on top of the rate
    bits = 8 * left / (seconds + 1.0) * 0.97
    if bits < _LEAST_BITS_PER_SECOND:
        raise BadSetting(f"max_bytes={form.max_bytes}: too little for {seconds:.1f} s of video")
    return int(bits)


def write_film(
    path: Path,
    frames: Callable[[], Iterable[RGB]],
    sound: Callable[[], Iterable[Channels]] | None,
    form: Format,
    *,
    seconds: float,
    receipt: Receipt | None = None,
) -> Path:
    """Frames of one even size at `form.rate`, and sound, interleaved as they come; a handful of each is held.

    Both are asked for a second time where the first file would be too large. `seconds` is how long it will be. The file
    appears whole or not at all. Raises `BadSetting` where there is no frame or the byte limit cannot be met,
    `OutputProblem` where the file cannot be written.
    """
    comment = receipt_json(receipt) if receipt is not None else ""
    # judged before anything is made: a limit that leaves nothing for pictures is an error at once
    limit = ceiling(form, seconds, round(seconds * form.rate), sounds=sound is not None, extra_bytes=len(comment))
    for most_bits in (0, limit):
        try:
            with whole_file(path) as partial:
                _write(partial, frames(), sound() if sound else None, form, most_bits, comment)
                if form.max_bytes and partial.stat().st_size > form.max_bytes:
                    raise _TooLarge
        except _TooLarge:
            continue
        return path
    raise BadSetting(f"max_bytes={form.max_bytes}: too little for {seconds:.1f} s of these pictures")


class _TooLarge(Exception):
    """What is written so far is over the limit."""


def _write(
    path: Path, frames: Iterable[RGB], sound: Iterable[Channels] | None, form: Format, most_bits: int, comment: str
) -> None:
    pictures = iter(frames)
    first = next(pictures, None)
    if first is None:
        raise BadSetting("a summary needs at least one frame, got none")
    options = {"fflags": "+bitexact", "movflags": "+faststart"}
    with av.open(str(path), "w", format="mp4", container_options=options) as container:
        if comment:
            container.metadata["comment"] = comment
        _Film(container, first, form, most_bits, sounds=sound is not None).write(chain([first], pictures), sound)


class _Film:
    """The streams of one file."""

    def __init__(self, container: Any, image: RGB, form: Format, limit: int, *, sounds: bool) -> None:
        self.container, self.form = container, form
        self.video = _video_stream(container, image, form, limit)
        self.audio = _audio_stream(container, form) if sounds else None
        self.strip = BitStreamFilterContext("filter_units=remove_types=6", self.video)
        self.samples = 0
        self.num_bytes = 0
        self.rest: Channels = np.zeros((0, form.channels), np.float32)

    def write(self, frames: Iterable[RGB], sound: Iterable[Channels] | None) -> None:
        blocks = iter(sound or ())
        for number, image in enumerate(frames):
            picture = _yuv(image)
            picture.pts, picture.time_base = number, 1 / self.form.rate
            self._mux(self.video.encode(picture))
            self._sound_until(blocks, int((number + 1) / self.form.rate * self.form.sample_rate_hz))
        self._mux(self.video.encode(None))
        if self.audio is not None:
            for block in blocks:
                self._hear(block)
            self._encode(self.rest)
            self.container.mux(self.audio.encode(None))

    def _sound_until(self, blocks: Iterator[Channels], samples: int) -> None:
        while self.audio is not None and self.samples + len(self.rest) < samples:
            block = next(blocks, None)
            if block is None:
                return
            self._hear(block)

    def _hear(self, block: Channels) -> None:
        self.rest = np.concatenate([self.rest, block])
        while len(self.rest) >= _AAC_SAMPLES:
            self._encode(self.rest[:_AAC_SAMPLES])
            self.rest = self.rest[_AAC_SAMPLES:]

    def _encode(self, samples: Channels) -> None:
        if not len(samples) or self.audio is None:
            return
        planes = np.ascontiguousarray(samples.T, np.float32)
        block = av.AudioFrame.from_ndarray(planes, "fltp", self.form.layout)
        rate = self.form.sample_rate_hz
        block.sample_rate, block.pts, block.time_base = rate, self.samples, Fraction(1, rate)
        self.samples += len(samples)
        self.container.mux(self.audio.encode(block))

    def _mux(self, packets: Iterable[Any]) -> None:
        """x264 writes its version and settings into the first picture as user data; that is taken out."""
        for packet in packets:
            for kept in self.strip.filter(packet):
                self.num_bytes += kept.size
                self.container.mux(kept)
        if self.form.max_bytes and self.num_bytes > self.form.max_bytes:
            raise _TooLarge  # the rest would be made for nothing


def _video_stream(container: Any, image: RGB, form: Format, limit: int) -> Any:
    options = {"crf": f"{form.crf:g}", "preset": form.preset, "profile": "high", **_SAME_BYTES}
    if limit:
        options |= {"maxrate": str(limit), "bufsize": str(limit)}
    stream = container.add_stream("libx264", rate=form.rate, options=options)
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / form.rate
    context.thread_count = 1 if limit else THREADS
    context.flags |= av.codec.context.Flags.bitexact.value
    context.color_range, context.colorspace = av.video.reformatter.ColorRange.MPEG.value, _BT709
    context.color_primaries = context.color_trc = _BT709
    return stream


def _audio_stream(container: Any, form: Format) -> Any:
    stream = container.add_stream("aac", rate=form.sample_rate_hz, layout=form.layout)
    stream.codec_context.bit_rate = form.audio_bits_per_second
    stream.codec_context.flags |= av.codec.context.Flags.bitexact.value
    return stream


def _yuv(image: RGB) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(image, "rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")

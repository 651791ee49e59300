"""Path -> sound as it streams: mono, resampled, in chunks; a damaged stretch is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
import numpy as np

from keyart.media.container import open_container
from keyart.types import Sound, VideoInfo

CHUNK_SECONDS = 1.0


def read_sound(info: VideoInfo, *, stream_index: int | None = None, sample_rate_hz: int = 16000) -> Iterator[Sound]:
    """Chunks of about a second, shape (n,), float32 in [-1, 1]; nothing where the file has no sound.

    Sample n is heard at n / `sample_rate_hz` seconds after the first displayed frame: sound that starts later is
    preceded by silence, sound before the picture is cut away.
    """
    index = stream_index if stream_index is not None else next((one.index for one in info.audio), None)
    if index is None:
        return
    with open_container(info.path) as container:
        stream = container.streams[index]
        assert isinstance(stream, av.AudioStream)
        pieces = _resampled(container, stream, sample_rate_hz, info.start_seconds)
        yield from _chunked(pieces, round(CHUNK_SECONDS * sample_rate_hz))


def _resampled(
    container: av.container.InputContainer, stream: av.AudioStream, rate: int, start_seconds: float
) -> Iterator[Sound]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    lead: int | None = None
    for frame in _frames(container, stream):
        if lead is None:
            lead = round(((frame.time or 0.0) - start_seconds) * rate)
            if lead > 0:
                yield np.zeros(lead, np.float32)
        for piece in resampler.resample(frame):
            samples = np.asarray(piece.to_ndarray(), np.float32).reshape(-1)
            skipped = min(len(samples), max(0, -lead))
            lead += skipped
            yield np.nan_to_num(samples[skipped:])


def _frames(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    """Decoded frames; a packet that does not decode is left out, a reader that fails ends the sound."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        try:
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    yield frame
        except av.FFmpegError:
            continue


def _chunked(pieces: Iterable[Sound], size: int) -> Iterator[Sound]:
    waiting: list[Sound] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= size:
            whole = np.concatenate(waiting)
            yield whole[: length - length % size]
            waiting, length = [whole[length - length % size :]], length % size
    if length:
        yield np.concatenate(waiting)

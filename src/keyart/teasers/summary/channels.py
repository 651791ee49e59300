"""The sound of a video with its channels: what is listened to may be mono, what is published should not be.

The clock is that of `media.sound.read_sound`: sample n is heard n / rate seconds after the first displayed frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from keyart.media.container import open_container
from keyart.media.decode import Decoder
from keyart.types import VideoInfo

Channels = NDArray[np.float32]
"""Samples in [-1, 1], shape (n, channels)."""
_DRIFT_SECONDS = 0.1
"""Time stamps jitter; further off than this, sound is missing or doubled."""
_MAX_GAP_SECONDS = 600.0
_SILENCE_SECONDS = 5.0


def num_channels(info: VideoInfo) -> int:
    """1 or 2: what the summary of a video has; surround is mixed down to two. 0 where there is no sound."""
    return min(2, max(1, info.audio[0].channels)) if info.audio else 0


def read_channels(info: VideoInfo, sample_rate_hz: int) -> Iterator[Channels]:
    """The first sound stream as it streams; gaps are filled with silence, damage is passed over."""
    count = num_channels(info)
    if not count:
        return
    layout = "mono" if count == 1 else "stereo"
    with open_container(info.path) as container:
        decoder = Decoder(container.streams[info.audio[0].index])
        tick = float(decoder.stream.time_base or 0)
        resampler, form, place = None, None, 0
        for frame in decoder.frames(container):
            now = frame.format.name, frame.layout.name, frame.sample_rate
            if now != form:  # some broadcasts change from stereo to surround on the way
                resampler, form = av.AudioResampler(format="flt", layout=layout, rate=sample_rate_hz), now
            due = place if frame.pts is None else round((frame.pts * tick - info.start_seconds) * sample_rate_hz)
            off = due - place
            skip = 0
            if place == 0 or abs(off) > _DRIFT_SECONDS * sample_rate_hz:
                yield from _silence(min(off, round(_MAX_GAP_SECONDS * sample_rate_hz)), count, sample_rate_hz)
                place, skip = max(place, due), max(0, -off)
            for samples in _resampled(resampler, frame, count):
                yield samples[skip:]
                place += max(0, len(samples) - skip)
                skip = max(0, skip - len(samples))
        yield from _resampled(resampler, None, count)


def _silence(samples: int, count: int, rate: int) -> Iterator[Channels]:
    block = round(_SILENCE_SECONDS * rate)
    for start in range(0, samples, block):
        yield np.zeros((min(block, samples - start), count), np.float32)


def _resampled(resampler: Any, frame: Any, count: int) -> Iterator[Channels]:
    try:
        pieces = resampler.resample(frame) if resampler is not None else []
    except (av.FFmpegError, ValueError):
        return  # a resampler that never saw a frame has nothing to flush
    for piece in pieces:
        samples = np.asarray(piece.to_ndarray(), np.float32).reshape(-1, count)
        yield np.clip(np.nan_to_num(samples), -1.0, 1.0)

"""Path -> sound as it streams: mono, resampled, in chunks, in step with the pictures; and how loud it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, log10, pi, tan

import av
import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting
from keyart.media.container import open_container
from keyart.media.decode import Decoder
from keyart.types import Sound, VideoInfo

CHUNK_SECONDS = 1.0
TARGET_LUFS = -23.0
"""Programme loudness of EBU R 128."""
_DRIFT_SECONDS = 0.1
"""Time stamps jitter; further off than this, sound is missing or doubled."""
_MAX_GAP_SECONDS = 600.0
_SILENCE_SECONDS = 10.0
_QUIET_LUFS = -70.0
_PEAK = 0.99


def read_sound(
    info: VideoInfo,
    *,
    stream_index: int | None = None,
    sample_rate_hz: int = 16000,
    notes: list[str] | None = None,
) -> Iterator[Sound]:
    """Chunks of about a second, shape (n,), float32 in [-1, 1]; nothing where the file has no sound.

    Sample n is heard at n / `sample_rate_hz` seconds after the first displayed frame: sound that starts later, and any
    gap, is filled with silence; sound before the picture is cut away. Damage does not raise: the sound goes on after
    it or ends there, and a sentence about it is added to `notes`. Raises `BadSetting` for a stream that is no sound.
    """
    index = stream_index if stream_index is not None else next((one.index for one in info.audio), None)
    if index is None:
        return
    if index not in {one.index for one in info.audio}:
        known = ", ".join(str(one.index) for one in info.audio) or "none"
        raise BadSetting(f"stream {index} of {info.path} is no sound that can be decoded; those that are: {known}")
    with open_container(info.path) as container:
        decoder = Decoder(container.streams[index])
        tick = float(decoder.stream.time_base or 0)
        pieces = _in_step(decoder.frames(container), tick, info.start_seconds, sample_rate_hz)
        yield from _chunked(pieces, round(CHUNK_SECONDS * sample_rate_hz))
        if notes is not None:
            notes += decoder.notes(info.start_seconds)


def _in_step(frames: Iterable[av.AudioFrame], tick: float, start_seconds: float, rate: int) -> Iterator[Sound]:
    """Resampled pieces laid on the clock of the pictures; `tick` is the stream's time base in seconds."""
    resampler, form = _resampler(rate), None
    place = 0
    for frame in frames:
        if form not in (None, _form(frame)):
            resampler = _resampler(rate)  # some broadcasts change from stereo to surround on the way
        form = _form(frame)
        due = round((frame.pts * tick - start_seconds) * rate) if frame.pts is not None else place
        skip = 0
        if place < due and (place == 0 or _is_gap(due - place, rate)):
            yield from _silence(min(due - place, round(_MAX_GAP_SECONDS * rate)), rate)
            place = due
        elif place > due and (place == 0 or _is_gap(place - due, rate)):
            skip = place - due
        for samples in _pieces(resampler, frame):
            yield samples[skip:]
            place += max(0, len(samples) - skip)
            skip = max(0, skip - len(samples))
    yield from _pieces(resampler, None)


def _form(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _resampler(rate: int) -> av.AudioResampler:
    return av.AudioResampler(format="flt", layout="mono", rate=rate)


def _is_gap(samples: int, rate: int) -> bool:
    return samples > _DRIFT_SECONDS * rate


def _silence(samples: int, rate: int) -> Iterator[Sound]:
    block = round(_SILENCE_SECONDS * rate)
    for start in range(0, samples, block):
        yield np.zeros(min(block, samples - start), np.float32)


def _pieces(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[Sound]:
    try:
        resampled = resampler.resample(frame)
    except (av.FFmpegError, ValueError):
        return  # a resampler that never saw a frame has nothing to flush
    for piece in resampled:
        samples = np.asarray(piece.to_ndarray(), np.float32).reshape(-1)
        yield np.clip(np.nan_to_num(samples), -1.0, 1.0)


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


# --- loudness -----------------------------------------------------------------------------------------------------


def loudness_lufs(chunks: Iterable[Sound], sample_rate_hz: int = 16000) -> float:
    """Integrated loudness by ITU-R BS.1770: K-weighted, 400 ms blocks, gated; -inf for silence. Streams."""
    from scipy.signal import lfilter  # type: ignore[import-untyped]  # ships no types

    numerator, denominator = k_weighting(sample_rate_hz)
    memory = np.zeros(len(denominator) - 1)
    hop = round(0.1 * sample_rate_hz)
    rest: NDArray[np.float64] = np.empty(0)
    powers: list[float] = []
    for chunk in chunks:
        weighted, memory = lfilter(numerator, denominator, chunk.astype(np.float64), zi=memory)
        rest = np.concatenate([rest, weighted])
        whole = len(rest) // hop * hop
        powers += (rest[:whole].reshape(-1, hop) ** 2).mean(axis=1).tolist()
        rest = rest[whole:]
    blocks = np.convolve(powers, np.full(4, 0.25), "valid") if len(powers) >= 4 else np.asarray(powers)
    return _gated(blocks)


def _gated(powers: NDArray[np.float64]) -> float:
    """Blocks under -70 LUFS are silence; those more than 10 below the mean of the rest are pauses."""
    heard = powers[powers > 10 ** ((_QUIET_LUFS + 0.691) / 10)]
    if not len(heard):
        return -inf
    spoken = heard[heard > heard.mean() / 10]
    return -0.691 + 10 * log10(float(spoken.mean()))


def normalise_loudness(
    chunks: Iterable[Sound], measured_lufs: float, *, target_lufs: float = TARGET_LUFS, max_gain_db: float = 30.0
) -> Iterator[Sound]:
    """The same sound at `target_lufs` (EBU R 128's -23), given what `loudness_lufs` measured in a pass before.

    Silence stays as it is; peaks are rounded off below full scale by a soft limiter.
    """
    gain = 10 ** (min(target_lufs - measured_lufs, max_gain_db) / 20) if measured_lufs > _QUIET_LUFS else 1.0
    for chunk in chunks:
        yield _limited(chunk * np.float32(gain))


def _limited(sound: Sound) -> Sound:
    """Straight up to 0.8, then bent so that nothing passes 0.99."""
    knee = 0.8
    over = np.maximum(np.abs(sound) - knee, 0)
    bent = knee + (_PEAK - knee) * np.tanh(over / (_PEAK - knee))
    return np.where(over > 0, np.copysign(bent, sound), sound).astype(np.float32)


def k_weighting(sample_rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """BS.1770's head shelf and high-pass at any rate, as one filter: numerator and denominator, both of length 5."""
    shelf, pass_ = _shelf(sample_rate_hz), _high_pass(sample_rate_hz)
    return np.convolve(shelf[0], pass_[0]), np.convolve(shelf[1], pass_[1])


def _shelf(rate: int) -> tuple[list[float], list[float]]:
    # the analogue prototype behind the tabulated 48 kHz coefficients of BS.1770-4
    turn, quality, gain = tan(pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = gain**0.4996667741545416
    scale = 1 + turn / quality + turn * turn
    ahead = [
        (gain + middle * turn / quality + turn * turn) / scale,
        2 * (turn * turn - gain) / scale,
        (gain - middle * turn / quality + turn * turn) / scale,
    ]
    return ahead, [1.0, 2 * (turn * turn - 1) / scale, (1 - turn / quality + turn * turn) / scale]


def _high_pass(rate: int) -> tuple[list[float], list[float]]:
    turn, quality = tan(pi * 38.13547087602444 / rate), 0.5003270373238773
    scale = 1 + turn / quality + turn * turn
    return [1.0, -2.0, 1.0], [1.0, 2 * (turn * turn - 1) / scale, (1 - turn / quality + turn * turn) / scale]

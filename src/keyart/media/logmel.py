"""Sound -> what each second of it is like: statistics of log-mel energies, for models that listen."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from keyart.media.sound import read_sound
from keyart.types import VideoInfo

Rows = NDArray[np.float32]
SOUND = "sound.logmel"
"""What a card calls these features."""
SAMPLE_RATE_HZ = 16000
MELS = 40
_WINDOW, _HOP = 400, 160
"""25 ms every 10 ms."""
_MEL_HZ = 60.0, 7600.0
_FLOOR = 1e-8


def sound_features(info: VideoInfo) -> Rows:
    """Mean and deviation of 40 log-mel bands over each second, shape (seconds, 80); (0, 80) for a silent file."""
    rest, rows = np.zeros(0, np.float32), []
    for chunk in read_sound(info, sample_rate_hz=SAMPLE_RATE_HZ):
        rest = np.concatenate([rest, chunk])
        while len(rest) >= SAMPLE_RATE_HZ:
            rows.append(log_mel_statistics(rest[:SAMPLE_RATE_HZ]))
            rest = rest[SAMPLE_RATE_HZ:]
    if len(rest) >= SAMPLE_RATE_HZ // 4:  # the last second, cut short
        rows.append(log_mel_statistics(rest))
    return np.stack(rows) if rows else np.zeros((0, 2 * MELS), np.float32)


def log_mel_statistics(sound: Rows) -> Rows:
    """Mean and deviation over time of log-mel energies of a piece of sound at 16 kHz, shape (80,), in nepers."""
    count = 1 + max(0, len(sound) - _WINDOW) // _HOP
    padded = np.pad(sound, (0, max(0, _WINDOW - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count] * np.hanning(_WINDOW)
    powers = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    energies = np.log(powers @ mel_filters().T + _FLOOR)
    return np.concatenate([energies.mean(axis=0), energies.std(axis=0)]).astype(np.float32)


@cache
def mel_filters() -> NDArray[np.float64]:
    """Triangles even on the mel scale, shape (40, 201); each sums to 1."""
    low, high = (2595 * np.log10(1 + one / 700) for one in _MEL_HZ)
    edges = 700 * (10 ** (np.linspace(low, high, MELS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE_HZ)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    shapes = np.maximum(0, np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle)))
    sums = shapes.sum(axis=1, keepdims=True)
    nearest = np.abs(bins - middle).argmin(axis=1)
    shapes[np.arange(MELS), nearest] += np.where(sums[:, 0] > 0, 0.0, 1.0)  # a low band narrower than a bin
    return np.asarray(shapes / shapes.sum(axis=1, keepdims=True))

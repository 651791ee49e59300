"""Sound -> when somebody speaks. Silero's network, as a stream, by onnxruntime and numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.models.onnx import onnx_session
from keyart.shelved import Shelved
from keyart.types import Sound, VideoInfo

SAMPLE_RATE_HZ = 16000
WINDOW = 512
"""Samples that the network judges at once: 32 ms."""
_CONTEXT = 64


Probabilities = NDArray[np.float32]
"""Of speech, for each window of 32 ms."""
_heard: Shelved[Probabilities] = Shelved(4_000_000, lambda one: one.nbytes)
"""Nine hours of sound; the transcript listens, and so do the short versions of the same video."""


@dataclass(frozen=True, slots=True)
class Activity:
    segments: tuple[tuple[float, float], ...]
    """(start, end) of each stretch of speech, seconds."""
    heard_seconds: float
    """How much sound was listened to."""

    @property
    def speech_seconds(self) -> float:
        return sum(end - start for start, end in self.segments)


@dataclass(frozen=True, slots=True)
class FindSpeech:
    threshold: float = 0.5
    """Probability from which a window counts as speech, 0 ... 1; a stretch ends below `threshold` - 0.15."""
    min_speech_seconds: float = 0.25
    """Shorter stretches are dropped."""
    min_silence_seconds: float = 0.4
    """Shorter pauses do not end a stretch."""
    pad_seconds: float = 0.1
    """Added at both ends of a stretch, so that no consonant is cut."""

    def __call__(self, chunks: Iterable[Sound]) -> Activity:
        """`chunks`: mono float32 at 16 kHz, any lengths. Raises `MissingModel` where silero-vad was not pulled."""
        return self.among(np.fromiter(window_probabilities(chunks), np.float32))

    def among(self, probabilities: Probabilities) -> Activity:
        """The same from what the network has said of each window."""
        return Activity(self.segments(probabilities), len(probabilities) * WINDOW / SAMPLE_RATE_HZ)

    def segments(self, probabilities: Probabilities) -> tuple[tuple[float, float], ...]:
        """Hysteresis over the windows' probabilities, then pauses closed, blips dropped, ends padded."""
        window = WINDOW / SAMPLE_RATE_HZ
        runs: list[list[float]] = []
        speaking = False
        for number, value in enumerate(probabilities):
            speaking = bool(value >= (self.threshold - 0.15 if speaking else self.threshold))
            if speaking and runs and number * window - runs[-1][1] < self.min_silence_seconds:
                runs[-1][1] = (number + 1) * window
            elif speaking:
                runs.append([number * window, (number + 1) * window])
        total = len(probabilities) * window
        pad = self.pad_seconds
        long_enough = [run for run in runs if run[1] - run[0] >= self.min_speech_seconds]
        return tuple((max(0.0, start - pad), min(total, end + pad)) for start, end in long_enough)


def listened(info: VideoInfo, stream_index: int, chunks: Iterable[Sound], max_seconds: float = 0.0) -> Probabilities:
    """What `window_probabilities` says of a sound stream of a file, listened to once a process.

    `chunks` is its sound, read only where it was not heard yet; `max_seconds`: that it is cut to, 0 if it is whole.
    Raises `MissingModel` where silero-vad was not pulled.
    """
    state = info.path.stat()
    cut = max_seconds if 0 < max_seconds < (info.duration_seconds or max_seconds + 1) else 0.0
    key = info.path, state.st_size, state.st_mtime_ns, stream_index, cut
    return _heard.get(key, lambda: np.fromiter(window_probabilities(chunks), np.float32))


def window_probabilities(chunks: Iterable[Sound]) -> Iterator[float]:
    """Probability of speech for each 32 ms window, as the sound comes."""
    session = onnx_session("silero-vad")
    state = np.zeros((2, 1, 128), np.float32)
    context = np.zeros((1, _CONTEXT), np.float32)
    rate = np.array(SAMPLE_RATE_HZ, np.int64)
    for window in windows(chunks):
        feed = {"input": np.concatenate([context, window[None]], axis=1), "state": state, "sr": rate}
        probability, state = session.run(None, feed)
        context = window[None, -_CONTEXT:]
        yield float(probability[0, 0])


def windows(chunks: Iterable[Sound]) -> Iterator[Sound]:
    """The sound in pieces of 512 samples, the last one filled up with silence."""
    rest = np.zeros(0, np.float32)
    for chunk in chunks:
        rest = np.concatenate([rest, chunk.astype(np.float32, copy=False)])
        whole = len(rest) // WINDOW * WINDOW
        yield from rest[:whole].reshape(-1, WINDOW)
        rest = rest[whole:]
    if len(rest):
        yield np.pad(rest, (0, WINDOW - len(rest)))

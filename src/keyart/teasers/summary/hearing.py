"""Sound -> how loud each moment is and whether somebody speaks; from that the pauses in which nobody hears a cut.

level   ▂▅▇▆▅▂▁▁▁▂▅▇▇▅▃▁▅▇▆▂▁▁▁▁▁▁▁▁
voice   ██████░░░░██████████░░░░░░░░      a pause is where the voice is off, or where the level falls far below
pauses        ^^^^          ^^^^^^^^      the speech around it for longer than the closure of a stop consonant
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf, log10

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingModel
from keyart.media.sound import k_weighting, read_sound
from keyart.types import Sound, Transcript, VideoInfo, Word

SAMPLE_RATE_HZ = 16000
STEP_SECONDS = 0.02
_STEP = round(STEP_SECONDS * SAMPLE_RATE_HZ)
_WINDOW_SECONDS = 512 / SAMPLE_RATE_HZ
_SILENCE_DB = -60.0
"""Nothing is heard below this, whatever is around it."""
_BELOW_SPEECH_DB = 24.0
"""So far under the loudest syllable of four seconds no word goes on."""
_AROUND_SECONDS = 4.0
_VOICE_OFF = 0.35
_LEAST_PAUSE_SECONDS = 0.14
"""The closure of a stop consonant is shorter."""
_LONG_PAUSE_SECONDS = 0.4
"""Longer than this it is a pause even where a recogniser stretches a word over it."""
_WORD_EDGE_SECONDS = 0.06
"""How exact recognisers are about the ends of a word."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What was heard, in steps of 20 ms from the first displayed frame."""

    levels_db: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """K-weighted level (BS.1770, LUFS of that step alone); -120 for digital silence."""
    voice: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """Probability that somebody speaks; empty where no network listened."""

    @property
    def has_sound(self) -> bool:
        return bool(len(self.levels_db)) and float(self.levels_db.max()) > _SILENCE_DB

    @property
    def judged(self) -> bool:
        """Whether the voice network was at hand."""
        return len(self.voice) > 0

    @property
    def has_speech(self) -> bool:
        return self.judged and float((self.voice >= 0.5).sum()) * STEP_SECONDS >= 1.0

    def segments(self) -> tuple[Span, ...]:
        """Stretches in which somebody speaks, pauses under half a second closed."""
        found: list[Span] = []
        for first, last in _runs(np.asarray(self.voice >= 0.5)):
            start, end = first * STEP_SECONDS, last * STEP_SECONDS
            if found and start - found[-1][1] < 0.5:
                found[-1] = found[-1][0], end
            else:
                found.append((start, end))
        return tuple(one for one in found if one[1] - one[0] >= 0.2)

    def mean_voice(self, start: float, end: float) -> float:
        part = self.voice[_index(start) : max(_index(end), _index(start) + 1)]
        return float((part >= 0.5).mean()) if len(part) else 0.0

    def loudness_lufs(self, spans: Sequence[Span] | None = None) -> float:
        """Integrated loudness (BS.1770, gated, blocks of 400 ms) of everything or of these spans; -inf for silence."""
        parts = [self.levels_db] if spans is None else [self.levels_db[_index(a) : _index(b)] for a, b in spans]
        blocks = [_blocks(10 ** (part.astype(np.float64) / 10)) for part in parts]
        return _gated(np.concatenate(blocks)) if blocks else -inf


def _index(seconds: float) -> int:
    return max(0, round(seconds / STEP_SECONDS))


def _blocks(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over 400 ms, every 100 ms."""
    if len(powers) < 20:
        return powers.mean(keepdims=True) if len(powers) else powers
    return np.convolve(powers, np.full(20, 0.05), "valid")[::5]


def _gated(powers: NDArray[np.float64]) -> float:
    heard = powers[powers > 1e-7]
    if not len(heard):
        return -inf
    return 10 * log10(float(heard[heard > heard.mean() / 10].mean()))


def hear(info: VideoInfo) -> Hearing:
    """One pass over the first sound stream, 400 bytes a second kept. Without the voice network, levels alone."""
    if not info.audio:
        return Hearing()
    from keyart.speech.activity import listened

    meter = _Meter()
    windows = None
    with suppress(MissingModel):
        windows = listened(info, info.audio[0].index, meter.passing(read_sound(info)))
    if not meter.has_met:  # nobody listened now: not at all, or to the same sound before
        for _ in meter.passing(read_sound(info)):
            pass
    if windows is None:
        return Hearing(meter.levels_db)
    times = (np.arange(len(meter.levels_db)) + 0.5) * STEP_SECONDS
    at = np.minimum((times / _WINDOW_SECONDS).astype(np.int64), max(0, len(windows) - 1))
    return Hearing(meter.levels_db, windows[at] if len(windows) else windows)


class _Meter:
    """Takes the level of the sound that passes."""

    def __init__(self) -> None:
        self._numerator, self._denominator = k_weighting(SAMPLE_RATE_HZ)
        self._memory = np.zeros(len(self._denominator) - 1)
        self._rest: NDArray[np.float64] = np.empty(0)
        self._levels: list[NDArray[np.float32]] = []

    def passing(self, chunks: Iterable[Sound]) -> Iterator[Sound]:
        from scipy.signal import lfilter  # type: ignore[import-untyped]  # ships no types

        for chunk in chunks:
            weighted, self._memory = lfilter(
                self._numerator, self._denominator, chunk.astype(np.float64), zi=self._memory
            )
            self._rest = np.concatenate([self._rest, weighted])
            whole = len(self._rest) // _STEP * _STEP
            powers = (self._rest[:whole].reshape(-1, _STEP) ** 2).mean(axis=1)
            self._levels.append((10 * np.log10(np.maximum(powers, 1e-12)) - 0.691).astype(np.float32))
            self._rest = self._rest[whole:]
            yield chunk

    @property
    def has_met(self) -> bool:
        return bool(self._levels)

    @property
    def levels_db(self) -> NDArray[np.float32]:
        return np.concatenate(self._levels) if self._levels else np.zeros(0, np.float32)


# --- pauses -----------------------------------------------------------------------------------------------------


def pauses(hearing: Hearing, transcript: Transcript | None, end_seconds: float) -> tuple[Span, ...]:
    """Stretches in which no word is spoken, in order, within [0, end_seconds]. Without sound: one, the whole video.

    `transcript` may hold times of words; none of them is cut, but a recogniser's long word does not fill a long pause.
    """
    if not hearing.has_sound:
        return ((0.0, end_seconds),)
    free = _quiet(hearing)
    long = [span for span in _runs(free) if span[1] - span[0] >= round(_LONG_PAUSE_SECONDS / STEP_SECONDS)]
    for word in _timed_words(transcript):
        inside = slice(_index(word.start + _WORD_EDGE_SECONDS), _index(word.end - _WORD_EDGE_SECONDS))
        free[inside] = False
    for start, end in long:
        free[start:end] = True
    found = [(a * STEP_SECONDS, b * STEP_SECONDS) for a, b in _runs(free)]
    heard = len(free) * STEP_SECONDS
    if heard < end_seconds:  # the sound ends before the pictures do
        found = _with_silence(found, heard, end_seconds)
    clipped = [(start, min(end, end_seconds)) for start, end in found if start < end_seconds]
    return tuple(one for one in clipped if one[1] - one[0] >= _LEAST_PAUSE_SECONDS)


def _with_silence(found: list[Span], heard: float, end_seconds: float) -> list[Span]:
    start = found.pop()[0] if found and found[-1][1] >= heard - STEP_SECONDS else heard
    return [*found, (start, end_seconds)]


def _quiet(hearing: Hearing) -> NDArray[np.bool_]:
    from scipy.ndimage import maximum_filter1d, uniform_filter1d  # type: ignore[import-untyped]  # ships no types

    smooth = uniform_filter1d(hearing.levels_db, 3, mode="nearest")
    loudest = maximum_filter1d(smooth, round(_AROUND_SECONDS / STEP_SECONDS), mode="nearest")
    quiet = (smooth < loudest - _BELOW_SPEECH_DB) | (smooth < _SILENCE_DB)
    if hearing.judged:
        quiet = quiet | (hearing.voice < _VOICE_OFF)
    return np.asarray(quiet, np.bool_)


def _timed_words(transcript: Transcript | None) -> Iterator[Word]:
    for cue in transcript.cues if transcript else ():
        yield from cue.words


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]

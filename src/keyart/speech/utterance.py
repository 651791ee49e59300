"""What goes into a recogniser and what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from keyart.types import Cue, Sound

SAMPLE_RATE_HZ = 16000
TARGET_LUFS = -23.0
"""Loudness to which each stretch of speech is brought: programme loudness of EBU R 128."""
_HUSH_SECONDS = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A stretch of speech: mono float32 at 16 kHz and when it starts, seconds."""

    start: float
    sound: Sound

    @property
    def seconds(self) -> float:
        return len(self.sound) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Recognition:
    cues: tuple[Cue, ...]
    trusted: bool
    """Whether the words may be shown and made into titles."""
    why: str
    """One sentence: the confidence, and the gate it passed or failed."""
    language: str = ""
    """ISO 639-1 code that was heard; empty where the recogniser was told, or does not listen for it."""
    notes: tuple[str, ...] = ()
    """What was dropped, and why."""
    models: tuple[str, ...] = ()
    """Cards, or folders' names, of the models that took part."""


def joined(segments: Sequence[tuple[float, float]], max_seconds: float, max_gap: float) -> list[tuple[float, float]]:
    """Neighbouring stretches made one, up to `max_seconds`: networks hear better with what stands around the words."""
    found: list[tuple[float, float]] = []
    for start, end in segments:
        if found and start - found[-1][1] <= max_gap and end - found[-1][0] <= max_seconds:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def cut_long(utterances: Iterable[Utterance], max_seconds: float) -> Iterator[Utterance]:
    """Stretches of at most `max_seconds`, longer ones cut where it is quietest in the second half of what fits."""
    most = round(max_seconds * SAMPLE_RATE_HZ)
    for one in utterances:
        start, sound = one.start, one.sound
        while len(sound) > most:
            place = _quietest(sound, most // 2, most)
            yield Utterance(start, sound[:place])
            start, sound = start + place / SAMPLE_RATE_HZ, sound[place:]
        if len(sound):
            yield Utterance(start, sound)


def _quietest(sound: Sound, first: int, last: int) -> int:
    window = round(_HUSH_SECONDS * SAMPLE_RATE_HZ)
    blocks = sound[first:last][: (last - first) // window * window].reshape(-1, window)
    return first + int(np.square(blocks).mean(axis=1).argmin()) * window + window // 2


def levelled(utterances: Iterable[Utterance]) -> Iterator[Utterance]:
    """Each stretch at `TARGET_LUFS` (ITU-R BS.1770, gated), so that a far voice is heard like a near one."""
    from keyart.media.sound import loudness_lufs, normalise_loudness

    for one in utterances:
        loudness = loudness_lufs([one.sound], SAMPLE_RATE_HZ)
        sound = np.concatenate(list(normalise_loudness([one.sound], loudness, target_lufs=TARGET_LUFS)))
        yield Utterance(one.start, sound)

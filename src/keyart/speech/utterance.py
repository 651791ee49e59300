"""What goes into a recogniser and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from keyart.types import Cue, Sound


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A stretch of speech: mono float32 at 16 kHz and when it starts, seconds."""

    start: float
    sound: Sound


@dataclass(frozen=True, slots=True)
class Recognition:
    cues: tuple[Cue, ...]
    trusted: bool
    """Whether the words may be shown and made into titles."""
    why: str
    """One sentence: the confidence, and the gate it passed or failed."""

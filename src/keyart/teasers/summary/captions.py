"""The transcript's words as they are heard in the summary: cues cut to its pieces and moved to its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from keyart.teasers.summary.pieces import Piece
from keyart.types import Cue, Transcript

_LEAST_SHARE = 0.5
"""A cue without times of words is kept where at least half of it is heard ..."""
_LEAST_SECONDS = 0.3
"""... and never for a shorter flash than this."""


def retimed(transcript: Transcript, pieces: Sequence[Piece]) -> Transcript:
    """The same words, less those that are not heard, times from the summary's first frame."""
    cues = [cue for piece in pieces for one in transcript.cues if (cue := _within(one, piece)) is not None]
    return replace(transcript, cues=tuple(cues))


def _within(cue: Cue, piece: Piece) -> Cue | None:
    start, end = max(cue.start, piece.start), min(cue.end, piece.end)
    if end - start < min(_LEAST_SECONDS, 0.9 * (cue.end - cue.start)) or end <= start:
        return None
    moved = piece.shown_at - piece.start
    if cue.words:
        heard = [one for one in cue.words if piece.start <= (one.start + one.end) / 2 < piece.end]
        if not heard:
            return None
        times = [(max(one.start, piece.start) + moved, min(one.end, piece.end) + moved) for one in heard]
        kept = tuple(replace(one, start=a, end=b) for one, (a, b) in zip(heard, times, strict=True))
        text = cue.text if len(heard) == len(cue.words) else " ".join(one.text for one in heard)
        return Cue(text, start + moved, end + moved, kept, cue.confidence)
    if end - start < _LEAST_SHARE * (cue.end - cue.start):
        return None
    return Cue(cue.text, start + moved, end + moved, (), cue.confidence)

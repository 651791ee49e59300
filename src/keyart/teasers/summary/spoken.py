"""Words and sentences on the clock of the voice: a subtitle says when its line stands, not when each word is spoken.

cue     |one two three four five|        letters are laid on the time in which somebody speaks, so that a pause
voice   ██████░░░░░░░░██████████         falls between two words and not, by arithmetic, inside one
words   one two       three four five
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from keyart.teasers.summary.hearing import Span
from keyart.titles.sentences import split_sentences
from keyart.types import Cue, Transcript, Word

_BREATH_SECONDS = 0.5


def voiced(transcript: Transcript, pauses: Sequence[Span]) -> Transcript:
    """The same cues, each with times of its words: the source's own, or laid on the voiced time of the cue."""
    cues = tuple(one if one.words else replace(one, words=_laid(one, pauses)) for one in transcript.cues)
    return replace(transcript, cues=cues)


def _laid(cue: Cue, pauses: Sequence[Span]) -> tuple[Word, ...]:
    texts = cue.text.split()
    parts = _without(cue.start, cue.end, pauses) or [(cue.start, cue.end)]
    total = sum(end - start for start, end in parts)
    ends = np.cumsum([len(one) + 1 for one in texts], dtype=np.float64) * total / max(1, len(cue.text) + 1)
    return tuple(Word(text, *_placed(parts, a, b)) for text, (a, b) in zip(texts, pairwise([0.0, *ends]), strict=True))


def _without(start: float, end: float, pauses: Sequence[Span]) -> list[Span]:
    """The stretches of [start, end] that no pause covers."""
    found, at = [], start
    for first, last in pauses:
        if last > start and first < end:
            if first > at:
                found.append((at, first))
            at = max(at, last)
    return [*found, (at, end)] if at < end - 0.02 else found


def _placed(parts: Sequence[Span], first: float, last: float) -> Span:
    """[first, last) of the voiced time as seconds of the video, inside the one part that holds its middle."""
    gone = 0.0
    for number, (start, end) in enumerate(parts):
        length = end - start
        if (first + last) / 2 < gone + length or number == len(parts) - 1:
            return start + min(length, max(0.0, first - gone)), start + min(length, max(0.0, last - gone))
        gone += length
    return parts[-1]


def _breaths(words: Sequence[Word]) -> tuple[Cue, ...]:
    """Words without a longer pause between them, as one cue each."""
    runs: list[list[Word]] = []
    for word in words:
        if runs and word.start - runs[-1][-1].end < _BREATH_SECONDS:
            runs[-1].append(word)
        else:
            runs.append([word])
    return tuple(Cue(" ".join(one.text for one in run), run[0].start, run[-1].end) for run in runs)


def sentence_spans(transcript: Transcript) -> list[Span]:
    """Start and end of each sentence, from the times of its words where they can be counted out."""
    words = [word for cue in transcript.cues for word in cue.words]
    # where no points are written, the gaps between what is really spoken say where a sentence ends
    sentences = split_sentences(replace(transcript, cues=_breaths(words)))
    counts = [len(one.text.split()) for one in sentences]
    if sum(counts) != len(words):
        return [(one.start, one.end) for one in sentences]
    spans, at = [], 0
    for count in counts:
        part = words[at : at + count]
        spans.append((part[0].start, part[-1].end))
        at += count
    return spans

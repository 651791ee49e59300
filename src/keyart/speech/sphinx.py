"""pocketsphinx, for speech that is known to be English, behind a gate that lets only clear speech through.

How the gate was set (`python -m bench.speech`, figures in bench/results/speech.json; mean = word posteriors weighted by
their length, doubtful = share of words with a posterior under 0.3):

    speech                                                 mean        doubtful
    Russian, eight recordings                              0.26-0.49   0.00-0.72
    Chinese news; singing                                  0.34; 0.41  0.59; 0.57
    no speech taken for speech (sports, music, rooms)      0.06-0.30   0.69-1.00
    English, wrongly recognised, fourteen recordings       0.20-0.52   0.30-0.79
    English digits; a radio address with a wrong clause    0.63; 0.61  0.12; 0.28
    English, four wrong words of nineteen ("infidelity")   0.77        0.10
    an advert, seven words, three of them wrong            0.86        0.29

Foreign speech stays under 0.5, but garbled English reaches 0.86, and a confident "infidelity" was never said. So the
words pass only if the mean is at least 0.7, at most one word in twenty is doubtful, and there are eight or more. None
of these recordings passes, as none was recognised without a wrong word that a title could have used.

Looked at again where the words are known (word error rate 0.36 on a clear sentence, 0.64 on a read text, 0.70 on a
lecture): the mean confidence of the three, 0.46-0.48, lies among those of foreign speech and song (0.26-0.49), so no
lower bar lets them in alone. Nor would single words be saved by their own posterior: of those with 0.8 and more, only
75-82 % occur anywhere in what was said (all three on the clear sentence). The gate stays strict.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from keyart.errors import MissingExtra
from keyart.speech.restore import restore_sentences
from keyart.speech.utterance import Recognition, Utterance
from keyart.types import Cue, Sound, Word

_FRAME_SECONDS = 0.01
DOUBTFUL = 0.3
"""Posterior under which a word is doubtful."""


@dataclass(frozen=True, slots=True)
class Sphinx:
    min_confidence: float = 0.7
    """Mean word posterior, weighted by the words' length, from which the words are believed, 0 ... 1."""
    max_doubtful: float = 0.05
    """Largest share of doubtful words, 0 ... 1."""
    min_words: int = 8
    """Fewer words are no transcript."""
    level_dbfs: float = -20.0
    """Loudness to which each stretch of speech is brought, root mean square."""

    name: ClassVar[str] = "pocketsphinx"
    languages: ClassVar[frozenset[str]] = frozenset({"en"})
    detects: ClassVar[bool] = False
    stretch_seconds: ClassVar[float] = 0.0

    def missing(self) -> str:
        """What to install before it can run; empty where it can."""
        found = importlib.util.find_spec("pocketsphinx") is not None
        return "" if found else "get a recogniser with: pip install 'keyart[speech-en]'"

    def __call__(self, utterances: Iterable[Utterance], language: str = "en") -> Recognition:  # noqa: ARG002
        """One cue per stretch of speech. Raises `MissingExtra` without pocketsphinx."""
        decoder = _decoder()
        cues = [self._decode(decoder, one) for one in utterances]
        return self.judge(tuple(cue for cue in cues if cue is not None))

    def judge(self, cues: tuple[Cue, ...]) -> Recognition:
        """The gate: are these words to be believed?"""
        words = [word for cue in cues for word in cue.words]
        mean, doubtful = confidence(words), doubtful_share(words)
        measured = f"confidence {mean:.2f}, {doubtful:.0%} of {len(words)} words doubtful"
        if len(words) < self.min_words:
            return Recognition((), False, f"only {len(words)} words were recognised")
        if mean < self.min_confidence or doubtful > self.max_doubtful:
            gate = f"confidence {self.min_confidence:.2f} with at most {self.max_doubtful:.0%} doubtful is asked"
            return Recognition((), False, f"the words recognised by {self.name} cannot be trusted ({measured}; {gate})")
        return Recognition(restore_sentences(cues, "en"), True, f"recognised by {self.name}: {measured}")

    def _decode(self, decoder: Any, utterance: Utterance) -> Cue | None:
        decoder.start_utt()
        decoder.process_raw(self._samples(utterance.sound), full_utt=True)
        decoder.end_utt()
        words = tuple(_word(one, utterance.start) for one in decoder.seg() or () if one.word[0] not in "<[")
        if not words:
            return None
        text = " ".join(word.text for word in words)
        return Cue(text, words[0].start, words[-1].end, words, confidence(words))

    def _samples(self, sound: Sound) -> bytes:
        loud = float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
        gain = 10 ** (self.level_dbfs / 20) / max(loud, 1e-5)
        return bytes((np.clip(sound * gain, -1, 1) * 32767).astype(np.int16).tobytes())


def _decoder() -> Any:
    # a fresh one each time: it adapts to what it hears, and the same sound must give the same words
    try:
        from pocketsphinx import Decoder
    except ImportError as err:
        raise MissingExtra("pocketsphinx", extra="speech-en") from err
    return Decoder(samprate=16000, loglevel="FATAL")


def _word(segment: Any, offset_seconds: float) -> Word:
    start = offset_seconds + segment.start_frame * _FRAME_SECONDS
    end = offset_seconds + (segment.end_frame + 1) * _FRAME_SECONDS
    text = str(segment.word).split("(")[0]
    return Word(
        "I" + text[1:] if text == "i" or text.startswith("i'") else text, start, end, min(1.0, float(segment.prob))
    )


def confidence(words: Iterable[Word]) -> float:
    """Mean posterior weighted by length, 0 ... 1; 0 for no words."""
    pairs = [(word.confidence or 0.0, word.end - word.start) for word in words]
    total = sum(length for _, length in pairs)
    return sum(value * length for value, length in pairs) / total if total else 0.0


def doubtful_share(words: Iterable[Word]) -> float:
    """Share of words whose posterior is under `DOUBTFUL`, 0 ... 1; 1 for no words."""
    values = [word.confidence or 0.0 for word in words]
    return sum(value < DOUBTFUL for value in values) / len(values) if values else 1.0

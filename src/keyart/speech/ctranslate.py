"""Speech in some hundred languages by Whisper on CTranslate2 (faster-whisper): words with times, language detected."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from keyart.errors import BadModel, MissingExtra
from keyart.speech.guards import Phrase
from keyart.speech.heard import chosen_model, lacking, recognition
from keyart.speech.language import language_name
from keyart.speech.utterance import Recognition, Utterance
from keyart.speech.whisper_languages import LANGUAGES
from keyart.types import Word


@dataclass(frozen=True, slots=True)
class FasterWhisper:
    model: str = ""
    """Name of a card, or a folder with a converted model; empty: the best one that is here."""
    beams: int = 5
    """Width of the search, 1 ... 10."""
    max_tokens: int = 220
    """Most tokens in half a minute of speech, 1 ... 440."""

    name: ClassVar[str] = "faster-whisper"
    languages: ClassVar[frozenset[str]] = LANGUAGES
    detects: ClassVar[bool] = True
    stretch_seconds: ClassVar[float] = 28.0
    MODELS: ClassVar[tuple[str, ...]] = (
        "faster-whisper-large-v3-turbo", "faster-whisper-small", "faster-whisper-base", "faster-whisper-tiny",
    )  # fmt: skip

    def missing(self) -> str:
        """What to get before it can run; empty where it can."""
        return lacking("faster_whisper", self.model, self.MODELS)

    def __call__(self, utterances: Iterable[Utterance], language: str = "") -> Recognition:
        """Raises `MissingExtra`, `MissingModel`, `BadModel`; nothing is downloaded."""
        name, folder = chosen_model(self.model, self.MODELS)
        network = _opened(folder)
        if language not in ("", "en") and not network.model.is_multilingual:
            raise BadModel(f"{folder}: hears English only, and {language_name(language)} is spoken")
        pieces = list(utterances)
        told, sure = (language, 1.0) if language else _detected(network, pieces)
        phrases = [phrase for piece in pieces for phrase in self._phrases(network, piece, told)]
        return recognition(self.name, name, phrases, told, sure, detected=not language)

    def _phrases(self, network: Any, piece: Utterance, language: str) -> Iterator[Phrase]:
        segments, _ = network.transcribe(
            piece.sound,
            language=language or None,
            beam_size=self.beams,
            temperature=0.0,  # sampling at a higher one would draw lots
            condition_on_previous_text=False,  # a loop must not feed the next window
            word_timestamps=True,
            max_new_tokens=self.max_tokens,
            compression_ratio_threshold=None,  # judged in guards.py, where it is told
            log_prob_threshold=None,
            no_speech_threshold=None,
        )
        for one in segments:
            words = tuple(_word(word, piece) for word in one.words or () if word.word.strip())
            start, end = (piece.start + min(edge, piece.seconds) for edge in (one.start, one.end))
            yield Phrase(one.text.strip(), start, end, words, float(one.avg_logprob), float(one.no_speech_prob))


def _word(word: Any, piece: Utterance) -> Word:
    # the last window is filled up with silence, and the alignment may end in it
    start, end = (piece.start + min(float(edge), piece.seconds) for edge in (word.start, word.end))
    return Word(word.word.strip(), start, max(start, end), float(word.probability))


def _detected(network: Any, pieces: list[Utterance]) -> tuple[str, float]:
    """Language of the first half minute of speech, and how sure that is."""
    if not pieces or not network.model.is_multilingual:
        return ("en", 1.0) if pieces else ("", 0.0)
    sound = np.concatenate([piece.sound for piece in pieces[:8]])[: 30 * 16000]
    language, sure, _ = network.detect_language(sound)
    return str(language), float(sure)


@cache
def _opened(folder: Path) -> Any:
    try:
        from faster_whisper import WhisperModel
    except ImportError as err:
        raise MissingExtra("faster-whisper", extra="hub") from err
    # without its own tokenizer the library would go and fetch one
    absent = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if absent:
        raise BadModel(f"{folder}: no converted Whisper model, {', '.join(absent)} is not in it")
    threads = min(4, os.cpu_count() or 1)
    try:
        return WhisperModel(str(folder), device="auto", compute_type="auto", cpu_threads=threads, local_files_only=True)
    except (RuntimeError, ValueError) as err:
        raise BadModel(f"{folder}: CTranslate2 cannot read it: {str(err).splitlines()[0]}") from err

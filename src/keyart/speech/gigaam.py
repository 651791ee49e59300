"""Russian speech by GigaAM on onnxruntime (onnx-asr): words with times; the e2e models write points and capitals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from keyart.errors import BadModel, MissingExtra
from keyart.speech.guards import Phrase
from keyart.speech.heard import chosen_model, lacking, recognition
from keyart.speech.utterance import SAMPLE_RATE_HZ, Recognition, Utterance, cut_long
from keyart.types import Word

KINDS = {
    "v3_e2e_rnnt_encoder": "gigaam-v3-e2e-rnnt",
    "v3_e2e_ctc": "gigaam-v3-e2e-ctc",
    "v3_rnnt_encoder": "gigaam-v3-rnnt",
    "v3_ctc": "gigaam-v3-ctc",
    "v2_rnnt_encoder": "gigaam-v2-rnnt",
    "v2_ctc": "gigaam-v2-ctc",
}
"""First letters of the weights' file -> what onnx-asr calls the model, best first."""
_WORD_SECONDS = 0.3
"""Longest that a word lasts after its last letter was heard."""


@dataclass(frozen=True, slots=True)
class GigaAM:
    model: str = ""
    """Name of a card, or a folder with GigaAM's ONNX files; empty: the best one that is here."""

    name: ClassVar[str] = "gigaam"
    languages: ClassVar[frozenset[str]] = frozenset({"ru"})
    detects: ClassVar[bool] = False
    stretch_seconds: ClassVar[float] = 22.0
    MODELS: ClassVar[tuple[str, ...]] = ("gigaam-v3",)

    def missing(self) -> str:
        """What to get before it can run; empty where it can."""
        return lacking("onnx_asr", self.model, self.MODELS)

    def __call__(self, utterances: Iterable[Utterance], language: str = "ru") -> Recognition:  # noqa: ARG002
        """Raises `MissingExtra`, `MissingModel`, `BadModel`; nothing is downloaded."""
        name, folder = chosen_model(self.model, self.MODELS)
        network = _opened(folder)
        pieces = cut_long(utterances, self.stretch_seconds)
        return recognition(self.name, name, [_phrase(network, piece) for piece in pieces], "ru")


def _phrase(network: Any, piece: Utterance) -> Phrase:
    heard = network.recognize(piece.sound.astype(np.float32), sample_rate=SAMPLE_RATE_HZ)
    logs = [float(one) for one in heard.logprobs or ()]
    words = words_of(heard.tokens or (), heard.timestamps or (), logs, piece)
    end = words[-1].end if words else piece.start + piece.seconds
    start = words[0].start if words else piece.start
    return Phrase(str(heard.text).strip(), start, end, words, float(np.mean(logs)) if logs else None)


def words_of(
    tokens: Sequence[str], times: Sequence[float], logs: Sequence[float], piece: Utterance
) -> tuple[Word, ...]:
    """Letters or pieces of words with their seconds -> words; a token with a space before it begins one."""
    groups: list[list[int]] = []
    for place, token in enumerate(tokens[: len(times)]):
        if not groups or token.startswith(" "):
            groups.append([])
        groups[-1].append(place)
    found: list[Word] = []
    for number, group in enumerate(groups):
        text = "".join(tokens[place] for place in group).strip()
        after = times[groups[number + 1][0]] if number + 1 < len(groups) else piece.seconds
        end = min(after, times[group[-1]] + _WORD_SECONDS, piece.seconds)
        sure = [logs[place] for place in group if place < len(logs)]
        start = min(times[group[0]], piece.seconds)
        confidence = float(min(1.0, np.exp(np.mean(sure)))) if sure else None
        if text:
            found.append(Word(text, piece.start + start, piece.start + max(start, end), confidence))
    return tuple(found)


@cache
def _opened(folder: Path) -> Any:
    try:
        import onnx_asr
    except ImportError as err:
        raise MissingExtra("onnx-asr", extra="hub") from err
    kind, quantization = kind_of(folder)
    try:
        return onnx_asr.load_model(
            kind, folder, quantization=quantization, providers=["CPUExecutionProvider"]
        ).with_timestamps()
    except (OSError, RuntimeError, ValueError, KeyError, AssertionError) as err:
        raise BadModel(f"{folder}: onnx-asr cannot read it as {kind}: {str(err).splitlines()[0]}") from err


def kind_of(folder: Path) -> tuple[str, str | None]:
    """(onnx-asr's name of the model, its quantization) by the files that lie there; int8 only where nothing else does.

    Raises `BadModel`.
    """
    for start, kind in KINDS.items():
        if (folder / f"{start}.onnx").is_file():
            return kind, None
        if (folder / f"{start}.int8.onnx").is_file():
            return kind, "int8"
    known = ", ".join(f"{start}.onnx" for start in KINDS)
    raise BadModel(f"{folder}: no GigaAM model in it; looked for {known} and their .int8.onnx")

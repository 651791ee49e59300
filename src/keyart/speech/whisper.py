"""Speech in some hundred languages by Whisper in transformers: words with times, language detected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from keyart.errors import BadModel
from keyart.models.hub import hub_model
from keyart.speech.guards import Phrase
from keyart.speech.heard import chosen_model, lacking, recognition
from keyart.speech.language import language_name
from keyart.speech.utterance import SAMPLE_RATE_HZ, Recognition, Utterance, cut_long
from keyart.speech.whisper_languages import LANGUAGES
from keyart.types import Sound, Word

_WINDOW_SECONDS = 30.0
"""What the network hears at once; longer stretches are cut at a hush."""


@dataclass(frozen=True, slots=True)
class Whisper:
    model: str = ""
    """Name of a card, or a folder; empty: the best one that is here."""
    max_tokens: int = 220
    """Most tokens in half a minute of speech, 1 ... 440."""

    name: ClassVar[str] = "whisper"
    languages: ClassVar[frozenset[str]] = LANGUAGES
    detects: ClassVar[bool] = True
    stretch_seconds: ClassVar[float] = 28.0
    MODELS: ClassVar[tuple[str, ...]] = ("whisper-large-v3-turbo", "whisper-small", "whisper-base")

    def missing(self) -> str:
        """What to get before it can run; empty where it can."""
        return lacking("transformers", self.model, self.MODELS)

    def __call__(self, utterances: Iterable[Utterance], language: str = "") -> Recognition:
        """Raises `MissingExtra`, `MissingModel`, `BadModel`; nothing is downloaded."""
        name, folder = chosen_model(self.model, self.MODELS)
        network, processor = hub_model(str(folder), "AutoModelForSpeechSeq2Seq")
        if not hasattr(network.generation_config, "no_timestamps_token_id"):
            raise BadModel(f"{folder}: no Whisper model, its generation settings name no time stamps")
        if language not in ("", "en") and not getattr(network.generation_config, "lang_to_id", None):
            raise BadModel(f"{folder}: hears English only, and {language_name(language)} is spoken")
        pieces = list(cut_long(utterances, _WINDOW_SECONDS))
        told, sure = (language, 1.0) if language else _detected(network, processor, pieces)
        phrases = [_phrase(network, processor, piece, told, self.max_tokens) for piece in pieces]
        return recognition(self.name, name, phrases, told, sure, detected=not language)


def _features(network: Any, processor: Any, sound: Sound) -> Any:
    made = processor.feature_extractor(sound, sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
    return made.input_features.to(network.device, network.dtype)


def _detected(network: Any, processor: Any, pieces: Sequence[Utterance]) -> tuple[str, float]:
    """Language of the first half minute of speech, and its share of the languages' probability."""
    import torch

    codes = getattr(network.generation_config, "lang_to_id", None)
    if not codes or not pieces:
        return ("en", 1.0) if pieces else ("", 0.0)  # a model without languages is an English one
    sound = np.concatenate([piece.sound for piece in pieces[:8]])[: round(_WINDOW_SECONDS * SAMPLE_RATE_HZ)]
    logits = _first_logits(network, _features(network, processor, sound))
    names, places = list(codes), list(codes.values())
    shares = torch.softmax(logits[places].float(), 0)
    best = int(shares.argmax())
    return names[best].strip("<|>"), float(shares[best])


def _first_logits(network: Any, features: Any) -> Any:
    """What the decoder says first: of languages, and of nobody speaking."""
    import torch

    start = torch.tensor([[network.generation_config.decoder_start_token_id]], device=network.device)
    with torch.no_grad():
        return network(input_features=features, decoder_input_ids=start).logits[0, 0]


def _phrase(network: Any, processor: Any, piece: Utterance, language: str, max_tokens: int) -> Phrase:
    import torch

    features = _features(network, processor, piece.sound)
    multilingual = bool(getattr(network.generation_config, "lang_to_id", None))
    aligned = bool(getattr(network.generation_config, "alignment_heads", None))
    with torch.no_grad():
        made = network.generate(
            features,
            **({"language": language, "task": "transcribe"} if multilingual else {}),
            do_sample=False,
            max_new_tokens=_room(network, max_tokens),
            return_timestamps=False,
            return_token_timestamps=aligned,
            return_dict_in_generate=True,
            output_scores=True,
        )
    tokenizer = processor.tokenizer
    ids = made["sequences"][0].tolist()
    logs = _log_probabilities(made, ids)
    times = made["token_timestamps"][0].tolist() if aligned and "token_timestamps" in made else []
    text = tokenizer.decode(ids, skip_special_tokens=True).strip()
    words = _words(tokenizer, ids, logs, times, piece) if times else ()
    mean = float(np.mean(logs)) if logs else None
    return Phrase(text, piece.start, piece.start + piece.seconds, words, mean, _no_speech(network, tokenizer, features))


def _room(network: Any, max_tokens: int) -> int:
    return min(max_tokens, int(network.config.max_target_positions) - 8)


def _log_probabilities(made: Any, ids: Sequence[int]) -> list[float]:
    """Of each token that was written, in order; scores stand for the last tokens of the sequence."""
    scores = made["scores"]
    written = ids[len(ids) - len(scores) :] if len(scores) <= len(ids) else ids
    return [
        float(row[0].float().log_softmax(-1)[token]) for row, token in zip(scores, written, strict=False) if token >= 0
    ]


def _no_speech(network: Any, tokenizer: Any, features: Any) -> float | None:
    import torch

    known = tokenizer.get_vocab()
    token = known.get("<|nospeech|>", known.get("<|nocaptions|>"))
    return None if token is None else float(torch.softmax(_first_logits(network, features).float(), 0)[token])


def _words(
    tokenizer: Any, ids: Sequence[int], logs: Sequence[float], times: Sequence[float], piece: Utterance
) -> tuple[Word, ...]:
    """Tokens -> words: a word begins with the tokenizer's mark of a space; Cyrillic letters may span two tokens."""
    special = set(tokenizer.all_special_ids)
    offset = len(ids) - len(logs)
    groups: list[list[int]] = []
    for place, token in enumerate(ids[: len(times)]):
        if token in special or tokenizer.convert_ids_to_tokens(token).startswith("<|"):
            continue
        if not groups or tokenizer.convert_ids_to_tokens(token).startswith("Ġ"):
            groups.append([])
        groups[-1].append(place)
    found = []
    for group in groups:
        text = tokenizer.decode([ids[place] for place in group]).strip()
        start, end = times[group[0] - 1] if group[0] else 0.0, times[group[-1]]
        sure = [logs[place - offset] for place in group if 0 <= place - offset < len(logs)]
        if text:
            start, end = min(start, piece.seconds), min(max(start, end), piece.seconds)
            confidence = float(np.exp(np.mean(sure))) if sure else None
            found.append(Word(text, piece.start + start, piece.start + end, confidence))
    return tuple(found)

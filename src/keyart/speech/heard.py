"""What the networks' recognisers share: which model is here, and from phrases to a judged recognition."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path

from keyart.errors import KeyartError
from keyart.models import CARDS, have
from keyart.models.store import model_folder
from keyart.speech.guards import Phrase, believed, cues_of
from keyart.speech.language import language_name
from keyart.speech.restore import restore_sentences
from keyart.speech.utterance import Recognition
from keyart.types import Word

MIN_WORDS = 3
"""Fewer words are no transcript."""
MIN_SURE = 0.5
"""Probability of a detected language below which the words are not trusted."""


def chosen_model(named: str, known: Sequence[str]) -> tuple[str, Path]:
    """(name for the manifest, folder) of the model asked for, or of the first of `known` that is here.

    Raises `MissingModel` with the cure, and `LicenceRefused`.
    """
    name = named or next((one for one in known if have(one)), known[-1])
    folder = model_folder(name)
    return (name if name in CARDS else folder.name), folder


def lacking(module: str, named: str, known: Sequence[str]) -> str:
    """What to get before the recogniser can run; empty where it can."""
    if importlib.util.find_spec(module) is None:
        return "get a recogniser with: pip install 'keyart[hub]'"
    try:
        chosen_model(named, known)
    except KeyartError as err:
        return str(err)
    return ""


def recognition(
    backend: str, model: str, phrases: Iterable[Phrase], language: str, sure: float = 1.0, *, detected: bool = False
) -> Recognition:
    """The phrases that are believed, as cues with sentences, and whether they make a transcript."""
    kept, notes = believed(phrases)
    cues = restore_sentences(cues_of(kept), language)
    words = sum(len(cue.text.split()) for cue in cues)
    models = (model,)
    if detected and sure < MIN_SURE:
        told = f"the language cannot be told by ear ({language_name(language)} with {sure:.2f})"
        return Recognition((), False, f"{told}; name it", language, notes, models)
    if words < MIN_WORDS:
        return Recognition((), False, "; ".join([f"only {words} words were recognised", *notes]), language, (), models)
    heard = f", heard as {language_name(language)} ({sure:.2f})" if detected else ""
    why = f"recognised by {backend} ({model}){heard}: {words} words, confidence {_confidence(kept):.2f}"
    return Recognition(cues, True, why, language, notes, models)


def _confidence(phrases: Iterable[Phrase]) -> float:
    """Mean over the words, or over the phrases' own figures where words have none; 0 ... 1."""
    words: list[Word] = [word for phrase in phrases for word in phrase.words]
    values = [word.confidence for word in words if word.confidence is not None]
    return sum(values) / len(values) if values else 0.0

"""pocketsphinx, for speech known to be English."""
from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from keyart.errors import MissingExtra
from keyart.speech.utterance import Recognition, Utterance


@dataclass(frozen=True, slots=True)
class Sphinx:
    name: ClassVar[str] = "pocketsphinx"
    languages: ClassVar[frozenset[str]] = frozenset({"en"})

    def missing(self) -> str:
        found = importlib.util.find_spec("pocketsphinx") is not None
        return "" if found else "get one with: pip install 'keyart[speech-en]'"

    def __call__(self, utterances: Iterable[Utterance]) -> Recognition:
        raise MissingExtra("pocketsphinx", extra="speech-en")

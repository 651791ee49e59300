"""The table of recognisers. A new one is a file with a class like `Sphinx` and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

from keyart.speech.sphinx import Sphinx
from keyart.speech.utterance import Recognition, Utterance


class Recogniser(Protocol):
    """Speech -> words. Made without arguments; its settings are its fields."""

    name: ClassVar[str]
    languages: ClassVar[frozenset[str]]
    """ISO 639-1 codes that it knows."""

    def missing(self) -> str:
        """What to install before it can run; empty where it can."""
        ...

    def __call__(self, utterances: Iterable[Utterance]) -> Recognition: ...


RECOGNISERS: dict[str, type[Sphinx]] = {"pocketsphinx": Sphinx}

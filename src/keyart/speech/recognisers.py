"""The table of recognisers. A new one is a file with a class like `Sphinx` and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Protocol

from keyart.speech.ctranslate import FasterWhisper
from keyart.speech.gigaam import GigaAM
from keyart.speech.sphinx import Sphinx
from keyart.speech.utterance import Recognition, Utterance
from keyart.speech.whisper import Whisper


class Recogniser(Protocol):
    """Speech -> words. Made without arguments; its settings are its fields."""

    name: ClassVar[str]
    languages: ClassVar[frozenset[str]]
    """ISO 639-1 codes that it knows."""
    detects: ClassVar[bool]
    """Whether it can tell which language is spoken."""
    stretch_seconds: ClassVar[float]
    """Stretches of speech are joined up to this length before it hears them; 0: as the pauses cut them."""

    def missing(self) -> str:
        """What to install before it can run; empty where it can."""
        ...

    def __call__(self, utterances: Iterable[Utterance], language: str = "") -> Recognition:
        """`language`: what is spoken, one of `languages`; empty: find out (only where it `detects`)."""
        ...


RECOGNISERS: dict[str, Callable[..., Recogniser]] = {
    "gigaam": GigaAM,
    "faster-whisper": FasterWhisper,
    "whisper": Whisper,
    "pocketsphinx": Sphinx,
}
"""Best first: an unnamed default takes the first that is installed, has its model here and knows the language."""

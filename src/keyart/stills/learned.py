"""Samples of the pass -> how much a learned model thinks of each, spread over the video. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel
from keyart.models.kamodel import Kamodel, open_kamodel
from keyart.stills.sample import Sample

Floats = NDArray[np.float32]
_ROOM = "stills."


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What is heard and read beside the pictures, for a model that fuses them (seed 001)."""

    audio: Floats
    """Shape (seconds, a)."""
    text: Floats
    """Shape (t,): title and description."""


@dataclass(frozen=True)
class Ranker:
    """A `.kamodel` of kind "frames" or "vector", trained on what the sampler of this house sees."""

    path: Path
    embedder: str
    """Of the sampler: the model must have been trained on its rows."""

    def __call__(self, samples: Sequence[Sample], told: Told | None = None) -> dict[int, float]:
        """Frame number -> place of its score between the video's lowest (0) and highest (1); .5 where all are alike.

        Raises `MissingFile`, `BadModel`.
        """
        if not samples:
            return {}
        rows = np.stack([one.embedding for one in samples]).astype(np.float32)
        scores = self._likeness(rows, told) if self.model.card.kind == "vector" else self.model.frame_scores(rows)
        low, high = float(scores.min()), float(scores.max())
        spread = (scores - low) / (high - low) if high - low > 1e-6 else np.full(len(scores), 0.5)
        return {one.number: round(float(value), 4) for one, value in zip(samples, spread, strict=True)}

    @property
    def listens(self) -> bool:
        """Whether it wants to be told what is heard and read."""
        return self.model.card.kind == "vector"

    @cached_property
    def model(self) -> Kamodel:
        model, wanted = open_kamodel(self.path), _ROOM + self.embedder
        if model.card.kind not in ("frames", "vector"):
            raise BadModel(f"{self.path}: a model of kind {model.card.kind!r}; stills take 'frames' or 'vector'")
        if model.card.features != wanted:
            raise BadModel(f"{self.path}: was trained on {model.card.features}; the features here are {wanted}")
        return model

    def _likeness(self, rows: Floats, told: Told | None) -> Floats:
        """Cosine of each row with the one vector that the whole video becomes."""
        if told is None:
            raise BadModel(f"{self.path}: fuses pictures, sound and words; nobody told it of sound and words")
        return self.model.vector_scores(rows, told.audio, told.text)

"""Samples of the pass -> how much a learned ranker thinks of each, spread over the video. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from keyart.models.kamodel import Kamodel, open_ranker
from keyart.stills.sample import Sample

_ROOM = "stills."


@dataclass(frozen=True)
class Ranker:
    """A `.kamodel` of kind "frames" trained on what the sampler of this house sees."""

    path: Path
    embedder: str
    """Of the sampler: the model must have been trained on its rows."""

    def __call__(self, samples: Sequence[Sample]) -> dict[int, float]:
        """Frame number -> place of its score between the video's lowest (0) and highest (1); .5 where all are alike.

        Raises `MissingFile`, `BadModel`.
        """
        if not samples:
            return {}
        scores = self.model.frame_scores(np.stack([one.embedding for one in samples]).astype(np.float32))
        low, high = float(scores.min()), float(scores.max())
        spread = (scores - low) / (high - low) if high - low > 1e-6 else np.full(len(scores), 0.5)
        return {one.number: round(float(value), 4) for one, value in zip(samples, spread, strict=True)}

    @cached_property
    def model(self) -> Kamodel:
        return open_ranker(self.path, _ROOM + self.embedder)

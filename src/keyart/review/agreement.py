"""Do picture and headline agree: the cosine of their embeddings (thesis §2, §5.6: CLIP score, kept from 0.28).

The arithmetic is here and needs nothing; the embeddings come from a CLIP or SigLIP of the hub's. Without one there is
no number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.models import CARDS, have
from keyart.models.hub import hub_model
from keyart.types import RGB

Vectors = NDArray[np.float32]
"""Embeddings, shape (n, d), one a row."""

TAU = 0.28
"""Of CLIP (thesis §5.6)."""
_EVEN_SIGLIP = 0.01


def cosines(pictures: NDArray[np.floating], texts: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine of every picture (rows) with every text (columns), shape (n, m); a vector of zeros agrees with nothing."""
    return np.asarray(_unit(pictures) @ _unit(texts).T)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    exact = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return np.asarray(np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0), np.float64)


def best_pairs(scores: NDArray[np.float64], tau: float = -1.0) -> tuple[tuple[int, int, float], ...]:
    """(picture, text, score) of pairs that agree best, each picture and text once, best first, none below `tau`.

    Greedy: the pair that leads the set is the best of all, which the best sum does not promise.
    """
    order = sorted(np.ndindex(scores.shape), key=lambda pair: (-scores[pair], pair))
    found: list[tuple[int, int, float]] = []
    for picture, text in order:
        if scores[picture, text] < tau:
            break
        if all(picture != one[0] and text != one[1] for one in found):
            found.append((picture, text, float(scores[picture, text])))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PairEmbedder:
    """A CLIP or SigLIP of transformers, by its card's name or as a folder."""

    model: str

    @property
    def backend(self) -> str:
        return f"CLIP score, {self.model}"

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model reads; empty where any goes."""
        return CARDS[self.model].languages if self.model in CARDS else ()

    def pictures(self, images: Sequence[RGB]) -> Vectors:
        """Shape (n, d). Raises `MissingModel`, `MissingExtra`, `LicenceRefused`, `BadModel`."""
        network, processor = self._loaded()
        import torch  # after the model: what is missing is said in that order

        inputs = processor(images=list(images), return_tensors="pt").to(network.device)
        with torch.inference_mode():
            return _array(network.get_image_features(**inputs))

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Shape (m, d); longer texts than the model reads are cut."""
        network, processor = self._loaded()
        import torch  # after the model: what is missing is said in that order

        # SigLIP was trained on texts filled up to their full length
        padding = "max_length" if "siglip" in network.config.model_type else True
        inputs = processor(
            text=list(texts), return_tensors="pt", padding=padding, truncation=True, max_length=_longest(network)
        ).to(network.device)
        with torch.inference_mode():
            return _array(network.get_text_features(**inputs))

    def tau(self) -> float:
        """From where a pair agrees: the thesis' for CLIP, which was measured on it.

        SigLIP's cosines run lower: for it, where its own sigmoid gives a pair one chance in a hundred. Not calibrated.
        """
        network, _ = self._loaded()
        if "siglip" not in network.config.model_type:
            return TAU
        scale, bias = float(network.logit_scale.exp().item()), float(network.logit_bias.item())
        return (math.log(_EVEN_SIGLIP / (1 - _EVEN_SIGLIP)) - bias) / scale

    def _loaded(self) -> tuple[Any, Any]:
        return hub_model(self.model, "AutoModel")


def _array(output: Any) -> Vectors:
    """The features, whether this transformers gives them bare or in an output object."""
    features = getattr(output, "pooler_output", output)
    return np.asarray(features.float().cpu(), np.float32)


def _longest(network: Any) -> int:
    return int(network.config.text_config.max_position_embeddings)


EMBEDDERS: dict[str, PairEmbedder] = {
    "siglip2": PairEmbedder("siglip2-base"),
    "siglip": PairEmbedder("siglip-multilingual"),
    "clip": PairEmbedder("clip-vit-b32"),
    "openclip": PairEmbedder("openclip-vit-b32"),
}
"""In the order in which an unnamed default tries them: those that read Russian first."""


def pair_embedder(backend: str, model: str = "") -> PairEmbedder | None:
    """The named embedder (or the one of a `model`), or for `auto` the first whose model is here; None without one."""
    if model:
        return PairEmbedder(model)
    if backend != "auto":
        return EMBEDDERS[backend]
    return next((one for one in EMBEDDERS.values() if have(one.model)), None)

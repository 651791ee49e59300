"""GuidMaster (thesis §5.5): near-duplicate headlines out, the one nearest to the document stays.

v(x) = Σ α_k E_k(x);  S_i = cos(v(h_i), v(D));  h_i and h_j are duplicates where cos(v(h_i), v(h_j)) ≥ τ;
the duplicate with the highest S is the master, the others are slaves and go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting

Embedder = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts -> vectors, shape (number of texts, dimensions)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What became of one headline."""

    relevance: float
    """S_i, cosine with the document, -1 ... 1."""
    master: int
    """Place of the headline that stands for it; its own place where it stays."""


@dataclass(frozen=True, slots=True)
class GuidMaster:
    tau: float = 0.85
    """Cosine from which two headlines count as one, -1 ... 1."""
    weights: tuple[float, ...] = ()
    """α_k, one for each embedder; empty: equal shares (the thesis: a third each)."""

    def __call__(self, headlines: Sequence[str], document: str, embedders: Sequence[Embedder]) -> tuple[Ranked, ...]:
        """One `Ranked` per headline, in the order given. Raises `BadSetting` where weights do not match embedders."""
        if not headlines:
            return ()
        vectors = self.combine([*headlines, document], embedders)
        relevance = cosines(vectors[:-1], vectors[-1:])[:, 0]
        alike = cosines(vectors[:-1], vectors[:-1])
        return masters(relevance, alike, self.tau)

    def combine(self, texts: Sequence[str], embedders: Sequence[Embedder]) -> NDArray[np.float32]:
        """v(x): the embedders' vectors, each of length 1, weighted and summed (padded to the longest)."""
        if not embedders or (self.weights and len(self.weights) != len(embedders)):
            raise BadSetting(f"{len(self.weights)} weights for {len(embedders)} embedders; give one weight for each")
        weights = self.weights or (1 / len(embedders),) * len(embedders)
        parts = [unit(embed(texts)) for embed in embedders]
        total = np.zeros((len(texts), max(part.shape[1] for part in parts)), np.float32)
        for weight, part in zip(weights, parts, strict=True):
            total[:, : part.shape[1]] += weight * part
        return total


def masters(relevance: NDArray[np.float32], alike: NDArray[np.float32], tau: float) -> tuple[Ranked, ...]:
    """Most relevant first: each headline becomes a master unless a master before it is its duplicate."""
    order = sorted(range(len(relevance)), key=lambda place: (-float(relevance[place]), place))
    chosen: list[int] = []
    owner = {}
    for place in order:
        same = next((one for one in chosen if alike[place, one] >= tau), place)
        owner[place] = same
        if same == place:
            chosen.append(place)
    return tuple(Ranked(float(relevance[place]), owner[place]) for place in range(len(relevance)))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; rows of nothing stay nothing."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0), np.float32)


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of each row with each row, shape (len(left), len(right))."""
    return np.asarray(unit(left) @ unit(right).T, np.float32)

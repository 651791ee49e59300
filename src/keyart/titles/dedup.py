"""GuidMaster (thesis §5.5): near-duplicate headlines out, the one nearest to the document stays.

v(x) = Σ α_k E_k(x);  S_i = cos(v(h_i), v(D));  h_i and h_j are duplicates where cos(v(h_i), v(h_j)) ≥ τ;
the duplicate with the highest S is the master, the others are slaves and go.

`DEDUPERS` holds the thesis' way and others to the same end: whichever is chosen, no two masters are duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting

Embedder = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts -> vectors, shape (number of texts, dimensions)."""


@runtime_checkable
class TwoSided(Protocol):
    """An embedder that reads a document otherwise than a headline: by another prefix, or in windows."""

    def beside(self, headlines: Sequence[str], document: str) -> NDArray[np.float32]:
        """Vectors of the headlines and, last, of the document."""
        ...


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
    way: Literal["guidmaster", "dbscan", "hierarchical", "mmr"] = "guidmaster"
    """How duplicates are grouped, of `DEDUPERS`."""
    level: bool = True
    """Whether each embedder's vectors are brought to length 1 before they are summed, so that α_k alone says what each
    weighs; the thesis leaves this open, and bare models differ in length by a factor of ten and more."""

    def __call__(self, headlines: Sequence[str], document: str, embedders: Sequence[Embedder]) -> tuple[Ranked, ...]:
        """One `Ranked` per headline, in the order given. Raises `BadSetting` where weights do not match embedders."""
        if not headlines:
            return ()
        vectors = self._summed([_beside(embed, headlines, document) for embed in embedders])
        relevance = cosines(vectors[:-1], vectors[-1:])[:, 0]
        alike = cosines(vectors[:-1], vectors[:-1])
        return DEDUPERS[self.way](relevance, alike, self.tau)

    def combine(self, texts: Sequence[str], embedders: Sequence[Embedder]) -> NDArray[np.float32]:
        """v(x): the embedders' vectors, weighted and summed (padded to the longest)."""
        return self._summed([embed(texts) for embed in embedders])

    def _summed(self, parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        if not parts or (self.weights and len(self.weights) != len(parts)):
            raise BadSetting(f"{len(self.weights)} weights for {len(parts)} embedders; give one weight for each")
        weights = self.weights or (1 / len(parts),) * len(parts)
        total = np.zeros((len(parts[0]), max(part.shape[1] for part in parts)), np.float32)
        for weight, part in zip(weights, parts, strict=True):
            total[:, : part.shape[1]] += weight * (unit(part) if self.level else part)
        return total


def _beside(embed: Embedder, headlines: Sequence[str], document: str) -> NDArray[np.float32]:
    return embed.beside(headlines, document) if isinstance(embed, TwoSided) else embed([*headlines, document])


# --- ways to group ------------------------------------------------------------------------------------------------

Deduper = Callable[[NDArray[np.float32], NDArray[np.float32], float], tuple[Ranked, ...]]
"""(relevance of each, cosine of each with each, τ) -> what becomes of each."""


def masters(relevance: NDArray[np.float32], alike: NDArray[np.float32], tau: float) -> tuple[Ranked, ...]:
    """Most relevant first: each headline becomes a master unless a master before it is its duplicate (thesis §5.5)."""
    return _kept_in_order(_by_relevance(relevance), relevance, alike, tau)


def dbscan(relevance: NDArray[np.float32], alike: NDArray[np.float32], tau: float) -> tuple[Ranked, ...]:
    """Chains of duplicates are one group (DBSCAN with ε = 1 - τ and no noise); the most relevant of each stays."""
    from sklearn.cluster import DBSCAN

    return _best_of(DBSCAN(eps=1 - tau, min_samples=1, metric="precomputed"), relevance, alike, tau)


def hierarchical(relevance: NDArray[np.float32], alike: NDArray[np.float32], tau: float) -> tuple[Ranked, ...]:
    """Groups whose members are duplicates on average (agglomerative, cut at 1 - τ); the most relevant of each stays."""
    from sklearn.cluster import AgglomerativeClustering

    if len(relevance) < 2:
        return masters(relevance, alike, tau)
    tree = AgglomerativeClustering(None, metric="precomputed", linkage="average", distance_threshold=1 - tau)
    return _best_of(tree, relevance, alike, tau)


MMR_LAMBDA = 0.5
"""What nearness to the document weighs beside newness (Carbonell and Goldstein, 1998), 0 ... 1."""


def mmr(relevance: NDArray[np.float32], alike: NDArray[np.float32], tau: float) -> tuple[Ranked, ...]:
    """Masters are chosen by maximal marginal relevance: near to the document, far from what is chosen already."""
    left, order = list(range(len(relevance))), list[int]()
    while left:
        likeness = alike[np.ix_(left, order)].max(axis=1) if order else np.zeros(len(left), np.float32)
        worth = MMR_LAMBDA * relevance[left] - (1 - MMR_LAMBDA) * likeness
        order.append(left.pop(int(np.argmax(worth))))
    return _kept_in_order(order, relevance, alike, tau)


DEDUPERS: dict[str, Deduper] = {
    "guidmaster": masters,
    "dbscan": dbscan,
    "hierarchical": hierarchical,
    "mmr": mmr,
}


def _by_relevance(relevance: NDArray[np.float32]) -> list[int]:
    return sorted(range(len(relevance)), key=lambda place: (-float(relevance[place]), place))


def _kept_in_order(
    order: Sequence[int], relevance: NDArray[np.float32], alike: NDArray[np.float32], tau: float
) -> tuple[Ranked, ...]:
    chosen: list[int] = []
    owner = {}
    for place in order:
        same = next((one for one in chosen if alike[place, one] >= tau), place)
        owner[place] = same
        if same == place:
            chosen.append(place)
    return tuple(Ranked(float(relevance[place]), owner[place]) for place in range(len(relevance)))


class _Clusterer(Protocol):
    def fit_predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]: ...


def _best_of(
    clusterer: _Clusterer, relevance: NDArray[np.float32], alike: NDArray[np.float32], tau: float
) -> tuple[Ranked, ...]:
    if not len(relevance):
        return ()
    # a hair off, so that a cosine of exactly τ counts here as it does by `>=`
    distance = np.clip(1.0 - np.asarray(alike, np.float64) - 1e-9, 0.0, None)
    np.fill_diagonal(distance, 0.0)
    labels = clusterer.fit_predict(np.minimum(distance, distance.T))
    order = _by_relevance(relevance)
    best = {label: next(place for place in order if labels[place] == label) for label in set(labels.tolist())}
    # the best of two groups may still be duplicates: then the better one stands for both
    among = [place for place in order if best[labels[place]] == place]
    final = _kept_in_order(range(len(among)), relevance[among], alike[np.ix_(among, among)], tau)
    owner = {place: among[one.master] for place, one in zip(among, final, strict=True)}
    return tuple(Ranked(float(relevance[at]), owner[best[labels[at]]]) for at in range(len(relevance)))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; rows of nothing stay nothing."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0), np.float32)


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of each row with each row, shape (len(left), len(right))."""
    return np.asarray(unit(left) @ unit(right).T, np.float32)

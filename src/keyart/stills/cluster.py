"""Similar pictures together, the sharpest of each kept. thesis §4.4.

Both of the thesis' ways are here. `dbscan` follows chains: a slow pan or a talking head that drifts is one cluster
however far its ends are apart, and it takes 0.8 s to import scikit-learn. `greedy` measures everything against one
centroid, so a cluster is never wider than the threshold; it is the default for both reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Similarity = NDArray[np.float32]
"""S = [s_ij], shape (n, n), cosines."""
Labels = NDArray[np.int64]
"""Cluster number of each picture, shape (n,), 0 ... K-1."""


def similarity_matrix(embeddings: NDArray[np.floating]) -> Similarity:
    """S from embeddings of shape (n, dimensions): rows are L2-normalised, s_ij is their inner product."""
    rows = np.asarray(embeddings, np.float32)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return np.asarray(np.clip(rows @ rows.T, -1.0, 1.0), np.float32)


def greedy(similarity: Similarity, tau: float) -> Labels:
    """Centroids in descending order of sum_j s_ij; each takes the free pictures whose similarity to it exceeds tau."""
    num = len(similarity)
    labels = np.full(num, -1, np.int64)
    # rounding before sorting: equal sums stay in the order of time on every machine
    order = np.argsort(-np.round(similarity.sum(axis=1), 4), kind="stable")
    next_label = 0
    for centroid in order:
        if labels[centroid] >= 0:
            continue
        members = (labels < 0) & (similarity[centroid] > tau)
        members[centroid] = True
        labels[members] = next_label
        next_label += 1
    return labels


def dbscan(similarity: Similarity, tau: float) -> Labels:
    """DBSCAN with d = 1 - s and eps = 1 - tau; a picture without neighbours is a cluster of its own (min_samples 1).

    The thesis demands that the clusters cover all pictures, so none may be left over as noise.
    """
    from sklearn.cluster import DBSCAN

    if not len(similarity):
        return np.empty(0, np.int64)
    # float64 and rounding: s = tau counts as a neighbour whatever the last bit says
    distance = np.clip(np.round(1.0 - similarity.astype(np.float64), 6), 0.0, 2.0)
    model = DBSCAN(eps=round(1.0 - tau, 6), min_samples=1, metric="precomputed").fit(distance)
    return np.asarray(model.labels_, np.int64)


CLUSTERERS: dict[str, Callable[[Similarity, float], Labels]] = {"greedy": greedy, "dbscan": dbscan}
"""Name -> (similarity matrix, tau) -> labels; every picture gets a cluster."""


def sharpest(labels: Labels, laplacian_variances: Sequence[float]) -> tuple[int, ...]:
    """i*_k = argmax sigma_L^2 over each cluster, in the order of the labels; the earliest of equals."""
    values = np.asarray(laplacian_variances, np.float64)
    found = []
    for label in range(int(labels.max()) + 1 if len(labels) else 0):
        members = np.flatnonzero(labels == label)
        found.append(int(members[np.argmax(values[members])]))
    return tuple(found)

"""A selection without learning, like that of Song, Redi, Vallmitjana and Jaimes (2016), "To Click or Not To Click".

Theirs: low-quality frames are dropped, near-duplicates merged, the rest clustered; a cluster's frame stands for it, by
its stillness or its aesthetics; larger clusters come first. Like it, not the same: here k-means over the embeddings
given, quality as the data bring it (without any: all alike), and the frame nearest to a cluster's centre among its
better half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyart.learn.multimodal.values import Floats, MultimodalVideo

_DROPPED_SHARE = 0.2
"""Of the frames, the least in quality."""


def song_like(video: MultimodalVideo, clusters: int = 5, seed: int = 0) -> list[int]:
    """Frames in the order of preference: one of each cluster, largest first, the rest by nearness to its centre."""
    quality = video.quality if len(video.quality) else np.zeros(len(video.frames), np.float32)
    rows = _unit(video.frames)
    least = np.quantile(quality, _DROPPED_SHARE) if np.ptp(quality) > 0 else -np.inf
    usable = np.flatnonzero(quality >= least)
    labels, centres = _clustered(rows[usable], min(clusters, len(usable)), seed)
    apart = np.linalg.norm(rows[usable] - centres[labels], axis=1)
    members = [np.flatnonzero(labels == one) for one in range(len(centres))]
    members.sort(key=len, reverse=True)
    first = [int(usable[_best(one, apart, quality[usable])]) for one in members]
    rest = [int(usable[place]) for place in np.argsort(apart, kind="stable")]
    return list(dict.fromkeys([*first, *rest, *range(len(rows))]))


def _best(members: NDArray[np.intp], apart: NDArray[np.floating], quality: Floats) -> int:
    """The nearest to the centre among the better half."""
    better = members[quality[members] >= np.median(quality[members])]
    return int(better[np.argmin(apart[better])])


def _clustered(rows: Floats, count: int, seed: int) -> tuple[NDArray[np.intp], Floats]:
    from sklearn.cluster import KMeans

    count = min(count, len(np.unique(rows, axis=0)))  # k-means warns of more clusters than different rows
    found = KMeans(count, n_init=3, random_state=seed).fit(rows)
    return np.asarray(found.labels_, np.intp), np.asarray(found.cluster_centers_, np.float32)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)

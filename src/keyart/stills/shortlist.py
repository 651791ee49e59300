"""Which samples are worth a full look: the best of each cluster, the most promising first. thesis §4.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from keyart.stills.cluster import Labels, similarity_matrix
from keyart.stills.rank import Surroundings
from keyart.stills.sample import Sample, face_promise

PerCluster = Literal["best", "sharpest"]


def shortlist(
    passed: Sequence[Sample],
    labels: Labels,
    around: Surroundings,
    per_cluster: PerCluster,
    num_more: int,
    least: int = 0,
) -> list[int]:
    """Indices in the order of promise: one of each cluster, then up to `num_more` of what differs most from those.

    Where these are fewer than `least`, the most promising of the rest follow: what looks alike at a glance may differ
    in an eye or a word.
    """
    num_clusters = int(labels.max()) + 1
    clusters = [[int(i) for i in np.flatnonzero(labels == label)] for label in range(num_clusters)]
    first = [representative(members, passed, per_cluster) for members in clusters]
    first.sort(key=lambda i: (-_promise(passed[i], around), i))
    if per_cluster == "sharpest":
        return first
    found = first + _farthest(passed, first, num_more)
    if len(found) >= least:
        return found
    rest = sorted(set(range(len(passed))).difference(found), key=lambda i: (-_promise(passed[i], around), i))
    return found + rest[: least - len(found)]


def representative(members: Sequence[int], passed: Sequence[Sample], per_cluster: PerCluster) -> int:
    """i* of thesis §4.4; or, of those at least half as sharp, the one whose face shows best."""
    if per_cluster == "sharpest":
        return max(members, key=lambda i: (passed[i].sharpness, -i))
    most = max(passed[i].sharpness for i in members)
    close = [i for i in members if passed[i].sharpness >= 0.5 * most]
    # in rough steps, so that of a picture and its repetition later in the video the first is taken
    return max(close, key=lambda i: (round(face_promise(passed[i]), 1), round(8 * passed[i].sharpness / most), -i))


def _farthest(passed: Sequence[Sample], have: list[int], num: int) -> list[int]:
    """Up to `num` more, each the least like all those before it: a long static shot has its moments too."""
    rows = similarity_matrix(np.stack([sample.embedding for sample in passed]))
    nearest = rows[have].max(axis=0)
    found: list[int] = []
    while len(found) < num and float(nearest.min()) < 0.97:
        index = int(np.argmin(nearest))
        found.append(index)
        nearest = np.maximum(nearest, rows[index])
        nearest[index] = 1.0
    return found


def _promise(sample: Sample, around: Surroundings) -> float:
    """A guess at the score from the sample's own numbers, before its picture is looked at in full."""
    face = face_promise(sample)
    sharp = sample.sharpness / (sample.sharpness + 0.5 * around.sharpness)
    light = 1.0 - abs(sample.brightness - 0.5)
    return face + 0.5 * sharp + 0.4 * light + 0.5 * (1.0 - sample.flat_share) - 4.0 * min(0.1, sample.change)

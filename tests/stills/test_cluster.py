"""Clusters of hand-made similarity matrices."""

from __future__ import annotations

import numpy as np
import pytest

from keyart.stills.cluster import CLUSTERERS, Labels, Similarity, dbscan, greedy, sharpest, similarity_matrix


def symmetric(rows: list[list[float]]) -> Similarity:
    matrix = np.array(rows, np.float32)
    return np.maximum(matrix, matrix.T)


def groups(labels: Labels) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


TWO_GROUPS = symmetric(
    [[1, 0.9, 0.95, 0.1, 0.2], [0, 1, 0.9, 0.1, 0.1], [0, 0, 1, 0.2, 0.1], [0, 0, 0, 1, 0.85], [0.0] * 4 + [1.0]]
)
CHAIN = symmetric([[1, 0.9, 0.5, 0.2], [0, 1, 0.9, 0.5], [0, 0, 1, 0.9], [0, 0, 0, 1]])


def test_similarity_is_the_cosine() -> None:
    s = similarity_matrix(np.array([[3.0, 0.0], [1.0, 1.0], [0.0, -2.0]]))
    assert s == pytest.approx(np.array([[1, 0.7071, 0], [0.7071, 1, -0.7071], [0, -0.7071, 1]]), abs=1e-4)


@pytest.mark.parametrize("name", CLUSTERERS)
def test_every_clusterer_parts_two_groups(name: str) -> None:
    assert groups(CLUSTERERS[name](TWO_GROUPS, 0.8)) == {frozenset({0, 1, 2}), frozenset({3, 4})}


@pytest.mark.parametrize("name", CLUSTERERS)
def test_every_picture_gets_a_cluster(name: str) -> None:
    apart = np.eye(4, dtype=np.float32)
    assert sorted(CLUSTERERS[name](apart, 0.5).tolist()) == [0, 1, 2, 3]
    assert CLUSTERERS[name](np.ones((3, 3), np.float32), 0.5).tolist() == [0, 0, 0]
    assert CLUSTERERS[name](np.empty((0, 0), np.float32), 0.5).size == 0


def test_dbscan_follows_a_chain_and_greedy_does_not() -> None:
    assert groups(dbscan(CHAIN, 0.8)) == {frozenset({0, 1, 2, 3})}
    # sums: 2.6, 3.3, 3.3, 2.6: picture 1 is the first centroid, takes 0 and 2, and 3 is left alone
    assert groups(greedy(CHAIN, 0.8)) == {frozenset({0, 1, 2}), frozenset({3})}


def test_dbscan_takes_what_lies_on_the_threshold_and_greedy_only_what_exceeds_it() -> None:
    pair = symmetric([[1, 0.8], [0, 1]])
    assert dbscan(pair, 0.8).tolist() == [0, 0]
    assert groups(greedy(pair, 0.8)) == {frozenset({0}), frozenset({1})}


def test_greedy_starts_with_the_largest_sum() -> None:
    star = symmetric([[1, 0.1, 0.9, 0.1], [0, 1, 0.9, 0.1], [0, 0, 1, 0.9], [0, 0, 0, 1]])
    assert greedy(star, 0.8).tolist() == [0, 0, 0, 0]  # picture 2 is like all the others


def test_sharpest_of_each_cluster_the_earlier_of_equals() -> None:
    assert sharpest(np.array([0, 1, 0, 1, 2]), [5.0, 2.0, 9.0, 2.0, 1.0]) == (2, 1, 4)
    assert sharpest(np.empty(0, np.int64), []) == ()

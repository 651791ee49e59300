"""Proposals of GIFs from comments (seed 002, annotation)."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from keyart.errors import BadSetting
from keyart.learn.gif.proposals import are_disjoint, peaks, proposals

COUNTS = [5, 9, 1, 4, 2, 2, 8, 1, 2, 0, 3, 3, 1, 6, 0, 7, 9, 8]


def test_a_peak_has_more_comments_than_both_its_neighbours() -> None:
    assert peaks(COUNTS).tolist() == [1, 3, 6, 8, 13, 16]  # 10 and 11 are level


def test_both_ends_are_left_out() -> None:
    assert peaks(COUNTS, ends=0.15).tolist() == [3, 6, 8, 13]
    assert peaks([9, 1, 9]).tolist() == []
    assert peaks([]).tolist() == []


@pytest.mark.parametrize("ends", [-0.1, 0.5])
def test_ends_leave_something_between_them(ends: float) -> None:
    with pytest.raises(BadSetting, match=r"less than 0\.5"):
        peaks(COUNTS, ends)


def test_more_than_thirty_different_triples_of_three_peaks() -> None:
    found = proposals(COUNTS)
    assert len(found) > 30
    assert len(set(found)) == len(found)
    for triple in found:
        assert set(triple) <= set(peaks(COUNTS).tolist())
        assert are_disjoint(triple)
    assert any(list(triple) != sorted(triple) for triple in found)


def test_longer_shots_do_not_overlap() -> None:
    found = proposals(COUNTS, 20, shot_seconds=3)
    assert found
    assert all(are_disjoint(triple, 3) for triple in found)
    assert not all(are_disjoint(triple, 3) for triple in proposals(COUNTS, 20))


def test_shots_are_drawn_in_proportion_to_their_comments() -> None:
    counts = [0, 1, 0, 3, 0, 6, 0, 10, 0]
    first = Counter(proposals(counts, 1, seed)[0][0] for seed in range(4000))
    shares = np.array([first[second] for second in (1, 3, 5, 7)]) / 4000
    assert shares == pytest.approx(np.array([1, 3, 6, 10]) / 20, abs=0.03)


def test_the_same_seed_makes_the_same_proposals() -> None:
    assert proposals(COUNTS, 10, 3) == proposals(COUNTS, 10, 3)
    assert proposals(COUNTS, 10, 3) != proposals(COUNTS, 10, 4)


def test_where_there_are_few_peaks_there_are_few_proposals() -> None:
    assert len(proposals([0, 2, 0, 3, 0, 4, 0])) == 6  # every order of three
    assert proposals([0, 2, 0, 3, 0]) == ()
    assert proposals([]) == ()

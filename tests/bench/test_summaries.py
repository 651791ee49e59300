"""The scorers of `bench summaries` on numbers checked by hand, and on people's votes where those are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.summaries import edges, people_of_tvsum, tvsum
from bench.summary_checks import boxes, check_file, cuts_in_words
from bench.summary_scores import (
    agreement_with_the_rest,
    f1,
    f1_against,
    kendall_tau,
    key_shots,
    pairwise_agreement,
    segments_of,
    spearman_rho,
)


def test_kendall_counts_pairs_and_ties() -> None:
    one, other = np.array([1, 2, 3, 4, 5]), np.array([1, 2, 3, 5, 4])
    assert kendall_tau(one, other) == pytest.approx(8 / 10)  # nine pairs agree, one does not
    assert kendall_tau(one, one[::-1]) == pytest.approx(-1)
    tied = np.array([1, 1, 2, 3, 4])
    assert kendall_tau(one, tied) == pytest.approx(9 / np.sqrt(10 * 9))
    assert kendall_tau(one, np.ones(5)) == 0


def test_spearman_is_the_correlation_of_ranks() -> None:
    one, other = np.array([10, 20, 30, 40, 50]), np.array([1, 2, 3, 500, 4])
    assert spearman_rho(one, other) == pytest.approx(1 - 6 * 2 / (5 * 24))
    assert spearman_rho(one, np.zeros(5)) == 0


def test_agreement_of_people() -> None:
    users = np.array([[1, 2, 3, 4], [1, 2, 3, 4], [4, 3, 2, 1]])
    assert pairwise_agreement(users, kendall_tau) == pytest.approx(-1 / 3)
    # against the mean of the others: the two that agree meet an even mean, the third their opposite
    assert agreement_with_the_rest(users, kendall_tau) == pytest.approx((0 + 0 - 1) / 3)


def test_key_shots_fill_the_share_and_no_more() -> None:
    scores = np.array([0, 0, 9, 9, 1, 1, 5, 5, 2, 2], float)
    segments = segments_of(10, 2)
    assert segments[-1] == (8, 10)
    assert key_shots(scores, segments, 0.4).nonzero()[0].tolist() == [2, 3, 6, 7]
    assert key_shots(scores, segments, 0.3).nonzero()[0].tolist() == [2, 3]


def test_f1_against_several_people() -> None:
    kept = np.array([1, 1, 0, 0, 0, 0], bool)
    same, half, none = kept, np.array([0, 1, 1, 0, 0, 0], bool), ~kept
    assert f1(kept, same) == 1
    assert f1(kept, half) == pytest.approx(0.5)
    assert f1(kept, none) == 0
    assert f1_against(kept, np.stack([half, none, same])) == 1
    assert f1_against(kept, np.stack([half, none]), lambda values: sum(values) / 2) == pytest.approx(0.25)


def test_a_cut_near_the_end_of_a_word_is_not_inside_it() -> None:
    words = [(1.0, 1.5), (2.0, 2.6)]
    assert cuts_in_words([0.5, 1.04, 1.46, 1.7, 2.3], words) == 1


def test_the_ends_of_the_video_are_no_cuts() -> None:
    pieces = [{"start": 0.0, "end": 4.0}, {"start": 6.0, "end": 9.98}]
    assert edges(pieces, 10.0) == [4.0, 6.0]
    assert edges(pieces, 20.0) == [4.0, 6.0, 9.98]


def test_the_known_values_of_people_come_out(media: Path) -> None:
    folder = media.parent / "gt" / "tvsum"
    if not folder.is_dir():
        pytest.skip("no annotations of TVSum here")
    videos = dict(list(tvsum(folder).items())[:3])  # all fifty take a minute; `python -m bench summaries` does them
    rows = people_of_tvsum(videos)
    assert 0.05 < rows["human pairwise"]["tau"] < 0.3
    assert rows["mean of the others"]["tau"] > rows["human pairwise"]["tau"]
    assert abs(rows["random"]["tau"]) < 0.1


def test_a_file_that_breaks_its_promises_is_found_out(clip, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = clip()
    facts = {"max_bytes": 10, "size_px": [640, 360], "seconds": 9.0}
    faults = " ".join(check_file(path, facts, 2.0))
    assert "allowed are 10" in faults
    assert "['mdat', 'moov']" in faults
    assert "320 x 180" in faults
    assert "3.000 s, allowed are 2" in faults
    assert "the receipt says 9.0" in faults
    assert boxes(path)[0] == "ftyp"

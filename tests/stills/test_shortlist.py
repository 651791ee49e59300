"""Which samples are worth a full look."""

from __future__ import annotations

import numpy as np

from keyart.stills.cluster import Labels
from keyart.stills.rank import surroundings
from keyart.stills.sample import Sample
from keyart.stills.shortlist import PerCluster, shortlist
from tests.stills.conftest import face_of, sample_of


def listed(samples: list[Sample], least: int, num_more: int = 24, per_cluster: PerCluster = "best") -> list[int]:
    labels: Labels = np.zeros(len(samples), np.int64)
    around = surroundings(samples, labels.tolist(), 10.0, frozenset())
    return shortlist(samples, labels, around, per_cluster, num_more, least)


def test_in_a_video_of_one_view_the_most_promising_are_looked_at_though_they_look_alike() -> None:
    soft = [sample_of(number=n, sharpness=400.0 - n) for n in range(5)]
    shown = sample_of(number=5, sharpness=190.0, faces=(face_of(),))  # less than half as sharp, but somebody is there
    assert listed([*soft, shown], least=0) == [0]
    assert listed([*soft, shown], least=3) == [0, 5, 1]
    assert listed([*soft, shown], least=20) == [0, 5, 1, 2, 3, 4]


def test_where_there_is_enough_to_look_at_nothing_is_added() -> None:
    views = [sample_of(number=n, embedding=row) for n, row in enumerate(np.eye(4, dtype=np.float16))]
    again = [*views, *(sample_of(number=4 + n, embedding=one.embedding) for n, one in enumerate(views))]
    assert len(listed(again, least=4)) == 4
    assert sorted(listed(again, least=6)[:4]) == [0, 1, 2, 3]


def test_the_thesis_s_own_choice_is_one_of_each_cluster_and_no_other() -> None:
    assert listed([sample_of(number=n) for n in range(4)], least=4, per_cluster="sharpest") == [0]

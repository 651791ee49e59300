"""The field's protocol on numbers checked by hand, against plain loops, and against what is published of TVSum."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.protocol import (
    Judge,
    Numbers,
    agreement_with_the_rest,
    evaluate,
    f1,
    f1_against,
    frame_scores,
    half_interval,
    human_marks,
    human_row,
    judges_of,
    kendall_tau,
    kendall_taus,
    kept_by_people,
    key_shots,
    kts_segments,
    pairwise_agreement,
    random_row,
    random_splits,
    read_splits,
    spearman_rho,
    spearman_rhos,
)
from keyart.learn.sets.tvsum import read_tvsum_npz
from keyart.learn.sets.values import AnnotatedVideo, VideoSplit, even_segments, no_features


def video(
    name: str = "one", people: int = 3, frames: int = 300, seed: int = 0, *, scored: bool = True
) -> AnnotatedVideo:
    """People who agree with each other up to noise."""
    random = np.random.default_rng(seed)
    taste = np.repeat(random.random(frames // 30), 30)
    scores = (taste + 0.3 * random.random((people, frames))).astype(np.float32)
    segments, picks = even_segments(frames, 30), np.arange(0, frames, 15)
    kept = np.array([key_shots(one, segments) for one in scores]).reshape(people, frames)
    return AnnotatedVideo(
        name=name,
        features=no_features(),
        picks=picks,
        num_frames=frames,
        frames_per_second=15.0,
        segments=segments,
        scores=scores if scored else np.zeros((0, frames), np.float32),
        summaries=np.zeros((0, frames), np.bool_) if scored else kept,
        target=np.clip(taste[picks], 0, 1).astype(np.float32),
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
    segments = even_segments(10, 2)
    assert segments[-1].tolist() == [8, 9]
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


def test_all_correlations_at_once_are_those_one_by_one() -> None:
    random = np.random.default_rng(3)
    left, right = random.integers(0, 4, (5, 40)).astype(float), random.random((3, 40))
    left[4] = 1.0
    for many, single in ((kendall_taus, kendall_tau), (spearman_rhos, spearman_rho)):
        found = many(left, right)
        assert found.shape == (5, 3)
        np.testing.assert_allclose(found, [[single(one, other) for other in right] for one in left], atol=1e-6)
        assert not found[4].any()


def test_scores_are_held_until_the_next_pick() -> None:
    assert frame_scores(np.array([3.0, 1.0, 2.0]), np.array([1, 3, 4]), 6).tolist() == [3, 3, 3, 1, 2, 2]
    with pytest.raises(BadData, match="for each"):
        frame_scores(np.array([3.0]), np.array([0, 1]), 4)
    with pytest.raises(BadData, match="finite"):
        frame_scores(np.array([np.nan, 1.0]), np.array([0, 1]), 4)


def best_by_trying(scores: Numbers, segments: NDArray[np.int64], share: float) -> float:
    lengths = segments[:, 1] - segments[:, 0] + 1
    values = [scores[a : b + 1].mean() for a, b in segments]
    worths = [0.0]
    for count in range(1, len(segments) + 1):
        for some in combinations(range(len(segments)), count):
            if lengths[list(some)].sum() <= int(len(scores) * share):
                worths.append(sum(values[one] for one in some))
    return max(worths)


@pytest.mark.parametrize("seed", range(5))
def test_no_choice_is_worth_more_than_the_key_shots(seed: int) -> None:
    random = np.random.default_rng(seed)
    ends = np.cumsum(random.integers(2, 9, 9)) - 1
    segments = np.stack([np.concatenate([[0], ends[:-1] + 1]), ends], axis=1)
    scores = random.random(int(ends[-1]) + 1)
    kept = key_shots(scores, segments, 0.4)
    worth = sum(scores[a : b + 1].mean() for a, b in segments if kept[a])
    assert worth == pytest.approx(best_by_trying(scores, segments, 0.4))
    assert kept.sum() <= 0.4 * len(scores)


def brute_cuts(rows: Numbers, count: int) -> tuple[int, ...]:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def scatter(cuts: Sequence[int]) -> float:
        parts = np.split(unit, cuts)
        return sum(float(((one - one.mean(axis=0)) ** 2).sum()) for one in parts)

    return min(combinations(range(1, len(rows)), count), key=scatter)


def test_kernel_segments_are_where_brute_force_puts_them() -> None:
    random = np.random.default_rng(1)
    centres = np.eye(4)[[0, 1, 2]]
    rows = np.repeat(centres, [4, 5, 3], axis=0) + 0.05 * random.normal(size=(12, 4))
    found = kts_segments(rows.astype(np.float32), np.arange(0, 120, 10), 120, most=5)
    assert tuple(found[1:, 0] // 10) == brute_cuts(rows, 2) == (4, 9)
    assert found[0, 0] == 0 and found[-1, 1] == 119
    assert (found[1:, 0] == found[:-1, 1] + 1).all()


def test_an_even_video_is_one_kernel_segment() -> None:
    rows = np.ones((30, 3), np.float32)
    assert kts_segments(rows, np.arange(30), 30).tolist() == [[0, 29]]
    with pytest.raises(BadData, match="for 3 picks"):
        kts_segments(rows, np.arange(3), 30)


def test_splits_are_the_seeds_and_keep_the_sides_apart() -> None:
    names = [f"v{number}" for number in range(25)]
    splits = random_splits(names, seed=4)
    assert splits == random_splits(reversed(names), seed=4) != random_splits(names, seed=5)
    assert [len(one.test) for one in splits] == [5] * 5
    assert all(set(one.train) | set(one.test) == set(names) for one in splits)
    with pytest.raises(BadData, match="two or more"):
        random_splits(["v"])
    with pytest.raises(BadData, match="1 in both"):
        VideoSplit(("a",), ("a",))


def test_published_splits_are_read(tmp_path: Path) -> None:
    path = tmp_path / "splits.json"
    path.write_text(json.dumps([{"train_keys": ["x.h5/video_2", "video_3"], "test_keys": ["video_1"]}]))
    assert read_splits(path) == (VideoSplit(("video_2", "video_3"), ("video_1",)),)
    path.write_text('[{"train": []}]')
    with pytest.raises(BadData, match="train_keys"):
        read_splits(path)
    path.write_text(json.dumps([{"train_keys": ["a"], "test_keys": ["a"]}]))
    with pytest.raises(BadData, match="in both"):
        read_splits(path)
    with pytest.raises(MissingFile):
        read_splits(tmp_path / "none.json")


@pytest.mark.parametrize("scored", [True, False])
def test_a_judge_does_what_the_definition_says(scored: bool) -> None:
    one = video(scored=scored)
    row = np.random.default_rng(9).random(len(one.picks))
    frames = frame_scores(row, one.picks, one.num_frames)
    marks = Judge.of(one, "mean").marks(row)
    truths = kept_by_people(one)
    assert marks.f1 == pytest.approx(np.mean([f1(key_shots(frames, one.segments), other) for other in truths]))
    wanted = one.scores if scored else truths.mean(axis=0, keepdims=True)
    assert marks.tau == pytest.approx(np.mean([kendall_tau(row, other[::15]) for other in wanted]), abs=1e-6)
    assert marks.rho == pytest.approx(np.mean([spearman_rho(row, other[::15]) for other in wanted]))
    assert Judge.of(one, "max").marks(row).f1 >= marks.f1


def test_who_knows_the_truth_beats_people_and_people_beat_chance() -> None:
    videos = [video(f"v{number}", seed=number) for number in range(10)]
    splits, judges = random_splits([one.name for one in videos]), judges_of(videos, "mean")
    known = {one.name: one.target for one in videos}
    seen: list[set[str]] = []

    def learn(train: Sequence[AnnotatedVideo], split: int) -> object:
        seen.append({one.name for one in train})
        return lambda one: known[one.name]

    truth = evaluate(learn, videos, splits, "mean", judges)  # type: ignore[arg-type]  # the test's own scorer
    human, chance = human_row(judges, splits), random_row(judges, splits, runs=20)
    assert truth.marks.tau > human.marks.tau > chance.marks.tau
    assert truth.marks.f1 > human.marks.f1 > chance.marks.f1
    assert abs(chance.marks.rho) < 0.05
    assert seen == [set(one.train) for one in splits]
    assert truth.intervals.tau == pytest.approx(half_interval([one.tau for one in truth.splits]))


def test_the_interval_is_students() -> None:
    assert half_interval([1.0, 2.0, 3.0]) == pytest.approx(4.3027 / np.sqrt(3), abs=1e-3)
    assert half_interval([5.0]) == 0


def test_nobody_to_be_judged_by() -> None:
    one = video(people=1)
    with pytest.raises(BadData, match="one person"):
        human_marks(Judge.of(one, "mean"))
    lonely = video(people=0)
    with pytest.raises(BadData, match="nobody"):
        kept_by_people(lonely)


def test_the_published_rows_of_tvsum_come_out(media: Path) -> None:
    folder = media.parent / "gt" / "tvsum"
    if not folder.is_dir():
        pytest.skip("no annotations of TVSum here")
    videos = read_tvsum_npz(folder / "tvsum50_scores.npz", folder / "tvsum50_info.json")
    taus, rhos = [], []
    for one in videos:
        strided, pairs = one.scores[:, ::15], np.triu_indices(len(one.scores), 1)
        taus.append(kendall_taus(strided, strided)[pairs].mean())
        rhos.append(spearman_rhos(strided, strided)[pairs].mean())
    assert np.mean(taus) == pytest.approx(0.177, abs=5e-4)
    assert np.mean(rhos) == pytest.approx(0.204, abs=5e-4)

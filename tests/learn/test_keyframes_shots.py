from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from keyart.learn.data import BadData
from keyart.learn.keyframes.crops import center_crop, flipped, random_resized_crop
from keyart.learn.keyframes.layer4 import drawn
from keyart.learn.keyframes.measures import best_threshold, measured
from keyart.learn.keyframes.shots import Parts, ShotVideo, all_keys, key_shots, shot_middles, split_videos
from keyart.learn.sets.tvsum import read_tvsum_npz
from tests.conftest import MEDIA

RNG = np.random.default_rng(0)


def video(name: str, shots: int = 5) -> ShotVideo:
    return ShotVideo(name, np.arange(shots) == 0, features=np.zeros((shots, 3), np.float32))


def test_a_shot_is_looked_at_in_its_middle_and_a_short_rest_is_no_shot() -> None:
    assert shot_middles(274, 25.0).tolist() == [25, 75, 125, 175, 225]
    assert shot_middles(276, 25.0).tolist() == [25, 75, 125, 175, 225, 275]
    assert shot_middles(10, 25.0).tolist() == [5], "a video shorter than a shot is one"
    with pytest.raises(BadData, match="0 frames"):
        shot_middles(0, 25.0)


def test_key_shots_are_those_that_reach_the_score_or_the_best_share() -> None:
    means = np.array([3.0, 4.0, 2.0, 4.5, 4.5, 1.0, 3.9])
    assert np.flatnonzero(key_shots(means, "score", 4.0)).tolist() == [1, 3, 4]
    assert np.flatnonzero(key_shots(means, "share", 0.3)).tolist() == [3, 4], "two of seven"
    assert np.flatnonzero(key_shots(means, "share", 0.15)).tolist() == [3], "of equals the first; one at least"


def test_videos_are_split_by_name_and_no_video_is_in_two_parts() -> None:
    videos = tuple(video(f"v{number}") for number in range(50))
    parts = split_videos(videos, 3)
    names = [{one.name for one in part} for part in (parts.train, parts.validation, parts.test)]
    assert [len(one) for one in names] == [34, 8, 8]
    assert set.union(*names) == {one.name for one in videos} and sum(map(len, names)) == 50
    assert split_videos(videos, 3) == parts != split_videos(videos, 4)
    assert isinstance(parts, Parts)
    with pytest.raises(BadData, match="3 videos cannot be split"):
        split_videos(videos[:3])


def test_a_video_of_wrong_shapes_cannot_be_made() -> None:
    key = np.ones(3, np.bool_)
    tried: list[tuple[Callable[[], ShotVideo], str]] = [
        (lambda: ShotVideo("x", key), "neither"),
        (lambda: ShotVideo("x", key, features=np.zeros((2, 4), np.float32)), r"wanted is \(3, d\)"),
        (lambda: ShotVideo("x", key, pictures=(np.zeros((2, 2, 3), np.uint8),)), "1 pictures for 3 shots"),
        (lambda: ShotVideo("x", np.zeros(0, np.bool_)), "one bool a shot"),
    ]
    for wrong, words in tried:
        with pytest.raises(BadData, match=words):
            wrong()


def test_measures_by_hand() -> None:
    key = np.array([1, 1, 0, 0, 1, 0], np.bool_)
    probabilities = np.array([0.9, 0.4, 0.6, 0.2, 0.5, 0.1])
    found = measured(key, probabilities)
    # said key: 0, 2, 4; of them 0 and 4 are, 1 is missed
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert found.accuracy == pytest.approx(4 / 6)
    # ranks of the key shots: 1, 3, 4
    assert found.pr_auc == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    assert measured(np.zeros(6, np.bool_), probabilities).pr_auc == 0.0


def test_the_own_threshold_is_where_f1_is_highest() -> None:
    key = np.array([1, 1, 0, 0, 1, 0], np.bool_)
    probabilities = np.array([0.9, 0.4, 0.6, 0.2, 0.5, 0.1])
    tried = {float(one): measured(key, probabilities, float(one)).f1 for one in probabilities}
    assert best_threshold(key, probabilities) == max(tried, key=lambda one: tried[one]) == 0.4
    assert best_threshold(np.zeros(6, np.bool_), probabilities) == 0.5


def test_key_shots_are_drawn_six_times_as_often() -> None:
    key = np.arange(7000) < 1000
    places = drawn(key, 6.0, seed=0, epoch=0)
    assert len(places) == 7000
    assert np.mean(key[places]) == pytest.approx(0.5, abs=0.02), "one in seven, six times: even"
    assert (drawn(key, 6.0, 0, 0) == places).all() and (drawn(key, 6.0, 0, 1) != places).any()
    assert np.mean(key[drawn(key, 1.0, 0, 0)]) == pytest.approx(1 / 7, abs=0.02)


def test_a_random_crop_lies_inside_and_has_the_size_ratio_and_area_it_may_have() -> None:
    down, across = np.mgrid[:60, :80]
    image = np.stack([across, down, np.zeros_like(down)], -1).astype(np.uint8)
    for seed in range(50):
        crop = random_resized_crop(image, 24, np.random.default_rng(seed), (0.3, 0.5)).astype(float)
        assert crop.shape == (24, 24, 3)
        width, height = np.ptp(crop[..., 0]) * 24 / 23, np.ptp(crop[..., 1]) * 24 / 23
        assert 0.25 * 4800 < width * height < 0.56 * 4800
        assert 0.68 < width / height < 1.47
    tall = np.zeros((100, 4, 3), np.uint8)
    assert random_resized_crop(tall, 16, np.random.default_rng(0), (0.9, 1.0)).shape == (16, 16, 3), "nothing fits"


def test_half_of_the_pictures_are_flipped() -> None:
    image = RNG.integers(0, 255, (8, 8, 3), np.uint8)
    chance = np.random.default_rng(1)
    turned = [bool((flipped(image, chance) == image[:, ::-1]).all()) for _ in range(200)]
    assert 70 < sum(turned) < 130


def test_a_center_crop_is_the_middle() -> None:
    image = np.zeros((64, 128, 3), np.uint8)
    image[:, 40:88] = 200
    crop = center_crop(image, 28)  # the shorter side becomes 32
    assert crop.shape == (28, 28, 3) and (crop[:, 4:24] == 200).all() and crop[:, :1].max() < 60
    same = RNG.integers(0, 255, (32, 32, 3), np.uint8)
    assert (center_crop(same, 32, zoom=1.0) == same).all()


@pytest.mark.skipif(not (MEDIA.parent / "gt" / "tvsum").is_dir(), reason="TVSum's annotations are not here")
def test_what_the_thesis_says_of_tvsum_and_what_is_there() -> None:
    """'About 15 % of shots have a mean >= 4': nine of 6317 have."""
    folder: Path = MEDIA.parent / "gt" / "tvsum"
    videos = read_tvsum_npz(folder / "tvsum50_scores.npz", folder / "tvsum50_info.json")
    means = [one.scores[:, shot_middles(one.num_frames, one.frames_per_second)].mean(axis=0) for one in videos]
    assert len(np.concatenate(means)) == pytest.approx(6317, abs=30)
    assert 5 <= sum(int(key_shots(one, "score", 4.0).sum()) for one in means) <= 12
    shares = np.concatenate([key_shots(one, "share", 0.15) for one in means])
    assert np.mean(shares) == pytest.approx(0.15, abs=0.003)


def test_keys_of_several_videos_are_one_row() -> None:
    assert all_keys([video("a", 2), video("b", 3)]).tolist() == [True, False, True, False, False]

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keyart.learn.data import BadData
from keyart.learn.thumbnails.aesthetics import by_terms, judge_of
from keyart.learn.thumbnails.matching import hits, most_selected, ssim, top_matching
from keyart.learn.thumbnails.videos import ThumbnailVideo, chosen_frames
from keyart.types import RGB

RNG = np.random.default_rng(0)


def picture(height: int = 60, width: int = 80) -> RGB:
    coarse = RNG.integers(0, 255, (height // 10, width // 10, 3))
    return np.asarray(np.kron(coarse, np.ones((10, 10, 1))), np.uint8)


def alike(*rows: str) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.array([[one == "x" for one in row] for row in rows], np.bool_)


def test_the_most_selected_and_those_as_often_selected() -> None:
    assert most_selected([[1, 2], [2, 3], [2, 3, 4], [4, 4, 4], [9]]) == (2, 3, 4), "a person has one vote a frame"
    assert most_selected([[1, 2], [3, 4]]) == (1, 2, 3, 4), "all equal"
    assert most_selected([[7], [7]]) == (7,)
    assert most_selected([[], []]) == ()


def test_each_chosen_picture_counts_once() -> None:
    # frames     0123
    table = alike("xx..", ".x..", "...x")
    assert top_matching([0, 1, 3], table) == 1.0
    assert top_matching([1, 0, 2], table) == pytest.approx(2 / 3), "the first finds the second, so both count"
    assert top_matching([0, 2, 3], table) == pytest.approx(2 / 3)
    assert top_matching([0, 0, 0], alike("x...")) == pytest.approx(1 / 3)
    assert top_matching([2, 2, 2, 3], table) == 0.0, "only the first three"
    assert top_matching([], table) == top_matching([0], np.zeros((0, 4), np.bool_)) == 0.0
    five = alike("x....", "x....", ".x...", "..x..", "....x")
    assert top_matching([0, 1, 2], five) == 1.0, "more pictures than picks"


def test_hits_count_every_pick() -> None:
    table = alike("xx..", "....")
    assert hits([0, 1, 2], table) == pytest.approx(2 / 3)
    assert top_matching([0, 1, 2], table) == pytest.approx(1 / 3)
    assert hits([0], np.zeros((0, 4), np.bool_)) == 0.0


def test_ssim_by_its_formula() -> None:
    """Of two even pictures only the light term is left: (2 a b + C1) / (a a + b b + C1)."""
    one, other = np.full((32, 32, 3), 100, np.uint8), np.full((32, 32, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(one, other) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))
    image = picture()
    assert ssim(image, image) == pytest.approx(1.0)
    noisy = np.clip(image + RNG.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
    assert ssim(image, noisy) > 0.7 > ssim(image, picture())
    with pytest.raises(ValueError, match="one size"):
        ssim(image, image[:-1])


def test_ssim_as_another_library_has_it() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    import cv2

    one = picture()
    for other in (picture(), np.roll(one, 2, axis=1), cv2.GaussianBlur(one, (0, 0), 1.0)):
        gray = [
            cv2.cvtColor(np.asarray(each, np.uint8), cv2.COLOR_RGB2GRAY).astype(np.float64) for each in (one, other)
        ]
        wanted = metrics.structural_similarity(
            *gray, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        assert ssim(one, np.asarray(other, np.uint8)) == pytest.approx(wanted, abs=1e-4)


def test_frames_that_people_chose_are_read_from_their_names(tmp_path: Path) -> None:
    for person, numbers in (("user1", (10, 250)), ("user2", (10, 300)), ("user3", (10, 250))):
        (tmp_path / "UserSummary" / "v21" / person).mkdir(parents=True)
        for number in numbers:
            (tmp_path / "UserSummary" / "v21" / person / f"Frame{number}.jpeg").touch()
    (tmp_path / "UserSummary" / "v21" / "user1" / "notes5.txt").touch()
    assert chosen_frames(tmp_path, "v21") == (10, 250, 300)
    assert chosen_frames(tmp_path, "v22") == ()


def test_a_fine_picture_is_worth_more_than_a_dull_one() -> None:
    ground = np.linspace(0, 1, 320)[None, :, None] * np.array([230, 120, 60]) + 20
    fine = np.clip(ground + RNG.normal(0, 30, (180, 320, 3)), 0, 255).astype(np.uint8)
    dull, dark = np.full((180, 320, 3), 128, np.uint8), (fine // 30).astype(np.uint8)
    scores = by_terms([fine, dull, dark])
    assert scores.dtype == np.float32 and scores.min() >= 0 and scores.max() <= 1
    assert scores[0] > 0.5 > scores[1] and scores[0] > scores[2] + 0.2
    assert judge_of(None) == (by_terms, "stills' terms")


def test_a_video_of_wrong_shapes_cannot_be_made() -> None:
    rows, scores, none = np.ones((4, 2), np.float32), np.full(4, 0.5, np.float32), np.zeros((0, 4), np.bool_)
    ThumbnailVideo("x", rows, scores, none)
    for changed, words in (
        ((rows[:0], scores, none), "features"),
        ((rows, scores[:3], none), "wanted are 4 numbers"),
        ((rows, scores * 3, none), r"0 \.\.\. 1"),
        ((rows, scores, none[:, :3]), r"wanted is \(chosen, 4\)"),
    ):
        with pytest.raises(BadData, match=words):
            ThumbnailVideo("x", *changed)

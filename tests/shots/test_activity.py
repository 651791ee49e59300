"""Motion, what it does not explain, and both in one number, on pictures whose motion is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from keyart.shots.activity import STILL, Activity, Measures, activity, dissimilarity, motion, warped
from keyart.types import Gray


def texture(seed: int, rows: int = 90, columns: int = 160) -> Gray:
    """Smooth random patches with edges between them, larger than what is cut out of it."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 236, (rows // 8, columns // 8)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(cv2.resize(coarse, (columns, rows)), (0, 0), 1.5), np.uint8)


def moved(picture: Gray, x: float, y: float = 0.0) -> Gray:
    way = np.array([[1, 0, x], [0, 1, y]], np.float32)
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, way, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


@pytest.mark.parametrize("pixels", [1.0, 2.0, 4.0])
def test_motion_is_measured_in_hundredths_of_the_longer_side(pixels: float) -> None:
    one = texture(1)
    assert activity(one, moved(one, pixels)).amm == pytest.approx(100 * pixels / 160, rel=0.25)


def test_same_picture_is_still() -> None:
    found = activity(texture(1), texture(1))
    assert found.amm < 0.01 and found.swr < 1e-3 and found.act < 0.01


def test_motion_explains_a_pan_but_not_a_cut() -> None:
    one = texture(1)
    pan, cut = activity(one, moved(one, 3, 1)), activity(one, texture(2))
    assert dissimilarity(one, moved(one, 3, 1)) > 4 * pan.swr
    assert cut.swr > 5 * pan.swr and cut.act > 3 * pan.act


@pytest.mark.parametrize(("gain", "light"), [(0.6, 0), (1.0, 40), (0.8, 30)])
def test_light_does_not_count(gain: float, light: int) -> None:
    one = texture(1)
    other = np.clip(gain * one.astype(float) + light, 0, 255).astype(np.uint8)
    assert dissimilarity(one, other) < 0.02


def test_even_pictures_are_alike_and_unlike_all_others() -> None:
    black, white = np.zeros((90, 160), np.uint8), np.full((90, 160), 255, np.uint8)
    assert dissimilarity(black, white) == pytest.approx(0.0, abs=1e-6)
    assert dissimilarity(black, texture(1)) > 0.9


def test_act_is_the_geometric_mean() -> None:
    assert Activity(4.0, 0.25).act == 1.0 and STILL.act == 0.0


def test_warping_brings_back() -> None:
    one = texture(3)
    other = moved(one, 2)
    back = warped(other, motion(one, other))
    inner = (slice(10, -10), slice(10, -10))
    assert (
        np.abs(back[inner].astype(int) - one[inner]).mean() < 0.4 * np.abs(other[inner].astype(int) - one[inner]).mean()
    )


def test_no_room_for_patches_is_no_motion() -> None:
    one, other = texture(1)[:8, :8].copy(), texture(2)[:8, :8].copy()
    assert not motion(one, other).any()


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match="one size"):
        activity(texture(1), texture(1)[:-1])


def test_measured_once_and_remembered() -> None:
    pictures = {name: texture(name) for name in range(4)}
    asked: list[object] = []

    def picture(name: object) -> Gray:
        asked.append(name)
        return pictures[name]  # type: ignore[index]

    measures = Measures(picture, most_kept=2)
    first = measures.act(0, 1)
    assert measures.act(0, 1) == first == activity(pictures[0], pictures[1]).act and asked == [0, 1]
    assert measures.between(2, 2) == STILL and measures.counted == 1
    measures.act(1, 2), measures.act(2, 3), measures.act(0, 1)
    assert measures.counted == 4  # the oldest had been let go


def test_pictures_that_change_size_are_a_change() -> None:
    measures = Measures(lambda name: texture(1, 90 if name else 45))
    assert measures.act(0, 1) == 10.0


def test_the_same_twice() -> None:
    one, other = texture(1), moved(texture(1), 2.3, 1.1)
    assert activity(one, other) == activity(one, other)

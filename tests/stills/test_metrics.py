"""Numbers of one picture, against values worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from keyart.stills import metrics
from keyart.types import RGB, Gray


def even(level: int, height: int = 32, width: int = 48) -> Gray:
    return np.full((height, width), level, np.uint8)


def noise(height: int = 96, width: int = 128, seed: int = 0) -> Gray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def colour(red: int, green: int, blue: int) -> RGB:
    return np.full((8, 8, 3), (red, green, blue), np.uint8)


def test_frame_difference_is_the_mean_over_all_values() -> None:
    before = np.zeros((2, 2, 3), np.uint8)
    now = before.copy()
    now[0, 0] = (255, 0, 51)  # 1.0 + 0.2 over 3 * 2 * 2 values
    assert metrics.frame_difference(now, before) == pytest.approx(1.2 / 12)
    assert metrics.frame_difference(before, now) == metrics.frame_difference(now, before)


def test_frame_difference_wants_one_size() -> None:
    with pytest.raises(ValueError, match="one size"):
        metrics.frame_difference(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8))


def test_coarse_difference() -> None:
    assert metrics.coarse_difference(even(255), even(0)) == pytest.approx(1.0)
    assert metrics.coarse_difference(even(51), even(0)) == pytest.approx(0.2)
    assert metrics.coarse_difference(even(0), even(0, 16, 16)) == 1.0


@pytest.mark.parametrize("count", [1, 2, 7, 40])
@pytest.mark.parametrize("percent", [0, 2, 50, 80, 100])
def test_percentile_lies_between_the_two_values_around_it(count: int, percent: int) -> None:
    values = np.random.default_rng(count).normal(0.0, 100.0, (count, 1))
    assert metrics.percentile(values, percent) == pytest.approx(float(np.percentile(values, percent)), abs=1e-12)
    assert metrics.median([3.0, 1.0, 2.0, 8.0]) == 2.5


def test_shrinking_by_halves_gives_the_means_of_the_pixels() -> None:
    image = np.arange(64 * 96 * 3, dtype=np.uint32).reshape(64, 96, 3).astype(np.uint8)
    means = image.reshape(8, 8, 12, 8, 3).astype(np.float64).mean(axis=(1, 3))
    assert np.abs(metrics.shrunk(image, 12, 8) - means).max() <= 1.5  # each of three halvings rounds
    once = image.reshape(32, 2, 48, 2, 3).astype(np.float64).mean(axis=(1, 3))
    assert np.abs(metrics.shrunk(image, 48, 32) - once).max() <= 0.5


def test_shrinking_goes_down_to_any_size() -> None:
    gray = np.asarray(cv2.GaussianBlur(noise(), (0, 0), 2), np.uint8)
    for size in ((7, 5), (1, 1), (31, 17), (200, 200)):
        small = metrics.shrunk(gray, *size)
        assert small.shape == size[::-1]
        at_once = cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(int)
        assert np.abs(small.astype(int) - at_once).mean() <= 1, size


def test_laplacian_variance_of_one_dot() -> None:
    picture = even(0, 5, 5)
    picture[2, 2] = 10  # Laplacian: -40 in the middle, 10 at four places, mean 0 over 25
    assert metrics.laplacian_variance(picture) == pytest.approx((40**2 + 4 * 10**2) / 25)
    assert metrics.laplacian_variance(even(90)) == 0.0


def test_laplacian_variance_falls_with_blur() -> None:
    sharp = noise()
    assert metrics.laplacian_variance(np.asarray(cv2.GaussianBlur(sharp, (0, 0), 2), np.uint8)) < (
        0.01 * metrics.laplacian_variance(sharp)
    )


def test_brightness_and_contrast() -> None:
    half = even(0)
    half[:, 24:] = 255
    assert metrics.brightness_and_contrast(half) == pytest.approx((0.5, 0.5))
    assert metrics.brightness_and_contrast(even(51)) == pytest.approx((0.2, 0.0))


def test_clahe_spreads_a_narrow_range_and_keeps_colour() -> None:
    ramp = np.tile(np.linspace(110, 140, 64).astype(np.uint8), (64, 1))
    image = np.dstack([ramp, ramp, ramp])
    out = metrics.enhance_contrast(image)
    assert out.shape == image.shape and out.dtype == np.uint8
    assert out.std() > 1.2 * image.std()
    assert np.abs(out.astype(int) - out.mean(axis=2, keepdims=True)).max() <= 3  # grey stays grey


def test_colourfulness_of_plain_colours() -> None:
    assert metrics.colourfulness(colour(80, 80, 80)) == pytest.approx(0.0, abs=1e-4)
    # pure red: rg = 255, yb = 127.5, no spread: 0.3 * sqrt(255^2 + 127.5^2)
    assert metrics.colourfulness(colour(255, 0, 0)) == pytest.approx(0.3 * np.hypot(255, 127.5), rel=1e-5)


def test_clipped_shares() -> None:
    picture = even(128, 10, 10)
    picture[0] = 0
    picture[1:3] = 255
    assert metrics.clipped_shares(picture) == pytest.approx((0.1, 0.2))


def test_entropy() -> None:
    assert metrics.entropy_bits(metrics.luma_histogram(even(77))) == 0.0
    halves = even(0)
    halves[:16] = 200
    assert metrics.entropy_bits(metrics.luma_histogram(halves)) == pytest.approx(1.0)
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    assert metrics.entropy_bits(metrics.luma_histogram(ramp)) == pytest.approx(6.0)


def test_level_spread_leaves_out_a_hundredth_at_either_end() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    assert metrics.level_spread(metrics.luma_histogram(ramp)) == pytest.approx((253 - 2) / 255, abs=0.01)
    speck = even(0, 100, 100)
    speck[0, :50] = 255
    assert metrics.level_spread(metrics.luma_histogram(speck)) == 0.0


def test_flat_share() -> None:
    picture = even(30, 16, 32)
    picture[:8, :8] = noise(8, 8)
    assert metrics.flat_share(picture) == pytest.approx(7 / 8)
    assert metrics.flat_share(even(0, 4, 4)) == 0.0


def test_mixture_is_told_from_motion() -> None:
    one, other = noise(36, 64, 1), noise(36, 64, 2)
    mean = ((one.astype(int) + other) // 2).astype(np.uint8)
    assert metrics.is_mixture(one, mean, other)
    third = (one * 0.7 + other * 0.3).astype(np.uint8)
    assert metrics.is_mixture(one, third, other, share=0.3)
    assert not metrics.is_mixture(one, noise(36, 64, 3), other)
    assert not metrics.is_mixture(one, one, other)
    assert not metrics.is_mixture(one, one, one)


def test_blur_share_hardly_depends_on_what_is_shown() -> None:
    texture = np.asarray(cv2.resize(noise(45, 80), (320, 180), interpolation=cv2.INTER_CUBIC), np.uint8)
    shapes = even(40, 180, 320)
    for number in range(12):
        cv2.circle(shapes, (25 * number + 12, 90), 9, 200, -1)
    for picture in (texture, shapes):
        soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 5), np.uint8)
        assert metrics.blur_share(picture) < 0.6 < 0.62 < metrics.blur_share(soft)
    assert metrics.blur_share(even(5)) == 1.0


def test_blur_share_sees_motion_along_one_direction() -> None:
    picture = np.asarray(cv2.GaussianBlur(noise(180, 320), (0, 0), 1.0), np.uint8)
    smeared = np.asarray(cv2.blur(picture, (21, 1)), np.uint8)
    assert metrics.blur_share(smeared) > metrics.blur_share(picture) + 0.15
    assert metrics.direction_loss(smeared) > 0.5 > 0.2 > metrics.direction_loss(picture)
    assert metrics.direction_loss(even(9)) == 0.0


@pytest.mark.parametrize(("top", "left"), [(20, 0), (0, 30), (12, 24)])
def test_bars_are_found_on_either_pair_of_sides(top: int, left: int) -> None:
    picture = even(16, 120, 200)
    picture[top : 120 - top, left : 200 - left] = 60 + noise(120 - 2 * top, 200 - 2 * left) // 2
    bars = metrics.find_bars(picture)
    assert (bars.top, bars.bottom, bars.left, bars.right) == (top, top, left, left)
    inside = bars.inside(200, 120)
    assert (inside.x, inside.y, inside.width, inside.height) == (left, top, 200 - 2 * left, 120 - 2 * top)
    assert metrics.inside_bars(picture, bars).shape == (120 - 2 * top, 200 - 2 * left)


def test_one_dark_side_is_no_bar() -> None:
    picture = 60 + noise(120, 200) // 2
    picture[:40] = 10
    assert not metrics.find_bars(picture)
    assert not metrics.find_bars(even(0, 50, 50))


def test_to_gray_weighs_green_most() -> None:
    assert (
        metrics.to_gray(colour(0, 255, 0))[0, 0]
        > metrics.to_gray(colour(255, 0, 0))[0, 0]
        > (metrics.to_gray(colour(0, 0, 255))[0, 0])
    )

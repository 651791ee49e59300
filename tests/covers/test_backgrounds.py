"""Every background at every size: seeded, without bands, and what its prompt says of it; goldens."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from keyart.covers.backgrounds import BACKGROUNDS, light
from keyart.covers.palette import palette_of
from keyart.media.images import read_image
from keyart.models import have, model_path
from keyart.types import RGB
from tests import goldens
from tests.covers.conftest import scenery


@cache
def made(name: str, width: int = 640, height: int = 360, seed: int = 0) -> RGB:
    still = scenery(320, 180)
    return BACKGROUNDS[name](width, height, still, palette_of(still), seed)


def luma(image: RGB) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float64)


# --- every background -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(64, 36), (333, 141), (1080, 1920)])
@pytest.mark.parametrize("name", BACKGROUNDS)
def test_any_size(name: str, size: tuple[int, int]) -> None:
    done = made(name, *size)
    assert done.shape == (size[1], size[0], 3) and done.dtype == np.uint8
    assert done.std() > 3, "a background is not one flat colour"


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (300, 1), (2, 400)])
@pytest.mark.parametrize("name", BACKGROUNDS)
def test_odd_shapes(name: str, size: tuple[int, int]) -> None:
    still = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    assert BACKGROUNDS[name](*size, still, palette_of(still), 0).shape == still.shape


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_the_same_bytes_twice_and_others_for_another_seed(name: str) -> None:
    still = scenery(320, 180)
    first, again, other = (BACKGROUNDS[name](320, 180, still, palette_of(still), seed) for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_no_bands(name: str) -> None:
    """Neighbours differ by the dither's noise nearly everywhere: a banded gradient has long runs of one value."""
    green = made(name, 1280, 720)[..., 1].astype(int)
    bright = (green[:, 1:] > 4) & (green[:, 1:] < 251)
    same = (np.diff(green, axis=1) == 0)[bright]
    assert same.mean() < 0.7


@pytest.mark.parametrize("name", [name for name in BACKGROUNDS if name != "halftone"])  # which is detail
def test_it_stays_behind(name: str) -> None:
    """Calm where the figure stands: little fine detail in the middle third, so that nothing there looks like noise."""
    middle = made(name, 1280, 720)[120:600, 420:860].astype(np.float32)
    fine = middle - cv2.GaussianBlur(middle, (0, 0), 8)
    assert cv2.GaussianBlur(fine, (0, 0), 1).std() < 4


# --- what the prompts say ---------------------------------------------------------------------------------------


def test_golden_fog_glows_golden_on_black_with_fog_at_its_base() -> None:
    for seed in range(3):
        done = made("golden_fog", seed=seed)
        assert luma(done)[:40, :60].mean() < 25, "black background"
        red, green, blue = done[90:270, 200:440].reshape(-1, 3).mean(axis=0)
        assert red > green > blue and red > 2 * blue, "golden glow"
        low, high = luma(done)[250:330, 100:540].mean(), luma(done)[20:60, 40:200].mean()
        assert low > high + 10, "fog around the base"


def test_soft_halo_is_a_halo_on_charcoal() -> None:
    for seed in range(3):
        done = made("soft_halo", seed=seed)
        grey = luma(done)
        assert grey[100:200, 240:400].mean() > 2 * grey[-40:, :80].mean(), "halo in the middle"
        assert grey[-40:, :80].mean() < 45, "deep charcoal"
        assert (done.max(axis=2).astype(int) - done.min(axis=2)).mean() < 22, "ambient light has hardly a hue"


def test_neon_embers_has_two_neon_lights_and_embers() -> None:
    done = made("neon_embers", 1280, 720).astype(int)
    left, right = done[200:500, 100:350].mean(axis=(0, 1)), done[200:500, 930:1180].mean(axis=(0, 1))
    assert left[0] > left[1] + 60 and right[2] > right[0] + 60
    warm = (done[..., 0] > 150) & (done[..., 1] > done[..., 2] + 25)
    found, _ = cv2.connectedComponents(warm.astype(np.uint8))
    assert found > 20, "ember-like particles"


def test_the_studio_grounds_take_the_stills_hue() -> None:
    for name in ("studio_sweep", "palette_gradient", "halftone"):
        hues = []
        for colour in ((40, 90, 200), (60, 170, 60)):
            still = np.full((90, 160, 3), colour, np.uint8)
            hues.append(BACKGROUNDS[name](160, 90, still, palette_of(still), 0).reshape(-1, 3).mean(axis=0))
        assert np.abs(hues[0] - hues[1]).max() > 25, f"{name} does not follow the still"


def test_blurred_original_is_the_still_without_detail() -> None:
    still = scenery(640, 360)
    done = BACKGROUNDS["blurred_original"](640, 360, still, palette_of(still), 0)
    small, seen = (cv2.resize(one, (8, 5), interpolation=cv2.INTER_AREA).ravel() for one in (still, done))
    assert np.corrcoef(small, seen)[0, 1] > 0.6
    assert cv2.Laplacian(luma(done), cv2.CV_64F).var() < 0.3 * cv2.Laplacian(luma(still), cv2.CV_64F).var()


# --- light ------------------------------------------------------------------------------------------------------


def test_noise_is_smooth_and_fills_its_range() -> None:
    x, y = np.meshgrid(np.linspace(-7, 7, 400, dtype=np.float32), np.linspace(-70, 70, 400, dtype=np.float32))
    found = light.value_noise(x, x.T + 3, np.random.default_rng(0))
    assert 0 <= found.min() < 0.1 and 0.9 < found.max() <= 1
    assert np.abs(np.diff(found, axis=1)).max() < 0.12
    assert np.isfinite(light.smoke(x, y, np.random.default_rng(0))).all()


def test_a_stamp_is_cut_at_the_edge() -> None:
    glow = np.zeros((20, 30, 3), np.float32)
    light.stamp(glow, np.ones((9, 9), np.float32), (1, 0, 0), 0, 0)
    assert glow.sum() == 25 and glow[:5, :5, 0].all()
    light.stamp(glow, np.ones((9, 9), np.float32), (1, 0, 0), 200, 10)
    assert glow.sum() == 25


def test_a_spark_fades_out_before_its_patch_ends() -> None:
    patch = light.spark(2.0, 2.5, 0.7)
    assert patch[patch.shape[0] // 2, patch.shape[1] // 2] > 1
    assert max(patch[0].max(), patch[-1].max(), patch[:, 0].max()) < 0.01


# --- goldens ----------------------------------------------------------------------------------------------------


def golden(name: str) -> Callable[[], RGB]:
    def make() -> RGB:
        if not have("photo-coffee"):
            pytest.skip("needs the sample photographs: keyart models pull samples")
        photo = read_image(model_path("photo-coffee"))
        done = BACKGROUNDS[name](1280, 720, photo, palette_of(photo), 0)
        return np.asarray(cv2.resize(done, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)

    return make


GOLDENS = {f"background_{name}": golden(name) for name in BACKGROUNDS}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    goldens.check(name, GOLDENS[name]())

"""A figure on a background: it stays itself, takes the background's light, and nothing of the old ground is seen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.compose import STAGINGS, Staging, emptied, on_ground, restaged
from keyart.errors import BadSetting
from keyart.types import RGB, Box
from tests.covers.conftest import scenery


@dataclass(frozen=True)
class Cut:
    alpha: NDArray[np.float32]
    foreground: RGB


def figure(width: int = 320, height: int = 180, foot: int = 0) -> tuple[RGB, Cut]:
    """A grey upright oval before green, and its cut-out; `foot` is how far above the lower edge it ends."""
    alpha = np.zeros((height, width), np.float32)
    centre = width // 2, height - foot - height // 3
    cv2.ellipse(alpha, centre, (width // 8, height // 3), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    foreground = np.full((height, width, 3), 128, np.uint8)
    green = np.array([20, 230, 30], np.float32)
    image = green + (foreground - green) * alpha[..., None]
    return image.astype(np.uint8), Cut(alpha, foreground)


def ground(colour: tuple[int, int, int], width: int = 320, height: int = 180) -> RGB:
    return np.full((height, width, 3), colour, np.uint8)


def inside(cut: Cut) -> NDArray[np.bool_]:
    return cv2.erode(cut.alpha, np.ones((15, 15), np.uint8)) > 0.99


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_background_holds_the_figure_and_nothing_of_the_old_one(background: str) -> None:
    image, cut = figure()
    done = restaged(image, cut, background, 1)
    assert done.shape == image.shape and done.dtype == np.uint8
    assert np.array_equal(done, restaged(image, cut, background, 1))
    if background in ("golden_fog", "soft_halo", "neon_embers"):  # the others take the still's own hue
        greenish = done[..., 1].astype(int) - np.maximum(done[..., 0], done[..., 2])
        assert greenish.max() < 70, "the old background shines through"
    upper = inside(cut)
    upper[120:] = False  # haze may lie over the foot
    assert np.abs(done[upper].astype(int) - 128).mean() < 45, "the figure is still itself"


def test_every_background_is_staged() -> None:
    assert set(STAGINGS) == set(BACKGROUNDS)


def test_light_behind_comes_round_the_edge_and_not_into_the_middle() -> None:
    _, cut = figure()
    plain, lit = (on_ground(cut, ground((255, 60, 200)), Staging(rim=rim, ambient=0)) for rim in (0.0, 1.0))
    gain = lit.astype(int) - plain
    edge = (cut.alpha > 0.9) & (cv2.erode(cut.alpha, np.ones((7, 7), np.uint8)) < 0.5)
    middle = cv2.erode(cut.alpha, np.ones((31, 31), np.uint8)) > 0.99
    assert gain[edge].mean(axis=0)[0] > 25 > 4 > gain[middle].mean()
    assert gain[edge].mean(axis=0)[0] > 2 * gain[edge].mean(axis=0)[1], "the light has the colour of the ground"


def test_a_lamp_on_the_left_lights_the_left_edge() -> None:
    _, cut = figure()
    left = np.zeros((180, 320, 3), np.uint8)
    left[:, :150] = 255
    plain, lit = (on_ground(cut, left, Staging(rim=rim, ambient=0)).astype(int) for rim in (0.0, 1.0))
    gain = (lit - plain)[..., 0] * (cut.alpha > 0.9)
    assert gain[:, :160].sum() > 4 * gain[:, 160:].sum()


@pytest.mark.parametrize(("colour", "channel"), [((200, 60, 60), 0), ((60, 70, 200), 2)])
def test_colour_is_drawn_to_the_ground_in_moderation(colour: tuple[int, int, int], channel: int) -> None:
    _, cut = figure()
    plain, toned = (on_ground(cut, ground(colour), Staging(rim=0, ambient=share)) for share in (0.0, 0.5))
    shift = (toned.astype(int) - plain)[inside(cut)].mean(axis=0)
    assert shift[channel] - np.delete(shift, channel).mean() > 5
    assert np.abs(shift).max() < 40


def test_haze_lies_before_the_foot_and_below_the_faces() -> None:
    _, cut = figure()
    white = ground((255, 255, 255))
    plain = on_ground(cut, white, Staging(0, 0)).astype(int)
    hazed = on_ground(cut, white, Staging(0, 0, haze=0.9)).astype(int)
    changed = np.abs(hazed - plain).mean(axis=(1, 2))
    assert changed[150:].mean() > 5 and changed[:40].mean() < 0.5
    free = on_ground(cut, white, Staging(0, 0, haze=0.9), faces=[Box(130, 60, 60, 100)]).astype(int)
    assert np.abs(free - plain)[:150].mean() < 0.5


def test_a_standing_figure_has_a_contact_shadow_and_a_cut_one_none() -> None:
    light = ground((220, 220, 220))
    _, standing = figure(foot=30)
    _, cut = figure(foot=-20)
    with_shadow = on_ground(standing, light, Staging(0, 0, shadow=0.5)).astype(int)
    below = with_shadow[152:156, 150:170].mean()
    assert below < 160 < 205 < with_shadow[100, 20:40].mean()
    assert on_ground(cut, light, Staging(0, 0, shadow=0.5))[170, 10:40].mean() > 200


def test_an_outline_is_paper_round_the_figure() -> None:
    _, cut = figure()
    done = on_ground(cut, ground((20, 20, 20)), Staging(0, 0, outline=3.0))
    ring = (cv2.dilate(cut.alpha, np.ones((5, 5), np.uint8)) > 0.9) & (cut.alpha < 0.02)
    assert np.median(done[ring]) > 200


def test_embers_drift_before_the_figure_and_over_no_face() -> None:
    _, cut = figure(640, 360)
    dark = ground((10, 10, 10), 640, 360)
    plain, among = (on_ground(cut, dark, Staging(0, 0, embers=share)).astype(int) for share in (0.0, 1.0))
    gain = among - plain
    assert gain[cut.alpha > 0.9].max() > 60 and gain.min() >= -1
    assert gain.reshape(-1, 3).sum(axis=0)[0] > gain.reshape(-1, 3).sum(axis=0)[2], "embers are warm"
    free = on_ground(cut, dark, Staging(0, 0, embers=1.0), faces=[Box(200, 40, 240, 300)]).astype(int)
    assert not np.array_equal(among[40:340, 200:440], plain[40:340, 200:440])
    assert np.abs(free - plain)[40:340, 200:440].max() <= 1


def test_the_hole_is_filled_from_its_rim() -> None:
    image, cut = figure()
    done = emptied(image, cut.alpha).astype(int)
    assert np.abs(done - (20, 230, 30)).mean() < 6, "nothing of the figure is left"
    full = np.ones_like(cut.alpha)
    assert np.array_equal(emptied(image, full), image)


def test_a_figure_that_fills_the_picture_and_one_that_is_not_there() -> None:
    image = scenery(160, 90)
    for alpha in (np.ones((90, 160), np.float32), np.zeros((90, 160), np.float32)):
        assert restaged(image, Cut(alpha, image), "studio_sweep", 0).shape == image.shape


def test_an_unknown_background_is_named() -> None:
    image, cut = figure()
    with pytest.raises(BadSetting, match="no background is called 'beach'; there are: golden_fog"):
        restaged(image, cut, "beach", 0)

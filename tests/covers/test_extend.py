"""Extension by the equations of the thesis (§5.7) against numbers worked out by hand; then any side, any picture."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from keyart.covers.brief import filled_by
from keyart.covers.crop import Framing
from keyart.covers.extend import (
    EXTENSIONS,
    SIDES,
    Fade,
    Mirror,
    Side,
    convolved,
    drawn_out,
    extended_to,
    fading_mask,
    gaussian,
    noisy,
    reflected,
    seam_blurred,
)
from keyart.errors import BadSetting
from keyart.types import Box
from tests.covers.conftest import scenery


def test_gaussian_weights_by_hand() -> None:
    weights = gaussian(0.5)  # reach 2: e^0, e^-2, e^-8 of the formula, over their sum
    one, two = math.exp(-2), math.exp(-8)
    whole = 1 + 2 * one + 2 * two
    assert weights == pytest.approx([two / whole, one / whole, 1 / whole, one / whole, two / whole])
    assert gaussian(0.0) == pytest.approx([1.0])


def test_a_strip_of_one_colour_stays_that_colour() -> None:
    image = np.zeros((3, 10, 3), np.float32)
    image[:, :2] = (10.0, 20.0, 30.0)
    drawn = drawn_out(image, 2, 5)
    assert drawn.shape == (3, 5, 3)
    assert np.allclose(drawn, (10.0, 20.0, 30.0), atol=1e-4)


def test_the_strip_is_drawn_out_by_lanczos() -> None:
    """S(x) = sum of L(u) * sinc(d) * sinc(d / 3), d = (x + 1/2) s/E - (u + 1/2), |d| < 3, over the sum of weights."""
    strip = np.array([0.0, 90.0, 30.0, 60.0])
    image = np.repeat(np.pad(strip, (0, 6))[None, :, None], 3, axis=2).repeat(2, axis=0).astype(np.float32)
    drawn = drawn_out(image, 4, 8)
    wanted = []
    for x in range(8):
        distance = (x + 0.5) * 4 / 8 - (np.arange(4) + 0.5)
        weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
        wanted.append(float((weights * strip).sum() / weights.sum()))
    assert drawn[0, :, 0] == pytest.approx(wanted, abs=1e-3)
    assert drawn[1, :, 2] == pytest.approx(wanted, abs=1e-3)


def test_the_mask_is_the_blurred_ramp() -> None:
    ramp = [1.0, 0.75, 0.5, 0.25]  # 1 - x/E at x = 0, 1, 2, 3 for E = 4
    assert fading_mask(4, 0.0, outwards=False) == pytest.approx(ramp)
    assert fading_mask(4, 0.0, outwards=True) == pytest.approx(ramp[::-1])
    side, far = math.exp(-2), math.exp(-8)  # sigma 1/2
    whole = 1 + 2 * side + 2 * far
    first = (far * 1 + side * 1 + 1.0 + side * 0.75 + far * 0.5) / whole  # the end is repeated outwards
    second = (far * 1 + side * 1 + 0.75 + side * 0.5 + far * 0.25) / whole
    assert fading_mask(4, 0.5, outwards=False)[:2] == pytest.approx([first, second], abs=1e-6)


def test_the_content_is_mask_times_strip_on_black_before_the_picture() -> None:
    image = np.full((2, 8, 3), 200, np.uint8)
    plain = Fade(strip_share=0.25, mask_sigma_share=0.0, seam_share=0.0, seam_sigma_share=0.0, noise_sigma=0.0)
    printed = replace(plain, printed=True)(image, 4, "left", 0)
    assert printed[0, :, 0].tolist() == [200, 150, 100, 50, *[200] * 8]
    meant = plain(image, 4, "left", 0)
    assert meant[0, :, 0].tolist() == [50, 100, 150, 200, *[200] * 8]


def test_only_the_seam_is_blurred() -> None:
    canvas = np.zeros((5, 8, 3), np.float32)
    canvas[:, 4:] = 100.0
    done = seam_blurred(canvas, 4, 2, 0.5)
    side, far = math.exp(-2), math.exp(-8)
    whole = 1 + 2 * side + 2 * far
    wanted = [0, 0, 0, 100 * (side + far) / whole, 100 * (1 + side + far) / whole, 100, 100, 100]
    assert done[2, :, 1] == pytest.approx(wanted, abs=1e-3)  # columns 3 and 4 are the seam of width 2
    assert np.array_equal(canvas[:, 4:], np.full((5, 4, 3), 100.0, np.float32)), "the input is left alone"


def test_the_seam_is_blurred_in_both_directions() -> None:
    canvas = np.zeros((5, 7, 3), np.float32)
    canvas[2, 3] = 1.0
    done = seam_blurred(canvas, 3, 2, 0.5)[..., 0]
    weights = gaussian(0.5)
    assert done[:, 3] == pytest.approx(weights * weights[2], abs=1e-6)
    assert done[2, 2] == pytest.approx(weights[1] * weights[2], abs=1e-6) and done[2, 4] == 0


def test_noise_has_its_sigma_and_is_clipped() -> None:
    grey = noisy(np.full((200, 200, 3), 128.0, np.float32), 4.0, 7)
    assert grey.mean() == pytest.approx(128, abs=0.1) and grey.std() == pytest.approx(4.0, rel=0.03)
    edge = noisy(np.full((50, 50, 3), 255.0, np.float32), 9.0, 7)
    assert edge.dtype == np.uint8 and edge.min() > 200 and edge.max() == 255
    assert np.array_equal(edge, noisy(np.full((50, 50, 3), 255.0, np.float32), 9.0, 7))


def test_convolution_repeats_the_ends() -> None:
    assert convolved(np.array([4.0, 0.0, 0.0]), np.array([0.25, 0.5, 0.25])) == pytest.approx([3.0, 1.0, 0.0])


def test_a_reflection_slows_down_and_stays_near_the_edge() -> None:
    row = np.arange(100, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    seen = reflected(row, 60, 10.0)[0, :, 0].tolist()
    assert seen[-1] == 0 and seen[-10] == int(10 * (1 - math.exp(-0.95)))  # 9.5 px out
    assert seen == sorted(seen, reverse=True) and max(seen) == 9


@pytest.mark.parametrize("name", EXTENSIONS)
@pytest.mark.parametrize("side", SIDES)
def test_every_side_grows_and_the_picture_stays(name: str, side: Side) -> None:
    image = scenery(96, 64)
    done = EXTENSIONS[name](image, 40, side, 3)
    wide = side in ("left", "right")
    assert done.shape == ((64, 136, 3) if wide else (104, 96, 3)) and done.dtype == np.uint8
    kept = {"left": done[:, 40:], "right": done[:, :96], "top": done[40:], "bottom": done[:64]}[side]
    inner = (slice(2, -2), slice(2, -2))
    assert np.abs(kept[inner].astype(int) - image[inner]).max() <= 8, "noise at most"
    assert np.array_equal(done, EXTENSIONS[name](image, 40, side, 3))
    assert not np.array_equal(done, EXTENSIONS[name](image, 40, side, 4))


def test_the_mirrored_fill_has_no_seam_and_darkens_outwards() -> None:
    image = scenery(320, 240, level=150)
    done = Mirror(noise_sigma=0)(image, 160, "right", 0).astype(int)
    assert np.abs(done[:, 320] - done[:, 319]).mean() < 4
    assert done[:, -8:].mean() < 0.6 * done[:, 320:330].mean()


def test_a_frame_is_filled_on_all_sides() -> None:
    done = extended_to(scenery(40, 30), 100, 50, (30, 10), "mirror")
    assert done.shape == (50, 100, 3)
    assert np.array_equal(done[10:40, 30:70], scenery(40, 30))
    with pytest.raises(BadSetting, match="does not fit a frame of 100x50"):
        extended_to(scenery(40, 30), 100, 50, (70, 10), "mirror")


def test_nonsense_is_refused() -> None:
    with pytest.raises(BadSetting, match="'up' is no side"):
        EXTENSIONS["mirror"](scenery(40, 30), 10, "up", 0)  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match="extended by 1 to 320 px, not 0"):
        EXTENSIONS["fade"](scenery(40, 30), 0, "left", 0)


@pytest.mark.parametrize(
    ("head", "fill"),
    [
        (Box(40, 100, 20, 30), "blur"),  # cut off above, where the frame goes on
        (Box(40, 110, 20, 30), "mirror"),
        (Box(40, 130, 20, 30), "mirror"),  # a chin at the lower border
    ],
)
def test_a_head_that_is_cut_off_is_not_mirrored(head: Box, fill: str) -> None:
    inner = Box(0, 100, 100, 60)
    framing = Framing(100, 240, Box(0, 0, 100, 60), (head,), (head,), (), np.zeros((4, 4)), inner)
    assert filled_by("mirror", framing) == fill
    assert filled_by("fade", framing) == "fade", "what the user asks for stays"
    whole = replace(framing, inner=Box(0, 0, 100, 240))
    assert filled_by("mirror", whole) == "crop"

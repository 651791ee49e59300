"""Lines of text: found where they are drawn, not found in texture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from keyart.stills.text import FindText, covered_share
from keyart.types import Box, Gray

from .conftest import photo


def card(text: str, *, ground: int, ink: int, scale: float = 1.0, size: tuple[int, int] = (360, 640)) -> Gray:
    picture = np.full(size, ground, np.uint8)
    cv2.putText(picture, text, (60, 200), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 2, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize(("ground", "ink"), [(0, 255), (255, 0), (120, 230), (200, 60)])
def test_a_line_is_found_light_or_dark(ground: int, ink: int) -> None:
    boxes = FindText()(card("Hello wide world", ground=ground, ink=ink))
    union = covered_share(boxes, 640, 360)
    assert boxes and 0.01 < union < 0.08
    assert all(150 < box.y + box.height / 2 < 220 for box in boxes)


def test_boxes_are_in_pixels_of_the_given_picture() -> None:
    large = card("Hello wide world", ground=20, ink=240, scale=2.0, size=(720, 1280))
    (box, *_) = sorted(FindText()(large), key=lambda box: -box.area)
    assert box.x == pytest.approx(60, abs=30) and 130 < box.y < 200 and box.width > 300


def test_a_caption_on_a_photograph_is_found() -> None:
    image = cv2.resize(cv2.cvtColor(photo("coffee"), cv2.COLOR_RGB2GRAY), (640, 427))
    before = FindText()(np.asarray(image, np.uint8))
    cv2.putText(image, "Best coffee in town", (40, 400), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3, cv2.LINE_AA)
    after = FindText()(np.asarray(image, np.uint8))
    assert any(box.y > 340 and box.width > 150 for box in after) and not any(box.width > 150 for box in before)


@pytest.mark.parametrize("name", ["astronaut", "rocket", "chelsea", "hubble"])
def test_photographs_without_captions_have_hardly_any(name: str) -> None:
    image = photo(name)
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    assert covered_share(FindText()(gray), gray.shape[1], gray.shape[0]) < 0.03


def test_nothing_in_even_and_noisy_pictures() -> None:
    assert FindText()(np.full((90, 160), 80, np.uint8)) == ()
    assert FindText()(np.random.default_rng(0).integers(0, 256, (360, 640), dtype=np.uint8)) == ()


def test_covered_share_counts_no_pixel_twice() -> None:
    assert covered_share((Box(0, 0, 5, 10), Box(0, 0, 5, 10)), 10, 10) == pytest.approx(0.5)

"""Free slots, the size of type, and ink that stands where it was planned."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from keyart.covers.breaks import ways_to_break
from keyart.covers.draw import letter, lettering_mask, line_boxes, shade, spread
from keyart.covers.fonts import find_typeface
from keyart.covers.layout import Column, Slot, TypeRule, free_slots, put, set_in
from keyart.covers.legibility import feed_size, measure
from keyart.types import Box

AREA = Box(40, 40, 1200, 640)
RULE = TypeRule(find_typeface("Ж"))


def test_slots_touch_no_obstacle_and_stay_inside() -> None:
    obstacles = [Box(500, 100, 250, 400), Box(1040, 604, 240, 116)]
    slots = free_slots(AREA, obstacles, 20)
    assert slots
    for slot in slots:
        assert all(slot.box.overlap(obstacle) == 0 for obstacle in obstacles)
        assert slot.box.overlap(AREA) == pytest.approx(slot.box.area)
    assert {slot.row for slot in slots} == {"top", "middle", "bottom"}
    assert free_slots(AREA, [Box(0, 0, 1280, 720)], 0) == ()


@pytest.mark.parametrize("text", ["Дом", "Йод и Ёж", "Как выбрать первый велосипед для города", "gypsy jogging"])
@pytest.mark.parametrize("room", [(1200, 200), (500, 500), (300, 640)])
def test_ink_stays_in_its_slot(text: str, room: tuple[int, int]) -> None:
    block = set_in(ways_to_break(text, RULE.face), RULE, *room, 960)
    if block is None:
        return
    assert block.width <= room[0] and block.height <= room[1]
    assert block.font_px >= 0.9 * RULE.min_size * 960
    columns: tuple[Column, ...] = ("left", "center", "right")
    for column in columns:
        box = put(block, Slot(Box(10, 10, *room), column, "middle"))
        mask = np.asarray(lettering_mask((1280, 720), block, box, column))
        rows, across = np.nonzero(mask > 100)
        assert rows.min() >= box.y - 1.5 and rows.max() <= box.bottom + 1.5
        assert across.min() >= box.x - 1.5 and across.max() <= box.right + 1.5


def test_a_space_too_small_to_read_is_refused() -> None:
    assert set_in(ways_to_break("Достопримечательности", RULE.face), RULE, 200, 600, 960) is None


def test_a_short_title_is_large() -> None:
    block = set_in(ways_to_break("Дом у моря", RULE.face), RULE, 1200, 600, 960)
    assert block is not None and block.height >= 720 / 7


def test_shades_fall_from_their_side() -> None:
    for side, near, far in (
        ("left", (360, 5), (360, 1270)),
        ("bottom", (715, 640), (5, 640)),
        ("top", (5, 9), (700, 9)),
    ):
        image = Image.new("RGB", (1280, 720), "white")
        shade(image, side, 0.6, (0, 0, 0), 0.9)  # type: ignore[arg-type]
        pixels = np.asarray(image)
        assert pixels[near].max() < 40 and pixels[far].min() > 250


def test_a_spread_mask_holds_its_opacity() -> None:
    mask = Image.new("L", (200, 100), 0)
    mask.paste(255, (80, 40, 120, 60))
    soft = np.asarray(spread(mask, 12, 0.8))
    assert soft.max() == round(0.8 * 255) and soft[50, 70] > 20 and soft[5, 5] == 0
    assert np.asarray(spread(Image.new("L", (20, 20), 0), 4, 1.0)).max() == 0


# --- legibility ---------------------------------------------------------------------------------------------------


def lettered(ink: tuple[int, int, int], ground: tuple[int, int, int]) -> tuple[float, bool]:
    image = Image.new("RGB", (1280, 720), ground)
    block = set_in(ways_to_break("Контраст", RULE.face), RULE, 800, 110, 960)
    assert block is not None
    box = put(block, Slot(Box(100, 300, 800, 110), "left", "top"))
    letter(image, block, box, "left", ink)
    mask = np.asarray(lettering_mask(image.size, block, box, "left"))
    found = measure(np.asarray(image), mask, line_boxes(block, box, "left"), 0.71 * block.font_px)
    return found.contrast, found.passes


def test_contrast_at_feed_size_is_near_the_true_one() -> None:
    assert lettered((255, 255, 255), (0, 0, 0))[0] > 12
    contrast, passes = lettered((150, 150, 150), (120, 120, 120))
    assert contrast < 2 and not passes
    assert lettered((0, 0, 0), (255, 255, 255))[1]


def test_a_busy_ground_counts_by_its_worst_part() -> None:
    image = np.zeros((720, 1280, 3), np.uint8)
    image[:, ::2] = 0
    mask = np.zeros((720, 1280), np.uint8)
    mask[300:400, 200:700] = 255
    image[300:400, 200:700] = 255
    assert measure(image, mask, (Box(200, 300, 500, 100),), 90).contrast > 15
    image[280:420, 700:1280] = 250
    image[280:420, 0:200] = 250
    assert measure(image, mask, (Box(200, 300, 500, 100),), 90).contrast < 3


def test_nothing_drawn_is_not_legible() -> None:
    blank = np.zeros((720, 1280), np.uint8)
    assert not measure(np.zeros((720, 1280, 3), np.uint8), blank, (Box(0, 0, 50, 50),), 50).passes
    assert measure(np.zeros((720, 1280, 3), np.uint8), blank, (), 50).contrast == 0
    assert measure(np.zeros((90, 160, 3), np.uint8), blank[:90, :160] + 255, (Box(0, 0, 160, 90),), 50).contrast == 0


def test_feed_sizes() -> None:
    assert feed_size(1280, 720) == (246, 138) and feed_size(1080, 1920) == (138, 246)

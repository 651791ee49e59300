"""What keeps a picture's signature and what does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from keyart.nearness.signature import MOST_BITS, NEAR, Signature, hamming, likeness, signature_of
from keyart.types import RGB, Box
from tests.nearness.pictures import brightened, cropped, letterboxed, reencoded, resized, scene, with_logo

EDITS: dict[str, Callable[[RGB], RGB]] = {
    "encoded again": lambda image: reencoded(image, 25),
    "smaller": lambda image: resized(image, 96, 54),
    "another shape": lambda image: resized(image, 320, 240),
    "a corner cut off": lambda image: cropped(image, 0.06, 0.0, 1.0),
    "the rim cut off": lambda image: cropped(image, 0.08, 0.5, 0.5),
    "brighter": lambda image: brightened(image, 1.2, 15),
    "darker": lambda image: brightened(image, 0.7, 0),
    "letterbox": letterboxed,
    "pillarbox": lambda image: np.ascontiguousarray(
        letterboxed(np.ascontiguousarray(image.swapaxes(0, 1))).swapaxes(0, 1)
    ),
    "logo": with_logo,
}


def _signature(image: RGB, *hidden: Box) -> Signature:
    made = signature_of(image, hidden)
    assert made is not None
    return made


def _near(one: Signature, other: Signature) -> bool:
    near = int(hamming(one.bits, other.bits[None])[0]) <= MOST_BITS
    return near and float(likeness(one.cells, other.cells[None])[0]) >= NEAR


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_picture_is_nearly_the_same(name: str) -> None:
    found = [_near(_signature(EDITS[name](scene(seed))), _signature(scene(seed))) for seed in range(12)]
    assert sum(found) >= 11


def test_different_pictures_are_not() -> None:
    signatures = [_signature(scene(seed)) for seed in range(30)]
    pairs = [(one, other) for place, one in enumerate(signatures) for other in signatures[:place]]
    assert sum(_near(one, other) for one, other in pairs) == 0


def test_a_picture_is_wholly_like_itself_and_likeness_does_not_depend_on_the_side() -> None:
    one, other = _signature(scene(1)), _signature(cropped(scene(1), 0.05, 1.0, 0.0))
    assert float(likeness(one.cells, one.cells[None])[0]) == pytest.approx(1.0, abs=1e-3)
    there, back = float(likeness(one.cells, other.cells[None])[0]), float(likeness(other.cells, one.cells[None])[0])
    assert there == pytest.approx(back, abs=0.05)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_plain_ground_has_no_signature(value: int) -> None:
    assert signature_of(np.full((90, 160, 3), value, np.uint8)) is None


def test_a_picture_hidden_all_over_has_none() -> None:
    assert signature_of(scene(3), (Box(0, 0, 320, 180),)) is None


def test_what_is_hidden_does_not_count() -> None:
    def captioned(colour: int) -> RGB:
        image = scene(4).copy()
        image[90:] = colour
        image[100:170:12, 20:300:5] = 255 - colour
        return image

    box = Box(0, 90, 320, 90)
    one, other = _signature(captioned(20), box), _signature(captioned(235), box)
    assert int(hamming(one.bits, other.bits[None])[0]) == 0
    assert _near(one, other)
    assert (one.cells == 0).sum() >= 15 * 32


def test_bits_do_not_change_with_brightness() -> None:
    one, other = _signature(scene(5)), _signature(brightened(scene(5), 0.8, 10))
    assert int(hamming(one.bits, other.bits[None])[0]) <= 6


def test_no_candidates_no_likeness() -> None:
    one = _signature(scene(6))
    assert len(likeness(one.cells, np.zeros((0, 32, 32), np.uint8))) == 0

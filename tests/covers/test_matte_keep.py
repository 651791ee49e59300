"""The memory of mattes: the same picture is cut out once, another one again, and old ones make room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from keyart.covers.matte import MATTERS, MakeMatte, Matte, keep
from keyart.types import RGB, Box

RNG = np.random.default_rng(7)
PICTURE: RGB = np.zeros((90, 160, 3), np.uint8)
PICTURE[20:80, 50:110] = 230
PICTURE[...] += RNG.integers(0, 20, PICTURE.shape, np.uint8)


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    keep.forget()
    yield
    keep.forget()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[RGB]:
    """What the saliency backend was asked to look at."""
    asked: list[RGB] = []
    find = MATTERS["saliency"].find

    def counting(image: RGB, faces: Any) -> Any:
        asked.append(image)
        return find(image, faces)

    monkeypatch.setitem(MATTERS, "saliency", replace(MATTERS["saliency"], find=counting))
    return asked


def test_the_same_picture_is_cut_out_once(calls: list[RGB]) -> None:
    first, again = MakeMatte("saliency")(PICTURE), MakeMatte("saliency")(PICTURE.copy())
    assert first is not None and first is again
    assert len(calls) == 1


def test_another_pixel_or_another_face_is_another_picture(calls: list[RGB]) -> None:
    other = PICTURE.copy()
    other[0, 0, 0] ^= 1
    MakeMatte("saliency")(PICTURE)
    MakeMatte("saliency")(other)
    MakeMatte("saliency")(PICTURE, [Box(1, 2, 3, 4)])
    assert len(calls) == 3


def test_what_is_shared_cannot_be_written_to() -> None:
    matte = MakeMatte("saliency")(PICTURE)
    assert matte is not None
    with pytest.raises(ValueError, match="read-only"):
        matte.alpha[0, 0] = 1.0


def test_old_ones_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep.SHELF, "max_bytes", 300_000)
    made: list[int] = []

    def matte(number: int) -> Matte:
        made.append(number)
        alpha = np.ones((100, 100), np.float32)
        return Matte(alpha, np.zeros((100, 100, 3), np.uint8), "x", (), "object")

    for number in (1, 2, 3, 4, 5, 4, 1):
        keep.kept(number, lambda number=number: matte(number))  # type: ignore[misc]
    assert made == [1, 2, 3, 4, 5, 1]

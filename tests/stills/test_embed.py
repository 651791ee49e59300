"""Descriptors: unit length, alike for like pictures, unlike for others."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from keyart.stills.embed import EMBEDDERS
from keyart.types import RGB

from .conftest import photo

NAMES = ("astronaut", "rocket", "coffee", "chelsea")


def shifted(image: RGB, share: float) -> RGB:
    height, width = image.shape[:2]
    return image[int(share * height) :, int(share * width) :]


@pytest.mark.parametrize("name", EMBEDDERS)
def test_unit_length_and_the_same_each_time(name: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    rows = [EMBEDDERS[name](image) for _ in range(2)]
    assert rows[0].dtype == np.float32 and float(np.linalg.norm(rows[0])) == pytest.approx(1.0, abs=1e-5)
    assert (rows[0] == rows[1]).all()


@pytest.mark.parametrize("name", EMBEDDERS)
def test_even_pictures_have_a_direction_too(name: str) -> None:
    rows = [EMBEDDERS[name](np.full((20, 20, 3), level, np.uint8)) for level in (0, 128, 255)]
    assert all(np.isfinite(row).all() and float(np.linalg.norm(row)) == pytest.approx(1.0, abs=1e-5) for row in rows)


@pytest.mark.parametrize("name", EMBEDDERS)
def test_the_same_scene_is_nearer_than_any_other(name: str) -> None:
    embed = EMBEDDERS[name]
    images = [photo(one) for one in NAMES]
    rows = np.stack([embed(image) for image in images])
    moved = np.stack([embed(shifted(image, 0.03)) for image in images])
    darker = np.stack([embed((image * 0.85).astype(np.uint8)) for image in images])
    soft = np.stack([embed(np.asarray(cv2.GaussianBlur(image, (0, 0), 2), np.uint8)) for image in images])
    others = rows @ rows.T
    assert others[~np.eye(len(NAMES), dtype=bool)].max() < 0.6
    for changed in (moved, darker, soft):
        assert (rows * changed).sum(axis=1).min() > 0.8

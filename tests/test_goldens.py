"""The golden machinery itself: it must be able to fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keyart.types import RGB
from tests import goldens


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RGB:
    """A picture whose blessed copy is called 'x'."""
    monkeypatch.setattr(goldens, "FOLDER", tmp_path)
    rows, columns = np.mgrid[:90, :160]
    image = np.dstack([columns, rows * 2, 128 + 60 * np.sin(columns / 6)]).astype(np.uint8)
    monkeypatch.setenv(goldens.BLESS, "1")
    goldens.check("x", image)
    monkeypatch.delenv(goldens.BLESS)
    return image


def test_equal_pictures_pass(picture: RGB) -> None:
    goldens.check("x", picture)
    assert goldens.ssim(picture, picture) == pytest.approx(1.0)


def test_another_structure_fails(picture: RGB) -> None:
    noise = np.random.default_rng(0).integers(-12, 13, picture.shape)
    with pytest.raises(AssertionError, match=r"SSIM 0\.\d+ .* scripts/bless -k x"):
        goldens.check("x", np.clip(picture + noise, 0, 255).astype(np.uint8))


def test_another_colour_of_the_same_luma_fails(picture: RGB) -> None:
    with pytest.raises(AssertionError, match="colour distance"):
        goldens.check("x", np.ascontiguousarray(picture[..., ::-1]))


def test_another_size_fails(picture: RGB) -> None:
    with pytest.raises(AssertionError, match="the picture"):
        goldens.check("x", picture[:-1])


def test_a_missing_golden_names_the_cure(picture: RGB) -> None:
    with pytest.raises(AssertionError, match=r"no golden y\.png; look at the picture, then: scripts/bless -k y"):
        goldens.check("y", picture)


def test_large_pictures_are_kept_small(picture: RGB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(goldens.BLESS, "1")
    goldens.check("large", np.repeat(np.repeat(picture, 8, 0), 8, 1))
    monkeypatch.delenv(goldens.BLESS)
    assert goldens._shown(np.repeat(np.repeat(picture, 8, 0), 8, 1)).shape == (225, 400, 3)

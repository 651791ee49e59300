"""The generators' way from still to still, on a small random network in the model store."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from keyart.covers.looks import generators
from keyart.covers.looks.generators import GENERATORS, Generated, fade, tiles
from keyart.errors import BadSetting, KeyartError, MissingModel
from keyart.models import CARDS
from keyart.models.store import stored_path
from keyart.types import RGB
from tests.covers.conftest import scenery
from tests.tiny_onnx import write_generator


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("KEYART_LICENCE", raising=False)
    generators.load.cache_clear()
    return tmp_path


def expected(image: RGB, kernel: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> RGB:
    """The network's arithmetic by OpenCV, over the whole picture at once."""
    x = image.astype(np.float32) / 127.5 - 1
    mixed = np.dstack(
        [
            sum(
                cv2.filter2D(x[..., source], -1, kernel[to, source], borderType=cv2.BORDER_CONSTANT)
                for source in range(3)
            )
            for to in range(3)
        ]
    )
    return np.asarray(np.clip((np.tanh(mixed) * 0.5 + 0.5) * 255 + 0.5, 0, 255), np.uint8)


@pytest.mark.parametrize("shape", [("n", 3, "h", "w"), (1, 3, 96, 96), ("n", "h", "w", 3), (1, 64, 64, 3)])
def test_tiles_join_to_what_the_whole_would_be(store: Path, shape: tuple[int | str, ...]) -> None:
    kernel = write_generator(stored_path(CARDS["animegan-v2"]), shape)
    image = scenery(200, 130)
    done = Generated("animegan-v2", tile_px=96, overlap=0.3)(image)
    assert done.shape == image.shape
    away = np.abs(done.astype(int) - expected(image, kernel))
    assert away.mean() < 4 and np.percentile(away, 99) < 16


def test_one_tile_is_exact(store: Path) -> None:
    kernel = write_generator(stored_path(CARDS["ugatit"]), ("n", 3, "h", "w"))
    image = scenery(96, 96)
    done = Generated("ugatit", tile_px=96)(image)
    assert np.abs(done[2:-2, 2:-2].astype(int) - expected(image, kernel)[2:-2, 2:-2]).max() <= 1


@pytest.mark.parametrize("size", [(64, 20), (7, 5), (300, 90)])
def test_pictures_smaller_than_a_tile(store: Path, size: tuple[int, int]) -> None:
    write_generator(stored_path(CARDS["animegan-v2"]), (1, 3, 96, 96))
    assert GENERATORS["animegan-v2"](scenery(*size)).shape == (size[1], size[0], 3)


def test_a_large_still_is_brought_down_and_back(store: Path) -> None:
    write_generator(stored_path(CARDS["animegan-v2"]), ("n", 3, "h", "w"))
    done = Generated("animegan-v2", tile_px=128, area_px=200 * 100)(scenery(800, 400))
    assert done.shape == (400, 800, 3)


def test_batches_do_not_change_the_picture(store: Path) -> None:
    write_generator(stored_path(CARDS["animegan-v2"]), ("n", 3, "h", "w"))
    one, four = (Generated("animegan-v2", tile_px=64, batch=batch)(scenery(200, 130)) for batch in (1, 4))
    assert np.array_equal(one, four)


@pytest.mark.parametrize("name", GENERATORS)
def test_missing_weights_are_said_with_the_cure(store: Path, name: str) -> None:
    with pytest.raises(MissingModel, match=name):
        GENERATORS[name](scenery(64, 64))


def test_licence_mode_refuses_a_generator(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_generator(stored_path(CARDS["animegan-v2"]), ("n", 3, "h", "w"))
    monkeypatch.setenv("KEYART_LICENCE", "permissive")
    with pytest.raises(KeyartError, match="animegan-v2"):
        GENERATORS["animegan-v2"](scenery(64, 64))


def test_tiles_cover_everything_and_fade_into_each_other() -> None:
    total = np.zeros((130, 200))
    for x, y in tiles(200, 130, 64, 0.25):
        assert 0 <= x <= 200 - 64 and 0 <= y <= 130 - 64
        total[y : y + 64, x : x + 64] += fade(64, 0.25)
    assert total.min() > 0
    assert list(tiles(50, 40, 64, 0.25)) == [(0, 0)]


def test_settings_are_checked() -> None:
    with pytest.raises(BadSetting, match="allowed are 32 px and more"):
        Generated("ugatit", tile_px=16)

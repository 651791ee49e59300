"""TorchScript generators: a random network, saved and reloaded as the real ones are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.covers.looks import generators  # noqa: E402
from keyart.covers.looks.generators import Generated  # noqa: E402
from keyart.models import CARDS  # noqa: E402
from keyart.models.store import stored_path  # noqa: E402
from tests.covers.conftest import scenery  # noqa: E402


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A residual generator with instance normalisation, which is what makes tiles disagree."""
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.delenv("KEYART_LICENCE", raising=False)
    generators.load.cache_clear()
    torch.manual_seed(0)
    layers = [torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.InstanceNorm2d(8), torch.nn.ReLU()]
    layers += [torch.nn.Conv2d(8, 3, 3, padding=1), torch.nn.Tanh()]
    path = stored_path(CARDS["arcanegan-v04"])
    path.parent.mkdir(parents=True)
    torch.jit.trace(torch.nn.Sequential(*layers).eval(), torch.zeros(1, 3, 64, 64)).save(str(path))
    return path


def test_a_still_goes_through_torchscript(weights: Path) -> None:
    image = scenery(160, 90)
    one = Generated("arcanegan-v04", tile_px=64)
    done = one(image)
    assert done.shape == image.shape and done.std() > 1
    assert np.array_equal(done, one(image))


def test_tiles_agree_in_colour(weights: Path) -> None:
    """One half dark, one half light: normalised tile by tile, both would come out alike."""
    image = np.zeros((64, 256, 3), np.uint8)
    image[:, 128:] = 200
    image += np.random.default_rng(0).integers(0, 30, image.shape, dtype=np.uint8)
    whole = Generated("arcanegan-v04", tile_px=256)(image).astype(float)
    tiled = Generated("arcanegan-v04", tile_px=64)(image).astype(float)
    step, again = (abs(done[:, 160:].mean() - done[:, :96].mean()) for done in (whole, tiled))
    assert again > 0.5 * step

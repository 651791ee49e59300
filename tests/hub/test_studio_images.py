"""The studio's pictures from words, drawn by the tiny random pipeline in the very child process that serves users."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from keyart.cache import StageCache
from keyart.covers.backgrounds.diffusion import Mode
from keyart.errors import MissingModel
from keyart.media.images import read_receipt
from keyart.studio.darkroom.engines import ENGINES, Engine, Wish, drawn, engine_facts
from keyart.studio.options import Studio
from keyart.types import Frame, Still
from tests.covers.conftest import scenery
from tests.hub.test_diffusion import folder  # noqa: F401  # the tiny pipeline


@pytest.fixture
def options(tmp_path: Path) -> Studio:
    made = Studio(data=tmp_path / "studio", spare_gb=0.0)
    StageCache(made.cache_folder).put("frame", Still(1, Frame(scenery(96, 64), 1.5), 38, 0.5, ()), Still)
    return made


@pytest.mark.parametrize("mode", ["text", "image"])
def test_pictures_are_drawn_in_a_child(options: Studio, folder: Path, tmp_path: Path, mode: Mode) -> None:  # noqa: F811
    engine = Engine("tiny", "tiny", mode, model=str(folder), steps=2, area_px=48 * 32)
    assert engine_facts(engine)["available"]
    first = drawn(options, engine, Wish("a cat", "text", 1, 2), (96, 64), "frame")
    pictures = [np.asarray(Image.open(io.BytesIO(data))) for data in first]
    assert [one.shape for one in pictures] == [(64, 96, 3)] * 2 and not np.array_equal(pictures[0], pictures[1])
    again = drawn(options, engine, Wish("a cat", "text", 2, 1), (96, 64), "frame")
    assert again[0] == first[1], "a seed is a picture, whichever drawing it belongs to"
    (tmp_path / "one.png").write_bytes(first[0])
    told = read_receipt(tmp_path / "one.png")
    assert (told["prompt"], told["seed"], told["steps"]) == ("a cat", 1, 2)
    assert ("drawn_over_seconds" in told) == (mode == "image") and str(folder) not in str(told)


def test_weights_that_are_not_here_are_named_before_a_child_is_started(
    options: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "none"))
    assert engine_facts(ENGINES["sd3"])["cure"] == "keyart models pull sd3-medium"
    with pytest.raises(MissingModel, match="keyart models pull sd3-medium"):
        drawn(options, ENGINES["sd3"], Wish("a cat", "", 1, 1), (96, 64), "frame")

"""What must not be beside torch and transformers in one environment."""

from __future__ import annotations

import re
from importlib import metadata

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


def installed() -> set[str]:
    return {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower() for one in metadata.distributions()}


def test_torchvision_is_absent() -> None:
    assert "torchvision" not in installed(), "transformers' vision models would stop importing"


def test_there_is_one_opencv() -> None:
    assert [name for name in installed() if name.startswith("opencv-")] == ["opencv-contrib-python-headless"]


def test_torch_is_the_pinned_one() -> None:
    assert torch.__version__.split("+")[0] == "2.13.0"


def test_what_the_hub_backends_import_is_there() -> None:
    from diffusers import StableDiffusion3Pipeline
    from transformers import AutoModel, AutoProcessor, CLIPModel

    assert all((StableDiffusion3Pipeline, AutoModel, AutoProcessor, CLIPModel))

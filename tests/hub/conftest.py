"""The hub tier on models that the tests build, save and reload: tiny and random, so nothing is fetched.

Each module starts with `pytest.importorskip("transformers")` (or torch, diffusers): in the ordinary environment the
folder is skipped. `scripts/test hub` runs it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")

_OTHERS = ("torch", "transformers", "diffusers", "huggingface_hub", "accelerate", "onnxscript", "importlib")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # what the hub's libraries say about one another is not ours to mend; our own warnings stay errors
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for module in _OTHERS:
                item.add_marker(pytest.mark.filterwarnings(rf"ignore:::{module}"))

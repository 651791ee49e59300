"""Folder of a hub model -> network, through the libraries that wrote it. Local files only: nothing is fetched here."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from keyart.errors import BadModel, MissingExtra
from keyart.models.loads import note_load
from keyart.models.store import model_folder


def hub_model(name: str, kind: str, processor: str = "AutoProcessor") -> tuple[Any, Any]:
    """(network, processor) of a hub model by its card's name or a folder, made once per process.

    `kind` and `processor` are classes of transformers: AutoModel, AutoModelForImageClassification ... Raises
    `MissingModel`, `MissingExtra`, `LicenceRefused`, and `BadModel` for a folder that transformers cannot read.
    """
    return _loaded(model_folder(name), kind, processor)


def device() -> str:
    """cuda where torch sees one, else cpu."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@cache
def _loaded(folder: Path, kind: str, processor: str) -> tuple[Any, Any]:
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        import torch
        import transformers
    except ImportError as err:
        raise MissingExtra(err.name or "transformers", extra="hub") from err
    transformers.logging.disable_progress_bar()
    note_load(folder.name)
    torch.manual_seed(0)  # weights that a checkpoint lacks are drawn: the same ones each time
    try:
        network = getattr(transformers, kind).from_pretrained(folder, local_files_only=True)
        return network.eval().to(device()), getattr(transformers, processor).from_pretrained(
            folder, local_files_only=True
        )
    except (OSError, ValueError, KeyError) as err:
        raise BadModel(f"{folder}: transformers cannot read it as {kind}: {_first_line(err)}") from err


def _first_line(err: Exception) -> str:
    return str(err).strip().split("\n", 1)[0]

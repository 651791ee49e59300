"""The folder where pulled models lie: KEYART_MODELS, or `models` in the user's data folder."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from platformdirs import user_data_path

from keyart.errors import BadModel, MissingModel
from keyart.models.cards import CARDS, Card


def store_folder() -> Path:
    named = os.environ.get("KEYART_MODELS")
    return Path(named) if named else user_data_path("keyart") / "models"


def stored_path(card: Card) -> Path:
    """Where the card's file lies once pulled; it need not exist."""
    return store_folder() / card.name / card.filename


def have(name: str) -> bool:
    """Whether the model is in the store."""
    return stored_path(CARDS[name]).is_file()


def model_path(name: str) -> Path:
    """The model's file, verified against its card once per process. Raises `MissingModel` with the cure, `BadModel`."""
    card = CARDS.get(name)
    if card is None:
        raise MissingModel(name, f"known models: {', '.join(sorted(CARDS))}")
    path = stored_path(card)
    if not path.is_file():
        raise MissingModel(name)
    _verified(path, card.sha256)
    return path


@cache
def _verified(path: Path, sha256: str) -> None:
    if not sha256:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise BadModel(f"{path} has sha256 {found[:12]}..., its card says {sha256[:12]}...; pull it again with --force")

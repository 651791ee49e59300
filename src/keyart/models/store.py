"""The folder where pulled models lie: KEYART_MODELS, or `models` in the user's data folder.

Models of the hub are found in the hub's own cache as well, where other programs of the user's may have put them.
Nothing is ever downloaded here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from keyart.errors import BadModel, MissingModel
from keyart.models.card import ByHand, Card, HubFile, HubFolder, Installed, LocalFile, Source, Wheel
from keyart.models.cards import CARDS
from keyart.models.licence import permitted, refuse, refuse_stranger


def store_folder() -> Path:
    named = os.environ.get("KEYART_MODELS")
    return Path(named) if named else user_data_path("keyart") / "models"


def stored_path(card: Card) -> Path:
    """Where the card's file, or folder, lies once pulled; it need not exist."""
    return store_folder() / card.name / card.filename


def have(name: str) -> bool:
    """Whether the model is here and the licence mode allows it."""
    card = CARDS[name]
    if isinstance(card.source, Installed):
        return permitted(card) and importlib.util.find_spec(card.source.module) is not None
    return permitted(card) and _place(card) is not None


def model_path(name: str) -> Path:
    """The model's file, verified once per process against its card, or against what was noted when it was pulled.

    Raises `MissingModel` with the cure, `BadModel`, and `LicenceRefused`.
    """
    card = _card(name)
    path = _place(card)
    if path is None:
        raise MissingModel(name, _cure(card))
    _verified(path, card.sha256 or noted_sha256(card))
    return path


def model_folder(name: str) -> Path:
    """Folder of a hub model, by the name of its card or as a path of the user's own.

    Raises `MissingModel` with the cure, and `LicenceRefused`.
    """
    if name not in CARDS and Path(name).expanduser().is_dir():
        refuse_stranger(name)
        return Path(name).expanduser()
    card = _card(name)
    path = _place(card)
    if path is None:
        raise MissingModel(name, _cure(card))
    return path


def noted_sha256(card: Card) -> str:
    """What the model hashed to when it was pulled, for one whose card does not know; empty where nothing was noted."""
    note = note_path(card)
    return note.read_text("ascii").strip() if note.is_file() else ""


def note_path(card: Card) -> Path:
    path = stored_path(card)
    return path.with_name(f"{path.name}.sha256") if card.filename else path / ".sha256"


def _card(name: str) -> Card:
    card = CARDS.get(name)
    if card is None:
        raise MissingModel(name, f"known models: {', '.join(sorted(CARDS))}")
    refuse(card)
    return card


def _cure(card: Card) -> str:
    if isinstance(card.source, ByHand):
        return f"{card.source.how}, then: keyart models add {card.name} FILE"
    return ""


def _place(card: Card) -> Path | None:
    """Where the model's file or folder lies: in the store, else in the hub's cache."""
    path = stored_path(card)
    if isinstance(card.source, HubFolder):
        return path if path.is_dir() else _snapshot(card.source.repository, card.source.revision)
    if path.is_file():
        return path
    if isinstance(card.source, HubFile):
        snapshot = _snapshot(card.source.repository, card.source.revision)
        cached = snapshot / card.source.filename if snapshot else path
        return cached if cached.is_file() else None
    return None


def _snapshot(repository: str, revision: str) -> Path | None:
    """A repository in the hub's cache, as huggingface_hub lays it out; asked without importing it."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    folder = Path(os.environ.get("HF_HUB_CACHE") or home / "hub") / f"models--{repository.replace('/', '--')}"
    reference = folder / "refs" / revision
    commit = reference.read_text("ascii").strip() if reference.is_file() else revision
    snapshot = folder / "snapshots" / commit
    return snapshot if snapshot.is_dir() else None


@cache
def _verified(path: Path, sha256: str) -> None:
    if not sha256:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise BadModel(f"{path} has sha256 {found[:12]}..., its card says {sha256[:12]}...; pull it again with --force")


def card_facts(card: Card) -> dict[str, Any]:
    """A card as plain values, for `keyart models list --json`; what is not known is None or empty."""
    return {
        "name": card.name,
        "what": card.what,
        "here": have(card.name),
        "licence": card.licence,
        "permissive": card.permissive,
        "megabytes": round(card.size_bytes / 1e6, 1) or None,
        "source": origin(card.source),
        "sha256": card.sha256 or noted_sha256(card),
        "input": list(card.input_px) if card.input_px else None,
        "mean": list(card.mean) if card.mean else None,
        "std": list(card.std) if card.std else None,
        "languages": list(card.languages),
        "demands": asdict(card.demands) if card.demands else None,
        "reference": card.reference,
        "note": card.note,
    }


def origin(source: Source) -> str:
    """Where a model comes from, in words."""
    match source:
        case Wheel():
            return f"{source.member} in the wheel {source.requirement}"
        case HubFile():
            return f"{source.filename} of hub repository {source.repository} at {source.revision[:12]}"
        case HubFolder():
            return f"hub repository {source.repository} at {source.revision[:12]}"
        case LocalFile():
            return str(source.path)
        case ByHand():
            return source.how
        case Installed():
            return f"the installed package {source.package}"


def bill_of_models(names: Iterable[str]) -> list[dict[str, Any]]:
    """Every model that took part, by name, with its licence and checksum, as the manifest lists it."""
    return [_entry(name) for name in sorted(set(names))]


def _entry(name: str) -> dict[str, Any]:
    card = CARDS.get(name)
    if card is None:
        name, _, sha256 = name.partition("@")  # a learned model, whose card is in its own file
        return {"name": name, "licence": "unknown", "permissive": False, "sha256": sha256}
    sha256 = card.sha256 or noted_sha256(card)
    return {"name": name, "licence": card.licence, "permissive": card.permissive, "sha256": sha256}

"""Name -> file on disk with a known checksum and licence -> runner. This room knows files, not tasks."""

from keyart.models.cards import CARDS, PACKS, Card
from keyart.models.licence import licensed
from keyart.models.store import bill_of_models, have, model_folder, model_path

__all__ = ["CARDS", "PACKS", "Card", "bill_of_models", "have", "licensed", "model_folder", "model_path"]

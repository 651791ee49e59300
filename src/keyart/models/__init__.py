"""Name -> file on disk with a known checksum and licence -> runner. This room knows files, not tasks."""

from keyart.models.cards import CARDS, PACKS, Card
from keyart.models.store import have, model_path

__all__ = ["CARDS", "PACKS", "Card", "have", "model_path"]

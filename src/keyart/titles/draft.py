"""A headline being made: its words, where they come from, why it may be one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    text: str
    sentence: int
    """Number of the sentence that supports it."""
    angle: str
    """'statement', 'question', 'number', 'name', 'how-to', 'topic', 'phrase', 'lead'."""
    weight: float = 1.0
    """What its form is worth: 1 for a plain third-person clause, less for weaker forms."""
    resolved_from: int = -1
    """Number of the earlier sentence that gave a pronoun its name; -1: none."""

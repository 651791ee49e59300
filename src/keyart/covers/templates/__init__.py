"""Ways to lay out a cover. A new one is one file with a frozen dataclass, and one line here."""

from __future__ import annotations

from keyart.covers.brief import Template
from keyart.covers.templates.card import Card
from keyart.covers.templates.outline import Outline
from keyart.covers.templates.panel import Panel
from keyart.covers.templates.plate import Plate
from keyart.covers.templates.shade import Shade
from keyart.covers.templates.strip import Strip

TEMPLATES: dict[str, Template] = {
    "shade": Shade(),
    "panel": Panel(),
    "outline": Outline(),
    "plate": Plate(),
    "strip": Strip(),
    "card": Card(),
}

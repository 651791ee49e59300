"""What can be chosen in the studio: read off the registries and off the fields of the stage, said nowhere twice."""

from __future__ import annotations

from functools import cache
from typing import Any

from keyart.covers import MakeCovers
from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.brief import FILLS
from keyart.covers.looks import LOOKS
from keyart.covers.presets import PRESETS
from keyart.covers.templates import TEMPLATES
from keyart.covers.typefaces import named_fonts
from keyart.covers.wishes import POSITIONS
from keyart.settings import settings_of
from keyart.studio.darkroom.design import Design
from keyart.studio.darkroom.engines import ENGINES, engine_facts
from keyart.studio.shelf import preset_facts

_CHOICES: dict[str, tuple[str, ...]] = {
    "template": ("auto", "none", *TEMPLATES),
    "fill": FILLS,
    "look": ("", *LOOKS),
    "background": ("", *BACKGROUNDS),
    "position": ("", *POSITIONS),
}
"""Fields that name something of a registry, which their type does not tell."""


def choices() -> dict[str, Any]:
    """Templates, looks, backgrounds, fonts, presets, the fields of a design, and the engines that draw pictures."""
    return {
        "templates": list(TEMPLATES),
        "looks": list(LOOKS),
        "backgrounds": list(BACKGROUNDS),
        "fonts": list(named_fonts()),
        "presets": [preset_facts(name) for name, one in PRESETS.items() if one.kind == "cover"],
        "fields": _fields(),
        "engines": [engine_facts(one) for one in ENGINES.values()],
    }


@cache
def _fields() -> list[dict[str, Any]]:
    """Settings of the covers that a design may set."""
    return [
        {
            "name": one.name,
            "kind": getattr(one.kind, "__name__", "choice"),
            "choices": list(_CHOICES.get(one.name, one.choices)),
            "default": one.default,
            "help": one.help,
        }
        for one in settings_of(MakeCovers, with_help=True)
        if one.name in Design.model_fields
    ]

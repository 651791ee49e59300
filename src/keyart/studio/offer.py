"""What can be chosen in the studio: read off the registries and off the fields of the stage, said nowhere twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal

from keyart.covers import MakeCovers
from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.backgrounds.diffusion import MODEL
from keyart.covers.brief import FILLS
from keyart.covers.looks import LOOKS
from keyart.covers.presets import PRESETS
from keyart.covers.templates import TEMPLATES
from keyart.covers.typefaces import named_fonts
from keyart.covers.wishes import POSITIONS
from keyart.errors import LicenceRefused, MissingExtra, MissingModel
from keyart.models.store import model_folder
from keyart.settings import settings_of
from keyart.studio.design import Design
from keyart.studio.shelf import preset_facts

_CHOICES: dict[str, tuple[str, ...]] = {
    "template": ("auto", "none", *TEMPLATES),
    "fill": FILLS,
    "look": ("", *LOOKS),
    "background": ("", *BACKGROUNDS),
    "position": ("", *POSITIONS),
}
"""Fields that name something of a registry, which their type does not tell."""
_PACKAGES = ("torch", "diffusers", "transformers")


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to draw pictures from words."""

    name: str
    title: str
    mode: Literal["text", "image"]
    """image: the frame is drawn over."""
    model: str = MODEL


ENGINES: dict[str, Engine] = {
    "sd3": Engine("sd3", "Stable Diffusion 3 Medium, from words", "text"),
    "sd3-image": Engine("sd3-image", "Stable Diffusion 3 Medium, from words and the frame", "image"),
}


def engine_facts(engine: Engine) -> dict[str, Any]:
    """`available`, and where it is not: `reason` for people and `cure` for a terminal."""
    lacks = [name for name in _PACKAGES if find_spec(name) is None]
    reasons = [str(MissingExtra(lacks[0], extra="hub"))] if lacks else []
    cures = ["pip install 'keyart[hub]'"] if lacks else []
    try:
        model_folder(engine.model)
    except MissingModel as err:
        reasons.append(str(err))
        cures.append(f"keyart models pull {engine.model}")
    except LicenceRefused as err:
        reasons.append(str(err))
        cures.append("KEYART_LICENCE=any keyart studio")
    facts = {"name": engine.name, "title": engine.title, "mode": engine.mode, "available": not reasons}
    return facts | {"reason": "; ".join(reasons), "cure": " && ".join(cures)}


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

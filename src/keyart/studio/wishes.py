"""What a user of the studio may set for a video. The stages' own fields, less what reaches beyond the video.

A web form must not name files, servers or model folders of the machine that it runs on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from keyart.errors import BadSetting
from keyart.models.kamodel import learned_models
from keyart.package import PARTS
from keyart.recipe import RANKED, Recipe, recipe_for, stage_types
from keyart.settings import Given, Setting, settings_of

_MAX_SETTINGS = 64_000

OFFERED: dict[str, tuple[str, ...]] = {
    "scan": ("mode",),
    "stills": ("count", "clahe", "embedded_cover", "ranker"),
    "speech": ("language",),
    "titles": ("count", "max_words", "max_characters"),
    "covers": ("presets", "count", "template", "colour", "text_colour", "position", "size", "case", "outline", "fill",
               "look", "background", "seed"),
    "variants": ("looks", "backgrounds", "count", "seed"),
    "summaries": ("platforms", "seconds", "about", "captions", "ranker"),
    "teaser": ("pieces", "piece_seconds", "order", "ranker"),
}  # fmt: skip
"""Sections and fields that the web may set; a field that a stage does not have is left out."""


def offered() -> dict[str, dict[str, Setting]]:
    """The settings that may be sent with a video, with their kinds, choices, defaults and help."""
    stages = stage_types(("shots", "stills", "titles", "covers", "variants", "teaser", "summaries"))
    return {
        section: {one.name: one for one in settings_of(stages[section], with_help=True) if one.name in names}
        for section, names in OFFERED.items()
        if section in stages
    }


def given(settings: Mapping[str, Any]) -> list[Given]:
    """`{section: {field: value}}` as settings. Raises `BadSetting` for what the web may not set."""
    return list(_given(settings))


def _given(settings: Mapping[str, Any]) -> Iterable[Given]:
    may = offered()
    for section, fields in settings.items():
        if section not in may or not isinstance(fields, Mapping):
            raise BadSetting(f"settings are {{section: {{field: value}}}} of: {', '.join(may)}; not {section!r}")
        for name, value in fields.items():
            if name not in may[section]:
                raise BadSetting(f"{section}.{name} cannot be set here; what can: {', '.join(may[section])}")
            if isinstance(value, Mapping) or len(str(value)) > 500:
                raise BadSetting(f"{section}.{name} is a short text, a number or a list of these")
            if name == "seed" and not (isinstance(value, int) and 0 <= value < 2**31):
                raise BadSetting(f"{section}.seed is a whole number from 0 to {2**31 - 1}")
            if name == "ranker" and value not in rankers(section):
                there = ", ".join(rankers(section)) or "none"
                raise BadSetting(f"{section}.ranker is the name of a learned model of this studio: {there}")
            yield Given(section, name, value, f"{section}.{name}")


def rankers(section: str) -> tuple[str, ...]:
    """Names of the learned models on this machine's shelf that the section's stage takes."""
    return tuple(learned_models(*(kind for kind, sections in RANKED.items() if section in sections)))


def recipe_of(settings: Mapping[str, Any]) -> Recipe:
    """The stages as the machine's own configuration and the user's settings have them."""
    return recipe_for(None, given(settings), parts=PARTS)


def read_settings(text: str) -> dict[str, dict[str, Any]]:
    """The form's `settings` field. Raises `BadSetting`."""
    if len(text) > _MAX_SETTINGS:
        raise BadSetting(f"settings have at most {_MAX_SETTINGS} bytes")
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError) as err:
        raise BadSetting("settings are no JSON") from err
    return checked_settings(found)


def checked_settings(settings: Any) -> dict[str, dict[str, Any]]:
    """The same settings, once every one is known to be allowed. Raises `BadSetting`."""
    if not isinstance(settings, Mapping):
        raise BadSetting("settings are {section: {field: value}}")
    recipe_of(settings)
    return {section: dict(fields) for section, fields in settings.items()}

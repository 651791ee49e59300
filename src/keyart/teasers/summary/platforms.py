"""What a summary is made for: the video presets by their short names, and plain shapes."""

from __future__ import annotations

from collections.abc import Iterable

from keyart.covers.presets import PRESETS
from keyart.errors import BadSetting
from keyart.types import Box, Preset

_SUFFIX = "_video"
_SHAPES = {"9:16": (1080, 1920), "4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1280, 720)}


def _shape(name: str, width_px: int, height_px: int) -> Preset:
    safe = Box(0, 0, width_px, height_px)
    return Preset(name, width_px, height_px, 0, ("mp4",), "video", safe, None, "a shape, no platform", "", name)


PLATFORMS: dict[str, Preset] = {
    name.removesuffix(_SUFFIX): preset for name, preset in PRESETS.items() if preset.kind == "video"
} | {name.replace(":", "x"): _shape(name, *size) for name, size in _SHAPES.items()}
"""Name in a path -> what the platform accepts; a shape has no limits of its own."""


def platforms_named(names: Iterable[str]) -> dict[str, Preset]:
    """The presets of these names, each once: `reels` or `reels_video`, `9:16` or `9x16`. Raises `BadSetting`."""
    found = {}
    for asked in names:
        name = asked.strip().removesuffix(_SUFFIX).replace(":", "x")
        if name not in PLATFORMS:
            raise BadSetting(f"no summary can be made for {asked!r}; there are: {', '.join(PLATFORMS)}")
        found[name] = PLATFORMS[name]
    if not found:
        raise BadSetting(f"a summary is made for something: {', '.join(PLATFORMS)}")
    return found

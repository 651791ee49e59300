"""What each platform accepts: `presets.toml` as values."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Literal, cast

from keyart.errors import BadSetting
from keyart.media.images import ImageFormat, encode_image
from keyart.types import RGB, Box, Preset, Receipt


def _preset(name: str, row: Mapping[str, Any], checked_at: str) -> Preset:
    width_px, height_px = row["size"]
    return Preset(
        name=name,
        width_px=width_px,
        height_px=height_px,
        max_bytes=row["max_bytes"],
        formats=tuple(row["formats"]),
        kind=row["kind"],
        safe=Box(*row["safe"]),
        badge=Box(*row["badge"]) if "badge" in row else None,
        source=row["source"],
        checked_at=row.get("checked_at", checked_at),
        title=row["title"],
        min_seconds=row.get("min_seconds", 0.0),
        max_seconds=row.get("max_seconds", 0.0),
        note=row.get("note", ""),
    )


def _read() -> dict[str, Preset]:
    table = tomllib.loads(files("keyart").joinpath("presets.toml").read_text("utf-8"))
    checked_at = table.pop("checked_at")
    return {name: _preset(name, row, checked_at) for name, row in table.items()}


PRESETS: dict[str, Preset] = _read()


def format_for(preset: Preset, format: str = "auto") -> ImageFormat:
    """The preset's first format, or the wanted one. Raises `BadSetting` for one that the platform does not take."""
    chosen = preset.formats[0] if format in ("", "auto") else format
    if chosen not in preset.formats:
        raise BadSetting(f"{preset.title} takes {' or '.join(preset.formats)}, not {chosen}")
    return cast(ImageFormat, chosen)


def exported(image: RGB, preset: Preset, receipt: Receipt, format: str = "") -> bytes:
    """A picture of the preset's size as a file that its platform takes, in its first format or another of its formats.

    The best quality that the byte limit allows. Raises `BadSetting` for a format that the platform does not take.
    """
    chosen = format_for(preset, format)
    assert image.shape[:2] == (preset.height_px, preset.width_px), "a cover has the size of its preset"
    return encode_image(image, chosen, receipt=receipt, max_bytes=preset.max_bytes)


def presets_named(
    names: Iterable[str], kind: Literal["cover", "avatar", "animated", "video"] = "cover"
) -> tuple[Preset, ...]:
    """The presets of these names, each once. Raises `BadSetting` for an unknown name or one of another kind."""
    known = [name for name, preset in PRESETS.items() if preset.kind == kind]
    for name in names:
        if name not in known:
            raise BadSetting(f"no {kind} preset is called {name!r}; there are: {', '.join(known)}")
    return tuple(PRESETS[name] for name in dict.fromkeys(names))

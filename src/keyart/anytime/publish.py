"""A level's package is saved beside what stands, and takes its place product by product, package.json last."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keyart.cache import key_of
from keyart.errors import BadSetting, MissingFile, OutputProblem
from keyart.package import MANIFEST, read_manifest

STAGING = ".levels"
"""In the package's folder, while there are levels to come."""


def staged(folder: Path, level: str) -> Path:
    return folder / STAGING / level


def roll_forward(folder: Path) -> None:
    """Finish what a killed run was about to publish; a level that was not complete goes."""
    waiting = folder / STAGING
    complete = [one for one in waiting.glob("*") if (one / MANIFEST).is_file()] if waiting.is_dir() else []
    if complete:
        publish(max(complete, key=lambda one: (one / MANIFEST).stat().st_mtime_ns), folder)
    shutil.rmtree(waiting, ignore_errors=True)


def publish(level: Path, folder: Path) -> dict[str, Any]:
    """Move a saved package over the one that stands; its manifest. A second call goes on where a first was cut off."""
    found = read_manifest(level)
    earlier = standing(folder)
    try:
        (folder / MANIFEST).unlink(missing_ok=True)
        for path in sorted(one for one in level.rglob("*") if one.is_file() and one.name != MANIFEST):
            target = folder / path.relative_to(level)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        for name in _product_paths(earlier) - _product_paths(found):
            _drop(folder, name)
        (level / MANIFEST).replace(folder / MANIFEST)
    except OSError as err:
        raise OutputProblem(f"{folder}: cannot be written: {err.strerror or err}") from err
    shutil.rmtree(level, ignore_errors=True)
    return found


def standing(folder: Path) -> dict[str, Any]:
    """The manifest of the package in the folder, or nothing."""
    with contextlib.suppress(MissingFile, BadSetting, OSError):
        return read_manifest(folder)
    return {}


def _product_paths(found: Mapping[str, Any]) -> set[str]:
    return {str(one.get("path", "")) for one in found.get("products", ())} - {""}


def _drop(folder: Path, name: str) -> None:
    """Only what lies inside the folder; a folder left empty goes with it."""
    path = folder / name
    if path.resolve().is_relative_to(folder.resolve()):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()


# --- which of two packages is the better one ---------------------------------------------------------------------


def asked_key(settings: Mapping[str, Any], parts: tuple[str, ...]) -> str:
    """Stands for what was asked for, whatever level was reached."""
    return key_of({name: value for name, value in settings.items() if name != "budget"}, sorted(parts))[:16]


def level_of(found: Mapping[str, Any]) -> str:
    """The level of a package; "" where there is none."""
    if not found:
        return ""
    return str(found.get("settings", {}).get("budget", {}).get("level", "full"))


def is_same(found: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two manifests are of the same video and the same wishes, be it at different levels."""
    return bool(found and other) and _identity(found, other) == _identity(other, found)


def _identity(found: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[object, ...]:
    source, settings = found.get("source", {}), found.get("settings", {})
    hashed = source.get("sha256") and other.get("source", {}).get("sha256")
    whole = asked_key(settings, tuple(found.get("parts", ())))
    asked = settings["budget"]["of"] if "budget" in settings else whole
    return source.get("name"), source.get("bytes"), source.get("sha256") if hashed else "", asked, found.get("keyart")

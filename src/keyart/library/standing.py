"""What a package folder says of how it came: the part of a result that its files know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from keyart.library.values import Result, StageTold
from keyart.package import MANIFEST, add_to_run, read_manifest, read_run

NOW = "now.json"
"""In a worker's scratch room: what it knows of the video that it is refining, for whoever finds it dead."""


def sign(folder: Path, key: str, sha256: str, attempt: int) -> None:
    """Say in `run.json` what the package was made of: a later run need not make it again."""
    add_to_run(folder, {"library": {"key": key, "sha256": sha256, "attempt": attempt}})


def of_folder(result: Result, folder: Path) -> Result:
    """The result of a package that lies in a local folder. Raises `MissingFile`, `BadSetting`."""
    found, run = read_manifest(folder), read_run(folder)
    stages = _stages(found, run)
    degraded = [f"{one.name}: {one.reason}" for one in stages if one.status == "degraded"]
    if level := _level(found):
        degraded = [f"budget: {level}, not the whole"]  # that it hurried, every stage says of itself
    video: Mapping[str, Any] = found["source"]["video"]
    return replace(
        result,
        end="degraded" if degraded else "made",
        reason="; ".join(degraded),
        kind="",
        video_seconds=float(video["duration"]),
        video_size=(int(video["width"]), int(video["height"])),
        package_bytes=sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()),
        stages=stages,
    )


def _stages(found: Mapping[str, Any], run: Mapping[str, Any]) -> tuple[StageTold, ...]:
    took = {one["name"]: one for one in run.get("stages", ())}
    return tuple(
        StageTold(
            one["name"],
            one["status"],
            float(took.get(one["name"], {}).get("seconds", 0.0)),
            bool(took.get(one["name"], {}).get("resumed", False)),
            one["reason"],
        )
        for one in found["stages"]
    )


def _level(found: Mapping[str, Any]) -> str:
    """Of a package that a budget has cut short; "" for a whole one."""
    level = str(found["settings"].get("budget", {}).get("level", "full"))
    return "" if level == "full" else level


def what_stands(scratch: Path, result: Result) -> tuple[Result, Path] | None:
    """What a worker that died over a budget has left: the best level that it had finished. None: not one."""
    from keyart.anytime import roll_forward

    try:
        told = json.loads((scratch / NOW).read_text("ascii"))
        folder = Path(told["folder"])
        roll_forward(folder)
        if not (folder / MANIFEST).is_file():
            return None
        sign(folder, told["key"], told["sha256"], result.attempt)
        told_of = replace(result, trace="", key=told["key"], sha256=told["sha256"], package=told["package"])
        return of_folder(told_of, folder), folder
    except (OSError, ValueError, KeyError):  # keyart's own errors of a folder are OSErrors and ValueErrors
        return None

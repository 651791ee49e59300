"""Facts about a run and about the machine: what belongs in run.json and `keyart doctor`, never in a product."""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
import os
import platform
import resource
import sys
from dataclasses import dataclass
from typing import Any

from keyart.cache import cache_folder
from keyart.models import PACKS, have
from keyart.models.store import store_folder
from keyart.package import Package

_LIBRARIES = (
    "ai-edge-litert",
    "av",
    "numpy",
    "opencv-contrib-python-headless",
    "onnxruntime",
    "pillow",
    "scikit-learn",
    "slovnet",
)


@dataclass(frozen=True, slots=True)
class Extra:
    """An optional part of the install: the module that shows it is there, and what it adds."""

    module: str
    adds: str


EXTRAS: dict[str, Extra] = {
    "speech-en": Extra("pocketsphinx", "recognition of English speech without subtitles"),
    "torch": Extra("torch", "networks that are not in ONNX"),
    "studio": Extra("fastapi", "keyart studio: the way from a video to its cover in the browser"),
    "hub": Extra("transformers", "the models of the hub: diffusion, CLIP scores, classifiers"),
}


def run_facts(package: Package) -> dict[str, Any]:
    """`run.json`: when, where and how long; everything that differs between two runs that make the same package."""
    from keyart.version import __version__

    return {
        "schema": 1,
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "keyart": __version__,
        "command": sys.argv,
        "stages": [
            {"name": stage.name, "seconds": round(stage.seconds, 3), "resumed": stage.resumed}
            for stage in package.stages
        ],
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "processors": os.cpu_count(),
            "host": platform.node(),
        },
        "libraries": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = ""
    return found


def diagnosis() -> dict[str, Any]:
    """What is installed and what is missing, each with the cure."""
    checks = [_library(name, version) for name, version in _versions().items()]
    checks += [_pack(name) for name in PACKS]
    checks += [_extra(name, extra) for name, extra in EXTRAS.items()]
    return {"models": str(store_folder()), "cache": str(cache_folder()), "checks": checks}


def _check(name: str, ok: bool, required: bool, note: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "required": required, "note": note}


def _library(name: str, version: str) -> dict[str, Any]:
    return _check(name, bool(version), True, version or f"get it with: pip install {name}")


def _pack(name: str) -> dict[str, Any]:
    missing = [model for model in PACKS[name] if not have(model)]
    note = f"missing {', '.join(missing)}; get them with: keyart models pull {name}" if missing else "all here"
    return _check(f"models: {name}", not missing, False, note)


def _extra(name: str, extra: Extra) -> dict[str, Any]:
    here = importlib.util.find_spec(extra.module) is not None
    return _check(
        f"extra: {name}", here, False, extra.adds + ("" if here else f"; get it with: pip install 'keyart[{name}]'")
    )

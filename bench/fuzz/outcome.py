"""What became of one file: made, degraded or refused; everything else is a fault of keyart's."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOOD = ("made", "degraded", "refused", "out of time")
FAULTS = ("fault", "traceback", "signal", "hang", "memory", "leftovers", "broken package", "unclear refusal", "late")
OWN_FAULT = "a fault of keyart's own"
_OF_LIBRARIES = frozenset(("tmp/.ses",))
"""onnxruntime keeps a number of its own among the temporary files."""
_A_LOOK = re.compile(r"\d+ moments? (was|were) looked at\.?")
"""That a budget has bought a look at some moments only is no damage."""
_OUT_OF_TIME = re.compile(r"give it more time|decoded in time")
"""Refused because the machine was busy; says nothing about the file, so a later run tries it again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the child ended, as the zygote tells it."""

    status: int
    seconds: float
    cpu_seconds: float
    peak_mb: int
    late: bool
    """Killed at the limit of the clock."""
    stderr: str = ""


def outcome_of(ended: Ended, folder: Path, package: Path, before: frozenset[str]) -> tuple[str, str]:
    """The outcome's name and what it came of, in one line without numbers; `before` is what lay in the folder."""
    reason = _line(ended.stderr)
    if ended.late or ended.status == -signal.SIGXCPU:
        return "hang", _stack(ended.stderr)
    if ended.status < 0 and ended.status != -signal.SIGKILL:
        name = signal.Signals(-ended.status).name
        if "bad_alloc" in ended.stderr or "MemoryError" in ended.stderr:
            return "memory", f"{name} {_stack(ended.stderr)}"
        return "signal", f"{name} {_stack(ended.stderr)}"
    if ended.status == -signal.SIGKILL:
        return "hang" if ended.cpu_seconds > 1 else "signal", "SIGKILL"
    if re.search(r"MemoryError|bad_alloc|Cannot allocate memory|Insufficient memory", ended.stderr):
        return "memory", reason
    if OWN_FAULT in ended.stderr:
        return "fault", reason
    if "Traceback" in ended.stderr or ended.status not in (0, 1):
        return "traceback", reason
    left = sorted(
        one for one in _names(folder) - before - _OF_LIBRARIES if one.split("/")[0] not in (package.name, "cache")
    )
    if left:
        return "leftovers", " ".join(left)[:200]
    if ended.status == 1:
        return _refused(ended.stderr, reason, package)
    return _made(package, reason)


def _refused(stderr: str, reason: str, package: Path) -> tuple[str, str]:
    if package.exists():
        return "leftovers", reason
    lines = stderr.strip().splitlines()
    if len(lines) != 1 or not lines[0].startswith("keyart: "):
        return "unclear refusal", reason
    return ("out of time" if _OUT_OF_TIME.search(reason) else "refused"), reason


def _made(package: Path, reason: str) -> tuple[str, str]:
    """A package is whole if its manifest is there and every product in it has the bytes that it states."""
    try:
        found = json.loads((package / "package.json").read_text("utf-8"))
        for product in found["products"]:
            data = (package / product["path"]).read_bytes()
            if hashlib.sha256(data).hexdigest() != product["sha256"]:
                return "broken package", f"{product['path']} is not what the manifest says"
    except (OSError, ValueError, KeyError, TypeError) as err:
        return "broken package", f"{type(err).__name__}: {err}"
    stray = [one for one in _names(package) if one.endswith((".partial", ".lock"))]
    if stray:
        return "leftovers", " ".join(stray)
    scan: dict[str, Any] = next((one for one in found["stages"] if one["name"] == "scan"), {})
    said = _A_LOOK.sub("", scan.get("reason", "")).strip(" ;")
    return ("degraded" if said else "made"), without_numbers(said or reason)


def _names(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if not one.is_dir()}


def _line(stderr: str) -> str:
    """The last line that says something."""
    lines = [one for one in stderr.strip().splitlines() if one.strip()]
    return without_numbers(lines[-1]) if lines else ""


def _stack(stderr: str) -> str:
    """The innermost places that faulthandler names, of keyart first."""
    places = re.findall(r'File "([^"]+)", line \d+ in (\w+)', stderr)
    if not places:
        return _line(stderr)
    own = [f"{Path(path).name}:{name}" for path, name in places if "/keyart/" in path]
    return " < ".join([f"{Path(places[0][0]).name}:{places[0][1]}", *own[:3]])


def without_numbers(text: str) -> str:
    """One class for lines that differ in a number or a name of a file."""
    text = re.sub(r"case\.\w+", "FILE", " ".join(text.split()))
    return re.sub(r"-?\d+([.,]\d+)*", "N", text)[:240]

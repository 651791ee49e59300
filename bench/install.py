"""What the default install weighs and what is in it: under 1 GB, no torch, one OpenCV."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from bench.record import machine, write_result

LIMIT_MB = 1000
FORBIDDEN = ("torch", "torchvision", "transformers", "tensorflow", "mediapipe")
"""Heavy, or known to break others by being there; extras may bring some of them, the default install must not."""

Requires = Callable[[str], Iterable[str] | None]


def _requires(name: str) -> Iterable[str] | None:
    return metadata.distribution(name).requires


def closure(name: str, requires: Requires = _requires) -> tuple[str, ...]:
    """A distribution and all that it needs here without extras, by normalised name, sorted."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = _normal(waiting.pop())
        if one in found:
            continue
        found.add(one)
        for line in requires(one) or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name)
    return tuple(sorted(found))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def size_mb(name: str) -> float:
    """Bytes of the files that the distribution put on disk, in MB."""
    files = (Path(str(path.locate())) for path in metadata.files(name) or ())
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def faults(needed: Iterable[str], installed: Iterable[str], megabytes: float) -> list[str]:
    """What is wrong with an install, one sentence each; empty when it is as it must be."""
    found = [f"keyart must not need {name}" for name in FORBIDDEN if name in set(needed)]
    here = {_normal(name) for name in installed}
    found += [f"{name} is installed: make the environment anew" for name in FORBIDDEN if name in here - set(needed)]
    opencvs = sorted(name for name in here if name.startswith("opencv-"))
    if len(opencvs) != 1:
        found.append(f"exactly one OpenCV must be installed, not {', '.join(opencvs) or 'none'}")
    if megabytes >= LIMIT_MB:
        found.append(f"the default install weighs {megabytes:.0f} MB, the limit is {LIMIT_MB}")
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench install", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only judge: exit 1 for a fault, write nothing")
    args = parser.parse_args(arguments)
    needed = closure("keyart")
    sizes = {name: size_mb(name) for name in needed}
    megabytes = sum(sizes.values())
    found = faults(needed, (dist.metadata["Name"] for dist in metadata.distributions()), megabytes)
    for sentence in found:
        print(sentence)
    print(f"default install: {len(needed)} packages, {megabytes:.0f} MB")
    if not args.check:
        heaviest = sorted(sizes, key=lambda name: -sizes[name])[:6]
        write_result(
            "install",
            {
                "schema": 1,
                "bench": "install",
                "machine": machine(),
                "megabytes": round(megabytes),
                "packages": len(needed),
                "heaviest_mb": {name: round(sizes[name]) for name in heaviest},
                "facts": {"install-size": f"{megabytes:.0f} MB", "install-packages": len(needed)},
            },
        )
    return 1 if found else 0

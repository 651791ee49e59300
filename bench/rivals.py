"""The rivals, each in a virtual environment of its own under .rivals/: they bring another OpenCV with them."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.record import REPO

RIVALS_FOLDER = REPO / ".rivals"


@dataclass(frozen=True, slots=True)
class Rival:
    """A package on the Python package index, with the versions that were measured."""

    name: str
    requirements: tuple[str, ...]
    licence: str

    @property
    def folder(self) -> Path:
        return RIVALS_FOLDER / self.name

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def installed(self) -> bool:
        return (self.folder / "installed.json").is_file()

    def versions(self) -> dict[str, str]:
        """What lies in its environment, name -> version."""
        rows = json.loads((self.folder / "installed.json").read_text())
        return {row["name"].lower(): row["version"] for row in rows}


RIVALS: dict[str, Rival] = {
    "katna": Rival(
        "katna",
        (
            "katna==0.9.2",
            "opencv-contrib-python==5.0.0.93",
            "numpy==2.4.6",
            "scikit-image==0.26.0",
            "scikit-learn==1.9.1",
            "imageio-ffmpeg==0.8.1",
        ),
        "MIT",
    ),
    "scenedetect": Rival(
        "scenedetect", ("scenedetect==0.7.2", "opencv-python==5.0.0.93", "numpy==2.4.6"), "BSD-3-Clause"
    ),
}


def make(rival: Rival) -> None:
    """Make or complete the rival's environment. Raises `CalledProcessError` where pip cannot."""
    if not rival.python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(rival.folder)], check=True)
    pip = [str(rival.python), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", *rival.requirements], check=True)
    listed = subprocess.run([*pip, "list", "--format", "json"], check=True, capture_output=True, text=True)
    (rival.folder / "installed.json").write_text(listed.stdout)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench rivals", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(RIVALS)} (default: all)")
    names = parser.parse_args(arguments).names or list(RIVALS)
    unknown = [name for name in names if name not in RIVALS]
    if unknown:
        parser.error(f"no rival is called {unknown[0]!r}; there are: {', '.join(RIVALS)}")
    for name in names:
        print(f"{name}: {', '.join(RIVALS[name].requirements)} ...", flush=True)
        try:
            make(RIVALS[name])
        except subprocess.CalledProcessError as err:
            print(f"{name}: could not be installed (exit {err.returncode})", file=sys.stderr)
            return 1
    return 0

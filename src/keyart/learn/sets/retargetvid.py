"""RetargetVid (Apostolidis & Mezaris 2021): crop windows of 200 videos by six people, one zip for each of them.

Windows are inclusive corners (left, top, right, bottom) in pixels, one line a frame.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData

ASPECTS = {"1-3": (1, 3), "3-1": (3, 1)}
VIDEOS = tuple(f"{number:03d}" for number in (*range(1, 101), *range(601, 701)))
ANNOTATORS = 6

Windows = NDArray[np.float64]
"""Shape (frames, 4)."""
Run = Mapping[str, Windows]
"""Name of the video -> its windows."""


def read_windows(text: str, where: str = "windows") -> Windows:
    """Lines of `left,top,right,bottom`. Raises `BadData` with the line that is none."""
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            left, top, right, bottom = (float(value) for value in line.split(",")[:4])
        except ValueError as err:
            raise BadData(f"{where}: line {number} is {line[:60]!r}; wanted is left,top,right,bottom") from err
        rows.append((left, top, right, bottom))
    return np.array(rows, np.float64).reshape(-1, 4)


def read_annotators(folder: Path, aspect: str) -> list[Run]:
    """`annotator_1.zip` ... `annotator_6.zip`. Raises `MissingFile`, and `BadData` for what is no such archive."""
    return [_zipped(folder / f"annotator_{number}.zip", aspect) for number in range(1, ANNOTATORS + 1)]


def _zipped(path: Path, aspect: str) -> Run:
    if aspect not in ASPECTS:
        raise BadData(f"{aspect!r} was not annotated; there are {' and '.join(ASPECTS)}")
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            names = {Path(name).name: name for name in archive.namelist() if name.endswith(f"_{aspect}.txt")}
            found = {
                video: read_windows(archive.read(names[f"{video}_{aspect}.txt"]).decode(), f"{path}: {video}")
                for video in VIDEOS
                if f"{video}_{aspect}.txt" in names
            }
    except (zipfile.BadZipFile, UnicodeDecodeError, OSError) as err:
        raise BadData(f"{path}: no zip of text files: {err}") from err
    if not found:
        raise BadData(f"{path}: no file is called 001_{aspect}.txt or like it")
    return found


def read_run(folder: Path, aspect: str) -> Run:
    """A folder of published results, `001_1-3.txt` ..., whole or in part."""
    paths = {video: folder / f"{video}_{aspect}.txt" for video in VIDEOS}
    return {video: read_windows(path.read_text(), str(path)) for video, path in paths.items() if path.is_file()}

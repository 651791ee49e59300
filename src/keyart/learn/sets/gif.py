"""GIF thumbnails (seed 002: Xu et al., AAAI 2021): three-shot GIFs that people liked, and comments in each second.

`annotated_data.json`: {video: {"gifs": {name: [second, second, second]}, "fps", "frames", ...}}; `*_dm_count.json`:
{video: [comments in each second]}; without annotations: {video: {"seconds", "video_url"}}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.hdf5 import array, opened
from keyart.learn.sets.values import GifVideo, Triple, no_features


def read_gifs(data: Path, comments: Path | None = None, features: Path | None = None) -> tuple[GifVideo, ...]:
    """The videos in the file's order, annotated or not.

    `features`: `.npz` or HDF5 with one array (seconds, d) for each video, under its name; videos without one are left
    out then. Raises `MissingFile`, `MissingExtra`, and `BadData` with the video that is wrong.
    """
    rows = _json(data)
    counts = _json(comments) if comments else {}
    arrays = _features(features, list(rows)) if features else {}
    if features and not arrays:
        raise BadData(f"{features}: no array has the name of a video of {data}")
    return tuple(
        _video(name, row, counts.get(name, []), arrays.get(name, no_features()), data)
        for name, row in rows.items()
        if not features or name in arrays
    )


def is_gifs(rows: Any) -> bool:
    """Whether what a JSON file holds looks like this set."""
    first = next(iter(rows.values()), None) if isinstance(rows, dict) else None
    return isinstance(first, dict) and ("gifs" in first or {"seconds", "video_url"} <= set(first))


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as err:
        raise BadData(f"{path}: no JSON: {err}") from err
    if not isinstance(rows, dict) or not rows:
        raise BadData(f"{path}: wanted is an object with one entry for each video")
    return rows


def _video(name: str, row: Any, counts: Any, features: NDArray[np.float32], path: Path) -> GifVideo:
    where = f"{path}: {name}"
    if not isinstance(row, dict) or not ({"fps", "frames"} <= set(row) or "seconds" in row):
        raise BadData(f'{where}: wanted is {{"gifs", "fps", "frames"}}, or {{"seconds"}} where there are no GIFs')
    try:
        rate, frames = (row["fps"], row["frames"]) if "fps" in row else (1.0, np.ceil(row["seconds"]))
        video = GifVideo(
            name=name,
            gifs=tuple(_triple(one) for one in row.get("gifs", {}).values()),
            comments=np.asarray(counts, np.int64).reshape(-1),
            frames_per_second=float(rate),
            num_frames=int(frames),
            features=features,
        )
    except BadData as err:
        raise BadData(f"{path}: {err}") from err
    except (ValueError, TypeError, AttributeError) as err:
        raise BadData(f"{where}: {err}") from err
    if video.features.size and abs(len(video.features) - video.num_shots) > 2:
        raise BadData(f"{where}: features of {len(video.features)} seconds; the video has {video.num_shots}")
    return video


def _triple(seconds: Any) -> Triple:
    if not isinstance(seconds, list) or len(seconds) != 3 or any(one != int(one) for one in seconds):
        raise ValueError(f"a GIF is {seconds!r}; wanted are three whole seconds")
    first, second, third = (int(one) for one in seconds)
    return first, second, third


def _features(path: Path, names: list[str]) -> dict[str, NDArray[np.float32]]:
    if path.suffix != ".npz":
        with opened(path) as file:
            found = [name for name in names if name in file]
            return {name: array(file, name, str(path), shape=(None, None), kind=np.float32) for name in found}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name].astype(np.float32) for name in names if name in arrays}
    except (OSError, ValueError) as err:
        raise BadData(f"{path}: no .npz of arrays: {err}") from err

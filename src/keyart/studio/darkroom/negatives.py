"""Frames at hand: decoded once, in a process of their own, kept on disk and, while there is room, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from keyart.cache import StageCache, code_stamp, key_of
from keyart.models import CARDS, have
from keyart.studio.catalogue import Video
from keyart.studio.options import Studio
from keyart.studio.wishes import recipe_of
from keyart.studio.works.running import run_child
from keyart.types import Still, VideoInfo


def developed(options: Studio, video: Video, at: str, sha256: str) -> Still:
    """The frame that `at` names, as `keyart covers --at` takes it; decoded in a child process unless it was before.

    Raises what the decoder raises, and what is said of a child that had to be stopped.
    """
    key = still_key(video, at, sha256)
    cache = StageCache(options.cache_folder)
    kept = cache.get(key, Still)
    if kept is not None:
        return kept
    request = {
        "path": str(options.video_folder(video.id) / video.file),
        "name": video.name,
        "at": at,
        "settings": dict(video.settings),
        "cache": str(options.cache_folder),
        "key": key,
    }
    run_child("still", request, options=options)
    made = cache.get(key, Still)
    if made is None:
        raise OSError("the frame was decoded, but could not be kept: the disk may be full")
    return made


def still_key(video: Video, at: str, sha256: str) -> str:
    """Under which the stage cache keeps that frame: it changes with all that decides how the frame looks."""
    picking = recipe_of(video.settings).stills
    return key_of(code_stamp(), sha256, "still by hand", at, picking, tuple(filter(have, CARDS)))


def info_of(video: Video) -> VideoInfo:
    """What the file says of itself, as it was probed when it came: the file is not opened in this process."""
    told: Mapping[str, Any] = video.probe
    return VideoInfo(
        path=Path(video.file),
        container=str(told.get("container", "")),
        size_bytes=video.bytes,
        video_index=0,
        codec=str(told.get("codec", "")),
        pixel_format=str(told.get("pixel_format", "")),
        width_px=int(told.get("width", 0)),
        height_px=int(told.get("height", 0)),
        coded_width_px=int(told.get("coded_width", 0)),
        coded_height_px=int(told.get("coded_height", 0)),
        sample_aspect=Fraction(1),
        rotation_degrees=0,
        mirrored=False,
        frames_per_second=float(told.get("frames_per_second", 0.0)),
        duration_seconds=float(told.get("duration", 0.0)),
        start_seconds=float(told.get("start", 0.0)),
        called=video.name,
    )

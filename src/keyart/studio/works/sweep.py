"""Tidying up at launch: what a studio that was killed has left half done. Only ever inside its own data folder."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path

from keyart.package import MANIFEST
from keyart.studio.catalogue import Catalogue, Video
from keyart.studio.options import Studio

log = logging.getLogger("keyart.studio")

_OURS = re.compile(r"[0-9a-f]{32}")
_LEAVING = re.compile(r"\.[0-9a-f]{32}\.gone")


def tidy(options: Studio, catalogue: Catalogue) -> None:
    """Temporary files go, folders without a row go, rows without their file fail, what was running waits again.

    Nobody else is at work meanwhile.
    """
    for partial in options.cache_folder.glob("*.partial"):
        partial.unlink(missing_ok=True)
    known = {video.id: video for video in _all_videos(catalogue)}
    _drop_strangers(options, known)
    for video in known.values():
        _check(options, catalogue, video)


def drop_unfinished(options: Studio, id: str) -> None:
    """A package folder without a manifest is none."""
    package = options.video_folder(id) / "package"
    if not (package / MANIFEST).is_file():
        shutil.rmtree(package, ignore_errors=True)


def _all_videos(catalogue: Catalogue) -> list[Video]:
    found: list[Video] = []
    while True:
        page, total = catalogue.videos(limit=500, offset=len(found))
        found += page
        if not page or len(found) >= total:
            return found


def _drop_strangers(options: Studio, known: dict[str, Video]) -> None:
    """Folders of videos that never came to be, or that are on their way out.

    A catalogue that knows nothing at all is more likely the wrong one than one whose every video was deleted.
    """
    videos = options.data / "videos"
    folders = [one for one in videos.iterdir() if one.is_dir()] if videos.is_dir() else []
    strangers = [one for one in folders if _OURS.fullmatch(one.name) and one.name not in known]
    if strangers and not known:
        log.warning("%s: %d videos that the catalogue does not know; they are left as they are", videos, len(strangers))
        strangers = []
    for folder in [*strangers, *(one for one in folders if _LEAVING.fullmatch(one.name))]:
        shutil.rmtree(folder, ignore_errors=True)


def _check(options: Studio, catalogue: Catalogue, video: Video) -> None:
    folder = options.video_folder(video.id)
    _drop_partials(folder)
    is_made = (folder / "package" / MANIFEST).is_file()
    if video.is_final and not is_made:
        drop_unfinished(options, video.id)
    if video.state == "done" and not is_made:
        catalogue.move(video.id, "failed", from_=("done",), error="its package is gone from the disk")
    elif not video.is_final and not (folder / video.file).is_file():
        catalogue.move(video.id, "failed", from_=("queued", "running"), error="the video is gone from the disk")
    else:
        catalogue.move(video.id, "queued", from_=("running",))


def _drop_partials(folder: Path) -> None:
    for partial in folder.rglob(".*.partial"):
        partial.unlink(missing_ok=True)

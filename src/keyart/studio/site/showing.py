"""What the pages show of a video, in the user's language: cards of the queue, products of a package."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from keyart.errors import BadSetting, MissingFile
from keyart.studio.catalogue import Picture, Video
from keyart.studio.shelf import Shelf, shelf_of
from keyart.studio.site.wording import Wording, clock

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

STAGES = (
    "transcript", "titles", "words", "scan", "shots", "stills", "storyboard", "covers", "cutouts", "variants", "avatar",
    "teaser", "description", "pictures", "agreement",
)  # fmt: skip
"""In the order of the house; shown as waiting until the job tells of its own."""
_SHAPES = {"tall": 0.6, "portrait": 0.9, "square": 1.2, "wide": float("inf")}
"""Name -> width by height at most."""


def product_url(video: str, path: str) -> str:
    return f"/api/videos/{video}/products/{quote(path)}"


def shelf_or_none(rooms: Rooms, video: Video) -> Shelf | None:
    """The package; None while there is none, and where it has been taken away by hand."""
    if video.state != "done":
        return None
    try:
        return shelf_of(rooms, video.id)
    except (MissingFile, BadSetting):
        return None


def probe_line(video: Video, say: Wording) -> str:
    """0:30 · 1280×720 · 4.2 MB."""
    probe = video.probe
    facts = [clock(probe["duration"])] if probe.get("duration") else []
    facts += [f"{probe['width']}×{probe['height']}"] if probe.get("width") else []
    return " · ".join([*facts, say.size(video.bytes)])


def state_line(video: Video, position: int | None, say: Wording) -> str:
    """One line on how far it is; progress.js says the same as it goes on."""
    if video.state == "queued":
        return say("job.waiting", n=position) if position else say("job.soon")
    if video.state == "running":
        running = [one["name"] for one in video.progress.get("stages", ()) if one.get("status") == "running"]
        doing = say.maybe(f"stage.{running[-1]}", running[-1]) if running else say("job.begun")
        left = video.progress.get("seconds_left")
        return f"{doing} · {say('job.left', time=say.duration(left))}" if left else doing
    return say(f"state.{video.state}") + (f": {video.error}" if video.error and video.state == "failed" else "")


def card(rooms: Rooms, video: Video, say: Wording) -> dict[str, Any]:
    """A video as the first page, its own page and the library show it."""
    shelf = shelf_or_none(rooms, video)
    titles = shelf.manifest["titles"] if shelf else []
    position = rooms.jobs.position(video.id) if video.state == "queued" else None
    duration = video.probe.get("duration")
    return {
        "id": video.id,
        "name": video.name,
        "state": video.state,
        "revision": video.revision,
        "fraction": video.progress.get("fraction", 0.0),
        "facts": probe_line(video, say),
        "line": state_line(video, position, say),
        "length": clock(duration) if duration else "",
        "day": say.day(video.created_at),
        "title": titles[0]["text"] if titles else "",
        "poster": _poster(video.id, shelf),
        "stages": video.progress.get("stages") or [{"name": name, "status": "waiting"} for name in STAGES],
    }


def _poster(id: str, shelf: Shelf | None) -> str:
    if shelf is None:
        return ""
    wide = [path for path in shelf.checksums if path.startswith("covers/youtube_")]
    stills = [path for path in shelf.checksums if path.startswith("frames/")]
    return product_url(id, (wide + stills)[0]) if wide or stills else ""


# --- the download page ----------------------------------------------------------------------------------------------


def offered(id: str, product: Mapping[str, Any], said: str, say: Wording) -> dict[str, str]:
    """A file to take away: where it is, what it is called, what is said below it."""
    size = product["receipt"].get("size")
    facts = f"{size[0]}×{size[1]} · {say.size(product['bytes'])}" if size else say.size(product["bytes"])
    path = PurePosixPath(product["path"])
    return {"url": product_url(id, str(path)), "file": path.name, "said": said, "facts": facts}


def called(path: str, say: Wording) -> str:
    """What a product is in words: avatar/avatar_sticker.png -> Sticker, cutouts/still_01_hard.png -> Figure 1, hard."""
    stem = PurePosixPath(path).stem
    figure = re.fullmatch(r"still_(\d+)(_\w+)?", stem)
    if figure:
        return say(f"made.cutout{figure[2] or ''}", n=int(figure[1]))
    return say.maybe(f"made.{stem}", stem)


def covers_by_preset(
    id: str, products: Sequence[Mapping[str, Any]], presets: Mapping[str, Any], say: Wording
) -> list[tuple[dict[str, str], list[dict[str, str]]]]:
    """Each preset with its covers: the set to test against each other."""
    kinds: dict[str, list[dict[str, str]]] = {}
    for one in products:
        if one["kind"] == "cover":
            into = kinds.setdefault(one["receipt"]["preset"], [])
            template = one["receipt"].get("template", "none")
            letter = chr(ord("A") + len(into))
            into.append(offered(id, one, f"{letter} · {say.maybe(f'template.{template}', template)}", say))
    return [
        ({"title": say.maybe(f"preset.{name}", presets[name].title), "shape": shape_of(presets[name])}, kinds[name])
        for name in kinds
    ]


def shape_of(preset: Any) -> str:
    """tall, portrait, square or wide."""
    share = preset.width_px / preset.height_px
    return next(name for name, widest in _SHAPES.items() if share <= widest)


def made_covers(id: str, pictures: Iterable[Picture], say: Wording) -> list[dict[str, Any]]:
    """The covers that were saved in the editor, the newest first."""
    found = []
    for one in pictures:
        facts = one.facts
        kind = PurePosixPath(one.file).suffix.lstrip(".").replace("jpg", "jpeg").upper()
        size = f"{facts['width']}×{facts['height']} · " if "width" in facts else ""
        found.append(
            {
                "id": one.id,
                "url": f"/api/videos/{id}/covers/{one.id}",
                "file": one.file,
                "said": kind,
                "facts": size + (say.size(facts["bytes"]) if "bytes" in facts else ""),
            }
        )
    return found[::-1]


def texts_of(shelf: Shelf) -> dict[str, str]:
    """Description, chapters and tags as they are pasted under a video."""
    path = shelf.folder / "titles.json"
    if "titles.json" not in shelf.checksums or not path.is_file():
        return {"description": "", "chapters": "", "tags": "", "language": ""}
    found = json.loads(path.read_text("utf-8"))
    told = found.get("description", {})
    return {
        "description": told.get("text", ""),
        "chapters": "\n".join(f"{one['time']} {one['title']}" for one in found.get("chapters", ())),
        "tags": ", ".join(found.get("tags", ())),
        "language": told.get("language", ""),
    }


def cues_of(shelf: Shelf) -> tuple[str, list[dict[str, Any]]]:
    """Language and cues of the transcript; nothing where nobody speaks."""
    path = shelf.folder / "transcript.json"
    if "transcript.json" not in shelf.checksums or not path.is_file():
        return "", []
    found = json.loads(path.read_text("utf-8"))
    return found.get("language", ""), list(found.get("cues", ()))

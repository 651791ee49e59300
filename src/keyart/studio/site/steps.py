"""The six steps of thesis §6 as pages: the video, its frames, looks, generated pictures, the text, the downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Response

from keyart.studio.catalogue import Video
from keyart.studio.site.showing import (
    called,
    card,
    covers_by_preset,
    cues_of,
    made_covers,
    offered,
    product_url,
    shelf_or_none,
    texts_of,
)
from keyart.studio.site.visitor import Visitor
from keyart.studio.site.wording import clock

if TYPE_CHECKING:
    from keyart.studio.rooms import Rooms

STEPS = (
    ("watch", "video"),
    ("frames", "frames"),
    ("looks", "looks"),
    ("generate", "generate"),
    ("text", "text"),
    ("download", "download"),
)
"""The six steps of thesis §6, the first as the video that was handed in, each with its icon."""
SWATCHES = (
    ("white", "#ffffff"),
    ("black", "#141414"),
    ("yellow", "#ffd60a"),
    ("orange", "#ff7a1a"),
    ("red", "#e5262b"),
    ("green", "#2fb344"),
    ("blue", "#2f6bff"),
    ("violet", "#8b3dff"),
)
_BLANK_FRAME = {
    "id": "", "seconds": 0, "rank": None, "score": None, "by_hand": False, "favourite": False, "width": 16, "height": 9,
    "small": "", "picture": "",
}  # fmt: skip


def _room(rooms: Rooms, visitor: Visitor, video: Video, step: str, **values: Any) -> Response:
    return visitor.page(step, video=card(rooms, video, visitor.say), steps=STEPS, **values)


def _watch(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    shelf, say = shelf_or_none(rooms, video), visitor.say
    assert shelf is not None
    moving = [one for one in shelf.manifest["products"] if one["path"].endswith((".mp4", ".webm"))]
    moving.sort(key=lambda one: one["kind"] != "summary")  # the short version is what was asked for
    language, cues = cues_of(shelf)
    return _room(
        rooms,
        visitor,
        video,
        "watch",
        shorts=[offered(video.id, one, say.maybe(f"kind.{one['kind']}", one["kind"]), say) for one in moving],
        subtitles=product_url(video.id, "transcript.vtt") if "transcript.vtt" in shelf.checksums else "",
        spoken=language,
        words_said=cues,
        stages=shelf.manifest["stages"],
        length=clock(_seconds(video)),
        styles=("papers",),
        scripts=("watch",),
    )


def _frames(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    return _room(
        rooms,
        visitor,
        video,
        "frames",
        frames=_frames_of(rooms, video),
        blank_frame=_BLANK_FRAME,
        storyboard=product_url(video.id, "storyboard/storyboard.vtt"),
        seconds=_seconds(video),
        styles=("frames",),
        scripts=("frames",),
    )


def _looks(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    from keyart.covers.backgrounds import BACKGROUNDS
    from keyart.covers.looks import LOOKS

    frames = _frames_of(rooms, video)
    return _room(
        rooms,
        visitor,
        video,
        "looks",
        favourites=[one for one in frames if one["favourite"]] or frames[:3],
        variants=_variants_there(rooms, video),
        looks=list(LOOKS),
        backgrounds=list(BACKGROUNDS),
        styles=("looks",),
        scripts=("looks",),
    )


def _generate(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    engines = rooms.darkroom.choices()["engines"]
    engine = next((one for one in engines if one["available"]), engines[0])
    prompt = rooms.darkroom.texts(video)["prompt"]
    images = [{"id": one.id, "url": f"/api/videos/{video.id}/images/{one.id}"}
              for one in rooms.catalogue.pictures(video.id, "image")[::-1]]  # fmt: skip
    return _room(
        rooms, visitor, video, "generate", engine=engine, prompt=prompt.get("text", ""),
        negative=prompt.get("negative", ""), images=images, styles=("looks",), scripts=("generate",),
    )  # fmt: skip


def _text(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    from keyart.covers.backgrounds import BACKGROUNDS
    from keyart.covers.looks import LOOKS
    from keyart.covers.templates import TEMPLATES

    choices, frames = rooms.darkroom.choices(), _frames_of(rooms, video)
    for one in frames:
        one["said"] = visitor.say("frames.at", time=clock(one["seconds"]))
    frames.sort(key=lambda one: (not one["favourite"], one["rank"] or 99))
    asked = visitor.request.query_params.get("frame") or video.draft.get("frame")
    return _room(
        rooms,
        visitor,
        video,
        "text",
        frame=next((one for one in frames if one["id"] == asked), frames[0]),
        pickable=frames,
        draft=dict(video.draft),
        texts=rooms.darkroom.texts(video),
        presets=[one for one in choices["presets"] if one["kind"] == "cover"],
        fonts=choices["fonts"],
        templates=list(TEMPLATES),
        looks=list(LOOKS),
        backgrounds=list(BACKGROUNDS),
        swatches=SWATCHES,
        seconds=_seconds(video),
        styles=("editor",),
        scripts=("text",),
    )


def _download(rooms: Rooms, visitor: Visitor, video: Video) -> Response:
    from keyart.covers.presets import PRESETS

    shelf, say, id = shelf_or_none(rooms, video), visitor.say, video.id
    assert shelf is not None
    products = shelf.manifest["products"]

    def of(kind: str) -> list[dict[str, str]]:
        return [offered(id, one, called(one["path"], say), say) for one in products if one["kind"] == kind]

    teasers = [one | {"said": Path(one["file"]).suffix[1:].upper()} for one in of("teaser")]
    return _room(
        rooms,
        visitor,
        video,
        "download",
        mine=made_covers(id, rooms.catalogue.pictures(id, "cover"), say),
        made=covers_by_preset(id, products, PRESETS, say),
        titles=shelf.manifest["titles"],
        texts=texts_of(shelf),
        teasers=teasers,
        teaser_clip=next((one["url"] for one in teasers if one["file"].endswith(".mp4")), ""),
        pictures={"avatars": of("avatar"), "cutouts": of("cutout")},
        files=of("transcript") + of("titles"),
        styles=("papers",),
        scripts=("download",),
    )


ROOMS: Mapping[str, Callable[[Rooms, Visitor, Video], Response]] = {
    "watch": _watch,
    "frames": _frames,
    "looks": _looks,
    "generate": _generate,
    "text": _text,
    "download": _download,
}


def _seconds(video: Video) -> float:
    return float(video.probe.get("duration") or 0.0)


def _frames_of(rooms: Rooms, video: Video) -> list[dict[str, Any]]:
    """As the API tells them, best first."""
    return [dict(one) for one in rooms.darkroom.frames(video)]


def _variants_there(rooms: Rooms, video: Video) -> list[dict[str, Any]]:
    """Pictures that need not be made: those of the package, and those asked for earlier."""
    shelf = shelf_or_none(rooms, video)
    found = []
    for one in shelf.manifest["products"] if shelf else ():
        if one["kind"] == "variant":
            facts = one["receipt"]
            found.append({
                "rank": facts["still_rank"], "frame": "", "look": facts.get("look", ""),
                "background": facts.get("background", ""), "seed": 0, "url": product_url(video.id, one["path"]),
            })  # fmt: skip
    for made in rooms.catalogue.pictures(video.id, "variant"):
        found.append({
            "rank": 0, "frame": str(made.facts.get("frame", "")), "look": made.facts.get("look", ""),
            "background": made.facts.get("background", ""), "seed": made.facts.get("seed", 0),
            "url": f"/api/videos/{video.id}/variants/{made.id}",
        })  # fmt: skip
    return found

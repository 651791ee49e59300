"""Where pictures of a finished video are made on demand: previews, covers, frames by hand, looks and backgrounds.

still ──> scene, in its look and on its background ──> a cover laid out and painted
  kept in memory while there is room                    by the very stage that `keyart covers` runs
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from keyart.covers import MakeCovers
from keyart.covers.brief import framings
from keyart.covers.crop import Scene
from keyart.covers.job import Job, Version
from keyart.covers.presets import presets_named
from keyart.covers.receipts import box_fact
from keyart.covers.staging import Staged, bounded
from keyart.errors import BadSetting, KeyartError, MissingFile
from keyart.media.images import encode_image
from keyart.package import write_whole
from keyart.shelved import Shelved
from keyart.stills.by_hand import still_of
from keyart.studio.catalogue import Catalogue, Picture, Video, new_id
from keyart.studio.darkroom.album import Album
from keyart.studio.darkroom.design import Base, Design, command_for
from keyart.studio.darkroom.engines import Engine, Wish, drawn, insist_on, size_for
from keyart.studio.darkroom.negatives import developed, info_of, still_key
from keyart.studio.options import Studio
from keyart.studio.wishes import recipe_of
from keyart.types import RGB, Product, Receipt, Still

T = TypeVar("T")

RENDERERS = 2
"""Pictures made at a time; more would only make each of them slow."""
MOST_WAITING = 12
_PATIENCE_SECONDS = 60.0
_STILLS_BYTES, _SCENES_BYTES = 120_000_000, 300_000_000
_PICTURES_BYTES = 120_000_000
_THUMBNAILS_BYTES = 40_000_000
_PREVIEW_QUALITY = 88
_ID_LENGTH = 32
_STAGING = ("look", "background", "seed")
_VARIANT_PX = 1920
"""Longer side of a variant as it is shown; a cover is made of it at full size."""


class Busy(KeyartError, TimeoutError):
    """More pictures were asked for at once than can be made."""

    __str__ = Exception.__str__


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """A still in its look and on its background, as the covers see it."""

    still: Still
    scene: Scene
    staging: Staged

    @property
    def num_bytes(self) -> int:
        images = {id(one): one.nbytes for one in (self.scene.image, self.staging.still.frame.image)}
        return sum(images.values())


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A cover as JPEG, and where its lettering stands."""

    data: bytes
    facts: Mapping[str, Any]


class Darkroom:
    """All that is made of a finished video. Its methods may be called from any thread; the work is done by a few."""

    def __init__(self, options: Studio, catalogue: Catalogue) -> None:
        self.options, self.catalogue = options, catalogue
        self.album = Album(options, catalogue)
        self._bench = ThreadPoolExecutor(RENDERERS, thread_name_prefix="darkroom")
        self._drawing = threading.Lock()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="darkroom-ahead", initializer=_step_back)
        self._stills: Shelved[Still] = Shelved(_STILLS_BYTES, lambda still: still.frame.image.nbytes)
        self._pictures: Shelved[RGB] = Shelved(_PICTURES_BYTES, lambda image: image.nbytes)
        self._thumbnails: Shelved[bytes] = Shelved(_THUMBNAILS_BYTES, len)
        self._sets: Shelved[Set] = Shelved(_SCENES_BYTES, lambda one: one.num_bytes)

    # --- covers ---------------------------------------------------------------------------------------------------

    def preview(self, video: Video, design: Design) -> Preview:
        """The cover as it would be exported, as JPEG. Raises `BadSetting`, `Busy`, and what decoding raises."""
        covers = self._covers(video, design)
        return self._at_the_bench(lambda: self._preview(video, covers))

    def _preview(self, video: Video, covers: MakeCovers) -> Preview:
        version = covers.version(self._job(video, covers))
        self._look_ahead(version)
        data = encode_image(version.image, "jpeg", quality=_PREVIEW_QUALITY, quick=True)
        return Preview(data, _shown_facts(version))

    def _look_ahead(self, version: Version) -> None:
        """What fills the frame beside a still is dear, and differs with its place alone: the places that the next wish
        may bring are drawn beside the talk."""
        brief = version.brief
        if brief is None or not version.framing.has_blurred_sides:
            return
        for framing in framings(brief.scene, brief.width_px, brief.height_px):
            if framing.has_blurred_sides and framing.inner != version.framing.inner:
                self._ahead.submit(brief.picture, framing)

    def cover(self, video: Video, design: Design) -> Picture:
        """The cover as `keyart covers` makes it, kept among what was made; `facts` as `made` tells them."""
        covers = self._covers(video, design)
        product, notes = self._at_the_bench(lambda: self._product(video, covers))
        facts = {
            "design": design.model_dump(),
            "width": product.receipt.facts["size"][0],
            "height": product.receipt.facts["size"][1],
            "bytes": len(product.data),
            "format": design.format,
            "receipt": {"product": product.path, **product.receipt.facts},
            "notes": notes,
            "command": command_for(video, covers),
        }
        return self.keep(video, "cover", product.data, Path(product.path).suffix, facts)

    def _product(self, video: Video, covers: MakeCovers) -> tuple[Product, list[str]]:
        job = self._job(video, covers)
        scenes = {job.still.rank: (job.scene, job.staging or Staged(job.still))}
        outcome = covers.laid_out(info_of(video), [(job.still, job.headline)], scenes)
        (product,) = outcome.value
        return product, [*_notes(job, product), *self._judged(video, covers, product)]

    def _judged(self, video: Video, covers: MakeCovers, product: Product) -> list[str]:
        """What the review says of it. Raises `BadSetting` where the review keeps such a picture back."""
        review = recipe_of(video.settings).review
        verdicts = (*review.judge_words(covers.said(())).value, *review.judge_pictures([product]).value)
        for one in verdicts:
            if one.verdict == "block":
                raise BadSetting(f"the review keeps this cover back: {one.reason or one.category}")
        return [f"review: {one.reason or one.category}" for one in verdicts if one.verdict != "pass"]

    def _covers(self, video: Video, design: Design) -> MakeCovers:
        return design.covers(self._base(video, design.frame))

    def _job(self, video: Video, covers: MakeCovers) -> Job:
        one, (preset,) = self._set(video, covers), presets_named(covers.presets)
        headline = next(iter(covers.said(())), None)
        return Job(preset, 1, one.still, one.scene, headline, one.staging)

    # --- frames ---------------------------------------------------------------------------------------------------

    def still(self, video: Video, at: str) -> Still:
        """The frame that `at` names: a time in seconds, or cover. Raises what decoding raises."""
        sha256 = self.album.package(video).sha256
        return self._stills.get((video.id, at), lambda: developed(self.options, video, at, sha256))

    def _set(self, video: Video, covers: MakeCovers) -> Set:
        seed = covers.seed if covers.look or covers.background else 0
        key = video.id, covers.at, covers.picture, covers.look, covers.background, seed

        def make() -> Set:
            picking = recipe_of(video.settings).stills
            still = still_of(covers.picture, picking) if covers.picture else self.still(video, covers.at)
            scene, staging = covers.scene(still)
            scene = replace(scene, memo=lambda place, draw: self._pictures.get((*key, place), draw))
            _ = scene.interest  # drawn once, not in the first preview
            return Set(still, scene, staging)

        return self._sets.get(key, make)

    def _base(self, video: Video, frame: str) -> Base:
        """Raises `MissingFile` for a picture that was not made of this video."""
        if len(frame) < _ID_LENGTH:
            return Base(moment(frame))
        made = self.album.made(video, frame)
        if made is not None and made.kind == "image":
            return Base(picture=self.options.video_folder(video.id) / "made" / made.file)
        if made is None or made.kind != "variant":
            raise MissingFile("there is no such picture among what was made of this video")
        return Base(moment(made.facts["frame"]), None, {name: made.facts[name] for name in _STAGING})

    def frames(self, video: Video) -> list[dict[str, Any]]:
        """The package's stills and those added by hand, best first, as the API tells them."""
        return self.album.frames(video)

    def add_frame(self, video: Video, seconds: float) -> dict[str, Any]:
        """The frame on display at that time, among the frames from now on. Raises `BadSetting` outside the video."""
        still = self.still(video, f"{seconds:.3f}")
        return self.album.add(video, still)

    def frame_file(self, video: Video, frame: str) -> Path:
        """The frame's own JPEG. Raises `MissingFile`."""
        return self.album.file(video, frame)

    def thumbnail(self, path: Path, width_px: int) -> bytes:
        """A JPEG at most that wide; those asked for lately are at hand."""
        return self._thumbnails.get((path, path.stat().st_mtime_ns, width_px), lambda: _thumbnail(path, width_px))

    def texts(self, video: Video) -> dict[str, Any]:
        """Headlines, noun chunks, and what a picture's prompt may be."""
        return self.album.texts(video)

    def choices(self) -> dict[str, Any]:
        """All that can be chosen in the studio."""
        from keyart.studio.darkroom.offer import choices

        return choices()

    # --- variants -------------------------------------------------------------------------------------------------

    def variant(self, video: Video, frame: str, look: str, background: str, seed: int) -> Picture:
        """A frame in a look, its people on a background; what was made before is not made again."""
        covers = MakeCovers(("youtube",), count=1, at=moment(frame), look=look, background=background, seed=seed)
        wanted = {"frame": frame, "look": look, "background": background, "seed": seed}
        for one in self.catalogue.pictures(video.id, "variant"):
            if wanted.items() <= one.facts.items():
                return one
        data, facts = self._at_the_bench(lambda: self._staged(video, covers))
        return self.keep(video, "variant", data, ".jpg", wanted | facts)

    def _staged(self, video: Video, covers: MakeCovers) -> tuple[bytes, dict[str, Any]]:
        one = self._set(video, covers)
        image = bounded(one.staging.still, _VARIANT_PX).frame.image
        facts = {
            "kind": "variant",
            "video": video.name,
            "seconds": round(one.still.seconds, 3),
            "look": covers.look,
            "background": covers.background,
            "seed": covers.seed,
            "size": [image.shape[1], image.shape[0]],
        } | ({"matte": one.staging.matte} if one.staging.matte else {})
        data = encode_image(image, "jpeg", receipt=Receipt("variant.jpg", facts), quick=True)
        notes = [one.staging.note] if one.staging.note else []
        return data, {"width": image.shape[1], "height": image.shape[0], "bytes": len(data), "notes": notes}

    # --- pictures from words --------------------------------------------------------------------------------------

    def images(self, video: Video, engine: Engine, wish: Wish, frame: str = "") -> list[Picture]:
        """Pictures drawn from words, or over a frame: the best one where none is named. One drawing at a time.

        Raises `MissingExtra`, `MissingModel` or `LicenceRefused` with the cure, `Busy`.
        """
        insist_on(engine)
        at = moment(frame or self.frames(video)[0]["id"])
        still, sha256 = self.still(video, at), self.album.package(video).sha256
        if not self._drawing.acquire(blocking=False):
            raise Busy("pictures are being drawn already; wait for them")
        try:
            made = drawn(self.options, engine, wish, size_for(still), still_key(video, at, sha256))
        finally:
            self._drawing.release()
        return [self._kept_image(video, engine, wish, number, data) for number, data in enumerate(made)]

    def _kept_image(self, video: Video, engine: Engine, wish: Wish, number: int, data: bytes) -> Picture:
        with Image.open(io.BytesIO(data)) as picture:
            width_px, height_px = picture.size
        facts = {
            "engine": engine.name,
            "prompt": wish.prompt,
            "negative": wish.negative,
            "seed": wish.seed + number,
            "width": width_px,
            "height": height_px,
            "bytes": len(data),
            "format": "png",
        }
        return self.keep(video, "image", data, ".png", facts)

    # --- what was made --------------------------------------------------------------------------------------------

    def keep(self, video: Video, kind: str, data: bytes, suffix: str, facts: Mapping[str, Any]) -> Picture:
        """Put a picture on disk, then into the catalogue."""
        id = new_id()
        folder = self.options.video_folder(video.id) / "made"
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"{id}{suffix}", data)
        picture = Picture(id, video.id, kind, f"{id}{suffix}", dict(facts), time.time())
        self.catalogue.add_picture(picture)
        return picture

    def remove(self, video: Video, id: str) -> bool:
        """Take a made picture away; whether it was there."""
        made = self.album.made(video, id)
        if made is None or not self.catalogue.remove_picture(video.id, id):
            return False
        with contextlib.suppress(FileNotFoundError):
            (self.options.video_folder(video.id) / "made" / made.file).unlink()
        return True

    def forget(self, video: str) -> None:
        """Give up what is held of a video that is gone."""
        for shelf in (self._stills, self._sets, self._pictures):
            shelf.forget(lambda key: key[0] == video)

    def close(self) -> None:
        for threads in (self._bench, self._ahead):
            threads.shutdown(wait=False, cancel_futures=True)

    def _at_the_bench(self, work: Callable[[], T]) -> T:
        """The work's result, done by one of the few. Raises `Busy` where too many wait already."""
        if self._bench._work_queue.qsize() >= MOST_WAITING:
            raise Busy("many pictures are being made just now; try again in a moment")
        begun = self._bench.submit(work)
        try:
            return begun.result(_PATIENCE_SECONDS)
        except TooLate as err:
            begun.cancel()
            raise Busy("the picture was not ready in time; try again in a moment") from err


def _step_back() -> None:
    """This thread works only where nobody else wants the core."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def moment(frame: str) -> str:
    """A frame's id as `--at` names it: 12345 -> 12.345."""
    return frame if not frame.isdecimal() else f"{int(frame) // 1000}.{int(frame) % 1000:03}"


def _thumbnail(path: Path, width_px: int) -> bytes:
    with Image.open(path) as picture:
        height_px = max(1, round(picture.height * width_px / picture.width))
        if width_px >= picture.width:
            return path.read_bytes()
        picture.draft("RGB", (width_px, height_px))  # a quarter of the pixels need not be decoded
        small = picture.convert("RGB").resize((width_px, height_px), Image.Resampling.LANCZOS)
    return encode_image(np.asarray(small, np.uint8), "jpeg", quality=82, quick=True)


def _notes(job: Job, product: Product) -> list[str]:
    """What could not be done as wished."""
    facts = product.receipt.facts
    bare = [facts["why"]] if job.headline and facts["template"] == "none" else []
    return list(dict.fromkeys([*job.notes, *facts.get("notes", ()), *bare]))


def _shown_facts(version: Version) -> dict[str, Any]:
    """What a page draws over a preview."""
    found: dict[str, Any] = {"template": version.template, "notes": list(version.notes)}
    if version.plan is None or version.legibility is None:
        return found
    block = version.plan.spot.block
    return found | {
        "text_box": box_fact(version.plan.spot.box),
        "lines": list(block.lines),
        "font": block.face.name,
        "font_px": round(block.font_px, 1),
        "readable": version.legibility.passes,
    }

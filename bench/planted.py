"""Clips with frames in them that nobody may be offered, and a record of where those are.

    take, black, take, blurred stretch, card, take fading in with a flash, dissolve, take with a flash, copy of a take

Real material where there is some, the sample photographs with pan and zoom otherwise.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np

from bench.clips import footage
from bench.record import MEDIA, WORK
from keyart.media.encode import write_mp4
from keyart.models import model_path
from keyart.types import RGB

WIDTH_PX, HEIGHT_PX, FRAMES_PER_SECOND = 640, 360, 25
TAKE_FRAMES = 100
PLACE = 0.12
"""Where in a video a take begins, as a share of its length."""

Kind = Literal["black", "white", "flash", "blurred", "card", "fade", "dissolve", "copy"]

FACE_NAMES = ("talk_", "face_", "vertical_talk")
"""Videos of the material that show a face to the camera where a take is cut from, looked at by a person."""
FACELESS_NAMES = (
    "anim_bbb", "anim_fractal", "anim_vector", "edit_city", "edit_nature", "long_people", "move_dog", "nasa_",
    "screen_lecture", "screen_terminal", "sport_archery", "sport_marathon", "sport_rugby",
)  # fmt: skip
"""Those that show none there. The others show some now and then: who comes first in them is not judged."""
PHOTOS = ("photo-astronaut", "photo-rocket", "photo-coffee", "photo-chelsea", "photo-hubble")
FACE_PHOTOS = ("photo-astronaut",)


@dataclass(frozen=True, slots=True)
class Plant:
    """Frames `start` <= number < `end` that must not be offered; a copy must not be offered beside its original."""

    kind: Kind
    start: int
    end: int
    original: int = -1
    """Of a copy: number of the frame that `start` repeats."""


@dataclass(frozen=True, slots=True)
class FaceSpan:
    """Frames that show a face large enough to be seen."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlantedClip:
    path: Path
    sources: tuple[str, ...]
    plants: tuple[Plant, ...]
    faces: tuple[FaceSpan, ...]

    def facts(self) -> dict[str, Any]:
        return {
            "clip": self.path.name,
            "sources": list(self.sources),
            "plants": [asdict(plant) for plant in self.plants],
            "faces": [asdict(face) for face in self.faces],
        }


@dataclass(frozen=True, slots=True)
class Take:
    name: str
    pictures: tuple[RGB, ...]
    has_face: bool


class Assembly:
    """A clip in the making: frames so far, and what was planted where."""

    def __init__(self) -> None:
        self.frames: list[RGB] = []
        self.plants: list[Plant] = []
        self.faces: list[FaceSpan] = []
        self.starts: dict[str, int] = {}

    def take(self, take: Take) -> None:
        self.starts[take.name] = len(self.frames)
        if take.has_face:
            self.faces.append(FaceSpan(len(self.frames), len(self.frames) + len(take.pictures)))
        self.frames += take.pictures

    def plant(self, kind: Kind, pictures: Sequence[RGB], original: int = -1) -> None:
        self.plants.append(Plant(kind, len(self.frames), len(self.frames) + len(pictures), original))
        self.frames += pictures

    def flash(self, at: int, num: int = 3) -> None:
        """Overexpose frames that are already there."""
        self.plants.append(Plant("flash", at, at + num))
        for number in range(at, at + num):
            self.frames[number] = np.clip(self.frames[number].astype(np.int16) // 3 + 185, 0, 255).astype(np.uint8)

    def dissolve(self, into: Take, num: int = 20) -> None:
        """Mix the last frames into the first of `into`; the planted part is where both are seen."""
        start = len(self.frames) - num
        for step in range(num):
            share = (step + 1) / (num + 1)
            mixed = self.frames[start + step] * (1 - share) + into.pictures[step] * share
            self.frames[start + step] = mixed.astype(np.uint8)
        self.plants.append(Plant("dissolve", start + num // 5, start + num - num // 5))
        self.take(Take(into.name, into.pictures[num:], into.has_face))
        if into.has_face:  # what is left of the mixture shows it too
            self.faces.append(FaceSpan(start + num - num // 5, start + num))

    def fade_in(self, take: Take, num: int = 25) -> None:
        dim = [(picture * ((step + 1) / num)).astype(np.uint8) for step, picture in enumerate(take.pictures[:num])]
        self.plant("fade", dim[: int(0.6 * num)])
        self.take(Take(take.name, (*dim[int(0.6 * num) :], *take.pictures[num:]), take.has_face))


def planted_clips(num: int, *, seed: int = 0, media: Path = MEDIA, folder: Path = WORK) -> Iterator[PlantedClip]:
    """The clips, assembled on the first call; the same seed and material give the same frames."""
    real = footage(media)
    for number in range(num):
        chance = random.Random(f"{seed} {number}")
        takes = _real_takes(real, chance) if real else _photo_takes(chance)
        path = folder / f"planted-{'real' if real else 'photos'}-{seed}-{number}.mp4"
        yield assemble(takes, path, chance)


def assemble(takes: Sequence[Take], path: Path, chance: random.Random) -> PlantedClip:
    """Five takes and one plant of each kind, written to `path` unless it is there."""
    one, two, three, four, five = takes
    clip = Assembly()
    clip.plant("black", _even(0, 20))
    clip.take(one)
    clip.plant("black", _even(chance.randint(0, 12), chance.randint(15, 40)))
    clip.take(two)
    clip.plant("blurred", _blurred(two.pictures[-40:]))
    clip.plant(
        "card", _card(chance.choice(("A quiet place\nto think", "Directed by\nJ. Somebody", "Глава вторая")), 35)
    )
    clip.fade_in(three)
    clip.flash(clip.starts[three.name] + chance.randint(20, 40))
    clip.dissolve(four)
    clip.plant("white", _even(255, 18))
    clip.take(five)
    clip.flash(clip.starts[five.name] + chance.randint(20, 40), 2)
    clip.plant("copy", one.pictures[10:55], clip.starts[one.name] + 10)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_mp4(path, clip.frames, frames_per_second=FRAMES_PER_SECOND, crf=20, preset="veryfast")
    return PlantedClip(path, tuple(take.name for take in takes), tuple(clip.plants), tuple(clip.faces))


# --- material -----------------------------------------------------------------------------------------------------


def _real_takes(videos: Sequence[Path], chance: random.Random) -> list[Take]:
    """Five stretches of different videos: one with a face among four without, or five in which faces are not judged."""
    order = chance.sample(list(videos), len(videos))
    with_face = [video for video in order if video.name.startswith(FACE_NAMES)]
    without = [video for video in order if video.name.startswith(FACELESS_NAMES)]
    if chance.random() < 0.7 and with_face and len(without) >= 4:
        order = [with_face[0], *without]
    else:
        order = [video for video in order if video not in with_face]
    takes = list(itertools.islice((take for take in map(_real_take, order) if take), 5))
    return chance.sample(takes, 5)


def _real_take(video: Path) -> Take | None:
    """Four seconds from the first half of a video, at the clip's size and rate; None if there are not as many."""
    pictures: list[RGB] = []
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        long = float(container.duration or 0) / av.time_base
        begin = PLACE * long
        for frame in container.decode(stream):
            at = float(frame.time or 0) - float((container.start_time or 0) / av.time_base) - begin
            while at >= 0 and len(pictures) < TAKE_FRAMES and len(pictures) / FRAMES_PER_SECOND <= at + 1e-6:
                pictures.append(_filled(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)))
            if len(pictures) >= TAKE_FRAMES:
                return Take(video.name, tuple(pictures), video.name.startswith(FACE_NAMES))
    return None


def _photo_takes(chance: random.Random) -> list[Take]:
    return [_photo_take(name, chance) for name in chance.sample(PHOTOS, 5)]


def _photo_take(name: str, chance: random.Random) -> Take:
    """A slow move over the upper middle of a photograph, where a portrait has its face."""
    import cv2
    from PIL import Image

    with Image.open(model_path(name)) as image:
        photo = np.asarray(image.convert("RGB"), np.uint8)
    rows, columns = photo.shape[:2]
    drift, pictures = chance.uniform(0.3, 1.0), []
    for number in range(TAKE_FRAMES):
        share = number / TAKE_FRAMES
        width = min(columns, rows * WIDTH_PX / HEIGHT_PX) * (0.95 - 0.12 * share)
        height = width * HEIGHT_PX / WIDTH_PX
        x, y = (columns - width) * drift * share, (rows - height) * 0.1
        turn = np.array([[width / WIDTH_PX, 0, x], [0, height / HEIGHT_PX, y]], np.float32)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        pictures.append(np.asarray(cv2.warpAffine(photo, turn, (WIDTH_PX, HEIGHT_PX), flags=how), np.uint8))
    return Take(name, tuple(pictures), name in FACE_PHOTOS)


def _filled(picture: RGB) -> RGB:
    """Scaled to fill the clip's frame, from the upper third, where heads are; narrow pictures get bars instead."""
    import cv2

    across, down = WIDTH_PX / picture.shape[1], HEIGHT_PX / picture.shape[0]
    scale = max(across, down) if max(across, down) < 1.4 * min(across, down) else min(across, down)
    size = max(2, round(picture.shape[1] * scale)), max(2, round(picture.shape[0] * scale))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = max(0, size[1] - HEIGHT_PX) // 3, max(0, size[0] - WIDTH_PX) // 2
    part = scaled[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    frame = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    y, x = (HEIGHT_PX - part.shape[0]) // 2, (WIDTH_PX - part.shape[1]) // 2
    frame[y : y + part.shape[0], x : x + part.shape[1]] = part
    return frame


def _even(level: int, num: int) -> list[RGB]:
    return [np.full((HEIGHT_PX, WIDTH_PX, 3), level, np.uint8)] * num


def _blurred(pictures: Sequence[RGB]) -> list[RGB]:
    import cv2

    return [np.asarray(cv2.GaussianBlur(picture, (0, 0), 5.0), np.uint8) for picture in pictures]


def _card(text: str, num: int) -> list[RGB]:
    from PIL import Image, ImageDraw, ImageFont

    card = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (12, 12, 16))
    font = ImageFont.load_default(42)
    draw = ImageDraw.Draw(card)
    draw.multiline_text((WIDTH_PX / 2, HEIGHT_PX / 2), text, (235, 235, 235), font, "mm", align="center")
    return [np.asarray(card, np.uint8)] * num

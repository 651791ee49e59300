"""Clips of known sampling structure, woven from real footage: progressive, both field orders, 3:2 pulldown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np

from bench.record import MEDIA, WORK
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.types import RGB

Structure = Literal["progressive", "tff", "bff", "pulldown"]
NUM_FRAMES = 75
SIZE_PX = (720, 480)
_PULLDOWN = ((0, 0), (1, 1), (1, 2), (2, 3), (3, 3))
"""Which of four film frames the first and the second field of each of five video frames show."""
_FIELDS_A_MOMENT: dict[Structure, float] = {"progressive": 2.0, "tff": 1.0, "bff": 1.0, "pulldown": 2.5}


@dataclass(frozen=True, slots=True)
class Source:
    """A stretch of real footage without a cut."""

    video: str
    start: float
    manner: Literal["as it is", "slow pan", "fog"] = "as it is"
    """slow pan: one frame of it, moved a little every field; fog: the same at a third of the contrast."""
    pixels_a_field: float = 0.5
    """Of the footage, by which what is panned moves."""

    @property
    def name(self) -> str:
        return f"{Path(self.video).stem}-{self.manner.replace(' ', '-')}"


SOURCES = (
    Source("face_man_trimming_beard.mp4", 1.0),
    Source("sport_marathon_noaudio.mp4", 0.0),
    Source("move_kids_bed_noaudio.mp4", 0.5),
    Source("talk_foreman_hevc_noaudio.mp4", 0.5),
    Source("talk_two_men_webcam_vp9_noaudio.webm", 4.0),
    Source("nasa_shuttle_vp8_noaudio.webm", 1.0),
    Source("vertical_talk_man_kitchen.mp4", 2.0),
    Source("vertical_talk_man_seated.mp4", 2.0),
    Source("edit_tears_of_steel_70s.webm", 13.2),
    Source("talk_en_congress_a.mp4", 1.0),
    Source("talk_foreman_hevc_noaudio.mp4", 2.0, "slow pan"),
    Source("nasa_shuttle_vp8_noaudio.webm", 3.0, "fog"),
)
"""Half of them hardly move."""
HELD_OUT = (
    Source("sport_weightlifting.mp4", 7.6),
    Source("talk_en_congress_b.mp4", 1.8),
    Source("move_dog_sidewalk.mp4", 6.3),
    Source("family_baby_cat_noaudio.mp4", 5.6),
    Source("talk_man_yellow_wall_60fps.mp4", 5.7),
    Source("talk_en_monologue_greenscreen.mp4", 47.2),
    Source("talk_en_webcam_datastreams.mp4", 0.2),
    Source("sport_archery_xvid.avi", 0.2),
    Source("talk_man_yellow_wall_60fps.mp4", 9.0, "slow pan", 0.7),
    Source("move_dog_sidewalk.mp4", 2.0, "slow pan", 0.3),
    Source("family_baby_cat_noaudio.mp4", 20.0, "slow pan", 0.4),
    Source("talk_en_congress_b.mp4", 5.0, "fog", 0.8),
)
"""Other footage, drawn by lot. The second hypothesis of pulldown was weighed on it too: of 1/2, 0.4 and 1/3, all of
which were right on all of it, the one with the widest margin was taken."""


@dataclass(frozen=True, slots=True)
class WovenClip:
    path: Path
    source: Source
    structure: Structure
    phase: int | None
    """Position of the first frame in its pulldown unit, counted from the first whole film frame: 0 ... 4."""
    first: Literal["upper", "lower"]


def clips(media: Path = MEDIA, folder: Path = WORK, sources: tuple[Source, ...] = SOURCES) -> Iterator[WovenClip]:
    """Five a source; built on the first call, the same ever after."""
    for number, source in enumerate(sources):
        if not (media / "video" / source.video).is_file():
            continue
        yield _clip(source, "progressive", None, "upper", media, folder)
        yield _clip(source, "tff", None, "upper", media, folder)
        yield _clip(source, "bff", None, "lower", media, folder)
        yield _clip(source, "pulldown", number % 5, "upper", media, folder)
        yield _clip(source, "pulldown", (number + 2) % 5, "lower", media, folder)


def _clip(source: Source, structure: Structure, phase: int | None, first: Any, media: Path, folder: Path) -> WovenClip:
    path = folder / "structures" / f"{source.name}-{structure}{'' if phase is None else f'-{first}-{phase}'}.mkv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        moments = _moments(source, media, _FIELDS_A_MOMENT[structure])
        partial = path.with_suffix(".partial.mkv")
        _encode(partial, islice(woven(moments, structure, phase or 0, first), NUM_FRAMES), structure, first)
        partial.replace(path)
    return WovenClip(path, source, structure, phase, first)


def woven(moments: Iterator[RGB], structure: Structure, phase: int, first: str) -> Iterator[RGB]:
    """Pictures of successive moments -> the frames that a recorder of that structure would store."""
    if structure == "progressive":
        yield from moments
        return
    if structure != "pulldown":
        while (pair := list(islice(moments, 2))) and len(pair) == 2:
            yield _woven(pair[0], pair[1], first)
        return
    number = phase
    film: dict[int, RGB] = {}
    while True:
        unit, place = divmod(number, 5)
        wanted = [4 * unit + one for one in _PULLDOWN[place]]
        for one in wanted:
            if one not in film:
                picture = next(moments, None)
                if picture is None:
                    return
                film = {**dict(list(film.items())[-3:]), one: picture}
        yield _woven(film[wanted[0]], film[wanted[1]], first)
        number += 1


def _woven(earlier: RGB, later: RGB, first: str) -> RGB:
    frame = later.copy()
    frame[0 if first == "upper" else 1 :: 2] = earlier[0 if first == "upper" else 1 :: 2]
    return frame


def _moments(source: Source, media: Path, fields: float) -> Iterator[RGB]:
    info = probe(media / "video" / source.video)
    frames = (one for one in Scan()(info) if one.seconds >= source.start)
    if source.manner == "as it is":
        # there and back again: footage is short, and motion has no direction for what is measured here
        seen = [_fitted(one.full(exact=False).image) for one in islice(frames, 2 * NUM_FRAMES)]
        for turn in range(8):
            yield from seen if turn % 2 == 0 else seen[-2:0:-1]
        return
    still = next(frames).full(exact=False).image
    random = np.random.default_rng(0)
    contrast = 0.33 if source.manner == "fog" else 1.0
    for number in range(2 * NUM_FRAMES + 8):
        shift = np.array([[1.0, 0.0, -source.pixels_a_field * fields * number - 4], [0.0, 1.0, 0.0]], np.float32)
        size = still.shape[1], still.shape[0]
        moved = _fitted(np.asarray(cv2.warpAffine(still, shift, size, borderMode=cv2.BORDER_REPLICATE), np.uint8))
        grey = 110 + contrast * (moved.astype(np.float32) - 110) + random.normal(0, 1.5, moved.shape)
        yield np.clip(grey, 0, 255).astype(np.uint8)


def _fitted(image: RGB) -> RGB:
    """Scaled to cover the size and cut to it."""
    width, height = SIZE_PX
    rows, columns = image.shape[:2]
    scale = max(width / columns, height / rows)
    size = max(width, round(columns * scale)), max(height, round(rows * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large = cv2.resize(image, size, interpolation=way)
    y, x = (size[1] - height) // 2, (size[0] - width) // 2
    return np.asarray(large[y : y + height, x : x + width], np.uint8)


def _encode(path: Path, pictures: Iterator[RGB], structure: Structure, first: str) -> None:
    fields = structure != "progressive"
    options = {"preset": "veryfast", "crf": "20", "threads": "1"}
    if fields:
        options["x264-params"] = "tff=1" if first == "upper" else "bff=1"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(30000, 1001), options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        for number, picture in enumerate(pictures):
            # each field gets the colour of its own rows
            frame = _in_fields(picture) if fields else av.VideoFrame.from_ndarray(picture, "rgb24")
            frame = frame if frame.format.name == "yuv420p" else frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, 1 / stream.codec_context.framerate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _in_fields(picture: RGB) -> av.VideoFrame:
    halves = [
        av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[field::2]), "rgb24")
        .reformat(format="yuv420p")
        .to_ndarray()
        for field in (0, 1)
    ]
    half = picture.shape[0] // 2
    together = np.empty((picture.shape[0] * 3 // 2, picture.shape[1]), np.uint8)
    for field, planes in enumerate(halves):
        together[field : 2 * half : 2] = planes[:half]
        for start in (0, half // 2):
            # I420 as one array: each chroma plane's rows lie two to a row
            plane = planes[half:].reshape(-1)[start * picture.shape[1] // 2 :][: half // 2 * picture.shape[1] // 2]
            rows = plane.reshape(half // 2, picture.shape[1] // 2)
            target = together[2 * half :].reshape(-1)[start * picture.shape[1] :][: half * picture.shape[1] // 2]
            target.reshape(half, picture.shape[1] // 2)[field::2] = rows
    return av.VideoFrame.from_ndarray(together, "yuv420p")

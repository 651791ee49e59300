"""Short clips for the library bench: made by number and seed, small, no two alike.

2 to 4 s of 320x180 at 25 pictures a second; one to three cuts between slow pans over the sample photographs and drawn
scenes in motion; every fourth has subtitles beside it, every fifth a sound track.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bench.clips import LINES, PHOTOS
from keyart.models import model_path
from keyart.plain import cue_span
from keyart.types import RGB

WIDTH_PX, HEIGHT_PX, FRAMES_PER_SECOND, RATE_HZ = 320, 180, 25, 16000
_SOME_NAMES = ("trip {:03}", "поездка {:03}", "season 1/part {:03}", "clip.{:03}")


def library_clips(folder: Path, count: int, seed: int = 0) -> Path:
    """The folder with that many clips in it; those that are there are not made again."""
    for number in range(count):
        path = folder / f"{_SOME_NAMES[number % len(_SOME_NAMES)].format(number)}.mp4"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            make_clip(path, np.random.default_rng((seed, number)), number)
    return folder


def make_clip(path: Path, chance: np.random.Generator, number: int) -> None:
    """One clip, its subtitles before it: a clip that is there is whole."""
    seconds = float(chance.uniform(2.0, 4.0))
    if number % 4 == 0:
        lines = [LINES[(number + at) % len(LINES)] for at in range(2)]
        cues = [f"{at + 1}\n{cue_span(at * 1.0, at + 0.9, ',')}\n{line}\n" for at, line in enumerate(lines)]
        path.with_suffix(".ru.srt").write_text("\n".join(cues), encoding="utf-8")
    partial = path.with_name(f".{path.name}.partial.mp4")
    with av.open(str(partial), "w") as container:
        # x264's macroblock tree is not repeatable on every processor
        video: Any = container.add_stream(
            "libx264", rate=FRAMES_PER_SECOND, options={"preset": "veryfast", "threads": "1", "mbtree": "0"}
        )
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        sound: Any = container.add_stream("aac", rate=RATE_HZ, layout="mono") if number % 5 == 0 else None
        for at, picture in enumerate(_pictures(chance, seconds)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = at, Fraction(1, FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            _add_tone(container, sound, seconds, 220.0 + number)
    partial.replace(path)


def _pictures(chance: np.random.Generator, seconds: float) -> Iterator[RGB]:
    left = round(seconds * FRAMES_PER_SECOND)
    shots = int(chance.integers(2, 5))
    for shot in range(shots, 0, -1):
        count = left if shot == 1 else max(8, round(left / shot * chance.uniform(0.7, 1.2)))
        left -= count
        of_photo = chance.random() < 0.5
        yield from _over_photo(chance, count) if of_photo else _drawn(chance, count)


def _over_photo(chance: np.random.Generator, count: int) -> Iterator[RGB]:
    """A slow pan and zoom."""
    photo = _photo(str(chance.choice(PHOTOS)))
    rows, columns = photo.shape[:2]
    size, corner, way = chance.uniform(0.5, 0.9), chance.random(2), chance.normal(0, 0.1, 3)
    for share in np.linspace(0, 1, count):
        width = min(columns, rows * WIDTH_PX / HEIGHT_PX) * float(np.clip(size + way[2] * share, 0.3, 1.0))
        height = width * HEIGHT_PX / WIDTH_PX
        x, y = np.clip(corner + way[:2] * share, 0, 1) * (columns - width, rows - height)
        turn = np.array([[width / WIDTH_PX, 0, x], [0, height / HEIGHT_PX, y]], np.float32)
        yield np.asarray(
            cv2.warpAffine(photo, turn, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.uint8
        )


@cache
def _photo(name: str) -> RGB:
    from PIL import Image

    with Image.open(model_path(name)) as image:
        return np.asarray(image.convert("RGB"), np.uint8)


def _drawn(chance: np.random.Generator, count: int) -> Iterator[RGB]:
    """Discs that move over a coloured ground."""
    colours = chance.integers(20, 236, (10, 3))
    corners = np.array([[colours[0], colours[1]], [colours[2], colours[3]]], np.float32)
    ground = cv2.resize(corners, (WIDTH_PX, HEIGHT_PX)).astype(np.uint8)
    places, speeds, sizes = chance.random((9, 2)), chance.normal(0, 0.3, (9, 2)), chance.uniform(0.04, 0.2, 9)
    for share in np.linspace(0, 1, count):
        picture = ground.copy()
        for number in range(len(places)):
            x, y = ((places[number] + speeds[number] * share) % 1.0 * (WIDTH_PX, HEIGHT_PX)).astype(int)
            colour = tuple(int(one) for one in colours[4 + number % 6])
            cv2.circle(picture, (int(x), int(y)), round(HEIGHT_PX * float(sizes[number])), colour, -1, cv2.LINE_AA)
        yield np.asarray(picture, np.uint8)


def _add_tone(container: Any, stream: Any, seconds: float, pitch_hz: float) -> None:
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    frame = av.AudioFrame.from_ndarray(
        (0.2 * np.sin(2 * np.pi * pitch_hz * times)).astype(np.float32)[None], "fltp", "mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))

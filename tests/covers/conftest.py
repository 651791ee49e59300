"""Pictures, stills and videos' facts that covers are tested on; all generated."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from keyart.types import RGB, Box, Face, Frame, Headline, Still, VideoInfo


@cache
def scenery(width: int, height: int, seed: int = 1, level: int = 120) -> RGB:
    """Soft coloured blotches with some grain, of a mean level: busy like a photograph, without a subject."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (9, 16, 3), dtype=np.uint8)
    soft = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(4))
    values = np.asarray(soft, np.float64) + random.normal(0, 6, (height, width, 1))
    picture = np.asarray(np.clip(values - values.mean() + level, 0, 255), np.uint8)
    picture.flags.writeable = False  # shared between tests
    return picture


def with_face(image: RGB, face: Box) -> RGB:
    """A skin-coloured oval where the face is, so that pictures of tests can be looked at."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    (cx, cy), done = face.center, image.copy()
    inside = ((x - cx) / (face.width / 2)) ** 2 + ((y - cy) / (face.height / 2)) ** 2 <= 1
    done[inside] = (226, 178, 150)
    return done


@pytest.fixture
def make_still() -> Callable[..., Still]:
    def make(image: RGB, *faces: Box, rank: int = 1, avoid: tuple[Box, ...] = ()) -> Still:
        found = tuple(Face(face, 0.9, 0.8) for face in faces)
        return Still(rank, Frame(image, 2.0 * rank), 50 * rank, 0.8, (), found, avoid=avoid)

    return make


@pytest.fixture
def info() -> VideoInfo:
    return video_info("Моя лаборатория.mp4")


def video_info(name: str, **tags: str) -> VideoInfo:
    return VideoInfo(
        Path(name),
        "mp4",
        1,
        0,
        "h264",
        "yuv420p",
        1280,
        720,
        1280,
        720,
        Fraction(1),
        0,
        False,
        25.0,
        9.0,
        0.0,
        tags=tags,
    )


def headline(text: str, language: str = "ru") -> Headline:
    return Headline(text, language, 1.25, 4.5, text, True, 0.9, "transcript")

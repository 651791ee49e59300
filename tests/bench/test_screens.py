"""The studio's pictures in docs: one of every page, light enough to be kept."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from bench.screens import FOLDER, MOST_BYTES, PHONES, SHOTS, beside, light
from keyart.studio.site.steps import ROOMS

NAMES = {"upload", "phone", *(shot.name for shot in SHOTS)}


def test_a_picture_is_light_however_busy() -> None:
    smooth = np.repeat(np.repeat(np.random.default_rng(0).integers(0, 255, (40, 64, 3), np.uint8), 20, 0), 20, 1)
    data = light(Image.fromarray(smooth))
    assert len(data) <= MOST_BYTES
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG" and picture.mode == "P" and picture.width >= 600


def test_pictures_stand_side_by_side() -> None:
    one = Image.new("RGB", (30, 50), (255, 0, 0))
    sheet = beside([one, one])
    assert sheet.height > 50 and sheet.getpixel((40, 40)) == (255, 0, 0)
    assert sheet.getpixel((sheet.width - 1, 0)) != (255, 0, 0)


def test_every_page_of_a_video_is_taken() -> None:
    pages = " ".join(shot.path for shot in (*SHOTS, *PHONES)) + " /download"  # which is reached through the editor
    assert all(f"/{room}" in pages for room in ROOMS)


def test_docs_have_them_all() -> None:
    kept = {path.stem: path for path in FOLDER.glob("*")}
    assert set(kept) == NAMES and len(kept) <= 12
    assert all(path.suffix == ".png" and path.stat().st_size <= MOST_BYTES for path in kept.values())

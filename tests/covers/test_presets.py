"""Every row of presets.toml is usable, and what it says can be met."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from keyart.covers import MakeAvatar, MakeCovers
from keyart.covers.presets import PRESETS, exported, presets_named
from keyart.errors import BadSetting
from keyart.types import RGB, Box, Face, Frame, Headline, Preset, Receipt, Still
from tests.covers.conftest import video_info


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_rows_are_whole(preset: Preset) -> None:
    frame = Box(0, 0, preset.width_px, preset.height_px)
    assert preset.title and preset.source and preset.checked_at == "2026-11-20"
    assert preset.max_bytes > 0 and preset.formats
    assert preset.safe.overlap(frame) == preset.safe.area > 0
    if preset.badge:
        assert preset.badge.overlap(frame) == preset.badge.area > 0
        assert preset.badge.right == preset.width_px and preset.badge.bottom == preset.height_px
    assert preset.max_seconds == 0 or preset.min_seconds < preset.max_seconds


def test_the_platforms_of_the_field_are_there() -> None:
    wanted = (
        "youtube youtube_podcast youtube_avatar tiktok reels feed_4x5 feed_1x1 shorts telegram rutube vk bilibili vimeo"
    )
    assert set(wanted.split()) <= set(PRESETS)
    assert {preset.kind for preset in PRESETS.values()} == {"cover", "avatar", "animated", "video"}
    assert (PRESETS["youtube"].width_px, PRESETS["youtube"].height_px) == (1280, 720)
    assert max(PRESETS["telegram"].width_px, PRESETS["telegram"].height_px) == 320


def noise(width: int, height: int) -> RGB:
    """The picture that weighs most: every pixel of its own colour."""
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


STILL_FORMATS = [
    (preset.name, preset.formats[0]) for preset in PRESETS.values() if preset.kind in ("cover", "avatar")
] + [("vk_avatar", "jpeg"), ("bilibili", "png")]


@pytest.mark.parametrize(("name", "format"), STILL_FORMATS)
def test_the_heaviest_picture_meets_the_limits_of_each_preset(name: str, format: str) -> None:
    preset = PRESETS[name]
    receipt = Receipt(f"{name}.x", {"note": "ё" * 400})
    image = noise(preset.width_px, preset.height_px)
    data = exported(image, preset, receipt, format)
    assert len(data) <= preset.max_bytes
    opened = Image.open(io.BytesIO(data))
    assert opened.size == (preset.width_px, preset.height_px) and str(opened.format).lower() == format
    if format == "jpeg":  # by quality alone, and no lower than a picture bears
        assert len(data) > 0.5 * min(preset.max_bytes, 1.5 * preset.width_px * preset.height_px)


@pytest.mark.parametrize("name", ["youtube", "telegram"])
def test_the_cover_of_noise_meets_its_preset(name: str) -> None:
    preset = PRESETS[name]
    still = Still(1, Frame(noise(960, 540), 0.0), 0, 0.5, ())
    title = Headline("Дом у моря", "ru", 0.0, 1.0, "", True, 1.0, "user")
    (cover,) = MakeCovers((name,), count=1)(video_info("a.mp4"), [still], [title]).value
    assert len(cover.data) <= preset.max_bytes
    opened = Image.open(io.BytesIO(cover.data))
    assert opened.size == (preset.width_px, preset.height_px) and str(opened.format).lower() in preset.formats


@pytest.mark.parametrize("name", [preset.name for preset in PRESETS.values() if preset.kind == "avatar"])
def test_the_avatar_of_noise_meets_its_preset(name: str) -> None:
    preset = PRESETS[name]
    still = Still(1, Frame(noise(960, 540), 0.0), 0, 0.5, (), (Face(Box(300, 100, 150, 180), 0.9, 0.8),))
    for product in MakeAvatar(name, looks=("natural", "halftone"))(video_info("a.mp4"), [still]).value:
        assert len(product.data) <= preset.max_bytes
        assert Image.open(io.BytesIO(product.data)).size == (preset.width_px, preset.height_px)


FIELD = {
    "youtube": (1280, 720, 2_000_000),
    "youtube_podcast": (1280, 1280, 10_000_000),
    "youtube_banner": (2560, 1440, 6_000_000),
    "youtube_avatar": (800, 800, 4_000_000),
    "tiktok": (1080, 1920, 20_000_000),
    "reels": (1080, 1920, 8_000_000),
    "feed_4x5": (1080, 1350, 8_000_000),
    "feed_1x1": (1080, 1080, 8_000_000),
    "telegram": (320, 180, 199_999),
    "rutube": (1920, 1080, 10_000_000),
    "vk": (1920, 1080, 5_000_000),
    "vk_community": (1920, 768, 5_000_000),
    "bilibili": (1146, 717, 5_000_000),
    "vimeo": (1280, 720, 10_000_000),
}
"""Width, height and the most bytes, as the platforms' copies state them."""


@pytest.mark.parametrize("name", FIELD)
def test_numbers_are_those_of_the_field(name: str) -> None:
    width, height, most = FIELD[name]
    preset = PRESETS[name]
    assert (preset.width_px, preset.height_px) == (width, height) and preset.max_bytes <= most
    assert PRESETS["youtube_banner"].safe.width == 1546 and PRESETS["youtube_banner"].safe.height == 423


def test_a_format_that_the_platform_does_not_take_is_refused() -> None:
    with pytest.raises(BadSetting, match="Telegram video thumbnail takes jpeg, not png"):
        exported(noise(320, 180), PRESETS["telegram"], Receipt("a.png", {}), "png")


def test_names_are_checked() -> None:
    assert [preset.name for preset in presets_named(["vk", "youtube", "vk"])] == ["vk", "youtube"]
    with pytest.raises(BadSetting, match="no cover preset is called 'yutube'; there are: youtube, "):
        presets_named(["yutube"])
    with pytest.raises(BadSetting, match="no avatar preset is called 'youtube'"):
        presets_named(["youtube"], "avatar")

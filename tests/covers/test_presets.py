"""Every row of presets.toml is usable, and what it says can be met."""

from __future__ import annotations

import pytest

from keyart.covers.presets import PRESETS, presets_named
from keyart.errors import BadSetting
from keyart.types import Box, Preset


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


def test_names_are_checked() -> None:
    assert [preset.name for preset in presets_named(["vk", "youtube", "vk"])] == ["vk", "youtube"]
    with pytest.raises(BadSetting, match="no cover preset is called 'yutube'; there are: youtube, "):
        presets_named(["yutube"])
    with pytest.raises(BadSetting, match="no avatar preset is called 'youtube'"):
        presets_named(["youtube"], "avatar")

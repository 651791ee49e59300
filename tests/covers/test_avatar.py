"""Avatars: the best face, the subject, or initials; always square, circle-safe, explained."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from keyart.covers import MakeAvatar
from keyart.covers.avatar import LOOKS, monogram_letters, portrait_framing
from keyart.covers.crop import scene_of
from keyart.errors import BadSetting
from keyart.types import Box, Product, Still, VideoInfo
from tests.covers.conftest import scenery, video_info, with_face

Maker = Callable[..., Still]


def opened(product: Product) -> Image.Image:
    return Image.open(io.BytesIO(product.data))


def test_the_largest_whole_face_is_taken_in_every_look(info: VideoInfo, make_still: Maker) -> None:
    small = make_still(scenery(1280, 720), Box(600, 300, 60, 70), rank=1)
    face = Box(500, 150, 200, 250)
    large = make_still(with_face(scenery(1280, 720), face), face, rank=2)
    outcome = MakeAvatar()(info, [small, large])
    assert outcome.status == "ok" and outcome.backend == "face"
    assert outcome.value[0].path == "avatar/avatar.png"
    assert len(outcome.value) == len(LOOKS) >= 2
    for product in outcome.value:
        assert opened(product).size == (800, 800) and len(product.data) < 4_000_000
        assert product.receipt.facts["still_rank"] == 2 and product.receipt.facts["subject"] == "face"
    looks = [np.asarray(opened(product).convert("RGB"), np.int16) for product in outcome.value]
    assert np.abs(looks[0] - looks[1]).mean() > 10


@pytest.mark.parametrize("x", [0, 300, 1100])
def test_the_face_is_inside_the_circle(x: float) -> None:
    face = Box(x, 200, 160, 200)
    scene = scene_of(scenery(1280, 720), [face])
    framing = portrait_framing(scene, scene.heads[0], 800)
    (shown,) = framing.faces
    corners = ((shown.x, shown.y), (shown.right, shown.y), (shown.x, shown.bottom), (shown.right, shown.bottom))
    if x == 300:
        assert all(np.hypot(cx - 400, cy - 400) <= 400 for cx, cy in corners)
    assert shown.area > 0.8 * face.area * framing.scale**2


def test_without_faces_the_subject_and_initials(info: VideoInfo, make_still: Maker) -> None:
    image = np.full((360, 640, 3), 105, np.uint8)
    image[100:260, 380:540] = scenery(160, 160)
    outcome = MakeAvatar()(info, [make_still(image)])
    assert outcome.status == "degraded" and outcome.backend == "subject"
    assert outcome.value[-1].path == "avatar/avatar_monogram.png"
    crop = Box(*outcome.value[0].receipt.facts["crop"])
    assert crop.overlap(Box(380, 100, 160, 160)) > 0.7 * 160 * 160


def test_nobody_there_gives_a_monogram(info: VideoInfo, make_still: Maker) -> None:
    for stills in ([], [make_still(np.zeros((90, 160, 3), np.uint8))]):
        outcome = MakeAvatar()(info, stills)
        (product,) = outcome.value
        assert outcome.backend == "monogram" and product.receipt.facts["letters"] == "МЛ"
        pixels = np.asarray(opened(product).convert("L"))
        assert pixels[300:500, 200:600].min() < 60 < pixels[5, 5]


@pytest.mark.parametrize(
    ("name", "tags", "letters"),
    [
        ("clip.mp4", {"artist": "Анна Каренина"}, "АК"),
        ("clip.mp4", {"title": "the quick fox"}, "TQ"),
        ("2024_my_trip.mp4", {}, "MT"),
        ("2024.mp4", {}, "2"),
        ("___.mp4", {}, "K"),
    ],
)
def test_initials(name: str, tags: dict[str, str], letters: str) -> None:
    assert monogram_letters(video_info(name, **tags)) == letters


def test_the_same_bytes_twice(info: VideoInfo, make_still: Maker) -> None:
    still = make_still(scenery(640, 360), Box(250, 80, 90, 110))
    first, again = (MakeAvatar(looks=("duotone",))(info, [still]).value[0].data for _ in range(2))
    assert first == again


def test_settings_are_checked() -> None:
    with pytest.raises(BadSetting, match="no avatar preset is called 'youtube'"):
        MakeAvatar(preset="youtube")
    with pytest.raises(BadSetting, match="no avatar look is called 'sepia'"):
        MakeAvatar(looks=("sepia",))
    with pytest.raises(BadSetting, match="at least one look"):
        MakeAvatar(looks=())

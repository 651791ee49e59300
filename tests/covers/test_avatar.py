"""Avatars: the best face, the subject, or initials; always square, circle-safe, explained."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from keyart.covers import MakeAvatar
from keyart.covers.avatar import CUT_OUT, LOOKS, Portrait, draw_monogram, monogram_letters, portrait_framing, subject_of
from keyart.covers.crop import scene_of
from keyart.covers.fonts import find_typeface
from keyart.covers.layout import TypeRule
from keyart.covers.palette import luminance, palette_of
from keyart.errors import BadSetting
from keyart.stills import objects
from keyart.types import RGB, Box, Product, Still, VideoInfo
from tests.covers.conftest import scenery, video_info, with_face
from tests.goldens import check

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


def figure(size: int = 800) -> Portrait:
    """A head and shoulders on scenery, with the coverage that a matte would give."""
    y, x = np.mgrid[:size, :size] / size
    head = np.hypot((x - 0.5) / 0.17, (y - 0.4) / 0.22) < 1
    body = (np.hypot((x - 0.5) / 0.34, (y - 0.98) / 0.38) < 1) & (y > 0.55)
    alpha = np.asarray(head | body, np.float32)
    image = scenery(size, size).copy()
    image[body], image[head] = (40, 70, 130), (226, 178, 150)
    return Portrait(image, palette_of(image), alpha, image)


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_keeps_the_figure_and_takes_the_accent(name: str) -> None:
    portrait = figure()
    done = LOOKS[name](portrait)
    assert done.shape == (800, 800, 3) and done.dtype == np.uint8
    assert np.array_equal(done, LOOKS[name](portrait))
    middle = (slice(250, 390), slice(340, 460))  # the face stays lighter than the clothes
    light = luminance(done.astype(np.float64))
    assert light[middle].mean() > 1.3 * light[700:780, 340:460].mean()
    accent = np.array(portrait.palette.accent, int)
    assert (np.abs(done.astype(int) - accent).max(axis=2) < 30).mean() > 0.02


@pytest.mark.parametrize("name", CUT_OUT)
def test_what_needs_a_figure_says_so(name: str) -> None:
    portrait = figure()
    with pytest.raises(ValueError, match="needs a figure"):
        LOOKS[name](Portrait(portrait.image, portrait.palette))


def test_the_cut_out_looks_lose_the_old_background() -> None:
    portrait = figure()
    for name in CUT_OUT:
        done = LOOKS[name](portrait).astype(int)
        outside = portrait.alpha == 0
        assert np.abs(done - portrait.image)[outside].mean() > 40, name
        assert np.abs(done - portrait.image)[200:400, 350:450].mean() < 3, name


def test_looks_differ_from_one_another() -> None:
    portrait = figure()
    made = {name: LOOKS[name](portrait).astype(int) for name in LOOKS}
    for one in made:
        for other in made:
            assert one == other or np.abs(made[one] - made[other]).mean() > 8, (one, other)


def test_landscapes_have_no_subject(make_still: Maker) -> None:
    assert subject_of(make_still(scenery(1280, 720))) is None
    assert subject_of(make_still(np.full((90, 160, 3), 99, np.uint8))) is None
    thing = np.full((360, 640, 3), 105, np.uint8)
    thing[100:260, 260:420] = (210, 60, 30)
    box = subject_of(make_still(thing))
    assert box is not None and box.iou(Box(260, 100, 160, 160)) > 0.75
    thing[:, 260:420] = (210, 60, 30)  # a stripe that runs off both edges is no thing
    assert subject_of(make_still(thing)) is None


def golden(name: str) -> RGB:
    portrait = figure(360)
    if name != "monogram":
        return LOOKS[name](portrait)
    face = find_typeface("МЛ")
    return draw_monogram("МЛ", portrait.palette, 360, TypeRule(face, max_size=0.5, min_size=0.1, max_lines=1))


GOLDENS: dict[str, Callable[[], RGB]] = {f"avatar_{name}": partial(golden, name) for name in (*LOOKS, "monogram")}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    check(name, GOLDENS[name]())


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


def test_a_doubtful_face_needs_a_person_under_it(
    info: VideoInfo, make_still: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = make_still(scenery(640, 360), Box(250, 80, 90, 110))
    doubtful = replace(still, faces=tuple(replace(face, confidence=0.5) for face in still.faces))
    nobody, somebody = np.zeros((256, 256)), np.ones((256, 256))
    monkeypatch.setattr(objects, "person_mask", lambda image: nobody)
    assert MakeAvatar()(info, [still]).backend == "face", "a sure one does not"
    assert MakeAvatar()(info, [doubtful]).backend != "face"
    monkeypatch.setattr(objects, "person_mask", lambda image: somebody)
    assert MakeAvatar()(info, [doubtful]).backend == "face"
    monkeypatch.setattr(objects, "person_mask", lambda image: None)
    assert MakeAvatar()(info, [doubtful]).backend == "face", "without the network there is no second word"

"""Heads stay whole, bars go, subjects are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyart.covers import crop
from keyart.covers.brief import closest, framing_score, framings
from keyart.covers.crop import Scene, blurred_ground, crop_window, cuts_heads, frame, head_of, picture, scene_of, union
from keyart.covers.grade import Grade, grade_for, graded
from keyart.types import Box
from tests.covers.conftest import scenery, with_face

FRAMES = ((1280, 720), (1080, 1920), (1080, 1350), (1080, 1080), (320, 180), (1920, 768))


@pytest.mark.parametrize("size", FRAMES)
@pytest.mark.parametrize("place", [(0.1, 0.2), (0.85, 0.7)])
@pytest.mark.parametrize("still", [(1280, 720), (720, 1280), (640, 640)])
def test_a_head_that_fits_is_never_cut(
    size: tuple[int, int], place: tuple[float, float], still: tuple[int, int]
) -> None:
    side = 0.12 * min(still)
    face = Box(place[0] * still[0] - side / 2, place[1] * still[1] - side / 2, side, side * 1.2)
    scene = scene_of(scenery(*still), [face])
    for framing in framings(scene, *size):
        assert not cuts_heads(scene, framing.window)
        assert (framing.width_px, framing.height_px) == size


@pytest.mark.parametrize("size", FRAMES)
def test_pictures_have_the_size_of_their_frame(size: tuple[int, int]) -> None:
    scene = scene_of(scenery(480, 360), [Box(200, 100, 60, 70)])
    assert picture(scene, next(framings(scene, *size))).shape == (size[1], size[0], 3)


def test_a_tall_still_in_a_wide_frame_gets_blurred_sides() -> None:
    scene = scene_of(scenery(720, 1280), [Box(300, 300, 120, 150)])
    shown = list(framings(scene, 1280, 720))
    assert len(shown) == 3 and all(framing.has_blurred_sides for framing in shown)
    left, right, _ = shown
    assert left.inner.x == 0 and right.inner.right == 1280
    assert left.heads[0].right <= left.inner.right
    image = picture(scene, left)
    assert image[:, 1000:].std() < image[:, :300].std()  # the ground is soft


def test_two_people_too_far_apart_for_a_tall_frame_stay_together() -> None:
    scene = scene_of(scenery(1280, 720), [Box(100, 200, 150, 180), Box(1000, 200, 150, 180)])
    (first, *_) = framings(scene, 1080, 1920)
    assert first.has_blurred_sides and len(first.heads) == 2


def test_a_passer_by_may_go() -> None:
    scene = scene_of(scenery(1280, 720), [Box(300, 150, 260, 320), Box(1150, 300, 50, 60)])
    assert not next(framings(scene, 1080, 1920)).has_blurred_sides


def test_a_wide_still_without_people_keeps_what_it_is_about() -> None:
    image = np.full((360, 1280, 3), 90, np.uint8)
    image[:, :200] = scenery(200, 360, 2)
    image[:, -200:] = scenery(200, 360, 3)
    assert next(framings(scene_of(image), 1080, 1920)).has_blurred_sides


def test_bars_are_removed_and_told() -> None:
    image = np.zeros((720, 1280, 3), np.uint8)
    image[90:630] = scenery(1280, 540)
    scene = scene_of(image, [Box(600, 200, 100, 120)], [Box(0, 650, 300, 40)])
    assert 88 <= scene.origin[1] <= 94 and scene.origin[0] == 0 and 530 <= scene.height_px <= 541
    assert scene.faces[0].y == 200 - scene.origin[1] and scene.avoid == ()
    pillars = np.ascontiguousarray(image.transpose(1, 0, 2))
    assert scene_of(pillars).origin[0] >= 88


def test_dark_floors_and_black_frames_are_no_bars() -> None:
    floor = scenery(640, 360).copy()
    floor[250:] = 3
    assert scene_of(floor).origin == (0, 0) and scene_of(floor).height_px == 360
    assert scene_of(np.zeros((90, 160, 3), np.uint8)).width_px == 160


def test_small_heads_are_drawn_nearer_but_not_beyond_the_pixels() -> None:
    scene = scene_of(scenery(1920, 1080), [Box(900, 400, 90, 110)])
    near = closest(scene, 1280, 720, 720)
    assert near.window.width < 1900 and near.scale <= 2
    small = scene_of(scenery(320, 180), [Box(150, 60, 20, 24)])
    assert closest(small, 1280, 720, 720).window.width == 320


def test_scores_like_heads_that_fill_the_frame() -> None:
    scene = scene_of(scenery(1280, 720), [Box(560, 200, 160, 200)])
    wide = frame(scene, crop_window(scene, 1280, 720), 1280, 720)
    near = frame(scene, crop_window(scene, 1280, 720, zoom=1.5), 1280, 720)
    assert framing_score(scene, near, 720) > framing_score(scene, wide, 720)


def test_enlargement_is_treated() -> None:
    scene = scene_of(scenery(176, 144))
    framing = frame(scene, crop_window(scene, 1280, 720), 1280, 720)
    assert framing.scale > 7
    assert picture(scene, framing).std() == pytest.approx(scene.image.std(), rel=0.25)


def test_a_head_is_more_than_a_face() -> None:
    head = head_of(Box(100, 100, 100, 100))
    assert head.x < 90 and head.y <= 60 and head.bottom > 110 and head.right > 210
    assert union((Box(0, 0, 2, 2), Box(5, 5, 1, 1))) == Box(0, 0, 6, 6)


def test_a_head_larger_than_the_frame_is_centred() -> None:
    scene = scene_of(scenery(720, 720), [Box(60, 60, 600, 600)])
    window = crop_window(scene, 1920, 768)
    assert window.y < scene.heads[0].center[1] < window.bottom


def test_the_subject_without_faces_is_what_draws_the_eye() -> None:
    image = np.full((360, 640, 3), 100, np.uint8)
    image[120:260, 420:560] = with_face(scenery(140, 140), Box(20, 20, 100, 100))
    x, y = scene_of(image).subject.center
    assert 380 < x < 600 and 100 < y < 280
    flat = scene_of(np.full((36, 64, 3), 9, np.uint8))
    assert flat.subject == Box(16, 9, 32, 18)


def test_people_are_of_interest_where_the_model_is(monkeypatch: pytest.MonkeyPatch) -> None:
    people = np.zeros((256, 256), np.float32)
    people[60:250, 150:220] = 1.0
    monkeypatch.setattr(crop, "person_mask", lambda _: people)
    scene = scene_of(scenery(640, 360))
    x, _ = scene.subject.center
    assert 370 < x < 560 and scene.interest[30, 45] >= 0.7
    (head,) = scene.heads
    assert scene.faces == () and 70 < head.y < 90 and 370 < head.x < 380 and head.height == pytest.approx(79, abs=4)
    assert not any(cuts_heads(scene, shown.window) for shown in framings(scene, 1280, 480))
    monkeypatch.setattr(crop, "person_mask", lambda _: np.ones((256, 256), np.float32))
    assert scene_of(scenery(640, 360)).people is None  # everything a person: the map means nothing
    monkeypatch.setattr(crop, "person_mask", lambda _: None)
    assert scene_of(scenery(640, 360)).interest.max() == pytest.approx(1)


def test_lettering_may_stand_on_a_big_chest(monkeypatch: pytest.MonkeyPatch) -> None:
    people = np.zeros((256, 256), np.float32)
    people[40:, 80:180] = 1.0
    monkeypatch.setattr(crop, "person_mask", lambda _: people)
    scene = scene_of(scenery(640, 360), [Box(270, 70, 110, 130)])
    rows = scene.interest.shape[0]
    assert scene.interest[rows - 3, 32] < scene.interest[rows // 3, 32]


def test_interest_is_asked_by_box() -> None:
    image = np.full((360, 640, 3), 100, np.uint8)
    image[100:260, 40:240] = scenery(200, 160)
    scene = scene_of(image)
    shown = frame(scene, crop_window(scene, 1280, 720), 1280, 720)
    busy, calm = Box(80, 200, 400, 320), Box(800, 200, 400, 320)
    assert shown.interest_under(busy) > 3 * shown.interest_under(calm)
    assert shown.share_under(busy) > 0.5 > shown.share_under(calm)
    assert shown.interest_under(Box(5000, 5000, 10, 10)) == 0


def test_the_ground_is_dim_and_soft() -> None:
    scene = scene_of(scenery(640, 360))
    ground = blurred_ground(scene, 640, 360)
    assert ground.mean() < 0.62 * scene.image.mean() and ground.std() < scene.image.std()


def test_grades_lift_the_dark_and_leave_the_flat_alone() -> None:
    dark = scenery(320, 180, level=35)
    grade = grade_for(dark)
    assert grade.gain > 1 and grade.gamma < 1 and graded(dark, grade).mean() > 1.2 * dark.mean()
    assert grade_for(np.full((90, 160, 3), 7, np.uint8)) == Grade() and Grade().is_plain
    grey = np.repeat(dark[:, :, :1], 3, axis=2)
    assert grade_for(grey).saturation == 1
    assert graded(grey, Grade()) is grey


@given(
    still=st.tuples(st.integers(16, 900), st.integers(16, 900)),
    size=st.tuples(st.integers(16, 900), st.integers(16, 900)),
    zoom=st.floats(1, 3),
    face=st.tuples(*[st.floats(0, 1)] * 4),
)
@settings(max_examples=150, deadline=None)
def test_windows_stay_inside_the_still_and_keep_the_aspect(
    still: tuple[int, int], size: tuple[int, int], zoom: float, face: tuple[float, float, float, float]
) -> None:
    width, height = still
    box = Box(face[0] * width, face[1] * height, 1 + face[2] * width / 2, 1 + face[3] * height / 2)
    scene = Scene(np.zeros((height, width, 3), np.uint8), (box,), (box,))
    window = crop_window(scene, *size, zoom=zoom)
    assert window.x >= 0 and window.y >= 0
    assert window.right <= width + 1e-6 and window.bottom <= height + 1e-6
    assert window.width / window.height == pytest.approx(size[0] / size[1])

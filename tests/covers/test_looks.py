"""Every look keeps its promises on every size; the filters below them do what their papers say; goldens."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.covers.looks import LOOKS, filters
from keyart.covers.looks.comic import dot_screen
from keyart.covers.looks.duotone import inks_for
from keyart.media.images import read_image
from keyart.models import have, model_path
from keyart.types import RGB, Box
from tests import goldens
from tests.covers.conftest import scenery

FACE = Box(250, 90, 130, 160)


def portrait() -> RGB:
    """A pale oval with two dark eyes and a mouth before scenery, 640x360: what must stay readable in every look."""
    image = scenery(640, 360).copy()
    cv2.ellipse(image, (315, 170), (66, 84), 0, 0, 360, (224, 176, 150), -1, cv2.LINE_AA)
    for x in (290, 340):
        cv2.ellipse(image, (x, 150), (12, 7), 0, 0, 360, (245, 240, 235), -1, cv2.LINE_AA)
        cv2.circle(image, (x, 150), 6, (40, 28, 24), -1, cv2.LINE_AA)
    cv2.ellipse(image, (315, 215), (24, 7), 0, 0, 360, (150, 60, 60), -1, cv2.LINE_AA)
    return image


# --- every look -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(64, 36), (204, 360), (1920, 1080)])
@pytest.mark.parametrize("look", LOOKS)
def test_the_size_stays_and_the_still_is_not_touched(look: str, size: tuple[int, int]) -> None:
    image = scenery(*size).copy()
    before = image.copy()
    done = LOOKS[look](image, [Box(10, 5, 20, 24)], 1)
    assert done.shape == image.shape and done.dtype == np.uint8
    assert np.array_equal(image, before)
    assert np.abs(done.astype(int) - image).mean() > 2, "a look must be seen"


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (300, 1), (2, 400)])
@pytest.mark.parametrize("look", LOOKS)
def test_odd_shapes_and_faces_at_the_edge(look: str, size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    boxes = [Box(-5, -5, 3, 3), Box(0, 0, *size), Box(size[0] - 1, 0, 50, 0)]
    assert LOOKS[look](image, boxes, 0).shape == image.shape


@pytest.mark.parametrize("look", LOOKS)
def test_the_same_bytes_twice(look: str) -> None:
    image = portrait()
    assert np.array_equal(LOOKS[look](image, [FACE], 3), LOOKS[look](image, [FACE], 3))


@pytest.mark.parametrize("level", [0, 150])
@pytest.mark.parametrize("look", LOOKS)
def test_a_flat_picture_stays_flat(look: str, level: int) -> None:
    """No blobs where there is nothing: after grain and dots are blurred away, one colour is left in the middle."""
    done = LOOKS[look](np.full((360, 640, 3), level, np.uint8), (), 0)
    broad = cv2.GaussianBlur(done.astype(np.float32), (0, 0), 12)[120:240, 220:420]
    assert broad.std(axis=(0, 1)).max() < 4


@pytest.mark.parametrize("look", LOOKS)
def test_noise_in_skin_becomes_no_marks(look: str) -> None:
    random = np.random.default_rng(0)
    skin = np.clip(np.array([214, 170, 148]) + random.normal(0, 5, (360, 640, 1)), 0, 255).astype(np.uint8)
    done = LOOKS[look](skin, [Box(200, 60, 240, 260)], 0)[80:300, 220:420]
    dark = cv2.cvtColor(cv2.GaussianBlur(done, (0, 0), 2), cv2.COLOR_RGB2GRAY) < 70
    assert dark.mean() < 0.002


@pytest.mark.parametrize("look", LOOKS)
def test_eyes_stay_readable(look: str) -> None:
    done = cv2.cvtColor(LOOKS[look](portrait(), [FACE], 0), cv2.COLOR_RGB2GRAY).astype(np.float64)
    cheek = done[170:190, 305:325].mean()
    for x in (290, 340):
        pupil = done[147:154, x - 3 : x + 4].mean()
        assert cheek - pupil > 70, "pupils are much darker than skin"


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_is_the_same_at_any_size(look: str) -> None:
    image = portrait()
    large = np.asarray(cv2.resize(image, (1280, 720), interpolation=cv2.INTER_CUBIC), np.uint8)
    small = LOOKS[look](image, [FACE], 0)
    again = cv2.resize(LOOKS[look](large, [FACE.scaled(2)], 0), (640, 360), interpolation=cv2.INTER_AREA)
    both = [cv2.GaussianBlur(one.astype(np.float32), (0, 0), 3) for one in (small, again)]
    assert np.abs(both[0] - both[1]).mean() < 3


def test_looks_differ() -> None:
    done = {look: cv2.resize(LOOKS[look](portrait(), [FACE], 0), (64, 36)).astype(int) for look in LOOKS}
    names = list(done)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            assert np.abs(done[one] - done[other]).mean() > 3, f"{one} and {other} look alike"


def test_duotone_has_two_inks_and_a_seed_turns_them() -> None:
    image = portrait()
    deep, bright, _ = inks_for(image)
    done = LOOKS["duotone"](image, [FACE], 0).reshape(-1, 3).astype(int)
    darkest = done[done.sum(axis=1).argsort()[: len(done) // 200]].mean(axis=0)
    assert np.abs(darkest - deep).max() < 25
    assert inks_for(image, 1) != (deep, bright, _)


# --- filters ----------------------------------------------------------------------------------------------------


def step_edge(noise: float = 0.0) -> NDArray[np.float32]:
    grey = np.full((120, 160), 0.25, np.float32)
    grey[:, 80:] = 0.75
    return grey + np.random.default_rng(1).normal(0, noise, grey.shape).astype(np.float32)


def test_kuwahara_takes_noise_and_keeps_the_edge() -> None:
    picture = np.dstack([step_edge(0.05)] * 3)
    done = filters.kuwahara(picture, filters.flow_of(filters.luma(picture), 2), 6)[..., 0]
    assert done[20:100, 10:60].std() < 0.4 * picture[20:100, 10:60, 0].std()
    assert done[20:100, 83:86].mean() - done[20:100, 74:77].mean() > 0.45


def test_flow_runs_along_the_edge() -> None:
    flow = filters.flow_of(step_edge(), 2)
    assert abs(float(flow.y[60, 80])) > 0.99 and float(flow.anisotropy[60, 80]) > 0.95


def test_lines_stand_at_edges_only() -> None:
    grey = step_edge()
    ink = filters.lines_of(grey, filters.flow_of(grey, 2), 1.0, edge=16, level=0.3, steep=6, tone=0.3)
    assert ink[60, 74:80].max() > 0.8
    assert ink[:, 20:60].max() < 0.05 and ink[:, 100:140].max() < 0.05


def test_specks_go_and_lines_stay() -> None:
    ink = np.zeros((60, 60), np.float32)
    ink[10:12, 10:12] = 1
    ink[30, 5:55] = 1
    done = filters.without_specks(ink, 10)
    assert done[10:12, 10:12].max() == 0 and done[30, 5:55].min() == 1


def test_banding_gathers_tones_and_keeps_their_order() -> None:
    tone = np.linspace(0, 1, 1001, dtype=np.float32)[None]
    done = filters.banded(tone, 5, 0.2)
    assert (np.diff(done[0]) >= -1e-6).all()
    near = np.abs(done[0] * 4 - np.round(done[0] * 4)) < 0.05
    assert near.mean() > 0.6, "most of the scale lies on a step"


def test_a_curve_goes_through_its_points() -> None:
    points = ((0, 0.1), (0.3, 0.2), (0.7, 0.8), (1, 0.9))
    done = filters.curve(np.array([[x for x, _ in points]], np.float32), points)
    assert np.allclose(done[0], [y for _, y in points], atol=0.003)
    assert (np.diff(filters.curve(np.linspace(0, 1, 200, dtype=np.float32)[None], points)[0]) >= 0).all()


def test_levels_open_a_foggy_picture_and_leave_a_full_one() -> None:
    foggy = np.linspace(0.4, 0.6, 400 * 400, dtype=np.float32).reshape(400, 400)
    assert np.ptp(filters.levelled(foggy)) == pytest.approx(0.32, abs=0.01)
    full = np.linspace(0, 1, 400 * 400, dtype=np.float32).reshape(400, 400)
    assert np.allclose(filters.levelled(full), full, atol=0.01)


def test_grain_is_even_and_seeded() -> None:
    one = filters.grain((700, 600), 1, 1.3)
    assert one.shape == (600, 700) and one.std() == pytest.approx(1, abs=0.05)
    assert np.array_equal(one, filters.grain((700, 600), 1, 1.3))
    assert not np.array_equal(one, filters.grain((700, 600), 2, 1.3))


def test_a_dot_screen_covers_in_proportion() -> None:
    screen = dot_screen(400, 400, 8.0)
    for share in (0.2, 0.5, 0.8):
        assert (screen < share).mean() == pytest.approx(share, abs=0.09)


def test_face_map_is_one_on_the_face_and_none_far_off() -> None:
    found = filters.face_map([FACE], (640, 360))
    assert found[170, 315] == 1 and found[20, 20] == 0


# --- goldens ----------------------------------------------------------------------------------------------------


def astronaut() -> tuple[RGB, Box]:
    if not have("photo-astronaut"):
        pytest.skip("needs the sample photographs: keyart models pull samples")
    photo = read_image(model_path("photo-astronaut"))[:360, 20:500]
    return np.ascontiguousarray(photo), Box(155, 60, 92, 116)


def golden(look: str) -> Callable[[], RGB]:
    def make() -> RGB:
        image, face = astronaut()
        done = LOOKS[look](image, [face], 0)
        return np.asarray(cv2.resize(done, (360, 270), interpolation=cv2.INTER_AREA), np.uint8)

    return make


GOLDENS = {f"look_{look}": golden(look) for look in LOOKS}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    goldens.check(name, GOLDENS[name]())

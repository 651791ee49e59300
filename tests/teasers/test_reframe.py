"""The parts of reframing one by one: paths, cameras, clusters, speakers, windows, pixels."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyart.stills.objects import HaarFaces
from keyart.teasers.reframe.camera import Rig, steady_path
from keyart.teasers.reframe.cast import Cast, cast_of
from keyart.teasers.reframe.clusters import filtered
from keyart.teasers.reframe.crop import cropped
from keyart.teasers.reframe.faces import SeenFace
from keyart.teasers.reframe.focus import Scores, Slide, Steps, best_places
from keyart.teasers.reframe.lettering import lettering_span
from keyart.teasers.reframe.path import CameraPath, Pane, Part, spline
from keyart.teasers.reframe.saliency import moving, reduced, standing_out
from keyart.teasers.reframe.speakers import movement, speaking
from keyart.teasers.reframe.split import pair_of, two_windows
from keyart.teasers.reframe.watch import Look, Looks, WatchForReframing
from keyart.types import RGB, Box, Frame

NOWHERE = np.zeros(1, np.float32), np.zeros(1, np.float32)
STILL = np.zeros(64, np.float32), np.zeros(36, np.float32)


def look(seconds: float, *faces: SeenFace, lettering: tuple[Box, ...] = ()) -> Look:
    return Look(seconds, faces, NOWHERE, 0.0, STILL, NOWHERE, (), lettering, False)


def cast(*boxes: tuple[float, float, float, float], looks: int = 40, mouths: object = 0.0) -> Cast:
    faces = np.broadcast_to(np.array(boxes), (looks, len(boxes), 4)).copy()
    gaps = np.broadcast_to(np.asarray(mouths, np.float64), (looks, len(boxes))).copy()
    return Cast(np.arange(looks) / 4, faces, gaps, np.ones(len(boxes)))


# --- paths ------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=30))
def test_a_spline_keeps_the_bounds_of_its_points(points: list[float]) -> None:
    column = np.array(points)[:, None]
    times = 0.25 * np.arange(len(points), dtype=np.float64)
    fine = np.arange(0, times[-1], 0.01)
    curve = spline(times, np.asarray(column, np.float64), fine)[:, 0]
    assert curve.min() >= min(points) - 1e-9 and curve.max() <= max(points) + 1e-9
    bend = np.abs(np.diff(points, 2)).max() / 0.25**2
    assert np.abs(np.diff(curve, 2)).max() / 0.01**2 <= bend * (1 + 1e-6) + 1e-4
    assert curve[0] == pytest.approx(points[0], abs=1e-9)


def test_a_path_knows_its_parts() -> None:
    still = Pane(90, 160, np.array([0.0]), np.array([[10.0, 0.0]]))
    moves = Pane(90, 160, np.array([1.0, 1.5, 2.0]), np.array([[10.0, 0.0], [20.0, 0.0], [30.0, 0.0]]))
    parts = Part(0, 1, "static", 1.0, "a face", (still,)), Part(1, 2, "pan", 0.5, "a ball, followed", (moves,))
    path = CameraPath(284, 160, Fraction(9, 16), parts)
    assert [path.part(seconds).decision for seconds in (-1, 0.5, 1.0, 9.0)] == ["static", "static", "pan", "pan"]
    assert path.windows(0.5) == (Box(10, 0, 90, 160),)
    assert path.windows(1.5)[0].x == pytest.approx(20) and path.windows(5.0)[0].x == pytest.approx(30)
    assert [box.x for box in path.boxes([0.0, 2.0])] == [10.0, pytest.approx(30)]
    assert path.facts()[1]["reason"] == "a ball, followed" and path.facts()[1]["boxes"] == [[20.0, 0.0, 90, 160]]


# --- the camera -------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 2), min_size=5, max_size=40), st.floats(0.1, 2), st.floats(0.1, 4))
def test_speed_and_acceleration_are_never_exceeded(targets: list[float], speed: float, acceleration: float) -> None:
    keep = np.full((len(targets), 2), (-np.inf, np.inf))
    path = steady_path(np.array(targets), 0.25, 0.0, 2.0, keep, Rig(speed, acceleration))
    assert len(path) == len(targets) and path.min() >= 0 and path.max() <= 2
    assert np.abs(np.diff(path)).max() <= speed * 0.25 + 1e-6
    assert np.abs(np.diff(path, 2)).max() <= acceleration * 0.25**2 + 1e-6


def test_a_trembling_target_gives_a_camera_that_stands() -> None:
    random = np.random.default_rng(1)
    targets = 0.7 + 0.04 * random.standard_normal(60)
    path = steady_path(targets, 0.25, 0.0, 2.0, np.full((60, 2), (-np.inf, np.inf)), Rig())
    assert np.ptp(path) < 0.01 and path[0] == pytest.approx(0.7, abs=0.05)


def test_heads_are_kept_whole_before_the_target_is_kept_near() -> None:
    keep = np.tile([1.0, 1.2], (20, 1))
    path = steady_path(np.full(20, 0.2), 0.25, 0.0, 2.0, keep, Rig())
    assert path.min() >= 1.0 - 1e-6


def test_a_walk_is_followed_evenly() -> None:
    targets = np.concatenate([np.full(8, 0.2), np.linspace(0.2, 1.4, 24), np.full(8, 1.4)])
    path = steady_path(targets, 0.25, 0.0, 2.0, np.full((40, 2), (-np.inf, np.inf)), Rig())
    assert np.abs(path - targets).max() < 0.2 and (np.diff(path) > -1e-6).all()


# --- focus ------------------------------------------------------------------------------------------------------


def test_of_many_specks_the_heavy_cluster_stays() -> None:
    values = np.zeros((36, 64), np.float32)
    values[10:18, 40:50] = 1.0
    values[4:6, 4:6] = 1.0
    found = filtered(values)
    assert found is not None and np.allclose(found.focus, (45 / 64, 14 / 36), atol=0.01)
    assert found.values[5, 5] == 0 and found.values[12, 45] == 1
    assert filtered(np.zeros((36, 64), np.float32)) is None


def test_the_way_cuts_to_what_lasts_and_ignores_what_flickers() -> None:
    places = np.linspace(0.0, 0.7, 31)
    values = np.zeros((40, 31))
    values[:, 3] = 1.0
    values[10:12, 28], values[10:12, 3] = 1.0, 0.0
    flicker = best_places(Scores(places, values, np.ones(40)), 0.25, 0.3, Steps(), cuts=True)
    assert (flicker == 3).all()
    values[20:, 28], values[20:, 3] = 1.0, 0.0
    lasting = best_places(Scores(places, values, np.ones(40)), 0.25, 0.3, Steps(), cuts=True)
    assert lasting[19] == 3 and lasting[20] == 28
    steps = np.abs(np.diff(places[best_places(Scores(places, values, np.ones(40)), 0.25, 0.3, Steps(), cuts=False)]))
    assert steps.max() <= 0.8 * 0.25 * 0.3 + 1e-9


def test_the_centre_crop_is_one_of_the_places() -> None:
    slide = Slide(0, 0.1, 0.8, 0.3)
    assert slide.places[len(slide.places) // 2] == pytest.approx(slide.centre) == pytest.approx(0.35)
    assert slide.places[0] == 0.1 and slide.places[-1] == pytest.approx(0.6)


def test_what_differs_from_the_rim_stands_out() -> None:
    image: RGB = np.full((180, 320, 3), (90, 140, 90), np.uint8)
    image[60:120, 220:280] = (220, 40, 40)
    found, trust = standing_out(image)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 220 / 5 <= column <= 280 / 5 and 60 / 5 <= row <= 120 / 5 and trust > 0.5


def test_the_cameras_own_movement_is_no_motion() -> None:
    import cv2

    noise = np.random.default_rng(2).integers(0, 255, (90, 200, 3)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(np.repeat(np.repeat(noise, 4, 0), 4, 1), (0, 0), 14), np.float32)
    ground = (255 * (soft - soft.min()) / np.ptp(soft)).astype(np.uint8)
    one, other = ground[:, 0:640].copy(), ground[:, 8:648].copy()
    panned = moving(reduced(one), reduced(other), (36, 64))
    other[100:180, 300:380] = ground[100:180, 284:364]
    with_ball = moving(reduced(one), reduced(other), (36, 64))
    row, column = np.unravel_index(with_ball.moving.argmax(), with_ball.moving.shape)
    assert panned.trust < 0.3 * with_ball.trust and 28 <= column <= 39 and 8 <= row <= 19
    assert moving(reduced(one), reduced(255 - one), (36, 64)).changed


# --- people -----------------------------------------------------------------------------------------------------


def test_tracks_are_joined_and_errors_dropped() -> None:
    left, right = Box(0.2, 0.3, 0.1, 0.2), Box(0.7, 0.3, 0.08, 0.16)
    looks = []
    for number in range(40):
        faces = [SeenFace(0 if number < 18 else 5, left, 0.9, 0.1)] if not 18 <= number < 22 else []
        faces += [SeenFace(1, right, 0.8, 0.1)]
        faces += [SeenFace(2, Box(0.5, 0.8, 0.05, 0.1), 0.7)] if number == 7 else []
        looks.append(look(number / 4, *faces))
    found = cast_of(looks)
    assert len(found) == 2 and found.presence.tolist() == [1.0, 1.0]
    assert found.prominence.tolist() == [1.0, pytest.approx(0.8)]
    assert found.heads[0, 0].tolist() == pytest.approx([0.17, 0.18, 0.16, 0.352])


def test_who_speaks_is_whose_mouth_moves_while_a_voice_is_heard() -> None:
    random = np.random.default_rng(3)
    mouths = 0.02 + 0.002 * random.standard_normal((80, 2))
    mouths[:40, 0] += 0.1 * random.random(40)
    mouths[40:, 1] += 0.1 * random.random(40)
    people = cast((0.1, 0.3, 0.1, 0.2), (0.7, 0.3, 0.1, 0.2), looks=80, mouths=mouths)
    assert movement(people).shape == (80, 2)
    told = speaking(people, [(0.0, 20.0)])
    assert told[5:35].argmax(axis=1).max() == 0 and told[45:75].argmax(axis=1).min() == 1
    assert told[5:35, 0].mean() > 0.4 and told[45:75, 1].mean() > 0.4
    assert not speaking(people, ()).any()
    assert (speaking(people, None) == told).all()
    both = cast((0.1, 0.3, 0.1, 0.2), (0.7, 0.3, 0.1, 0.2), looks=80, mouths=mouths[:, [0, 0]])
    assert not speaking(both, None).any()


def test_two_who_do_not_fit_share_the_frame() -> None:
    from keyart.teasers.reframe.decide import frame_of

    people = cast((0.15, 0.3, 0.1, 0.18), (0.7, 0.3, 0.1, 0.18))
    looks = Looks(1280, 720, 0.25, (), Box(0, 0, 1, 1))
    silent = np.zeros((40, 2))
    frame = frame_of(looks, Fraction(9, 16))
    assert frame is not None
    assert pair_of(people, silent, heard=True) == (0, 1)
    windows = two_windows(people, (0, 1), frame, looks, Fraction(9, 16))
    assert windows is not None
    for number, window in enumerate(windows):
        own, other = (Box(*(people.heads[0, one] * (1280, 720, 1280, 720)).tolist()) for one in (number, 1 - number))
        assert own.overlap(window) == pytest.approx(own.area) and other.overlap(window) == 0
        assert window.width / window.height == pytest.approx(9 / 8, abs=0.01)
    told = np.zeros((40, 2))
    told[:20, 0] = told[20:, 1] = 0.9
    assert pair_of(people, told, heard=True) is None and pair_of(people, told, heard=False) == (0, 1)
    assert two_windows(people, (0, 1), frame, looks, Fraction(16, 10)) is None
    together = cast((0.42, 0.3, 0.08, 0.14), (0.5, 0.3, 0.08, 0.14))
    assert two_windows(together, (0, 1), frame, looks, Fraction(9, 16)) is None
    unlike = cast((0.1, 0.3, 0.2, 0.36), (0.7, 0.3, 0.1, 0.18))
    assert pair_of(unlike, silent, heard=False) is None


def test_a_title_counts_where_it_stays() -> None:
    slide = Slide(0, 0.0, 1.0, 0.316)
    title = (Box(0.2, 0.45, 0.6, 0.08),)
    stays = [look(number / 4, lettering=title if number >= 25 else ()) for number in range(40)]
    span = lettering_span(stays, slide)
    assert span is not None and np.allclose(span, (0.2, 0.8))
    flickers = [look(number / 4, lettering=title if number % 3 == 0 else ()) for number in range(40)]
    assert lettering_span(flickers, slide) is None
    page = tuple(Box(0.1, 0.2 + 0.1 * row, 0.7, 0.035) for row in range(4))
    assert lettering_span([look(number / 4, lettering=page) for number in range(8)], slide) is not None


def test_a_page_is_read_whole_and_a_screen_of_small_type_is_one() -> None:
    slide = Slide(0, 0.0, 1.0, 0.3)
    page = tuple(Box(0.05, 0.2 + 0.1 * row, 0.75, 0.035) for row in range(4))
    assert lettering_span([look(number / 4, lettering=page) for number in range(8)], slide) == (0.0, 1.0)
    screen = tuple(Box(0.0, 0.1 + 0.05 * row, 0.3 + 0.01 * row, 0.02) for row in range(10))
    assert lettering_span([look(number / 4, lettering=screen) for number in range(8)], slide) == (0.0, 0.39)
    assert lettering_span([look(number / 4, lettering=screen[:5]) for number in range(8)], slide) is None


def test_a_title_that_fades_in_is_one_and_a_speck_is_no_part_of_it() -> None:
    slide = Slide(0, 0.0, 1.0, 0.3)
    grows = [(Box(0.25 + 0.005 * n, 0.49, 0.5, 0.07), Box(0.9, 0.08, 0.08, 0.03)) for n in range(4)]
    seen = [look(number / 4, lettering=grows[number - 4] if number >= 4 else ()) for number in range(8)]
    span = lettering_span(seen, slide)
    assert span is not None and 0.25 < span[0] < 0.27 and 0.75 < span[1] < 0.77


def test_lettering_is_looked_for_when_the_light_changes() -> None:
    watcher = WatchForReframing(320, 180, HaarFaces())
    for number in range(5):
        image = np.full((180, 320, 3), 60 + 20 * number, np.uint8)
        if number >= 2:
            cv2.putText(image, "BAND OF BROTHERS", (30, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (5, 5, 5), 2)
        watcher.look(image, 0.25 * number)
    assert [bool(one.lettering) for one in watcher.looks] == [False, False, True, True, True]


# --- pixels -----------------------------------------------------------------------------------------------------


def _path(*panes: Pane, aspect: Fraction = Fraction(9, 16)) -> CameraPath:
    return CameraPath(320, 180, aspect, (Part(0, 1, "static", 1.0, "", panes),))


def _standing(box: Box) -> Pane:
    return Pane(box.width, box.height, np.array([0.0]), np.array([[box.x, box.y]]))


def test_a_window_on_whole_pixels_keeps_them() -> None:
    image = np.random.default_rng(4).integers(0, 255, (180, 320, 3)).astype(np.uint8)
    shown = cropped(Frame(image, 0.5), _path(_standing(Box(100, 0, 90, 160))), 90, 160)
    assert (shown == image[:160, 100:190]).all()


def test_a_moving_window_is_sampled_between_pixels() -> None:
    ramp = np.repeat(np.arange(320, dtype=np.float32)[None, :, None] * 0.75, 180, axis=0)
    image = np.repeat(ramp, 3, axis=2).astype(np.uint8)
    pane = Pane(90, 160, np.array([0.0, 1.0]), np.array([[100.0, 0.0], [110.0, 0.0]]))
    first, later = (cropped(Frame(image, seconds), _path(pane), 90, 160) for seconds in (0.4, 0.46))
    step = float(later[:, 10:80].mean()) - float(first[:, 10:80].mean())
    assert step == pytest.approx(0.06 * 10 * 0.75, abs=0.2)


def test_half_the_frame_each_and_bars_that_are_no_black() -> None:
    image = np.zeros((180, 320, 3), np.uint8)
    image[:, :160], image[:, 160:] = (200, 0, 0), (0, 0, 200)
    split = cropped(Frame(image, 0.0), _path(_standing(Box(0, 0, 90, 80)), _standing(Box(200, 0, 90, 80))), 90, 160)
    assert split.shape == (160, 90, 3) and tuple(split[40, 45]) == (200, 0, 0) and tuple(split[120, 45]) == (0, 0, 200)
    padded = cropped(Frame(image, 0.0), _path(_standing(Box(20, 0, 280, 180))), 90, 160)
    assert padded.shape == (160, 90, 3) and tuple(padded[80, 5]) == (200, 0, 0) and 0 < padded[5, 5].max() < 190
    small = cropped(Frame(image[::2, ::2], 0.0), _path(_standing(Box(20, 0, 90, 160))), 45, 80)
    assert small.shape == (80, 45, 3) and tuple(small[40, 20]) == (200, 0, 0)

"""Faces, eyes, people; and what a video is about."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from keyart.errors import MissingModel
from keyart.stills import objects
from keyart.stills.objects import DETECTORS, Find, HaarFaces, MediapipeFaces, _crop
from keyart.types import RGB, Box, Face

from .conftest import ASTRONAUT_FACE, photo

pytestmark = pytest.mark.usefixtures("needs_faces")


def find(x: float, confidence: float, size: float = 10.0) -> Find:
    return Find(Box(x, 0, size, size), np.zeros((6, 2), np.float32), confidence)


# --- decoding -----------------------------------------------------------------------------------------------------


def test_anchors_lie_in_the_middle_of_their_cells() -> None:
    centers = objects._anchor_centers()
    assert centers.shape == (896, 2)
    assert centers[0].tolist() == [1 / 32, 1 / 32] == centers[1].tolist()
    assert centers[2].tolist() == [3 / 32, 1 / 32]
    assert centers[512].tolist() == [1 / 16, 1 / 16]
    assert centers[-1].tolist() == [15 / 16, 15 / 16]


def test_decoding_one_anchor_by_hand() -> None:
    scores = np.full(896, -20.0, np.float32)
    scores[0] = 2.0  # sigmoid: 0.8808
    regressors = np.zeros((896, 16), np.float32)
    regressors[0, :6] = (4, 8, 20, 30, -1, 2)  # centre offset, size, first point
    (only,) = objects.decode_anchors(scores, regressors, 0.5)
    # the anchor's centre is 128 / 32 = 4
    assert (only.box.x, only.box.y, only.box.width, only.box.height) == (8 - 10, 12 - 15, 20, 30)
    assert only.points[0].tolist() == [3, 6] and only.points[1].tolist() == [4, 4]
    assert only.confidence == pytest.approx(0.8808, abs=1e-4)


def test_of_overlapping_finds_the_most_confident_stays() -> None:
    kept = objects.merge_overlapping([find(0, 0.6), find(2, 0.9), find(40, 0.7), find(42, 0.5, size=4.0)])
    assert [(one.box.x, one.confidence) for one in kept] == [(2, 0.9), (40, 0.7)]
    assert objects.merge_overlapping([]) == []


@pytest.mark.parametrize(("width", "height", "side"), [(640, 360, 360), (640, 360, 180), (100, 300, 100), (64, 64, 64)])
def test_tiles_cover_the_picture_and_overlap(width: int, height: int, side: int) -> None:
    seen = np.zeros((height, width), int)
    corners = objects.tiles_of(width, height, side)
    for x, y in corners:
        assert 0 <= x <= width - side and 0 <= y <= height - side
        seen[y : y + side, x : x + side] += 1
    assert seen.min() >= 1
    columns = sorted({x for x, _ in corners})
    assert all(after - before <= side * 2 / 3 + 1 for before, after in itertools.pairwise(columns))


# --- real pictures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_finds_the_one_face(name: str, astronaut: RGB) -> None:
    detector = DETECTORS[name]()
    for faces in (detector.look(astronaut), detector.glance(astronaut)):
        (face,) = faces
        assert face.box.iou(ASTRONAUT_FACE) > 0.45
        assert 0.0 < face.confidence <= 1.0 and face.backend == detector.backend


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("picture", ["coffee", "rocket", "chelsea"])
def test_no_detector_finds_one_where_there_is_none(name: str, picture: str) -> None:
    assert DETECTORS[name]().look(photo(picture)) == ()


def test_no_face_in_noise_and_even_pictures() -> None:
    for image in (np.zeros((90, 160, 3), np.uint8), np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)):
        assert MediapipeFaces().look(image) == ()


def test_a_small_face_is_found_on_tiles_only(astronaut: RGB) -> None:
    wide = np.full((512, 1400, 3), 90, np.uint8)
    small = cv2.resize(astronaut, (200, 200), interpolation=cv2.INTER_AREA)
    wide[200:400, 900:1100] = small
    assert MediapipeFaces().look(wide, tiles=False) == ()
    (face,) = MediapipeFaces().look(wide)
    assert face.box.iou(Box(900 + 180 * 200 / 512, 200 + 82 * 200 / 512, 93 * 200 / 512, 93 * 200 / 512)) > 0.45
    assert face.eyes_open is None  # 36 px are too few to judge eyes by
    assert MediapipeFaces(max_tiles=0).look(wide) == ()


def test_a_turned_face_has_its_points_in_place(astronaut: RGB) -> None:
    turn = cv2.getRotationMatrix2D((256, 256), 20, 1.0)
    turned = np.asarray(cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    detector = MediapipeFaces()
    (upright,), (tilted,) = (objects.merge_overlapping(detector._finds(image)) for image in (astronaut, turned))
    here, there = objects.landmarks(astronaut, upright), objects.landmarks(turned, tilted)
    assert min(here[1], there[1]) > 0.9
    expected = here[0] @ turn[:, :2].T + turn[:, 2]
    assert float(np.abs(expected - there[0]).mean()) < 5.0


# --- eyes ---------------------------------------------------------------------------------------------------------


def eye(*, shut: bool) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A drawn eye: skin, and lashes or an iris on white."""
    picture = np.full((24, 40), 180, np.uint8)
    if shut:
        cv2.line(picture, (4, 13), (36, 13), 60, 2)
    else:
        cv2.ellipse(picture, (20, 12), (16, 7), 0, 0, 360, 230, -1)
        cv2.circle(picture, (20, 12), 7, 40, -1)
    return picture


def test_an_iris_is_thick_and_peaks_in_the_middle() -> None:
    thickness, peak = objects.iris_marks(eye(shut=False))
    assert thickness > 0.30 and peak > 0.07
    thickness, peak = objects.iris_marks(eye(shut=True))
    assert thickness < 0.20 and peak < 0.03


def test_open_eyes_are_open_and_skin_over_them_shuts_them(astronaut: RGB) -> None:
    (face,) = MediapipeFaces().look(astronaut)
    assert face.eyes_open is not None and face.eyes_open > 0.6
    points, _ = objects.landmarks(astronaut, objects.merge_overlapping(MediapipeFaces()._finds(astronaut))[0])
    shut = astronaut.copy()
    for outer, inner in ((33, 133), (362, 263)):
        middle, width = (points[outer] + points[inner]) / 2, float(np.linalg.norm(points[outer] - points[inner]))
        x, y = (int(value) for value in middle)
        cv2.ellipse(shut, (x, y), (int(0.8 * width), int(0.5 * width)), 0, 0, 360, (190, 150, 130), -1)
        cv2.line(shut, (int(x - 0.45 * width), y), (int(x + 0.45 * width), y), (90, 60, 50), 1)
    assert objects.eyes_open(shut, points) < 0.3


# --- choosing and people ------------------------------------------------------------------------------------------


def test_without_models_the_cascade_is_taken_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert isinstance(objects.choose_detector("auto")[0], MediapipeFaces)
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    detector, note = objects.choose_detector("auto")
    assert isinstance(detector, HaarFaces) and "keyart models pull embedded" in note
    assert objects.choose_detector("haar") == (HaarFaces(), "")
    with pytest.raises(MissingModel, match="face-detection-short-range"):
        objects.choose_detector("mediapipe")
    assert objects.person_fraction(np.zeros((10, 10, 3), np.uint8)) is None


def test_person_fraction(astronaut: RGB) -> None:
    fraction = objects.person_fraction(astronaut)
    assert fraction is not None and 0.4 < fraction < 0.7


def labels(text: str) -> list[frozenset[str]]:
    names = {"f": "face", "c": "cat"}
    return [frozenset(names[letter] for letter in word if letter in names) for word in text.split()]


@pytest.mark.parametrize(
    ("seen", "frequent", "stays"),
    [
        ("f f f -", {"face"}, (True, True, True, False)),
        ("f f fc c", {"face", "cat"}, (True, True, True, True)),
        ("f - - -", set(), (True, True, True, True)),
        ("", set(), ()),
    ],
)
def test_frequency_analysis(seen: str, frequent: set[str], stays: tuple[bool, ...]) -> None:
    assert objects.frequent_objects(labels(seen), 0.5) == frequent
    assert objects.without_rare(labels(seen), 0.5) == stays


def test_shares(seen: Sequence[bool] = (True, False, True, True)) -> None:
    assert objects.presence_share(seen) == 0.75 and objects.presence_share(()) == 0.0
    face = objects.in_shares(Face(Box(50, 20, 100, 40), 0.9), 200, 100)
    assert (face.box.x, face.box.y, face.box.width, face.box.height) == (0.25, 0.2, 0.5, 0.4)


@pytest.mark.parametrize(
    "center", [(640.0, 360.0), (-300.0, 100.0), (1500.0, 100.0), (1900.0, 100.0), (640.0, 1100.0), (5.0, -200.0)]
)
@pytest.mark.parametrize("degrees", [0.0, 45.0])
def test_a_large_square_is_cut_out_wherever_it_lies(center: tuple[float, float], degrees: float) -> None:
    image = np.full((720, 1280, 3), 200, np.uint8)
    square = _crop(image, center, 400.0, degrees, 128)
    assert square.shape == (128, 128, 3)
    inside = 0 <= center[0] < 1280 and 0 <= center[1] < 720
    assert bool(square[64, 64].all()) == inside, "what lies beside the picture is black"


def test_a_turned_square_shows_its_corners() -> None:
    image = np.full((720, 1280, 3), 200, np.uint8)
    assert _crop(image, (640.0, 360.0), 400.0, 45.0, 128).min() >= 199

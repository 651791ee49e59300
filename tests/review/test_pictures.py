"""Moderation of pictures: the decoding on hand-made outputs, the choice of a moderator, and there being none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.errors import LicenceRefused, MissingModel
from keyart.models import CARDS, have, licensed, model_path
from keyart.review import pictures
from keyart.review.pictures import (
    LABELS,
    PICTURE_MODERATORS,
    NudeNet,
    PictureClassifier,
    arrays,
    decoded,
    gravest,
    indecent_share,
    picture_moderator,
    video_arrays,
)
from keyart.review.verdict import Verdict
from keyart.types import Box
from tests.conftest import ClipRecipe, make_clip
from tests.review.conftest import picture_bytes, plain_picture

_STORE = os.environ.get("KEYART_MODELS", "")


def output(*rows: tuple[str, float, tuple[float, float, float, float]]) -> NDArray[np.float32]:
    """YOLOv8's output for sightings of (label, confidence, (centre x, centre y, width, height))."""
    found = np.zeros((4 + len(LABELS), 2100), np.float32)
    for place, (label, confidence, box) in enumerate(rows):
        found[:4, place] = box
        found[4 + LABELS.index(label), place] = confidence
    return found


class Session:
    """Stands in for onnxruntime's: answers the given output and keeps what it was given."""

    def __init__(self, answer: NDArray[np.float32]) -> None:
        self.answer = answer
        self.given: list[NDArray[np.float32]] = []

    def run(self, _: None, inputs: dict[str, NDArray[np.float32]]) -> list[Any]:
        self.given.append(inputs["images"])
        return [self.answer[None]]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    found = Session(output())
    monkeypatch.setattr(pictures, "onnx_session", lambda name: found)
    return found


def test_boxes_come_back_in_pixels_of_the_picture() -> None:
    (one,) = decoded(output(("FACE_MALE", 0.8, (100, 50, 40, 20))), factor=4.0, width=1280, height=720)
    assert one.label == "FACE_MALE"
    assert one.confidence == pytest.approx(0.8)
    assert one.box == Box(320, 160, 160, 80)


def test_boxes_end_where_the_picture_does() -> None:
    (one,) = decoded(output(("FACE_MALE", 0.8, (0, 178, 40, 20))), factor=4.0, width=1280, height=720)
    assert one.box == Box(0, 672, 80, 48)


def test_the_same_thing_is_seen_once_and_two_kinds_twice() -> None:
    rows = (
        ("BUTTOCKS_EXPOSED", 0.6, (100.0, 100.0, 50.0, 50.0)),
        ("BUTTOCKS_EXPOSED", 0.7, (104.0, 102.0, 50.0, 50.0)),
        ("BELLY_EXPOSED", 0.5, (100.0, 100.0, 50.0, 50.0)),
        ("BUTTOCKS_EXPOSED", 0.65, (200.0, 100.0, 50.0, 50.0)),
    )
    found = decoded(output(*rows), 1.0, 320, 320)
    assert [(one.label, round(one.confidence, 2)) for one in found] == [
        ("BUTTOCKS_EXPOSED", 0.7), ("BUTTOCKS_EXPOSED", 0.65), ("BELLY_EXPOSED", 0.5)
    ]  # fmt: skip


def test_what_is_faint_or_outside_is_not_seen() -> None:
    rows = (("FACE_MALE", 0.2, (50.0, 50.0, 10.0, 10.0)), ("FACE_MALE", 0.9, (400.0, 50.0, 10.0, 10.0)))
    assert decoded(output(*rows), 1.0, 320, 320) == ()


@pytest.mark.parametrize(
    ("label", "confidence", "judgement"),
    [
        ("FEMALE_BREAST_EXPOSED", 0.8, "block"),
        ("FEMALE_BREAST_EXPOSED", 0.5, "flag"),
        ("FEMALE_BREAST_EXPOSED", 0.4, "pass"),
        ("BUTTOCKS_EXPOSED", 0.9, "flag"),
        ("FEET_EXPOSED", 0.9, "pass"),
        ("BELLY_EXPOSED", 0.9, "pass"),
        ("FACE_FEMALE", 0.9, "pass"),
        ("FEMALE_BREAST_COVERED", 0.9, "pass"),
    ],
)
def test_what_counts_and_from_where(session: Session, label: str, confidence: float, judgement: str) -> None:
    session.answer = output((label, confidence, (160, 60, 40, 40)))
    verdict = NudeNet()(plain_picture(size=(320, 180)), "covers/x.jpg")
    assert (verdict.verdict, verdict.product, verdict.backend) == (judgement, "covers/x.jpg", "nudenet")
    if judgement != "pass":
        assert verdict.region == Box(140, 40, 40, 40)
        assert verdict.reason == f"{label.lower().replace('_', ' ')} ({confidence:.2f})"
        assert verdict.score == pytest.approx(confidence)


def test_the_network_gets_rgb_in_the_corner_of_a_square(session: Session) -> None:
    NudeNet()(plain_picture(red=255, size=(640, 360)))
    (given,) = session.given
    assert given.shape == (1, 3, 320, 320)
    assert given.dtype == np.float32
    assert np.all(given[0, 0, :180] == 1.0), "red is the first channel"
    assert not given[0, 1:].any()
    assert not given[0, :, 180:].any()


def test_thin_pictures_do_not_vanish(session: Session) -> None:
    NudeNet()(plain_picture(size=(2000, 2)))
    assert session.given[0][0, 0, 0].all()


def test_without_the_model_it_says_the_cure() -> None:
    with pytest.raises(MissingModel, match="keyart models pull nudenet"):
        NudeNet()(plain_picture())
    with pytest.raises(MissingModel, match="keyart models pull nsfw-vit"):
        PictureClassifier()(plain_picture())


def test_agpl_is_not_used_under_a_permissive_licence() -> None:
    assert not CARDS["nudenet"].permissive
    with licensed("permissive"), pytest.raises(LicenceRefused, match="AGPL"):
        NudeNet()(plain_picture())


def test_the_default_takes_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert picture_moderator("auto") is None
    monkeypatch.setattr(pictures, "have", lambda name: name == "nudenet")
    assert picture_moderator("auto") == PICTURE_MODERATORS["nudenet"]
    monkeypatch.setattr(pictures, "have", lambda name: True)
    assert picture_moderator("auto") == PICTURE_MODERATORS["classifier"], "the permissive one first"
    assert picture_moderator("nudenet") == NudeNet()
    assert picture_moderator("auto", "a/folder") == PictureClassifier("a/folder")


@pytest.mark.parametrize("name", PICTURE_MODERATORS)
def test_every_moderator_names_its_backend_and_a_known_model(name: str) -> None:
    moderator = PICTURE_MODERATORS[name]
    assert moderator.backend
    assert all(model in CARDS for model in moderator.models)


def test_labels_of_a_classifier() -> None:
    assert indecent_share({"normal": 0.25, "nsfw": 0.75}) == 0.75
    assert indecent_share({"Neutral": 0.5, "drawings": 0.1, "Porn": 0.3, "Hentai": 0.1}) == pytest.approx(0.4)
    assert indecent_share({"sfw": 0.9, "rude": 0.1}) == pytest.approx(0.1)
    assert indecent_share({"cat": 0.9, "dog": 0.1}) is None


def test_the_gravest_frame_speaks_for_an_animation() -> None:
    seen = [Verdict("a", "pass", "", "", "x", 0.9), Verdict("a", "flag", "nudity", "r", "x", 0.5)]
    assert gravest(seen) is seen[1]


def test_an_animation_is_looked_at_in_five_places() -> None:
    data = picture_bytes([plain_picture(red) for red in range(0, 250, 10)], "webp")
    reds = [int(image[0, 0, 0]) for image in arrays(data)]
    assert reds == [0, 60, 120, 180, 240]
    assert len(arrays(picture_bytes([plain_picture()]))) == 1
    assert arrays(picture_bytes([plain_picture()]))[0].shape == (36, 64, 3)


def test_the_real_network_sees_a_face_and_nothing_indecent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", _STORE)
    if not (have("nudenet") and have("photo-astronaut")):
        pytest.skip("NudeNet is pulled by name only: keyart models pull nudenet")
    from keyart.media.images import read_image

    photo = read_image(model_path("photo-astronaut"))
    (face,) = NudeNet().sightings(photo)
    assert face.label == "FACE_FEMALE"
    assert face.confidence > 0.8, "with swapped channels it is 0.72"
    assert face.box.iou(Box(173, 82, 100, 97)) > 0.9, "as the nudenet package has it"
    assert NudeNet()(photo).verdict == "pass"


def test_what_is_transparent_is_not_looked_through() -> None:
    image = np.full((4, 4, 4), (250, 0, 0, 0), np.uint8)
    image[0, 0, 3] = 255
    (seen,) = arrays(picture_bytes([image]))
    assert tuple(seen[0, 0]) == (250, 0, 0)
    assert tuple(seen[2, 2]) == (128, 128, 128)


def test_a_video_is_looked_at_every_second(tmp_path: Path) -> None:
    frames = [plain_picture(250 if 25 <= number < 50 else 0, (64, 48)) for number in range(70)]
    path = make_clip(tmp_path / "clip.mp4", ClipRecipe(size_px=(64, 48)), frames)
    seen = video_arrays(path.read_bytes())
    assert [int(image[..., 0].mean()) > 100 for image in seen] == [False, True, False]

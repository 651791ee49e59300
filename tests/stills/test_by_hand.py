"""Frames that the user names: right to the millisecond, developed as the ranked ones are, judged on their own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from keyart import plain
from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.stills import PickStills
from keyart.stills.by_hand import named_stills, own_cover, still_at, stills_at
from keyart.stills.moments import MOST, parse_moments
from keyart.types import Still
from tests.conftest import ClipFactory, Take


def ranked(path: Path, settings: PickStills) -> tuple[Still, ...]:
    info = probe(path)
    sampler = settings.sample(info)
    for glimpse in Scan().open(info):
        sampler.see(glimpse)
    return settings(info, sampler, ()).value


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30), Fraction(30000, 1001), Fraction(60000, 1001)])
def test_a_time_rounded_to_a_millisecond_is_its_own_frame(clip: ClipFactory, rate: Fraction) -> None:
    info = probe(clip(frames_per_second=rate, takes=(Take("scene-1", 1.0),)))
    times = [glimpse.seconds for glimpse in Scan().open(info)]
    for wanted in times[:14]:
        assert still_at(info, plain.seconds(wanted)).seconds == wanted
    between = (times[4] + times[5]) / 2
    assert still_at(info, between).seconds == times[4], "what is on display, not what is nearest"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"times": "variable"},
        {"rotation_degrees": 90},
        {"sample_aspect": Fraction(4, 3)},
        {"start_seconds": 3.0},
        {"frames_per_second": Fraction(30000, 1001)},
    ],
)
def test_a_ranked_still_by_hand_is_the_same_picture(clip: ClipFactory, options: dict[str, object]) -> None:
    takes = Take("photo-astronaut", 1.5), Take("photo-rocket", 1.5), Take("photo-coffee", 1.5)
    path = clip(takes=takes, size_px=(480, 272), **options)
    stills = ranked(path, PickStills())
    assert stills
    for still in stills:
        own = still_at(probe(path), plain.seconds(still.seconds))
        assert np.array_equal(own.frame.image, still.frame.image) and own.seconds == still.seconds
        assert own.avoid == still.avoid


@pytest.mark.parametrize("clahe", ["on", "auto"])
def test_what_is_done_to_offered_pictures_is_done_to_these(clip: ClipFactory, clahe: str) -> None:
    path = clip(takes=(Take("photo-hubble", 1.0), Take("photo-astronaut", 1.0)), size_px=(480, 272))
    settings = PickStills(clahe=clahe)  # type: ignore[arg-type]  # pytest hands on a str
    plainly = {still.seconds: still for still in ranked(path, PickStills())}
    for still in ranked(path, settings):
        own = still_at(probe(path), plain.seconds(still.seconds), settings)
        assert np.array_equal(own.frame.image, still.frame.image)
    if clahe == "on":
        assert not np.array_equal(own.frame.image, plainly[own.seconds].frame.image), "else the test says nothing"


def test_it_is_the_same_each_time(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("photo-astronaut", 1.0),), size_px=(480, 272)))
    first, again = still_at(info, 0.52), still_at(info, 0.52)
    assert np.array_equal(first.frame.image, again.frame.image)
    assert (first.faces, first.terms, first.avoid, first.score) == (again.faces, again.terms, again.avoid, again.score)


def test_it_says_only_what_the_picture_tells(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("photo-astronaut", 1.0), Take("photo-coffee", 1.0)), size_px=(640, 360)))
    face, cup = stills_at(info, "0.4, 1.6")
    assert (face.rank, cup.rank) == (1, 2) and face.origin == cup.origin == "by hand"
    assert face.faces and not cup.faces and face.person_fraction is not None and cup.person_fraction is None
    names = [term.name for term in face.terms]
    assert {"faces", "exposure", "text"} <= set(names)
    assert not {"representativeness", "distinctness", "steadiness", "sharpness"} & set(names)
    assert 0 < face.score <= 1
    notes = {term.name: term for term in cup.terms}
    assert notes["faces"].weight == 0 and notes["faces"].note == "no face in the picture"


def test_a_black_and_white_picture_is_not_blamed_for_it(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("white", 0.4), Take("black", 0.4)), size_px=(320, 180)))
    (colour,) = [term for term in still_at(info, 0.2).terms if term.name == "colourfulness"]
    assert colour.weight == 0 and colour.note == "the picture is black and white"


def test_the_author_s_own_cover_can_be_named(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 1.0),), cover="photo-coffee"))
    frame, cover = stills_at(info, "0.5,cover")
    assert cover.origin == "embedded cover" and cover.rank == 2 and cover.frame.image.shape == (120, 160, 3)
    assert frame.origin == "by hand"
    with pytest.raises(BadSetting, match="no cover picture of its own; name a time"):
        own_cover(probe(clip(takes=(Take("scene-1", 1.0),))))


@pytest.mark.parametrize("seconds", [-0.1, 99.0, float("nan"), float("inf")])
def test_outside_the_video_there_is_no_frame(clip: ClipFactory, seconds: float) -> None:
    with pytest.raises(BadSetting, match=r"there is no frame at|0 seconds or later"):
        still_at(probe(clip(takes=(Take("scene-1", 1.0),))), seconds)


def test_the_last_frame_stays_on_display_to_the_end(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 1.0),)))
    assert still_at(info, info.duration_seconds).seconds == pytest.approx(0.96)


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("12.345", (12.345,)),
        ("0", (0.0,)),
        ("1:02.5", (62.5,)),
        ("01:00:00", (3600.0,)),
        ("12.3, 47,cover", (12.3, 47.0, None)),
        (" 5 , ", (5.0,)),
    ],
)
def test_moments_are_read(text: str, moments: tuple[float | None, ...]) -> None:
    assert parse_moments(text) == moments


@pytest.mark.parametrize(
    "text", ["", ",", "five", "-1", "1e3", "nan", "1:2:3:4", "١٢", "12.5s", ",".join("1" * (MOST + 1))]
)
def test_what_is_no_moment_is_said(text: str) -> None:
    with pytest.raises(BadSetting, match="moment"):
        parse_moments(text)


def test_as_a_stage_it_says_which_detector_looked(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("photo-astronaut", 1.0),), size_px=(480, 272)))
    outcome = named_stills(info, "0.4", None, PickStills(detector="haar"))
    assert outcome.status == "ok" and outcome.backend == "haar" and len(outcome.value) == 1
    assert outcome.models[0] == "opencv-haar"

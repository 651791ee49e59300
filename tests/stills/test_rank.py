"""Terms, cards, likeness, and an order without repetitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keyart.errors import BadSetting
from keyart.stills import rank
from keyart.stills.rank import TERMS, Candidate, Scored, Surroundings, Weights
from keyart.types import RGB, Box, Frame, Term

from .conftest import candidate_of, face_of, photo, sample_of

AROUND = Surroundings(
    sharpness=400.0,
    colourfulness=50.0,
    largest_cluster=9,
    has_faces=True,
    main_objects=frozenset({"face"}),
    end_seconds=60.0,
)
MIDDLE = sample_of(seconds=30.0)


def value(name: str, candidate: Candidate, around: Surroundings = AROUND) -> float:
    return TERMS[name](candidate, around, 1.0).value


def moved(candidate: Candidate, **changes: object) -> Candidate:
    return replace(candidate, sample=replace(candidate.sample, **changes))  # type: ignore[arg-type]


def test_every_weight_has_its_term_and_every_term_says_something() -> None:
    candidate = candidate_of(MIDDLE, faces=(face_of(),))
    terms = rank.score_terms(candidate, AROUND, Weights())
    assert {*TERMS, "learned"} == set(Weights.__slots__) and len(terms) == len(TERMS)
    assert all(0.0 <= term.value <= 1.0 and term.note and term.weight >= 0 for term in terms)
    assert len({term.name for term in terms}) == len(terms)


GOOD = candidate_of(MIDDLE, faces=(face_of(),), cluster_size=9)


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("sharpness", moved(GOOD, sharpness=50.0)),
        ("sharpness", moved(GOOD, blur_share=0.6)),
        ("exposure", moved(GOOD, brightness=0.1)),
        ("exposure", moved(GOOD, brightness=0.93)),
        ("exposure", replace(GOOD, highlights=0.4)),
        ("exposure", replace(GOOD, shadows=0.6)),
        ("contrast", moved(GOOD, contrast=0.05)),
        ("colourfulness", moved(GOOD, colourfulness=5.0)),
        ("detail", moved(GOOD, flat_share=0.9)),
        ("text", replace(GOOD, text=(Box(0, 0, 80, 10),))),
        ("motion_blur", moved(GOOD, change=0.1)),
        ("motion_blur", replace(moved(GOOD, blur_share=0.6), direction_loss=0.8)),
        ("representativeness", replace(GOOD, cluster_size=1)),
        ("distinctness", replace(GOOD, frame=Frame(GOOD.frame.image, 0.2))),
        ("distinctness", replace(GOOD, frame=Frame(GOOD.frame.image, 59.5))),
        ("steadiness", replace(GOOD, transition_distance=0.1)),
        ("subject", replace(GOOD, faces=())),
        ("faces", replace(GOOD, faces=())),
        ("faces", replace(GOOD, faces=(face_of(eyes_open=0.0),))),
        ("faces", replace(GOOD, faces=(face_of(box=Box(60, 20, 5, 5)),))),
        ("faces", replace(GOOD, faces=(face_of(box=Box(-15, 20, 30, 30)),))),
        ("faces", replace(GOOD, faces=(face_of(box=Box(125, 55, 30, 30)),))),
        ("faces", replace(GOOD, faces=(face_of(confidence=0.3),))),
    ],
)
def test_what_is_worse_scores_less(name: str, worse: Candidate) -> None:
    assert value(name, worse) < value(name, GOOD) - 0.05


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("faces", replace(AROUND, has_faces=False)),
        ("colourfulness", replace(AROUND, colourfulness=2.0)),
        ("subject", replace(AROUND, main_objects=frozenset())),
    ],
)
def test_what_does_not_apply_has_no_weight(name: str, around: Surroundings) -> None:
    assert TERMS[name](GOOD, around, 3.0).weight == 0.0


def test_score_is_the_weighted_mean() -> None:
    assert rank.weighted_mean([Term("a", 1.0, 3.0), Term("b", 0.5, 1.0), Term("c", 0.0, 0.0)]) == 0.875
    assert rank.weighted_mean([]) == 0.0


def test_weights_are_not_negative() -> None:
    with pytest.raises(BadSetting, match="faces"):
        Weights(faces=-1.0)


@pytest.mark.parametrize(
    ("box", "visible"),
    [
        (Box(60, 20, 30, 30), True),
        (Box(60, 20, 5, 5), False),
        (Box(-10, 20, 30, 30), True),
        (Box(-20, 20, 30, 30), False),
    ],
)
def test_visible_faces_are_large_and_mostly_there(box: Box, visible: bool) -> None:
    assert rank.is_visible(face_of(box=box), Box(0, 0, 160, 90)) is visible


def test_cards_are_text_on_an_even_ground() -> None:
    lines = (Box(20, 40, 100, 10),)
    flat = moved(candidate_of(), flat_share=0.9)
    assert rank.is_card(replace(flat, text=lines))
    assert not rank.is_card(flat)
    assert not rank.is_card(replace(flat, text=lines, faces=(face_of(),)))
    assert not rank.is_card(candidate_of(text=lines))


def test_surroundings_of_a_video() -> None:
    samples = [sample_of(sharpness=value, colourfulness=10.0 * n) for n, value in enumerate((100.0, 200.0, 900.0))]
    around = rank.surroundings(samples, [0, 1, 1], 12.0, frozenset())
    assert around.sharpness == 200.0 and around.largest_cluster == 2 and not around.has_faces
    assert around.colourfulness == pytest.approx(18.0)


# --- likeness and order -------------------------------------------------------------------------------------------


def panned(image: RGB, share: float) -> RGB:
    step = int(share * image.shape[1])
    return image[:, step : image.shape[1] - int(0.1 * image.shape[1]) + step]


def test_a_small_pan_is_alike_and_another_picture_is_not() -> None:
    coffee, rocket = photo("coffee"), photo("rocket")
    views = [rank.alike_view(image) for image in (panned(coffee, 0.0), panned(coffee, 0.05), rocket)]
    assert rank.likeness(views[0], views[1]) > 0.95
    assert rank.likeness(views[0], views[2]) < 0.5
    assert rank.likeness(views[0], views[1]) == rank.likeness(views[1], views[0])


def test_even_pictures_are_alike_when_their_tone_is() -> None:
    grey, also, white = (rank.alike_view(np.full((20, 20, 3), level, np.uint8)) for level in (100, 104, 255))
    assert rank.likeness(grey, also) == 1.0 and rank.likeness(grey, white) == 0.0


def scored(score: float, image: RGB, seconds: float, shot: int = 0) -> Scored:
    candidate = replace(candidate_of(shot=shot), frame=Frame(image, seconds))
    return Scored(candidate, (Term("all", score, 1.0),), rank.alike_view(image))


def seeds(*numbers: int) -> list[RGB]:
    return [np.random.default_rng(n).integers(0, 256, (9, 16, 3), dtype=np.uint8) for n in numbers]


def test_no_two_alike_and_the_better_of_them_stays() -> None:
    one, other = seeds(1, 2)
    best = [scored(0.9, one, 1.0), scored(0.8, one, 9.0), scored(0.5, other, 5.0)]
    chosen = rank.pick_diverse(best, 8, max_likeness=0.9, variety=0.2)
    assert [each.score for each in chosen] == [0.9, 0.5]


def test_lead_comes_first_and_count_is_kept() -> None:
    items = [scored(0.9 - 0.1 * n, image, float(n)) for n, image in enumerate(seeds(1, 2, 3, 4))]
    chosen = rank.pick_diverse(items, 3, items[2], max_likeness=0.99, variety=0.0)
    assert [each.score for each in chosen] == pytest.approx([0.7, 0.9, 0.8])


def test_a_moment_later_in_the_same_shot_counts_less_than_another_shot() -> None:
    first, near, far = (
        scored(score, image, seconds, shot)
        for score, image, seconds, shot in zip(
            (0.9, 0.8, 0.75), seeds(1, 2, 3), (10.0, 10.2, 40.0), (0, 0, 1), strict=True
        )
    )
    for variety, second in ((0.5, far), (0.0, near)):
        chosen = rank.pick_diverse([first, near, far], 2, max_likeness=0.99, variety=variety, end_seconds=60.0)
        assert chosen[1] is second
    assert rank.nearness(first.candidate, first.candidate, 60.0) == pytest.approx(0.7)

"""The whole stage on generated clips: what is offered, in which order, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.stills import PickStills
from keyart.stills.rank import alike_view, likeness
from keyart.types import RGB, Shot, Still
from tests.conftest import ClipFactory, ClipRecipe, Take, make_clip

from .conftest import Pick, candidate_of, face_of, photo

WIDTH, HEIGHT = 320, 180
PHOTOS = ("photo-coffee", "photo-astronaut", "photo-rocket", "photo-chelsea")


def inside(still: Still, start: float, end: float) -> bool:
    return start <= still.seconds < end


def takes(*looks: str, seconds: float = 2.0) -> tuple[Take, ...]:
    return tuple(Take(look, seconds) for look in looks)


@pytest.mark.usefixtures("needs_faces")
@pytest.mark.parametrize("mode", ["full", "fast"])
def test_four_pictures_are_offered_once_each_the_face_first(clip: ClipFactory, pick: Pick, mode: str) -> None:
    outcome = pick(clip(takes=takes(*PHOTOS, seconds=4.0), codec_options={"g": "100"}), mode=mode)
    stills = outcome.value
    assert outcome.status == "ok" and outcome.backend == "mediapipe" and "face-landmark" in outcome.models
    assert [still.rank for still in stills] == list(range(1, len(stills) + 1))
    assert inside(stills[0], 4, 8) and stills[0].faces[0].eyes_open is not None
    assert {int(still.seconds // 4) for still in stills} == {0, 1, 2, 3}
    views = [alike_view(still.frame.image) for still in stills]
    assert all(likeness(a, b) <= 0.87 for i, a in enumerate(views) for b in views[:i])


@pytest.mark.usefixtures("needs_faces")
def test_every_still_explains_itself(clip: ClipFactory, pick: Pick) -> None:
    for still in pick(clip(takes=takes(*PHOTOS))).value:
        assert still.frame.image.shape == (HEIGHT, WIDTH, 3) and still.origin == "scan"
        assert 0 < still.score <= 1 and len(still.terms) == 12 and all(term.note for term in still.terms)
        assert still.score == pytest.approx(
            sum(t.value * t.weight for t in still.terms) / sum(t.weight for t in still.terms), abs=1e-3
        )
        assert still.shot == int(still.seconds // 2) and still.frame_number == round(still.seconds * 25)
        assert still.person_fraction is None or 0 <= still.person_fraction <= 1


def test_the_same_input_gives_the_same_stills(clip: ClipFactory, pick: Pick) -> None:
    path = clip(takes=takes(*PHOTOS))
    one, other = pick(path).value, pick(path).value
    assert [(s.seconds, s.score, s.terms) for s in one] == [(s.seconds, s.score, s.terms) for s in other]
    assert all((a.frame.image == b.frame.image).all() for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_black_and_white_stretches_are_never_offered(clip: ClipFactory, pick: Pick, mode: str) -> None:
    path = clip(takes=takes("black", "scene-1", "white", "scene-2", "black"))
    stills = pick(path, mode=mode).value
    assert stills and all(inside(still, 2, 4) or inside(still, 6, 8) for still in stills)


@pytest.mark.parametrize("look", ["black", "white"])
def test_a_video_of_nothing_gives_nothing_and_says_why(clip: ClipFactory, pick: Pick, look: str) -> None:
    outcome = pick(clip(takes=takes(look)))
    assert outcome.value == () and outcome.status == "skipped" and "one tone" in outcome.reason


def test_a_dark_film_still_gives_stills(tmp_path: Path, pick: Pick) -> None:
    def dark() -> Iterator[RGB]:
        for number in range(75):
            image = cv2.resize(photo("coffee"), (WIDTH + 60, HEIGHT + 40))[:HEIGHT, number // 2 : number // 2 + WIDTH]
            yield (image * 0.2).astype(np.uint8)

    outcome = pick(make_clip(tmp_path / "dark.mp4", ClipRecipe(), dark()))
    assert outcome.value and outcome.status == "ok"
    assert outcome.value[0].frame.image.mean() < 40


def drawn_card(text: str) -> RGB:
    card = np.full((HEIGHT, WIDTH, 3), 10, np.uint8)
    cv2.putText(card, text, (30, 95), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (240, 240, 240), 2, cv2.LINE_AA)
    return card


def test_cards_only_where_there_is_nothing_else(tmp_path: Path, pick: Pick) -> None:
    scene = np.asarray(cv2.resize(photo("coffee"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    card = drawn_card("Directed by Nobody")
    both = make_clip(tmp_path / "both.mp4", ClipRecipe(), [*[card] * 40, *[scene] * 40])
    assert all(still.seconds >= 1.6 for still in pick(both).value)
    (only,) = pick(make_clip(tmp_path / "card.mp4", ClipRecipe(), [card] * 50)).value
    assert only.avoid and only.frame.image.max() > 200


def test_blurred_and_flashed_frames_are_not_offered(tmp_path: Path, pick: Pick) -> None:
    sharp = np.asarray(cv2.resize(photo("chelsea"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 4), np.uint8)
    flash = (255 - (255 - sharp) // 5).astype(np.uint8)
    images = [*[soft] * 30, *[sharp] * 12, *[flash] * 3, *[sharp] * 10, *[soft] * 30]
    stills = pick(make_clip(tmp_path / "soft.mp4", ClipRecipe(), images)).value
    assert len(stills) == 1
    assert inside(stills[0], 30 / 25, 42 / 25) or inside(stills[0], 45 / 25, 55 / 25)


def test_damaged_pictures_and_those_that_build_on_them_are_not_offered(patched: Path, pick: Pick) -> None:
    spoilt = {one.seconds for one in Scan().open(probe(patched)) if one.is_damaged}
    offered = {still.frame.seconds for still in pick(patched).value}
    assert len(spoilt) > 20 and offered and not offered & spoilt


def test_where_all_is_near_damage_what_is_whole_is_offered(patched: Path) -> None:
    stage, info = PickStills(), probe(patched)
    sampler, spoilt = stage.sample(info), set()
    for glimpse in Scan().open(info):
        sampler.see(glimpse)
        spoilt |= {glimpse.seconds} if glimpse.is_damaged else set()
    stills = stage(replace(info, damaged_spans=((0.0, 100.0),)), sampler, ()).value
    assert spoilt and stills and not spoilt & {still.frame.seconds for still in stills}


def test_pictures_shortly_before_damage_are_not_offered(clip: ClipFactory) -> None:
    path = clip(takes=(Take("photo-coffee", 2.0), Take("photo-rocket", 2.0)))
    stage, info = PickStills(), probe(path)
    for span in ((0.0, 2.5), (1.5, 4.0)):
        sampler = stage.sample(info)
        for glimpse in Scan().open(info):
            sampler.see(glimpse)
        stills = stage(replace(info, damaged_spans=(span,)), sampler, ()).value
        assert stills and not any(span[0] <= still.seconds < span[1] for still in stills)


def test_a_dissolve_that_no_detector_reported_is_kept_clear_of(clip: ClipFactory) -> None:
    path = clip(takes=(Take("photo-coffee", 2.0), Take("photo-rocket", 2.0, dissolve_seconds=1.0)))
    stage, info = PickStills(), probe(path)
    sampler = stage.sample(info)
    for glimpse in Scan().open(info):
        sampler.see(glimpse)
    stills = stage(info, sampler, (Shot(0.0, 4.0, 0, 100, "start"),)).value
    assert len(stills) >= 2 and not any(inside(still, 2.15, 2.85) for still in stills)


@pytest.mark.usefixtures("needs_faces")
def test_who_is_seen_between_two_dissolves_only_is_offered(clip: ClipFactory) -> None:
    """Their lengths are known but not where in them the boundary lies; between the two nothing is surely whole."""
    path = clip(takes=(*takes("photo-coffee"), Take("photo-astronaut", 2.4), *takes("photo-rocket")))
    stage, info = PickStills(), probe(path)
    sampler = stage.sample(info)
    for glimpse in Scan().open(info):
        sampler.see(glimpse)
    shots = (
        Shot(0.0, 2.0, 0, 50, "start"),
        Shot(2.0, 4.4, 50, 110, "dissolve", 1.3),
        Shot(4.4, 6.4, 110, 160, "dissolve", 1.3),
    )
    stills = stage(info, sampler, shots).value
    assert inside(stills[0], 2.65, 3.75) and stills[0].faces
    assert len(stills) > 1  # the others are whole far from their dissolves


@pytest.mark.usefixtures("needs_faces")
def test_shut_eyes_are_looked_at_again(tmp_path: Path, pick: Pick, astronaut: RGB) -> None:
    """The sampled frame of each second has its eyes shut; open ones are a fifth of a second away."""
    from keyart.stills import objects

    view = np.ascontiguousarray(astronaut[:360, 60:420])
    points, _ = objects.landmarks(view, objects.merge_overlapping(objects.MediapipeFaces()._finds(view))[0])
    shut = view.copy()
    for outer, inner in ((33, 133), (362, 263)):
        x, y = (int(value) for value in (points[outer] + points[inner]) / 2)
        width = float(np.linalg.norm(points[outer] - points[inner]))
        cv2.ellipse(shut, (x, y), (int(0.8 * width), int(0.5 * width)), 0, 0, 360, (190, 150, 130), -1)
        cv2.line(shut, (int(x - 0.45 * width), y), (int(x + 0.45 * width), y), (90, 60, 50), 1)
    # open for a third of each second, with a little noise that makes the shut ones the calmer
    random = np.random.default_rng(0)
    images = [
        np.clip(view + random.normal(0, 6, view.shape), 0, 255).astype(np.uint8) if 8 <= number % 25 <= 16 else shut
        for number in range(75)
    ]
    path = make_clip(tmp_path / "blink.mp4", ClipRecipe(size_px=(360, 360)), images)
    lazy = pick(path, PickStills(closer_looks=0)).value[0]
    keen = pick(path, PickStills(weights=("motion_blur=0", "sharpness=0"))).value[0]
    assert lazy.faces[0].eyes_open is not None and lazy.faces[0].eyes_open < 0.4
    assert keen.faces[0].eyes_open is not None and keen.faces[0].eyes_open > 0.6


def test_shut_eyes_and_empty_pictures_go_where_better_is_offered() -> None:
    from keyart.stills.pick import _worth_showing
    from keyart.stills.rank import Scored
    from keyart.types import Term

    def scored(score: float, eyes: float | None, cluster: int) -> Scored:
        faces = () if eyes is None else (face_of(eyes_open=eyes),)
        return Scored(
            candidate_of(faces=faces, cluster=cluster), (Term("all", score, 1.0),), np.zeros((1, 1, 3), np.float32)
        )

    lead, blink, other, empty = scored(0.9, 0.9, 0), scored(0.85, 0.1, 0), scored(0.8, 0.1, 1), scored(0.4, None, 2)
    assert _worth_showing((lead, blink, other, empty)) == (lead, other)
    assert _worth_showing((blink, other)) == (blink, other)
    assert _worth_showing(()) == ()


# --- settings -----------------------------------------------------------------------------------------------------


def test_count_limits_what_is_offered(clip: ClipFactory, pick: Pick) -> None:
    assert len(pick(clip(takes=takes(*PHOTOS)), PickStills(count=2)).value) == 2


@pytest.mark.parametrize("clusterer", ["greedy", "dbscan"])
@pytest.mark.parametrize("per_cluster", ["best", "sharpest"])
def test_both_clusterings_and_both_ways_to_choose(
    clip: ClipFactory, pick: Pick, clusterer: str, per_cluster: Any
) -> None:
    stills = pick(clip(takes=takes(*PHOTOS)), PickStills(clusterer=clusterer, per_cluster=per_cluster)).value
    assert {int(still.seconds // 2) for still in stills} == {0, 1, 2, 3}
    if per_cluster == "sharpest":
        assert len({still.cluster for still in stills}) == len(stills)


def test_clahe_is_a_setting(clip: ClipFactory, pick: Pick) -> None:
    path = clip(takes=takes("photo-coffee"))
    off, on, auto = (pick(path, PickStills(clahe=way)).value[0].frame.image for way in ("off", "on", "auto"))
    assert (off != on).any() and (off == auto).all()  # the cup has contrast enough


@pytest.mark.usefixtures("needs_faces")
def test_frames_without_the_subject_go_if_that_is_wished(clip: ClipFactory, pick: Pick) -> None:
    path = clip(takes=(Take("photo-astronaut", 4.0), Take("photo-coffee", 2.0)))
    assert {still.seconds >= 4 for still in pick(path).value} == {False, True}
    assert all(still.seconds < 4 for still in pick(path, PickStills(objects="drop")).value)
    terms = {term.name: term.weight for term in pick(path, PickStills(objects="off")).value[0].terms}
    assert terms["subject"] == 0.0


def test_weights_are_changed_by_name(clip: ClipFactory, pick: Pick) -> None:
    (first, *_) = pick(clip(takes=takes(*PHOTOS)), PickStills(weights=("faces=0", "text=7.5"))).value
    weights = {term.name: term.weight for term in first.terms}
    assert weights["text"] == 7.5 and weights["faces"] == 0.0


def test_pictures_that_did_not_fit_are_fetched_again(clip: ClipFactory, pick: Pick) -> None:
    path = clip(takes=takes(*PHOTOS))
    held, fetched = pick(path).value, pick(path, PickStills(pool_bytes=0, looks=1)).value
    assert len(fetched) >= 3
    same = {still.frame_number: still for still in held}
    for still in fetched:
        if still.frame_number in same:
            assert (still.frame.image == same[still.frame_number].frame.image).all()


def test_without_face_models_the_stage_is_degraded(
    clip: ClipFactory, pick: Pick, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = clip(takes=takes("scene-1", "scene-2"))
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    outcome = pick(path)
    assert outcome.value and outcome.status == "degraded" and "models pull" in outcome.reason
    assert outcome.backend == "haar" and outcome.models == ("opencv-haar",)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"count": 0}, "count"),
        ({"rate_hz": 0.0}, "rate_hz"),
        ({"looks": 0}, "looks"),
        ({"brightness": (0.1,)}, "brightness"),
        ({"brightness": (0.9, 0.1)}, "brightness"),
        ({"detector": "yolo"}, "mediapipe"),
        ({"embedder": "clip"}, "classical"),
        ({"clusterer": "kmeans"}, "greedy"),
        ({"weights": ("beauty=1",)}, "sharpness"),
        ({"weights": ("faces=big",)}, "faces=5"),
        ({"weights": ("faces=-1",)}, "faces"),
        ({"sharp_share": 2.0}, "sharp_share"),
    ],
)
def test_wrong_settings_are_refused_at_once(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        replace(PickStills(), **changes)


# --- the author's own cover ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "place"), [("last", -1), ("first", 0)])
def test_the_embedded_cover_is_an_entry_of_its_own(clip: ClipFactory, pick: Pick, where: Any, place: int) -> None:
    path = clip(takes=takes("scene-1", "scene-2"), cover="scene-9")
    stills = pick(path, PickStills(count=1, embedded_cover=where)).value
    assert [still.origin for still in stills].count("embedded cover") == 1 and len(stills) == 2
    cover = stills[place]
    assert cover.origin == "embedded cover" and cover.frame.image.shape == (120, 160, 3) and cover.score > 0
    assert [still.rank for still in stills] == [1, 2]
    assert "distinctness" not in {term.name for term in cover.terms}
    assert len(pick(path, PickStills(count=1, embedded_cover="off")).value) == 1


def test_of_a_black_video_the_cover_is_what_is_left(clip: ClipFactory, pick: Pick) -> None:
    (cover,) = pick(clip(takes=takes("black"), cover="scene-9")).value
    assert cover.origin == "embedded cover"


# --- real videos --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("needs_faces")
@pytest.mark.parametrize(
    "name", ["talk_en_congress_b.mp4", "film_his_girl_friday_bw.mp4", "derived/edge_black_intro_white_outro.mp4"]
)
def test_real_videos_give_pictures_one_would_show(media: Path, pick: Pick, name: str) -> None:
    stills = pick(media / "video" / name).value
    assert stills and all(still.frame.image.std() > 20 for still in stills)
    if name.startswith("talk"):
        assert stills[0].faces and (stills[0].faces[0].eyes_open or 0) > 0.6

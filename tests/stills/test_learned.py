"""A learned ranker in the stage: it moves the order, says so, and is refused where it was trained on something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keyart.errors import BadModel, MissingFile
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.pipeline import make
from keyart.recipe import Recipe
from keyart.stills import PickStills
from keyart.stills.embed import classical
from keyart.stills.learned import Ranker
from keyart.stills.sample import Sample, reduced
from keyart.titles.told import told_of
from keyart.types import Still
from tests.conftest import ClipFactory
from tests.models.kamodels import frame_ranker, triple_generator, vector_maker

from .conftest import Pick, sample_of
from .test_pick import takes

ROCKET_SECONDS = (8.0, 12.0)
LOOKS = ("photo-coffee", "photo-astronaut", "photo-rocket", "photo-chelsea")


def prefers(liked: Still, other: Still, path: Path) -> Path:
    """A ranker that tells one still of the video from another."""
    one, two = (classical(reduced(still.frame.image, 160)) for still in (liked, other))
    return frame_ranker(path, 20 * (one - two))


def test_the_ranker_decides_who_comes_first_and_is_named(clip: ClipFactory, pick: Pick, tmp_path: Path) -> None:
    path = clip(takes=takes(*LOOKS, seconds=4.0))
    plain = pick(path).value
    rocket = next(still for still in plain if ROCKET_SECONDS[0] <= still.seconds < ROCKET_SECONDS[1])
    assert rocket is not plain[0] and "learned" not in {term.name for term in rocket.terms}
    outcome = pick(path, PickStills(ranker=prefers(rocket, plain[0], tmp_path / "rockets.kamodel")))
    first = outcome.value[0]
    assert ROCKET_SECONDS[0] <= first.seconds < ROCKET_SECONDS[1]
    assert next(term for term in first.terms if term.name == "learned").value > 0.9
    assert any(name.startswith("linear@") for name in outcome.models)


def test_a_vector_of_pictures_sound_and_words_decides_by_likeness(
    clip: ClipFactory, pick: Pick, tmp_path: Path
) -> None:
    path = clip(takes=takes(*LOOKS, seconds=4.0), tags={"title": "rocket launch"}, tone_hz=300.0)
    rocket = next(one for one in pick(path).value if ROCKET_SECONDS[0] <= one.seconds < ROCKET_SECONDS[1])
    vector = classical(reduced(rocket.frame.image, 160))
    settings = {"extractors": {"text": "titles.letters", "audio": "sound.logmel"}}
    model = vector_maker(tmp_path / "fused.kamodel", vector, 80, 2 * 2048, settings=settings)
    stage = PickStills(ranker=model)
    assert stage.learned_ranker is not None and stage.learned_ranker.listens
    told = told_of(probe(path), stage.learned_ranker)
    assert told.audio.shape == (16, 80) and told.text.shape == (4096,) and told.text.any()
    numbers = [one.number for one in samples_of(path)]
    found = stage.learned_ranker(samples_of(path), told)
    assert sorted(found) == numbers and found[max(found, key=lambda number: found[number])] == 1.0
    best = max(found, key=lambda number: found[number])
    assert ROCKET_SECONDS[0] <= next(one.seconds for one in samples_of(path) if one.number == best) < ROCKET_SECONDS[1]
    with pytest.raises(BadModel, match="nobody told it"):
        stage.learned_ranker(samples_of(path))
    package = make(path, Recipe(stills=stage), parts=("stills",))
    assert ROCKET_SECONDS[0] <= package.stills[0].seconds < ROCKET_SECONDS[1]


def test_a_model_of_other_words_or_sound_is_refused(clip: ClipFactory, tmp_path: Path) -> None:
    path = clip(takes=takes("scene-1"))
    ranker = Ranker(vector_maker(tmp_path / "odd.kamodel", (1.0, 0.0), 33, 20), "classical")
    with pytest.raises(BadModel, match="sound of 33 and text of 20 numbers"):
        told_of(probe(path), ranker)
    with pytest.raises(BadModel, match="stills take 'frames' or 'vector'"):
        triple_generator(tmp_path / "t.kamodel", np.eye(3, 4))
        Ranker(tmp_path / "t.kamodel", "classical")([sample_of()])


def samples_of(path: Path) -> tuple[Sample, ...]:
    info = probe(path)
    sampler = PickStills().sample(info)
    for glimpse in Scan()(info):
        sampler.see(glimpse)
    return sampler.finish()


def test_scores_are_spread_over_the_video(tmp_path: Path) -> None:
    path = frame_ranker(tmp_path / "r.kamodel", (1.0, 0.0, 0.0, 0.0))
    rows = ((0.0, 10), (0.5, 20), (1.0, 30))
    samples = [sample_of(number=number, embedding=np.array([x, 0, 0, 0], np.float16)) for x, number in rows]
    found = Ranker(path, "classical")(samples)
    assert found[10] == 0.0 and found[30] == 1.0 and 0.4 < found[20] < 0.6
    alike = [replace(samples[0], number=number) for number in (1, 2)]
    assert Ranker(path, "classical")(alike) == {1: 0.5, 2: 0.5}
    assert Ranker(path, "classical")([]) == {}


def test_a_ranker_of_other_features_is_refused(tmp_path: Path) -> None:
    path = frame_ranker(tmp_path / "r.kamodel", (1.0, 0.0, 0.0, 0.0), features="googlenet")
    with pytest.raises(BadModel, match="trained on googlenet; the features here are"):
        Ranker(path, "classical")([sample_of()])
    with pytest.raises(MissingFile):
        Ranker(tmp_path / "none.kamodel", "classical")([sample_of()])

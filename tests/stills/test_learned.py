"""A learned ranker in the stage: it moves the order, says so, and is refused where it was trained on something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keyart.errors import BadModel, MissingFile
from keyart.stills import PickStills
from keyart.stills.embed import classical
from keyart.stills.learned import Ranker
from keyart.stills.sample import reduced
from keyart.types import Still
from tests.conftest import ClipFactory
from tests.models.kamodels import frame_ranker

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

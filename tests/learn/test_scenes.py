"""Scenes of films: the reader, the measures on numbers checked by hand, groupings that need no training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.scenes.measures import (
    best_threshold,
    boundary_f1,
    coverage,
    coverage_overflow_f1,
    grouped_by_neighbours,
    grouped_by_steps,
    overflow,
    similarities,
    tuned_neighbours,
    tuned_steps,
)
from keyart.learn.sets.scenes import SceneFilm, read_scenes, scene_begins


def begins(text: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([one == "|" for one in text])


SHOTS = [[0, 9], [12, 19], [20, 29], [30, 39]]


def put(folder: Path, text: str = "0,2,4", films: int = 1, shots: int = 4) -> tuple[Path, Path]:
    labels, features = folder / "scenes_x.json", folder / "scenes_features.npz"
    labels.write_text(json.dumps({f"BBC/{n}": {"shots": SHOTS, "scenes_raw": text} for n in range(films)}))
    arrays: dict[str, Any] = {f"BBC_{n}_VGG19": np.ones((shots, 3), np.float16) for n in range(films)}
    np.savez(features, **arrays)
    return labels, features


def test_films_are_read(tmp_path: Path) -> None:
    (film,) = read_scenes(*put(tmp_path))
    assert film.name == "BBC/0" and film.source == "BBC" and film.features.shape == (4, 3)
    assert film.begins.tolist() == [True, False, True, False]


def test_scenes_begin_where_their_set_says_so() -> None:
    shots = np.array(SHOTS)
    assert scene_begins("0,1,3,4", shots).tolist() == [True, True, False, True]
    assert scene_begins("0\t11\n11\t29\n30\t39", shots).tolist() == [True, True, False, True]  # 11: the shot from 12 on
    assert scene_begins("1 29\n30 39", shots).tolist() == [True, False, False, True]


def test_what_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="BBC/0"):
        read_scenes(*put(tmp_path, text="0 x\ny z"))
    with pytest.raises(BadData, match="one bool a shot"):
        read_scenes(*put(tmp_path, shots=5))
    labels, features = put(tmp_path)
    labels.write_text("{}")
    with pytest.raises(BadData, match="no array is called"):
        read_scenes(labels, features)
    labels.write_text("{")
    with pytest.raises(BadData, match="cannot be read"):
        read_scenes(labels, features)
    with pytest.raises(MissingFile):
        read_scenes(tmp_path / "none.json", features)


def test_boundaries_are_exact_and_the_first_shot_is_none() -> None:
    assert boundary_f1(begins("|..|.."), begins("|..|..")) == 1
    assert boundary_f1(begins("|.|..."), begins("|..|..")) == 0
    assert boundary_f1(begins("|.||.."), begins("|..|..")) == pytest.approx(2 / 3)
    assert boundary_f1(begins("|....."), begins("|..|..")) == 0


def test_coverage_and_overflow_by_hand() -> None:
    truth = begins("|..|.|..")  # scenes of 3, 2 and 3 shots
    assert coverage(truth, truth) == 1 and overflow(truth, truth) == 0
    one = begins("|.......")
    assert coverage(one, truth) == 1
    assert overflow(one, truth) == 1  # every scene is mixed with all of its neighbours
    found = begins("|.|..|..")  # 2, 3, 3: the third shot has gone over to the second scene
    assert coverage(found, truth) == pytest.approx((2 + 2 + 3) / 8)
    # scene 1 reaches 2 shots of its one neighbour of 2; scene 2 one of the 6 beside it; scene 3 none
    assert overflow(found, truth) == pytest.approx((3 * 1 + 2 * (1 / 6) + 0) / 8)
    kept, clean = 7 / 8, 1 - (3 + 1 / 3) / 8
    assert coverage_overflow_f1(found, truth) == pytest.approx(2 * kept * clean / (kept + clean))


def film(name: str = "x/1", scenes: int = 6, seed: int = 0) -> SceneFilm:
    """Each scene goes to and fro between two pictures: neighbours differ, the next but one is alike."""
    random = np.random.default_rng(seed)
    rows, firsts = [], []
    for _ in range(scenes):
        pair = random.normal(size=(2, 16))
        firsts += [True] + [False] * 5
        rows += [pair[shot % 2] + 0.05 * random.normal(size=16) for shot in range(6)]
    return SceneFilm(name, np.array(rows, np.float32), np.array(firsts))


def test_links_to_the_nearest_hold_a_dialogue_together() -> None:
    one = film()
    alike = similarities(one.features)
    assert np.array_equal(grouped_by_neighbours(alike, 3, 0.8), one.begins)
    assert grouped_by_neighbours(alike, 1, 0.8).sum() > one.begins.sum()  # a window of one never sees the same side
    assert grouped_by_neighbours(alike, 3, -1.0).sum() == 1
    assert grouped_by_neighbours(alike, 3, 1.1).all()
    assert grouped_by_steps(np.array([[1, 0.9, 0], [0.9, 1, 0.2], [0, 0.2, 1]]), 0.5).tolist() == [True, False, True]


def test_links_are_those_of_a_plain_loop() -> None:
    alike = similarities(np.random.default_rng(5).normal(size=(40, 8)).astype(np.float32))
    for window, least in ((2, 0.1), (5, 0.3), (60, 0.5)):
        reach = list(range(40))
        for shot in range(39):
            after = alike[shot, shot + 1 : shot + 1 + window]
            if after.max() >= least:
                reach[shot] = shot + 1 + int(after.argmax())
        wanted = [shot == 0 or max(reach[:shot]) < shot for shot in range(40)]
        assert grouped_by_neighbours(alike, window, least).tolist() == wanted


def test_what_is_tuned_is_tuned_on_the_training_films() -> None:
    train, held = [film(seed=number) for number in range(3)], film(seed=9)
    assert boundary_f1(tuned_neighbours(train)(held), held.begins) == 1
    assert boundary_f1(tuned_steps(train)(held), held.begins) < 1
    scores = [np.where(one.begins, 0.6, 0.4) for one in train]
    assert 0.4 < best_threshold(scores, [one.begins for one in train]) <= 0.6

"""The network of scenes: what it sees, that it learns what is there and nothing from shuffled labels, its export."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting, MissingFile  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.scenes.measures import boundary_f1  # noqa: E402
from keyart.learn.scenes.net import LINKS, SceneNet  # noqa: E402
from keyart.learn.scenes.recipe import LearnScenes, folds, label_shuffled  # noqa: E402
from keyart.learn.sets.scenes import SceneFilm  # noqa: E402
from keyart.learn.training import Plan, train  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402

SMALL = LearnScenes(epochs=12, window=3, hidden=16, projected=4, members=2, learning_rate=1e-2)


def film(number: int, scenes: int = 8) -> SceneFilm:
    random = np.random.default_rng(number)
    rows, begins = [], []
    for _ in range(scenes):
        pair, length = random.normal(size=(2, 12)), int(random.integers(3, 7))
        begins += [True] + [False] * (length - 1)
        rows += [pair[shot % 2] + 0.2 * random.normal(size=12) for shot in range(length)]
    return SceneFilm(f"{'ab'[number % 2]}/{number}", np.array(rows, np.float32), np.array(begins))


def test_it_sees_the_cosines_around_each_place() -> None:
    net = SceneNet(5, window=2, hidden=4, projected=0, dropout=0.0)
    rows = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    seen = net.around(torch.from_numpy(unit)[None])[0].numpy()
    pairs = [(a, b) for a in range(4) for b in range(a, 4)]
    for place in range(6):
        for at, (a, b) in enumerate(pairs):
            one, other = place - 2 + a, place - 2 + b  # two before the place, the place itself and one after
            inside = 0 <= one < 6 and 0 <= other < 6
            assert seen[place, at] == pytest.approx(float(unit[one] @ unit[other]) if inside else 0.0, abs=1e-6)


def test_it_sees_the_links_that_pass_over_each_place() -> None:
    net = SceneNet(5, window=2, hidden=4, projected=0, dropout=0.0)
    rows = np.random.default_rng(0).normal(size=(16, 5)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    seen = net.across(torch.from_numpy(unit)[None])[0].numpy()
    for place in range(16):
        for at, span in enumerate(LINKS):
            pairs = [(a, b) for a in range(place - span, place) for b in range(place, place + span) if b - a <= span]
            cosines = [float(unit[a] @ unit[b]) if a >= 0 and b < 16 else 0.0 for a, b in pairs]
            assert seen[place, at] == pytest.approx(max(cosines), abs=1e-6)
            assert seen[place, at + len(LINKS)] == pytest.approx(np.mean(cosines), abs=1e-6)


def test_shapes_and_gradients() -> None:
    net = SceneNet(12, window=3, hidden=8, projected=4, dropout=0.0)
    scores = net(torch.randn(1, 20, 12))
    assert scores.shape == (1, 20) and bool(((scores >= 0) & (scores <= 1)).all())
    scores.sum().backward()
    assert all(one.grad is not None and torch.isfinite(one.grad).all() for one in net.parameters())


def test_one_film_is_learned_by_heart() -> None:
    one = film(0)
    recipe = replace(SMALL, dropout=0.0, epochs=100)
    learner = recipe.learner([one], [one], 0)
    history = train(learner, Plan(recipe.epochs, 0))
    assert history[-1].training["loss"] < 0.1 * history[0].training["loss"]


def test_a_run_that_was_killed_ends_with_the_same_weights(tmp_path: Path) -> None:
    films = [film(number) for number in range(4)]

    def weights(folder: Path, *epochs: int) -> list[NDArray[np.float32]]:
        for count in epochs:
            learner = SMALL.learner(films[:3], films[3:], 0)
            train(learner, Plan(count, 0, watch="-loss"), folder, "stamp")
        return [one.detach().numpy() for one in learner.network.parameters()]

    whole, resumed = weights(tmp_path / "one", 3), weights(tmp_path / "two", 1, 3)
    assert all(np.array_equal(one, other) for one, other in zip(whole, resumed, strict=True))


def test_it_finds_scenes_of_films_it_has_not_seen_and_none_from_shuffled_labels() -> None:
    films, held = [film(number) for number in range(6)], [film(number) for number in range(20, 26)]

    def mean_f1(seen: list[SceneFilm]) -> float:
        group = SMALL.fitted(seen, 1)
        return float(np.mean([boundary_f1(group(one), one.begins) for one in held]))

    truth, null = mean_f1(films), mean_f1(list(label_shuffled(films, 1)))
    assert truth > 0.75 > 0.5 > null


def test_every_film_is_held_out_once_and_sets_are_dealt_out() -> None:
    films = [film(number) for number in range(10)]
    parts = folds(films, 3)
    assert sorted(one.name for _, held in parts for one in held) == sorted(one.name for one in films)
    assert all({one.source for one in held} == {"a", "b"} for _, held in parts)
    assert all(not {one.name for one in learned} & {one.name for one in held} for learned, held in parts)
    with pytest.raises(BadData, match="3 films for 5 folds"):
        folds(films[:3], 3)


def test_shuffled_labels_are_as_many() -> None:
    (one,) = label_shuffled([film(0)], 5)
    assert one.begins.sum() == film(0).begins.sum() and one.begins[0]
    assert not np.array_equal(one.begins, film(0).begins)


def test_the_recipe_from_files_to_a_model(tmp_path: Path) -> None:
    films = [film(number) for number in range(5)]
    shots = {one.name: [[10 * at, 10 * at + 9] for at in range(len(one.begins))] for one in films}
    labels = {
        one.name: {"shots": shots[one.name], "scenes_raw": ",".join(map(str, np.flatnonzero(one.begins)))}
        for one in films
    }
    (tmp_path / "scenes_x.json").write_text(json.dumps(labels))
    arrays: dict[str, Any] = {f"{one.name.replace('/', '_')}_X": one.features for one in films}
    np.savez(tmp_path / "scenes_features.npz", **arrays)
    recipe = replace(SMALL, data=tmp_path, out=tmp_path / "out", epochs=1)
    facts = recipe(say=lambda _: None)
    assert set(facts["test"]) == {"f1", "coverage_overflow_f1", "neighbours_f1"}
    model = open_kamodel(tmp_path / "out" / "ranker.kamodel")
    assert model.card.recipe == "scenes" and model.card.feature_size == 12
    for one in films[:2]:
        assert model(features=one.features[None])[0].shape == (1, len(one.begins))


def test_settings_and_files_that_do_not_do(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="window is 0"):
        LearnScenes(window=0)
    with pytest.raises(MissingFile, match="scenes_"):
        LearnScenes(tmp_path, tmp_path)()

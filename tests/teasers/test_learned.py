"""Matching (eq. 4) and inference (eq. 10) of seed 002 against trying everything; serving on a network made by hand."""

from __future__ import annotations

from itertools import permutations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.errors import BadModel
from keyart.media.probe import probe
from keyart.models.kamodel import Kamodel, LearnedCard
from keyart.stills.embed import classical
from keyart.teasers import learned
from keyart.teasers.learned import closest_matching, distances, learned_triple, most_likely, second_features
from tests.conftest import ClipFactory, Take


def drawn(seed: int, num_shots: int, draws: int = 5, size: int = 4) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(draws, 3, size)), draw.normal(size=(num_shots, size))


def test_distances_are_l2_norms() -> None:
    generated, shots = drawn(0, 6)
    found = distances(generated, shots)
    assert found.shape == (5, 3, 6)
    assert found[2, 1, 4] == pytest.approx(np.linalg.norm(generated[2, 1] - shots[4]))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("num_shots", [3, 4, 9])
def test_the_closest_matching_is_the_best_of_all_triples(seed: int, num_shots: int) -> None:
    generated, shots = drawn(seed, num_shots, size=1 + seed % 3)
    generated *= 0.2  # near each other: they want the same shots
    apart = distances(generated, shots)
    for draw, triple in enumerate(closest_matching(generated, shots)):
        sums = {one: sum(apart[draw, place, shot] for place, shot in enumerate(one)) for one in every(num_shots)}
        assert len(set(triple.tolist())) == 3
        assert sums[tuple(triple.tolist())] == pytest.approx(min(sums.values()))


def every(num_shots: int) -> list[tuple[int, ...]]:
    return list(permutations(range(num_shots), 3))


def test_one_shot_that_all_want_goes_to_the_place_that_would_lose_most() -> None:
    shots = np.array([[0.0], [1.0], [-5.0], [9.0]])
    generated = np.array([[[0.0], [0.1], [-0.2]]])
    # 0 -> 0 leaves 1 for the second (0.9) and -5 for the third (4.8): 5.7; 1 for the first and 0 for the second: 5.9
    assert closest_matching(generated, shots).tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("num_shots", "scale"), [(3, 1.0), (8, 1.0), (8, 0.05), (8, 20.0)])
def test_the_likeliest_triple_is_the_best_mean_of_likelihoods(seed: int, num_shots: int, scale: float) -> None:
    generated, shots = (scale * one for one in drawn(seed, num_shots))
    apart = distances(generated, shots)

    def likelihood(one: tuple[int, ...]) -> float:
        return float(np.mean(np.exp(-sum(apart[:, place, shot] for place, shot in enumerate(one)))))

    assert most_likely(generated, shots) == max(every(num_shots), key=likelihood)


def test_the_mean_is_of_likelihoods_not_of_generated_shots() -> None:
    """Two draws of one GIF and one of another; a mean of features would lie at a third one's."""
    shots = np.array([[0.0], [3.0], [6.0], [9.0], [100.0], [200.0], [300.0]])
    one, other = [[0.0], [100.0], [200.0]], [[9.0], [100.0], [200.0]]
    assert most_likely(np.array([one, one, other]), shots) == (0, 4, 5)


def test_likelihoods_too_small_for_a_number_leave_the_best_draws_matching() -> None:
    shots = np.array([[0.0], [5000.0], [9000.0]])
    assert most_likely(np.array([[[0.0], [1.0], [2.0]]]), shots) == (0, 1, 2)


def test_a_long_video_is_searched_where_its_seconds_are_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    generated, shots = drawn(3, 40)
    wanted = most_likely(generated, shots)
    monkeypatch.setattr(learned, "_SEARCHED", 12)
    assert most_likely(generated, shots) == wanted


# --- serving ----------------------------------------------------------------------------------------------------


def generator(kind: Any = "triple", answer: Any = None) -> Kamodel:
    """Generates the rows 4, 1 and 2 of what it is given, moved a little by the noise."""

    def run(_: object, inputs: dict[str, NDArray[np.float32]]) -> list[Any]:
        rows = inputs["features"][0, [4, 1, 2]]
        return [rows + 1e-3 * inputs["noise"][:, :1, None] if answer is None else answer]

    inputs = [SimpleNamespace(name="features", shape=[1, "n", 3]), SimpleNamespace(name="noise", shape=["draws", 2])]
    session = SimpleNamespace(get_inputs=lambda: inputs, run=run)
    return Kamodel(LearnedCard("planted", kind, "gif", learned.SECONDS, 3, "tests", ""), "", session)


FEATURES = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
STARTS = [0.0, 1.0, 2.5, 3.5, 4.5, 5.5, 6.5]


def test_three_seconds_in_the_order_of_the_generated_shots() -> None:
    assert learned_triple(generator(), FEATURES, STARTS) == (4.5, 1.0, 2.5)


def test_the_same_seed_draws_the_same_noise() -> None:
    seen = []
    model = generator()
    run = model.session.run

    def watched(names: object, inputs: dict[str, NDArray[np.float32]]) -> Any:
        seen.append(inputs["noise"])
        return run(names, inputs)

    model.session.run = watched
    for seed in (1, 1, 2):
        learned_triple(model, FEATURES, STARTS, draws=9, seed=seed)
    assert seen[0].shape == (9, 2)
    assert (seen[0] == seen[1]).all()
    assert (seen[0] != seen[2]).any()


def test_fewer_than_three_seconds_make_no_gif() -> None:
    assert learned_triple(generator(), FEATURES[:2], STARTS[:2]) is None


@pytest.mark.parametrize(
    ("model", "features", "message"),
    [
        (generator("frames"), FEATURES, "kind 'frames'"),
        (generator(), FEATURES[:, :2], r"shape \(7, 3\), got 7x2"),
        (generator(), FEATURES[:5], "got 5x3"),
        (generator(answer=np.zeros((64, 3, 2))), FEATURES, r"generated \(64, 3, 2\)"),
        (generator(answer=np.full((64, 3, 3), np.nan)), FEATURES, "no numbers"),
    ],
)
def test_a_model_that_does_not_fit_is_an_error(model: Kamodel, features: Any, message: str) -> None:
    with pytest.raises(BadModel, match=message):
        learned_triple(model, features, STARTS)


def test_each_second_has_a_row_that_looks_like_its_pictures(clip: ClipFactory) -> None:
    path = clip(takes=(Take("photo-coffee", 2.0), Take("photo-hubble", 1.4)))
    rows = second_features(probe(path))
    assert rows.shape == (4, len(classical(np.zeros((8, 8, 3), np.uint8))))
    likeness = rows @ rows.T
    assert likeness[0, 1] > likeness[:2, 2:].max() + 0.2
    assert likeness[2, 3] > likeness[:2, 2:].max() + 0.2


class _Picture:
    def __init__(self, seconds: float, level: int) -> None:
        self.seconds, self._level = seconds, level

    def small(self, width_px: int) -> NDArray[np.uint8]:
        image = np.zeros((12, 16, 3), np.uint8)
        image[:, : self._level] = 200
        return image


def seen(*pictures: tuple[float, int]) -> NDArray[np.float32]:
    watcher = learned.SecondsWatcher()
    for seconds, level in pictures:
        watcher.see(_Picture(seconds, level))  # type: ignore[arg-type]  # all that is asked of a glimpse
    return watcher.features()


def test_a_second_without_a_new_picture_repeats_the_last() -> None:
    rows = seen((0.0, 2), (0.9, 4), (3.1, 8))
    assert len(rows) == 4
    assert (rows[1] == rows[0]).all()
    assert (rows[2] == rows[0]).all()
    two = [classical(_Picture(0, level).small(160)) for level in (2, 4)]
    assert rows[0] == pytest.approx(np.mean(two, axis=0), abs=1e-6)
    assert seen().shape == (0, 0)


def test_of_many_pictures_in_a_second_four_are_looked_at() -> None:
    rows = seen(*((frame / 25, 2 + frame // 2) for frame in range(25)))
    looked = [classical(_Picture(0, 2 + frame // 2).small(160)) for frame in (0, 7, 13, 19)]
    assert rows[0] == pytest.approx(np.mean(looked, axis=0), abs=1e-6)

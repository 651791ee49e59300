"""GuidMaster by hand: who is a duplicate of whom, and who stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.errors import BadSetting
from keyart.titles.dedup import DEDUPERS, GuidMaster, Ranked, cosines, masters, unit
from keyart.titles.embed import letters, navec_mean

TABLE = {"a": (1.0, 0.0), "b": (0.9, np.sqrt(1 - 0.81)), "c": (0.0, 1.0), "D": (0.8, 0.6), "-": (0.0, 0.0)}


def _look_up(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([TABLE[text] for text in texts], np.float32)


def test_the_one_nearest_to_the_document_is_the_master() -> None:
    # S = cos with D: a .8, b .72 + .6 * .4359 = .98, c .6; cos(a, b) = .9, cos(b, c) = .44, cos(a, c) = 0
    found = GuidMaster(tau=0.85)(["a", "b", "c"], "D", [_look_up])
    assert [one.master for one in found] == [1, 1, 2]
    assert [one.relevance for one in found] == pytest.approx([0.8, 0.9815, 0.6], abs=1e-3)


def test_tau_is_met_when_equal_and_order_does_not_matter() -> None:
    alike = np.array([[1, 0.85, 0.2], [0.85, 1, 0.9], [0.2, 0.9, 1]], np.float32)
    relevance = np.array([0.9, 0.5, 0.7], np.float32)
    found = masters(relevance, alike, float(alike[0, 1]))
    assert [one.master for one in found] == [0, 0, 2]
    assert found[0] == Ranked(float(relevance[0]), 0)
    assert [one.master for one in masters(relevance, alike, 0.95)] == [0, 1, 2]


def test_a_slave_makes_no_slaves() -> None:
    # 0 and 1 are alike, 1 and 2 are alike, 0 and 2 are not: 2 stays, though it resembles the slave 1
    alike = np.array([[1, 0.9, 0.1], [0.9, 1, 0.9], [0.1, 0.9, 1]], np.float32)
    assert [one.master for one in masters(np.array([0.9, 0.8, 0.7], np.float32), alike, 0.85)] == [0, 0, 2]


def test_weighted_sum_of_embedders() -> None:
    def other(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([(0, 0, 2.0)] * len(texts), np.float32)

    combined = GuidMaster(weights=(0.75, 0.25)).combine(["a", "c"], [_look_up, other])
    assert combined == pytest.approx(np.array([[0.75, 0, 0.25], [0, 0.75, 0.25]]))
    thirds = GuidMaster().combine(["a"], [_look_up] * 3)
    assert thirds == pytest.approx(np.array([[1.0, 0.0]]))


def test_vectors_are_levelled_or_summed_as_they_come() -> None:
    def long(texts: Sequence[str]) -> NDArray[np.float32]:
        return 100 * _look_up(texts)

    assert GuidMaster().combine(["a"], [long, _look_up]) == pytest.approx(np.array([[1.0, 0.0]]))
    assert GuidMaster(level=False).combine(["a"], [long, _look_up]) == pytest.approx(np.array([[50.5, 0.0]]))


def test_an_embedder_may_read_the_document_otherwise() -> None:
    class Prefixed:
        def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise AssertionError("asked without the document")

        def beside(self, headlines: Sequence[str], document: str) -> NDArray[np.float32]:
            return _look_up([*headlines, {"D": "c"}[document]])

    assert GuidMaster()(["a", "c"], "D", [Prefixed()])[1].relevance == pytest.approx(1.0)


@pytest.mark.parametrize("way", DEDUPERS)
@pytest.mark.parametrize("tau", [-0.5, 0.3, 0.85, 0.99])
def test_every_way_leaves_no_duplicates_and_keeps_the_best(way: str, tau: float) -> None:
    rng = np.random.default_rng(0)
    for count in (0, 1, 2, 3, 30):
        vectors = unit(rng.normal(size=(count, 3)).astype(np.float32))
        relevance = rng.uniform(-1, 1, count).astype(np.float32)
        alike = cosines(vectors, vectors)
        found = DEDUPERS[way](relevance, alike, tau)
        kept = [place for place, one in enumerate(found) if one.master == place]
        assert [one.relevance for one in found] == relevance.tolist()
        assert all(found[one.master].master == one.master for one in found), "a slave's master is a master"
        assert not [1 for a in kept for b in kept if a < b and alike[a, b] >= tau]
        if count:
            assert int(np.argmax(relevance)) in kept
            assert found == DEDUPERS[way](relevance, alike, tau)


@pytest.mark.parametrize("way", DEDUPERS)
def test_every_way_meets_tau_when_equal_and_takes_the_better_one(way: str) -> None:
    alike = np.array([[1, 0.75, 0], [0.75, 1, 0], [0, 0, 1]], np.float32)
    relevance = np.array([0.2, 0.9, 0.5], np.float32)
    assert [one.master for one in DEDUPERS[way](relevance, alike, 0.75)] == [1, 1, 2]
    assert [one.master for one in DEDUPERS[way](relevance, alike, 0.76)] == [0, 1, 2]


def test_the_ways_differ_where_duplicates_form_a_chain() -> None:
    # 0-1 and 1-2 are alike, 0-2 are not
    alike = np.array([[1, 0.9, 0.1], [0.9, 1, 0.9], [0.1, 0.9, 1]], np.float32)
    relevance = np.array([0.9, 0.8, 0.7], np.float32)
    kept = {way: sorted({one.master for one in dedupe(relevance, alike, 0.85)}) for way, dedupe in DEDUPERS.items()}
    assert kept == {"guidmaster": [0, 2], "dbscan": [0], "hierarchical": [0, 2], "mmr": [0, 2]}


def test_bad_weights_and_nothing() -> None:
    with pytest.raises(BadSetting, match="2 weights for 1"):
        GuidMaster(weights=(0.5, 0.5))(["a"], "D", [_look_up])
    with pytest.raises(BadSetting):
        GuidMaster()(["a"], "D", [])
    assert GuidMaster()([], "D", [_look_up]) == ()


def test_vectors_of_nothing_stay_nothing() -> None:
    assert unit(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]
    assert cosines(_look_up(["-"]), _look_up(["a"])).tolist() == [[0]]


def test_real_embedders_know_what_is_alike() -> None:
    texts = ["Ловля форели зимой", "Ловля форели на зимней рыбалке", "Новый закон о налогах"]
    for embed in (navec_mean, letters):
        vectors = embed(texts)
        alike = cosines(vectors, vectors)
        assert alike[0, 1] > alike[0, 2] + 0.2
        assert np.array_equal(
            vectors, embed(["Ловля форели зимой", "Ловля форели на зимней рыбалке", "Новый закон о налогах"])
        )
    assert navec_mean([]).shape == (0, 300)

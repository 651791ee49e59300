"""The CLIP score's arithmetic, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from keyart.models import CARDS
from keyart.review import agreement
from keyart.review.agreement import EMBEDDERS, TAU, PairEmbedder, best_pairs, cosines, pair_embedder
from keyart.review.judge import agreed


def test_cosines_by_hand() -> None:
    pictures = np.array([[3, 4], [0, 2], [0, 0]], np.float32)
    texts = np.array([[1, 0], [4, 3]], np.float32)
    # 3/5, (12+12)/25; 0, 6/10; a zero vector agrees with nothing
    assert cosines(pictures, texts) == pytest.approx(np.array([[0.6, 0.96], [0.0, 0.6], [0.0, 0.0]]))


def test_cosines_do_not_depend_on_length() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 8)), rng.normal(size=(2, 8))
    assert cosines(a * 100, b / 7) == pytest.approx(cosines(a, b), abs=1e-6)


def test_the_best_pair_leads_and_nothing_is_used_twice() -> None:
    scores = np.array([[0.30, 0.32], [0.31, 0.10], [0.05, 0.29]])
    assert best_pairs(scores) == ((0, 1, 0.32), (1, 0, 0.31))


def test_pairs_below_tau_are_none() -> None:
    assert best_pairs(np.array([[0.30, 0.27], [0.27, 0.27]]), tau=0.28) == ((0, 0, 0.30),)
    assert best_pairs(np.array([[0.1]]), tau=0.28) == ()
    assert best_pairs(np.zeros((0, 3))) == ()


def test_equal_scores_keep_their_order() -> None:
    assert best_pairs(np.full((2, 2), 0.5)) == ((0, 0, 0.5), (1, 1, 0.5))


@pytest.mark.parametrize(("score", "judgement"), [(0.28, "pass"), (0.2799, "block"), (0.5, "pass"), (-0.1, "block")])
def test_tau_itself_agrees(score: float, judgement: str) -> None:
    assert TAU == 0.28
    verdict = agreed("covers/a.jpg", score, TAU, "CLIP")
    assert (verdict.verdict, verdict.score) == (judgement, score)
    assert bool(verdict.reason) == (judgement != "pass")


def test_the_default_takes_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pair_embedder("auto") is None
    monkeypatch.setattr(agreement, "have", lambda name: name.startswith("clip"))
    assert pair_embedder("auto") == EMBEDDERS["clip"]
    monkeypatch.setattr(agreement, "have", lambda name: True)
    assert pair_embedder("auto") == EMBEDDERS["siglip2"], "one that reads Russian first"
    assert pair_embedder("auto", "a/folder") == PairEmbedder("a/folder")


@pytest.mark.parametrize("name", EMBEDDERS)
def test_every_embedder_has_a_card(name: str) -> None:
    assert EMBEDDERS[name].model in CARDS
    assert EMBEDDERS[name].languages == (("en",) if "clip" in name else ())

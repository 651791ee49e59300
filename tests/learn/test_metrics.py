"""Every score by hand on a few words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.titles import rouge_1 as bench_rouge_1
from bench.titles import rouge_l as bench_rouge_l
from keyart.learn.metrics import bleu_4, mean_cosine, rouge_l, rouge_n, score, unique_entities

PAIRS = [
    ("Кот спит", "кот не спит"),
    ("спит ещё кот", "Кот спит еще"),
    ("", "кот"),
    ("a&amp;b", "b, a"),
    ("кот кот", "кот"),
]


def test_rouge_by_hand() -> None:
    assert rouge_n("a b c d", "a b d c", 2) == pytest.approx(1 / 3)
    assert rouge_n("a", "a", 2) == 0 and rouge_n("", "", 1) == 0
    assert rouge_n("a a a", "a", 1) == pytest.approx(0.5)
    assert rouge_l("a b c d", "a b d c") == pytest.approx(0.75)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_one_definition_with_the_bench(one: str, other: str) -> None:
    assert rouge_n(one, other, 1) == bench_rouge_1(one, other)
    assert rouge_l(one, other) == bench_rouge_l(one, other)


def test_bleu_by_hand() -> None:
    assert bleu_4(["a b c d e"], ["a b c d e"]) == pytest.approx(1)
    # runs shared 4 of 5, 3 of 4, 2 of 3, 1 of 2; as long as the reference
    assert bleu_4(["a b c d x"], ["a b c d e"]) == pytest.approx((0.8 * 0.75 * 2 / 3 * 0.5) ** 0.25)
    # all runs are shared, but 4 words for 8: exp(1 - 8/4)
    assert bleu_4(["a b c d"], ["a b c d e f g h"]) == pytest.approx(math.exp(-1))
    # summed over the corpus: a pair without a run of four does not make it nothing
    assert bleu_4(["a b c d", "x"], ["a b c d", "y"]) == pytest.approx(0.8**0.25)
    assert bleu_4(["a b"], ["a b"]) == 0 and bleu_4([""], ["a"]) == 0


def test_names_and_nearness() -> None:
    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([(1, 0) if "a" in text else (0, 1) for text in texts], np.float32)

    assert mean_cosine(["a", "a"], ["a b", "b"], [embed]) == pytest.approx(0.5)
    assert unique_entities(["John Smith meets Mary Jones", "rain"], "en") == pytest.approx(1.0)


def test_all_together() -> None:
    found = score(
        ["Rain in London", "Cats"], ["Rain in London", "Dogs"], ["Rain falls in London.", "Cats sleep."], language="en"
    )
    assert (found.pairs, found.rouge_1, found.words, found.unique_entities) == (2, 0.5, 2.0, 0.5)
    assert found.bert_score is None and found.perplexity is None, "nothing measured, nothing said"
    assert found.cosine is not None and 0 < found.cosine < 1
    assert found.facts()["rouge_l"] == 0.5
    with pytest.raises(ValueError, match="1 headlines, 2 references"):
        score(["a"], ["a", "b"], ["a", "b"])

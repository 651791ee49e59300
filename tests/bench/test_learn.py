"""The frame of the planted benches on recipes that need no training."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bench.learn.planted import Claim, Planted, cells, mean_interval, tables, verdict

CALLS: list[tuple[float, int, str]] = []


def run(data: float, seed: int, method: str) -> dict[str, float]:
    CALLS.append((data, seed, method))
    noise = (7 * seed + len(method)) % 5 / 100
    return {"f1": (0.8 if method == "good" and data else 0.5) + noise}


TOY = Planted(
    "toy",
    {"first": lambda seed: 1.0},
    lambda data, seed: 0.0,
    run,
    ("good", "bad"),
    (Claim("good", "bad", "f1"),),
    ("keyart.learn.metrics",),
    "a method called good is good",
)


def test_an_interval_is_that_of_students_t() -> None:
    mean, half = mean_interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert half == pytest.approx(4.302653 * 1.0 / math.sqrt(3), rel=1e-5)
    assert mean_interval([4.0]) == (4.0, math.inf)


@pytest.mark.parametrize(
    "claim, better, worse, word",
    [
        (Claim("a", "b", "f1"), [0.9, 0.8, 0.85], [0.5, 0.4, 0.45], "holds"),
        (Claim("a", "b", "f1"), [0.9, 0.4, 0.5], [0.5, 0.8, 0.45], "not shown"),
        (Claim("a", "b", "f1"), [0.4, 0.4, 0.5], [0.7, 0.8, 0.85], "reversed"),
        (Claim("a", "b", "pme", higher_is_better=False), [0.1, 0.12, 0.1], [0.3, 0.31, 0.33], "holds"),
        (Claim("a", "b", "f1", or_equal=True), [0.5, 0.5, 0.5], [0.5, 0.5, 0.5], "holds"),
        (Claim("a", "b", "f1", or_equal=True, margin=0.05), [0.48, 0.47, 0.48], [0.5, 0.5, 0.5], "holds"),
        (Claim("a", "b", "f1", or_equal=True, margin=0.01), [0.4, 0.41, 0.4], [0.5, 0.5, 0.5], "reversed"),
    ],
)
def test_a_claim_is_judged_by_its_paired_differences(
    claim: Claim, better: list[float], worse: list[float], word: str
) -> None:
    assert verdict(claim, better, worse).word == word


def test_cells_are_computed_once_and_their_tables_say_what_held(tmp_path: Path) -> None:
    CALLS.clear()
    rows = cells(TOY, lambda line: None, tmp_path)
    assert len(rows) == len(CALLS) == 2 * 2 * TOY.seeds
    assert cells(TOY, lambda line: None, tmp_path) == rows
    assert len(CALLS) == len(rows)  # the second time everything was read
    made = tables(TOY, rows)
    assert [row[:3] for row in made["learn_toy"]["rows"]] == [
        ["first", mode, method] for mode in ("truth", "null") for method in ("good", "bad")
    ]
    (row,) = made["learn_toy_claims"]["rows"]
    assert (row[0], row[1], row[3]) == ("good > bad, f1", "first", "holds")
    assert row[5] != "holds"  # nothing survives shuffled labels

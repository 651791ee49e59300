"""Headlines and stills find each other."""

from __future__ import annotations

import numpy as np
import pytest

from keyart.covers.pairing import paired
from keyart.types import Frame, Headline, Still


def _still(rank: int, seconds: float, score: float) -> Still:
    return Still(rank, Frame(np.zeros((9, 16, 3), np.uint8), seconds), 0, score, ())


def _headline(text: str, start: float, end: float) -> Headline:
    return Headline(text, "en", start, end, text, True, 0.5, "transcript")


STILLS = (_still(1, 13.0, 0.9), _still(2, 27.0, 0.87), _still(3, 16.0, 0.66), _still(4, 7.9, 0.65))


def test_the_best_still_leads_and_the_others_follow_what_is_said() -> None:
    headlines = (_headline("Coffee", 0, 3), _headline("Cat", 6, 9), _headline("Rocket", 15, 18))
    pairs = paired(STILLS, headlines, 3)
    assert [(still.rank, headline.text) for still, headline in pairs if headline] == [
        (1, "Coffee"),
        (4, "Cat"),
        (3, "Rocket"),
    ]


def test_a_headline_without_a_place_takes_the_best_that_is_left() -> None:
    pairs = paired(STILLS, (_headline("Title", 0, 0),), 3)
    assert [still.rank for still, _ in pairs] == [1, 2, 3]


@pytest.mark.parametrize("count", [1, 4, 6])
def test_few_are_used_again(count: int) -> None:
    pairs = paired(STILLS[:2], (), count)
    assert [still.rank for still, _ in pairs] == [1, 2, 1, 2, 1, 2][:count]
    assert all(headline is None for _, headline in pairs)


def test_among_equals_the_still_that_looks_unlike_the_first_is_taken() -> None:
    levels = {1: 20, 2: 24, 3: 220}
    stills = [
        Still(rank, Frame(np.full((9, 16, 3), level, np.uint8), 0.0), 0, 0.8 - 0.02 * rank, ())
        for rank, level in levels.items()
    ]
    pairs = paired(stills, (_headline("Title", 0, 0),), 3)
    assert [still.rank for still, _ in pairs] == [1, 3, 2]


def test_a_headline_goes_where_its_picture_shows_what_it_says() -> None:
    headlines = (_headline("Coffee", 0, 0), _headline("Cat", 0, 0))
    scores = [[0.3, 0.2], [0.2, 0.2], [0.2, 0.2], [0.2, 0.32]]
    assert [still.rank for still, _ in paired(STILLS, headlines, 2, scores)] == [1, 4]
    assert [still.rank for still, _ in paired(STILLS, headlines, 2)] == [1, 2]


def test_scores_for_other_stills_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired(STILLS, (_headline("Cat", 0, 0),), 2, [[0.3]])

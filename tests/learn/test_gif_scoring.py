"""Table 2 of seed 002 from generated GIFs: what is averaged over what; and that planted truth is what it says it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.learn.gif import PLANTED
from bench.learn.gif_stories import Data
from keyart.learn.data import BadData
from keyart.learn.gif.metrics import pme, ps
from keyart.learn.gif.scoring import scored
from keyart.learn.sets.values import GifVideo
from keyart.teasers.learned import closest_matching

Rows = NDArray[np.float32]


def video(name: str, gifs: tuple[tuple[int, int, int], ...], comments: list[int]) -> GifVideo:
    rows = np.random.default_rng(len(name)).standard_normal((6, 4), np.float32)
    return GifVideo(name, gifs, np.array(comments), 1.0, 6, rows)


ONE = video("a", ((0, 1, 2), (3, 4, 5)), [1, 2, 3, 4, 5, 10])
TWO = video("bb", ((2, 0, 5),), [])


def drawing(one: GifVideo, draws: int) -> Iterator[Rows]:
    """Blocks of three; seeded by the video."""
    made = np.random.default_rng(7 + len(one.name)).standard_normal((draws, 3, 4), np.float32)
    for start in range(0, draws, 3):
        yield made[start : start + 3]


def test_the_best_truth_counts_for_each_draw_and_the_mean_over_draws_for_each_video() -> None:
    found = scored(drawing, [ONE, TWO], 7)
    errors, shares = [], []
    for one in (ONE, TWO):
        draws = np.concatenate(list(drawing(one, 7)))
        errors.append(np.mean([min(pme(draw, one.features, gif) for gif in one.gifs) for draw in draws]))
        if one is ONE:
            shares = [ps(triple, one.comments) for triple in closest_matching(draws, one.features)]
    assert found.pme == pytest.approx(np.mean(errors))
    assert found.ps == pytest.approx(np.mean(shares))  # of the one video that has comments
    assert set(found.facts()) == {"PME", "PS", "PS of eq. 10"}


def test_without_comments_there_is_no_posterior_score() -> None:
    assert set(scored(drawing, [TWO], 2).facts()) == {"PME"}


def test_without_a_ground_truth_there_is_nothing_to_score() -> None:
    with pytest.raises(BadData, match="none of 1"):
        scored(drawing, [replace(ONE, gifs=())], 2)


# --- the planted truth ----------------------------------------------------------------------------------------------


def exactly(one: GifVideo, _: int) -> Iterator[Rows]:
    yield one.features[list(one.gifs[0])][None]


def backwards(one: GifVideo, _: int) -> Iterator[Rows]:
    yield one.features[list(one.gifs[0])[::-1]][None]


def mean_of_truths(one: GifVideo, _: int) -> Iterator[Rows]:
    yield one.features[np.array(one.gifs)].mean(axis=0)[None]


def mixed(one: GifVideo, _: int) -> Iterator[Rows]:
    """The first shot of one right GIF, the others of another."""
    first, second = one.gifs[0], one.gifs[1]
    yield one.features[[first[0], second[1], second[2]]][None]


@pytest.fixture(scope="module", params=sorted(PLANTED.generators))
def planted(request: pytest.FixtureRequest) -> Data:
    return PLANTED.generators[request.param](3)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("draw", "low", "high"),
    [(exactly, 0.0, 1e-9), (mixed, 0.1, 0.3), (mean_of_truths, 0.2, 0.6), (backwards, 0.3, 1.0)],
)
def test_a_right_gif_is_right_as_a_whole_and_in_its_order(
    planted: Data, draw: Callable[[GifVideo, int], Iterator[Rows]], low: float, high: float
) -> None:
    assert low <= scored(draw, planted.test, 1).pme <= high


def test_shuffled_labels_keep_the_videos_and_say_nothing(planted: Data) -> None:
    null = PLANTED.shuffled(planted, 3)
    pairs = list(zip(planted.test, null.test, strict=True))
    for one, other in pairs:
        assert one.features is other.features
        assert len(one.gifs) == len(other.gifs)
        assert all(len(set(gif)) == 3 for gif in other.gifs)
    assert sum(one.gifs[0] in other.gifs for one, other in pairs) <= 1

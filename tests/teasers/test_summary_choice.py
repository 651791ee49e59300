"""What is kept and where it is cut: knapsack, pauses, fragments. Times by hand; the rooms before are not under test."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest

from keyart.teasers.summary.fragments import Cutting
from keyart.teasers.summary.hearing import STEP_SECONDS, Hearing, pauses
from keyart.teasers.summary.knapsack import choose, knapsack
from keyart.teasers.summary.pieces import joined
from keyart.types import Cue, Transcript, Word
from tests.teasers.conftest import shots_at


def heard(*parts: tuple[float, float, float]) -> Hearing:
    """(seconds, level in dB, voice) one after the other."""
    counts = [round(seconds / STEP_SECONDS) for seconds, _, _ in parts]
    levels = np.concatenate([np.full(n, level, np.float32) for n, (_, level, _) in zip(counts, parts, strict=True)])
    voice = np.concatenate([np.full(n, value, np.float32) for n, (_, _, value) in zip(counts, parts, strict=True)])
    return Hearing(levels, voice)


TALK = heard((2.0, -20, 1), (0.5, -60, 0), (3.0, -20, 1), (0.1, -60, 0), (2.4, -20, 1), (0.4, -60, 0), (1.6, -20, 1))
"""Speech with pauses at 2.0-2.5 and 8.0-8.4, and the closure of a stop at 5.5."""


def test_the_knapsack_finds_what_trying_everything_finds() -> None:
    random = np.random.default_rng(1)
    weights, values = random.integers(1, 12, 9).tolist(), random.random(9).tolist()
    for capacity in (0, 5, 17, 30):
        sets = [one for n in range(10) for one in combinations(range(9), n) if sum(weights[i] for i in one) <= capacity]
        best = max(sum(values[i] for i in one) for one in sets)
        chosen = knapsack(weights, values, capacity)
        assert sum(values[i] for i in chosen) == pytest.approx(best)
        assert sum(weights[i] for i in chosen) <= capacity


def test_a_choice_never_runs_over_its_seconds() -> None:
    lengths = [3.04, 2.96, 4.01, 1.99]
    chosen = choose(lengths, [1, 1, 1, 1], 10.0)
    assert sum(lengths[i] for i in chosen) <= 10.0
    assert choose([5.0], [0.0], 10.0) == ()


def test_a_pause_is_longer_than_the_closure_of_a_consonant() -> None:
    found = pauses(TALK, None, 10.0)
    assert [(round(a, 1), round(b, 1)) for a, b in found] == [(2.0, 2.5), (8.0, 8.4)]


def test_no_pause_lies_inside_a_word_that_was_timed() -> None:
    hearing = heard((2.0, -20, 1), (0.3, -60, 0), (2.0, -20, 1))
    assert pauses(hearing, None, 4.3)
    timed = Transcript("en", "test", (Cue("so", 1.8, 2.6, (Word("so", 1.8, 2.6),)),))
    assert pauses(hearing, timed, 4.3) == ()


def test_without_sound_the_whole_video_is_a_pause() -> None:
    assert pauses(Hearing(), None, 12.0) == ((0.0, 12.0),)


def test_fragments_tile_the_video_and_are_cut_in_pauses_only() -> None:
    shots = shots_at(0.0, 4.0, 8.2, end=10.0)
    found = pauses(TALK, None, 10.0)
    fragments = Cutting()(shots, found, [], 10.0)
    assert fragments[0].before.middle == 0.0
    assert fragments[-1].after.middle == 10.0
    assert all(a.after == b.before for a, b in pairwise(fragments))
    inner = [one.after for one in fragments[:-1]]
    assert [one.kind for one in inner] == ["pause", "shot"]  # the change of shot at 4.0 is amid speech
    assert inner[1].middle == 8.2
    assert fragments[0].end == pytest.approx(2.25)
    assert fragments[1].start == pytest.approx(2.35)


def test_sentences_say_which_pauses_end_something() -> None:
    found = pauses(TALK, None, 10.0)
    fragments = Cutting()(shots_at(0.0, end=10.0), found, [(0.0, 8.1), (8.3, 10.0)], 10.0)
    assert [one.after.kind for one in fragments] == ["sentence", "edge"]
    assert len(fragments) == 2


def test_a_sentence_longer_than_the_limit_is_cut_at_its_longest_pause() -> None:
    found = pauses(TALK, None, 10.0)
    fragments = Cutting(max_speech_seconds=6.0)(shots_at(0.0, end=10.0), found, [(0.0, 10.0)], 10.0)
    assert [one.after.kind for one in fragments] == ["pause", "edge"] or len(fragments) > 2
    assert all(2.0 <= one.after.middle <= 2.5 or 8.0 <= one.after.middle <= 8.4 for one in fragments[:-1])


def test_silence_is_divided_and_slivers_go() -> None:
    fragments = Cutting(min_seconds=1.5, max_seconds=5.0)(shots_at(0.0, 1.0, 12.0, end=20.0), [(0.0, 20.0)], [], 20.0)
    lengths = [one.seconds for one in fragments]
    assert min(lengths) >= 1.5
    assert max(lengths) <= 6.5
    assert 12.0 in [one.after.middle for one in fragments]


def test_neighbours_become_one_piece_without_a_cut() -> None:
    fragments = Cutting(max_seconds=4.0)(shots_at(0.0, end=16.0), [(0.0, 16.0)], [], 16.0)
    pieces = joined(fragments, [0, 1, 3], Fraction(25))
    assert [(one.start, one.num_frames, one.at) for one in pieces] == [(0.0, 200, 0), (12.0, 100, 200)]


def test_no_piece_shows_half_of_a_dissolve() -> None:
    shots = shots_at(0.0, 6.0, end=12.0, dissolve_seconds=0.8)
    fragments = Cutting(max_seconds=6.0)(shots, [(0.0, 12.0)], [], 12.0)
    (first, second) = fragments
    assert first.end == pytest.approx(5.55)
    assert second.start == pytest.approx(6.45)
    (whole,) = joined(fragments, [0, 1], Fraction(25))
    assert whole.seconds == pytest.approx(12.0)


def test_black_at_both_ends_is_left_out() -> None:
    fragments = Cutting(max_seconds=6.0)(shots_at(0.0, end=12.0), [(0.0, 12.0)], [], 12.0, (1.0, 10.5))
    assert fragments[0].start == pytest.approx(0.85, abs=0.16)
    assert fragments[-1].end == pytest.approx(10.5, abs=0.31)


def test_ties_are_exact_too() -> None:
    random = np.random.default_rng(7)
    for _ in range(20):
        weights, capacity = random.integers(1, 9, 8).tolist(), int(random.integers(0, 30))
        values, ties = (random.random(8) - 0.2).tolist(), (random.random(7) * 0.6).tolist()

        def worth(one: tuple[int, ...], values: list[float] = values, ties: list[float] = ties) -> float:
            return sum(values[i] for i in one) + sum(ties[i] for i in one if i + 1 in one)

        sets = [one for n in range(9) for one in combinations(range(8), n) if sum(weights[i] for i in one) <= capacity]
        chosen = knapsack(weights, values, capacity, ties)
        assert worth(chosen) == pytest.approx(max(map(worth, sets)))
        assert sum(weights[i] for i in chosen) <= capacity

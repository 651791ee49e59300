"""Stretches of speech made ready for a network."""

from __future__ import annotations

import numpy as np
import pytest

from keyart.media.sound import loudness_lufs
from keyart.speech.utterance import Utterance, cut_long, joined, levelled

RATE = 16000


def test_neighbours_are_joined() -> None:
    segments = [(0.0, 2.0), (2.5, 4.0), (9.0, 10.0), (10.2, 30.0), (30.1, 31.0)]
    assert joined(segments, 25.0, 2.0) == [(0.0, 4.0), (9.0, 31.0)]
    assert joined(segments, 10.0, 2.0) == [(0.0, 4.0), (9.0, 10.0), (10.2, 30.0), (30.1, 31.0)]
    assert joined(segments, 0.0, 2.0) == segments
    assert joined([], 10.0, 2.0) == []


def test_long_stretches_are_cut_where_it_is_quiet() -> None:
    sound = np.random.default_rng(0).standard_normal(50 * RATE).astype(np.float32) * 0.1
    sound[17 * RATE : 18 * RATE] = 0
    pieces = list(cut_long([Utterance(100.0, sound)], 20.0))
    assert len(pieces) >= 3 and all(0 < piece.seconds <= 20.0 for piece in pieces)
    assert 117.0 <= pieces[1].start <= 118.0
    assert np.array_equal(np.concatenate([piece.sound for piece in pieces]), sound)
    assert pieces[2].start == pytest.approx(pieces[1].start + pieces[1].seconds)


def test_short_stretches_pass_whole() -> None:
    one = Utterance(3.0, np.ones(RATE, np.float32))
    assert [(piece.start, piece.seconds) for piece in cut_long([one], 20.0)] == [(3.0, 1.0)]


@pytest.mark.parametrize("level", [0.01, 0.3])
def test_near_and_far_voices_become_equally_loud(level: float) -> None:
    tone = level * np.sin(np.arange(3 * RATE) * 2 * np.pi * 440 / RATE).astype(np.float32)
    (made,) = levelled([Utterance(1.0, tone.astype(np.float32))])
    assert made.start == 1.0 and made.sound.shape == tone.shape
    assert loudness_lufs([made.sound], RATE) == pytest.approx(-23.0, abs=0.1)


def test_silence_stays_silence() -> None:
    (made,) = levelled([Utterance(0.0, np.zeros(RATE, np.float32))])
    assert not made.sound.any()

from __future__ import annotations

import numpy as np
import pytest

from keyart.speech.activity import WINDOW, FindSpeech, windows

RATE = 16000


def test_windows_of_any_chunks() -> None:
    sound = np.arange(1300, dtype=np.float32)
    pieces = list(windows([sound[:5], sound[5:700], sound[700:]]))
    assert len(pieces) == 3
    assert all(piece.shape == (WINDOW,) for piece in pieces)
    assert np.array_equal(np.concatenate(pieces)[:1300], sound)
    assert not np.concatenate(pieces)[1300:].any()
    assert list(windows([])) == []


def test_segments_have_hysteresis_close_pauses_and_drop_blips() -> None:
    step = WINDOW / RATE
    finder = FindSpeech(threshold=0.5, min_speech_seconds=0.25, min_silence_seconds=0.2, pad_seconds=0.0)
    values = [0.0] * 10 + [0.6] * 10 + [0.4] * 5 + [0.1] * 3 + [0.6] * 10 + [0.0] * 20 + [0.9] * 2 + [0.0] * 10
    found = finder.segments(np.array(values, np.float32))
    assert len(found) == 1 and found[0] == pytest.approx((10 * step, 38 * step))


def test_padding_stays_inside_the_sound() -> None:
    finder = FindSpeech(pad_seconds=0.5)
    found = finder.segments(np.ones(40, np.float32))
    assert len(found) == 1 and found[0] == pytest.approx((0.0, 40 * WINDOW / RATE))


@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "chord"])
def test_what_is_no_speech(kind: str) -> None:
    time = np.arange(4 * RATE) / RATE
    sounds = {
        "silence": np.zeros(4 * RATE),
        "noise": np.random.default_rng(0).standard_normal(4 * RATE) * 0.05,
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
        "chord": sum(0.1 * np.sin(2 * np.pi * f * time) * (1 + np.sin(2 * np.pi * 2 * time)) for f in (220, 277, 330)),
    }
    activity = FindSpeech()([np.asarray(sounds[kind], np.float32)])
    assert activity.speech_seconds < 1.0
    assert activity.heard_seconds == pytest.approx(4.0, abs=0.05)

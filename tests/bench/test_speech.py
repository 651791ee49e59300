"""The speech bench's scorers, on what can be counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bench.speech import gate_curve, made_sounds, plain_words, word_error_rate, word_errors


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a c", 1),
        ("a b", "a x b y", 2),
        ("a b", "", 2),
        ("", "a", 1),
        ("a b", "b a", 2),
    ],
)
def test_word_errors(said: str, heard: str, errors: int) -> None:
    assert word_errors(said.split(), heard.split()) == errors


def test_rate_ignores_marks_and_case() -> None:
    assert word_error_rate("Ещё раз: тёплый дом!", "еще раз теплый дом") == 0.0
    assert word_error_rate("", "a") == 0.0 and word_error_rate("a", "b c") == 2.0
    assert plain_words("it’s 20-30") == ["it's", "20", "30"]


def test_sounds_without_words() -> None:
    sounds = made_sounds()
    assert {len(one) for one in sounds.values()} == {320_000}
    assert not sounds["silence"].any() and all(abs(one).max() <= 1 for one in sounds.values())


def test_gate_curve() -> None:
    rows: list[dict[str, Any]] = [
        {"file": "en_a.wav", "words": 9, "confidence": 0.75, "wer": {"pocketsphinx": 0.05}},
        {"file": "en_b.wav", "words": 9, "confidence": 0.45, "wer": {"pocketsphinx": 0.08}},
        {"file": "ru_a.wav", "words": 9, "confidence": 0.45},
        {"file": "en_unknown.wav", "words": 9, "confidence": 0.9},
        {"file": "quiet.wav"},
    ]
    curve = {one["least"]: one for one in gate_curve(rows)}
    assert curve[0.4] == {"least": 0.4, "passing": 3, "precision": 0.667, "recall": 1.0}
    assert curve[0.7] == {"least": 0.7, "passing": 1, "precision": 1.0, "recall": 0.5}
    assert curve[0.8] == {"least": 0.8, "passing": 0, "precision": None, "recall": 0.0}

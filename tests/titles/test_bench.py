from __future__ import annotations

import pytest

from bench.titles import rouge_1, rouge_l


def test_rouge_by_hand() -> None:
    # 3 of 4 and 3 of 5 words shared, "b" counted once: P = 3/4, R = 3/5
    assert rouge_1("a b c b", "A b, c d e") == pytest.approx(2 * 3 / 9)
    # longest common subsequence of "кот спит дома" and "дома кот тихо спит" is "кот спит"
    assert rouge_l("Кот спит дома", "дома кот тихо спит") == pytest.approx(2 * 2 / 7)
    assert rouge_1("&laquo;Ёлка&raquo;", "елка") == 1.0
    assert rouge_l("", "слово") == 0.0 == rouge_1("а", "б")

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.tables import titles as titles_table
from bench.textrank import central_sentence, lead_cut, text_rank
from bench.titles import Pair, _only_speed, best_covered, longest_first, rouge_1, rouge_l, rouge_n
from bench.titles_speed import subtitles


def test_rouge_by_hand() -> None:
    # 3 of 4 and 3 of 5 words shared, "b" counted once: P = 3/4, R = 3/5
    assert rouge_1("a b c b", "A b, c d e") == pytest.approx(2 * 3 / 9)
    # longest common subsequence of "кот спит дома" and "дома кот тихо спит" is "кот спит"
    assert rouge_l("Кот спит дома", "дома кот тихо спит") == pytest.approx(2 * 2 / 7)
    assert rouge_1("&laquo;Ёлка&raquo;", "елка") == 1.0
    assert rouge_l("", "слово") == 0.0 == rouge_1("а", "б")


def test_rouge_2_counts_neighbours() -> None:
    # "b c" and "c b" against "b c", "c d", "d e": one shared of 3 and 4 pairs
    assert rouge_n("a b c b", "A b, c d e", 2) == pytest.approx(2 * 2 / 7)
    assert rouge_n("слово", "слово", 2) == 0.0


def test_text_rank_prefers_what_is_shared() -> None:
    lines = ["Кот ест рыбу.", "Кот любит рыбу и мясо.", "Идёт снег.", "Рыбу ловят сетью."]
    scores = text_rank(lines, "ru")
    assert scores[2] == min(scores) and sum(scores[:2]) > 0.5
    assert central_sentence(lines, "ru") in lines[:2]
    assert text_rank(["Да."], "ru") == pytest.approx([0.15])


def test_lead_is_cut_where_a_headline_ends() -> None:
    assert lead_cut(["один, два, три", "четыре"], 2) == "один, два"


def test_halves_are_fixed_and_the_best_covered_half_is_kept_in_order() -> None:
    pairs = [
        Pair("Зимний лес", "ничего"),
        Pair("Кот дома", "Кот был дома"),
        Pair("Снег", "Снег идёт"),
        Pair("Гром", ""),
    ]
    assert [one.title for one in best_covered(pairs)] == ["Кот дома", "Снег"]
    assert [one.is_development for one in pairs] == [Pair(one.title, "").is_development for one in pairs]
    assert Pair("Кот дома", "Кот спит").covered == pytest.approx(0.5)


def test_subtitles_last_as_long_as_they_should() -> None:
    text = subtitles(["слово " * 30, "ещё"], words=25, minutes=10)
    assert text.count("-->") == 3 and "00:10:00,000" in text
    assert text.split("\n")[1] == "00:00:00,000 --> 00:04:00,000" and "ещё" not in text


def test_the_table_shows_each_set_and_its_held_out_half() -> None:
    names = ("first headline", "best of three", "first sentence", "TextRank", "random sentence", "best sentence")
    part = {f"{name} ROUGE-L": 10.0 + place for place, name in enumerate(names)} | {"pairs": 4}
    whole: dict[str, Any] = part | {
        "pairs": 9,
        "grammar check passed %": 100,
        "supported %": 100,
        "same from capitals %": 80,
    }
    whole["held out"] = part
    table = titles_table({"sets": {"news": whole, "few": whole | {"held out": part | {"pairs": 1}}}})
    assert [row[0] for row in table["rows"]] == ["news", "news, held out", "few"]
    assert table["rows"][0][1:4] == [9, "10.0", "11.0"] and len(table["columns"]) == len(table["rows"][0])


def test_speed_alone_changes_nothing_else_in_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _only_speed({"words": 1}, tmp_path) == 1 and "no such file" in capsys.readouterr().err
    (tmp_path / "titles.json").write_text('{"schema": 1, "speed": {"words": 9}, "sets": {}}', "utf-8")
    assert _only_speed({"words": 1}, tmp_path) == 0
    assert json.loads((tmp_path / "titles.json").read_text("utf-8")) == {"schema": 1, "speed": {"words": 1}, "sets": {}}
    assert longest_first([Pair("a", "xx"), Pair("b", "xxx")]) == ["xxx", "xx"]

"""Flags are the recipe's fields."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from keyart.errors import BadSetting, KeyartError, MissingExtra
from keyart.learn.command import RECIPES, add, recipe_of, run
from keyart.learn.headlines import Epoch, LearnHeadlines, best_of
from keyart.settings import settings_of


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser("keyart learn")
    add(parser)
    return parser.parse_args(words)


WORDS = ("headlines", "--data", "a.csv", "--base", "rut5-base", "--out", "o")


@pytest.mark.parametrize("name", RECIPES)
def test_every_field_is_a_flag_with_words(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(name, "--help")
    shown = capsys.readouterr().out
    for setting in settings_of(recipe_of(name), with_help=True):
        assert f"--{setting.name.replace('_', '-')}" in shown


def test_the_recipe_gets_what_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made: list[LearnHeadlines] = []

    def trained(self: LearnHeadlines, say: Any) -> dict[str, Any]:
        made.append(self)
        say("epoch 1")
        return {"test": {"rouge_l": 0.25, "bert_score": None}}

    monkeypatch.setattr(LearnHeadlines, "__call__", trained)
    assert run(parsed(*WORDS, "--epochs", "3", "--topics", "Спорт,Наука", "--length-unit", "characters")) == 0
    assert made == [
        LearnHeadlines(
            Path("a.csv"), "rut5-base", Path("o"), epochs=3, topics=("Спорт", "Наука"), length_unit="characters"
        )
    ]
    shown = capsys.readouterr()
    assert shown.out.split() == ["rouge_l", "0.25", "bert_score", "-"] and "epoch 1" in shown.err
    run(parsed(*WORDS, "--json"))
    assert json.loads(capsys.readouterr().out)["test"]["rouge_l"] == 0.25


def test_the_thesis_numbers_stand_on_the_fields() -> None:
    recipe = LearnHeadlines(Path("a.csv"), "rut5-base", Path("o"))
    assert (recipe.epochs, recipe.max_tokens, recipe.test_pairs, recipe.group) == (30, 51, 1000, "short")


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--epochs", "0"), ("--batch", "x"), ("--learning-rate", "0"), ("--group", "tiny"), ("--beams", "99")],
)
def test_bad_values(flag: str, value: str) -> None:
    with pytest.raises(BadSetting, match=flag.strip("-").replace("-", "_")):
        run(parsed(*WORDS, flag, value))


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        parsed("headlines", "--data", "a.csv")
    with pytest.raises(KeyartError, match=r"none\.csv: no such file"):
        run(parsed("headlines", "--data", str(tmp_path / "none.csv"), "--base", "x", "--out", str(tmp_path / "o")))
    assert not (tmp_path / "o").exists()


def test_the_best_epoch() -> None:
    history = [Epoch(1, 1, 1, 0.2), Epoch(2, 1, 0.9, 0.3), Epoch(3, 1, 0.8, 0.3), Epoch(4, 1, 0.7, 0.1)]
    assert best_of(history) == 3


def test_without_torch_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    data = tmp_path / "a.csv"
    data.write_text("title,text\n" + "".join(f"Кот {number},Кот спит {number}\n" for number in range(20)), "utf-8")
    with pytest.raises(MissingExtra, match=r"keyart\[learn\]"):
        run(parsed("headlines", "--data", str(data), "--base", str(tmp_path), "--out", str(tmp_path / "o")))

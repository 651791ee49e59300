"""How labels of tokens become names; the network itself is looked at in tests/hub."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keyart.titles import hub_entities
from keyart.titles.entities import find_entities
from keyart.titles.hub_entities import FINDERS, EntityTagger, by_entities, grown, joined, key_of, outermost
from keyart.titles.t5 import WRITERS, first_line

TEXT = "Anna Maria in New York"
OFFSETS = [(0, 4), (5, 10), (11, 13), (14, 17), (18, 22)]


@pytest.mark.parametrize(
    ("labels", "runs"),
    [
        ("B-PER I-PER O B-LOC I-LOC", [(0, 1, "PER"), (3, 4, "LOC")]),
        ("B-PER B-PER O I-LOC O", [(0, 0, "PER"), (1, 1, "PER"), (3, 3, "LOC")]),
        ("O O O B-LOC B-ORG", [(3, 3, "LOC"), (4, 4, "ORG")]),
        ("PER PER O O O", [(0, 1, "PER")]),
        ("O O O O O", []),
    ],
)
def test_runs(labels: str, runs: list[tuple[int, int, str]]) -> None:
    assert list(joined(labels.split(), OFFSETS, TEXT)) == runs


def test_pieces_of_a_word_have_one_name() -> None:
    assert list(joined(["B-PER", "O", "B-LOC", "O"], [(0, 2), (2, 4), (5, 6), (6, 10)], TEXT)) == [
        (0, 1, "PER"),
        (2, 3, "LOC"),
    ]
    assert grown(TEXT, 1, 3) == (0, 4) and grown(TEXT, 5, 10) == (5, 10)


def test_what_lies_in_another_goes() -> None:
    found = outermost([(11, 13, "LOC"), (0, 4, "PER"), (0, 10, "PER"), (12, 13, "LOC"), (0, 4, "PER")])
    assert found == [(0, 10, "PER"), (11, 13, "LOC")]


def test_mentions_are_one_by_their_key() -> None:
    assert key_of("London's", "en") == "london"
    assert key_of("Москве", "ru") == key_of("Москвы", "ru") == "москва"


def test_doubtful_names_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    network = SimpleNamespace(config=SimpleNamespace(id2label={0: "O", 1: "B-LOC"}))

    def windows(*_: Any) -> Iterator[Any]:
        sure, doubtful, none = [0.1, 0.9], [0.4, 0.6], [1.0, 0.0]
        yield [(0, 6), (7, 13), (14, 18)], np.array([sure, doubtful, none])

    monkeypatch.setattr(hub_entities, "hub_model", lambda *_: (network, None))
    monkeypatch.setattr(hub_entities, "_windows", windows)
    text = "London Berlin rain"
    assert [one.text for one in EntityTagger("x", min_confidence=0.7)(text, "en")] == ["London"]
    assert [one.text for one in EntityTagger("x", min_confidence=0.5)(text, "en")] == ["London", "Berlin"]


def test_most_names_first_and_others_as_they_were() -> None:
    lines = ["Свёкла варится", "Мария Иванова едет в Москву", "Снег идёт"]
    assert by_entities(lines, "ru") == (lines[1], lines[0], lines[2])
    # the thesis' tagger reads English; Russian goes to the house's own
    assert FINDERS["bert-base-ner"](lines[1], "ru") == find_entities(lines[1], "ru") != ()


def test_the_thesis_writers() -> None:
    assert list(WRITERS) == ["rut5-lenta", "rut5-headline", "rut5-gazeta"]
    assert first_line(" \nборщ варят долго. Потом едят.\nИ спят.") == "Борщ варят долго"
    assert first_line("") == "" and WRITERS["rut5-gazeta"]("a talk", "en") == ()

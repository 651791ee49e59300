"""Candidates of writers that compose: what is offered, in what order, and what the text does not say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from keyart.errors import MissingExtra, MissingModel
from keyart.titles import offer
from keyart.titles.dedup import GuidMaster
from keyart.titles.embed import Encoder
from keyart.titles.endpoint import EndpointWriter
from keyart.titles.entities import Entity
from keyart.titles.hub_entities import EntityTagger
from keyart.titles.offer import by_endpoint, by_t5, digest, hub_titles, merged, supported, supporting_span
from keyart.titles.sentences import split_sentences
from keyart.titles.t5 import T5Writer, Writer, tidied
from keyart.titles.translate import Translator
from keyart.types import Cue, Headline, Transcript

TALK = Transcript(
    "ru",
    "test",
    (
        Cue("Сегодня Мария Иванова варит борщ в Москве.", 0.0, 4.0),
        Cue("Свёкла варится целый час.", 4.0, 8.0),
        Cue("В конце добавляем чеснок, 3 зубчика.", 8.0, 12.0),
    ),
)


def writes(*lines: str) -> Writer:
    """A stand-in that always writes the same."""
    return lambda text, language: lines


def test_the_thesis_offer() -> None:
    made = {
        "first": writes("Свёкла варится целый час", "Мария Иванова варит борщ в Москве"),
        "second": writes("Мария Иванова варит борщ"),
        "third": writes("В конце добавляем чеснок"),
    }
    found = hub_titles(TALK, made, GuidMaster(tau=0.999))
    # most names first, then the second writer's, then the summary's
    assert [one.text for one in found] == [
        "Мария Иванова варит борщ в Москве",
        "Мария Иванова варит борщ",
        "В конце добавляем чеснок",
    ]
    assert all(one.supported for one in found)
    assert (found[0].start, found[0].end, found[0].quote) == (0.0, 4.0, TALK.cues[0].text)
    assert (found[2].start, found[2].end) == (8.0, 12.0)


def test_near_duplicates_are_offered_once() -> None:
    made = {"first": writes("Свёкла варится час", "Свёкла варится целый час"), "second": writes("Свёкла варится час")}
    assert len(hub_titles(TALK, made)) == 1


def test_what_the_text_does_not_say_is_marked_and_never_first() -> None:
    made = {"first": writes("Пётр Сидоров готовит плов в Казани", "Свёкла варится целый час")}
    found = hub_titles(TALK, made)
    assert [(one.text, one.supported) for one in found] == [
        ("Свёкла варится целый час", True),
        ("Пётр Сидоров готовит плов в Казани", False),
    ]


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ("Свёкла варится час", True),
        ("Свёкла варится 2 часа", False),
        ("Добавляем 3 зубчика чеснока", True),
        ("Свёкла не варится", False),
        ("Свёкла жарится", False),
    ],
)
def test_support(line: str, fits: bool) -> None:
    assert supported(line, TALK.text, TALK.text, "ru") is fits


def test_unprintable_lines_go_and_no_lines_give_nothing() -> None:
    assert hub_titles(TALK, {"first": writes("и в на", "«Свёкла варится", "Свёкла " * 30)}) == ()
    assert hub_titles(TALK, {"first": writes()}) == ()
    assert hub_titles(Transcript("ru", "test", ()), {"first": writes("Свёкла варится")})[0].supported is False


def test_the_finder_of_names_decides_the_order() -> None:
    made = {"first": writes("Мария Иванова варит борщ", "Свёкла варится целый час")}

    def beets(text: str, language: str) -> tuple[Entity, ...]:
        return (Entity("Свёкла", "NAME", "свёкла"),) if "Свёкла" in text else ()

    assert hub_titles(TALK, made)[0].text.startswith("Мария")
    assert hub_titles(TALK, made, entities=beets)[0].text.startswith("Свёкла")


def test_the_span_is_the_shortest_that_says_it_all() -> None:
    sentences = split_sentences(
        Transcript(
            "ru",
            "",
            tuple(
                Cue(text, at, at + 1.0)
                for at, text in enumerate(["Борщ варим.", "Едим хлеб.", "Свёкла и борщ.", "Чеснок."])
            ),
        )
    )
    assert supporting_span("Борщ", sentences, "ru") == (0, 0)
    assert supporting_span("Борщ и чеснок", sentences, "ru") == (2, 3)
    assert supporting_span("Плов", sentences, "ru") == (0, 0)
    assert supporting_span("Плов", (), "ru") == (0, 0)


def test_a_digest_keeps_the_opening_and_the_order() -> None:
    cues = tuple(Cue(f"Фраза номер {number} о том, как варят борщ дома.", number, number + 1) for number in range(100))
    sentences = split_sentences(Transcript("ru", "", (Cue("Эээ, привет [музыка] всем.", 0, 0), *cues)))
    text = digest(sentences, "ru", 90)
    assert text.startswith("Привет всем") or text.lower().startswith("привет всем")
    assert len(text.split()) <= 90 and "номер 4 " in text
    assert digest(sentences[:1], "ru") == text.split(".")[0] + "."


def test_merged_puts_the_unsupported_last() -> None:
    def line(text: str, fits: bool) -> Headline:
        return Headline(text, "ru", 0, 1, "", fits, 0.5, "transcript")

    own = (line("А", True), line("Б", True))
    found = merged((line("Выдумка", False), line("а", True)), own, 3)
    assert [one.text for one in found] == ["а", "Б", "Выдумка"]
    assert merged((line("Выдумка", False),), own, 2) == own


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('Ракета "Союз"', 'Ракета "Союз"'),
        ('"Тоттенхэм" вышел в финал.', '"Тоттенхэм" вышел в финал'),
        ('"кот спит"', "Кот спит"),
        ("«кот спит».", "Кот спит"),
        ("«Зенит» и «Спартак»", "«Зенит» и «Спартак»"),
        ("  кот \n спит. ", "Кот спит"),
        ("", ""),
    ],
)
def test_tidied(text: str, line: str) -> None:
    assert tidied(text) == line


def test_t5_without_weights_says_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(MissingModel, match="keyart models pull rut5-headline"):
        by_t5(TALK)


def test_t5_with_some_weights_says_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"rut5-lenta": T5Writer("rut5-lenta"), "second": writes("Свёкла варится целый час")}
    monkeypatch.setattr(offer, "WRITERS", made)
    found = by_t5(TALK)
    assert [one.text for one in found.headlines] == ["Свёкла варится целый час"]
    assert (found.backend, found.models) == ("second", ("second",))
    assert "keyart learn headlines" in found.notes[0] and "multilingual-e5" in found.notes[1]


def test_an_endpoint_is_named_in_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EndpointWriter, "__call__", lambda self, text, language: ("Свёкла варится час",))
    found = by_endpoint(TALK, "https://titles.example/v1", "big")
    assert found.headlines[0].supported and "titles.example" in found.backend
    assert found.notes == ("headlines by big at titles.example, the text left this machine",)


def test_without_the_packages_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("torch", "transformers"):
        monkeypatch.setitem(sys.modules, package, None)
    for make in (T5Writer(str(tmp_path)), EntityTagger(str(tmp_path))):
        with pytest.raises(MissingExtra, match=r"keyart\[hub\]"):
            make("Свёкла варится", "ru")
    with pytest.raises(MissingExtra, match=r"keyart\[hub\]"):
        Encoder(str(tmp_path))(["Свёкла варится"])
    with pytest.raises(MissingExtra, match=r"keyart\[hub\]"):
        Translator(str(tmp_path))(["Свёкла варится"])
    assert Translator(str(tmp_path))([" "]) == ("",), "nothing needs no model"

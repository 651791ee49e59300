"""Where the topic shifts, and the list as YouTube takes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest

from keyart.titles.chapters import (
    Part,
    chapter_lines,
    chapters,
    clock,
    shifts,
    snapped,
    spacing,
    valley_depths,
)
from keyart.titles.salience import measure
from keyart.titles.sentences import Sentence, split_sentences
from keyart.types import Cue, Transcript

APPLES = (
    "The apples grow in the orchard behind the house.", "Ripe apples keep for months in a cold cellar.",
    "The orchard has forty old apple trees.", "Each apple is wrapped in paper before winter.",
    "The cellar keeps the apples dark and dry.", "Bad apples spoil the whole box in the cellar.",
)  # fmt: skip
ROCKETS = (
    "The rocket engine burns methane and oxygen.", "NASA tested the rocket engine in Nevada.",
    "The engine lifts the rocket off the pad.", "Methane makes the rocket engine cheaper.",
    "The second stage of the rocket reaches orbit.", "NASA builds another rocket engine this spring.",
)  # fmt: skip
WHALES = (
    "Blue whales sing in the deep ocean.", "The whale song travels across the ocean.",
    "Whales feed on krill near the ice.", "The ocean krill feeds every whale calf.",
    "Whale calves drink milk in the warm ocean.", "Hunters killed many whales in the ocean.",
)  # fmt: skip


def talk(*parts: Sequence[str], seconds: float = 8.0) -> tuple[Sentence, ...]:
    texts = [text for part in parts for text in part]
    cues = tuple(Cue(text, seconds * k, seconds * (k + 1)) for k, text in enumerate(texts))
    return split_sentences(Transcript("en", "test", cues))


def first_words(part: Sequence[Sentence]) -> list[str]:
    return [" ".join(part[0].text.split()[:3])]


def made(sentences: Sequence[Sentence], seconds: float = 144.0, shots: Sequence[float] = ()) -> tuple[Part, ...]:
    return chapters(sentences, measure(sentences, "en"), "en", first_words, duration_seconds=seconds, shot_starts=shots)


def test_planted_shifts_are_found() -> None:
    parts = made(talk(APPLES, ROCKETS, WHALES))
    assert [(one.start, one.end) for one in parts] == [(0.0, 48.0), (48.0, 96.0), (96.0, 144.0)]
    assert chapter_lines(parts) == "0:00 The apples grow\n0:48 The rocket engine\n1:36 Blue whales sing\n"


def test_one_topic_has_no_deeper_valley_than_a_shift() -> None:
    lemmas = [["apple", "cellar", str(k)] for k in range(12)] + [["rocket", "engine", str(k)] for k in range(12, 24)]
    depths = valley_depths(lemmas, {})
    assert max(range(len(depths)), key=lambda k: depths[k]) == 11
    assert depths[11] > 2 * max(depths[4], depths[18])


def test_cuts_are_hints() -> None:
    parts = made(talk(APPLES, ROCKETS, WHALES), shots=(47.2, 70.0, 97.4))
    assert [one.start for one in parts] == [0.0, 47.2, 97.4]


def test_no_list_where_there_is_none() -> None:
    sentences = talk(APPLES, ROCKETS, WHALES)
    assert made(talk(APPLES[:2], seconds=3.0), 6.0) == ()
    assert made(talk(APPLES, ROCKETS, WHALES, seconds=1.0), 18.0) == (), "too short for three times ten seconds"
    assert made(talk(APPLES, ROCKETS, WHALES, seconds=0.0), 500.0) == (), "nobody knows when anything is said"
    same = chapters(sentences, measure(sentences, "en"), "en", lambda _: ["Same"], duration_seconds=144.0)
    assert same == (), "chapters of one name are one chapter"


def test_a_part_without_a_title_joins_the_one_before() -> None:
    sentences = talk(APPLES, ROCKETS, WHALES, APPLES)

    def mute(part: Sequence[Sentence]) -> list[str]:
        return [] if "rocket" in part[0].text else [*first_words(part), "The apples again"]

    parts = chapters(sentences, measure(sentences, "en"), "en", mute, duration_seconds=192.0)
    assert [one.title for one in parts] == ["The apples grow", "Blue whales sing", "The apples again"]
    assert [one.start for one in parts] == [0.0, 96.0, 144.0]


def test_youtubes_rules_hold_whatever_is_said() -> None:
    for step in (5.0, 8.0, 13.0):
        sentences = talk(APPLES, ROCKETS, WHALES, ROCKETS, APPLES, seconds=step)
        parts = made(sentences, 30 * step)
        if not parts:
            continue
        assert parts[0].start == 0 and len(parts) >= 3
        assert all(one.end - one.start >= 10 for one in parts)
        assert all(re.fullmatch(r"\d+:\d\d \S.*", line) for line in chapter_lines(parts).splitlines())


def test_shifts_keep_their_distance() -> None:
    sentences = talk(APPLES, ROCKETS, WHALES)
    chosen = shifts(sentences, [1.0] * 8 + [2.0] + [1.0] * 8, 30.0, 144.0)
    assert chosen[0] >= 4 and 9 in chosen
    assert all(b - a >= 4 for a, b in pairwise(chosen))


def test_small_arithmetic() -> None:
    assert (spacing(30), spacing(100), spacing(600), spacing(7200)) == (10.0, 20.0, 45.0, 288.0)
    assert spacing(600, 60.0) == 60.0
    assert (clock(59.99, 100), clock(605.2, 700), clock(61, 4000), clock(3661, 4000)) == (
        "0:59", "10:05", "0:01:01", "1:01:01"
    )  # fmt: skip
    assert snapped(10.0, (3.0, 9.0, 10.4)) == 10.4 and snapped(10.0, (3.0,)) == 10.0
    assert snapped(10.0, (), moved_only=True) == -1.0


@pytest.mark.parametrize("parts", [(), (Part(0, 10, "A"),)])
def test_lines(parts: tuple[Part, ...]) -> None:
    assert chapter_lines(parts) == "".join(f"0:00 {one.title}\n" for one in parts)

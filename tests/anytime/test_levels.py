"""What each level makes of what was asked for, and what its package says of itself."""

from __future__ import annotations

from dataclasses import fields, replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from keyart.anytime.levels import LEVELS, UNREAD, Level, certified, hurried, parts_of
from keyart.cache import key_of
from keyart.package import PARTS, USUAL, Package, StageReport
from keyart.recipe import SECTIONS, Recipe
from keyart.settings import settings_of
from keyart.types import Cue, Outcome, Transcript

NAMES = [level.name for level in LEVELS]


def _left() -> float:
    return inf


def _none_left() -> float:
    return 0.0


@pytest.mark.parametrize("level", LEVELS, ids=NAMES)
def test_a_level_never_makes_more_than_was_asked_for(level: Level) -> None:
    asked = Recipe()
    few = replace(
        asked,
        stills=replace(asked.stills, count=2),
        covers=replace(asked.covers, count=1, presets=("reels",), colour="#123456"),
        teaser=replace(asked.teaser, formats=("gif",), piece_seconds=0.5, mp4_px=64, looks=2),
        avatar=replace(asked.avatar, looks=("cutout",)),
    )
    made = level.recipe(few, _left, 60.0)
    assert made.stills.count == 2
    assert (made.covers.count, made.covers.presets, made.covers.colour) == (1, ("reels",), "#123456")
    assert (made.teaser.formats, made.teaser.piece_seconds, made.teaser.mp4_px) == (("gif",), 0.5, 64)
    assert made.teaser.looks <= 2
    assert len(made.avatar.looks) == 1


@pytest.mark.parametrize("level", LEVELS, ids=NAMES)
def test_the_settings_of_every_level_can_be_written_down_and_keyed(level: Level) -> None:
    made, asked = level.recipe(Recipe(), _left, 60.0), Recipe()
    for name in SECTIONS:
        stage = getattr(made, name)
        known = {one.name for one in settings_of(type(getattr(asked, name)))}
        assert known <= {one.name for one in settings_of(type(stage))}
        assert key_of(stage)


def test_the_last_level_is_what_was_asked_for() -> None:
    asked = Recipe()
    assert LEVELS[-1].recipe(asked, _left, 60.0) is asked
    assert parts_of(LEVELS[-1], PARTS) == PARTS


def test_a_hurried_stage_is_skipped_where_time_is_short() -> None:
    covers = Recipe().covers
    kept, skipped = hurried(covers, _left, 0.1), hurried(covers, _none_left, 0.1)
    no_still: Any = ()
    assert kept(None, no_still).reason == "no still to make a cover of"  # type: ignore[arg-type]  # not looked at
    assert skipped(None, no_still).reason == "the budget left no time for it"  # type: ignore[arg-type]
    assert [getattr(kept, one.name) for one in fields(covers)] == [getattr(covers, one.name) for one in fields(covers)]
    assert key_of(kept) != key_of(covers)


def test_a_sketch_reads_subtitles_and_does_not_listen() -> None:
    sketch = LEVELS[0].recipe(Recipe(), _left, 60.0)
    heard: Outcome[Any] = sketch.speech._listen(None, ["two notes"])  # type: ignore[arg-type]  # not looked at
    assert heard.value is None
    assert heard.reason == "no subtitles, and there was no time to listen; two notes"


def test_a_sketch_takes_its_titles_from_the_first_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyart.titles import WriteTitles

    read: list[int] = []

    def call(_: WriteTitles, __: object, transcript: Transcript | None) -> Outcome[tuple[()]]:
        read.append(len(transcript.cues) if transcript else -1)
        return Outcome(())

    monkeypatch.setattr(WriteTitles, "__call__", call)
    sketch = LEVELS[0].recipe(Recipe(), _left, 60.0)
    long = Transcript("en", "subtitles", tuple(Cue("word", float(i), i + 1.0) for i in range(500)))
    info: Any = None
    sketch.titles(info, long)
    sketch.titles(info, None)
    assert read == [60, -1]


def _package(*stages: StageReport, sha256: str = "ab") -> Package:
    info: Any = None
    return Package(info, sha256, ("shots",), (), (), None, (), (), stages, {"covers": {"count": 1}})


def test_a_package_says_what_its_level_lessens_and_leaves_out() -> None:
    reports = (StageReport("stills", "ok"), StageReport("covers", "degraded", "no headline"),
               StageReport("teaser", "skipped", "nothing moves"), StageReport("words", "ok"))  # fmt: skip
    made = certified(_package(*reports), LEVELS[0], USUAL, "key")
    stages = {one.name: one for one in made.stages}
    assert made.parts == USUAL
    assert made.settings == {"covers": {"count": 1}, "budget": {"level": "sketch", "of": "key"}}
    assert stages["stills"].status == "degraded"
    assert stages["covers"].reason.startswith("sketch: ")
    assert stages["covers"].reason.endswith("; no headline")
    assert stages["teaser"] == reports[2]
    assert stages["words"].status == "ok"
    assert {name for name, one in stages.items() if one.status == "skipped"} == {"teaser", "cutouts", "variants"}
    assert all(one.reason for one in made.stages if one.status != "ok")
    assert "summaries" in {one.name for one in certified(_package(), LEVELS[1], PARTS, "key").stages}


def test_the_last_level_leaves_no_trace() -> None:
    package = _package(StageReport("stills", "ok"))
    assert certified(package, LEVELS[-1], USUAL, "key") is package


def test_a_file_that_was_not_read_whole_is_told() -> None:
    made = certified(_package(StageReport("scan", "ok"), sha256=""), LEVELS[1], USUAL, "key")
    assert made.stages[0] == StageReport("scan", "degraded", UNREAD)


def test_what_is_missing_is_said_in_the_houses_order(tmp_path: Path) -> None:
    from keyart.run import ORDER

    made = certified(_package(StageReport("teaser", "ok"), StageReport("scan", "ok")), LEVELS[0], PARTS, "key")
    names = [one.name for one in made.stages]
    assert names == sorted(names, key=ORDER.index)


@pytest.mark.parametrize("level", LEVELS[1:3], ids=NAMES[1:3])
def test_a_short_video_is_looked_at_whole(level: Level) -> None:
    assert level.recipe(Recipe(), _left, 10.0).scan.mode == "full"
    assert level.recipe(Recipe(), _left, 100.0).scan.mode == "fast"
    seen = replace(_package(StageReport("stills", "ok")), settings={"scan": {"mode": "full"}})
    assert certified(seen, level, USUAL, "key").stages[0].status == "ok"

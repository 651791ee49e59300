"""Times as users write them, and when they are over."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from keyart.anytime.budget import FLOOR_SECONDS, GRACE_SECONDS, Budget, budget_seconds, process_began
from keyart.anytime.forecast import Forecast, usual_seconds
from keyart.errors import BadSetting
from keyart.types import VideoInfo


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20s", 20), ("2m", 120), ("1m30s", 90), ("0.1s", 0.1), ("15", 15), ("1h", 3600), (" 2M ", 120)],
)
def test_a_time_is_read_with_its_units(text: str, seconds: float) -> None:
    assert budget_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "-3s", "soon", "2 m", "5d", "1e3", "nan", "9" * 400, "s", "1.2.3"])
def test_what_is_no_time_is_told_with_what_is(text: str) -> None:
    with pytest.raises(BadSetting, match="20s, 2m or 1m30s"):
        budget_seconds(text)


def test_the_first_level_has_the_floor_and_everything_ends_after_the_grace() -> None:
    now = time.monotonic()
    short, long = Budget.of(0.1, now), Budget.of(30.0, now)
    assert short.first_end == pytest.approx(now + FLOOR_SECONDS, abs=0.1)
    assert short.last_end == pytest.approx(now + FLOOR_SECONDS + GRACE_SECONDS, abs=0.1)
    assert long.first_end == long.end == now + 30.0
    assert long.last_end == now + 30.0 + GRACE_SECONDS


def test_a_process_knows_when_it_began() -> None:
    began, now = process_began(), time.monotonic()
    assert 0.0 <= now - began < 24 * 3600
    assert process_began() == pytest.approx(began, abs=0.1)


def test_a_busy_machine_is_seen_by_the_sketch_and_not_held_against_the_next_run(tmp_path: Path) -> None:
    folder = tmp_path
    usual = {name: usual_seconds(name, None) for name in ("sketch", "draft", "full")}
    busy = Forecast.read(folder)
    assert busy.seconds("full", usual["full"]) == usual["full"]
    busy.learn("sketch", 5 * usual["sketch"], usual["sketch"])
    assert busy.seconds("full", usual["full"]) == pytest.approx(5 * usual["full"])
    busy.learn("draft", 10 * usual["draft"], usual["draft"])
    busy.keep()
    later = Forecast.read(folder)
    assert later.pace == 1.0
    assert later.seconds("draft", usual["draft"]) == pytest.approx(1.5 * usual["draft"])


def test_a_level_that_was_stopped_will_be_thought_longer(tmp_path: Path) -> None:
    forecast = Forecast(tmp_path)
    forecast.learn("full", 30.0, 20.0, stopped=True)
    assert forecast.seconds("full", 20.0) > 30.0
    forecast.learn("full", 2.0, 20.0, stopped=True)  # stopped early: nothing is known of how long it takes
    assert forecast.seconds("full", 20.0) > 30.0


@pytest.mark.parametrize("text", ["", "[]", '{"full": "x"}', "{", '{"full": null}'])
def test_what_was_learned_may_be_lost(tmp_path: Path, text: str) -> None:
    folder = tmp_path
    (folder / "anytime.json").write_text(text)
    assert Forecast.read(folder).factors == {}
    Forecast(folder / "not/there").keep()
    assert (folder / "not/there/anytime.json").is_file()


def test_longer_videos_take_longer_and_listening_may_take_longest() -> None:
    minute = VideoInfo(
        path=Path("a.mp4"), container="mp4", size_bytes=10, video_index=0, codec="h264", pixel_format="yuv420p",
        width_px=1280, height_px=720, coded_width_px=1280, coded_height_px=720, sample_aspect=Fraction(1),
        rotation_degrees=0, mirrored=False, frames_per_second=30.0, duration_seconds=60.0, start_seconds=0.0,
    )  # fmt: skip
    hour = replace(minute, duration_seconds=3600.0)
    assert usual_seconds("sketch", hour) == usual_seconds("sketch", minute)
    assert usual_seconds("full", hour) > 5 * usual_seconds("full", minute)
    assert usual_seconds("full", hour, listens=True) > 2 * usual_seconds("full", hour)
    unknown = replace(minute, duration_seconds=0.0, size_bytes=10_000_000_000)
    assert usual_seconds("full", unknown) > usual_seconds("full", hour)
    levels = [usual_seconds(name, hour) for name in ("sketch", "draft", "fast", "full")]
    assert levels == sorted(levels)

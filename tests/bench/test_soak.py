"""What counts as flat, and a short soak of this very process."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.soak import Held, flatness, result, rounds
from tests.conftest import ClipRecipe, Take, make_clip


def _rounds(*resident: float, descriptors: int = 8) -> list[Held]:
    return [Held(minute, value, descriptors, 2, minute) for minute, value in enumerate(resident)]


def test_level_memory_is_flat() -> None:
    found = flatness(_rounds(*[500.0, 510.0, 495.0, 505.0] * 10))
    assert found.is_flat and found.median_mib == 502.5 and abs(found.growth_per_hour) < 0.01


def test_a_slow_leak_is_not() -> None:
    found = flatness(_rounds(*[500.0 + 2 * minute for minute in range(60)]))
    assert not found.is_flat
    assert found.growth_per_hour == pytest.approx(120 / 559)
    assert found.lowest < 0.92 < 1.08 < found.highest


def test_one_more_open_file_is_a_leak() -> None:
    level = _rounds(*[500.0] * 20)
    assert not flatness([*level, Held(20.0, 500.0, 9, 2, 20)]).is_flat


def test_one_round_tells_nothing() -> None:
    with pytest.raises(ValueError, match="two at least"):
        flatness(_rounds(500.0))


def test_rounds_before_it_is_warm_are_left_out() -> None:
    told = result(_rounds(100.0, 300.0, *[500.0] * 10), 2, 0, "abc", "made clips")
    assert told["flatness"]["median_mib"] == 500.0 and told["flatness"]["is_flat"]
    assert len(told["rounds"]) == 12
    assert "flatness" not in result(_rounds(100.0, 300.0), 1, 0, "abc", "made clips")


@pytest.mark.slow
def test_a_short_soak_gives_everything_back(tmp_path: Path) -> None:
    takes = (Take("scene-1", 0.6), Take("scene-2", 0.6))
    clip = make_clip(tmp_path / "a.mp4", ClipRecipe(takes=takes, size_px=(160, 90)))
    clock = iter(range(1000))
    work = ("packages", "shots", "fast stills", "refusals")
    found = list(rounds([clip], 5, work=work, seconds_now=lambda: float(next(clock))))
    warm = found[2:]
    assert len(warm) >= 2 and warm[-1].tasks == 4 * len(found)
    assert {one.descriptors for one in warm} == {warm[0].descriptors}
    assert max(one.threads for one in warm) == warm[0].threads
    assert warm[-1].resident_mib < 1.05 * warm[0].resident_mib

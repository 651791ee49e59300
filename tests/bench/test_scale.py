"""The sums of docs/scale.md on numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench import scale
from bench.report import markdown
from bench.scale_sums import (
    EXAMPLE_MIX,
    Costs,
    Kind,
    Line,
    Plan,
    Prices,
    Shared,
    Station,
    ceilings,
    checks,
    costs_of,
    demands,
    fit,
    kind_of,
    medians,
    needs,
    predicted_seconds,
    simulate,
)
from bench.stage_costs import REST, Clock

SMALL = Kind(0.5, "h264", 1000, 1000, 10, 100.0, 8.0)
LARGE = Kind(0.5, "vp9", 2000, 1000, 10, 200.0, 4.0)
COSTS = Costs(
    {"scan": Line(per_gigapixel=1.0), "covers": Line(fixed=3.0, per_megapixel=1.0)},
    {"h264": 2.0, "vp9": 4.0},
    Line(fixed=1e6),
    Line(fixed=2e6),
    5.0,
)


def test_a_kind_tells_its_sizes() -> None:
    assert (SMALL.megapixels, SMALL.gigapixels, SMALL.bytes_in) == (1.0, 1.0, 1e8)
    assert SMALL.sizes == (1.0, 1.0, 30.0, 100.0, 1.0)
    assert COSTS.seconds(SMALL) == {"decode": 2.0, "scan": 1.0, "covers": 4.0}
    assert COSTS.seconds(LARGE) == {"decode": 16.0, "scan": 4.0, "covers": 5.0}


def kinds() -> list[Kind]:
    return [
        Kind(1.0, "h264", width, width // 2, 25, seconds, 1.0)
        for width in (320, 640, 1280, 1920)
        for seconds in (4.0, 8.0, 32.0, 300.0)
    ]


@pytest.mark.parametrize(
    ("line", "passing"),
    [
        (Line(fixed=2.0, per_megapixel=0.5), False),
        (Line(fixed=1.0, per_megapixel=0.5, per_first_second=0.2, per_second=0.01), False),
        (Line(per_second=0.03, per_gigapixel=1.7), True),
        (Line(), True),
    ],
)
def test_a_line_is_found_again(line: Line, passing: bool) -> None:
    found = fit([(kind, line.of(kind)) for kind in kinds()], passing=passing)
    assert found.parts == pytest.approx(line.parts, abs=1e-6)


def test_no_part_of_a_fit_is_negative() -> None:
    found = fit([(kind, 10.0 - 0.02 * kind.seconds) for kind in kinds()], passing=False)
    assert min(found.parts) >= 0 and found.fixed > 3


def row(clip: str, seconds: float, decode: float, codec: str = "h264", **stages: float) -> dict[str, Any]:
    return {
        "clip": clip, "codec": codec, "size_px": [1280, 720], "seconds": seconds, "frames": int(30 * seconds),
        "bytes_in": 10**6, "package_bytes": 5_000_000, "stage_cache_bytes": 9_000_000, "decode_seconds": decode,
        "stages": stages,
    }  # fmt: skip


def test_a_slow_round_counts_as_much_as_its_decode_was_slow() -> None:
    quiet, busy = row("a", 10, 1.0, scan=2.0, covers=3.0), row("a", 10, 2.0, scan=4.2, covers=6.0)
    (found,) = medians([[quiet], [busy]])
    assert found["decode_seconds"] == 1.5 and found["rounds"] == 2
    assert found["stages"] == pytest.approx({"scan": (3.0 + 3.15) / 2, "covers": 4.5})


def test_a_round_that_was_cut_short_counts_with_what_it_has() -> None:
    found = medians([[row("a", 10, 1.0, scan=2.0), row("b", 20, 2.0, scan=4.0)], [row("a", 10, 1.0, scan=2.0)]])
    assert [(one["clip"], one["rounds"]) for one in found] == [("a", 2), ("b", 1)]


def test_costs_come_out_of_measured_clips() -> None:
    gigapixels = 1280 * 720 * 30 / 1e9
    rows = [row(f"{s}", s, 2.0 * gigapixels * s, scan=3.0 * gigapixels * s, covers=4.0) for s in (8.0, 16.0, 64.0)]
    rows[0]["start"] = 1.5
    costs = costs_of(rows)
    assert costs.decode == {"h264": pytest.approx(2.0)} and costs.start_seconds == 1.5
    kind = replace(kind_of(rows[1]), seconds=600.0)
    told = costs.seconds(kind)
    assert told["scan"] == pytest.approx(1.0 * kind.gigapixels, rel=1e-6)  # beyond the decode
    assert told["decode"] == pytest.approx(2.0 * kind.gigapixels) and told["covers"] == pytest.approx(4.0)
    assert costs.package_bytes.of(kind) == pytest.approx(5e6)


# --- what a library needs -------------------------------------------------------------------------------------------


def test_what_a_library_needs_by_hand() -> None:
    plan = Plan(hours=1000, days=1, utilisation=0.5, index_rows=10, row_bytes=100, gpu_seconds=2, months=2)
    prices = Prices(core_hour=1.0, gpu_hour=10.0, stored_tb_month=5.0, network_tb=3.0)
    found = needs(COSTS, (SMALL, LARGE), plan, prices)
    small, large = 500 * 3600 / 100, 500 * 3600 / 200
    assert found.videos == small + large == 27000
    assert found.core_seconds == {"decode": 2 * small + 16 * large, "scan": small + 4 * large,
                                  "covers": 4 * small + 5 * large, "recognition": 0.0}  # fmt: skip
    assert found.cores == pytest.approx((7 * small + 25 * large) / (86400 * 0.5))
    assert found.core_days == pytest.approx((7 * small + 25 * large) / 86400)
    assert found.gpus == pytest.approx(27000 * 2 / (86400 * 0.5))
    assert found.bytes_in == pytest.approx(1e8 * (small + large))
    assert (found.package_bytes, found.index_rows, found.index_bytes) == (27000e6, 270000, 27e6)
    assert found.money["cores"] == pytest.approx((7 * small + 25 * large) / 0.5 / 3600)
    assert found.money["GPUs"] == pytest.approx(27000 * 2 / 0.5 / 3600 * 10)
    assert found.money["network in"] == pytest.approx(found.bytes_in / 1e12 * 3)
    assert found.money["packages stored"] == pytest.approx(0.027 * 5 * 2)


def test_recognition_is_paid_for_the_share_that_is_heard() -> None:
    plan = Plan(hours=10, heard_share=0.5, heard_seconds=0.2)
    assert needs(COSTS, (SMALL, LARGE), plan, Prices()).core_seconds["recognition"] == 10 * 3600 * 0.5 * 0.2


def test_shares_are_of_the_whole() -> None:
    with pytest.raises(ValueError, match=r"1\.5"):
        needs(COSTS, (SMALL, SMALL, LARGE), Plan(), Prices())
    assert sum(kind.share for kind in EXAMPLE_MIX) == pytest.approx(1.0)


# --- where the bottleneck moves -------------------------------------------------------------------------------------

FREE = (Station("store", 0.0), Station("driver", 0.0))


@pytest.mark.parametrize("workers", [1, 2, 16])
def test_workers_that_share_nothing_add_up(workers: int) -> None:
    told = simulate(workers, 10.0, FREE, videos=8000)
    assert told.videos_per_second == pytest.approx(workers / 10.0, rel=0.05)
    assert told.bottleneck == "cores" and told.busy["cores"] == pytest.approx(1.0, abs=0.03)


def test_the_slowest_shared_place_is_the_end_of_growth() -> None:
    places = (Station("store", 0.1), Station("index", 0.5))
    told = simulate(1000, 10.0, places, videos=8000)
    assert told.videos_per_second == pytest.approx(2.0, rel=0.05)
    assert told.bottleneck == "index" and told.busy["store"] == pytest.approx(0.2, abs=0.03)
    shards = simulate(1000, 10.0, (places[0], replace(places[1], servers=8)), videos=12000)
    assert shards.bottleneck == "store" and shards.videos_per_second == pytest.approx(10.0, rel=0.05)


def test_one_worker_waits_for_every_place_in_turn() -> None:
    told = simulate(1, 8.0, (Station("store", 1.0), Station("driver", 1.0)), videos=8000)
    assert told.videos_per_second == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("workers", [1, 4, 30, 120, 1000])
def test_no_run_is_above_its_bounds_and_growth_never_slows_it(workers: int) -> None:
    places = (Station("store", 0.2), Station("driver", 0.05))
    told = simulate(workers, 10.0, places, videos=6000)
    bounds = ceilings(workers, 10.0, places)
    assert told.videos_per_second <= 1.05 * min(bounds.values())
    assert simulate(2 * workers, 10.0, places, videos=6000).videos_per_second >= 0.95 * told.videos_per_second
    assert told.videos_per_second >= 0.6 * min(bounds.values())


def test_the_same_seed_gives_the_same_run() -> None:
    assert simulate(5, 1.0, FREE, videos=500, seed=3) == simulate(5, 1.0, FREE, videos=500, seed=3)
    assert simulate(5, 1.0, FREE, videos=500, seed=3) != simulate(5, 1.0, FREE, videos=500, seed=4)


def test_a_mean_video_is_that_of_the_mix() -> None:
    core, places = demands(COSTS, (SMALL, LARGE), Shared(1e9, 1e6, 0.001, 0.002, 4))
    assert core == pytest.approx((2 * 7 + 25) / 3)  # two small ones come on each large one
    assert [(one.name, one.servers) for one in places][-1] == ("index", 4)
    assert [one.seconds for one in places] == pytest.approx([0.1, 1.0, 0.001, 0.002])
    assert ceilings(26, core, places)["index"] == 2000 and ceilings(26, core, places)["cores"] == pytest.approx(2.0)


# --- against what was measured --------------------------------------------------------------------------------------


def test_two_workers_take_half_the_time_where_there_are_two_cores() -> None:
    one, two, four = (predicted_seconds(7.0, 100, workers, 2, 5.0) for workers in (1, 2, 4))
    assert one == 700 + 5 and two == 350 + 5 and four == 350 + 10


def test_undisturbed_cells_are_held_against_the_costs() -> None:
    cells = {
        "local-1": {"seconds": 250.0, "core_seconds_each": 1.25},
        "ray-2": {"seconds": 100.0},
        "local-2-fire": {"seconds": 900.0},
        "odd": {"seconds": 1.0},
        "local-3": {"seconds": 0.0},
    }
    told = checks(1.0, 5.0, {"clips": {"count": 200}, "machine": {"cores": 2}, "cells": cells})
    assert [(one.engine, one.workers, one.videos) for one in told] == [("local", 1, 200), ("ray", 2, 200)]
    assert told[0].ratio == 205 / 250 and told[0].core_ratio == 0.8
    assert told[1].ratio == 105 / 100 and told[1].core_ratio == 0.0
    assert len(scale.check_table(told)["rows"]) == 2 and checks(1.0, 5.0, {}) == []


def test_everything_that_the_pages_show_is_made_of_measured_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "WORKERS", (1, 64))
    rounds = [[row(f"{s}-{c}", s, 0.05 * s, c, scan=0.1 * s, covers=3.0, titles=0.1, save=0.2) for s in (8.0, 32.0)
               for c in ("h264", "hevc", "vp9")]]  # fmt: skip
    parts = {
        "driver": {"is it settled": 0.0001, "its end, for sure": 0.001},
        "index": {"add": 0.01, "search, a row": 2e-8, "bytes a row": 1090.0},
        "library": {"each": 1.0, "start": 1.0},
    }
    result = scale.result_of(rounds, parts)
    for table in result["tables"].values():
        assert markdown(table).count("\n") >= 2
    assert result["facts"]["scale-rounds"] == "1" and len(result["mix"]) == len(EXAMPLE_MIX)
    assert any(scale.UNMEASURED in str(cell) for line in result["tables"]["scale-needs"]["rows"] for cell in line)


def test_parts_of_the_ledger_and_the_index_can_be_measured(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "WORK", tmp_path)
    assert all(0 < one < 5 for one in scale.driver_seconds(10).values())
    found = scale.index_seconds((2, 4))
    assert 1056 <= found["bytes a row"] < 3000 and 0 < found["add"] < 60


def test_a_clock_books_time_on_the_stage_that_began_last() -> None:
    clock = Clock(deaf_to=("titles",))
    clock.begin("scan")
    clock.begin("titles")
    sum(range(200_000))
    clock.begin("shots")
    clock.end("shots", "ok", "", 0.0)
    clock.end("scan", "ok", "", 0.0)
    assert clock.seconds.keys() == {REST, "scan", "shots"} and clock.seconds["scan"] > clock.seconds["shots"]

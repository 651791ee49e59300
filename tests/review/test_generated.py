"""What is measured of a generated clip, and the verdict of the shipped forest."""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Iterable
from pathlib import Path
from types import FunctionType, ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.errors import BadModel, BadSetting
from keyart.media import grab
from keyart.media.encode import write_mp4
from keyart.media.images import read_image
from keyart.media.probe import probe
from keyart.review.generated import command, shelf
from keyart.review.generated.aggregate import AGGREGATIONS, aggregated, as_it_is
from keyart.review.generated.cuts import cuts_of
from keyart.review.generated.features import (
    COHERENCE,
    PROMPT_MODELS,
    SENSES,
    Space,
    feature_sets,
    row,
    spaces,
    split_name,
)
from keyart.review.generated.flow import camera_field, camera_motion, dis_flow, flow_statistics, moved_back
from keyart.review.generated.groups import GROUPS
from keyart.review.generated.measure import EMBEDDED, Measure, Measured, Watch
from keyart.review.generated.moments import Moment
from keyart.review.generated.needs import GROUP_OF, needs_of, without
from keyart.review.generated.shelf import kept
from keyart.review.generated.ssim import ssim
from keyart.review.generated.subjects import OBSERVERS, REFERENCE_NAMES
from keyart.review.generated.verdict import SHIPPED, forest_of, judge, names_of, review_verdict, verdict_facts
from keyart.review.generated.words import words_of
from keyart.review.generated.worst import worst_pairs, worst_pairs_strip

Clip = NDArray[np.uint8]


def texture(height: int, width: int, seed: int = 0) -> Clip:
    chance = np.random.default_rng(seed)
    small = chance.integers(0, 256, (height // 3 + 2, width // 3 + 2, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def pan(count: int = 30, step: float = 1.5, seed: int = 0) -> list[Clip]:
    ground = texture(140, 420, seed)
    moves = [np.array([[1, 0, step * n], [0, 1, 10]], np.float32) for n in range(count)]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return [np.asarray(cv2.warpAffine(ground, move, (160, 90), flags=flags), np.uint8) for move in moves]


def film(path: Path, frames: Iterable[Clip]) -> Path:
    return write_mp4(path, frames, frames_per_second=25, crf=14, preset="ultrafast")


# --- aggregations ---------------------------------------------------------------------------------------------------


def test_the_fifteen_aggregations_are_those_worked_out_by_hand() -> None:
    by_hand = {
        "sum": 10.0,
        "mean": 2.5,
        "median": 2.5,
        "min": 1.0,
        "max": 4.0,
        "std": np.sqrt(1.25),
        "p25": 1.75,
        "p75": 3.25,
        "iqr": 1.5,
        "min_to_max": 0.25,
    }
    by_hand["ewma_0.1"] = 3.477  # 4, 3.7, 3.53, 3.477
    by_hand["ewma_0.9"] = 2.893  # 4, 1.3, 1.93, 2.893
    by_hand["ewma_0.3"] = 0.7 * (0.7 * (0.7 * 4 + 0.3) + 0.6) + 0.9
    by_hand["ewma_0.5"] = ((4 + 1) / 2 + 2) / 4 + 1.5
    by_hand["ewma_0.7"] = 0.3 * (0.3 * (0.3 * 4 + 0.7) + 1.4) + 2.1
    found = dict(zip(AGGREGATIONS, aggregated([4.0, 1.0, 2.0, 3.0]), strict=True))
    assert len(found) == 15
    assert found == pytest.approx(by_hand)


def test_an_array_of_one_of_none_and_of_a_hundred() -> None:
    assert aggregated([]).tolist() == [0.0] * 15
    assert dict(zip(AGGREGATIONS, aggregated([2.0]), strict=True))["std"] == 0.0
    assert as_it_is(np.arange(130.0)).tolist() == list(range(100))
    assert as_it_is([5.0])[:3].tolist() == [5.0, 0.0, 0.0]
    assert dict(zip(AGGREGATIONS, aggregated([0.0, 0.0]), strict=True))["min_to_max"] == 0.0


# --- names ----------------------------------------------------------------------------------------------------------


def test_the_seed_has_21_sets_and_144_spaces() -> None:
    assert len(feature_sets()) == 21
    assert len({one.name for one in spaces()}) == 144
    assert len(Space("HPS", "joined", "L_S_OF").feature_names()) == 15 + 100 + 15 + 15 + 18 * 15
    assert len(Space("HPS", "plain", "ONLY").feature_names()) == 100


def test_every_feature_has_an_array_that_somebody_measures() -> None:
    for space in spaces():
        needs = needs_of(space.feature_names())
        assert needs.prompt_models == (space.model,)
        letters = [] if space.addition == "ONLY" else space.addition.split("_")
        assert (needs.lpips, needs.raft, needs.groups) == (
            "L" in letters,
            "OF" in letters,
            ("ssim",) * ("S" in letters),
        )
    for name in AGGREGATIONS:
        assert split_name(f"raft_flow_min_{name}") == ("raft_flow_min", name)
    assert split_name("jina-clip-v2_99") == ("jina-clip-v2", "99")
    with pytest.raises(BadSetting, match="nothing measures"):
        needs_of(["beauty_mean"])
    assert set(COHERENCE["S"]) == {"ssim"} and len(PROMPT_MODELS) == 6


def test_every_group_measures_what_it_says(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", pan(12))
    for name in EMBEDDED:
        found = Measure((name,) if name != "jump" else ("held", "jump"))(path)
        names = GROUPS[name].names if name in GROUPS else OBSERVERS[name].names
        assert set(names) <= {*found.series, *found.whole}, name
        assert all(np.isfinite(one).all() for one in found.series.values())
        assert all(words_of(one) and GROUP_OF[one] == name for one in names)


def test_a_group_can_be_switched_off() -> None:
    names = tuple(one.name for one in SENSES)
    left = without(names, ["flicker", "held"])
    assert not [one for one in left if one.startswith(("flicker", "held", "change"))]
    assert len(left) < len(names)
    with pytest.raises(BadSetting, match="there are: ssim"):
        Measure(("beauty",))


# --- measurements ---------------------------------------------------------------------------------------------------


def test_ssim_is_one_for_the_same_and_the_formula_for_a_single_window() -> None:
    chance = np.random.default_rng(0)
    one, other = chance.integers(0, 256, (2, 7, 7)).astype(np.uint8)
    x, y = one.ravel().astype(float), other.ravel().astype(float)
    cov = np.cov(x, y, ddof=1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    wanted = (2 * x.mean() * y.mean() + c1) * (2 * cov[0, 1] + c2)
    wanted /= (x.mean() ** 2 + y.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2)
    assert ssim(one, other) == pytest.approx(wanted, abs=1e-6)
    assert ssim(one, one) == pytest.approx(1.0, abs=1e-7)
    with pytest.raises(ValueError, match="one size"):
        ssim(one, other[:6])


def test_flow_statistics_by_hand() -> None:
    flow = np.array([[[3.0, 0.0]], [[4.0, -2.0]]])  # across 3 and 0, down 4 and -2
    found = flow_statistics(flow)
    assert found[:6] == pytest.approx((5.0, 0.0, 1.25, np.std([3, 0, 4, -2], ddof=1), -2.0, 4.0))
    assert found[6:12] == pytest.approx((7.0, 2.0, 3.5, np.std([5, 2], ddof=1), 2.0, 5.0))
    angles = [np.arctan2(3, 4), np.arctan2(0, -2)]
    assert found[12:15] == pytest.approx((sum(angles), angles[0], np.mean(angles)))


def test_the_flow_finds_a_shift_and_takes_it_back() -> None:
    ground = cv2.cvtColor(texture(120, 200), cv2.COLOR_RGB2GRAY)
    before, now = ground[10:100, 10:170], ground[8:98, 13:173]  # seen again 3 to the left, 2 down
    flow = dis_flow(np.ascontiguousarray(before), np.ascontiguousarray(now))
    assert np.median(flow[..., 0]) == pytest.approx(-3, abs=0.2)
    assert np.median(flow[..., 1]) == pytest.approx(2, abs=0.2)
    back = moved_back(np.ascontiguousarray(now), flow)
    assert np.abs(back[8:-8, 8:-8].astype(int) - before[8:-8, 8:-8]).mean() < 2


def test_the_camera_is_found_in_spite_of_what_moves_by_itself() -> None:
    motion = np.array([[0.02, -0.01, 1.5], [0.01, 0.02, -0.7]])
    flow = camera_field(motion, (96, 160))
    flow[20:50, 30:80] += 9.0
    assert camera_motion(flow) == pytest.approx(motion, abs=0.02)


def measured(tmp_path: Path, frames: Iterable[Clip], name: str = "x") -> Measured:
    return Measure()(film(tmp_path / f"{name}.mp4", frames))


def test_each_fault_moves_its_own_numbers(tmp_path: Path) -> None:
    frames = pan()
    clean = measured(tmp_path, frames)
    light = [np.clip(one * (1 + 0.08 * (-1) ** n), 0, 255).astype(np.uint8) for n, one in enumerate(frames)]
    dark = measured(tmp_path, light, "flicker")
    assert dark.series["flicker"].mean() > 10 * clean.series["flicker"].mean()
    held = measured(tmp_path, [*frames[:10], *[frames[9]] * 10, *frames[20:]], "held")
    assert clean.whole["held_share"] == 0
    assert 0.7 * 10 / 29 < held.whole["held_share"] <= 10 / 29
    assert held.whole["held_longest"] == pytest.approx(held.whole["held_share"])
    leap = measured(tmp_path, [*frames[:15], *pan(30, seed=5)[15:]], "leap")
    assert leap.whole["jump_most"] > 1.5 * clean.whole["jump_most"]
    soft = measured(tmp_path, [np.asarray(cv2.GaussianBlur(one, (0, 0), 3), np.uint8) for one in frames], "soft")
    assert soft.series["blur"].mean() > clean.series["blur"].mean() + 0.1
    chance = np.random.default_rng(0)
    rough = [np.clip(one + chance.normal(0, 15, one.shape), 0, 255).astype(np.uint8) for one in frames]
    assert measured(tmp_path, rough, "rough").series["grain"].mean() > 2 * clean.series["grain"].mean() + 1


def trailing(frames: Iterable[Clip], keep: float) -> list[Clip]:
    shown, found = None, []
    for frame in frames:
        shown = frame.astype(np.float32) if shown is None else keep * shown + (1 - keep) * frame
        found.append(shown.round().astype(np.uint8))
    return found


def before_a_wall(step: float, count: int = 40) -> list[Clip]:
    """A card that goes to and fro before a wall that stays."""
    wall, card, frames = texture(90, 160) // 4 + 60, texture(30, 40, 3) // 8 + 200, []
    for n in range(count):
        frame = wall.copy()
        left = 20 + round(abs((step * n) % 160 - 80))
        frame[30:60, left : left + 40] = card
        frames.append(frame)
    return frames


def trails_of(path: Path, frames: list[Clip], name: str) -> list[float]:
    made = [film(path / f"{keep}.mp4", trailing(frames, keep)) for keep in (0.0, 0.3, 0.6, 0.8)]
    return [Measure(("smear",))(one).whole[name] for one in made]


@pytest.mark.parametrize("step", [2.0, 3.0])
def test_trails_on_what_stays_are_told(tmp_path: Path, step: float) -> None:
    found = trails_of(tmp_path, before_a_wall(step), "shines_on")
    assert found[0] < 0.04 and (np.diff(found) > 0.02).all()


def test_a_still_a_slow_and_a_fading_clip_have_no_trails(tmp_path: Path) -> None:
    slow = [one for one in before_a_wall(1.0, 20) for _ in range(2)]  # as a cartoon is drawn: each picture twice
    fade = [(one * (0.2 + n / 50)).astype(np.uint8) for n, one in enumerate(before_a_wall(2.0, 40))]
    still = [texture(90, 160)] * 20
    for name, frames in (("slow", slow), ("fade", fade), ("still", still), ("short", pan(4)), ("pan", pan(30, 0.3))):
        found = Measure(("smear",))(film(tmp_path / f"{name}.mp4", frames)).whole
        assert found["shines_on"] < 0.02 and found["sinks"] < 0.1, name


def test_what_is_there_for_a_moment_is_told_and_grain_does_not_hide_it(tmp_path: Path) -> None:
    frames = pan(40)
    strange = [one.copy() for one in frames]
    for one in strange[15:20]:
        one[20:50, 60:100] = texture(30, 40, 9)
    chance = np.random.default_rng(0)
    rough = [np.clip(one + chance.normal(0, 4, one.shape), 0, 255).astype(np.uint8) for one in strange]
    clean, lone, grainy = (
        Measure(("warp",))(film(tmp_path / f"{name}.mp4", each)).series["lone"]
        for name, each in (("clean", frames), ("lone", strange), ("grainy", rough))
    )
    assert np.sort(lone)[-2] > 3 * clean.max() and np.sort(grainy)[-2] > 0.8 * np.sort(lone)[-2]


def test_a_whipped_pan_is_no_leap(tmp_path: Path) -> None:
    def framed(places: Iterable[float]) -> list[Clip]:
        ground = np.asarray(cv2.GaussianBlur(texture(140, 420), (0, 0), 4), np.uint8)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moves = [np.array([[1, 0, x], [0, 1, 10]], np.float32) for x in places]
        return [np.asarray(cv2.warpAffine(ground, move, (160, 90), flags=flags), np.uint8) for move in moves]

    speeds = np.concatenate([np.full(8, 1.0), [3, 6, 9, 12, 12, 12, 9, 6, 3], np.full(8, 1.0)])
    whipped = measured(tmp_path, framed(np.cumsum(speeds)), "whip")
    leapt = measured(tmp_path, framed(np.arange(25) + 12.0 * (np.arange(25) >= 12)), "leap")
    assert leapt.whole["leap_most"] == pytest.approx(12, abs=1.5)
    assert whipped.whole["leap_most"] < 2
    assert whipped.whole["jump_most"] < 1.5 < leapt.whole["jump_most"]


def test_a_fade_is_no_flicker(tmp_path: Path) -> None:
    fade = [(one * (1 - n / 60)).astype(np.uint8) for n, one in enumerate(pan())]
    assert measured(tmp_path, fade).series["flicker"].mean() < 0.01


def test_lettering_that_comes_and_goes_is_told(tmp_path: Path) -> None:
    def lettered(n: int, one: Clip, wavers: bool) -> Clip:
        page = np.full((180, 320, 3), 40, np.uint8)
        page[:60] = cv2.resize(one, (320, 60))
        if not wavers or n // 5 % 2:
            cv2.putText(page, "BREAKING NEWS", (20, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
        return page

    steady, wavering = (
        measured(tmp_path, [lettered(n, one, wavers) for n, one in enumerate(pan(50))], str(wavers))
        for wavers in (False, True)
    )
    assert steady.whole["text_lines"] >= 1 and steady.whole["text_wavering"] == 0
    assert wavering.whole["text_wavering"] > 0.5


def test_a_reference_is_compared_with_every_look(tmp_path: Path) -> None:
    frames = pan()
    path = film(tmp_path / "a.mp4", frames)
    same, other = (Measure(("ssim",))(path, reference=one) for one in (frames[0], texture(90, 160, 9)))
    assert set(REFERENCE_NAMES) <= {*same.series, *same.whole}
    assert same.whole["reference_first"] > 0.95 > other.whole["reference_first"]
    assert same.series["reference_ssim"][0] > 0.9
    assert same.whole["reference_lost"] > 0


def test_rows_of_every_length_hold_every_feature(tmp_path: Path) -> None:
    names = tuple(one.name for one in SENSES)
    for count in (2, 3, 40):
        found = measured(tmp_path, pan(count), str(count))
        assert np.isfinite(row(found.series, found.whole, names)).all()
    with pytest.raises(KeyError, match="lpips_mean"):
        row({}, {}, ["lpips_mean"])


def test_trails_do_not_hide_motion_nor_noise_blur() -> None:
    names = ("bare_wobble_mean", "firm_blur_mean")
    series = {"wobble": np.array([1.0, 1.0]), "blur": np.array([0.3]), "noise": np.array([2.0])}
    plain, trailing, most = (row(series, {"shines_on": share}, names) for share in (0.0, 0.2, 0.9))
    assert plain.tolist() == pytest.approx([1.0, 0.3 * 1.75])
    assert trailing[0] == pytest.approx(3.5) and most[0] == pytest.approx(6.0)
    assert row(series, {}, ("bare_wobble_mean",)).tolist() == [1.0]


def test_what_was_measured_is_kept_as_it_was(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", pan(8))
    made = kept(tmp_path / "shelf", path, "all", lambda: Measure()(path))
    again = kept(tmp_path / "shelf", path, "all", lambda: pytest.fail("measured twice"))
    assert again.whole == made.whole and again.size_px == made.size_px
    assert all(np.array_equal(again.series[name], one) for name, one in made.series.items())
    next((tmp_path / "shelf").iterdir()).write_bytes(b"broken")
    assert kept(tmp_path / "shelf", path, "all", lambda: made) is made


def held_bytes(one: object) -> int:
    """Of all pictures and arrays that are reached from an object, what they take."""
    todo, seen, total = [one], set[int](), 0
    while todo:
        found = todo.pop()
        if id(found) in seen or isinstance(found, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(found))
        total += found.nbytes if isinstance(found, np.ndarray) else 0
        todo += gc.get_referents(found)
    return total


def test_a_watch_holds_no_more_of_a_long_clip() -> None:
    watch = Watch(Measure(tuple(GROUPS)))
    held = []
    for number, frame in enumerate(pan(200, 0.7)):
        luma = np.ascontiguousarray(frame[:48, :80, 1])
        watch.take(Moment(number, number / 25, luma, (128.0, 128.0), lambda: frame))  # noqa: B023  # never asked for
        if number in (40, 199):
            held.append(held_bytes(watch))
    assert held[0] > 48 * 80 and held[0] == held[1]


def test_a_clip_of_many_cuts_leaves_nothing_open(tmp_path: Path) -> None:
    takes = [np.asarray(255 - one if n % 2 else one // 3, np.uint8) for n in range(8) for one in pan(12, seed=n)]
    info = probe(film(tmp_path / "a.mp4", takes))
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(one, grab._Reader) for one in gc.get_objects())
        assert len(cuts_of(info)) >= 5
        assert sum(isinstance(one, grab._Reader) for one in gc.get_objects()) == before
    finally:
        gc.enable()


def test_code_that_measures_otherwise_measures_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film(tmp_path / "a.mp4", pan(4))
    made = kept(tmp_path / "shelf", path, "all", lambda: Measure(("ssim",))(path))
    monkeypatch.setattr(shelf, "code_mark", lambda hub=False: "other")
    assert kept(tmp_path / "shelf", path, "all", lambda: made) is made


# --- the verdict ----------------------------------------------------------------------------------------------------

shipped = pytest.mark.skipif(not SHIPPED.is_file(), reason="no forest is shipped")


@shipped
def test_the_shipped_forest_is_small_and_says_who_rated_it() -> None:
    card = forest_of().card
    assert SHIPPED.stat().st_size < 300_000
    assert "no person" in card.note.lower()
    assert names_of(card) == tuple(one.name for one in SENSES)


@shipped
def test_a_faulty_clip_scores_below_the_clip_and_says_why(tmp_path: Path) -> None:
    frames = pan(40)
    good = judge(film(tmp_path / "good.mp4", frames), "a wall")
    swing = [np.clip(one * (1 + 0.1 * (-1) ** n), 0, 255).astype(np.uint8) for n, one in enumerate(frames)]
    poor = judge(film(tmp_path / "poor.mp4", swing), "a wall")
    assert 1 <= poor.score < good.score <= 10
    assert len(poor.reasons) == 3 and poor.reasons[0].moved < 0
    assert abs(poor.reasons[0].moved) >= abs(poor.reasons[2].moved)
    assert "flicker" in " ".join(one.feature for one in poor.reasons)
    assert any("prompt was not looked at" in note for note in poor.notes)
    assert judge(tmp_path / "poor.mp4").score == poor.score
    facts = verdict_facts(poor)
    assert json.loads(json.dumps(facts))["class"] in ("good", "poor") and facts["score"] == poor.score
    assert review_verdict(poor, "teaser/a.mp4").verdict == ("pass" if poor.good else "flag")


@shipped
def test_the_command_ranks_takes_and_draws_the_worst_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = pan(30)
    poor = [*frames[:15], *(np.roll(one, (0, 24), (0, 1)) for one in frames[15:])]
    paths = [str(film(tmp_path / "poor.mp4", poor)), str(film(tmp_path / "good.mp4", frames))]
    parser = argparse.ArgumentParser()
    command.add(parser)
    strip = tmp_path / "worst.png"
    assert command.run(parser.parse_args(["--compare", *paths, "--json", "--strip", str(strip)])) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [one["video"] for one in facts["takes"]] == ["good.mp4", "poor.mp4"]
    assert read_image(strip).shape[1] == 960
    assert command.run(parser.parse_args([paths[0], "--prompt", "a wall"])) == 0
    assert "of 10" in capsys.readouterr().out
    with pytest.raises(BadSetting, match="no clip is named"):
        command.run(parser.parse_args([]))


def test_the_worst_pair_is_where_the_leap_is(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [*pan(30)[:15], *pan(30, seed=5)[15:]])
    found = worst_pairs(Measure()(path))
    assert found[0].seconds == pytest.approx(0.6, abs=0.05)
    strip = worst_pairs_strip(path, found[:1])
    assert strip is not None and strip.shape[1] == 960
    assert worst_pairs_strip(path, ()) is None
    assert worst_pairs(Measure()(film(tmp_path / "even.mp4", pan(20, step=0)))) == ()


@shipped
def test_takes_of_an_edited_clip_are_judged_by_themselves(tmp_path: Path) -> None:
    """A cut to other pictures is no leap; the verdict says that there is one."""
    one, other = pan(30), pan(30, seed=5)
    edited = judge(film(tmp_path / "edited.mp4", [*one[:20], *other[10:]]))
    assert any("cuts 1 times" in note for note in edited.notes)
    assert not any("leap" in reason.words for reason in edited.reasons)
    whole = judge(film(tmp_path / "whole.mp4", one))
    assert not any("cuts" in note for note in whole.notes) and abs(whole.score - edited.score) < 2.5


@shipped
def test_a_clip_of_one_frame_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="two at least"):
        judge(film(tmp_path / "one.mp4", pan(1)))


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    from keyart.models.kamodel import LearnedCard, packed

    path = tmp_path / "other.kamodel"
    path.write_bytes(packed(LearnedCard("x", "frames", "r", "f", 3, "t", "0"), b""))
    with pytest.raises(BadModel):
        judge(film(tmp_path / "a.mp4", pan(5)), model=str(path))

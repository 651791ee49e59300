"""The stage on generated clips, and the table of scorers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bench.summary_checks import check_file
from keyart.errors import BadModel, BadSetting
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.shelved import Shelved
from keyart.shots import DetectShots
from keyart.teasers.summary import MakeSummary
from keyart.teasers.summary.fragments import Fragment, Joint
from keyart.teasers.summary.hearing import Hearing, hear
from keyart.teasers.summary.importance import SCORERS, TERMS, Evidence, Scored, Weights
from keyart.teasers.summary.plan import Judged, kept
from keyart.teasers.summary.platforms import PLATFORMS, platforms_named
from keyart.teasers.summary.said import Said
from keyart.teasers.summary.watch import Moment, SummaryWatcher
from keyart.types import Box, Cue, Preset, Product, Shot, Sound, Term, Transcript, VideoInfo
from tests.conftest import ClipFactory, Take
from tests.models.kamodels import frame_ranker

SMALL = Preset("small", 90, 160, 400_000, ("mp4",), "video", Box(0, 0, 90, 160), None, "test", "", "Small", 30.0, 1.0)


@pytest.fixture(autouse=True)
def small_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLATFORMS, "small", SMALL)


@pytest.fixture
def film(clip: ClipFactory) -> VideoInfo:
    takes = [Take(f"scene-{number}", 2.0) for number in range(1, 7)]
    return probe(clip(takes=tuple(takes), tone_hz=300.0))


def test_a_voice_is_listened_for_once(film: VideoInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    times = []

    def probabilities(chunks: Iterable[Sound]) -> list[float]:
        times.append(sum(len(chunk) for chunk in chunks))
        return [0.75] * (times[-1] // 512)

    monkeypatch.setattr("keyart.speech.activity.window_probabilities", probabilities)
    monkeypatch.setattr("keyart.speech.activity._heard", Shelved(10_000, lambda one: one.nbytes))
    first, second = hear(film), hear(film)
    assert len(times) == 1 and len(first.levels_db) > 500
    assert np.array_equal(first.levels_db, second.levels_db) and np.array_equal(first.voice, second.voice)


def shots_of(info: VideoInfo) -> tuple[Shot, ...]:
    watcher, run = DetectShots().watch(info), Scan().open(info)
    for glimpse in run:
        watcher.see(glimpse)
    return watcher.shots(run.report.end_seconds)


def by_suffix(products: Sequence[Product]) -> dict[str, Product]:
    return {one.path.rsplit(".", 1)[1]: one for one in products}


def test_a_summary_keeps_every_promise(film: VideoInfo, tmp_path: Path) -> None:
    outcome = MakeSummary(platforms=("small",), seconds=5.0)(film, shots_of(film))
    assert outcome.status == "ok"
    (product,) = outcome.value
    assert product.path == "summaries/small.mp4"
    (tmp_path / "made.mp4").write_bytes(product.data)
    assert check_file(tmp_path / "made.mp4", product.receipt.facts, 5.0) == []
    assert 3.5 < product.receipt.facts["seconds"] <= 5.0
    for piece in product.receipt.facts["pieces"]:  # the clip's own cuts are where it is cut
        assert piece["start"] % 2 == pytest.approx(0.0, abs=0.05)
        assert {"representativeness", "motion", "novelty", "energy"} <= set(piece["terms"])


def test_the_same_command_gives_the_same_bytes(film: VideoInfo) -> None:
    stage, shots = MakeSummary(platforms=("small",), seconds=4.0, framing="centre"), shots_of(film)
    assert stage(film, shots).value[0].data == stage(film, shots).value[0].data


def test_a_pass_that_was_made_anyway_is_used(film: VideoInfo) -> None:
    stage, shots = MakeSummary(platforms=("small",), seconds=4.0, framing="centre"), shots_of(film)
    watcher = stage.watch()
    for glimpse in Scan()(film):
        watcher.see(glimpse)
    assert stage(film, shots, None, watcher).value[0].data == stage(film, shots).value[0].data


def test_a_video_shorter_than_the_time_is_kept_whole(film: VideoInfo) -> None:
    facts = (
        MakeSummary(platforms=("small",), seconds=20.0, framing="centre")(film, shots_of(film)).value[0].receipt.facts
    )
    assert facts["seconds"] == pytest.approx(12.0, abs=0.1)
    assert len(facts["pieces"]) == 1


def test_words_come_along(film: VideoInfo) -> None:
    cues = (
        Cue("Nobody asked for this.", 0.0, 3.9),
        Cue("Bees make honey.", 4.1, 7.9),
        Cue("The end of it.", 8.1, 12.0),
    )
    stage = MakeSummary(platforms=("small",), seconds=5.0, about="honey", captions="both", framing="centre")
    outcome = stage(film, shots_of(film), Transcript("en", "test", cues))
    made = by_suffix(outcome.value)
    assert set(made) == {"mp4", "vtt", "srt"}
    assert "honey" in made["srt"].data.decode()
    assert "asked" not in made["srt"].data.decode()
    assert made["mp4"].receipt.facts["about"] == "honey"


def test_a_question_that_is_not_answered_is_said(film: VideoInfo) -> None:
    stage = MakeSummary(platforms=("small",), seconds=5.0, about="steam engines", framing="centre")
    outcome = stage(film, shots_of(film))
    assert outcome.status == "degraded"
    assert "steam engines" in outcome.reason


def test_a_platform_that_wants_more_than_there_is(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 0.6),)))
    outcome = MakeSummary(platforms=("small",), framing="centre")(info, shots_of(info))
    assert outcome.status == "degraded"
    assert "no less than 1 s" in outcome.reason
    with av.open(io.BytesIO(outcome.value[0].data)) as container:
        assert not container.streams.audio


def test_sound_without_pictures_is_skipped(film: VideoInfo) -> None:
    assert MakeSummary()(replace(film, video_index=None), ()).status == "skipped"


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 1},
        {"scorer": "votes"},
        {"platforms": ("cinema",)},
        {"platforms": ()},
        {"crf": 0},
        {"loudness_lufs": 3},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        MakeSummary(**wrong)  # type: ignore[arg-type]


def test_platforms_have_short_names_and_shapes() -> None:
    found = platforms_named(["reels", "reels_video", "9:16", "1x1", "telegram"])
    assert list(found) == ["reels", "9x16", "1x1", "telegram"]
    assert (found["1x1"].width_px, found["1x1"].height_px) == (1080, 1080)
    assert found["telegram"].max_bytes == 50_000_000
    assert all(one.kind == "video" for one in PLATFORMS.values())


# --- importance -------------------------------------------------------------------------------------------------


def moments(count: int, faces: float = 0.0) -> tuple[Moment, ...]:
    random = np.random.default_rng(5)
    rows = random.normal(0, 1, (count, 16))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return tuple(
        Moment(number / 2, row.astype(np.float16), float(random.random() * 9), faces, 0.5, 0.6)
        for number, row in enumerate(rows)
    )


def even(count: int, seconds: float = 2.0) -> tuple[Fragment, ...]:
    joints = [Joint(number * seconds, number * seconds, "shot") for number in range(count + 1)]
    return tuple(Fragment(a, b) for a, b in pairwise(joints))


@pytest.mark.parametrize("name", SCORERS)
def test_every_scorer_scores_every_fragment(name: str) -> None:
    evidence = Evidence(even(6), moments(24, 0.7), Hearing(np.full(600, -20, np.float32), np.ones(600, np.float32)))
    scored = SCORERS[name](evidence, Weights())
    assert [one.fragment for one in scored] == list(evidence.fragments)
    assert all(0 <= one.score <= 1 for one in scored)
    assert all(0 <= term.value <= 1 and term.name in TERMS for one in scored for term in one.terms)
    assert scored == SCORERS[name](evidence, Weights())


def test_what_cannot_be_known_has_no_term() -> None:
    (first, *_) = SCORERS["embedded"](Evidence(even(3), moments(12), Hearing()), Weights())
    assert {term.name for term in first.terms} == {"representativeness", "motion", "novelty"}


@pytest.mark.parametrize("fault", [{"spread": 0.0}, {"is_damaged": True}])
def test_black_and_damaged_stretches_count_for_nothing(fault: dict[str, Any]) -> None:
    seen = list(moments(12))
    seen[4:8] = [replace(one, movement=9.0, **fault) for one in seen[4:8]]
    scored = SCORERS["embedded"](Evidence(even(3), tuple(seen), Hearing()), Weights())
    assert scored[1].score < 0.2 * min(scored[0].score, scored[2].score)


def test_louder_and_livelier_is_worth_more() -> None:
    levels = np.repeat(np.array([-40, -15, -40], np.float32), 100)
    seen = tuple(replace(one, movement=6.0 if 4 <= number < 8 else 0.5) for number, one in enumerate(moments(12)))
    scored = SCORERS["embedded"](Evidence(even(3), seen, Hearing(levels)), Weights())
    values = [{term.name: term.value for term in one.terms} for one in scored]
    assert values[1]["energy"] > values[0]["energy"]
    assert values[1]["motion"] > values[2]["motion"]


def test_weights_are_not_negative() -> None:
    with pytest.raises(BadSetting):
        Weights(motion=-1)


# --- what is kept together ----------------------------------------------------------------------------------------


def judged(scores: Sequence[float], said: Said, kinds: str = "sentence") -> Judged:
    joints = [Joint(2.0 * number, 2.0 * number, kinds) for number in range(len(scores) + 1)]  # type: ignore[arg-type]
    fragments = [Fragment(a, b) for a, b in pairwise(joints)]
    scored = tuple(Scored(one, (Term("words", value, 1.0),)) for one, value in zip(fragments, scores, strict=True))
    return Judged(scored, said, Hearing())


def test_a_fragment_that_leans_brings_what_it_leans_on() -> None:
    scores = [0.5, 0.6, 0.58, 0.5, 0.55]
    free = Said(("a",) * 5, (1.0,) * 5, (False,) * 5)
    leaning = replace(free, leans=(False, False, False, False, True))
    assert kept(judged(scores, free, "shot"), 4.0) == (1, 2)
    assert 4 not in kept(judged(scores, leaning, "shot"), 6.0) or 3 in kept(judged(scores, leaning, "shot"), 6.0)


def test_only_what_answers_is_kept() -> None:
    said = Said(("a",) * 4, (1.0,) * 4, (False,) * 4, (0.0, 0.9, 0.3, 0.0), ("", "a", "a", ""))
    assert kept(judged([0.9, 0.5, 0.4, 0.9], said), 20.0) == (1, 2)


def test_the_watcher_stays_small(film: VideoInfo) -> None:
    watcher = SummaryWatcher(max_moments=8)
    for glimpse in Scan()(film):
        watcher.see(glimpse)
    found = watcher.finish()
    assert 4 <= len(found) <= 8
    assert found[0].seconds == 0.0
    assert found[-1].seconds > 8.0
    assert sum(one.weight for one in found) >= 20


def test_pictures_answer_where_a_model_has_looked_at_them(film: VideoInfo) -> None:
    stage = MakeSummary(platforms=("small",), seconds=4.0, about="the second scene", framing="centre")
    watcher = stage.watch(liken=lambda picture: 0.9 if watcher.end_seconds // 2 == 1 else 0.0)
    for glimpse in Scan()(film):
        watcher.see(glimpse)
    outcome = stage(film, shots_of(film), None, watcher)
    assert outcome.status == "ok"
    (piece,) = outcome.value[0].receipt.facts["pieces"]
    assert (piece["start"], piece["end"]) == pytest.approx((2.0, 4.0), abs=0.05)
    assert piece["terms"]["about"] == 0.9


def test_a_learned_ranker_says_what_is_kept(film: VideoInfo, tmp_path: Path) -> None:
    """Of six scenes of two seconds the ranker likes the fifth: a summary of three seconds keeps it, and says why."""
    watcher = SummaryWatcher()
    for glimpse in Scan()(film):
        watcher.see(glimpse)
    liked = next(one for one in watcher.finish() if one.seconds > 8.5).embedding.astype(np.float32)
    others = np.mean([one.embedding for one in watcher.finish() if one.seconds < 7.5], axis=0)
    ranker = frame_ranker(tmp_path / "fifth.kamodel", 12 * (liked - others))
    stage = MakeSummary(platforms=("small",), seconds=3.0, ranker=ranker)
    outcome = stage(film, shots_of(film))
    (piece,) = outcome.value[0].receipt.facts["pieces"]
    assert 8 <= piece["start"] < piece["end"] <= 10.01
    assert piece["terms"]["learned"] == 1.0 and outcome.models == (outcome.value[0].receipt.facts["ranker"],)


def test_a_ranker_of_other_features_is_refused(film: VideoInfo, tmp_path: Path) -> None:
    ranker = frame_ranker(tmp_path / "r.kamodel", (1.0, 2.0), features="googlenet")
    with pytest.raises(BadModel, match="trained on googlenet"):
        MakeSummary(platforms=("small",), seconds=3.0, ranker=ranker)(film, shots_of(film))

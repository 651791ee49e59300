"""What the bench on real annotations computes itself, on numbers checked by hand or by brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from bench.learn import real
from bench.learn.gif_baselines import (
    RULES,
    Score,
    distinct,
    drawn_at_random,
    drawn_by_comments,
    evenly,
    expected_at_random,
    fullest,
    is_chronological,
    peaks,
    top_peaks,
)
from bench.learn.real import Chosen, as_table, eccv16, gifs, ridge, scaled, summe, thinned
from keyart.learn.gif.metrics import ps
from keyart.learn.sets.gif import read_gifs
from keyart.learn.sets.values import AnnotatedVideo, even_segments

COUNTS = np.array([1, 5, 2, 0, 4, 4, 9, 3])


def test_rules_that_see_no_picture() -> None:
    assert peaks(COUNTS) == [6, 1]  # 4 and 4 stand level: neither is a peak
    assert top_peaks(COUNTS) == (1, 4, 6)
    assert fullest(COUNTS) == (1, 4, 6)
    assert evenly(np.zeros(90, np.int64)) == (15, 45, 75)
    assert is_chronological((1, 2, 5)) and not is_chronological((1, 1, 5)) and not is_chronological((5, 2, 1))
    assert all(len(set(rule(COUNTS))) == 3 for rule in RULES.values())
    assert ps(fullest(COUNTS), COUNTS) == max(ps(one, COUNTS) for one in permutations(range(8), 3))


def test_chance_is_the_mean_over_all_triples() -> None:
    everything = np.mean([ps(one, COUNTS) for one in permutations(range(8), 3)])
    assert expected_at_random(COUNTS) == pytest.approx(everything)
    assert drawn_at_random(COUNTS, np.random.default_rng(0)) == pytest.approx(everything, abs=0.02)
    assert expected_at_random(np.zeros(5, np.int64)) == 0


def test_triples_are_of_different_seconds_and_evenly_drawn() -> None:
    triples = distinct(4, np.random.default_rng(0), 24_000)
    found, counts = np.unique(triples, axis=0, return_counts=True)
    assert [tuple(one) for one in found.tolist()] == sorted(permutations(range(4), 3))
    assert counts.min() > 850 and counts.max() < 1150


def test_draws_in_proportion_to_comments() -> None:
    counts = np.array([6, 0, 3, 1, 2])
    shares, total = counts / counts.sum(), 0.0
    for one, two, three in permutations(np.flatnonzero(counts).tolist(), 3):
        odds = shares[one] * shares[two] / (1 - shares[one]) * shares[three] / (1 - shares[one] - shares[two])
        total += odds * ps((one, two, three), counts)
    assert drawn_by_comments(counts, np.random.default_rng(0)) == pytest.approx(total, abs=0.02)
    assert drawn_by_comments(np.array([4, 2, 0]), np.random.default_rng(0)) == pytest.approx(1.5)


def test_a_score_has_students_interval() -> None:
    found = Score.of([1.0, 2.0, 3.0])
    assert found.mean == 2 and found.half == pytest.approx(4.3027 / np.sqrt(3), abs=1e-3)


def video(seed: int, count: int = 40) -> AnnotatedVideo:
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 4)).astype(np.float32) * [1, 10, 100, 1]
    frames = 15 * count
    target = 1 / (1 + np.exp(-features[:, 2] / 100))
    return AnnotatedVideo(
        name=str(seed),
        features=features.astype(np.float32),
        picks=np.arange(0, frames, 15),
        num_frames=frames,
        frames_per_second=15.0,
        segments=even_segments(frames, 30),
        scores=np.repeat(target, 15)[None].astype(np.float32),
        summaries=np.zeros((0, frames), np.bool_),
        target=target.astype(np.float32),
    )


def test_least_squares_find_the_column_that_counts() -> None:
    scores = ridge([video(number) for number in range(5)])(video(9))
    assert np.corrcoef(scores, video(9).target)[0, 1] > 0.95


def test_features_are_scaled_by_the_training_videos_alone() -> None:
    train = [video(number) for number in range(5)]
    ready = np.concatenate([scaled(train)(one).features for one in train])
    assert np.allclose(ready.mean(axis=0), 0, atol=1e-5) and np.allclose(ready.std(axis=0), 1, atol=1e-4)
    other = replace(video(9), features=video(9).features + 1000)
    assert scaled(train)(other).features.mean() > 5


def test_thinned_keeps_what_belongs_together() -> None:
    one, half = video(1), thinned(video(1))
    assert half.picks.tolist() == one.picks[::2].tolist() and len(half.features) == len(half.target) == 20


def test_what_cannot_be_had_says_why() -> None:
    part = eccv16(None, Path(), Chosen((), {}, {}), lambda _: None)
    assert "--eccv16" in part["skipped"] and len(part["table"]["rows"][0]) == len(part["table"]["columns"])
    row = {"mean": {"f1": 0.5, "tau": 0.1, "rho": 0.2}, "half": {"f1": 0.1, "tau": 0.1, "rho": 0.1}, "splits": []}
    table = as_table({"one": row | {"tau above random": [0.1, 0.05]}}, "x")
    assert table["rows"][0] == ["one", "0.500 ± 0.100", "0.100 ± 0.100", "0.200 ± 0.100", "+0.100 ± 0.050"]


def test_the_real_gifs(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = media.parent / "gt" / "gif_thumbnails"
    if not folder.is_dir():
        pytest.skip("no GIF thumbnails here")
    monkeypatch.setattr(real, "read_gifs", lambda *paths: read_gifs(*paths)[:60])  # all of them take half a minute
    found = gifs(folder)
    assert found["facts"]["gif_videos"] == 60
    means = {name: one["mean"] for name, one in found["values"].items()}
    assert means["random, 10000 draws a video"] == pytest.approx(means["random, in closed form"], abs=0.01)
    assert means["people's GIFs, mean of each video"] > means["random, in closed form"]


def test_the_real_summe_has_its_rows(media: Path) -> None:
    pytest.importorskip("h5py")
    folder = media.parent / "gt" / "summe"
    if not folder.is_dir():
        pytest.skip("no annotations of SumMe here")
    rows = summe(folder, Chosen((), {}, {}), lambda _: None)["values"]
    assert rows["people"]["mean"]["tau"] > rows["least squares on single picks"]["mean"]["tau"]
    assert abs(rows["random, mean of 100 runs"]["mean"]["tau"]) < 0.01

"""The self-made rated set, its rule, and the bench's scorers; reading of rated sets."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from bench.judge import monotony, right_pairs, space_tables, spearman
from bench.rated import DEGRADATIONS, HELD_OUT, TAUGHT, degraded, make_set, scene, score_of, write_clip
from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.judge.forests import Folds, Task
from keyart.learn.judge.ratings import read_ratings
from keyart.learn.judge.tables import seed_tables
from keyart.models import have
from keyart.review.generated.features import Space, spaces

photographs = pytest.mark.skipif(
    not all(have(f"photo-{name}") for name in ("astronaut", "chelsea", "coffee", "hubble", "rocket")),
    reason="needs the sample photographs: keyart models pull samples",
)


@pytest.fixture(autouse=True)
def no_hub() -> None:
    """The photographs may be at hand, unlike in this folder's other tests: scenes are made of them."""


def test_the_rule_is_the_one_of_the_page() -> None:
    assert score_of({}) == 10.0
    assert score_of({"blur": 10.0}) == 1.0
    assert score_of({"noise": 2.0, "blur": 4.0}) == score_of({"blur": 4.0, "noise": 2.0}) == pytest.approx(5.5)
    assert score_of({"blur": 10.0, "noise": 10.0}) == 1.0
    page = (Path(__file__).parents[2] / "docs" / "judge.md").read_text("utf-8")
    assert all(f"| {kind} |" in page or f"| **{kind}** |" in page for kind in DEGRADATIONS)
    assert set(TAUGHT) | set(HELD_OUT) == set(DEGRADATIONS) and not set(TAUGHT) & set(HELD_OUT)


@pytest.mark.parametrize("kind", list(DEGRADATIONS))
def test_a_higher_level_changes_a_clip_more(kind: str) -> None:
    chance = np.random.default_rng(0)
    ground = np.repeat(np.repeat(chance.integers(0, 256, (45, 200, 3)), 4, 0), 4, 1).astype(np.uint8)
    clip = np.stack([ground[:, 4 * n : 4 * n + 320] for n in range(40)])
    kept = clip.copy()
    apart = []
    for level in (1.0, 5.0, 10.0):
        made = degraded(clip, {kind: level}, np.random.default_rng(1))
        assert made.shape == clip.shape and made.dtype == np.uint8
        apart.append(float(np.abs(made.astype(int) - clip).mean()))
    assert 0 < apart[0] < min(apart[1:])
    assert np.array_equal(clip, kept)


@photographs
def test_a_scene_is_the_same_each_time_and_another_for_each_seed() -> None:
    assert np.array_equal(scene(3).clip, scene(3).clip)
    assert not np.array_equal(scene(3).clip, scene(4).clip)


@photographs
def test_the_set_holds_no_kind_that_is_held_out(tmp_path: Path) -> None:
    folder = make_set(tmp_path, 1, 3)
    with (folder / "ratings.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["score"]) == 10.0 and rows[0]["levels"] == ""
    for row in rows:
        levels = dict(one.split(":") for one in row["levels"].split())
        assert set(levels) <= set(TAUGHT)
        assert float(row["score"]) == pytest.approx(score_of({k: float(v) for k, v in levels.items()}), abs=1e-3)
    found = read_ratings(folder)
    assert len(found.ratings) == 3 and {one.group for one in found.ratings} == {"scene-000"}
    assert "No person" in (folder / "NOTE.txt").read_text()


# --- scorers --------------------------------------------------------------------------------------------------------


def test_rank_correlation_and_pairs_by_hand() -> None:
    assert spearman([1, 2, 3, 4], [9.0, 9.0, 5.0, 1.0]) == pytest.approx(-0.9487, abs=1e-4)
    assert spearman([1, 2, 3], [4.0, 4.0, 4.0]) == 0.0
    assert right_pairs([9.0, 8.0, 8.5, 3.0]) == (3, 3)
    assert right_pairs([5.0, 5.0, 5.0]) == (0, 1)
    falling = [9.0 - level / 2 for level in range(10)]
    found = monotony({"a": {"none": [9.5], "blur": falling}}, ["blur"])["blur"]
    assert (found["spearman_worst"], found["pairs_right"], found["pairs"], found["below_untouched"]) == (-1, 36, 36, 10)


def test_tables_have_the_seed_s_form() -> None:
    tasks: tuple[Task, ...] = ("classification", "regression")
    folds = {(task, one): Folds((70.0, 80.0)) for one in spaces() for task in tasks}
    tables = seed_tables(folds)
    assert [title.split("(seed: ")[1].rstrip(")") for title, _ in tables] == [
        "table 3.2", "table 1", "table 2", "table 3", "table 4", "table 5",
    ]  # fmt: skip
    head, _, *rows = tables[0][1].splitlines()
    assert head == "| model | ONLY | L | S | OF | L_S | L_OF | S_OF | L_S_OF |"
    assert len(rows) == 6 and rows[0].startswith("| HPS | 75.00 ± 5.00 |")
    assert "| - |" in seed_tables({("regression", Space("HPS", "plain", "L")): Folds((1.0,))})[4][1]
    made = space_tables({one.name: {"classification": [70.0, 1.0], "regression": [2.0, 0.1]} for one in spaces()})
    assert len(made) == 6 and len(made["judge-regression-joined"]["rows"]) == 6


# --- rated sets -----------------------------------------------------------------------------------------------------


def clips(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_clip(path, np.zeros((3, 32, 32, 3), np.uint8))


def test_a_hub_folder_of_videos_is_read_as_it_lies(tmp_path: Path) -> None:
    clips(tmp_path, "train/a.mp4", "train/b.mp4")
    (tmp_path / "metadata.csv").write_text('file_name,prompt,score\ntrain/a.mp4,"a cat, asleep",7.5\nb.mp4,a dog,1\n')
    found = read_ratings(tmp_path)
    assert [(one.prompt, one.video.name, one.score) for one in found.ratings] == [
        ("a cat, asleep", "a.mp4", 7.5),
        ("a dog", "b.mp4", 1.0),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.jsonl", '{"text": "a cat", "video": "a", "MOS": 3}\n'),
        ("x.json", '{"data": [{"caption": "a cat", "path": "a.mp4", "rating": "3"}]}'),
        ("x.tsv", "Prompt\tVideo\tScore\na cat\ta.mp4\t3\n"),
    ],
)
def test_tables_of_every_kind_are_read(tmp_path: Path, name: str, text: str) -> None:
    clips(tmp_path, "a.mp4")
    (tmp_path / name).write_text(text)
    found = read_ratings(tmp_path / name).ratings[0]
    assert (found.prompt, found.video.name, found.score) == ("a cat", "a.mp4", 3.0)


def test_videos_with_a_note_beside_them_are_a_set(tmp_path: Path) -> None:
    clips(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "a.json").write_text('{"prompt": "a cat", "score": 4}')
    found = read_ratings(tmp_path)
    assert len(found.ratings) == 1 and found.ratings[0].score == 4.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prompt,video\na,a.mp4\n", "no score"),
        ("prompt,video,score\na,a.mp4,11\n", "between 1 and 10"),
        ("prompt,video,score\na,a.mp4,good\n", "a number"),
        ("prompt,video,score\na,../../etc/passwd,5\n", "none of the 1 videos"),
        ("", "holds no ratings"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path: Path, text: str, told: str) -> None:
    clips(tmp_path, "a.mp4")
    (tmp_path / "ratings.csv").write_text(text)
    with pytest.raises(BadData, match=told):
        read_ratings(tmp_path)
    with pytest.raises(MissingFile):
        read_ratings(tmp_path / "nowhere")

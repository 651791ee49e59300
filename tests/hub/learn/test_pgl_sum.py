"""PGL-SUM: its equations by hand, its published names, learning, going on, the file it leaves."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.sets.values import AnnotatedVideo, even_segments, no_features  # noqa: E402
from keyart.learn.summaries import SUMMARISERS  # noqa: E402
from keyart.learn.summaries.pgl_sum import LearnPglSum  # noqa: E402
from keyart.learn.summaries.pgl_sum_net import Attention, PglSum, Shape, positions  # noqa: E402
from keyart.learn.summaries.pgl_sum_training import Example, Regression, by_shape, example_of, scores_of  # noqa: E402
from keyart.learn.training import Plan, train  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402

SETTINGS: dict[str, Any] = {"epochs": 3, "batch": 2, "learning_rate": 3e-3, "heads": 2, "local_heads": 2, "segments": 2}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def video(name: str, seed: int, rows: int = 12, width: int = 8) -> AnnotatedVideo:
    """Every fifteenth frame has features; the first number of each decides on importance."""
    source = np.random.default_rng(seed)
    features = source.standard_normal((rows, width)).astype(np.float32)
    target = (1 / (1 + np.exp(-2 * features[:, 0]))).astype(np.float32)
    frames = np.repeat(target, 15)
    scores = np.stack([np.clip(frames + 0.05 * source.standard_normal(frames.shape), 0, 1) for _ in range(2)])
    return AnnotatedVideo(
        name, features, np.arange(rows) * 15, rows * 15, 30.0, even_segments(rows * 15, 30), scores.astype(np.float32),
        np.zeros((0, rows * 15), bool), target,
    )  # fmt: skip


def h5_of(path: Path, videos: list[AnnotatedVideo], texts: dict[str, Any] | None = None) -> Path:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for one in videos:
            group = file.create_group(one.name)
            group["features"], group["gtscore"], group["picks"] = one.features, one.target, one.picks
            group["change_points"], group["n_frames"] = one.segments, one.num_frames
            group["user_scores"] = one.scores
            if texts:
                group["text"] = texts[one.name]
    return path


def silent(_: str) -> None:
    pass


# --- equations ----------------------------------------------------------------------------------------------------


def filled(layer: Any, rows: list[list[float]]) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(rows))


def test_attention_is_a_softmax_that_is_not_scaled() -> None:
    one = Attention(2, 2, 1, dropout=0.0)
    filled(one.Wq[0], [[1, 0], [0, 1]])
    filled(one.Wk[0], [[2, 0], [0, 2]])
    filled(one.Wv[0], [[0, 1], [1, 0]])
    filled(one.out, [[3, 0], [0, 3]])
    frames = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    near = math.exp(2) / (math.exp(2) + 1)  # energies 2 and 0, not divided by sqrt(2)
    wanted = [[3 * (1 - near), 3 * near], [3 * near, 3 * (1 - near)]]
    assert one(frames)[0].tolist() == [pytest.approx(row, abs=1e-6) for row in wanted]


def test_places_are_added_to_the_energies() -> None:
    waves = positions(4, 4, 8, torch.zeros(1))
    assert waves[3].tolist() == pytest.approx([math.sin(3), math.cos(3), math.sin(0.3), math.cos(0.3)], abs=1e-6)
    # of an odd number of frames the last column is empty, and so is what is padding
    assert positions(5, 5, 8, torch.zeros(1))[:, 4].tolist() == [0.0] * 5
    assert positions(4, 3, 8, torch.zeros(1))[:, 2:].abs().max() == 0
    one = Attention(2, 2, 1, dropout=0.0, position=True)
    for layer in (*one.Wq, *one.Wk):
        filled(layer, [[0, 0], [0, 0]])
    filled(one.Wv[0], [[1, 0], [0, 1]])
    filled(one.out, [[1, 0], [0, 1]])
    found = one(torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]))[0]
    first = math.exp(0) / (math.exp(0) + math.exp(1))  # row 0: sin 0, cos 0
    second = math.exp(math.sin(1)) / (math.exp(math.sin(1)) + math.exp(math.cos(1)))
    assert found[:, 0].tolist() == pytest.approx([first, second], abs=1e-6)


def plain(network: Any, frames: Any) -> Any:
    """The same network written out: one head, one segment, one frame after another."""
    t = torch

    def heads(one: Any, rows: Any) -> Any:
        found = []
        for q, k, v in zip(one.Wq, one.Wk, one.Wv, strict=True):
            energies = q(rows) @ k(rows).T
            if one.position:
                for at in range(len(rows)):
                    for column in range(len(rows) // 2 * 2):
                        angle = at / 10_000 ** ((column - column % 2) / rows.shape[1])
                        energies[at, column] += math.cos(angle) if column % 2 else math.sin(angle)
            found.append(t.softmax(energies, dim=1) @ v(rows))
        return one.out(t.cat(found, dim=1))

    both = network.attention
    fused = heads(both.attention, frames)
    length = math.ceil(len(frames) / len(both.local_attention))
    unit = t.nn.functional.normalize
    local = [heads(one, frames[at * length : (at + 1) * length]) for at, one in enumerate(both.local_attention)]
    fused = unit(fused, dim=1) + unit(t.cat(local), dim=1)
    rows = network.norm_linear(t.relu(network.linear_1(network.norm_y(fused + frames))))
    return t.sigmoid(network.linear_2(rows))[:, 0]


@pytest.mark.parametrize("rows", [4, 7, 11, 12])
def test_the_whole_network_is_what_is_printed(rows: int) -> None:
    torch.manual_seed(0)
    network = PglSum(Shape(8, 2, 2, 4)).eval()
    frames = torch.randn(2, rows, 8)
    with torch.no_grad():
        found = network(frames)
        for one, scores in zip(frames, found, strict=True):
            assert torch.allclose(scores, plain(network, one), atol=1e-5)
    assert found.shape == (2, rows) and found.min() >= 0 and found.max() <= 1


def test_parameters_bear_the_published_names() -> None:
    names = set(PglSum(Shape(16, 8, 4, 4)).state_dict())
    heads = {f"attention.attention.W{kind}.{head}.weight" for kind in "kqv" for head in range(8)}
    local = {
        f"attention.local_attention.{part}.W{kind}.{head}.weight"
        for part in range(4) for kind in "kqv" for head in range(4)
    }  # fmt: skip
    outs = {"attention.attention.out.weight", *(f"attention.local_attention.{part}.out.weight" for part in range(4))}
    ends = {
        f"{name}.{kind}" for name in ("linear_1", "linear_2", "norm_y", "norm_linear") for kind in ("weight", "bias")
    }
    assert names == heads | local | outs | ends


def test_every_part_gets_a_gradient() -> None:
    network = PglSum(Shape(8, 2, 2, 2)).eval()
    network(torch.randn(3, 10, 8)).sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in network.parameters())


def test_the_loss_of_a_step_is_the_mean_of_the_videos_errors() -> None:
    class Fixed(torch.nn.Module):  # type: ignore[misc, name-defined]  # torch ships no types where the checks run
        def __init__(self) -> None:
            super().__init__()
            self.value = torch.nn.Parameter(torch.tensor(0.5))

        def forward(self, features: Any) -> Any:
            return self.value.expand(features.shape[:2])

    rows = [
        Example((np.zeros((count, 2), np.float32),), np.full(count, mark, np.float32))
        for count, mark in ((3, 1), (5, 0.2))
    ]
    learner = Regression(Fixed(), rows, LearnPglSum(Path(), Path(), weight_decay=0.0), 0)
    assert learner.step(rows)["loss"] == pytest.approx((0.25 + 0.09) / 2)
    assert len(by_shape([*rows, rows[0]])) == 2


# --- learning -----------------------------------------------------------------------------------------------------


def test_it_overfits_one_batch() -> None:
    recipe = LearnPglSum(Path(), Path(), **SETTINGS | {"epochs": 150, "dropout": 0.0})
    learner = recipe.learner([example_of(video("a", 0)), example_of(video("b", 1, rows=9))])
    history = train(learner, Plan(150))
    assert history[-1].training["loss"] < 1e-3 < history[0].training["loss"] / 20


def test_a_run_taken_up_again_equals_an_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = LearnPglSum(Path(), Path(), **SETTINGS)
    rows = [example_of(video(str(seed), seed, rows=10 + seed)) for seed in range(5)]

    def run(folder: Path) -> dict[str, Any]:
        learner = recipe.learner(rows)
        train(learner, Plan(3, checkpoint_steps=2), folder, "stamp")
        found: dict[str, Any] = learner.network.state_dict()
        return found

    whole, steps, real = run(tmp_path / "whole"), 0, Regression.step

    def dying(self: Regression, item: list[Example]) -> Any:
        nonlocal steps
        steps += 1
        if steps == 6:
            raise KeyboardInterrupt
        return real(self, item)

    with monkeypatch.context() as patch:
        patch.setattr(Regression, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "broken")
    torch.manual_seed(99)
    again = run(tmp_path / "broken")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_from_a_file_to_a_model_that_serves(tmp_path: Path) -> None:
    data = h5_of(tmp_path / "set.h5", [video(f"video_{seed}", seed) for seed in range(5)])
    recipe = LearnPglSum(data, tmp_path / "out", **SETTINGS | {"epochs": 20, "learning_rate": 5e-3, "dropout": 0.1})
    facts = recipe(silent)
    assert facts == json.loads((tmp_path / "out" / "pgl-sum.json").read_text("utf-8"))
    assert len(facts["splits"]) == 5 and facts["test"]["tau"] > 0.3 > abs(facts["test"]["random tau"])
    assert facts["test"]["human tau"] > 0.7 and str(tmp_path) not in json.dumps(facts)
    model = open_kamodel(tmp_path / "out" / "ranker.kamodel", "frames")
    rows = video("new", 9, rows=21).features
    assert model.frame_scores(rows).shape == (21,) and model.card.scores["tau"] == facts["test"]["tau"]
    assert recipe(silent) == facts  # all checkpoints are there: nothing is trained again


def test_the_table_has_it() -> None:
    videos = [video(str(seed), seed) for seed in range(4)]
    scorer = SUMMARISERS["pgl-sum"](videos, **SETTINGS)
    assert scorer(videos[0]).shape == (12,)
    assert np.array_equal(scorer(videos[0]), SUMMARISERS["pgl-sum"](videos, **SETTINGS)(videos[0]))


def test_what_cannot_be_learned_from() -> None:
    with pytest.raises(BadSetting, match="epochs"):
        LearnPglSum(Path(), Path(), epochs=0)
    with pytest.raises(BadSetting, match=r"columns; wanted is one width"):
        LearnPglSum(Path(), Path()).learner([example_of(video("a", 0)), example_of(video("b", 0, width=4))])
    one = video("a", 0)
    bare = AnnotatedVideo(
        "a", no_features(), one.picks, one.num_frames, 30.0, one.segments, one.scores, one.summaries, one.target
    )
    with pytest.raises(BadData, match="no features"):
        example_of(bare)


def test_a_network_without_local_mechanisms_answers_too() -> None:
    network = PglSum(Shape(8, 2, segments=0))
    assert scores_of(network, video("a", 0).features).shape == (12,)

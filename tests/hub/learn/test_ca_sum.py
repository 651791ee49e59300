"""CA-SUM: its attention, uniqueness, diversity and loss by hand; learning, going on, the file it leaves."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting  # noqa: E402
from keyart.learn.sets.values import AnnotatedVideo, even_segments  # noqa: E402
from keyart.learn.summaries import SUMMARISERS  # noqa: E402
from keyart.learn.summaries.ca_sum import ByLength, LearnCaSum  # noqa: E402
from keyart.learn.summaries.ca_sum_net import (  # noqa: E402
    CaSum,
    ConcentratedAttention,
    diversity,
    length_loss,
    same_block,
    uniqueness,
)
from keyart.learn.training import Plan, train  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402

TINY: dict[str, Any] = {"block": 4, "batch": 2, "dropout": 0.1, "learning_rate": 5e-3}


def features(seed: int, frames: int = 10, size: int = 6) -> Any:
    return np.random.default_rng(seed).normal(size=(frames, size)).astype(np.float32)


def video(name: str, seed: int, rows: int = 12) -> AnnotatedVideo:
    source = np.random.default_rng(seed)
    frames = rows * 15
    return AnnotatedVideo(
        name, features(seed, rows), np.arange(rows) * 15, frames, 30.0, even_segments(frames, 30),
        source.random((2, frames)).astype(np.float32), np.zeros((0, frames), bool),
        source.random(rows).astype(np.float32),
    )  # fmt: skip


def silent(_: str) -> None:
    pass


def test_blocks_lie_on_the_diagonal() -> None:
    assert same_block(5, 2, torch.zeros(1)).tolist() == [
        [1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1],
    ]  # fmt: skip


def test_uniqueness_by_hand() -> None:
    attention = torch.tensor([[[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.25, 0.25, 0.5]]])
    entropies = [math.log(2), 0.0, 0.5 * math.log(4) + 0.5 * math.log(2)]
    wanted = [one / sum(entropies) for one in entropies]
    assert uniqueness(attention)[0].tolist() == pytest.approx(wanted, abs=1e-5)


def test_diversity_by_hand() -> None:
    frames = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]]])
    attention = torch.tensor([[[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.7, 0.2]]])
    inside = same_block(3, 2, attention)
    # unlike: 0-1 are of one block; 0-2: 1 - cos = 2; 1-2: 1
    wanted = [2 * 0.5 / 2, 1 * 0.1 / 1, (2 * 0.1 + 1 * 0.7) / 3]
    assert diversity(attention, frames, inside)[0].tolist() == pytest.approx(wanted, abs=1e-6)
    assert diversity(attention, frames, torch.ones(3, 3))[0].tolist() == [0, 0, 0]  # one block: nothing lies outside


def test_what_lies_outside_the_block_is_not_read() -> None:
    torch.manual_seed(0)
    one = ConcentratedAttention(2, block=2)
    with torch.no_grad():
        for layer in (one.query, one.key):
            layer.weight.zero_()  # even attention: 1/4 to each of four frames
        one.value.weight.copy_(torch.eye(2))
        one.out.weight.copy_(torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]]))
        found = one(torch.tensor([[[1.0, 0.0], [3.0, 4.0], [100.0, 0.0], [0.0, 100.0]]]))[0]
    assert found[0].tolist() == pytest.approx([1.0, 1.0]) and found[1].tolist() == pytest.approx([1.0, 1.0])


def test_the_loss_by_hand() -> None:
    assert length_loss(torch.tensor([[0.2, 0.4], [0.9, 0.9]]), 0.5).tolist() == pytest.approx([0.2, 0.4])


def test_shapes_and_gradients() -> None:
    torch.manual_seed(0)
    network = CaSum(6, 4, 0.5)
    scores = network(torch.randn(3, 10, 6))
    assert scores.shape == (3, 10) and ((scores > 0) & (scores < 1)).all()
    scores[:, ::2].sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in network.parameters())


def test_it_overfits_one_batch() -> None:
    learner = LearnCaSum(Path(), Path(), sigma=0.8, **{**TINY, "dropout": 0.0}).learner([features(0), features(1)])
    history = train(learner, Plan(150))
    assert history[-1].training["length"] < 0.02 < history[0].training["length"]


def test_a_run_taken_up_again_equals_an_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [features(seed, frames) for seed, frames in enumerate((10, 12, 10))]

    def run(folder: Path) -> dict[str, Any]:
        learner = LearnCaSum(Path(), Path(), **TINY).learner(rows)
        train(learner, Plan(3, checkpoint_steps=1), folder, "stamp")
        found: dict[str, Any] = learner.network.state_dict()
        return found

    whole, steps, real = run(tmp_path / "whole"), 0, ByLength.step

    def dying(self: ByLength, item: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise KeyboardInterrupt
        return real(self, item)

    with monkeypatch.context() as patch:
        patch.setattr(ByLength, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "broken")
    torch.manual_seed(99)
    again = run(tmp_path / "broken")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_from_a_file_to_a_model_that_serves(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "set.h5", "w") as file:
        for one in (video(f"video_{seed}", seed, rows=10 + seed) for seed in range(5)):
            group = file.create_group(one.name)
            group["features"], group["gtscore"], group["picks"] = one.features, one.target, one.picks
            group["change_points"], group["n_frames"], group["user_scores"] = one.segments, one.num_frames, one.scores
    recipe = LearnCaSum(tmp_path / "set.h5", tmp_path / "out", epochs=2, **TINY)
    facts = recipe(silent)
    assert len(facts["splits"]) == 5 and (tmp_path / "out" / "ca-sum.json").is_file()
    model = open_kamodel(tmp_path / "out" / "ranker.kamodel", "frames")
    assert model.frame_scores(features(9, 21)).shape == (21,) and model.card.recipe == "ca-sum"
    assert replace(recipe)(silent) == facts


def test_the_table_has_it() -> None:
    rows = [video(str(seed), seed) for seed in range(3)]
    scores = SUMMARISERS["ca-sum"](rows, seed=1, epochs=2, **TINY)(rows[0])
    assert scores.shape == (12,) and ((scores > 0) & (scores < 1)).all()
    with pytest.raises(BadSetting, match="block"):
        LearnCaSum(Path(), Path(), block=0)

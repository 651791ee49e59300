"""AC-SUM-GAN: fragments, games, losses, who learns from what; learning, going on, the file it leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting  # noqa: E402
from keyart.learn.sets.values import AnnotatedVideo, even_segments  # noqa: E402
from keyart.learn.summaries import SUMMARISERS  # noqa: E402
from keyart.learn.summaries.ac_sum_gan import AcSumGan, LearnAcSumGan, discounted  # noqa: E402
from keyart.learn.summaries.ac_sum_gan_net import (  # noqa: E402
    Decoder,
    Discriminator,
    Encoder,
    Sizes,
    Summariser,
    first_state,
    membership,
)
from keyart.learn.summaries.unsupervised import batches, feature_size  # noqa: E402
from keyart.learn.training import Plan, train  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402

TINY: dict[str, Any] = {"hidden": 6, "layers": 1, "fragments": 5, "picks_share": 0.4, "learning_rate": 1e-2}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def features(seed: int, frames: int = 10, size: int = 4) -> Any:
    return np.random.default_rng(seed).normal(size=(frames, size)).astype(np.float32)


def video(name: str, seed: int, rows: int = 12) -> AnnotatedVideo:
    source = np.random.default_rng(seed)
    frames = rows * 15
    return AnnotatedVideo(
        name, features(seed, rows), np.arange(rows) * 15, frames, 30.0, even_segments(frames, 30),
        source.random((2, frames)).astype(np.float32), np.zeros((0, frames), bool),
        source.random(rows).astype(np.float32),
    )  # fmt: skip


def recipe(**settings: Any) -> LearnAcSumGan:
    return LearnAcSumGan(Path(), Path(), **{**TINY, **settings})


def silent(_: str) -> None:
    pass


# --- fragments and games ------------------------------------------------------------------------------------------


def test_fragments_are_even_and_short_videos_leave_some_empty() -> None:
    assert membership(5, 2, torch.zeros(1)).argmax(dim=1).tolist() == [0, 0, 0, 1, 1]
    state, taken = first_state(torch.tensor([[0.25, 0.75]]), membership(2, 4, torch.zeros(1)))
    assert state.tolist() == [[0.25, 0, 0.75, 0]] and taken.tolist() == [[0, 1, 0, 1]]
    state, _ = first_state(torch.tensor([[0.0, 0.5, 1.0, 0.2]]), membership(4, 2, torch.zeros(1)))
    assert state[0].tolist() == pytest.approx([0.25, 0.6])


def test_a_game_picks_each_fragment_once() -> None:
    torch.manual_seed(0)
    game = Summariser(Sizes(4, 6, fragments=5, picks=5, layers=1)).play(torch.rand(3, 10))
    assert game.kept.shape == (3, 5, 10) and game.states.shape == (3, 5, 5)
    assert game.kept.sum(dim=2).tolist() == [[2, 4, 6, 8, 10]] * 3  # two frames a fragment, one more fragment a pick
    assert game.entropies[:, -1].abs().max() < 1e-4 and (game.log_probabilities <= 0).all()
    changed = (game.states[:, 1:] != game.states[:, :-1]).sum(dim=2)
    assert (changed == 1).all() and (game.states[:, 1:].max(dim=2).values == 1).all()


def test_what_is_served_is_the_greedy_game() -> None:
    net = Summariser(Sizes(4, 6, fragments=5, picks=2, layers=1))
    for one in net.actor.parameters():
        torch.nn.init.zeros_(one)
    with torch.no_grad():
        net.actor[-1].bias.copy_(torch.tensor([0.0, 3.0, 1.0, 2.0, 0.0]))  # first fragment 1, then 3
        worth = net.worth(torch.ones(1, 10, 4))[1]
        scores = net(torch.ones(1, 10, 4))[0]
    assert scores[2:4].tolist() == [1.0, 1.0] and scores[6:8].tolist() == [0.75, 0.75]
    assert torch.equal(scores[[0, 1, 4, 5, 8, 9]], worth[0, [0, 1, 4, 5, 8, 9]] / 2)


@pytest.mark.parametrize("frames", [1, 2, 5, 37])
def test_any_length_is_scored(frames: int) -> None:
    scores = Summariser(Sizes(4, 6, fragments=5, picks=2))(torch.randn(2, frames, 4))
    assert scores.shape == (2, frames) and scores.min() >= 0 and scores.max() == 1


def test_shapes_of_what_rebuilds_and_judges() -> None:
    mean, log_variance = Encoder(6, 2)(torch.randn(3, 7, 6))
    rebuilt = Decoder(6, 2)(mean, 7)
    seen, original = Discriminator(6, 2)(rebuilt)
    assert mean.shape == log_variance.shape == seen.shape == (3, 6) and rebuilt.shape == (3, 7, 6)
    assert original.shape == (3,) and ((original > 0) & (original < 1)).all()


# --- losses -------------------------------------------------------------------------------------------------------


def test_later_rewards_count_less() -> None:
    assert discounted(torch.tensor([[1.0, 2.0, 4.0]]), 0.5)[0].tolist() == [1 + 1 + 1, 2 + 2, 4]


def test_losses_of_a_game_by_hand() -> None:
    learner = recipe(discount=0.5, entropy_weight=0.0, sigma=0.25).learner([features(0)])
    worth = torch.full((1, 10), 0.75, requires_grad=True)
    summariser, critic = learner.modules["summariser"], learner.modules["critic"]
    compressed, own = summariser.worth(torch.from_numpy(features(0))[None])
    game = summariser.play(own)
    values = critic(game.states)[0, :, 0].tolist()
    logs = game.log_probabilities[0].tolist()
    found = learner._play(game, own * 0 + worth, torch.tensor([[0.5, 1.0]]))
    advantages = [0.5 + 0.5 * 1.0 - values[0], 1.0 - values[1]]
    assert found["critic"].item() == pytest.approx(sum(one**2 for one in advantages) / 2, rel=1e-4)
    wanted = -sum(one * two for one, two in zip(logs, advantages, strict=True)) / 2
    assert found["actor"].item() == pytest.approx(wanted, rel=1e-4)
    assert found["sparsity"].item() == pytest.approx((0.75 - 0.25) ** 2)
    assert compressed.shape == (1, 10, 6)


def test_one_step_moves_every_network_and_each_by_its_own_loss() -> None:
    learner = recipe().learner([features(0), features(1)])
    before = {name: [one.clone() for one in net.parameters()] for name, net in learner.modules.items()}
    losses = learner.step(learner.epoch(0)[0])
    assert set(losses) == {
        "prior", "reconstruction", "fooled", "original", "summary", "actor", "critic", "sparsity", "reward",
    }  # fmt: skip
    for name, net in learner.modules.items():
        moved = [not torch.equal(one, other) for one, other in zip(net.parameters(), before[name], strict=True)]
        assert all(moved), name
    reward, rebuilt = (float(torch.as_tensor(losses[name]).detach()) for name in ("reward", "reconstruction"))
    assert reward == pytest.approx(1 - rebuilt, abs=1e-5)


def test_the_state_generator_learns_from_the_actors_loss() -> None:
    learner = recipe().learner([features(0)])
    net = learner.network
    game = net.play(net.worth(torch.from_numpy(features(0))[None])[1])
    (-game.log_probabilities.sum()).backward()
    grown = [one for name, one in net.named_parameters() if not name.startswith("actor")]
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in grown)


# --- learning -----------------------------------------------------------------------------------------------------


def test_it_overfits_one_batch() -> None:
    rows = [features(0), features(1)]
    learner = recipe(prior_weight=0.0, rebuilding_rate=1e-2, learning_rate=1e-3).learner(rows)
    history = train(learner, Plan(80))
    assert history[-1].training["reconstruction"] < 0.4 * history[0].training["reconstruction"]


def test_the_actor_finds_the_fragment_that_pays() -> None:
    learner = recipe(picks_share=0.2, entropy_weight=0.0).learner([features(0)])
    rows = torch.from_numpy(features(0))[None].repeat(16, 1, 1)
    for _ in range(80):
        _, worth = learner.network.worth(rows)
        game = learner.network.play(worth)
        learner._play(game, worth, game.kept[:, :, 6])  # a reward of 1 for the fragment of frames 6, 7
    assert learner.network(rows)[0, 6:8].tolist() == [1.0, 1.0]
    assert game.kept[:, 0, 6].mean() > 0.9


def test_regularisation_holds_the_mean_worth() -> None:
    learner = recipe(sigma=0.2).learner([features(seed) for seed in range(4)])
    train(learner, Plan(60))
    with torch.no_grad():
        worth = learner.network.worth(torch.from_numpy(features(0))[None])[1]
    assert float(worth.mean()) == pytest.approx(0.2, abs=0.08)


def test_only_videos_of_one_length_share_a_step() -> None:
    rows = [features(seed, frames) for seed, frames in enumerate((10, 12, 10, 10, 12))]
    shapes = sorted(one.shape for one in batches(rows, 2, 0, 0))
    assert shapes == [(1, 10, 4), (2, 10, 4), (2, 12, 4)]
    orders = {b"".join(one.tobytes() for one in batches(rows, 2, 0, epoch)) for epoch in range(5)}
    assert len(orders) > 1
    again = [one.tobytes() for one in batches(rows, 2, 0, 3)]
    assert again == [one.tobytes() for one in batches(rows, 2, 0, 3)]


def test_a_run_taken_up_again_equals_an_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [features(seed, frames) for seed, frames in enumerate((10, 12, 10))]

    def run(folder: Path) -> dict[str, Any]:
        learner = recipe(epochs=3).learner(rows)
        train(learner, Plan(3, checkpoint_steps=1), folder, "stamp")
        return {f"{of}.{name}": one for of, net in learner.modules.items() for name, one in net.state_dict().items()}

    whole, steps, real = run(tmp_path / "whole"), 0, AcSumGan.step

    def dying(self: AcSumGan, item: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise KeyboardInterrupt
        return real(self, item)

    with monkeypatch.context() as patch:
        patch.setattr(AcSumGan, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "broken")
    torch.manual_seed(99)
    again = run(tmp_path / "broken")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


@pytest.mark.parametrize("elm", [0.0, 0.5])
def test_from_a_file_to_a_model_that_serves(tmp_path: Path, elm: float) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "set.h5", "w") as file:
        for one in (video(f"video_{seed}", seed, rows=10 + seed) for seed in range(5)):
            group = file.create_group(one.name)
            group["features"], group["gtscore"], group["picks"] = one.features, one.target, one.picks
            group["change_points"], group["n_frames"], group["user_scores"] = one.segments, one.num_frames, one.scores
    whole = replace(recipe(epochs=2, elm_weight=elm), data=tmp_path / "set.h5", out=tmp_path / "out")
    facts = whole(silent)
    assert facts == json.loads((tmp_path / "out" / "ac-sum-gan.json").read_text("utf-8"))
    assert len(facts["splits"]) == 5 and {"f1", "tau", "random f1", "human f1"} <= set(facts["test"])
    model = open_kamodel(tmp_path / "out" / "ranker.kamodel", "frames")
    assert model.frame_scores(features(9, 21)).shape == (21,) and model.card.settings["elm_weight"] == elm
    assert whole(silent) == facts  # all checkpoints are there: nothing is trained again
    if elm:  # K is half of the epochs: another number of them is another training
        with pytest.raises(BadSetting, match="other settings"):
            replace(whole, epochs=4)(silent)


@pytest.mark.parametrize("name", ["ac-sum-gan", "ac-sum-gan-elm"])
def test_the_table_has_it(name: str) -> None:
    rows = [video(str(seed), seed) for seed in range(3)]
    scores = SUMMARISERS[name](rows, seed=1, epochs=2, **TINY)(rows[0])
    assert scores.shape == (12,) and scores.max() == 1
    assert np.array_equal(scores, SUMMARISERS[name](rows, seed=1, epochs=2, **TINY)(rows[0]))


def test_what_cannot_be_learned_from() -> None:
    with pytest.raises(BadSetting, match="picks_share"):
        recipe(picks_share=0.0)
    with pytest.raises(BadSetting, match="one width"):
        feature_size([features(0), features(0, size=3)])
    with pytest.raises(BadSetting, match="no columns"):
        recipe().learner([np.zeros((0, 0), np.float32)])

"""The ELM loss: equations 5-7 of D5.4 §3.6 by hand, which way it pulls, and the two phases."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting  # noqa: E402
from keyart.learn.summaries.ac_sum_gan import AcSumGan, LearnAcSumGan  # noqa: E402
from keyart.learn.summaries.elm import elm_loss, layers_of, reference_of, with_elm  # noqa: E402
from keyart.learn.training import Plan, train  # noqa: E402

TINY: dict[str, Any] = {"hidden": 4, "layers": 1, "fragments": 4, "picks_share": 0.5, "learning_rate": 1e-2}


def apart(agent_: Any, reference: Any) -> float:
    return float(elm_loss(agent_, reference).detach())


def agent(*layers: tuple[list[float], float]) -> Any:
    """Linear layers of one output each, of these weights and this bias."""
    net = torch.nn.Sequential(*(torch.nn.Linear(len(weights), 1) for weights, _ in layers))
    with torch.no_grad():
        for layer, (weights, bias) in zip(net, layers, strict=True):
            layer.weight.copy_(torch.tensor([weights]))
            layer.bias.fill_(bias)
    return net


def videos(count: int = 3, frames: int = 8) -> list[Any]:
    return [np.random.default_rng(seed).normal(size=(frames, 5)).astype(np.float32) for seed in range(count)]


def test_equation_7_by_hand() -> None:
    reference = reference_of(agent(([3.0, 0.0], 4.0), ([1.0], 0.0)))
    now = agent(([0.0, 0.0], 2.0), ([-2.0], 0.0))
    # layers (0, 0, 2) and (3, 0, 4): cosine 8 / (2 * 5); layers (-2, 0) and (1, 0): cosine -1
    assert apart(now, reference) == pytest.approx((1 - 0.8) + (1 + 1))


def test_a_layer_is_its_weights_and_its_bias() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    assert [len(one) for one in layers_of(net)] == [3 * 2 + 2, 2 + 1]


def test_the_same_agent_is_not_punished_and_a_scaled_one_is_the_same() -> None:
    now = agent(([1.0, 2.0], -1.0))
    reference = reference_of(now)
    assert apart(now, reference) == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        for one in now.parameters():
            one.mul_(3)
    assert apart(now, reference) == pytest.approx(0, abs=1e-6)


def test_the_reference_is_frozen() -> None:
    now = agent(([1.0], 1.0))
    reference = reference_of(now)
    with torch.no_grad():
        now[0].weight.fill_(-5)
    assert reference[0].tolist() == [1.0, 1.0] and not reference[0].requires_grad


def test_equations_5_and_6_subtract_it() -> None:
    now, reference = agent(([0.0], 1.0)), [torch.tensor([1.0, 0.0])]  # at a right angle: distance 1
    assert float(with_elm(torch.tensor(2.0), now, reference, 0.25).detach()) == pytest.approx(2 - 0.25 * 1)


def test_its_gradient_by_hand_rewards_being_different() -> None:
    now, reference = agent(([1.0], 1.0)), [torch.tensor([1.0, 0.0])]
    with_elm(torch.zeros(()), now, reference, 2.0).backward()
    # L = -2 (1 - cos); d cos / dw at w = (1, 1), r = (1, 0): (1, -1) / (2 sqrt 2)
    wanted = 2 / (2 * math.sqrt(2))
    assert float(now[0].weight.grad) == pytest.approx(wanted) and float(now[0].bias.grad) == pytest.approx(-wanted)
    before = apart(now, reference)
    with torch.no_grad():
        for one in now.parameters():
            one.sub_(0.1 * one.grad)  # going down the loss goes away from the reference
    assert apart(now, reference) > before


# --- two phases -----------------------------------------------------------------------------------------------------


def trained(epochs: int, **settings: Any) -> AcSumGan:
    learner = LearnAcSumGan(Path(), Path(), epochs=epochs, **TINY, **settings).learner(videos())
    train(learner, Plan(epochs))
    return learner


def weights(learner: AcSumGan) -> dict[str, Any]:
    return {f"{of}.{name}": one for of, net in learner.modules.items() for name, one in net.state_dict().items()}


def test_the_first_phase_is_the_baseline() -> None:
    elm, plain = trained(4, elm_weight=5.0, elm_after=4 - 1), trained(3)
    for name, agent_ in (("actor", plain.network.actor), ("critic", plain.modules["critic"])):
        assert all(
            torch.equal(one, other) for one, other in zip(elm.reference[name], reference_of(agent_), strict=True)
        )
    assert not plain.reference


def test_the_second_phase_drives_actor_and_critic_away() -> None:
    elm, plain = trained(24, elm_weight=5.0, elm_after=2), trained(24)
    for name, mine, theirs in (
        ("actor", elm.network.actor, plain.network.actor),
        ("critic", elm.modules["critic"], plain.modules["critic"]),
    ):
        assert apart(mine, elm.reference[name]) > 2 * apart(theirs, elm.reference[name])


def test_without_weight_there_is_no_second_phase() -> None:
    one, other = weights(trained(4, elm_after=2)), weights(trained(4))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_half_of_the_epochs_unless_said_otherwise() -> None:
    assert LearnAcSumGan(Path(), Path(), epochs=200).reference_epoch == 100
    assert LearnAcSumGan(Path(), Path(), epochs=200, elm_after=150).reference_epoch == 150
    with pytest.raises(BadSetting, match="second phase"):
        LearnAcSumGan(Path(), Path(), epochs=100, elm_weight=0.1, elm_after=100)


@pytest.mark.parametrize("dies_at", [3, 8])
def test_a_run_taken_up_again_remembers_what_it_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    def run(folder: Path) -> AcSumGan:
        learner = LearnAcSumGan(Path(), Path(), epochs=5, elm_weight=1.0, elm_after=2, batch=2, **TINY).learner(
            videos()
        )
        train(learner, Plan(5, checkpoint_steps=1), folder, "stamp")
        return learner

    whole, steps, real = run(tmp_path / "whole"), 0, AcSumGan.step

    def dying(self: AcSumGan, item: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == dies_at:
            raise KeyboardInterrupt
        return real(self, item)

    with monkeypatch.context() as patch:
        patch.setattr(AcSumGan, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "broken")
    torch.manual_seed(99)
    again = run(tmp_path / "broken")
    assert all(torch.equal(one, weights(again)[name]) for name, one in weights(whole).items())
    assert all(torch.equal(*pair) for pair in zip(whole.reference["actor"], again.reference["actor"], strict=True))

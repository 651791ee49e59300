"""The loop on a small network with dropout: killed and taken up again, watched, stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting  # noqa: E402
from keyart.learn.training import (  # noqa: E402
    EpochScores,
    Plan,
    autocast,
    best_of,
    plain_settings,
    rng,
    seeded,
    shuffled,
    stamp_of,
    train,
)


@dataclass(frozen=True)
class LearnToy:
    data: Path
    out: Path
    seed: int = 0
    sizes: tuple[int, ...] = (3, 4)


class Killed(Exception):
    pass


class Toy:
    """Learns the mean of its rows through a recurrent layer with dropout."""

    def __init__(self, dies_after: int = -1, scores: Sequence[float] = ()) -> None:
        seeded(5)
        self.net = torch.nn.LSTM(3, 6, batch_first=True)
        self.head = torch.nn.Linear(6, 1)
        self.modules = {"net": self.net, "head": self.head}
        weights = [*self.net.parameters(), *self.head.parameters()]
        self.optimisers = {"adam": torch.optim.Adam(weights, lr=0.02)}
        self.schedulers = {"steps": torch.optim.lr_scheduler.StepLR(self.optimisers["adam"], 2, 0.5)}
        self.rows = torch.randn(9, 4, 3)
        self.dies_after, self.scores, self.seen = dies_after, scores, 0
        self.looks = 0

    def epoch(self, number: int) -> list[int]:
        return shuffled(range(len(self.rows)), 0, number)

    def step(self, item: int) -> dict[str, Any]:
        if self.seen == self.dies_after:
            raise Killed
        self.seen += 1
        rows = self.rows[item : item + 1]
        out = self.head(torch.dropout(self.net(rows)[0][:, -1], 0.3, True))
        loss = ((out - rows.mean()) ** 2).mean()
        self.optimisers["adam"].zero_grad()
        loss.backward()
        self.optimisers["adam"].step()
        return {"loss": loss}

    def validate(self) -> dict[str, float]:
        self.looks += 1
        return {"f1": self.scores[self.looks - 1]} if self.scores else {}

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def restore(self, state: dict[str, Any]) -> None:
        self.seen = state["seen"]

    def weights(self) -> list[Any]:
        return [one.detach().clone() for module in self.modules.values() for one in module.parameters()]


def same(one: Toy, other: Toy) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.weights(), other.weights(), strict=True))


@pytest.mark.parametrize("dies_after", [4, 9, 22])
def test_a_run_that_was_killed_ends_with_the_same_weights(tmp_path: Path, dies_after: int) -> None:
    whole = Toy()
    train(whole, Plan(4, checkpoint_steps=2), tmp_path / "whole", "x")
    with pytest.raises(Killed):
        train(Toy(dies_after), Plan(4, checkpoint_steps=2), tmp_path / "killed", "x")
    again = Toy()
    history = train(again, Plan(4, checkpoint_steps=2), tmp_path / "killed", "x")
    assert same(whole, again) and again.seen == whole.seen == 36 and len(history) == 4


def test_nothing_is_written_without_a_folder_and_the_weights_are_the_same(tmp_path: Path) -> None:
    one, other = Toy(), Toy()
    train(one, Plan(3), tmp_path / "run", "x")
    train(other, Plan(3))
    assert same(one, other)
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 3
    assert json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[0])["training"]["loss"] > 0
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_the_best_epoch_is_kept_and_training_stops_when_nothing_gets_better() -> None:
    toy, at_best = Toy(scores=(0.2, 0.6, 0.5, 0.4, 0.9)), Toy(scores=(0.2, 0.6))
    history = train(toy, Plan(5, watch="f1", patience=2))
    assert [one.validation["f1"] for one in history] == [0.2, 0.6, 0.5, 0.4]
    train(at_best, Plan(2))
    assert same(toy, at_best)


def test_the_best_epoch_may_be_the_lowest_and_ties_go_to_the_first() -> None:
    history = [EpochScores(n + 1, {}, {"loss": value}, 0.0) for n, value in enumerate((0.4, 0.2, 0.2, float("nan")))]
    assert best_of(history, "-loss") == 1 and best_of(history, "loss") == 0 and best_of(history, "") == 3
    with pytest.raises(BadSetting, match="no 'f1' to watch; it gave: loss"):
        best_of(history, "f1")


def test_a_checkpoint_of_other_settings_is_refused_and_a_broken_one_too(tmp_path: Path) -> None:
    train(Toy(), Plan(1), tmp_path, "one")
    with pytest.raises(BadSetting, match="other settings or data"):
        train(Toy(), Plan(1), tmp_path, "another")
    (tmp_path / "checkpoint.pt").write_bytes(b"torn")
    with pytest.raises(BadSetting, match="cannot be read"):
        train(Toy(), Plan(1), tmp_path, "one")


def test_plans_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadSetting, match="1 or more"):
        Plan(0)
    with pytest.raises(BadSetting, match="to watch"):
        Plan(3, patience=2)


def test_orders_and_draws_depend_on_their_names_alone() -> None:
    assert shuffled(range(50), 1, 2) == shuffled(range(50), 1, 2) != shuffled(range(50), 1, 3)
    assert rng(1, "a").random() == rng(1, "a").random() != rng(1, "b").random()


def test_a_stamp_changes_with_what_the_training_depends_on(tmp_path: Path) -> None:
    one = LearnToy(data=tmp_path / "a", out=tmp_path / "b")
    same_training = LearnToy(data=tmp_path / "c", out=tmp_path / "d")
    other = LearnToy(data=tmp_path / "a", out=tmp_path / "b", seed=1)
    assert stamp_of(one, "s") == stamp_of(same_training, "s") != stamp_of(other, "s")
    assert stamp_of(one, "s") != stamp_of(one, "t")
    assert "out" not in plain_settings(one) and json.dumps(plain_settings(one))


def test_mixed_precision_is_only_where_it_is_asked_for() -> None:
    rows = torch.randn(4, 4)
    with autocast("full"):
        assert (rows @ rows).dtype == torch.float32
    with autocast("bf16"):
        assert (rows @ rows).dtype == torch.bfloat16

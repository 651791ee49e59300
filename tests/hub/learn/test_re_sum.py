"""Re-SUM: equations 8 to 12, what is frozen, both ways of fine-tuning, a base from another run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadModel, BadSetting, MissingFile  # noqa: E402
from keyart.learn.summaries import SUMMARISERS  # noqa: E402
from keyart.learn.summaries.pgl_sum_training import example_of  # noqa: E402
from keyart.learn.summaries.re_sum import LearnReSum, load, save, weights_of  # noqa: E402
from keyart.learn.summaries.re_sum_net import (  # noqa: E402
    SIZES,
    Layer,
    Reprogrammed,
    Size,
    Transformer,
    learnable,
    only_last,
    places,
)
from keyart.learn.training import Plan, train  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402
from tests.hub.learn.test_pgl_sum import h5_of, silent, video  # noqa: E402

TINY = Size(1, 2, 16)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def base() -> Any:
    torch.manual_seed(0)
    return Transformer(8, TINY)


def examples(count: int = 2) -> list[Any]:
    return [example_of(video(f"video_{seed}", seed)) for seed in range(count)]


def test_the_program_is_weighed_and_added_to_every_frame(base: Any) -> None:
    one = Reprogrammed(base, alpha=0.75)  # equations 8 and 9
    assert one.program.shape == (8,)
    with torch.no_grad():
        one.program.copy_(torch.arange(8.0))
    features = torch.ones(2, 3, 8) * 4
    wanted = [0.25 * at + 0.75 * 4 for at in range(8)]
    assert one.programmed(features).reshape(-1, 8).tolist() == [pytest.approx(wanted)] * 6
    # equation 11: the regressor sees that and nothing else
    one.eval()
    assert torch.equal(one(features), base.eval()(one.programmed(features)))


def test_the_gradient_reaches_the_program_alone(base: Any) -> None:
    one = Reprogrammed(base, alpha=0.6)  # equation 12
    features, target = torch.randn(2, 5, 8), torch.rand(2, 5)
    ((one.train()(features) - target) ** 2).mean().backward()
    assert all(weight.grad is None for weight in one.regressor.parameters())
    # the chain rule: dL/dW is (1 - alpha) times the sum over frames of the gradient at the input
    seen = one.programmed(features).detach().requires_grad_(True)
    (inner,) = torch.autograd.grad(((base.eval()(seen) - target) ** 2).mean(), seen)
    assert torch.allclose(one.program.grad, 0.4 * inner.sum(dim=(0, 1)), atol=1e-7)
    assert one.program.grad.abs().sum() > 0


def test_equation_10_on_a_network_that_can_be_solved_by_hand() -> None:
    """T(x) = x1 + x2 and MSE: the best program has W1 + W2 = mean(y / (1 - alpha) - alpha / (1 - alpha) (h1 + h2))."""

    class Sum(torch.nn.Module):  # type: ignore[misc, name-defined]  # torch ships no types where the checks run
        features = 2

        def forward(self, rows: Any) -> Any:
            return rows.sum(dim=-1)

    one = Reprogrammed(Sum(), alpha=0.5)
    features, target = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]]), torch.tensor([[0.9, 0.7]])
    descent = torch.optim.SGD([one.program], lr=0.5)
    for _ in range(100):
        descent.zero_grad()
        ((one(features) - target) ** 2).mean().backward()
        descent.step()
    assert float(one.program.detach().sum()) == pytest.approx(((1.8 - 1) + (1.4 - 2)) / 2, abs=1e-5)


def test_the_layers_attention_by_hand() -> None:
    layer = Layer(Size(1, 1, 2), 0.0)
    with torch.no_grad():
        layer.to_all.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]))
        layer.to_all.bias.zero_()
        layer.out.weight.copy_(torch.eye(2))
        layer.out.bias.zero_()
        found = layer._attention(torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]))
    near = math.exp(1 / math.sqrt(2)) / (math.exp(1 / math.sqrt(2)) + 1)
    assert found[0].tolist() == [pytest.approx([near, 1 - near]), pytest.approx([1 - near, near])]
    waves = places(torch.zeros(1, 3, 4))
    assert waves[2].tolist() == pytest.approx([math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)], abs=1e-6)


def test_how_many_numbers_are_learned(base: Any) -> None:
    whole = learnable(base)
    assert learnable(Reprogrammed(base, 0.5)) == 8
    fresh = Transformer(8, TINY)
    assert (
        learnable(only_last(fresh)) == 16 * 16 + 16 + 16 + 1 < whole == sum(one.numel() for one in fresh.parameters())
    )
    assert learnable(Reprogrammed(Transformer(1024, SIZES["tiny"]), 0.5)) == 1024  # about a thousand, as the seed says
    sizes = [learnable(Transformer(1024, one)) for one in (SIZES[name] for name in ("tiny", "small", "med"))]
    assert sizes == sorted(sizes) and sizes[2] > 10_000_000


@pytest.mark.parametrize("way", ["program", "whole", "last"])
def test_what_each_way_changes(way: Any, base: Any) -> None:
    before = {name: value.clone() for name, value in base.state_dict().items()}
    recipe = LearnReSum(Path(), Path(), base="given", way=way, learning_rate=0.01, epochs=2)
    learner = recipe.learner(examples(), base=base)
    train(learner, Plan(2))
    after = base.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    wanted = {"program": set(), "whole": set(before), "last": {name for name in before if name.startswith("last.")}}
    assert changed == wanted[way]
    assert way != "program" or learner.network.program.abs().sum() > 0


def test_the_frozen_network_drops_nothing(base: Any) -> None:
    one = Reprogrammed(Transformer(8, TINY, dropout=0.5), 0.5).train()
    rows = torch.randn(1, 6, 8)
    assert torch.equal(one(rows), one(rows))


@pytest.mark.parametrize("way", ["program", "whole"])
def test_it_overfits_one_batch(way: Any) -> None:
    """A program can not say everything: what it is to learn is what some program says."""
    torch.manual_seed(1)
    base = Transformer(8, TINY, dropout=0.0)
    rows = examples()
    if way == "program":
        hidden = Reprogrammed(base, 0.5).eval()
        with torch.no_grad():
            for one in base.last.parameters():  # drawn weights alone say nearly the same of every frame
                one.mul_(10)
            hidden.program.normal_(0, 2)
            rows = [type(one)(one.inputs, hidden(torch.from_numpy(one.inputs[0])[None])[0].numpy()) for one in rows]
    recipe = LearnReSum(Path(), Path(), base="given", way=way, learning_rate=0.02 if way == "program" else 3e-3)
    history = train(recipe.learner(rows, base=base), Plan(400))
    assert history[-1].training["loss"] < history[0].training["loss"] / 20


@pytest.mark.parametrize("way", ["program", "whole", "last"])
def test_going_on_gives_the_same_weights(way: Any, tmp_path: Path) -> None:
    recipe = LearnReSum(Path(), Path(), base="given", way=way, learning_rate=0.01, batch=2)

    def run(folder: Path, *epochs: int) -> dict[str, Any]:
        for count in epochs:
            torch.manual_seed(7)
            learner = recipe.learner(examples(5), base=Transformer(8, TINY))
            train(learner, Plan(count), folder, "stamp")
        found: dict[str, Any] = learner.network.state_dict()
        return found

    whole, parts = run(tmp_path / "whole", 4), run(tmp_path / "parts", 1, 3, 4)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_from_one_set_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "tiny", TINY)
    source = h5_of(tmp_path / "source.h5", [video(f"video_{seed}", seed) for seed in range(6)])
    target = h5_of(tmp_path / "target.h5", [video(f"video_{seed}", 50 + seed) for seed in range(4)])
    first = LearnReSum(source, tmp_path / "a", way="whole", size="tiny", epochs=20, learning_rate=3e-3)(silent)
    assert first["test"]["tau"] > 0.3 and weights_of(tmp_path / "a") == tmp_path / "a" / "transformer.pt"
    recipe = LearnReSum(target, tmp_path / "b", base=str(tmp_path / "a" / "ranker.kamodel"), epochs=10)
    facts = recipe(silent)
    assert facts["trained_numbers"] == 8 and first["trained_numbers"] > 1000
    assert facts == json.loads((tmp_path / "b" / "re-sum.json").read_text("utf-8"))
    assert str(tmp_path) not in json.dumps(facts)
    model = open_kamodel(tmp_path / "b" / "ranker.kamodel", "frames")
    rows = video("new", 9).features
    # base and program are all that there is: taken away, the base answers as before
    program = np.load(tmp_path / "b" / "program.npy")
    one = Reprogrammed(load(tmp_path / "a" / "transformer.pt"), recipe.alpha).eval()
    with torch.no_grad():
        one.program.copy_(torch.from_numpy(program))
        wanted = one(torch.from_numpy(rows)[None])[0].numpy()
    assert np.allclose(model.frame_scores(rows), wanted, atol=1e-4)


def test_bases_that_are_none(tmp_path: Path, base: Any) -> None:
    with pytest.raises(MissingFile, match="way whole"):
        weights_of(tmp_path)
    (tmp_path / "transformer.pt").write_bytes(b"rubbish")
    with pytest.raises(BadModel, match="no transformer"):
        load(weights_of(tmp_path))
    save(tmp_path / "transformer.pt", base)
    assert load(tmp_path / "transformer.pt").size == TINY
    with pytest.raises(BadSetting, match="no fine-tuning"):
        LearnReSum(Path(), Path(), way="last")
    with pytest.raises(BadSetting, match="alpha"):
        LearnReSum(Path(), Path(), alpha=1.0)
    with pytest.raises(BadSetting, match="eats 8 features"):
        LearnReSum(Path(), Path()).learner([example_of(video("a", 0, width=4))], base=base)


def test_the_table_has_it() -> None:
    videos = [video(str(seed), seed) for seed in range(3)]
    scorer = SUMMARISERS["re-sum"](videos, epochs=2, size="tiny")
    assert scorer(videos[0]).shape == (12,)

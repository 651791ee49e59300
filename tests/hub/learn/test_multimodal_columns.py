"""The double-column network: what each column sees, how it learns, how its weights are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadModel, BadSetting, MissingFile  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.multimodal.columns import (  # noqa: E402
    LearnColumns,
    RatedPicture,
    as_tensor,
    crop_view,
    fit_columns,
    load_columns,
    measured,
    network_of,
    picture_scores,
    read_rated,
    save_columns,
    whole_view,
)

HERE = Path()
TINY = LearnColumns(
    HERE, HERE, side_px=12, filters=4, first_kernel=3, first_stride=1, wide=(12, 6), epochs=3, batch=8,
    learning_rate=3e-3,
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rated(count: int, seed: int = 0) -> list[RatedPicture]:
    """Light ones are good."""
    chance = np.random.default_rng(seed)
    levels = chance.uniform(0, 1, count)
    noise = chance.normal(0, 10, (count, 20, 28, 3))
    return [
        RatedPicture(np.clip(255 * level + one, 0, 255).astype(np.uint8), float(level))
        for level, one in zip(levels, noise, strict=True)
    ]


def test_the_published_sizes() -> None:
    network = network_of(LearnColumns(HERE, HERE))
    shapes = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    assert shapes["columns.global.looks.0.weight"] == (64, 3, 11, 11)
    assert shapes["columns.local.looks.4.weight"] == (64, 64, 5, 5)
    assert shapes["columns.local.looks.8.weight"] == shapes["columns.local.looks.10.weight"] == (64, 64, 3, 3)
    assert shapes["columns.global.rates.0.weight"][0] == 1000
    assert shapes["columns.global.rates.3.weight"] == (256, 1000)
    assert shapes["joined.weight"] == (1, 512)
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 3, 224, 224), torch.zeros(1, 2, 3, 224, 224)).shape == (1,)


def test_views_are_the_whole_and_a_piece_of_it() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 30:] = 200
    whole = whole_view(picture, 10)
    assert whole.shape == (10, 10, 3)
    assert (whole[:, :5] == 0).all() and (whole[:, 5:] == 200).all()
    assert (crop_view(picture, 10, 0.5, 0.0) == 0).all()
    assert (crop_view(picture, 10, 1.0, 1.0) == 200).all()
    assert np.array_equal(crop_view(picture, 10, 0.5, 0.5), picture[15:25, 25:35])
    assert crop_view(picture[:4, :6], 10, 0.3, 0.7).shape == (10, 10, 3)
    assert float(as_tensor([picture]).min()) == -2.0


def test_several_crops_count_as_the_mean_of_their_logits() -> None:
    network = network_of(TINY).eval()
    whole, crops = torch.randn(2, 3, 12, 12), torch.randn(2, 3, 3, 12, 12)
    with torch.no_grad():
        together = network(whole, crops)
        alone = torch.stack([network(whole, crops[:, place : place + 1]) for place in range(3)]).mean(dim=0)
    assert torch.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("columns", [("global",), ("local",), ("global", "local")])
def test_every_weight_has_a_gradient_and_a_column_left_out_sees_nothing(columns: tuple[str, ...]) -> None:
    torch.manual_seed(0)
    network = network_of(dataclasses.replace(TINY, columns=columns)).eval()
    whole, crops = torch.randn(4, 3, 12, 12, requires_grad=True), torch.randn(4, 1, 3, 12, 12, requires_grad=True)
    network(whole, crops).square().sum().backward()
    assert all(one.grad is not None for one in network.parameters())
    assert (whole.grad is not None, crops.grad is not None) == ("global" in columns, "local" in columns)


@pytest.mark.parametrize("labels", ["binary", "regression"])
def test_it_learns_which_are_good(labels: Any) -> None:
    recipe = dataclasses.replace(TINY, labels=labels, epochs=20, learning_rate=1e-2)
    network, history = fit_columns(rated(48), rated(8, 1), recipe)
    found = measured(picture_scores(network, [one.pixels for one in rated(40, 2)]), rated(40, 2))
    assert history[-1].training["loss"] < history[0].training["loss"]
    assert found["roc_auc"] > 0.95 and found["correlation"] > 0.7


def test_losses_by_hand() -> None:
    from keyart.learn.multimodal.columns import _Columns

    logits, ratings = torch.tensor([0.0, 2.0]), [0.8, 0.3]
    sigmoid = 1 / (1 + np.exp(-2))
    for labels, wanted in (
        ("binary", (np.log(2) - np.log(1 - sigmoid)) / 2),
        ("regression", ((0.5 - 0.8) ** 2 + (sigmoid - 0.3) ** 2) / 2),
    ):
        learner = _Columns(rated(8), rated(2), dataclasses.replace(TINY, labels=labels))  # type: ignore[arg-type]
        assert float(learner.loss(logits, ratings)) == pytest.approx(wanted, abs=1e-6)
    learner = _Columns(rated(40), rated(2), dataclasses.replace(TINY, margin=0.2))
    assert {abs(one.rating - 0.5) >= 0.2 for one in learner.pictures} == {True} and len(learner.pictures) < 40


def test_one_batch_is_learned_by_heart() -> None:
    chance = np.random.default_rng(0)
    noise = [RatedPicture(chance.integers(0, 256, (12, 12, 3)).astype(np.uint8), float(one % 2)) for one in range(8)]
    network, _ = fit_columns(noise, noise, dataclasses.replace(TINY, filters=8, epochs=80, wide=(64, 32)))
    assert measured(picture_scores(network, [one.pixels for one in noise]), noise)["accuracy"] == 1.0


def test_a_run_taken_up_again_equals_an_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = fit_columns(rated(20), rated(6), TINY, tmp_path / "whole", "stamp")
    steps, real = 0, torch.optim.AdamW.step

    def dying(self: Any, *args: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps > 5:
            raise KeyboardInterrupt
        return real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            fit_columns(rated(20), rated(6), TINY, tmp_path / "broken", "stamp")
    torch.manual_seed(123)
    again, _ = fit_columns(rated(20), rated(6), TINY, tmp_path / "broken", "stamp")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_a_folder_of_rated_pictures_becomes_weights_that_can_be_loaded(tmp_path: Path) -> None:
    from PIL import Image

    rows = ["file,rating"]
    for number, one in enumerate(rated(24)):
        Image.fromarray(one.pixels).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{one.rating:.3f}")
    (tmp_path / "ratings.csv").write_text("\n".join(rows), encoding="utf-8")
    recipe = dataclasses.replace(TINY, data=tmp_path, out=tmp_path / "out")
    facts = recipe(lambda _: None)
    assert set(facts["test"]) == {"accuracy", "roc_auc", "correlation"}
    network = load_columns(tmp_path / "out" / "columns.pt")
    pictures = [one.pixels for one in rated(5, 3)]
    once = picture_scores(network, pictures)
    assert once.shape == (5,) and np.array_equal(once, picture_scores(network, pictures))
    assert ((once > 0) & (once < 1)).all()


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_rated(tmp_path, 12)
    rows = "\n".join(["file,rating", *["a.png,0.5"] * 10])
    (tmp_path / "ratings.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(BadData, match=r"no picture 'a.png'"):
        read_rated(tmp_path, 12)
    (tmp_path / "ratings.csv").write_text(rows.replace("a.png", "../ratings.csv"), encoding="utf-8")
    with pytest.raises(BadData, match="in the folder"):
        read_rated(tmp_path, 12)
    (tmp_path / "ratings.csv").write_text("file,score\na.png,1", encoding="utf-8")
    with pytest.raises(BadData, match="file, score"):
        read_rated(tmp_path, 12)
    with pytest.raises(MissingFile):
        load_columns(tmp_path / "columns.pt")
    (tmp_path / "columns.pt").write_bytes(b"nothing")
    with pytest.raises(BadModel, match=r"columns.pt"):
        load_columns(tmp_path / "columns.pt")
    with pytest.raises(BadSetting, match="columns"):
        dataclasses.replace(TINY, columns=("middle",))
    save_columns(tmp_path / "columns.pt", network_of(TINY), dataclasses.replace(TINY, filters=5))
    with pytest.raises(BadModel, match="double-column"):
        load_columns(tmp_path / "columns.pt")

"""Networks of the kinds that recipes have, exported, and held against torch at other lengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.learn.export import ExportFailed, exported, farthest, write_kamodel  # noqa: E402
from keyart.models.kamodel import LearnedCard, open_kamodel  # noqa: E402

Module: Any = torch.nn.Module
CARD = LearnedCard("toy", "frames", "toy", "stills.classical", 8, "made rows", "0")


class Recurrent(Module):  # type: ignore[misc]  # torch ships no types
    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(8, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.head = torch.nn.Linear(12, 1)

    def forward(self, features: Any) -> Any:
        return torch.sigmoid(self.head(self.lstm(features)[0])).squeeze(-1)


class Attentive(Module):  # type: ignore[misc]  # torch ships no types
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = torch.nn.Linear(8, 1)

    def forward(self, features: Any) -> Any:
        rows = self.layer(features)
        rows = rows + self.attention(rows, rows, rows, need_weights=False)[0]
        return torch.sigmoid(self.head(rows)).squeeze(-1)


class Lengthy(Module):  # type: ignore[misc]  # torch ships no types
    """Has an opinion of its own about one length, as no ONNX graph can."""

    def forward(self, features: Any) -> Any:
        return features.sum(-1) * (2.0 if features.shape[1] == 37 else 1.0)


@pytest.mark.parametrize("kind", [Recurrent, Attentive])
def test_a_network_serves_any_length_without_torch(tmp_path: Path, kind: Any) -> None:
    torch.manual_seed(0)
    network = kind()
    example = (torch.randn(1, 7, 8),)
    path = write_kamodel(
        tmp_path / "toy.kamodel", network, example, ("features",), ("scores",), CARD, dynamic={"features": {1: "n"}}
    )
    model = open_kamodel(path, "frames")
    assert network.training  # as it was
    network.eval()
    for length in (1, 3, 90):
        rows = np.random.default_rng(length).normal(size=(length, 8)).astype(np.float32)
        with torch.no_grad():
            wanted = network(torch.from_numpy(rows)[None])[0].numpy()
        assert model.frame_scores(rows) == pytest.approx(wanted, abs=1e-5)
    assert model.card == CARD


def test_a_file_that_computes_something_else_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "toy.kamodel"
    with pytest.raises(ExportFailed, match="cannot be exported"):
        write_kamodel(
            path, Lengthy(), (torch.randn(1, 7, 8),), ("features",), ("scores",), CARD, dynamic={"features": {1: "n"}}
        )
    assert not path.exists()


def test_the_difference_is_the_largest_of_any_output() -> None:
    network = torch.nn.Linear(8, 2).eval()
    example = (torch.ones(1, 3, 8),)
    data = exported(network, example, ("features",), ("out",), {})
    assert farthest(network, data, example, ("features",), {}) < 1e-6
    with torch.no_grad():
        network.bias += 0.25
    assert farthest(network, data, example, ("features",), {}) == pytest.approx(0.25, abs=1e-5)

"""The importance estimator of D5.4 §3.2; importing this needs torch."""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import torch
from torch import Tensor, nn


class ImportanceEstimator(nn.Module):
    """Bidirectional LSTM, one neuron, sigmoid: (batch, T, d) -> i in (batch, T), 0 ... 1."""

    def __init__(self, size: int, hidden: int = 512, layers: int = 2) -> None:
        super().__init__()
        self.lstm = nn.LSTM(size, hidden, layers, batch_first=True, bidirectional=True)
        self.logit = nn.Linear(2 * hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        states, _ = self.lstm(features)
        return torch.sigmoid(self.logit(states)).squeeze(-1)


class AestheticNetwork(nn.Module):
    """A fully convolutional stand-in for the FCN trained on AVA: pictures (batch, 3, h, w) of any size -> (batch,).

    Convolutions alone, so nothing is cropped or squeezed; two classes, whose softmax over the mean of the map is the
    probability of a fine picture.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 256)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((3, *widths), widths, strict=False):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.classes = nn.Conv2d(widths[-1], 2, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        found = self.classes(self.layers(pictures)).mean(dim=(2, 3))
        return torch.softmax(found, dim=1)[:, 1]

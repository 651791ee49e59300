"""A stand-in for TRILL: log-mel patches -> 512 numbers; importing this needs torch."""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class SoundNet(nn.Module):
    """(batch, 96, 64) -> (batch, 512): four convolutions, each halving time and pitch, the mean over what is left."""

    def __init__(self, filters: int = 32, size: int = 512) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for outputs in (filters, 2 * filters, 4 * filters, 4 * filters):
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.GroupNorm(1, outputs), nn.ReLU()]
            inputs = outputs
        self.hears = nn.Sequential(*layers)
        self.says = nn.Linear(inputs, size)

    def forward(self, patches: Tensor) -> Tensor:
        heard = self.hears(patches[:, None]).mean(dim=(2, 3))
        rows: Tensor = self.says(heard)
        return rows


def triplet_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """max(0, |a - p|^2 - |a - n|^2 + margin) of unit rows (batch, d), mean over the batch."""
    a, p, n = (functional.normalize(one, dim=1) for one in (anchor, positive, negative))
    near, far = (a - p).square().sum(dim=1), (a - n).square().sum(dim=1)
    return torch.relu(near - far + margin).mean()

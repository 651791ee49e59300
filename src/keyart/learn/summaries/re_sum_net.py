"""The transformer regressor and the program that Re-SUM lays over its input (D5.4 §3.7); importing this needs torch.

features h -> (1 - alpha) W + alpha h -> [linear -> places -> encoder layers -> norm -> two linear layers] -> scores
                         ^ all that is learned            all of this is frozen
"""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Size:
    layers: int
    heads: int
    hidden: int
    """Width of the encoder; its inner layers are four times as wide."""


SIZES = {"tiny": Size(2, 2, 128), "small": Size(2, 4, 256), "med": Size(4, 8, 512), "large": Size(6, 8, 1024)}
"""The seed names four sizes and gives no numbers: these are ours."""


class Layer(nn.Module):
    """Attention of all frames to all, then two linear layers; each behind a norm and beside a short way round."""

    def __init__(self, size: Size, dropout: float) -> None:
        super().__init__()
        width = size.hidden
        self.heads = size.heads
        self.norm_attention, self.norm_linear = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_all, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, rows: Tensor) -> Tensor:
        rows = rows + self.drop(self._attention(self.norm_attention(rows)))
        found: Tensor = rows + self.drop(self.narrow(torch.relu(self.wide(self.norm_linear(rows)))))
        return found

    def _attention(self, rows: Tensor) -> Tensor:
        query, key, value = (
            one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in self.to_all(rows).chunk(3, dim=-1)
        )
        weights = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]), dim=-1)
        mixed: Tensor = self.out((weights @ value).transpose(1, 2).flatten(2))
        return mixed


class Transformer(nn.Module):
    """T: features (batch, n, d) -> importance (batch, n) in 0 ... 1."""

    def __init__(self, features: int, size: Size, dropout: float = 0.1) -> None:
        super().__init__()
        self.features, self.size = features, size
        self.inwards = nn.Linear(features, size.hidden)
        self.layers = nn.ModuleList(Layer(size, dropout) for _ in range(size.layers))
        self.norm = nn.LayerNorm(size.hidden)
        self.last = nn.Sequential(nn.Linear(size.hidden, size.hidden), nn.ReLU(), nn.Linear(size.hidden, 1))
        self.drop = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        rows = self.inwards(features)
        rows = self.drop(rows + places(rows))
        for layer in self.layers:
            rows = layer(rows)
        return torch.sigmoid(self.last(self.norm(rows))).squeeze(-1)


def places(rows: Tensor) -> Tensor:
    """(n, width): sines in even columns, cosines in odd ones (Vaswani et al., 2017)."""
    width = rows.shape[-1]
    at = torch.arange(width, device=rows.device)
    rate = torch.exp(-(at - at % 2) / width * math.log(10_000.0))
    angle = torch.arange(rows.shape[1], device=rows.device)[:, None] * rate
    return torch.where(at % 2 == 0, torch.sin(angle), torch.cos(angle))


class Reprogrammed(nn.Module):
    """Equations 8, 9, 11: a program W in R^d over the features of a network that stays as it is."""

    def __init__(self, regressor: Transformer, alpha: float) -> None:
        super().__init__()
        self.alpha = alpha
        self.program = nn.Parameter(torch.zeros(regressor.features))
        self.regressor = regressor.requires_grad_(False)

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.regressor(self.programmed(features))
        return scores

    def programmed(self, features: Tensor) -> Tensor:
        """Equation 9, the same W for every frame."""
        return (1 - self.alpha) * self.program + self.alpha * features

    def train(self, mode: bool = True) -> Reprogrammed:
        """The frozen network drops nothing: its weights and its answers are what they were."""
        super().train(mode)
        self.regressor.eval()
        return self


def learnable(network: nn.Module) -> int:
    """How many numbers training changes."""
    return sum(one.numel() for one in network.parameters() if one.requires_grad)


def only_last(network: Transformer) -> Transformer:
    """All frozen but the last linear layers: the lighter of the two ways of fine-tuning."""
    network.requires_grad_(False)
    network.last.requires_grad_(True)
    return network

"""The three heads of thesis §5.1-5.3; importing this needs torch."""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class LogisticHead(nn.Module):
    """One neuron on each row: (..., d) -> logits (...)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.logit = nn.Linear(size, 1)

    def forward(self, features: Tensor) -> Tensor:
        found: Tensor = self.logit(features)
        return found.squeeze(-1)


class BiLstm(nn.Module):
    """h_t from both sides of t, then one neuron: (batch, n, d) -> logits (batch, n)."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(size, hidden, batch_first=True, bidirectional=True)
        self.logit = nn.Linear(2 * hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        states, _ = self.lstm(features)
        found: Tensor = self.logit(states)
        return found.squeeze(-1)


class TunedResNet(nn.Module):
    """A ResNet of transformers with a logistic head, all of it frozen but the last stage (torchvision's `layer4`).

    Pictures (batch, 3, height, width) -> logits (batch,).
    """

    def __init__(self, resnet: Any, size: int) -> None:
        super().__init__()
        self.resnet, self.head = resnet, LogisticHead(size)
        for weights in resnet.parameters():
            weights.requires_grad_(False)
        for weights in self.layer4.parameters():
            weights.requires_grad_(True)

    @property
    def layer4(self) -> Any:
        return self.resnet.encoder.stages[-1]

    def train(self, mode: bool = True) -> TunedResNet:
        """What is frozen also keeps its running means: batches drawn six to one would shift them."""
        super().train(mode)
        self.resnet.eval()
        self.layer4.train(mode)
        return self

    def forward(self, pictures: Tensor) -> Tensor:
        found: Tensor = self.head(self.pooled(pictures))
        return found

    def pooled(self, pictures: Tensor) -> Tensor:
        """(batch, d): the mean of the last stage's map."""
        with torch.no_grad():
            hidden = self.resnet.embedder(pictures)
            for stage in self.resnet.encoder.stages[:-1]:
                hidden = stage(hidden)
        return torch.flatten(self.resnet.pooler(self.layer4(hidden)), 1)


class Probabilities(nn.Module):
    """What is exported: a head's logits as probabilities, (batch, n, d) -> (batch, n)."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        return torch.sigmoid(self.head(features))


def sequence_loss(logits: Tensor, key: Tensor) -> Tensor:
    """L of thesis §5.3 for one video: binary cross-entropy summed over its shots; logits and key (n,).

    The mean that the formula takes is over videos, not over shots: a long video weighs more.
    """
    return functional.binary_cross_entropy_with_logits(logits, key, reduction="sum")

"""The ELM loss: an agent is rewarded for leaving the local minimum that it found before (D5.4 §3.6, equations 5-7).

Training goes on for as many epochs again; in them the agent's distance from what it was after the first half is
subtracted from its loss, for the Actor and for the Critic apart. Importing this needs torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Reference = list[Tensor]
"""One parameter vector for each layer, frozen."""


def layers_of(agent: nn.Module) -> list[Tensor]:
    """The parameter vector of each layer, weights and biases in one: w_i of equation 7."""
    own = [list(layer.parameters(recurse=False)) for layer in agent.modules()]
    return [torch.cat([one.reshape(-1) for one in parts]) for parts in own if parts]


def reference_of(agent: nn.Module) -> Reference:
    """What the agent is now, to be left behind."""
    return [one.detach().clone() for one in layers_of(agent)]


def elm_loss(agent: nn.Module, reference: Sequence[Tensor]) -> Tensor:
    """Equation 7: the sum over layers of 1 - cos(w_i, w_i of the reference); 0 for the same agent, at most 2n."""
    pairs = zip(layers_of(agent), reference, strict=True)
    return sum((1 - torch.cosine_similarity(now, then, dim=0) for now, then in pairs), torch.zeros(()))


def with_elm(loss: Tensor, agent: nn.Module, reference: Sequence[Tensor], weight: float) -> Tensor:
    """Equations 5 and 6: `loss` less `weight` (λ > 0) times the distance: being different lowers it."""
    return loss - weight * elm_loss(agent, reference)

"""What a step of seed 002 descends: equations 5 to 7, and the loss of re-SEQ2SEQ. Importing this needs torch."""

from __future__ import annotations

import torch
from torch import Tensor

from keyart.learn.gif.nets import Gevaden, Retrospective, at, divergence, regression

_MARGIN = 1.0
"""By which a GIF shall lie nearer to its own video than to another one of the batch."""


def mixed(
    network: Gevaden, shots: Tensor, lengths: Tensor, wanted: Tensor, samples: int, beta: float, perceptual: float
) -> dict[str, Tensor]:
    """Eq. 7, means over the batch. `shots` (batch, n, d) of which `lengths` count, `wanted` (batch, 3, d).

    The perceptual loss (eq. 6) leaves the posterior encoder alone on both sides: an encoder that may move s_y towards
    the generated GIF soon gives every GIF the same vector.
    """
    s_x, s_y = network.prior(shots, lengths), network.posterior(wanted)
    posterior = network.posterior.gaussian(s_y)
    z = at(posterior, torch.randn(len(shots), samples, network.latent, device=shots.device))
    made = network.generated(s_x, z)
    losses = {
        "regression": regression(made, wanted[:, None]).mean(),
        "kl": divergence(posterior, network.prior_of(s_x)).mean(),
    }
    losses["loss"] = losses["regression"] + beta * losses["kl"]
    if perceptual:
        apart = torch.linalg.vector_norm(network.re_embedded(made) - s_y.detach()[:, None], dim=-1)
        losses["perceptual"] = apart.mean()
        losses["loss"] = losses["loss"] + perceptual * losses["perceptual"]
    return losses


def retrospective(
    network: Retrospective, shots: Tensor, lengths: Tensor, wanted: Tensor, weight: float
) -> dict[str, Tensor]:
    """The regression, and looking back: the GIF embedded anew lies near its own video, far from the batch's next."""
    s_x = network.encoder(shots, lengths)
    made = network.generated(s_x)
    seen = network.back(made)
    own = torch.linalg.vector_norm(seen - s_x, dim=-1)
    other = torch.linalg.vector_norm(seen - s_x.roll(1, dims=0), dim=-1)
    losses = {"regression": regression(made, wanted).mean()}
    losses["back"] = (own + torch.relu(_MARGIN + own - other)).mean()
    losses["loss"] = losses["regression"] + weight * losses["back"]
    return losses

"""The networks of seed 002; importing this needs torch. Tensors are (batch, draws, three shots, features)."""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

SHOTS = 3
Gaussian = tuple[Tensor, Tensor]
"""Means and logarithms of the variances, each (batch, latent)."""


class Encoder(nn.Module):
    """Shots -> their semantic vector, by a two-layer LSTM -> a Gaussian, by a two-layer MLP (eq. 1 and 2)."""

    def __init__(self, feature_size: int, semantic: int, latent: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(feature_size, semantic, num_layers=2, batch_first=True)
        self.head = nn.Sequential(nn.Linear(semantic, semantic), nn.ReLU(), nn.Linear(semantic, 2 * latent))

    def forward(self, shots: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(batch, n, d) -> (batch, semantic): the upper layer's state after the last shot, of which row b has
        `lengths[b]`; what stands behind those is not read."""
        states, _ = self.lstm(shots)
        if lengths is None:
            last: Tensor = states[:, -1]
            return last
        return states[torch.arange(len(states), device=states.device), lengths - 1]

    def gaussian(self, semantic: Tensor) -> Gaussian:
        mean, log_variance = self.head(semantic).chunk(2, dim=-1)
        return mean, log_variance


class Generator(nn.Module):
    """The three generated shots, one after the other (eq. 3): H_0 = s_x in both layers, g_0 = 0."""

    def __init__(self, feature_size: int, semantic: int, latent: int) -> None:
        super().__init__()
        self.lower = nn.LSTMCell(latent + feature_size, semantic)
        self.upper = nn.LSTMCell(semantic, semantic)
        self.out = nn.Linear(semantic, feature_size)

    def forward(self, s_x: Tensor, z: Tensor) -> Tensor:
        """(rows, semantic) and (rows, latent) -> (rows, 3, d)"""
        lower = upper = (s_x, torch.zeros_like(s_x))
        shot = torch.zeros_like(s_x[:, :1]).expand(-1, self.out.out_features)  # a length of its own would not be traced
        made = []
        for _ in range(SHOTS):
            lower = self.lower(torch.cat([z, shot], dim=-1), lower)
            upper = self.upper(lower[0], upper)
            shot = self.out(upper[0])
            made.append(shot)
        return torch.stack(made, dim=1)


class Gevaden(nn.Module):
    """Generative variational dual-encoder."""

    def __init__(
        self, feature_size: int, semantic: int, gif_semantic: int, latent: int, *, fixed_prior: bool = False
    ) -> None:
        super().__init__()
        self.latent, self.fixed_prior = latent, fixed_prior
        self.prior = Encoder(feature_size, semantic, latent)
        self.posterior = Encoder(feature_size, gif_semantic, latent)
        self.generator = Generator(feature_size, semantic, latent)

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        """Draw GIFs of one video: (1, n, d) and standard normal (L, latent) -> (L, 3, d)."""
        s_x = self.prior(features)
        return self.generated(s_x, at(self.prior_of(s_x), noise[None]))[0]

    def prior_of(self, s_x: Tensor) -> Gaussian:
        mean, log_variance = self.prior.gaussian(s_x)
        return (0 * mean, 0 * log_variance) if self.fixed_prior else (mean, log_variance)

    def generated(self, s_x: Tensor, z: Tensor) -> Tensor:
        """(batch, semantic) and (batch, L, latent) -> (batch, L, 3, d)"""
        rows = s_x[:, None].expand(-1, z.shape[1], -1)
        made: Tensor = self.generator(rows.flatten(0, 1), z.flatten(0, 1))
        return made.reshape(z.shape[0], z.shape[1], SHOTS, -1)

    def re_embedded(self, gifs: Tensor) -> Tensor:
        """Semantic vectors (batch, L, gif semantic) of generated GIFs, under the posterior encoder as it stands: the
        gradient goes through it to the GIFs, and none to its weights (eq. 6)."""
        frozen = {name: value.detach() for name, value in self.posterior.named_parameters()}
        found: Tensor = functional_call(self.posterior, frozen, (gifs.flatten(0, 1),))
        return found.unflatten(0, gifs.shape[:2])


class Retrospective(nn.Module):
    """re-SEQ2SEQ (Zhang, Grauman and Sha 2018) in these settings: no latent; a second encoder looks back at the GIF."""

    def __init__(self, feature_size: int, semantic: int) -> None:
        super().__init__()
        self.encoder = Encoder(feature_size, semantic, 1)
        self.generator = Generator(feature_size, semantic, 0)
        self.back = Encoder(feature_size, semantic, 1)

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        """(1, n, d) and (L, anything) -> (L, 3, d): the same GIF L times, as nothing is drawn."""
        made = self.generated(self.encoder(features))
        return made.expand(noise.shape[0], -1, -1)

    def generated(self, s_x: Tensor) -> Tensor:
        made: Tensor = self.generator(s_x, s_x[:, :0])
        return made


class Scorer(nn.Module):
    """A shot's rank from the shot alone (RankNet, Gygli, Song and Cao 2016: layers of 512 and 128 units)."""

    def __init__(self, feature_size: int, hidden: tuple[int, int] = (512, 128)) -> None:
        super().__init__()
        one, two = hidden
        self.layers = nn.Sequential(
            nn.Linear(feature_size, one), nn.ReLU(), nn.Linear(one, two), nn.ReLU(), nn.Linear(two, 1)
        )

    def forward(self, shots: Tensor) -> Tensor:
        """(..., d) -> (...)"""
        scores: Tensor = self.layers(shots)
        return scores.squeeze(-1)


# --- the terms of the loss ----------------------------------------------------------------------------------------


def at(gaussian: Gaussian, noise: Tensor) -> Tensor:
    """Samples (batch, L, latent) by the re-parameterisation trick."""
    mean, log_variance = gaussian
    return mean[:, None] + (log_variance / 2).exp()[:, None] * noise


def regression(made: Tensor, wanted: Tensor) -> Tensor:
    """-log p(Y | X, z) up to a constant: the sum of L2 norms over the shots; (..., 3, d) twice -> (...)."""
    return torch.linalg.vector_norm(made - wanted, dim=-1).sum(dim=-1)


def divergence(one: Gaussian, other: Gaussian) -> Tensor:
    """D_KL(one || other) in nats, of Gaussians with diagonal covariance; (batch,)."""
    (mean, log_variance), (to, log_to) = one, other
    spread = (log_variance - log_to).exp() + (mean - to) ** 2 / log_to.exp()
    return (spread - 1 + log_to - log_variance).sum(dim=-1) / 2

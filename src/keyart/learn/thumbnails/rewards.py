"""Equations 1 to 4 of D5.4 §3.2 and the sampler that they reward; importing this needs torch.

Shapes: T frames, M picks, N episodes; features `x` (T, d), aesthetics `a` (T,), picks (N, M).

As printed, eq. 3 is odd in three ways, and is built so: its sum over i, j from 1 to M is meant over the picked frames;
it runs over ordered pairs, each distance twice and M zeros, but is divided by M alone, so it grows with M - 1; and its
distances have no bound, while eq. 1 and 2 lie in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


def aesthetic_reward(a: Tensor, picks: Tensor) -> Tensor:
    """Eq. 1: mean aesthetics of the picks, (N,)."""
    return a[picks].mean(dim=1)


def representativeness_reward(distances: Tensor, picks: Tensor) -> Tensor:
    """Eq. 2: exp(- mean over all frames of the distance to the nearest pick), (N,). `distances` (T, T) of rows of x."""
    nearest = distances[:, picks].amin(dim=2)
    return torch.exp(-nearest.mean(dim=0))


def diversity_reward(distances: Tensor, picks: Tensor) -> Tensor:
    """Eq. 3 as printed: 1 / M times the sum of the distances of all ordered pairs of picks, (N,)."""
    between = distances[picks[:, :, None], picks[:, None, :]]
    return between.sum(dim=(1, 2)) / picks.shape[1]


@dataclass(frozen=True, slots=True)
class Weighing:
    """Eq. 4: R = alpha R_aes + beta D R_rep + gamma R_div."""

    alpha: float = 1.0
    beta: float = 1.0
    gamma: float = 1.0
    scale: float = 1.0
    """D, which brings R_rep to the scale of the other two."""

    def reward(self, a: Tensor, distances: Tensor, picks: Tensor) -> Tensor:
        """(N,)"""
        seen = self.alpha * aesthetic_reward(a, picks)
        stands_for = self.beta * self.scale * representativeness_reward(distances, picks)
        return seen + stands_for + self.gamma * diversity_reward(distances, picks)


def distances_of(x: Tensor) -> Tensor:
    """(T, T) Euclidean distances of the rows, exactly 0 on the diagonal."""
    return torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")


def similarities_of(x: Tensor) -> Tensor:
    """(T, T) cosines of the rows, exactly 1 on the diagonal: a picked frame is not picked again."""
    unit = functional.normalize(x, dim=1)
    found = unit @ unit.T
    return found.masked_fill(torch.eye(len(x), dtype=torch.bool, device=x.device), 1.0)


def min_max(values: Tensor) -> Tensor:
    """N(.) over the last axis: the least becomes 0, the greatest 1; ones where all are equal."""
    low, high = values.amin(dim=-1, keepdim=True), values.amax(dim=-1, keepdim=True)
    spread = high - low
    flat = spread <= 1e-12
    return torch.where(
        flat, torch.ones_like(values), (values - low) / torch.where(flat, torch.ones_like(spread), spread)
    )


def demoted(f: Tensor, similarities: Tensor, picked: Tensor) -> Tensor:
    """f_m = N(f_{m-1} o (1 - u_p)), u_p the row of the frame picked before: f (N, T), picked (N,)."""
    return min_max(f * (1.0 - similarities[picked]))


@dataclass(frozen=True, slots=True)
class Picks:
    """What N episodes picked, in their order."""

    frames: Tensor
    """(N, M)"""
    log_probabilities: Tensor
    """(N, M), with gradient to the scores."""


def pick(scores: Tensor, similarities: Tensor, count: int, episodes: int, *, demote: bool = True) -> Picks:
    """The categorical sampler: M frames, one after the other, each drawn in proportion to f_m. `scores` (T,).

    Without `demote` what was picked is only taken out, as no frame may be shown twice.
    """
    f = min_max(scores).expand(episodes, -1)
    open_to = torch.ones_like(f)
    frames, logs = [], []
    for step in range(count):
        weights = f * open_to
        weights = torch.where(weights.sum(dim=1, keepdim=True) > 0, weights, open_to)
        drawn = torch.distributions.Categorical(probs=weights)
        picked = drawn.sample()
        frames.append(picked)
        logs.append(drawn.log_prob(picked))
        open_to = open_to.scatter(1, picked[:, None], 0.0)
        if demote and step + 1 < count:
            f = demoted(f, similarities, picked)
    return Picks(torch.stack(frames, 1), torch.stack(logs, 1))


def best(scores: Tensor, similarities: Tensor, count: int, *, demote: bool = True) -> list[int]:
    """What is shown after training: the greatest of each f_m in place of a draw, the earliest of equals."""
    f = min_max(scores)[None]
    open_to = torch.ones_like(f, dtype=torch.bool)
    found: list[int] = []
    for _ in range(min(count, len(scores))):
        place = int(f.masked_fill(~open_to, -1.0).argmax())
        found.append(place)
        open_to[0, place] = False
        if demote:
            f = demoted(f, similarities, torch.tensor([place], device=scores.device))
    return found


def reinforce_loss(log_probabilities: Tensor, rewards: Tensor, baseline: float) -> Tensor:
    """Episodic REINFORCE: - mean over the episodes of (R_e - b) times the summed log probabilities of its picks."""
    return -((rewards - baseline) * log_probabilities.sum(dim=1)).mean()

"""The network of CA-SUM (Apostolidis et al., ICMR 2022); importing this needs torch.

attention of all frames to all  ->  entropy of a row = uniqueness,  weighted distance to other blocks = diversity
     | only its blocks on the diagonal
what a frame's own block says of it, its uniqueness, its diversity  ->  + the frame itself  ->  importance
"""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_TINY = 1e-8


class ConcentratedAttention(nn.Module):
    """Features (batch, n, d) -> (batch, n, d), read from blocks of `block` frames."""

    def __init__(self, features: int, block: int) -> None:
        super().__init__()
        self.block = block
        self.query, self.key, self.value = (nn.Linear(features, features, bias=False) for _ in range(3))
        self.out = nn.Linear(features + 2, features, bias=False)

    def forward(self, frames: Tensor) -> Tensor:
        attention = torch.softmax(self.query(frames) @ self.key(frames).transpose(1, 2), dim=-1)
        inside = same_block(frames.shape[1], self.block, frames)
        concentrated = (attention * inside) @ self.value(frames)
        unique, diverse = uniqueness(attention), diversity(attention, frames, inside)
        out: Tensor = self.out(torch.cat([concentrated, unique[..., None], diverse[..., None]], dim=-1))
        return out


def same_block(frames: int, block: int, like: Tensor) -> Tensor:
    """(n, n): 1 where two frames lie in one block."""
    number = torch.div(torch.arange(frames, device=like.device), block, rounding_mode="floor")
    return (number[:, None] == number[None, :]).to(like.dtype)


def uniqueness(attention: Tensor) -> Tensor:
    """Entropy of each row of (batch, n, n), as a share of all rows' entropies: (batch, n)."""
    entropy = -(attention * torch.log(attention + _TINY)).sum(dim=-1)
    return entropy / (entropy.abs().sum(dim=-1, keepdim=True) + _TINY)


def diversity(attention: Tensor, frames: Tensor, inside: Tensor) -> Tensor:
    """Mean attention to the frames of other blocks, weighted by how unlike they are (1 - cosine): (batch, n)."""
    direction = functional.normalize(frames, dim=-1)
    unlike = (1 - direction @ direction.transpose(1, 2)) * (1 - inside)
    return (unlike * attention).sum(dim=-1) / (unlike.sum(dim=-1) + _TINY)


class CaSum(nn.Module):
    """Features (batch, n, d) -> importance (batch, n) in 0 ... 1."""

    def __init__(self, features: int, block: int, dropout: float) -> None:
        super().__init__()
        self.attention = ConcentratedAttention(features, block)
        self.before = nn.Sequential(nn.Dropout(dropout), nn.LayerNorm(features, eps=1e-6))
        self.hidden = nn.Linear(features, features)
        self.after = nn.Sequential(nn.ReLU(), nn.Dropout(dropout), nn.LayerNorm(features, eps=1e-6))
        self.last = nn.Linear(features, 1)
        for one in self.modules():
            if isinstance(one, nn.Linear):
                nn.init.xavier_uniform_(one.weight, gain=2**0.5)
                if one.bias is not None:
                    nn.init.constant_(one.bias, 0.1)

    def forward(self, features: Tensor) -> Tensor:
        read = self.before(self.attention(features) + features)
        return torch.sigmoid(self.last(self.after(self.hidden(read)))).squeeze(-1)


def length_loss(scores: Tensor, sigma: float) -> Tensor:
    """(batch, n) -> (batch,): how far each video's mean importance is from σ; all that CA-SUM learns from."""
    return (scores.mean(dim=1) - sigma).abs()

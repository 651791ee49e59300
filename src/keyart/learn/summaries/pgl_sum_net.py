"""PGL-SUM and its language-guided form (Apostolidis et al., ISM 2021; D5.4 §3.4); importing this needs torch.

    features -+-> [global attention over all frames] ----> unit rows -+
              |                                                       (+) -> (+) -> dropout, norm -> [regressor]
              +-> M segments -> [a local attention each] -> unit rows -+      |
              |                   ^ guided: the text is key and value         |
              +---------------------------------------------------------------+

Parameters bear the names of the published weights, which `load_state_dict` takes as they are.
"""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_FREQUENCY = 10_000.0
_BIAS = 0.1


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a network: how wide, how many mechanisms."""

    features: int
    heads: int = 8
    """Of the global mechanism."""
    local_heads: int = 4
    segments: int = 4
    """Local mechanisms, each for its part of the video; 0: none."""
    position: bool = True
    """Whether the place of a frame enters its attention."""
    dropout: float = 0.5


def positions(width: int, real: int | Tensor, size: int, like: Tensor) -> Tensor:
    """(width, width): sine in even columns, cosine in odd ones, of row / 10000^(2i/size); an odd last column is 0.

    It is added to what the softmax sees, not to the features: PGL-SUM's own way. Columns from `real` on are padding.
    """
    at = torch.arange(width, device=like.device)
    even = at - at % 2
    angle = at[:, None].to(like.dtype) / _FREQUENCY ** (even.to(like.dtype) / size)
    waves = torch.where(at % 2 == 0, torch.sin(angle), torch.cos(angle))
    return torch.where(at < real - real % 2, waves, torch.zeros_like(waves))


class Attention(nn.Module):
    """softmax(Q K^T) V of several heads, not scaled, between linear layers without biases."""

    def __init__(self, size: int, inner: int, heads: int, dropout: float, *, position: bool = False) -> None:
        super().__init__()
        each = max(1, inner // heads)
        self.size, self.heads, self.position = size, heads, position
        self.Wk, self.Wq, self.Wv = (
            nn.ModuleList(nn.Linear(size, each, bias=False) for _ in range(heads)) for _ in range(3)
        )
        self.out = nn.Linear(heads * each, size, bias=False)
        self.drop = nn.Dropout(dropout)

    def forward(self, frames: Tensor, text: Tensor | None = None, real: int | Tensor | None = None) -> Tensor:
        """Frames (batch, n, d) ask; themselves or the text (batch, s, d) answer -> (batch, n, d).

        `real`: how many of the frames are not padding.
        """
        told = frames if text is None else text
        query, key, value = self._split(self.Wq, frames), self._split(self.Wk, told), self._split(self.Wv, told)
        energies = query @ key.transpose(-1, -2)
        if text is None:
            width = frames.shape[1]
            real = width if real is None else real
            if self.position:
                energies = energies + positions(width, real, self.size, frames)
            padding = torch.arange(width, device=frames.device) >= real
            energies = energies.masked_fill(padding, torch.finfo(energies.dtype).min)
        weighted = self.drop(torch.softmax(energies, dim=-1)) @ value
        mixed: Tensor = self.out(weighted.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, layers: nn.ModuleList, rows: Tensor) -> Tensor:
        """All heads in one product: (batch, heads, rows, width of a head)."""
        joined = functional.linear(rows, torch.cat([one.weight for one in layers]))
        return joined.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class MultiAttention(nn.Module):
    """The global mechanism and the local ones, their unit rows added."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = shape.features
        self.attention = Attention(size, size, shape.heads, shape.dropout, position=shape.position)
        self.local_attention = nn.ModuleList(
            Attention(size, size // shape.segments, shape.local_heads, shape.dropout, position=shape.position)
            for _ in range(shape.segments)
        )

    def forward(self, frames: Tensor, text: Tensor | None = None) -> Tensor:
        whole: Tensor = self.attention(frames)
        if not len(self.local_attention):
            return whole
        return functional.normalize(whole, dim=-1) + functional.normalize(self._local(frames, text), dim=-1)

    def _local(self, frames: Tensor, text: Tensor | None) -> Tensor:
        """Segments of ceil(n / M) frames; what the last ones lack is filled up and cut off again."""
        parts, count = len(self.local_attention), frames.shape[1]
        length = (count + parts - 1) // parts
        filled = torch.cat([frames, frames.new_zeros(frames.shape[0], length * parts - count, frames.shape[2])], dim=1)
        found = []
        for place, local in enumerate(self.local_attention):
            part = filled[:, place * length : (place + 1) * length]
            real = torch.as_tensor(count - place * length, device=frames.device).clamp(min=0)
            found.append(local(part, text, torch.minimum(real, torch.as_tensor(length, device=frames.device))))
        return torch.cat(found, dim=1)[:, :count]


class PglSum(nn.Module):
    """Frames (batch, n, d) -> importance (batch, n) in 0 ... 1."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = shape.features
        self.shape = shape
        self.attention = MultiAttention(shape)
        self.linear_1, self.linear_2 = nn.Linear(size, size), nn.Linear(size, 1)
        self.norm_y, self.norm_linear = nn.LayerNorm(size, eps=1e-6), nn.LayerNorm(size, eps=1e-6)
        self.drop = nn.Dropout(shape.dropout)
        drawn(self)

    def forward(self, features: Tensor) -> Tensor:
        return self._scores(features, None)

    def _scores(self, features: Tensor, text: Tensor | None) -> Tensor:
        rows = self.norm_y(self.drop(self.attention(features, text) + features))
        rows = self.norm_linear(self.drop(torch.relu(self.linear_1(rows))))
        return torch.sigmoid(self.linear_2(rows)).squeeze(-1)


class LanguagePglSum(PglSum):
    """Frames (batch, n, d) and sentences (batch, s, d) of one CLIP -> importance (batch, n) in 0 ... 1.

    The local mechanisms alone hear the text: the best of the ways that the seed tried.
    """

    def forward(self, features: Tensor, text: Tensor) -> Tensor:  # type: ignore[override]
        return self._scores(features, text)


def drawn(network: nn.Module) -> None:
    """Xavier's even weights for rectifiers, biases of 0.1, as published."""
    for name, one in network.named_parameters():
        if name.endswith("bias"):
            nn.init.constant_(one, _BIAS)
        elif "norm" not in name:
            nn.init.xavier_uniform_(one, gain=math.sqrt(2.0))

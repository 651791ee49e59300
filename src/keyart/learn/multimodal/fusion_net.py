"""Transformers over frames and over sound, fused with the words into one vector; importing this needs torch."""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

FAR = -1e9
"""Score of what must not be looked at; an infinity would make 0 times it no number."""


def positions(count: int | Tensor, width: int, like: Tensor) -> Tensor:
    """(count, width): sines and cosines of the place in the sequence (Vaswani et al., 2017)."""
    steps = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(10_000.0) / width))
    angles = torch.arange(count, device=like.device)[:, None] * steps
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=2).flatten(1)[:, :width].to(like.dtype)


class Standard(nn.Module):
    """Rows about 0 with deviation 1, as measured on the training data.

    A norm of each row by itself would make a quiet second as loud as any.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def measure(self, rows: Tensor) -> None:
        """Of (n, size); what does not vary is left as large as it is."""
        deviation, mean = torch.std_mean(rows, dim=0, correction=0)
        self.mean.copy_(mean)
        self.deviation.copy_(torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation)))

    def forward(self, rows: Tensor) -> Tensor:
        standard: Tensor = (rows - self.mean) / self.deviation
        return standard


class Block(nn.Module):
    """Attention, then two linear layers, each after a norm and added to what came in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        if width % heads or width % 2:
            raise ValueError(f"a width of {width} is no even multiple of {heads} heads")
        self.heads = heads
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.looks, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows: Tensor, kept: Tensor | None = None) -> Tensor:
        """(batch, n, width) -> the same; `kept` (batch, n) is False where a row is padding."""
        query, key, value = (self._parted(one) for one in self.looks(self.before(rows)).chunk(3, dim=2))
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        if kept is not None:
            scores = scores.masked_fill(~kept[:, None, None, :], FAR)
        seen = (scores.softmax(dim=3) @ value).transpose(1, 2).flatten(2)
        rows = rows + self.dropout(self.out(seen))
        added: Tensor = rows + self.dropout(self.feed(self.after(rows)))
        return added

    def _parted(self, rows: Tensor) -> Tensor:
        return rows.unflatten(2, (self.heads, -1)).transpose(1, 2)


class Sequence(nn.Module):
    """A transformer over a sequence; its rows' mean stands for all of it."""

    def __init__(self, size: int, width: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Sequential(Standard(size), nn.Linear(size, width))
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.leave = nn.LayerNorm(width)

    def forward(self, rows: Tensor, kept: Tensor | None = None) -> Tensor:
        """(batch, n, size) -> (batch, width)."""
        rows = self.enter(rows)
        rows = rows + positions(rows.shape[1], rows.shape[2], rows)
        for block in self.blocks:
            rows = block(rows, kept)
        rows = self.leave(rows)
        if kept is None:
            return rows.mean(dim=1)
        weights = kept.to(rows.dtype)[:, :, None]
        return (rows * weights).sum(dim=1) / weights.sum(dim=1)


class FusionNet(nn.Module):
    """Frames, sound and words -> one vector among the frames' embeddings; a modality left out has no weights."""

    def __init__(
        self,
        sizes: tuple[int, int, int],
        modalities: Collection[str],
        *,
        width: int,
        heads: int,
        layers: int,
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        frame, sound, text = sizes
        parts: dict[str, nn.Module] = {}
        for name, size in (("frames", frame), ("audio", sound)):
            if name in modalities:
                parts[name] = Sequence(size, width, heads, layers, dropout)
        self.title_size = text // 2
        for name, size in (("title", self.title_size), ("description", text - self.title_size)):
            if name in modalities:
                parts[name] = nn.Sequential(Standard(size), nn.Linear(size, width))
        self.parts = nn.ModuleDict(parts)
        self.fuse = nn.Sequential(
            nn.Linear(len(parts) * width, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, frame),
        )

    def measure(self, rows: Mapping[str, Tensor]) -> None:
        """Set what is taken for usual, by each modality's rows (n, size) in the training data."""
        for name, part in self.parts.items():
            enter = part.enter if isinstance(part, Sequence) else part
            enter[0].measure(rows[name])

    def forward(
        self,
        frames: Tensor,
        audio: Tensor,
        text: Tensor,
        frames_kept: Tensor | None = None,
        audio_kept: Tensor | None = None,
    ) -> Tensor:
        """(batch, n, d), (batch, m, a), (batch, t) -> (batch, d); the text is title and description in one row."""
        inputs = {
            "frames": (frames, frames_kept),
            "audio": (audio, audio_kept),
            "title": (text[:, : self.title_size],),
            "description": (text[:, self.title_size :],),
        }
        seen = [part(*inputs[name]) for name, part in self.parts.items()]
        vector: Tensor = self.fuse(torch.cat(seen, dim=1))
        return vector


def frame_logits(vector: Tensor, frames: Tensor, kept: Tensor, temperature: float) -> Tensor:
    """(batch, d), (batch, n, d), (batch, n) -> (batch, n): cosine over temperature, `FAR` for padding."""
    cosine = functional.cosine_similarity(vector[:, None, :], frames, dim=2)
    return (cosine / temperature).masked_fill(~kept, FAR)


def choice_loss(logits: Tensor, chosen: Tensor) -> Tensor:
    """Cross-entropy over a video's frames against the even distribution over its chosen ones, mean over videos.

    `logits` (batch, n), `chosen` (batch, n) of 0 and 1. With one chosen frame: -log softmax of that frame.
    """
    wanted = chosen / chosen.sum(dim=1, keepdim=True)
    return -(wanted * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()

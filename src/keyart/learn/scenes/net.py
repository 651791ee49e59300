"""The network that says with which shots a scene begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

LINKS = (2, 3, 4, 6, 8, 12)
"""How many shots apart two shots may be whose likeness holds a scene together: those that grouping by nearest
neighbours chooses among."""


class SceneNet(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    """(1, shots, d) features -> (1, shots) share of 1: does a scene begin with the shot?

        shots   . . . . | . . . .      how alike are all pairs of the 2 w shots around a place (and, if asked for,
        pairs   w before | w after     through a learned projection), and how alike are at most, and on average, two
        links   . (. . . | . .) .      shots with the place between them, up to so many shots apart: one row a shot,
        BiLSTM  -> -> -> -> -> ->      rows of the whole film, read both ways

    It sees likeness alone, the film's mean taken off: what a film shows does not tell where its scenes begin.
    """

    def __init__(self, size: int, window: int, hidden: int, projected: int, dropout: float) -> None:
        super().__init__()
        self.window = window
        rows, columns = torch.triu_indices(2 * window, 2 * window)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)
        self.projection = nn.Linear(size, projected, bias=False) if projected else None
        spans = torch.arange(max(LINKS))[:, None] + torch.arange(max(LINKS)) + 1
        self.register_buffer("within", torch.stack([spans <= one for one in LINKS]), persistent=False)
        seen = len(rows) * (2 if projected else 1) + 2 * len(LINKS)
        self.entry = nn.Sequential(nn.Linear(seen, hidden), nn.ReLU(), nn.Dropout(dropout))
        self.film = nn.LSTM(hidden, hidden, batch_first=True, bidirectional=True)
        self.verdict = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * hidden, 1))

    def logits(self, features: Any) -> Any:
        rows = unit(features - features.mean(dim=1, keepdim=True))
        seen = [self.around(rows), self.across(rows)]
        if self.projection is not None:
            seen.append(self.around(unit(self.projection(rows))))
        found, _ = self.film(self.entry(torch.cat(seen, dim=2)))
        return self.verdict(found)[..., 0]

    def forward(self, features: Any) -> Any:
        return torch.sigmoid(self.logits(features))

    def around(self, rows: Any) -> Any:
        """(1, shots, pairs): cosines of each two of the `window` shots before a place and the `window` after it.

        Before the first and after the last shot there is nothing, which is like nothing: 0, with itself too.
        """
        count = rows.shape[1]
        nothing = torch.zeros_like(rows[:, :1]).expand(-1, self.window, -1)
        padded = torch.cat([nothing, rows, nothing], dim=1)
        near = torch.stack([padded[:, at : at + count] for at in range(2 * self.window)], dim=2)
        return (near @ near.transpose(2, 3))[:, :, self.rows, self.columns]

    def across(self, rows: Any) -> Any:
        """(1, shots, 2 links): the greatest and the mean cosine of a shot before a place and one from it on."""
        most, count = max(LINKS), rows.shape[1]
        nothing = torch.zeros_like(rows[:, :1]).expand(-1, most, -1)
        padded = torch.cat([nothing, rows, nothing], dim=1)
        before = torch.stack([padded[:, most - 1 - at : most - 1 - at + count] for at in range(most)], dim=2)
        after = torch.stack([padded[:, most + at : most + at + count] for at in range(most)], dim=2)
        alike = (before @ after.transpose(2, 3))[:, :, None]
        greatest = alike.masked_fill(~self.within, -1.0).amax(dim=(3, 4))
        mean = (alike * self.within).sum(dim=(3, 4)) / self.within.sum(dim=(1, 2))
        return torch.cat([greatest, mean], dim=2)


def unit(rows: Any) -> Any:
    return rows / rows.norm(dim=2, keepdim=True).clamp(min=1e-9)


class Together(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    """Mean of several networks' scores."""

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, features: Any) -> Any:
        return torch.stack([one(features) for one in self.members]).mean(dim=0)

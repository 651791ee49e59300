"""The double-column network that rates pictures; importing this needs torch.

After RAPID (Lu, Lin, Jin, Yang, Wang, 2014): one column sees the whole picture made small, one a crop at full
resolution; four convolutions and two linear layers each, joined by the last linear layer alone.
"""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn

COLUMNS = ("global", "local")
_CELLS = 7


class Column(nn.Module):
    """(batch, 3, side, side) -> (batch, wide[1])."""

    def __init__(self, filters: int, first_kernel: int, first_stride: int, wide: tuple[int, int]) -> None:
        super().__init__()
        self.looks = nn.Sequential(
            nn.Conv2d(3, filters, first_kernel, first_stride, first_kernel // 2),
            nn.ReLU(),
            nn.LocalResponseNorm(5),
            nn.MaxPool2d(3, 2, 1),
            nn.Conv2d(filters, filters, 5, padding=2),
            nn.ReLU(),
            nn.LocalResponseNorm(5),
            nn.MaxPool2d(3, 2, 1),
            nn.Conv2d(filters, filters, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(_CELLS),
        )
        self.rates = nn.Sequential(
            nn.Linear(filters * _CELLS**2, wide[0]), nn.ReLU(), nn.Dropout(0.5), nn.Linear(wide[0], wide[1]), nn.ReLU()
        )

    def forward(self, view: Tensor) -> Tensor:
        rated: Tensor = self.rates(self.looks(view).flatten(1))
        return rated


class DoubleColumn(nn.Module):
    """Two views of each picture -> (batch,) logits of its being good; a column left out has no weights."""

    def __init__(
        self,
        columns: Collection[str] = COLUMNS,
        *,
        side_px: int = 224,
        filters: int = 64,
        first_kernel: int = 11,
        first_stride: int = 2,
        wide: tuple[int, int] = (1000, 256),
    ) -> None:
        super().__init__()
        self.side_px = side_px
        self.columns = nn.ModuleDict(
            {name: Column(filters, first_kernel, first_stride, wide) for name in COLUMNS if name in columns}
        )
        self.joined = nn.Linear(len(self.columns) * wide[1], 1)

    def forward(self, whole: Tensor, crops: Tensor) -> Tensor:
        """(batch, 3, side, side), (batch, k, 3, side, side), pixels about 0 with deviation about 1.

        The joining layer is linear: the mean over the crops before it is the mean of their logits after it.
        """
        seen = []
        for name, column in self.columns.items():
            views = whole[:, None] if name == "global" else crops
            seen.append(column(views.flatten(0, 1)).unflatten(0, views.shape[:2]).mean(dim=1))
        logits: Tensor = self.joined(torch.cat(seen, dim=1))[:, 0]
        return logits

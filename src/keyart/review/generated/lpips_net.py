"""LPIPS on AlexNet (Zhang et al., 2018), under the names of its two published files.

`features.*` are torchvision's AlexNet, `linN.model.1.weight` the linear layers of the lpips project (version 0.1). As
published, the layers weigh squared differences; the seed's formula squares the weights as well.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_TAPS = (1, 4, 7, 9, 11)
"""Of `features`: after each ReLU."""
WIDTHS = (64, 192, 384, 256, 256)


class Linear(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    def __init__(self, fan_in: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Dropout(), nn.Conv2d(fan_in, 1, 1, bias=False))

    def forward(self, x: Any) -> Any:
        return self.model(x)


class Lpips(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    """Two pictures (n, 3, h, w) in [-1, 1], sides of 31 at least, to how unlike they look, (n,), 0 for the same."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 11, 4, 2), nn.ReLU(),
            nn.MaxPool2d(3, 2), nn.Conv2d(a, b, 5, 1, 2), nn.ReLU(),
            nn.MaxPool2d(3, 2), nn.Conv2d(b, c, 3, 1, 1), nn.ReLU(),
            nn.Conv2d(c, d, 3, 1, 1), nn.ReLU(),
            nn.Conv2d(d, e, 3, 1, 1), nn.ReLU(),
        )  # fmt: skip
        for number, width in enumerate(widths):
            setattr(self, f"lin{number}", Linear(width))
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1), persistent=False)

    def forward(self, one: Any, other: Any) -> Any:
        whole = torch.zeros(len(one), device=one.device)
        for number, (left, right) in enumerate(zip(self._maps(one), self._maps(other), strict=True)):
            apart = (_unit(left) - _unit(right)) ** 2
            whole = whole + getattr(self, f"lin{number}")(apart).mean(dim=(1, 2, 3))
        return whole

    def _maps(self, x: Any) -> list[Any]:
        x, found = (x - self.shift) / self.scale, []
        for place, layer in enumerate(self.features):
            x = layer(x)
            if place in _TAPS:
                found.append(x)
        return found


def _unit(x: Any) -> Any:
    return x / (torch.sqrt((x**2).sum(dim=1, keepdim=True)) + 1e-10)

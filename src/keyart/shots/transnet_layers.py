"""The layers of TransNet V2; importing this needs torch. Parameters bear the names of the published weights."""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_LOOKUP, _BINS = 101, 512
_DILATIONS = (1, 2, 4, 8)
_BLOCKS, _CELLS = 3, 2


class _Convolution(nn.Module):
    """3 x 3 in the picture, then 3 in time, `dilation` frames apart."""

    def __init__(self, inputs: int, filters: int, dilation: int) -> None:
        super().__init__()
        in_space = nn.Conv3d(inputs, 2 * filters, (1, 3, 3), padding=(0, 1, 1), bias=False)
        in_time = nn.Conv3d(
            2 * filters, filters, (3, 1, 1), dilation=(dilation, 1, 1), padding=(dilation, 0, 0), bias=False
        )
        self.layers = nn.ModuleList([in_space, in_time])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class _Cell(nn.Module):
    """Four spans of time side by side."""

    def __init__(self, inputs: int, filters: int, *, rectified: bool) -> None:
        super().__init__()
        for dilation in _DILATIONS:
            self.add_module(f"Conv3D_{dilation}", _Convolution(inputs, filters, dilation))
        self.bn = nn.BatchNorm3d(4 * filters, eps=1e-3)
        self._rectified = rectified

    def forward(self, x: Tensor) -> Tensor:
        parts = [getattr(self, f"Conv3D_{dilation}")(x) for dilation in _DILATIONS]
        out: Tensor = self.bn(torch.cat(parts, dim=1))
        return functional.relu(out) if self._rectified else out


class _Block(nn.Module):
    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        sizes = [inputs] + [4 * filters] * (_CELLS - 1)
        self.DDCNN = nn.ModuleList(
            _Cell(size, filters, rectified=place < _CELLS - 1) for place, size in enumerate(sizes)
        )
        self.pool = nn.AvgPool3d((1, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        first: Tensor | None = None
        for cell in self.DDCNN:
            x = cell(x)
            first = x if first is None else first
        assert first is not None
        pooled: Tensor = self.pool(functional.relu(x) + first)
        return pooled


class _FrameSimilarity(nn.Module):
    """How like its neighbours each frame is, by learned features."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.projection = nn.Linear(inputs, 128)
        self.fc = nn.Linear(_LOOKUP, 128)

    def forward(self, blocks: list[Tensor]) -> Tensor:
        x = torch.cat([block.mean(dim=(3, 4)) for block in blocks], dim=1).transpose(1, 2)
        x = functional.normalize(self.projection(x), p=2, dim=2)
        return functional.relu(self.fc(_neighbours(x)))


class _ColorHistograms(nn.Module):
    """The same by 512 colours."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(_LOOKUP, 128)

    def forward(self, pictures: Tensor) -> Tensor:
        bins = pictures.int() >> 5
        number = (bins[..., 0] << 6) + (bins[..., 1] << 3) + bins[..., 2]
        flat = number.flatten(2).long()
        counts = torch.zeros(*flat.shape[:2], _BINS).scatter_add_(2, flat, torch.ones(flat.shape))
        return functional.relu(self.fc(_neighbours(functional.normalize(counts, p=2, dim=2))))


def _neighbours(x: Tensor) -> Tensor:
    """(batch, frames, features) -> (batch, frames, 101): products with the fifty frames before and after."""
    products = functional.pad(torch.bmm(x, x.transpose(1, 2)), [_LOOKUP // 2] * 2)
    frames = x.shape[1]
    places = torch.arange(frames)[:, None] + torch.arange(_LOOKUP)
    return products.gather(2, places.expand(x.shape[0], -1, -1))


class TransNetV2(nn.Module):
    """(batch, frames, 27, 48, 3) uint8 -> (batch, frames, 1): log odds that a shot ends with the frame."""

    def __init__(self, filters: int, units: int) -> None:
        super().__init__()
        sizes = [filters << place for place in range(_BLOCKS)]
        inputs = [3, *(4 * size for size in sizes[:-1])]
        self.SDDCNN = nn.ModuleList(_Block(size, width) for size, width in zip(inputs, sizes, strict=True))
        self.frame_sim_layer = _FrameSimilarity(sum(4 * size for size in sizes))
        self.color_hist_layer = _ColorHistograms()
        self.fc1 = nn.Linear(4 * sizes[-1] * 3 * 6 + 128 + 128, units)
        self.cls_layer1 = nn.Linear(units, 1)
        self.cls_layer2 = nn.Linear(units, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures.permute(0, 4, 1, 2, 3).float() / 255
        blocks = []
        for block in self.SDDCNN:
            x = block(x)
            blocks.append(x)
        flat = x.permute(0, 2, 3, 4, 1).flatten(2)
        x = torch.cat([self.color_hist_layer(pictures), self.frame_sim_layer(blocks), flat], dim=2)
        odds: Tensor = self.cls_layer1(functional.relu(self.fc1(x)))
        return odds

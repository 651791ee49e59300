"""RAFT (Teed and Deng, 2020), the large network, under the names that its published weights have in torchvision.

torchvision itself must not come in: without its exact torch it makes other vision models unimportable. The widths are
arguments so that tests can run a small one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

RADIUS, LEVELS = 4, 4
UPDATES = 12


def _conv(fan_in: int, fan_out: int, size: int, stride: int = 1, norm: str = "", active: bool = True) -> Any:
    """Convolution, norm and ReLU as a sequence: weights are `0.*`, of the norm `1.*`."""
    layers: list[Any] = [nn.Conv2d(fan_in, fan_out, size, stride, size // 2)]
    if norm == "instance":
        layers.append(nn.InstanceNorm2d(fan_out))
    elif norm == "batch":
        layers.append(nn.BatchNorm2d(fan_out))
    if active:
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


class Residual(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    def __init__(self, fan_in: int, fan_out: int, norm: str, stride: int) -> None:
        super().__init__()
        self.convnormrelu1 = _conv(fan_in, fan_out, 3, stride, norm)
        self.convnormrelu2 = _conv(fan_out, fan_out, 3, 1, norm)
        plain = stride == 1 and fan_in == fan_out
        self.downsample = nn.Identity() if plain else _conv(fan_in, fan_out, 1, stride, norm, active=False)

    def forward(self, x: Any) -> Any:
        return torch.relu(self.downsample(x) + self.convnormrelu2(self.convnormrelu1(x)))


class Encoder(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    """A picture to a map of an eighth of its size."""

    def __init__(self, widths: tuple[int, ...], norm: str) -> None:
        super().__init__()
        first, *stages, last = widths
        self.convnormrelu = _conv(3, first, 7, 2, norm)
        fans = (first, *stages)
        for number, stride in enumerate((1, 2, 2), 1):
            blocks = (
                Residual(fans[number - 1], fans[number], norm, stride),
                Residual(fans[number], fans[number], norm, 1),
            )
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.conv = nn.Conv2d(stages[-1], last, 1)

    def forward(self, x: Any) -> Any:
        return self.conv(self.layer3(self.layer2(self.layer1(self.convnormrelu(x)))))


class MotionEncoder(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    def __init__(self, wide: tuple[int, int], flow: tuple[int, int], out: int) -> None:
        super().__init__()
        self.convcorr1 = _conv(LEVELS * (2 * RADIUS + 1) ** 2, wide[0], 1)
        self.convcorr2 = _conv(wide[0], wide[1], 3)
        self.convflow1 = _conv(2, flow[0], 7)
        self.convflow2 = _conv(flow[0], flow[1], 3)
        self.conv = _conv(wide[1] + flow[1], out - 2, 3)

    def forward(self, flow: Any, likeness: Any) -> Any:
        seen = [self.convcorr2(self.convcorr1(likeness)), self.convflow2(self.convflow1(flow))]
        return torch.cat([self.conv(torch.cat(seen, 1)), flow], 1)


class Gru(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    def __init__(self, fan_in: int, hidden: int, size: tuple[int, int]) -> None:
        super().__init__()
        padding = size[0] // 2, size[1] // 2
        for gate in ("convz", "convr", "convq"):
            setattr(self, gate, nn.Conv2d(hidden + fan_in, hidden, size, padding=padding))

    def forward(self, hidden: Any, x: Any) -> Any:
        both = torch.cat([hidden, x], 1)
        keep, reset = torch.sigmoid(self.convz(both)), torch.sigmoid(self.convr(both))
        new = torch.tanh(self.convq(torch.cat([reset * hidden, x], 1)))
        return (1 - keep) * hidden + keep * new


class Recurrent(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    """One gated step along rows, one along columns."""

    def __init__(self, fan_in: int, hidden: int) -> None:
        super().__init__()
        self.convgru1 = Gru(fan_in, hidden, (1, 5))
        self.convgru2 = Gru(fan_in, hidden, (5, 1))

    def forward(self, hidden: Any, x: Any) -> Any:
        return self.convgru2(self.convgru1(hidden, x), x)


class FlowHead(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    def __init__(self, fan_in: int, hidden: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, hidden, 3, padding=1)
        self.conv2 = nn.Conv2d(hidden, 2, 3, padding=1)

    def forward(self, x: Any) -> Any:
        return self.conv2(torch.relu(self.conv1(x)))


class Update(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    def __init__(self, motion: MotionEncoder, motion_out: int, context: int, hidden: int, head: int) -> None:
        super().__init__()
        self.motion_encoder = motion
        self.recurrent_block = Recurrent(motion_out + context, hidden)
        self.flow_head = FlowHead(hidden, head)

    def forward(self, hidden: Any, context: Any, likeness: Any, flow: Any) -> tuple[Any, Any]:
        hidden = self.recurrent_block(hidden, torch.cat([context, self.motion_encoder(flow, likeness)], 1))
        return hidden, self.flow_head(hidden)


class Mask(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    """Weights with which each pixel of the full size is mixed from nine of the small one."""

    def __init__(self, fan_in: int, hidden: int) -> None:
        super().__init__()
        self.convrelu = _conv(fan_in, hidden, 3)
        self.conv = nn.Conv2d(hidden, 8 * 8 * 9, 1)

    def forward(self, x: Any) -> Any:
        return 0.25 * self.conv(self.convrelu(x))


class Raft(nn.Module):  # type: ignore[misc]  # torch ships no types where the checks run
    """Two pictures (n, 3, h, w) in [-1, 1], sides of 128 at least and multiples of 8, to flow (n, 2, h, w).

    `wide` divides every width: 1 is the published network of 5,257,536 weights.
    """

    def __init__(self, wide: int = 1) -> None:
        super().__init__()
        widths = tuple(one // wide for one in (64, 64, 96, 128, 256))
        self.hidden = 128 // wide
        context = 256 // wide - self.hidden
        motion = MotionEncoder((256 // wide, 192 // wide), (128 // wide, 64 // wide), 128 // wide)
        self.feature_encoder = Encoder(widths, "instance")
        self.context_encoder = Encoder(widths, "batch")
        self.update_block = Update(motion, 128 // wide, context, self.hidden, 256 // wide)
        self.mask_predictor = Mask(self.hidden, 256 // wide)

    def forward(self, before: Any, now: Any, updates: int = UPDATES) -> Any:
        """The last of the refinements: the seed's appendix takes this element of the published model's list."""
        maps = self.feature_encoder(torch.cat([before, now]))
        pyramid = _pyramid(*maps.chunk(2))
        context = self.context_encoder(before)
        hidden, context = torch.tanh(context[:, : self.hidden]), torch.relu(context[:, self.hidden :])
        start = _grid(before.shape[0], context.shape[2], context.shape[3], before)
        places = start
        for _ in range(updates):
            hidden, step = self.update_block(hidden, context, _looked_up(pyramid, places), places - start)
            places = places + step
        return _enlarged(places - start, self.mask_predictor(hidden))


def _grid(count: int, rows: int, columns: int, like: Any) -> Any:
    down, across = torch.meshgrid(
        torch.arange(rows, device=like.device), torch.arange(columns, device=like.device), indexing="ij"
    )
    return torch.stack([across, down]).to(like.dtype).expand(count, 2, rows, columns)


def _pyramid(one: Any, other: Any) -> list[Any]:
    """Likeness of every place with every other, and that at a half, a quarter and an eighth."""
    count, wide, rows, columns = one.shape
    likeness = torch.matmul(one.flatten(2).transpose(1, 2), other.flatten(2)) / wide**0.5
    level = likeness.view(count * rows * columns, 1, rows, columns)
    levels = [level]
    for _ in range(LEVELS - 1):
        level = functional.avg_pool2d(level, 2, 2)
        levels.append(level)
    return levels


def _looked_up(pyramid: list[Any], places: Any) -> Any:
    """Likeness around each place, (n, levels * 81, rows, columns)."""
    count, _, rows, columns = places.shape
    reach = torch.linspace(-RADIUS, RADIUS, 2 * RADIUS + 1, device=places.device, dtype=places.dtype)
    # the first of the two steps goes across, as in the published weights
    steps = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), -1)[None]
    middles = places.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
    found = []
    for level in pyramid:
        wanted = middles + steps
        size = torch.tensor([level.shape[-1] - 1, level.shape[-2] - 1], device=places.device, dtype=places.dtype)
        seen = functional.grid_sample(level, 2 * wanted / size - 1, mode="bilinear", align_corners=True)
        found.append(seen.view(count, rows, columns, -1))
        middles = middles / 2
    return torch.cat(found, -1).permute(0, 3, 1, 2).contiguous()


def _enlarged(flow: Any, mask: Any) -> Any:
    """Eight times the size, each pixel a convex mix of the nine around its place."""
    count, _, rows, columns = flow.shape
    weights = torch.softmax(mask.view(count, 1, 9, 8, 8, rows, columns), dim=2)
    around = functional.unfold(8 * flow, 3, padding=1).view(count, 2, 9, 1, 1, rows, columns)
    mixed = (weights * around).sum(dim=2)
    return mixed.permute(0, 1, 4, 2, 5, 3).reshape(count, 2, 8 * rows, 8 * columns)

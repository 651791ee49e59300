"""3D-ResNet-50 of Hara, Kataoka and Satoh (CVPR 2018): sixteen frames -> 2048 numbers. Importing this needs torch.

Parameters bear the names of the published weights (`resnet-50-kinetics.pth`), so that those load as they are; their
classifier is left out. The pictures come as the seed says: 160 px on the shorter side, 16 a second, a clip a second.
"""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from keyart.errors import BadModel, MissingFile
from keyart.media.clip import read_clips
from keyart.types import Frame, VideoInfo

NAME = "resnet3d50"
FRAMES, SIDE_PX = 16, 160
_MEAN = (114.7748, 107.7354, 99.4750)
"""Of Kinetics, red, green, blue out of 255; the published weights want it taken off, and nothing else."""
_SPANS = 60
"""Seconds of video that are sought and read at once."""


class Bottleneck(nn.Module):
    """1 x 1 x 1, 3 x 3 x 3, 1 x 1 x 1, and the way past them (shortcut B: a convolution where sizes change)."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = nn.Conv3d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(4 * width)
        self.downsample: Any = None
        if stride != 1 or inputs != 4 * width:
            past = nn.Conv3d(inputs, 4 * width, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(past, nn.BatchNorm3d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        past = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + past)


class ResNet3d(nn.Module):
    """(batch, 3, 16, height, width), red, green, blue of 0 ... 255 -> (batch, 32 * width): 2048 for width 64.

    Pools over all of the picture, where the published network takes the 4 x 4 places of a 112 px square.
    """

    def __init__(self, blocks: Sequence[int] = (3, 4, 6, 3), width: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(3, width, 7, stride=(1, 2, 2), padding=3, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.maxpool = nn.MaxPool3d(3, stride=2, padding=1)
        inputs = width
        for number, count in enumerate(blocks):
            own = width * 2**number
            strides = [1 if number == 0 else 2] + [1] * (count - 1)
            sizes = [inputs] + [4 * own] * (count - 1)
            stack = [Bottleneck(size, own, stride) for size, stride in zip(sizes, strides, strict=True)]
            self.add_module(f"layer{number + 1}", nn.Sequential(*stack))
            inputs = 4 * own
        self.stages = len(blocks)

    def forward(self, clips: Tensor) -> Tensor:
        x = clips - clips.new_tensor(_MEAN).view(1, 3, 1, 1, 1)
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for number in range(self.stages):
            x = getattr(self, f"layer{number + 1}")(x)
        return x.mean(dim=(2, 3, 4))


def load_resnet3d(path: Path, blocks: Sequence[int] = (3, 4, 6, 3), width: int = 64) -> ResNet3d:
    """The network with the weights of a file, as they are published or as a bare state dict; in eval mode, on the CPU.

    Raises `MissingFile`, and `BadModel` for a file of another network.
    """
    if not path.is_file():
        raise MissingFile(f"{path}: no such file; wanted is resnet-50-kinetics.pth of 3D-ResNets-PyTorch")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, LookupError, UnpicklingError) as err:
        raise BadModel(f"{path}: no weights of torch: {str(err).strip().splitlines()[0]}") from err
    state = found.get("state_dict", found) if isinstance(found, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise BadModel(f"{path}: no state dict in it")
    state = {name.removeprefix("module."): value for name, value in state.items()}
    network = ResNet3d(blocks, width)
    _check(path, network, state)
    network.load_state_dict({name: state[name] for name in network.state_dict() if name in state}, strict=False)
    network.eval()
    return network


def _check(path: Path, network: ResNet3d, state: dict[str, Tensor]) -> None:
    """Every weight there and of its shape; files older than torch 0.4 count no batches, and need not."""
    wanted = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    missing = [name for name in wanted if name not in state]
    odd = [name for name, value in wanted.items() if name in state and state[name].shape != value.shape]
    more = [name for name in state if name not in network.state_dict() and not name.startswith("fc.")]
    for what, names in (("misses", missing), ("has of another shape", odd), ("has besides", more)):
        if names:
            raise BadModel(f"{path}: no 3D-ResNet-50 with shortcut B: {what} {', '.join(names[:3])} ({len(names)})")


# --- a video's shots ------------------------------------------------------------------------------------------------


def shot_features(info: VideoInfo, network: ResNet3d) -> NDArray[np.float32]:
    """A row for each second of the video, shape (n, 2048); (0, 0) where nothing could be decoded."""
    rows = []
    where = next(network.parameters()).device
    with torch.inference_mode():
        for frames in _clips(info):
            rows.append(network(_as_clip(frames).to(where))[0].float().cpu().numpy())
    return np.stack(rows).astype(np.float32) if rows else np.zeros((0, 0), np.float32)


def _clips(info: VideoInfo) -> Iterator[tuple[Frame, ...]]:
    longest = round(SIDE_PX * max(info.width_px, info.height_px) / min(info.width_px, info.height_px))
    seconds = math.ceil(info.duration_seconds - 1e-3)
    for first in range(0, seconds, _SPANS):
        spans = [(float(second), second + 1.0) for second in range(first, min(seconds, first + _SPANS))]
        found = dict(read_clips(info, spans, frames_per_second=FRAMES, longest_px=longest))
        yield from (found[number] for number in sorted(found) if found[number])


def _as_clip(frames: Sequence[Frame]) -> Tensor:
    """(1, 3, 16, height, width); a clip cut short by the video's end begins anew, as the published reader has it."""
    images = np.stack([frames[number % len(frames)].image for number in range(FRAMES)])
    return torch.from_numpy(images).permute(3, 0, 1, 2)[None].float()

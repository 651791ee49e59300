"""The thesis' generators (§4.6, §6) as looks: ONNX or TorchScript from the model store, tiled and in batches.

The weights are pulled by name (`keyart models pull animegan-v2`); without them a look says what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keyart.covers.looks.filters import AREA_PX, Picture, Plane, blur, floats
from keyart.errors import BadModel, BadSetting, MissingExtra
from keyart.models import CARDS, model_path
from keyart.models.onnx import open_session
from keyart.types import RGB, Box

Net = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(n, 3, h, w) in the card's units -> the same shape and units."""


@dataclass(frozen=True, slots=True)
class Network:
    run: Net
    size_px: int
    """Side of the square it wants; 0 where it takes any."""
    batch: int
    """Tiles that it takes at once; 0 for any number."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A generator run over the still in overlapping tiles that are faded into one another.

    A generator normalises over what it sees, so tiles would differ in colour: each takes its broad colour from one run
    over a small copy of the whole still.
    """

    model: str
    """Name of a card."""
    tile_px: int = 512
    """Side of a tile where the network takes any size; rounded to the multiple of 32 below."""
    overlap: float = 0.25
    """Share of a tile that it has in common with the next, 0.05 ... 0.5."""
    batch: int = 4
    """Tiles run at once, where the network allows."""
    area_px: int = AREA_PX
    """Larger stills are brought down to this before and back after: the generators draw lines of a fixed weight."""

    def __post_init__(self) -> None:
        if self.tile_px < 32 or not 0.05 <= self.overlap <= 0.5 or self.batch < 1:
            raise BadSetting(
                f"tiles of {self.tile_px} px, overlap {self.overlap}, batch {self.batch}: allowed are 32 px and more, "
                "0.05 to 0.5, 1 and more"
            )

    def __call__(self, image: RGB, faces: Sequence[Box] = (), seed: int = 0) -> RGB:  # noqa: ARG002 (no chance in it)
        """Raises `MissingModel`, `MissingExtra` (torch for TorchScript), `LicenceRefused`, `BadModel`."""
        network = load(model_path(self.model))
        height, width = image.shape[:2]
        factor = min(1.0, math.sqrt(self.area_px / (width * height)))
        size = max(1, round(width * factor)), max(1, round(height * factor))
        small = image if size == (width, height) else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        done = self._drawn(floats(small) / 255, network)
        if size != (width, height):
            done = floats(cv2.resize(done, (width, height), interpolation=cv2.INTER_CUBIC))
        return np.asarray(np.clip(done * 255 + 0.5, 0, 255), np.uint8)

    def _drawn(self, picture: Picture, network: Network) -> Picture:
        side = network.size_px or max(32, self.tile_px // 32 * 32)
        height, width = picture.shape[:2]
        places = list(tiles(width, height, side, self.overlap))
        padded = _padded(picture, side)
        at_once = min(self.batch, network.batch or self.batch)
        total = np.zeros_like(padded)
        weights = np.zeros(padded.shape[:2], np.float32)
        window = fade(side, self.overlap)
        for first in range(0, len(places), at_once):
            part = places[first : first + at_once]
            stack = np.stack([padded[y : y + side, x : x + side] for x, y in part])
            for (x, y), tile in zip(part, self._run(stack, network), strict=True):
                total[y : y + side, x : x + side] += tile * window[..., None]
                weights[y : y + side, x : x + side] += window
        done = (total / weights[..., None])[:height, :width]
        return done if len(places) == 1 else self._agreed(done, picture, side, network)

    def _agreed(self, done: Picture, picture: Picture, side: int, network: Network) -> Picture:
        """Broad colour from the run over the whole still, everything finer from the tiles."""
        height, width = picture.shape[:2]
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        (whole,) = self._run(floats(small)[None], network)
        whole = floats(cv2.resize(whole, (width, height), interpolation=cv2.INTER_CUBIC))
        sigma = side / 8
        return floats(done + blur(whole, sigma) - blur(done, sigma))

    def _run(self, stack: NDArray[Any], network: Network) -> Iterator[Picture]:
        """(n, h, w, 3) sRGB 0 ... 1 through the network, in the units of its card."""
        card = CARDS[self.model]
        mean, std = (floats(part or whole) for part, whole in ((card.mean, (0.5,) * 3), (card.std, (0.5,) * 3)))
        found = network.run(np.ascontiguousarray(((stack - mean) / std).transpose(0, 3, 1, 2), np.float32))
        if found.shape[0] != len(stack) or found.shape[1] != 3:
            raise BadModel(f"{self.model} answers with an array of {found.shape}, not with {len(stack)} pictures")
        for one in found:
            tile = np.clip(one.transpose(1, 2, 0) * std + mean, 0, 1)
            if tile.shape[:2] != stack.shape[1:3]:  # some generators round their size down
                tile = cv2.resize(tile, stack.shape[2:0:-1], interpolation=cv2.INTER_LINEAR)
            yield floats(tile)


GENERATORS: dict[str, Generated] = {
    "animegan-v2": Generated("animegan-v2"),
    "arcanegan-v04": Generated("arcanegan-v04"),
    "ugatit": Generated("ugatit"),
}
"""The three of the thesis; the keys are names of cards."""


# --- tiles ------------------------------------------------------------------------------------------------------


def tiles(width: int, height: int, side: int, overlap: float) -> Iterator[tuple[int, int]]:
    """Upper left corners of tiles that cover the picture evenly, each sharing at least `overlap` with the next."""
    for y in _starts(height, side, overlap):
        for x in _starts(width, side, overlap):
            yield x, y


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    count = math.ceil((length - side) / (side * (1 - overlap))) + 1
    return [round(number * (length - side) / (count - 1)) for number in range(count)]


def fade(side: int, overlap: float) -> Plane:
    """Weight of a tile's pixels: 1 inside, falling as a cosine over the overlap, never 0."""
    away = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
    share = np.clip(away / max(1.0, overlap * side), 0, 1)
    edge = floats(0.5 - 0.5 * np.cos(np.pi * share)) + np.float32(1e-4)
    return floats(np.outer(edge, edge))


def _padded(picture: Picture, side: int) -> Picture:
    """A picture smaller than a tile is continued by its mirror image, or by its edge where it is thin."""
    below, right = max(0, side - picture.shape[0]), max(0, side - picture.shape[1])
    if not below and not right:
        return picture
    thin = below >= picture.shape[0] or right >= picture.shape[1]
    border = cv2.BORDER_REPLICATE if thin else cv2.BORDER_REFLECT_101
    return floats(cv2.copyMakeBorder(picture, 0, below, 0, right, border))


# --- the networks -----------------------------------------------------------------------------------------------


@cache
def load(path: Path) -> Network:
    """By the file's ending: .onnx, or TorchScript (.jit, .pt, .pth, .ts)."""
    return _onnx(path) if path.suffix == ".onnx" else _torchscript(path)


def _onnx(path: Path) -> Network:
    session = open_session(path, 2)
    (wanted,) = session.get_inputs()
    shape = [part if isinstance(part, int) and part > 0 else 0 for part in wanted.shape]
    channels_last = shape[-1] == 3  # as converters from TensorFlow leave it
    name, sides = wanted.name, shape[1:3] if channels_last else shape[2:4]

    def run(stack: NDArray[np.float32]) -> NDArray[np.float32]:
        given = np.ascontiguousarray(stack.transpose(0, 2, 3, 1)) if channels_last else stack
        found = np.asarray(session.run(None, {name: given})[0], np.float32)
        return found.transpose(0, 3, 1, 2) if channels_last else found

    return Network(run, max(sides), shape[0])


def _torchscript(path: Path) -> Network:
    try:
        import torch
    except ImportError as err:
        raise MissingExtra("torch", extra="hub") from err
    module = torch.jit.load(str(path), map_location="cpu").eval().float()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    module = module.to(device)

    def run(stack: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            found = module(torch.from_numpy(stack).to(device))
        return np.asarray(found.float().cpu().numpy(), np.float32)

    return Network(run, 0, 0)

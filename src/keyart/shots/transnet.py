"""TransNet V2 (Soucek and Lokoc 2020), a learned judge of every frame: the second backend. Needs torch and its weights.

The network is written here anew after the paper; names and shapes of its parameters are those of the published PyTorch
weights, so that they load as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, MissingExtra, MissingModel
from keyart.media.scan import Glimpse
from keyart.types import RGB, Shot, VideoInfo

MODEL = "transnetv2"
WIDTH_PX, HEIGHT_PX = 48, 27
_WINDOW, _STEP = 100, 50
"""Frames that are judged together, of which the middle half counts."""


@dataclass(frozen=True, slots=True)
class TransNet:
    """Shot boundaries by TransNet V2. Every transition is told as a cut or, over several frames, as a dissolve."""

    weights: Path | None = None
    """File of the published PyTorch weights; None: the model store's."""
    threshold: float = 0.5
    """Probability from which a frame belongs to a transition. 0 ... 1."""
    filters: int = 16
    """Of the first block; 16 in the published weights."""
    units: int = 1024
    """Of the last hidden layer; 1024 in the published weights."""

    def watch(self, info: VideoInfo) -> TransNetWatcher:
        """Raises `MissingExtra` without torch, `MissingModel` without weights, `BadModel` where they do not fit."""
        return TransNetWatcher(self, info, loaded(self))


class TransNetWatcher:
    """An onlooker. Keeps 100 pictures of 48 x 27 and four bytes a frame; they are judged fifty at a time."""

    def __init__(self, settings: TransNet, info: VideoInfo, network: Any) -> None:
        self.settings, self.info = settings, info
        self._network = network
        self._seconds: list[float] = []
        self._waiting: list[RGB] = []
        self._odds: list[float] = []
        self.exact = True
        """Whether every frame was seen."""

    def see(self, glimpse: Glimpse) -> None:
        import cv2

        picture = np.asarray(
            cv2.resize(glimpse.small(96), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA), np.uint8
        )
        if not self._seconds:
            self._waiting = [picture] * ((_WINDOW - _STEP) // 2)
        self._seconds.append(glimpse.seconds)
        self._waiting.append(picture)
        if len(self._waiting) == _WINDOW:
            self._judge()

    def shots(self, end_seconds: float) -> tuple[Shot, ...]:
        """Shots that tile [0, end_seconds]; asked for once the video has passed."""
        if not self._seconds:
            return ()
        while len(self._odds) < len(self._seconds):
            self._waiting += [self._waiting[-1]] * (_WINDOW - len(self._waiting))
            self._judge()
        return _tiled(self._odds[: len(self._seconds)], self._seconds, end_seconds, self.settings.threshold)

    def _judge(self) -> None:
        margin = (_WINDOW - _STEP) // 2
        odds = probabilities(self._network, np.stack(self._waiting))
        self._odds += [float(one) for one in odds[margin : margin + _STEP]]
        self._waiting = self._waiting[_STEP:]


def _tiled(odds: list[float], seconds: list[float], end_seconds: float, threshold: float) -> tuple[Shot, ...]:
    """The last frame of a stretch above the threshold is the last one before the new shot."""
    end_seconds = max(end_seconds, seconds[-1])
    above = [one > threshold for one in odds]
    starts: list[tuple[int, int]] = [(0, 0)]
    first = 0
    for number, inside in enumerate(above):
        if inside and (number == 0 or not above[number - 1]):
            first = number
        if inside and number + 1 < len(above) and not above[number + 1]:
            starts.append((number + 1, number - first))
    shots = []
    for place, (start, length) in enumerate(starts):
        last = place + 1 == len(starts)
        after = len(seconds) if last else starts[place + 1][0]
        end = end_seconds if last else seconds[after]
        kind: Any = "start" if not place else "dissolve" if length else "cut"
        taken = round(seconds[start] - seconds[start - length], 3) if place else 0.0
        shots.append(Shot(0.0 if not place else seconds[start], end, start, after, kind, taken))
    return tuple(shots)


# --- the network --------------------------------------------------------------------------------------------------


def loaded(settings: TransNet) -> Any:
    """The network with its weights. Raises `MissingExtra`, `MissingModel`, `BadModel`."""
    network = built(settings.filters, settings.units)
    import torch

    from keyart.models import model_path

    path = settings.weights or model_path(MODEL)
    if not path.is_file():
        raise MissingModel(MODEL, f"give the file of its published PyTorch weights; {path} is none")
    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, KeyError, ValueError, EOFError) as err:
        raise BadModel(f"{path}: no weights of this network: {str(err).splitlines()[0]}") from err
    return network.eval()


def probabilities(network: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(frames, 27, 48, 3) -> for each frame how likely it is the last of a shot or within a transition."""
    import torch

    with torch.no_grad():
        odds = network(torch.from_numpy(pictures)[None])
    return np.asarray(torch.sigmoid(odds)[0, :, 0].numpy(), np.float32)


def built(filters: int = 16, units: int = 1024) -> Any:
    """The network without weights. Raises `MissingExtra` without torch."""
    try:
        from keyart.shots.transnet_layers import TransNetV2
    except ImportError as err:
        raise MissingExtra(err.name or "torch", extra="torch") from err
    return TransNetV2(filters, units)

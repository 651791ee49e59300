"""The hub tier of the measurements: frames against the prompt, LPIPS and RAFT of neighbours, in batches as they pass.

What a pair of frames gave is kept under the digest of its two pictures for as long as the process lives: takes that
share frames, frozen frames and a second look cost nothing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, MissingExtra
from keyart.media.scan import Glimpse
from keyart.models.licence import refuse_stranger
from keyart.models.store import model_path
from keyart.review.agreement import cosines
from keyart.review.generated.flow import FLOW_NAMES, flow_statistics
from keyart.review.generated.measure import Measure, Measured
from keyart.review.generated.prompts import prompt_embedder
from keyart.types import RGB, VideoInfo

Floats = NDArray[np.float64]
BATCH = 8
MOST_KEPT = 50_000
"""Pairs and frames whose numbers are kept: 18 numbers each at most."""


class Kept:
    """Numbers by key, the least lately used given up first."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.most = most
        self._found: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def get(self, key: str) -> tuple[float, ...] | None:
        if key in self._found:
            self._found.move_to_end(key)
        return self._found.get(key)

    def put(self, key: str, values: tuple[float, ...]) -> None:
        self._found[key] = values
        while len(self._found) > self.most:
            self._found.popitem(last=False)


_KEPT = Kept()


class Meter:
    """Items go in as they pass, numbers come out in their order; `work` is asked for a batch of those not yet known."""

    def __init__(self, names: Sequence[str], key: str, work: Callable[[list[Any]], list[tuple[float, ...]]]) -> None:
        self.names, self.key, self.work = tuple(names), key, work
        self._rows: list[tuple[float, ...] | None] = []
        self._waiting: dict[str, tuple[Any, list[int]]] = {}

    def add(self, mark: str, item: Any) -> None:
        key = f"{self.key} {mark}"
        self._rows.append(_KEPT.get(key))
        if self._rows[-1] is None:
            self._waiting.setdefault(key, (item, []))[1].append(len(self._rows) - 1)
        if len(self._waiting) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        found = self.work([item for item, _ in waiting.values()])
        for (key, (_, places)), values in zip(waiting.items(), found, strict=True):
            _KEPT.put(key, values)
            for place in places:
                self._rows[place] = values

    def series(self) -> dict[str, Floats]:
        self._flush()
        table = np.array(self._rows, np.float64).reshape(len(self._rows), len(self.names))
        return {name: table[:, place] for place, name in enumerate(self.names)}


def measure_with_hub(
    video: Path | VideoInfo,
    prompt: str,
    measure: Measure,
    models: Sequence[str] = (),
    *,
    lpips: bool = False,
    raft: bool = False,
    folders: Mapping[str, str] | None = None,
    reference: RGB | None = None,
) -> Measured:
    """What `measure` finds, and arrays of the hub's models, in the same pass. Frames are looked at in their full size.

    Raises `MissingModel`, `MissingExtra`, `BadModel`, `LicenceRefused`.
    """
    places = dict(folders or {})
    frames = [_prompt_meter(name, prompt, places) for name in models]
    pairs = [_lpips_meter(places.get("lpips", ""))] if lpips else []
    pairs += [_raft_meter(places.get("raft", ""))] if raft else []
    before: list[tuple[str, RGB]] = []

    def see(glimpse: Glimpse) -> None:
        image = glimpse.full(exact=False).image
        mark = hashlib.blake2b(image.tobytes() + repr(image.shape).encode(), digest_size=16).hexdigest()
        for meter in frames:
            meter.add(mark, image)
        for meter in pairs:
            if before and before[-1][1].shape == image.shape:
                meter.add(f"{before[-1][0]} {mark}", (before[-1][1], image))
        before[:] = [(mark, image)]

    measured = measure(video, reference, (see,))
    series = dict(measured.series)
    for meter in (*frames, *pairs):
        series |= meter.series()
    return replace(measured, series=series)


# --- the models -----------------------------------------------------------------------------------------------------


def _prompt_meter(name: str, prompt: str, folders: Mapping[str, str]) -> Meter:
    embedder = prompt_embedder(name, folders)
    text = embedder.texts([prompt])

    def work(images: list[Any]) -> list[tuple[float, ...]]:
        return [(float(one),) for one in cosines(embedder.pictures(images), text)[:, 0]]

    return Meter((name,), f"{name} {folders.get(name, '')} {prompt!r}", work)


def _lpips_meter(folder: str) -> Meter:
    network = lpips_network(Path(folder).expanduser() if folder else None)

    def work(pairs: list[Any]) -> list[tuple[float, ...]]:
        import torch

        one, other = _tensors([pair[0] for pair in pairs]), _tensors([pair[1] for pair in pairs])
        device = next(network.parameters()).device
        with torch.inference_mode():
            return [(float(value),) for value in network(one.to(device), other.to(device)).cpu()]

    return Meter(("lpips",), f"lpips {folder}", work)


def _raft_meter(folder: str) -> Meter:
    network = raft_network(Path(folder).expanduser() if folder else None)
    names = tuple(f"raft_{name}" for name in FLOW_NAMES)

    def work(pairs: list[Any]) -> list[tuple[float, ...]]:
        import torch

        one, other = _tensors([pair[0] for pair in pairs]), _tensors([pair[1] for pair in pairs])
        rows, columns = one.shape[2:]
        one, other = _padded(one), _padded(other)
        device = next(network.parameters()).device
        with torch.inference_mode():
            flows = network(one.to(device), other.to(device)).cpu().numpy()
        return [flow_statistics(flow[:, :rows, :columns]) for flow in flows]

    return Meter(names, f"raft {folder}", work)


def _tensors(images: Sequence[RGB]) -> Any:
    """(n, 3, h, w) in [-1, 1]: the transform of both published weights."""
    import torch

    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


_RAFT_LEAST_PX = 128


def _padded(images: Any) -> Any:
    """Sides of 128 at least and of whole eighths, the last row and column repeated: the published transform does not
    do so, and the seed's videos had such sides."""
    from torch.nn import functional

    rows, columns = images.shape[2:]
    more = [max(_RAFT_LEAST_PX, -(-side // 8) * 8) - side for side in (rows, columns)]
    return functional.pad(images, (0, more[1], 0, more[0]), mode="replicate") if any(more) else images


LPIPS_FILES = (("alexnet-owt-7be5be79.pth", "alexnet.pth"), ("alex.pth", "lin_alex.pth"))
"""AlexNet's weights and the linear layers', each by either name."""
LPIPS_CARDS = ("alexnet", "lpips-alex")
RAFT_FILES = ("raft_large_C_T_SKHT_V2-ff5fadd5.pth", "raft_large.pth")
RAFT_CARD = "raft-large"


@cache
def lpips_network(folder: Path | None = None) -> Any:
    """LPIPS with the weights of a folder, or of the store. Raises `MissingExtra`, `MissingModel`, `BadModel`."""
    states = [_state(folder, names, card) for names, card in zip(LPIPS_FILES, LPIPS_CARDS, strict=True)]
    from keyart.review.generated.lpips_net import Lpips

    trunk = {name: one for name, one in states[0].items() if name.startswith("features.")}
    places = sorted({int(name.split(".")[1]) for name in trunk})
    widths = tuple(len(trunk[f"features.{place}.bias"]) for place in places)
    return _filled(Lpips(widths), trunk | states[1], folder or "lpips-alex")


@cache
def raft_network(folder: Path | None = None) -> Any:
    """RAFT large with the weights of a folder, or of the store. Raises `MissingExtra`, `MissingModel`, `BadModel`."""
    state = _state(folder, RAFT_FILES, RAFT_CARD)
    from keyart.review.generated.raft_net import Raft

    widest = state.get("feature_encoder.conv.weight")
    if widest is None:
        raise BadModel(f"{folder or RAFT_CARD}: its weights are not those of RAFT large")
    return _filled(Raft(256 // len(widest)), state, folder or RAFT_CARD)


def _state(folder: Path | None, names: Sequence[str], card: str) -> dict[str, Any]:
    try:
        import torch
    except ImportError as err:
        raise MissingExtra("torch", extra="torch") from err
    path = model_path(card) if folder is None else _in_folder(folder, names)
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as err:  # torch raises whatever its readers raise
        raise BadModel(f"{path}: cannot be read as weights: {str(err).strip().splitlines()[0]}") from err
    return state


def _in_folder(folder: Path, names: Sequence[str]) -> Path:
    refuse_stranger(str(folder))
    path = next((folder / one for one in names if (folder / one).is_file()), None)
    if path is None:
        raise BadModel(f"{folder}: holds neither {' nor '.join(names)}")
    return path


def _filled(network: Any, state: Mapping[str, Any], folder: Path | str) -> Any:
    from keyart.models.hub import device

    try:
        network.load_state_dict(state)
    except RuntimeError as err:
        raise BadModel(f"{folder}: its weights do not fit: {str(err).strip().splitlines()[-1].strip()}") from err
    return network.eval().to(device())

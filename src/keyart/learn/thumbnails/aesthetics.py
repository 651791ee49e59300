"""How fine a picture is, 0 ... 1: by the stills' own terms, or by a fully convolutional network with given weights.

The method's estimator is an FCN trained on AVA, whose weights cannot be had here; what stands in for it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, MissingFile
from keyart.learn.thumbnails.videos import Judge
from keyart.stills.metrics import clipped_shares, to_gray
from keyart.stills.rank import (
    Candidate,
    Surroundings,
    Weights,
    colourfulness_term,
    contrast_term,
    detail_term,
    exposure_term,
    sharpness_term,
    weighted_mean,
)
from keyart.stills.sample import measure, reduced
from keyart.types import RGB, Box, Frame

_SIDE_PX = 320
_TYPICAL = Surroundings(
    sharpness=200.0, colourfulness=40.0, largest_cluster=1, has_faces=False, main_objects=frozenset(), end_seconds=0.0
)
"""A picture is judged by itself: no video around it, but what footage has on average."""
_TERMS = {
    "sharpness": sharpness_term,
    "exposure": exposure_term,
    "contrast": contrast_term,
    "colourfulness": colourfulness_term,
    "detail": detail_term,
}


def judge_of(weights: Path | None) -> tuple[Judge, str]:
    """What judges, and how it is called in the card. Raises `MissingExtra`, `MissingFile`, `BadModel`."""
    if weights is None:
        return by_terms, "stills' terms"
    return _by_network(weights), weights.name


def by_terms(pictures: Sequence[RGB]) -> NDArray[np.float32]:
    """Weighted mean of sharpness, exposure, contrast, colourfulness and detail, with the stills' weights."""
    return np.array([_quality(one) for one in pictures], np.float32)


def _quality(image: RGB) -> float:
    small = reduced(image, _SIDE_PX)
    height, width = small.shape[:2]
    shadows, highlights = clipped_shares(to_gray(small))
    sample = measure(small, number=0, seconds=0.0, change=0.0)
    seen = Candidate(
        sample, Frame(small, 0.0), (), (), Box(0, 0, width, height), shadows, highlights, direction_loss=0.0
    )
    weights = Weights()
    return weighted_mean([make(seen, _TYPICAL, getattr(weights, name)) for name, make in _TERMS.items()])


def _by_network(path: Path) -> Judge:
    network = load_network(path)

    def judge(pictures: Sequence[RGB]) -> NDArray[np.float32]:
        import torch

        from keyart.learn.keyframes.resnet import as_tensor

        with torch.inference_mode():
            scores = [network(as_tensor([reduced(one, _SIDE_PX)])) for one in pictures]
        return np.asarray(torch.cat(scores).float().cpu().numpy(), np.float32)

    return judge


def load_network(path: Path) -> Any:
    """The network with the weights of a file that `torch.save` wrote. Raises `MissingFile`, `BadModel`."""
    from pickle import UnpicklingError

    from keyart.learn.thumbnails.nets import AestheticNetwork
    from keyart.models.hub import device

    if not path.is_file():
        raise MissingFile(f"{path}: no such file with weights of the aesthetic network")
    import torch

    network = AestheticNetwork()
    try:  # weights_only: a checkpoint is data, nothing in it is run
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, EOFError, TypeError, UnpicklingError) as err:
        raise BadModel(f"{path}: no weights of the aesthetic network: {str(err).strip().splitlines()[0]}") from err
    return network.eval().to(device())

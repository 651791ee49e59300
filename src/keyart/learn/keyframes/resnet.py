"""Pictures -> features of a ResNet of transformers (2048 for ResNet-50), loaded from a card's folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, MissingExtra
from keyart.learn.keyframes.crops import center_crop
from keyart.models.hub import device
from keyart.models.store import model_folder
from keyart.types import RGB

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_AT_ONCE = 32


def load(name: str) -> Any:
    """A network of its own, to be changed, by its card's name or its folder.

    Raises `MissingExtra`, `MissingModel`, `LicenceRefused`, `BadModel`.
    """
    folder = model_folder(name)
    try:
        from transformers import ResNetModel, logging
    except ImportError as err:
        raise MissingExtra(err.name or "transformers", extra="learn") from err
    logging.disable_progress_bar()
    try:
        return ResNetModel.from_pretrained(folder, local_files_only=True).eval().to(device())
    except (OSError, ValueError, KeyError) as err:
        raise BadModel(f"{folder}: no ResNet of transformers: {str(err).strip().splitlines()[0]}") from err


def feature_size(resnet: Any) -> int:
    return int(resnet.config.hidden_sizes[-1])


def as_tensor(pictures: Sequence[RGB], place: str | None = None) -> Any:
    """Squares of one size -> (n, 3, side, side), as the weights of ImageNet want them."""
    import torch

    values: NDArray[Any] = np.stack([np.asarray(one, np.float32) for one in pictures]) / 255.0
    values = (values - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    return torch.from_numpy(np.ascontiguousarray(values.transpose(0, 3, 1, 2))).to(place or device())


def features_of(resnet: Any, pictures: Sequence[RGB], side_px: int = 224) -> NDArray[np.float32]:
    """f_t of thesis §5.3: the pooled output for the middle of each picture, shape (n, d)."""
    import torch

    rows = []
    with torch.inference_mode():
        for at in range(0, len(pictures), _AT_ONCE):
            part = [center_crop(pictures[place], side_px) for place in range(at, min(at + _AT_ONCE, len(pictures)))]
            rows.append(resnet(as_tensor(part)).pooler_output.flatten(1).float().cpu().numpy())
    return np.concatenate(rows)

"""Pictures, words and sound -> rows: the seed's models where the user has them, else the stages that serve.

pictures    VGG16's fc7, 4096 numbers           or the stills' own descriptor
words       ELECTRA, 256 or 768 numbers         or the titles' own vectors
sound       the stand-in for TRILL, 512         or log-mel statistics of each second
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal, Protocol

import numpy as np

from keyart.errors import BadModel, MissingExtra, MissingFile
from keyart.learn.data import batched
from keyart.learn.multimodal.sounds import NAME, load_sounds, patches_of, sound_of, sound_rows
from keyart.learn.multimodal.values import Floats
from keyart.types import RGB

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pixels, as the published VGG16 was trained."""
_SHORTER_PX, VGG_PX = 256, 224
_LONGER_PX = 144


class Pictures(Protocol):
    """What makes a row of a picture."""

    @property
    def name(self) -> str: ...

    def ready(self, picture: RGB) -> RGB:
        """What must be held of a picture until its row is made."""
        ...

    def rows(self, pictures: Sequence[RGB]) -> Floats:
        """(n, d) of pictures made ready."""
        ...


class Words(Protocol):
    """What makes a row of a text."""

    @property
    def name(self) -> str: ...

    def row(self, text: str, language: str) -> Floats:
        """(t,); the same size for every text."""
        ...


class Sounds(Protocol):
    """What makes rows of a file's sound."""

    @property
    def name(self) -> str: ...

    def rows(self, path: Path) -> Floats:
        """(m, a) in the order of time; (0, a) for a file without sound."""
        ...


# --- pictures -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VggPictures:
    """fc7 of a VGG16."""

    network: Any = field(repr=False)
    name: str = "vgg16.fc7"

    def ready(self, picture: RGB) -> RGB:
        """The middle of the picture, its shorter side made 256, cut to 224 x 224."""
        import cv2

        height, width = picture.shape[:2]
        scale = _SHORTER_PX / min(height, width)
        size = max(VGG_PX, round(width * scale)), max(VGG_PX, round(height * scale))
        resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        top, left = (size[1] - VGG_PX) // 2, (size[0] - VGG_PX) // 2
        return np.ascontiguousarray(resized[top : top + VGG_PX, left : left + VGG_PX], np.uint8)

    def rows(self, pictures: Sequence[RGB]) -> Floats:
        import torch

        device, found = next(self.network.parameters()).device, list[Floats]()
        mean, deviation = (torch.tensor(one, device=device).view(3, 1, 1) for one in (_MEAN, _DEVIATION))
        with torch.inference_mode():
            for part in batched(pictures, 16):
                pixels = torch.from_numpy(np.stack(part)).to(device).permute(0, 3, 1, 2).float() / 255
                found.append(self.network.embed((pixels - mean) / deviation).float().cpu().numpy())
        return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class ClassicalPictures:
    """The stills' own descriptor."""

    name: str = "stills.classical"

    def ready(self, picture: RGB) -> RGB:
        import cv2

        scale = min(1.0, _LONGER_PX / max(picture.shape[:2]))
        size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)

    def rows(self, pictures: Sequence[RGB]) -> Floats:
        from keyart.stills.embed import classical

        return np.stack([classical(one) for one in pictures]).astype(np.float32)


def load_vgg16(path: Path) -> Any:
    """VGG16 of a file of weights with the published names: .pth of torchvision (`vgg16-397923af.pth`), or .safetensors.

    The sizes are read off the weights. Raises `MissingFile`, and `BadModel` with the names that lack, are unknown, or
    have another shape.
    """
    from keyart.learn.multimodal.vgg_net import VGG16
    from keyart.models.hub import device

    state = _state_of(path)
    heads = ("features.0.weight", "classifier.0.weight", "classifier.6.weight")
    missing = [name for name in heads if name not in state]
    if missing:
        raise BadModel(
            f"{path}: no VGG16: no {', '.join(missing)}; it holds: {', '.join(list(state)[:4]) or 'nothing'}"
        )
    width, hidden, classes = (int(state[name].shape[0]) for name in heads)
    network = VGG16(width, hidden, classes)
    wrong = _differences(state, network.state_dict())
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise BadModel(f"{path}: no VGG16: {'; '.join(wrong[:3])}{more}")
    network.load_state_dict(state)
    return network.eval().to(device())


def _differences(state: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What lacks, has another shape, or is unknown."""
    wrong = [f"{name} is missing" for name in wanted if name not in state]
    wrong += [
        f"{name} is {tuple(state[name].shape)}, not {tuple(one.shape)}"
        for name, one in wanted.items()
        if name in state and state[name].shape != one.shape
    ]
    return wrong + [f"{name} is unknown" for name in state if name not in wanted]


def _state_of(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        state = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    except (OSError, RuntimeError, EOFError, ValueError, LookupError, UnpicklingError) as err:
        reason = (str(err).strip() or type(err).__name__).splitlines()[0]
        raise BadModel(f"{path}: no file of weights: {reason}") from err
    if not isinstance(state, dict) or not all(hasattr(one, "shape") for one in state.values()):
        raise BadModel(f"{path}: holds no weights by name")
    return state


def _pickled(path: Path) -> Any:
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)  # a file of weights is data, nothing in it is run


def _safetensors(path: Path) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as err:
        raise MissingExtra("safetensors", extra="learn") from err
    try:
        return load_file(path)
    except SafetensorError as err:
        raise ValueError(str(err)) from err


# --- words --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ElectraWords:
    """ELECTRA's last layer: its first token, or the mean of all that are no padding."""

    model: str
    """Folder, or name of a card."""
    pooling: Literal["first", "mean"] = "first"

    @property
    def name(self) -> str:
        return f"electra.{self.pooling}"

    def row(self, text: str, language: str) -> Floats:  # noqa: ARG002  one model for all languages that it knows
        """A text without a word is a row of zeros. Raises `MissingModel`, `MissingExtra`, `BadModel`."""
        import torch

        from keyart.models.hub import hub_model
        from keyart.models.store import model_folder

        _check_electra(model_folder(self.model))
        network, tokenizer = hub_model(self.model, "ElectraModel", "AutoTokenizer")
        if not text.strip():
            return np.zeros(network.config.hidden_size, np.float32)
        limit = min(512, tokenizer.model_max_length, network.config.max_position_embeddings)
        tokens = tokenizer([text], return_tensors="pt", truncation=True, max_length=limit)
        fed = {name: tokens[name].to(network.device) for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            hidden = network(**fed).last_hidden_state[0].float().cpu().numpy()
        return np.asarray(hidden[0] if self.pooling == "first" else hidden.mean(axis=0), np.float32)


def _check_electra(folder: Path) -> None:
    """transformers would draw the weights that a model of another type lacks."""
    try:
        kind = json.loads((folder / "config.json").read_text("utf-8"))["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise BadModel(f"{folder}: no config.json with a model_type") from err
    if kind != "electra":
        raise BadModel(f"{folder}: a model of type {kind!r}; electra is wanted")


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The titles' own vectors."""

    name: str = "titles.letters or titles.navec"

    def row(self, text: str, language: str) -> Floats:
        from keyart.titles.embed import text_row

        return text_row(text, language)[0]


# --- sound --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StandInSounds:
    """The stand-in for TRILL, a row for each 0.96 s."""

    network: Any = field(repr=False)
    name: str = NAME

    def rows(self, path: Path) -> Floats:
        return sound_rows(self.network, patches_of(sound_of(path)))


@dataclass(frozen=True, slots=True)
class OwnSounds:
    """Log-mel statistics of each second."""

    name: str = "sound.logmel"

    def rows(self, path: Path) -> Floats:
        from keyart.learn.features import audio_features

        return audio_features(path)


def encoders_for(vgg16: Path | None, electra: str, sounds: Path | None) -> tuple[Pictures, Words, Sounds]:
    """The seed's where they are given, else those of the stages that serve."""
    pictures: Pictures = VggPictures(load_vgg16(vgg16)) if vgg16 else ClassicalPictures()
    words: Words = ElectraWords(electra) if electra else OwnWords()
    heard: Sounds = StandInSounds(load_sounds(sounds)) if sounds else OwnSounds()
    return pictures, words, heard

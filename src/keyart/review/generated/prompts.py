"""How well each frame shows what the prompt asks for: the cosine of their embeddings, by the seed's six models.

CLIP and SigLIP come through transformers. Jina CLIP v2 has code of its own there, which is not run: its published ONNX
network is. HPS v2 is a CLIP ViT-H/14 that was trained on, given out under the names of another library: they are put
into transformers' own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, BadSetting, MissingExtra
from keyart.models.store import model_folder
from keyart.review.agreement import PairEmbedder, Vectors
from keyart.types import RGB


class Embedder(Protocol):
    def pictures(self, images: Sequence[RGB]) -> Vectors: ...

    def texts(self, texts: Sequence[str]) -> Vectors: ...


# --- Jina CLIP v2 ---------------------------------------------------------------------------------------------------

_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
_JINA_FILES = ("onnx/model.onnx", "model.onnx", "onnx/model_fp16.onnx")


@dataclass(frozen=True, slots=True)
class JinaClip:
    """The network that its publisher exported: `input_ids` and `pixel_values` to two embeddings, by their names."""

    model: str

    def pictures(self, images: Sequence[RGB]) -> Vectors:
        session, tokenizer, side = _jina(model_folder(self.model))
        pixels = np.stack([_jina_pixels(one, side) for one in images])
        return self._asked(session, "image", input_ids=_ids(tokenizer, [""]), pixel_values=pixels)

    def texts(self, texts: Sequence[str]) -> Vectors:
        session, tokenizer, side = _jina(model_folder(self.model))
        blank = np.zeros((1, 3, side, side), np.float32)
        return self._asked(session, "text", input_ids=_ids(tokenizer, texts), pixel_values=blank)

    def _asked(self, session: Any, what: str, **inputs: NDArray[Any]) -> Vectors:
        wanted = {one.name: one.type for one in session.get_inputs()}
        if "attention_mask" in wanted:
            inputs["attention_mask"] = np.ones_like(inputs["input_ids"])
        inputs["pixel_values"] = inputs["pixel_values"].astype(
            np.float16 if "float16" in wanted.get("pixel_values", "") else np.float32
        )
        names = [one.name for one in session.get_outputs() if what in one.name]
        if set(inputs) != set(wanted) or not names:
            raise BadModel(f"{self.model}: takes {', '.join(wanted)}; no Jina CLIP v2")
        return np.asarray(session.run([names[-1]], inputs)[0], np.float32)


def _ids(tokenizer: Any, texts: Sequence[str]) -> NDArray[np.int64]:
    rows = [one.ids for one in tokenizer.encode_batch(list(texts))]
    longest = max(map(len, rows))
    return np.array([row + [1] * (longest - len(row)) for row in rows], np.int64)  # 1: this vocabulary's padding


@cache
def _jina(folder: Path) -> tuple[Any, Any, int]:
    try:
        from tokenizers import Tokenizer
    except ImportError as err:
        raise MissingExtra("tokenizers", extra="hub") from err
    from keyart.models.onnx import open_session

    network = next((folder / one for one in _JINA_FILES if (folder / one).is_file()), None)
    words = folder / "tokenizer.json"
    if network is None or not words.is_file():
        raise BadModel(f"{folder}: holds no onnx/model.onnx and tokenizer.json")
    session = open_session(network)
    tokenizer = Tokenizer.from_file(str(words))
    tokenizer.enable_truncation(512)
    shape: list[Any] = next((one.shape for one in session.get_inputs() if one.name == "pixel_values"), [])
    return session, tokenizer, shape[-1] if shape and isinstance(shape[-1], int) else 512


def _jina_pixels(image: RGB, side: int) -> NDArray[np.float32]:
    """Shorter side to the network's, middle square, as its own preprocessing has it."""
    from PIL import Image

    picture = Image.fromarray(image)
    scale = side / min(picture.size)
    size = max(side, round(picture.width * scale)), max(side, round(picture.height * scale))
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    square = picture.resize(size, Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))
    pixels = (np.asarray(square, np.float32) / np.float32(255) - _MEAN) / _STD
    return np.asarray(pixels.transpose(2, 0, 1), np.float32)


# --- HPS v2 ---------------------------------------------------------------------------------------------------------

_HPS_WORDS = "openclip-vit-h14-words"
_HPS_FILES = ("HPS_v2_compressed.pt", "HPS_v2.1_compressed.pt", "HPS_v2.pt")


@dataclass(frozen=True, slots=True)
class HumanPreference:
    """HPS v2: the published checkpoint, and the configuration and the words of a CLIP ViT-H/14 from its folder, or from
    a card of their own."""

    model: str

    def pictures(self, images: Sequence[RGB]) -> Vectors:
        network, processor = _hps(model_folder(self.model))
        import torch

        inputs = processor(images=list(images), return_tensors="pt").to(network.device)
        with torch.inference_mode():
            return _array(network.get_image_features(**inputs))

    def texts(self, texts: Sequence[str]) -> Vectors:
        network, processor = _hps(model_folder(self.model))
        import torch

        longest = int(network.config.text_config.max_position_embeddings)
        inputs = processor(text=list(texts), return_tensors="pt", padding=True, truncation=True, max_length=longest)
        with torch.inference_mode():
            return _array(network.get_text_features(**inputs.to(network.device)))


def _array(output: Any) -> Vectors:
    return np.asarray(getattr(output, "pooler_output", output).float().cpu(), np.float32)


@cache
def _hps(folder: Path) -> tuple[Any, Any]:
    try:
        import torch
        from transformers import AutoProcessor, CLIPConfig, CLIPModel
    except ImportError as err:
        raise MissingExtra(err.name or "transformers", extra="hub") from err
    from keyart.models.hub import device

    checkpoint = next((folder / one for one in _HPS_FILES if (folder / one).is_file()), None)
    if checkpoint is None:
        raise BadModel(f"{folder}: holds none of {', '.join(_HPS_FILES)}")
    words = folder if (folder / "config.json").is_file() else model_folder(_HPS_WORDS)
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        network = CLIPModel(CLIPConfig.from_pretrained(words, local_files_only=True))
        told = network.load_state_dict(renamed(state.get("state_dict", state)), strict=False)
        processor = AutoProcessor.from_pretrained(words, local_files_only=True)
    except (OSError, RuntimeError, ValueError, KeyError) as err:
        raise BadModel(f"{checkpoint}: no HPS v2: {str(err).strip().splitlines()[0]}") from err
    lacking = [name for name in told.missing_keys if not name.endswith("position_ids")]
    if lacking or told.unexpected_keys:
        raise BadModel(f"{checkpoint}: no HPS v2: {(lacking + list(told.unexpected_keys))[0]} does not fit")
    return network.float().eval().to(device()), processor


_WHOLE = {
    "logit_scale": "logit_scale",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
}
_TURNED = {"text_projection": "text_projection.weight", "visual.proj": "visual_projection.weight"}
_NORMS = {
    "ln_final": "text_model.final_layer_norm",
    "visual.ln_pre": "vision_model.pre_layrnorm",
    "visual.ln_post": "vision_model.post_layernorm",
}
_PARTS = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
_LAYER = re.compile(r"(visual\.)?transformer\.resblocks\.(\d+)\.(.+)")


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Weights of a CLIP under open_clip's names -> under transformers'. Raises `KeyError` for one that neither has."""
    found: dict[str, Any] = {}
    for name, weight in state.items():
        stem, _, last = name.rpartition(".")
        if name in _WHOLE:
            found[_WHOLE[name]] = weight
        elif name in _TURNED:
            found[_TURNED[name]] = weight.T.contiguous()
        elif stem in _NORMS:
            found[f"{_NORMS[stem]}.{last}"] = weight
        elif match := _LAYER.fullmatch(name):
            found |= _layer(match, weight)
        elif name != "attn_mask":
            raise KeyError(f"no CLIP has a weight called {name}")
    return found


def _layer(match: re.Match[str], weight: Any) -> dict[str, Any]:
    side = "vision_model" if match[1] else "text_model"
    place = f"{side}.encoder.layers.{match[2]}"
    if match[3].startswith("attn.in_proj_"):
        kind = match[3].removeprefix("attn.in_proj_")
        parts = zip("qkv", weight.chunk(3), strict=True)
        return {f"{place}.self_attn.{letter}_proj.{kind}": part.contiguous() for letter, part in parts}
    stem, _, last = match[3].rpartition(".")
    return {f"{place}.{_PARTS[stem]}.{last}": weight}


# --- the six --------------------------------------------------------------------------------------------------------

EMBEDDERS: Mapping[str, tuple[Callable[[str], Embedder], str]] = {
    "HPS": (HumanPreference, "hps-v2"),
    "jina-clip-v2": (JinaClip, "jina-clip-v2"),
    "clip-vit-base-patch32": (PairEmbedder, "clip-vit-b32"),
    "clip-vit-large-patch14": (PairEmbedder, "clip-vit-large-patch14"),
    "siglip-so400m-patch14-384": (PairEmbedder, "siglip-so400m-patch14-384"),
    "siglip-large-patch16-384": (PairEmbedder, "siglip-large-patch16-384"),
}
"""The seed's name -> how it is read, and its card."""


def prompt_embedder(name: str, folders: Mapping[str, str] | None = None) -> Embedder:
    """By the seed's name; from the folder given for it, else from the store. Raises `BadSetting` for another name."""
    if name not in EMBEDDERS:
        raise BadSetting(f"no prompt model is called {name!r}; there are: {', '.join(EMBEDDERS)}")
    make, card = EMBEDDERS[name]
    return make((folders or {}).get(name, card))

"""Tiny random networks of every kind that the judge can ask, in folders as the real ones lie: to check machinery.

What they answer means nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

SIDE_PX = 32


def tiny_models(folder: Path) -> dict[str, str]:
    """Name of the model -> its folder: the seed's six, lpips and raft."""
    from tests.hub.tiny import clip, siglip

    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "HPS": human_preference(folder / "hps"),
        "jina-clip-v2": jina(folder / "jina"),
        "clip-vit-base-patch32": clip(folder / "clip-b"),
        "clip-vit-large-patch14": clip(folder / "clip-l"),
        "siglip-so400m-patch14-384": siglip(folder / "siglip-so"),
        "siglip-large-patch16-384": siglip(folder / "siglip-l"),
        "lpips": lpips(folder / "lpips"),
        "raft": raft(folder / "raft"),
    }
    return {name: str(place) for name, place in made.items()}


def human_preference(folder: Path) -> Path:
    """A CLIP whose weights lie there under open_clip's names, as HPS v2 is given out."""
    import torch
    from transformers import CLIPModel

    from tests.hub.tiny import clip

    clip(folder)
    network = CLIPModel.from_pretrained(folder)
    torch.save({"state_dict": open_clip_names(network)}, folder / "HPS_v2_compressed.pt")
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    return folder


def open_clip_names(network: Any) -> dict[str, Any]:
    """The weights of a transformers CLIP under open_clip's names: written from its side, not by undoing our reader."""
    import torch

    text, eyes = network.text_model, network.vision_model
    state = {
        "logit_scale": network.logit_scale,
        "text_projection": network.text_projection.weight.T,
        "visual.proj": network.visual_projection.weight.T,
        "token_embedding.weight": text.embeddings.token_embedding.weight,
        "positional_embedding": text.embeddings.position_embedding.weight,
        "visual.class_embedding": eyes.embeddings.class_embedding,
        "visual.positional_embedding": eyes.embeddings.position_embedding.weight,
        "visual.conv1.weight": eyes.embeddings.patch_embedding.weight,
    }
    for name, norm in (
        ("ln_final", text.final_layer_norm),
        ("visual.ln_pre", eyes.pre_layrnorm),
        ("visual.ln_post", eyes.post_layernorm),
    ):
        state |= {f"{name}.weight": norm.weight, f"{name}.bias": norm.bias}
    for side, layers in (("", text.encoder.layers), ("visual.", eyes.encoder.layers)):
        for number, layer in enumerate(layers):
            place, seen = f"{side}transformer.resblocks.{number}", layer.self_attn
            for kind in ("weight", "bias"):
                asked = [getattr(one, kind) for one in (seen.q_proj, seen.k_proj, seen.v_proj)]
                state[f"{place}.attn.in_proj_{kind}"] = torch.cat(asked)
                state[f"{place}.attn.out_proj.{kind}"] = getattr(seen.out_proj, kind)
                state[f"{place}.ln_1.{kind}"] = getattr(layer.layer_norm1, kind)
                state[f"{place}.ln_2.{kind}"] = getattr(layer.layer_norm2, kind)
                state[f"{place}.mlp.c_fc.{kind}"] = getattr(layer.mlp.fc1, kind)
                state[f"{place}.mlp.c_proj.{kind}"] = getattr(layer.mlp.fc2, kind)
    return {name: weight.detach().clone() for name, weight in state.items()}


def jina(folder: Path) -> Path:
    """An ONNX network with Jina CLIP v2's inputs and outputs."""
    from onnx import TensorProto, helper, numpy_helper

    from tests.hub.tiny import tokenizer

    chance = np.random.default_rng(0)
    words = tokenizer()
    table = chance.normal(size=(len(words), 16)).astype(np.float32)
    eye = chance.normal(size=(3, 16)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("ReduceMean", ["words"], ["text_embeddings"], axes=[1], keepdims=0),
        helper.make_node("LpNormalization", ["text_embeddings"], ["l2norm_text_embeddings"], axis=-1, p=2),
        helper.make_node("ReduceMean", ["pixel_values"], ["colours"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["colours", "eye"], ["image_embeddings"]),
        helper.make_node("LpNormalization", ["image_embeddings"], ["l2norm_image_embeddings"], axis=-1, p=2),
    ]
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "length"]),
        helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["images", 3, SIDE_PX, SIDE_PX]),
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [many, 16])
        for name, many in (
            ("text_embeddings", "texts"),
            ("image_embeddings", "images"),
            ("l2norm_text_embeddings", "texts"),
            ("l2norm_image_embeddings", "images"),
        )
    ]
    weights = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(eye, "eye")]
    graph = helper.make_graph(nodes, "jina", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    (folder / "onnx" / "model.onnx").write_bytes(model.SerializeToString())
    words.backend_tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"model_type": "jina_clip"}))
    return folder


def lpips(folder: Path) -> Path:
    """AlexNet's and the linear layers' files, narrow."""
    import torch

    from keyart.review.generated.lpips_net import Lpips

    torch.manual_seed(0)
    state = Lpips((4, 6, 8, 6, 6)).state_dict()
    folder.mkdir(parents=True, exist_ok=True)
    trunk = {name: one for name, one in state.items() if name.startswith("features.")}
    # the real file also holds the classifier, which nobody asks
    torch.save(trunk | {"classifier.1.weight": torch.zeros(2, 2)}, folder / "alexnet-owt-7be5be79.pth")
    torch.save({name: one.abs() for name, one in state.items() if name.startswith("lin")}, folder / "alex.pth")
    return folder


def raft(folder: Path) -> Path:
    import torch

    from keyart.review.generated.raft_net import Raft

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(Raft(16).state_dict(), folder / "raft_large_C_T_SKHT_V2-ff5fadd5.pth")
    return folder

"""Tiny learned models, made without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from keyart.models.kamodel import LearnedCard, packed


def frame_ranker(path: Path, weights: Any, **card: Any) -> Path:
    """A `.kamodel` of kind "frames": the score of a row is the logistic of its product with `weights` (d,)."""
    column = np.asarray(weights, np.float32)[:, None]
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["product"]),
        helper.make_node("Sigmoid", ["product"], ["odds"]),
        helper.make_node("Squeeze", ["odds", "axes"], ["scores"]),
    ]
    held = [numpy_helper.from_array(column, "weights"), numpy_helper.from_array(np.array([2], np.int64), "axes")]
    given = helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, "n", len(column)])
    made = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "n"])
    return written(path, helper.make_graph(nodes, "ranker", [given], [made], held), len(column), **card)


def triple_generator(path: Path, rows: Any, **card: Any) -> Path:
    """A `.kamodel` of kind "triple" that generates the same three rows (3, d) whatever it is given."""
    held_rows = np.asarray(rows, np.float32)[None]
    size = held_rows.shape[2]
    nodes = [  # one copy of the rows for each row of noise; the features take part with nothing
        helper.make_node("ReduceSum", ["noise", "last"], ["sums"], keepdims=1),
        helper.make_node("Unsqueeze", ["sums", "last"], ["draws"]),
        helper.make_node("ReduceSum", ["features"], ["whole"], keepdims=0),
        helper.make_node("Mul", ["draws", "zero"], ["quiet"]),
        helper.make_node("Mul", ["whole", "zero"], ["silent"]),
        helper.make_node("Add", ["quiet", "silent"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], ["generated"]),
    ]
    held = [
        numpy_helper.from_array(held_rows, "rows"),
        numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
        numpy_helper.from_array(np.array([-1], np.int64), "last"),
    ]
    given = [
        helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, "n", size]),
        helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["l", 4]),
    ]
    made = helper.make_tensor_value_info("generated", TensorProto.FLOAT, ["l", 3, size])
    facts = {"kind": "triple", "features": "teasers.seconds", **card}
    return written(path, helper.make_graph(nodes, "generator", given, [made], held), size, **facts)


def vector_maker(path: Path, vector: Any, audio_size: int, text_size: int, **card: Any) -> Path:
    """A `.kamodel` of kind "vector": `vector` (d,) times the sign of the sum of the text, whatever else it is given."""
    row = np.asarray(vector, np.float32)[None]
    nodes = [
        helper.make_node("ReduceSum", ["text", "last"], ["sums"], keepdims=1),
        helper.make_node("Sign", ["sums"], ["signs"]),
        helper.make_node("ReduceSum", ["frames"], ["seen"], keepdims=0),
        helper.make_node("ReduceSum", ["audio"], ["heard"], keepdims=0),
        helper.make_node("Add", ["seen", "heard"], ["all"]),
        helper.make_node("Mul", ["all", "zero"], ["nothing"]),
        helper.make_node("Add", ["row", "nothing"], ["whole"]),
        helper.make_node("Mul", ["whole", "signs"], ["vector"]),
    ]
    held = [
        numpy_helper.from_array(row, "row"),
        numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
        numpy_helper.from_array(np.array([-1], np.int64), "last"),
    ]
    shapes: dict[str, list[int | str]] = {
        "frames": [1, "n", row.shape[1]],
        "audio": [1, "m", audio_size],
        "text": [1, text_size],
    }
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    made = helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, row.shape[1]])
    graph = helper.make_graph(nodes, "vector", given, [made], held)
    return written(path, graph, row.shape[1], **{"kind": "vector", **card})


def written(path: Path, graph: Any, feature_size: int, **card: Any) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    facts = {
        "name": "linear", "kind": "frames", "recipe": "by hand", "features": "stills.classical",
        "feature_size": feature_size, "trained_on": "nothing", "data_sha256": "",
    }  # fmt: skip
    path.write_bytes(packed(LearnedCard(**{**facts, **card}), model.SerializeToString()))
    return path

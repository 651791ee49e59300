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
    graph = helper.make_graph(nodes, "ranker", [given], [made], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    facts = {
        "name": "linear", "kind": "frames", "recipe": "by hand", "features": "stills.classical",
        "feature_size": len(column), "trained_on": "nothing", "data_sha256": "",
    }  # fmt: skip
    path.write_bytes(packed(LearnedCard(**{**facts, **card}), model.SerializeToString()))
    return path

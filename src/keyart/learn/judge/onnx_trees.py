"""A random forest of scikit-learn's -> ONNX bytes, one output a tree: their mean is the forest, their spread its doubt.

Written against the operator's own words (`ai.onnx.ml.TreeEnsembleRegressor`), so that a served forest depends on no
version of scikit-learn. Each tree has a target of its own. The operator compares in float32, scikit-learn float32
features with float64 thresholds: a threshold is rounded down to float32, which decides alike for every float32.

Where there is a slope, every output is a tree's score in one part and the slope's in the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingExtra
from keyart.learn.judge.slopes import LEAST, MOST, Slope

INPUT, OUTPUT = "features", "trees"
_OPSET, _TREES_OPSET, _IR = 17, 3, 8


def forest_bytes(forest: Any, slope: Slope | None = None, share: float = 0.0) -> bytes:
    """ONNX bytes of a fitted forest for regression: (n, features) float32 -> (n, trees). `share` of each output is the
    slope's. Raises `MissingExtra`."""
    try:
        from onnx import TensorProto, helper
    except ImportError as err:
        raise MissingExtra("onnx", extra="learn") from err
    trees = [one.tree_ for one in forest.estimators_]
    told = OUTPUT if slope is None else "of_trees"
    node = helper.make_node(
        "TreeEnsembleRegressor", [INPUT], [told], domain="ai.onnx.ml", n_targets=len(trees), **_attributes(trees)
    )
    nodes, constants = ([], []) if slope is None else _slope_nodes(slope, share, told)
    fed = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["clips", int(forest.n_features_in_)])
    made = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["clips", len(trees)])
    sets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _TREES_OPSET)]
    model = helper.make_model(
        helper.make_graph([node, *nodes], "forest", [fed], [made], constants), opset_imports=sets, ir_version=_IR
    )
    data: bytes = model.SerializeToString()
    return data


def _slope_nodes(slope: Slope, share: float, told: str) -> tuple[list[Any], list[Any]]:
    """`told` and the slope of the features, mixed: nodes and constants."""
    from onnx import helper, numpy_helper

    values = {
        "middle": slope.middle,
        "unit": slope.unit,
        "weights": slope.weights[:, None],
        "start": np.array([slope.start]),
        "reach": np.array([share * (MOST - LEAST)]),
        "least": np.array([share * LEAST]),
        "rest": np.array([1.0 - share]),
    }
    steps = [
        ("Sub", [INPUT, "middle"], "apart"),
        ("Div", ["apart", "unit"], "units"),
        ("Asinh", ["units"], "waves"),
        ("MatMul", ["waves", "weights"], "faults"),
        ("Sub", ["start", "faults"], "left"),
        ("Sigmoid", ["left"], "worth"),
        ("Mul", ["worth", "reach"], "risen"),
        ("Add", ["risen", "least"], "of_slope"),
        ("Mul", [told, "rest"], "of_forest"),
        ("Add", ["of_forest", "of_slope"], OUTPUT),
    ]
    nodes = [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps]
    return nodes, [numpy_helper.from_array(one.astype(np.float32), name) for name, one in values.items()]


def _attributes(trees: list[Any]) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {name: [] for name in (*_NODES, *_LEAVES)}
    for number, tree in enumerate(trees):
        is_leaf = tree.children_left < 0
        count = tree.node_count
        columns["nodes_treeids"] += [number] * count
        columns["nodes_nodeids"] += range(count)
        columns["nodes_featureids"] += np.where(is_leaf, 0, tree.feature).tolist()
        columns["nodes_values"] += np.where(is_leaf, 0, rounded_down(tree.threshold)).tolist()
        columns["nodes_modes"] += ["LEAF" if leaf else "BRANCH_LEQ" for leaf in is_leaf]
        columns["nodes_truenodeids"] += np.where(is_leaf, 0, tree.children_left).tolist()
        columns["nodes_falsenodeids"] += np.where(is_leaf, 0, tree.children_right).tolist()
        leaves = np.flatnonzero(is_leaf)
        columns["target_treeids"] += [number] * leaves.size
        columns["target_nodeids"] += leaves.tolist()
        columns["target_ids"] += [number] * leaves.size
        columns["target_weights"] += tree.value[leaves, 0, 0].astype(np.float32).tolist()
    return columns


_NODES = (
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_values",
    "nodes_modes",
    "nodes_truenodeids",
    "nodes_falsenodeids",
)
_LEAVES = ("target_treeids", "target_nodeids", "target_ids", "target_weights")


def rounded_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 that is not more than the value.

    >>> bool(rounded_down(np.array([0.1]))[0] <= 0.1)
    True
    """
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)

"""Which features move a forest most: mean absolute SHAP values (Lundberg and Lee, 2017), and a plot of ten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keyart.errors import MissingExtra
from keyart.learn.judge.forests import Table

TOP = 10
_MOST_ROWS = 200
"""Clips that values are computed for: the mean over more hardly differs."""


def top_features(forest: Any, table: Table, count: int = TOP) -> list[tuple[str, float]]:
    """(feature, mean absolute SHAP value), the greatest first. Raises `MissingExtra`."""
    try:
        import shap
    except ImportError as err:
        raise MissingExtra("shap", extra="learn") from err
    rows = table.X[np.linspace(0, len(table.X) - 1, min(_MOST_ROWS, len(table.X))).astype(int)]
    values = np.asarray(shap.TreeExplainer(forest).shap_values(rows, check_additivity=False))
    values = values[..., -1] if values.ndim == 3 else values  # of two classes: the better one
    means = np.abs(values).mean(axis=0)
    order = np.argsort(-means, kind="stable")[:count]
    return [(table.names[place], float(means[place])) for place in order]


def plot_top(top: list[tuple[str, float]], path: Path, what: str) -> Path:
    """The bars of the seed's figure 3.2."""
    try:
        from matplotlib.figure import Figure
    except ImportError as err:
        raise MissingExtra("matplotlib", extra="learn") from err
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    names, values = zip(*reversed(top), strict=True)
    axes.barh(names, values, color="#3b6ea8")
    axes.set_xlabel(f"mean |SHAP value| ({what})")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    return path

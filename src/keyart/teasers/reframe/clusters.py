"""Filtering through clustering (D5.4 §3.3.2.2 and the method it cites, Apostolidis & Mezaris 2021): of all that stands
out in a picture, the few things it may be about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keyart.teasers.reframe.saliency import Map

_STRONG = 0.4
_BESIDE = 0.45
_LEAST_CELLS = 3


@dataclass(frozen=True, slots=True)
class Filtered:
    values: Map
    """The map where the kept clusters lie, 0 elsewhere."""
    focus: tuple[float, float]
    """Centre of mass of the main cluster, in shares of the picture."""


def filtered(values: Map) -> Filtered | None:
    """Cells that stand out, clustered; the heaviest cluster stays, and those nearly as heavy. None where nothing does.

    On a grid, density clustering with a neighbourhood of one cell is: grow by a cell, take connected regions. A
    cluster weighs less the further it lies from the middle, where people aim their cameras.
    """
    import cv2

    peak = float(values.max(initial=0.0))
    if peak <= 0:
        return None
    strong = values >= max(_STRONG * peak, float(values.mean() + values.std()))
    grown = cv2.dilate(strong.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(grown)
    inside = np.where(strong, labels, 0)
    cells = np.bincount(inside.ravel(), minlength=count)
    weights = np.bincount(inside.ravel(), (values * _middle(values.shape)).ravel(), count)
    weights[0] = 0.0
    weights[cells < _LEAST_CELLS] = 0.0
    if not weights.any():
        return None
    kept = np.flatnonzero(weights >= _BESIDE * weights.max())
    main = np.where(inside == int(weights.argmax()), values, 0.0)
    return Filtered(np.where(np.isin(inside, kept), values, 0.0).astype(np.float32), _centre(main))


def _middle(shape: tuple[int, ...]) -> Map:
    y, x = np.mgrid[-1 : 1 : complex(shape[0]), -1 : 1 : complex(shape[1])]
    return np.asarray(0.4 + 0.6 * np.exp(-(x**2 + y**2)), np.float32)


def _centre(values: Map) -> tuple[float, float]:
    rows, columns = values.shape
    total = float(values.sum())
    x = float(values.sum(axis=0) @ (np.arange(columns) + 0.5)) / (total * columns)
    y = float(values.sum(axis=1) @ (np.arange(rows) + 0.5)) / (total * rows)
    return x, y

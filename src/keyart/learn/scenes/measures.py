"""How groupings of shots into scenes are judged, and groupings that need no training. Needs no torch.

A grouping is `begins`, shape (shots,): whether a scene begins with the shot; with the first one always does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from keyart.learn.sets.scenes import SceneFilm

Begins = NDArray[np.bool_]
Floats = NDArray[np.float64]
T = TypeVar("T")
WINDOWS = (2, 3, 4, 6, 8, 12)
"""Shots that a link may span."""


def boundary_f1(found: Begins, truth: Begins) -> float:
    """F1 of the boundaries between scenes, exact to the shot; the film's first shot is none."""
    shared = float((found[1:] & truth[1:]).sum())
    return 2 * shared / float(found[1:].sum() + truth[1:].sum()) if shared else 0.0


def scene_numbers(begins: Begins) -> NDArray[np.int64]:
    """Shape (shots,): which scene each shot belongs to."""
    return np.asarray(np.cumsum(begins) - 1, np.int64)


def coverage(found: Begins, truth: Begins) -> float:
    """How much of each true scene lies in one found scene, weighted by its shots (Vendrig, Worring 2002); 0 ... 1."""
    ours, theirs = scene_numbers(found), scene_numbers(truth)
    whole = sum(int(np.bincount(ours[theirs == scene]).max()) for scene in range(theirs[-1] + 1))
    return whole / len(truth)


def overflow(found: Begins, truth: Begins) -> float:
    """How far found scenes reach into a true scene's neighbours, weighted by its shots; 0 ... 1, less is better."""
    ours, theirs = scene_numbers(found), scene_numbers(truth)
    sizes = np.bincount(theirs)
    total = 0.0
    for scene, size in enumerate(sizes):
        beside = sizes[max(0, scene - 1)] * (scene > 0) + (sizes[scene + 1] if scene + 1 < len(sizes) else 0)
        outside = np.isin(ours, ours[theirs == scene]) & (theirs != scene)
        total += size * min(1.0, float(outside.sum()) / beside) if beside else 0.0
    return total / len(truth)


def coverage_overflow_f1(found: Begins, truth: Begins) -> float:
    """Harmonic mean of coverage and of what does not flow over."""
    kept, clean = coverage(found, truth), 1 - overflow(found, truth)
    return 2 * kept * clean / (kept + clean) if kept + clean > 0 else 0.0


# --- without training -------------------------------------------------------------------------------------------------


def similarities(features: NDArray[np.float32]) -> Floats:
    """Cosine of each pair of shots, the film's mean taken off first, shape (shots, shots)."""
    rows = features - features.mean(axis=0)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return np.asarray(rows @ rows.T, np.float64)


def grouped_by_neighbours(alike: Floats, window: int, least: float) -> Begins:
    """Each shot is linked to the one most like it among the `window` after it, if they are `least` alike; a scene
    begins where no link passes over (overlapping links: Hanjalic et al. 1999)."""
    count = len(alike)
    shots = np.arange(count)
    after = shots[:, None] + 1 + np.arange(window)
    likeness = np.where(after < count, alike[shots[:, None], np.minimum(after, count - 1)], -np.inf)
    nearest = likeness.argmax(axis=1)
    reach = np.where(likeness[shots, nearest] >= least, shots + 1 + nearest, shots)
    begins = np.ones(count, np.bool_)
    begins[1:] = np.maximum.accumulate(reach)[:-1] < shots[1:]
    return begins


def grouped_by_steps(alike: Floats, least: float) -> Begins:
    """A scene begins where a shot is less than `least` like the one before it."""
    return np.concatenate([[True], np.diag(alike, 1) < least])


def tuned_neighbours(train: Sequence[SceneFilm]) -> Callable[[SceneFilm], Begins]:
    """Grouping by nearest neighbours with the window and the threshold that do best on the training films."""
    known = [(similarities(one.features), one.begins) for one in train]
    options = [(window, least) for window in WINDOWS for least in np.linspace(-0.2, 0.9, 23)]
    window, least = _best(options, lambda one: (boundary_f1(grouped_by_neighbours(s, *one), t) for s, t in known))
    return lambda film: grouped_by_neighbours(similarities(film.features), window, least)


def tuned_steps(train: Sequence[SceneFilm]) -> Callable[[SceneFilm], Begins]:
    """Grouping by likeness of one shot to the next, with the threshold that does best on the training films."""
    known = [(similarities(one.features), one.begins) for one in train]
    options = list(np.linspace(-0.5, 0.95, 59))
    least = _best(options, lambda one: (boundary_f1(grouped_by_steps(s, one), t) for s, t in known))
    return lambda film: grouped_by_steps(similarities(film.features), least)


def best_threshold(scores: Sequence[Floats], truths: Sequence[Begins]) -> float:
    """The least score of a boundary that gives the best mean F1 over these films."""
    return float(
        _best(list(np.linspace(0.05, 0.95, 46)), lambda least: (
            boundary_f1(thresholded(one, least), truth) for one, truth in zip(scores, truths, strict=True)
        ))
    )  # fmt: skip


def thresholded(scores: Floats, least: float) -> Begins:
    begins = np.asarray(scores >= least, np.bool_)
    begins[0] = True
    return begins


def _best(options: Sequence[T], scores: Callable[[T], Iterable[float]]) -> T:
    means = [float(np.mean(list(scores(one)))) for one in options]
    return options[int(np.argmax(means))]

"""The scores of seed 002: perceptual matching error (eq. 8) and posterior score (eq. 9). Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keyart.errors import BadSetting


def ps(triple: Sequence[float], comments: ArrayLike) -> float:
    """Posterior score (eq. 9) of three seconds: their comments over the most that any second has; 0 ... 3.

    `comments` holds the number of time-sync comments in each second of the video. Without any comment every triple
    scores 0. Raises `BadSetting` for a second that the counts do not reach.
    """
    counts = np.asarray(comments, np.float64)
    seconds = [int(second) for second in triple]
    if any(not 0 <= second < len(counts) for second in seconds):
        raise BadSetting(f"seconds {seconds} of a video with comments for {len(counts)} seconds")
    most = counts.max()
    return float(counts[seconds].sum() / most) if most > 0 else 0.0


def pme(generated: NDArray[np.floating], features: NDArray[np.floating], triple: Sequence[int]) -> float:
    """Perceptual matching error (eq. 8) of one generated GIF, mean over its shots: 0 (all fall to their shot) ... 1.

    `generated` is (3, d), `features` (n, d) holds the video's shots, `triple` the numbers of the right ones.
    """
    cells = Cells(features)
    return float(np.mean([cells.error(point, int(shot)) for point, shot in zip(generated, triple, strict=True)]))


def best_pme(draws: NDArray[np.floating], cells: Cells, truths: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """(L,) errors of L generated GIFs (L, 3, d), each against the ground truth that it comes nearest to."""
    reduced = cells.reduced(np.asarray(draws, np.float64))
    wanted = sorted({(place, int(shot)) for truth in truths for place, shot in enumerate(truth)})
    found = {(place, shot): cells.errors(reduced[:, place], shot) for place, shot in wanted}
    rows = [np.mean([found[place, int(shot)] for place, shot in enumerate(truth)], axis=0) for truth in truths]
    return np.asarray(np.min(rows, axis=0), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """The shots as points of the affine space that they span: no shorter way leads out of it."""

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    """(d, r) orthonormal columns."""
    points: NDArray[np.float64]
    """(n, r)"""


class Cells:
    """The Voronoi cells of a video's shots, and how far points have to be moved to lie in the right one.

    A point p lies in the cell of x_y where for each j: (x_j - x_y) . p <= (|x_j|^2 - |x_y|^2) / 2, a polyhedron. The
    shortest way into it is a least-distance problem; its dual is one of non-negative least squares, which ends after
    finitely many steps at the exact answer (Lawson and Hanson, *Solving Least Squares Problems*, ch. 23).
    """

    def __init__(self, features: NDArray[np.floating]) -> None:
        points = np.asarray(features, np.float64)
        centre = points.mean(axis=0)
        _, sizes, rows = np.linalg.svd(points - centre, full_matrices=False)
        axes = rows[sizes > 1e-12 * max(float(sizes[0]), 1e-300)].T
        self._space = _Space(centre, axes, (points - centre) @ axes)

    def reduced(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., d) points -> (..., r + 1): where they lie among the shots, and how far off their space."""
        apart = points - self._space.centre
        inside = apart @ self._space.axes
        rest = apart - inside @ self._space.axes.T
        return np.concatenate([inside, np.linalg.norm(rest, axis=-1, keepdims=True)], axis=-1)

    def error(self, point: NDArray[np.floating], shot: int) -> float:
        """Eq. 8 for one generated shot (d,)."""
        return float(self.errors(self.reduced(np.asarray(point, np.float64)[None]), shot)[0])

    def errors(self, reduced: NDArray[np.float64], shot: int) -> NDArray[np.float64]:
        """Eq. 8 for `reduced` points (L, r + 1), all of which belong to `shot`; (L,) in 0 ... 1."""
        points = self._space.points
        sides = points - points[shot]
        right = np.hypot(np.linalg.norm(reduced[:, :-1] - points[shot], axis=1), reduced[:, -1])
        limits = (points**2 - points[shot] ** 2).sum(axis=1) / 2 - reduced[:, :-1] @ sides.T
        errors = np.zeros(len(reduced))
        for row in np.flatnonzero((limits < 0).any(axis=1) & (right > 0)):
            errors[row] = _shortest_way(sides, limits[row] / right[row])
        return np.clip(errors, 0.0, 1.0)


def _shortest_way(sides: NDArray[np.float64], slack: NDArray[np.float64]) -> float:
    """Length of the shortest u with `sides` u <= `slack`, where an answer no longer than 1 is known to be there.

    That is so because both sides are measured against the way to the right shot itself; the last residual of the dual,
    which u is divided by, is then at least 1/2.
    """
    from scipy.optimize import nnls  # type: ignore[import-untyped]  # ships no types

    lengths = np.linalg.norm(sides, axis=1)
    near = slack < lengths  # the others hold for every u of length 1; so they do for the shot itself and its copies
    rows = np.vstack([-sides[near].T, -slack[near]]) / lengths[near]
    wanted = np.zeros(len(rows))
    wanted[-1] = 1.0
    weights, _ = nnls(rows, wanted)
    residual = rows @ weights - wanted
    return float(np.linalg.norm(residual[:-1]) / -residual[-1])

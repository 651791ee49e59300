"""Outlines without a network: GrabCut (Rother et al. 2004), seeded by faces or by what differs from the rim."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keyart.covers.matte.guess import Guess
from keyart.types import RGB, Box

Seeds = NDArray[np.uint8]
"""Per pixel one of GrabCut's four: surely ground, surely figure, probably ground, probably figure (0 ... 3)."""
_GROUND, _FIGURE, _MAYBE_GROUND, _MAYBE_FIGURE = 0, 1, 2, 3

_WORK_PX = 400
_ROUNDS = 4
_CLUSTERS = 5
_LEAST, _MOST = 0.01, 0.6  # share of the picture that an object may take
_ON_RIM = 0.2  # share of the rim that it may touch
_FILLS = 0.5  # share of its convex hull
_WHOLE = 0.52  # share of all that GrabCut found
_APART = 0.6  # Bhattacharyya distance between its colours and the ground's, 0 ... 1
_EDGY = 2.0  # contrast along its outline over the picture's mean contrast: the median; the weakest quarter half of it


def beside_faces(image: RGB, faces: Sequence[Box]) -> Guess | None:
    """People below their faces: a face box, the head round it, a trunk three faces wide below. None without a face."""
    small, scale = _small(image)
    seeds = np.full(small.shape[:2], _GROUND, np.uint8)
    for face in sorted(faces, key=lambda one: -one.area):
        _sow(seeds, face.scaled(scale))
    if not (seeds == _FIGURE).any() or not (seeds == _GROUND).any():
        return None
    return _guess(_grabbed(small, seeds), image, scale)


def _sow(seeds: Seeds, face: Box) -> None:
    import cv2

    x, y = face.center
    wide, tall = max(face.width, 2.0), max(face.height, 2.0)
    height = seeds.shape[0]

    def oval(cx: float, cy: float, across: float, down: float, value: int) -> None:
        axes = max(1, round(across)), max(1, round(down))
        cv2.ellipse(seeds, (round(cx), round(cy)), axes, 0, 0, 360, value, -1)

    def block(left: float, top: float, right: float, bottom: float, value: int) -> None:
        part = seeds[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))]
        part[part != _FIGURE] = value

    block(x - 2.2 * wide, y + 0.4 * tall, x + 2.2 * wide, height, _MAYBE_GROUND)
    block(x - 1.0 * wide, y - 1.1 * tall, x + 1.0 * wide, y + 0.9 * tall, _MAYBE_GROUND)
    block(x - 1.2 * wide, y + 1.0 * tall, x + 1.2 * wide, height, _MAYBE_FIGURE)
    oval(x, y - 0.1 * tall, 0.6 * wide, 0.8 * tall, _MAYBE_FIGURE)
    block(x - 0.3 * wide, y + 1.2 * tall, x + 0.3 * wide, min(float(height), y + 2.0 * tall), _FIGURE)
    oval(x, y, 0.4 * wide, 0.5 * tall, _FIGURE)


# --- what stands out --------------------------------------------------------------------------------------------


def standing_out(image: RGB) -> Guess | None:
    """The one thing whose colours differ from the picture's rim. None where nothing does.

    The rim as a model of the ground follows Wei et al. 2012 (geodesic saliency); its colours are clustered, and a
    pixel stands out by its distance to the nearest cluster, more so near the middle.
    """
    small, scale = _small(image)
    if min(small.shape[:2]) < 16:
        return None
    stands = _distance_to_rim(small)
    level = float(np.percentile(stands, 98))
    if level < 12:  # levels of Lab: one even tone
        return None
    seeds = np.full(small.shape[:2], _MAYBE_GROUND, np.uint8)
    seeds[stands > 0.4 * level] = _MAYBE_FIGURE
    seeds[stands > 0.8 * level] = _FIGURE
    seeds[stands < 0.08 * level] = _GROUND
    rim = max(1, round(0.02 * max(seeds.shape)))
    for side in (seeds[:rim], seeds[-rim:], seeds[:, :rim], seeds[:, -rim:]):
        side[side != _FIGURE] = _GROUND
    if not (seeds == _FIGURE).any():
        return None
    grabbed = _grabbed(small, seeds)
    found = _largest(grabbed)
    if found.sum() < _WHOLE * grabbed.sum() or not _is_object(small, found):
        return None
    return _guess(_without_holes(found, stands > 0.15 * level), image, scale)


def _distance_to_rim(small: RGB) -> NDArray[np.float32]:
    import cv2

    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 1.5), cv2.COLOR_RGB2LAB).astype(np.float32)
    rows, columns = lab.shape[:2]
    rim = max(2, round(0.04 * min(rows, columns)))
    inner = np.zeros((rows, columns), np.bool_)
    inner[rim:-rim, rim:-rim] = True
    samples = np.ascontiguousarray(lab[~inner])
    cv2.setRNGSeed(1)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    count = min(_CLUSTERS, len(samples))
    _, labels, centers = cv2.kmeans(samples, count, np.empty(0, np.int32), criteria, 2, cv2.KMEANS_PP_CENTERS)
    # a cluster of a few pixels may be the object itself, cut by the rim
    common = np.bincount(labels.ravel(), minlength=count) >= 0.06 * len(samples)
    apart = [np.linalg.norm(lab - center, axis=2) for center in centers[common]]
    y, x = np.mgrid[-1 : 1 : complex(rows), -1 : 1 : complex(columns)]
    return np.asarray(np.min(apart, axis=0) * np.exp(-(x**2 + y**2) / 1.2), np.float32)


def _largest(figure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece, small gaps closed."""
    import cv2

    opened = cv2.morphologyEx(figure.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return np.zeros_like(figure)
    piece = np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()), np.uint8)
    return np.asarray(cv2.morphologyEx(piece, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0, np.bool_)


def _without_holes(figure: NDArray[np.bool_], differs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The figure with those holes filled that mostly differ from the rim: a cup's coffee, not a gap in a fence."""
    import cv2

    count, labels = cv2.connectedComponents((~figure).astype(np.uint8))
    on_rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    done = figure.copy()
    for hole in set(range(1, count)) - set(on_rim.tolist()):
        done |= (labels == hole) & bool(differs[labels == hole].mean() > 0.5)
    return np.asarray(done, np.bool_)


def _is_object(small: RGB, found: NDArray[np.bool_]) -> bool:
    """Neither a speck nor the whole picture, within the frame, compact, of colours of its own, with a clear outline."""
    import cv2

    if not _LEAST < found.mean() < _MOST:
        return False
    rim = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
    hull = cv2.convexHull(np.argwhere(found).astype(np.int32))
    fills = float(found.sum()) / max(float(cv2.contourArea(hull)), 1.0)
    if rim.mean() > _ON_RIM or fills < _FILLS or _colours_apart(small, found) < _APART:
        return False
    weak, median = _contrast_along(small, found)
    return weak > _EDGY / 2 and median > _EDGY


def _contrast_along(small: RGB, found: NDArray[np.bool_]) -> tuple[float, float]:
    """Contrast along the outline, its lower quartile and median, over the picture's mean contrast."""
    import cv2

    soft = cv2.GaussianBlur(small, (0, 0), 1).astype(np.float32)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, *way).max(axis=2) for way in ((1, 0), (0, 1)))
    contrast = np.hypot(across, down)
    line = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    weak, median = np.percentile(contrast[line], (25, 50)) / max(float(contrast.mean()), 1e-6)
    return float(weak), float(median)


def _colours_apart(small: RGB, found: NDArray[np.bool_]) -> float:
    import cv2

    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    sides = [part.astype(np.uint8) for part in (found, ~found)]
    counts = [cv2.calcHist([lab], [0, 1, 2], side, [8, 12, 12], [0, 256] * 3) for side in sides]
    return float(cv2.compareHist(counts[0], counts[1], cv2.HISTCMP_BHATTACHARYYA))


# --- GrabCut ----------------------------------------------------------------------------------------------------


def _small(image: RGB) -> tuple[RGB, float]:
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, _WORK_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _grabbed(small: RGB, seeds: Seeds) -> NDArray[np.bool_]:
    import cv2

    done = seeds.copy()
    models = np.zeros((1, 65), np.float64), np.zeros((1, 65), np.float64)
    cv2.setRNGSeed(1)  # its mixtures start from k-means
    bgr = np.ascontiguousarray(small[..., ::-1])
    try:
        cv2.grabCut(bgr, done, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    except cv2.error:  # too few pixels of one kind to model
        return np.asarray(seeds == _FIGURE, np.bool_)
    return np.asarray((done == _FIGURE) | (done == _MAYBE_FIGURE), np.bool_)


def _guess(figure: NDArray[np.bool_], image: RGB, scale: float) -> Guess | None:
    import cv2

    if not figure.any():
        return None
    soft = cv2.GaussianBlur(figure.astype(np.float32), (0, 0), 0.8)
    share = cv2.resize(soft, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return Guess(np.asarray(np.clip(share, 0, 1), np.float32), max(1.0, 1.5 / scale))

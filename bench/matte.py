"""Mattes against masks drawn by hand: overlap with every embedded backend, halo against the raw network, time.

The masks (bench/masks, polygons in displayed pixels) were drawn before the matting code. They are its development set
too: settings were chosen by the mean over two thirds of them, the third marked `held_out` was only watched, and both
parts are reported. The one threshold set with all in sight is that from which two looks agree on a figure.
What a person holds but does not wear, and people far behind, is marked `ignore` and not scored.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.record import MEDIA, REPO, WORK, commit, machine, write_result
from keyart.covers.matte import MakeMatte
from keyart.media.grab import grab
from keyart.media.images import read_image
from keyart.media.probe import probe
from keyart.stills.objects import choose_detector, person_mask
from keyart.types import RGB, Box

FOLDER = REPO / "bench" / "masks"
BACKENDS = ("raw", "selfie", "auto", "grabcut", "saliency")
"""`raw` is the network's one answer to the whole picture, enlarged; nothing else is done to it."""
SIZE_PX = 1280, 720
"""What the time is measured at."""
_MISSED = 0.5  # overlap below which a figure was not found, so that it has no edge to judge
_DIFFERENT = 40.0  # levels between the colours of figure and ground, from which they can be told apart
_BITS = 4  # of a pixel's fraction that polygons are drawn to

Pixels = NDArray[np.bool_]
Polygons = list[list[list[float]]]


# --- masks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mask:
    """A figure outlined by hand."""

    name: str
    source: str
    """Path under the folder of real media."""
    seconds: float | None
    held_out: bool
    size: tuple[int, int]
    polygons: Polygons
    holes: Polygons
    ignore: Polygons

    def drawn(self) -> tuple[Pixels, Pixels]:
        """The figure's pixels, and those that are scored; shape (h, w)."""
        figure = filled(self.polygons, self.size) & ~filled(self.holes, self.size)
        return figure, ~filled(self.ignore, self.size)

    def picture(self) -> RGB:
        path = MEDIA / self.source
        if self.seconds is None:
            return read_image(path)
        return grab(probe(path), [self.seconds])[0].image


def masks(folder: Path = FOLDER) -> list[Mask]:
    found = []
    for path in sorted(folder.glob("*.json")):
        read = json.loads(path.read_text(encoding="utf-8"))
        width, height = read["size"]
        outlines = (read["polygons"], read["holes"], read["ignore"])
        found.append(Mask(path.stem, read["source"], read["seconds"], read["held_out"], (width, height), *outlines))
    return found


def filled(polygons: Polygons, size: tuple[int, int]) -> Pixels:
    """Pixels inside any of the polygons; `size` is width and height."""
    plane = np.zeros(size[::-1], np.uint8)
    for polygon in polygons:
        points = np.round(np.asarray(polygon, np.float64) * 2**_BITS).astype(np.int32)
        cv2.fillPoly(plane, [points], 1, shift=_BITS)
    return np.asarray(plane > 0, np.bool_)


# --- scorers ----------------------------------------------------------------------------------------------------


def iou(found: Pixels, truth: Pixels, scored: Pixels) -> float:
    """Overlap over union within what is scored; 1 where both are empty.

    >>> iou(np.array([[1, 1, 0]]) > 0, np.array([[0, 1, 1]]) > 0, np.array([[1, 1, 1]]) > 0)
    0.3333333333333333
    """
    union = int(((found | truth) & scored).sum())
    return float((found & truth & scored).sum()) / union if union else 1.0


def shown_ground(colours: NDArray[Any], figure: NDArray[Any], ground: NDArray[Any]) -> NDArray[np.float64]:
    """How far each colour lies from the figure's towards the old ground's, 0 ... 1; arrays of shape (..., 3).

    >>> shown_ground(np.array([60.0, 0, 0]), np.array([100.0, 0, 0]), np.array([20.0, 0, 0])).item()
    0.5
    """
    line = np.asarray(figure, np.float64) - ground
    along = ((np.asarray(colours, np.float64) - ground) * line).sum(axis=-1)
    return np.asarray(1 - np.clip(along / np.maximum((line**2).sum(axis=-1), 1), 0, 1), np.float64)


def halo(image: RGB, alpha: NDArray[Any], foreground: RGB, truth: Pixels, scored: Pixels) -> float | None:
    """Old background that a composite shows along the outline: mean over the edge band of alpha * share of its colour.

    The band reaches 1 % of the longer side into the hand-made outline and 2 % out of it. A pixel's colour is placed
    between the figure's and the old ground's mean colours nearby; pixels where these are alike are left out. None where
    no pixel is left.
    """
    longer = max(truth.shape)
    outside = cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, 5)
    inside = cv2.distanceTransform(truth.astype(np.uint8), cv2.DIST_L2, 5)
    out_px, in_px = max(3.0, 0.02 * longer), max(2.0, 0.01 * longer)
    figure, near_figure = _colours_near(image, (inside > in_px) & scored, 0.02 * longer)
    ground, near_ground = _colours_near(image, (outside > out_px) & scored, 0.02 * longer)
    apart = np.linalg.norm(figure - ground, axis=2) > _DIFFERENT
    edge = (outside <= out_px) & (inside <= in_px) & scored & apart & near_figure & near_ground
    if not edge.any():
        return None
    left = np.asarray(alpha, np.float64) * shown_ground(foreground, figure, ground)
    return float(left[edge].mean())


def _colours_near(image: RGB, where: Pixels, sigma_px: float) -> tuple[NDArray[np.float32], Pixels]:
    weight = where.astype(np.float32)
    total = cv2.GaussianBlur(image.astype(np.float32) * weight[..., None], (0, 0), sigma_px)
    near = cv2.GaussianBlur(weight, (0, 0), sigma_px)
    mean = np.asarray(total / np.maximum(near[..., None], 1e-6), np.float32)
    return mean, np.asarray(near > 1e-3, np.bool_)


# --- measuring --------------------------------------------------------------------------------------------------

Cut = tuple[NDArray[Any], RGB]
"""Alpha (h, w) and the colours that go with it."""


def _raw(image: RGB, _: Sequence[Box]) -> Cut | None:
    answer = person_mask(image)
    if answer is None:
        return None
    return cv2.resize(answer, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), image


def cutter(backend: str) -> Callable[[RGB, Sequence[Box]], Cut | None]:
    if backend == "raw":
        return _raw
    make = MakeMatte(backend)

    def cut(image: RGB, faces: Sequence[Box]) -> Cut | None:
        matte = make(image, faces)
        return None if matte is None else (matte.alpha, matte.foreground)

    return cut


def measured(mask: Mask, backends: Sequence[str]) -> dict[str, Any]:
    """Overlap and halo of one picture with each backend."""
    image = mask.picture()
    if image.shape[1::-1] != mask.size:
        raise ValueError(f"{mask.source} is {image.shape[1]}x{image.shape[0]}, its mask {mask.size}")
    truth, scored = mask.drawn()
    faces = [face.box for face in choose_detector("auto")[0].look(image)]
    row: dict[str, Any] = {"name": mask.name, "held_out": mask.held_out, "iou": {}, "halo": {}}
    for backend in backends:
        cut = cutter(backend)(image, faces)
        row["iou"][backend] = round(iou(cut[0] > 0.5, truth, scored), 4) if cut is not None else 0.0
        row["halo"][backend] = _rounded(halo(image, *cut, truth, scored)) if cut is not None else None
    return row


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def summary(rows: Sequence[dict[str, Any]], backend: str) -> dict[str, Any]:
    """Means over all pictures, the development and the held-out ones; halos where both found the figure."""
    overlaps = {
        "all": [row["iou"][backend] for row in rows],
        "development": [row["iou"][backend] for row in rows if not row["held_out"]],
        "held_out": [row["iou"][backend] for row in rows if row["held_out"]],
    }
    facts: dict[str, Any] = {
        f"iou_{part}": round(statistics.mean(found), 4) for part, found in overlaps.items() if found
    }
    facts["iou_least"] = min(overlaps["all"])
    pairs = [
        (row["halo"][backend], row["halo"]["raw"])
        for row in rows
        if min(row["iou"][backend], row["iou"].get("raw", 0.0)) >= _MISSED
        and row["halo"][backend] is not None
        and row["halo"]["raw"] is not None
    ]
    if pairs:
        ours, raw = (statistics.mean(values) for values in zip(*pairs, strict=True))
        facts |= {"halo": round(ours, 4), "halo_raw": round(raw, 4), "halo_ratio": round(ours / raw, 3)}
        facts["halo_pictures"] = len(pairs)
    return facts


def timed(pictures: Sequence[RGB], backend: str) -> float:
    """Median seconds for a picture of SIZE_PX, after one that warms up."""
    cut = cutter(backend)
    sized = [np.asarray(cv2.resize(one, SIZE_PX, interpolation=cv2.INTER_AREA), np.uint8) for one in pictures]
    seconds = []
    for image in [sized[0], *sized]:
        start = time.perf_counter()
        cut(image, [Box(560, 120, 160, 160)])
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def table(found: dict[str, Any]) -> dict[str, Any]:
    columns = ["mattes", "mean IoU", "held out", "least", "halo / raw network's", "seconds at 1280x720"]
    rows = [
        [
            name,
            f"{facts['iou_all']:.3f}",
            f"{facts['iou_held_out']:.3f}" if "iou_held_out" in facts else "",
            f"{facts['iou_least']:.2f}",
            f"{facts['halo_ratio']:.2f}" if "halo_ratio" in facts else "",
            f"{facts['seconds']:.2f}",
        ]
        for name, facts in found.items()
    ]
    return {"columns": columns, "align": "lrrrrr", "rows": rows}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench matte", description=__doc__)
    parser.add_argument("--backend", action="append", choices=BACKENDS, help="only these, and raw")
    parser.add_argument("--keep", action="store_true", help=f"keep composites under {WORK}/matte")
    parser.add_argument("--dry", action="store_true", help="print, do not write bench/results/matte.json")
    chosen = parser.parse_args(arguments)
    if not MEDIA.is_dir():
        print(f"the pictures of the masks are not at {MEDIA}", file=sys.stderr)
        return 2
    backends = list(dict.fromkeys(("raw", *(chosen.backend or BACKENDS))))
    rows = []
    for mask in masks():
        rows.append(measured(mask, backends))
        print(mask.name, rows[-1]["iou"], file=sys.stderr)
    if chosen.keep:
        _keep(backends[-1])
    timing = [mask.picture() for mask in masks()[:5]]
    found = {name: summary(rows, name) | {"seconds": round(timed(timing, name), 3)} for name in backends}
    for name, facts in found.items():
        print(name, facts)
    if not chosen.dry:
        head = {"bench": "matte", "commit": commit(), "machine": machine(("numpy", "opencv-contrib-python-headless"))}
        about = {"masks": len(rows), "held_out": sum(row["held_out"] for row in rows), "band": "1 % in, 2 % out"}
        tables = {"matte": table(found)}
        print(write_result("matte", head | about | {"summary": found, "pictures": rows, "tables": tables}))
    best = found.get("auto", found[backends[-1]])
    return 0 if best["iou_all"] >= 0.9 and best.get("halo_ratio", 0.0) <= 0.5 else 1


def _keep(backend: str) -> None:
    """Composites on a loud ground, to be looked at."""
    folder = WORK / "matte"
    folder.mkdir(parents=True, exist_ok=True)
    for mask in masks():
        image = mask.picture()
        cut = cutter(backend)(image, [])
        if cut is not None:
            alpha = cut[0][..., None]
            shown = cut[1] * alpha + np.array([230.0, 40.0, 200.0]) * (1 - alpha)
            cv2.imwrite(str(folder / f"{mask.name}.jpg"), shown[..., ::-1].astype(np.uint8))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

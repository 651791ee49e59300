"""What a package is worth, on a ruler that knows nothing of levels: the whole video's own dense pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keyart.cores import opencv_on_one_thread
from keyart.media.grab import grab
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.package import USUAL
from keyart.shots import DetectShots
from keyart.stills import PickStills
from keyart.stills.cluster import CLUSTERERS, similarity_matrix
from keyart.stills.look import closer_look
from keyart.stills.objects import frequent_objects
from keyart.stills.rank import score_terms, surroundings, weighted_mean
from keyart.stills.sample import is_blank, measure, reduced
from keyart.types import Frame


@dataclass(frozen=True, slots=True)
class Worth:
    """Of one package; each is better where it is higher."""

    parts: float
    """Share of the usual parts that have something in them, [0, 1]."""
    best_still: float
    """The ruler's score of the best still, [0, 1]."""
    scores: tuple[float, ...]
    """The ruler's scores of the first three that are offered, in their order, [0, 1]."""
    num_stills: int
    """How many are offered: fewer where the look sees that they are alike, so no measure of quality."""
    covers: int
    """Covers whose headline is readable at the size of a feed."""
    contrast: float
    """Of the most legible headline on a cover 138 pixels wide, WCAG; 0 where there is none."""
    products: int

    @property
    def first_stills(self) -> float:
        """Mean of `scores`."""
        return self.mean_of(len(self.scores))

    def mean_of(self, count: int) -> float:
        """Of the first `count` stills; 0 where there are none."""
        return round(sum(self.scores[:count]) / max(1, len(self.scores[:count])), 4)


class Ruler:
    """Scores any frame of a video as the whole look at it would: same terms, same surroundings."""

    def __init__(self, video: Path) -> None:
        self.info, picking = probe(video), PickStills()
        watcher, sampler = DetectShots().watch(self.info), picking.sample(self.info)
        with opencv_on_one_thread():
            for glimpse in Scan()(self.info):
                watcher.see(glimpse)
                sampler.see(glimpse)
        samples = sampler.finish()
        self.shots = watcher.shots(sampler.end_seconds)
        self.passed = picking.gate(samples) or tuple(one for one in samples if not is_blank(one)) or samples
        self.labels = CLUSTERERS[picking.clusterer](self._likeness(), picking.tau_clust)
        main = frequent_objects(
            [frozenset({"face"} if sample.faces else ()) for sample in self.passed], picking.theta_object
        )
        self.around = surroundings(self.passed, self.labels.tolist(), sampler.end_seconds, main)
        self.sampler, self.weights = sampler, picking.score_weights

    def _likeness(self) -> Any:
        return similarity_matrix(np.stack([sample.embedding for sample in self.passed]))

    def scores(self, seconds: Sequence[float]) -> list[float]:
        """Of the frames on display at those times."""
        with opencv_on_one_thread():
            return [self._score(frame) for frame in grab(self.info, seconds)]

    def _score(self, frame: Frame) -> float:
        view = reduced(frame.image, self.sampler.working_px)
        sample = measure(view, number=0, seconds=frame.seconds, change=0.0, embed=self.sampler.embed)
        looked = closer_look(
            sample, frame, self.sampler.detector, self.sampler.working_px, self.shots, tiles=not self.around.has_faces
        )
        rows = np.stack([one.embedding for one in self.passed]).astype(np.float32)
        nearest = int(np.argmax(rows @ sample.embedding.astype(np.float32)))
        size = int(np.sum(self.labels == self.labels[nearest]))
        return weighted_mean(score_terms(_with_size(looked, size), self.around, self.weights))


def _with_size(candidate: Any, size: int) -> Any:
    from dataclasses import replace

    return replace(candidate, cluster_size=size)


def worth_of(manifest: Mapping[str, Any], ruler: Ruler) -> Worth:
    """Of a package by its manifest. The author's own cover picture is no frame of the video: it is left out."""
    kinds = {one["kind"] for one in manifest["products"]}
    full = {
        "shots": manifest["shots"], "stills": manifest["stills"], "titles": manifest["titles"],
        "storyboard": "storyboard" in kinds, "covers": "cover" in kinds, "cutouts": "cutout" in kinds,
        "variants": "variant" in kinds, "avatar": "avatar" in kinds, "teaser": "teaser" in kinds,
    }  # fmt: skip
    offered = [one["seconds"] for one in manifest["stills"] if one.get("origin", "scan") == "scan"]
    scores = ruler.scores(offered) if offered else [0.0]
    covers = [one["receipt"] for one in manifest["products"] if one["kind"] == "cover"]
    told = [value for one in covers for key, value in one.items() if key.startswith("contrast_at_138x")]
    return Worth(
        round(sum(bool(full[part]) for part in USUAL) / len(USUAL), 3),
        max(scores),
        tuple(round(one, 4) for one in scores[:3]),
        len(offered),
        sum(bool(one.get("readable")) for one in covers),
        max(told, default=0.0),
        len(manifest["products"]),
    )

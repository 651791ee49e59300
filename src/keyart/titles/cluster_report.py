"""How well near-duplicate removal groups headlines (thesis, fig. 5.7): cosines, silhouettes, a heat map.

Three panels: how often each cosine comes among all pairs, the silhouette of the groups under each embedder and under
their sum, and the cosine of each headline with each, groups side by side.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keyart.titles.dedup import Embedder, GuidMaster, Ranked, cosines

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

BINS = 40


@dataclass(frozen=True, slots=True, eq=False)
class ClusterReport:
    """What the figure shows, in numbers."""

    headlines: int
    masters: int
    tau: float
    way: str
    silhouettes: Mapping[str, float | None]
    """By embedder, and `sum` for v(x); -1 ... 1, None where there are fewer than two groups or no group of two."""
    histogram: tuple[int, ...]
    """Pairs by cosine, `BINS` equal steps from -1 to 1."""
    mean_cosine: float
    above_tau: int
    """Pairs of masters that are duplicates after all: 0."""
    heat: NDArray[np.float32]
    """Cosine of each with each, shape (n, n), members of a group side by side, the largest group first."""

    def facts(self) -> dict[str, Any]:
        """All but the heat map, as plain values."""
        names = ("headlines", "masters", "tau", "way", "mean_cosine", "above_tau")
        kept = {name: getattr(self, name) for name in names}
        return kept | {"silhouettes": dict(self.silhouettes), "histogram": list(self.histogram)}


def cluster_report(
    headlines: Sequence[str], document: str, embedders: Mapping[str, Embedder], guid: GuidMaster | None = None
) -> ClusterReport:
    """Groups the headlines as `guid` does and measures the groups. Needs at least two headlines."""
    guid = guid or GuidMaster()
    if len(headlines) < 2:
        raise ValueError(f"{len(headlines)} headlines; a report needs two or more")
    found = guid(headlines, document, list(embedders.values()))
    labels = [one.master for one in found]
    vectors = guid.combine(headlines, list(embedders.values()))
    spaces = {name: embed(headlines) for name, embed in embedders.items()} | {"sum": vectors}
    alike = np.clip(cosines(vectors, vectors), -1, 1)
    pairs = alike[np.triu_indices(len(headlines), 1)]
    counts = np.histogram(pairs, BINS, (-1, 1))[0]
    return ClusterReport(
        len(headlines),
        len(set(labels)),
        guid.tau,
        guid.way,
        {name: silhouette(space, labels) for name, space in spaces.items()},
        tuple(int(one) for one in counts),
        float(pairs.mean()),
        _above(alike, found, guid.tau),
        alike[np.ix_(*[_side_by_side(labels)] * 2)],
    )


def silhouette(vectors: NDArray[np.float32], labels: Sequence[int]) -> float | None:
    """Mean silhouette by cosine distance, -1 ... 1; None where it is not defined."""
    from sklearn.metrics import silhouette_score

    if not 2 <= len(set(labels)) < len(labels):
        return None
    distance = np.clip(1 - cosines(vectors, vectors).astype(np.float64), 0, 2)
    np.fill_diagonal(distance, 0)
    return float(silhouette_score(distance, labels, metric="precomputed"))


def _above(alike: NDArray[np.float32], found: Sequence[Ranked], tau: float) -> int:
    kept = [place for place, one in enumerate(found) if one.master == place]
    among = alike[np.ix_(kept, kept)][np.triu_indices(len(kept), 1)]
    return int((among >= tau).sum())


def _side_by_side(labels: Sequence[int]) -> list[int]:
    sizes = {label: labels.count(label) for label in set(labels)}
    return sorted(range(len(labels)), key=lambda place: (-sizes[labels[place]], labels[place], place))


# --- the picture --------------------------------------------------------------------------------------------------

_SIDE, _EDGE, _INK, _BAR, _LINE = 360, 56, (40, 40, 40), (70, 110, 180), (200, 60, 50)


def as_png(report: ClusterReport) -> bytes:
    """Fig. 5.7 of these headlines: three panels of 360 pixels side by side; the same report gives the same bytes."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (3 * _SIDE + 4 * _EDGE, _SIDE + 2 * _EDGE), "white")
    draw = ImageDraw.Draw(image)
    lefts = [_EDGE + number * (_SIDE + _EDGE) for number in range(3)]
    titles = ("cosine of all pairs", f"silhouette, {report.masters} groups", f"{report.headlines} headlines, grouped")
    for left, title in zip(lefts, titles, strict=True):
        draw.text((left, _EDGE - 30), title, _INK, _font(16))
    _histogram(draw, lefts[0], report)
    _bars(draw, lefts[1], report)
    _heat(image, lefts[2], report)
    for left in lefts:
        draw.rectangle((left, _EDGE, left + _SIDE, _EDGE + _SIDE), outline=_INK)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _histogram(draw: ImageDraw, left: int, report: ClusterReport) -> None:
    top, width = max(report.histogram) or 1, _SIDE / BINS
    for place, count in enumerate(report.histogram):
        height = round((_SIDE - 8) * count / top)
        if height:
            x = left + place * width
            draw.rectangle((round(x), _EDGE + _SIDE - height, round(x + width) - 1, _EDGE + _SIDE), fill=_BAR)
    x = round(left + (report.tau + 1) / 2 * _SIDE)
    draw.line((x, _EDGE, x, _EDGE + _SIDE), _LINE, 2)
    for value in (-1, -0.5, 0, 0.5, 1):
        draw.text((left + (value + 1) / 2 * _SIDE, _EDGE + _SIDE + 8), f"{value:g}", _INK, _font(12), "ma")
    draw.text((x - 4, _EDGE + 6), f"tau {report.tau:g}", _LINE, _font(12), "ra")


def _bars(draw: ImageDraw, left: int, report: ClusterReport) -> None:
    # the axis goes from -0.5 to 1: groups worse than that are no groups
    zero = _EDGE + _SIDE * 2 / 3
    draw.line((left, zero, left + _SIDE, zero), _INK)
    step = _SIDE / len(report.silhouettes)
    for place, (name, value) in enumerate(report.silhouettes.items()):
        x = left + place * step
        height = max(-0.5, value or 0.0) * _SIDE * 2 / 3
        box = (x + step / 5, min(zero, zero - height), x + step * 4 / 5, max(zero, zero - height))
        draw.rectangle(box, fill=_BAR)
        draw.text((x + step / 2, _EDGE + _SIDE + 8), name[:12], _INK, _font(12), "ma")
        said = "undefined" if value is None else f"{value:.2f}"
        draw.text((x + step / 2, box[1] - 4), said, _INK, _font(12), "ms")


def _heat(image: Image, left: int, report: ClusterReport) -> None:
    from PIL import Image

    colours = np.clip(255 * _warm((report.heat + 1) / 2), 0, 255).astype(np.uint8)
    shown = Image.fromarray(colours).resize((_SIDE, _SIDE), Image.Resampling.BOX if len(colours) > _SIDE else 0)
    image.paste(shown, (left, _EDGE))


def _warm(share: NDArray[Any]) -> NDArray[np.float32]:
    """0 dark blue ... 1 pale yellow, through red; shape (..., 3)."""
    stops = np.array([(0.05, 0.05, 0.2), (0.25, 0.1, 0.4), (0.75, 0.2, 0.3), (0.95, 0.6, 0.2), (1.0, 0.98, 0.75)])
    at = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(share, at, stops[:, channel]) for channel in range(3)], -1).astype(np.float32)

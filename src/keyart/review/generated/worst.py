"""The neighbouring frames that hang together worst, and a strip that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyart.media.grab import grab
from keyart.media.probe import probe
from keyart.review.generated.held import held_runs, held_surely
from keyart.review.generated.measure import Measured
from keyart.review.generated.subjects import filled
from keyart.types import RGB, VideoInfo

Floats = NDArray[np.float64]

TOLD: Mapping[str, tuple[str, float]] = {
    "warp_worst": ("something is there that motion does not explain", 0.15),
    "wobble": ("things bend", 0.15),
    "flicker_local": ("the light changes", 0.01),
    "jerk": ("the motion leaps", 0.3),
    "tint_step": ("the colour changes", 0.5),
    "lpips": ("the two look unalike", 0.05),
}
"""Arrays of pairs that can make a pair stand out -> why, and the spread below which nothing stands out."""
_APART_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class BadPair:
    """Two neighbouring frames that hang together worse than the clip's others."""

    before_seconds: float
    seconds: float
    reason: str
    worth: float
    """In deviations from the clip's middle; greater is worse."""


def worst_pairs(measured: Measured, count: int = 4) -> tuple[BadPair, ...]:
    """The pairs that stand out most, worst first, not within 0.2 s of one another; none where none stands out."""
    times = measured.pair_seconds
    found: list[BadPair] = []
    for name, (reason, least) in TOLD.items():
        values = measured.series.get(name, np.zeros(0))
        spread = max(least, 1.4826 * float(np.median(np.abs(values - np.median(values))))) if values.size else 1.0
        worths = (values - np.median(values)) / spread if values.size else values
        for number in np.argsort(-worths, kind="stable")[: 3 * count]:
            if worths[number] > 3:
                before, now = times[number + len(times) - values.size]
                found.append(BadPair(float(before), float(now), reason, round(float(worths[number]), 2)))
    found += _held(measured)
    chosen: list[BadPair] = []
    for pair in sorted(found, key=lambda one: (-one.worth, one.seconds)):
        if len(chosen) < count and all(abs(pair.seconds - one.seconds) >= _APART_SECONDS for one in chosen):
            chosen.append(pair)
    return tuple(chosen)


_MOVES = 0.5
"""Change of a frame, in per cent, from which a clip moves at all."""


def _held(measured: Measured) -> list[BadPair]:
    """The first pair of the longest run of frames that stand still in a clip that moves."""
    steps = measured.series.get("change", np.zeros(0))
    usual = float(np.percentile(steps, 75)) if steps.size else 0.0
    if usual < _MOVES:
        return []
    runs = [(start, float(sure.sum())) for start, sure in held_runs(held_surely(steps))]
    start, longest = max(runs, key=lambda one: one[1], default=(0, 0.0))
    if longest < 2:
        return []
    before, now = measured.pair_seconds[start]
    return [BadPair(float(before), float(now), "the picture stands still", round(3 + 20 * longest / steps.size, 2))]


_TILE_PX = 320
_CAPTION_PX = 26


def worst_pairs_strip(video: Path | VideoInfo, pairs: Sequence[BadPair]) -> RGB | None:
    """One row a pair: the frame before, the frame, and where they differ; None where there is no pair to show."""
    if not pairs:
        return None
    info = video if isinstance(video, VideoInfo) else probe(video)
    wanted = sorted({second for pair in pairs for second in (pair.before_seconds, pair.seconds)})
    frames = dict(zip(wanted, (one.image for one in grab(info, wanted)), strict=True))
    height = max(36, round(_TILE_PX * info.height_px / max(1, info.width_px)))
    rows = [_row(frames[pair.before_seconds], frames[pair.seconds], pair, height) for pair in pairs]
    return np.concatenate(rows)


def _row(before: RGB, now: RGB, pair: BadPair, height_px: int) -> RGB:
    import cv2

    tiles = [filled(one, _TILE_PX, height_px) for one in (before, now)]
    apart = cv2.absdiff(tiles[0], tiles[1]).max(axis=2)
    heat = cv2.applyColorMap(np.minimum(apart.astype(np.int32) * 4, 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    tiles.append(np.asarray(cv2.cvtColor(heat, cv2.COLOR_BGR2RGB), np.uint8))
    return np.concatenate([_caption(pair, 3 * _TILE_PX), np.concatenate(tiles, axis=1)])


def _caption(pair: BadPair, width_px: int) -> RGB:
    from PIL import Image, ImageDraw, ImageFont

    band = Image.new("RGB", (width_px, _CAPTION_PX), (24, 24, 27))
    told = f"{pair.before_seconds:.2f} s and {pair.seconds:.2f} s: {pair.reason}"
    ImageDraw.Draw(band).text((8, 4), told, fill=(228, 228, 231), font=ImageFont.load_default(15))
    return np.asarray(band, np.uint8)

"""Numbers of one picture, each a pure function: sharpness, light, colour, emptiness, bars. thesis §4.1-4.3.

Gray pictures are luma in [0, 255]; brightness and contrast are given in [0, 1] so that thresholds read as shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB, Box, Gray

Histogram = NDArray[np.float64]
"""Share of the pixels at each luma, shape (256,)."""


def to_gray(image: RGB) -> Gray:
    """Luma of an RGB picture, BT.601 weights."""
    import cv2

    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def shrunk(image: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The picture at that size: means of the pixels that fall into each.

    By halves as long as at least twice the size is left: for means of two by two pixels OpenCV takes a tenth of the
    time that it takes for any other number.
    """
    import cv2

    while True:
        height, width = image.shape[:2]
        if width % 2 or height % 2 or width < 4 * width_px or height < 4 * height_px:
            break
        image = np.asarray(cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)


def frame_difference(now: RGB, before: RGB) -> float:
    """D_t of thesis §4.1, eq. 1: mean absolute difference over all 3HW values, pictures scaled to [0, 1]."""
    if now.shape != before.shape:
        raise ValueError(f"pictures of one size are compared, not {now.shape} and {before.shape}")
    return float(np.abs(now.astype(np.float64) - before.astype(np.float64)).mean() / 255.0)


def coarse_difference(now: Gray, before: Gray) -> float:
    """D_t on the coarse luma of the scan: the same mean absolute difference in [0, 1], over one plane."""
    import cv2

    if now.shape != before.shape:
        return 1.0
    return float(cv2.norm(now, before, cv2.NORM_L1)) / (255.0 * now.size)


def is_mixture(before: Gray, now: Gray, after: Gray, *, share: float = 0.5) -> bool:
    """Whether a picture is what a dissolve or fade makes of those a moment before and after: their weighted mean.

    `share` says how far between the two it lies in time. Where something moves, a pixel on its way from one value to
    the other hardly ever is at their mean; in a dissolve most that change are, even while something moves as well.
    Over 0.16 s either side nine of ten dissolving frames are told, and one of two hundred others.
    """
    import cv2

    if float(cv2.norm(before, after, cv2.NORM_L1)) < 3.0 * now.size:
        return False
    one, middle, other = (np.asarray(cv2.blur(each, (3, 3)), np.uint8) for each in (before, now, after))
    change = cv2.absdiff(one, other)
    left_over = cv2.absdiff(cv2.addWeighted(one, 1.0 - share, other, share, 0.0), middle)
    changed = np.asarray(change > 6)
    explained = np.asarray(4 * left_over.astype(np.int16) < change)[changed]
    if changed.mean() < 0.45 or explained.mean() < 0.56:
        return False
    return not (_is_shifted(one, other) or _is_dimmed(one, other))


def _is_dimmed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Whether a slight change of exposure explains most of how two pictures differ."""
    first, second = before.astype(np.float32), after.astype(np.float32)
    gain = float(second.mean()) / max(1.0, float(first.mean()))
    left_over = float(np.abs(first * gain - second).mean())
    return 0.85 < gain < 1.18 and left_over < 0.6 * float(np.abs(first - second).mean())


def _is_shifted(before: Gray, after: Gray, *, max_px: int = 5) -> bool:
    """Whether a shift explains most of how two pictures differ: a slow pan over soft ground looks like a mixture."""
    import cv2

    if min(before.shape) < 4 * max_px:
        return False
    inner = np.ascontiguousarray(before[max_px:-max_px, max_px:-max_px])
    match = cv2.matchTemplate(after, inner, cv2.TM_CCOEFF_NORMED)
    at_rest = float(match[max_px, max_px])
    return float(match.max()) - at_rest > 0.4 * (1.0 - at_rest)


def percentile(values: NDArray[np.floating[Any]] | Sequence[float], percent: float) -> float:
    """As `np.percentile`, which loads NumPy's masked arrays when first called, as `np.median` does: a hundredth of a
    second."""
    flat = np.asarray(values, np.float64).ravel()
    place = percent / 100 * (flat.size - 1)
    lower = int(place)
    upper = min(lower + 1, flat.size - 1)
    low, high = np.partition(flat, (lower, upper))[[lower, upper]]
    return float(low + (place - lower) * (high - low))


def median(values: NDArray[np.floating[Any]] | Sequence[float]) -> float:
    """Half of them are no greater; of an even number, the mean of the middle two."""
    return percentile(values, 50)


def laplacian_variance(gray: Gray) -> float:
    """sigma_L^2 = Var(Laplacian), 4-neighbour kernel on [0, 255] luma; larger is sharper. thesis §4.3."""
    import cv2

    edges = cv2.Laplacian(gray, cv2.CV_16S, borderType=cv2.BORDER_REPLICATE)
    _, deviation = cv2.meanStdDev(edges)
    return float(deviation[0, 0]) ** 2


def brightness_and_contrast(gray: Gray) -> tuple[float, float]:
    """B, the mean luma, 0 black ... 1 white; and sigma_I, its standard deviation, 0 ... 0.5."""
    import cv2

    mean, deviation = cv2.meanStdDev(gray)
    return float(mean[0, 0]) / 255.0, float(deviation[0, 0]) / 255.0


def enhance_contrast(image: RGB, *, clip_limit: float = 2.0, tiles: int = 8) -> RGB:
    """CLAHE on the L channel of LAB with `tiles` x `tiles` tiles, back to RGB. thesis §4.2."""
    import cv2

    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    equalise = cv2.createCLAHE(clipLimit=clip_limit, tileGridSize=(tiles, tiles))
    lab[..., 0] = equalise.apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def colourfulness(image: RGB) -> float:
    """M of Hasler and Suesstrunk (2003): 0 for grey, about 15 slightly, 33 moderately, 59 quite, 109 extremely."""
    import cv2

    to_opponents = np.array([[1, -1, 0], [0.5, 0.5, -1]], np.float32)
    mean, deviation = cv2.meanStdDev(cv2.transform(image.astype(np.float32), to_opponents))
    return float(np.hypot(*deviation.ravel())) + 0.3 * float(np.hypot(*mean.ravel()))


def clipped_shares(gray: Gray, *, black: int = 4, white: int = 251) -> tuple[float, float]:
    """Shares of the pixels that are crushed to black (<= `black`) and burnt to white (>= `white`)."""
    histogram = luma_histogram(gray)
    return float(histogram[: black + 1].sum()), float(histogram[white:].sum())


def luma_histogram(gray: Gray) -> Histogram:
    """Share of the pixels at each of the 256 levels."""
    import cv2

    counts = cv2.calcHist([gray], [0], None, [256], [0, 256])
    return np.asarray(counts, np.float64).ravel() / max(1, gray.size)


def entropy_bits(histogram: Histogram) -> float:
    """Shannon entropy of the luma in 64 bins: 0 for one flat tone, 6 at most."""
    shares = histogram.reshape(64, 4).sum(axis=1)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def level_spread(histogram: Histogram) -> float:
    """Distance between the 1st and the 99th percentile of luma, 0 ... 1: what is left of a picture's range."""
    filled = np.cumsum(histogram)
    low, high = np.searchsorted(filled, (0.01, 0.99))
    return float(high - low) / 255.0


def flat_share(gray: Gray, *, block_px: int = 8, max_range: int = 10) -> float:
    """Share of the picture's blocks that hold one even tone: near 1 for cards, slides and blank frames."""
    rows, columns = (side // block_px for side in gray.shape)
    if not rows or not columns:
        return 0.0
    blocks = gray[: rows * block_px, : columns * block_px].reshape(rows, block_px, columns, block_px)
    flat = blocks.transpose(0, 2, 1, 3).reshape(rows * columns, -1)
    return float((flat.max(axis=1) - flat.min(axis=1) <= max_range).mean())


def blur_share(gray: Gray, *, length_px: int = 9) -> float:
    """How little a further blur takes away, 0 (crisp) ... 1 (nothing left to lose), in the worse of the two directions.

    The measure of Crete et al. (2007). Unlike the Laplacian variance it hardly depends on what is shown: footage is
    at 0.2 to 0.6, the same under a Gaussian of 2.5 px at 0.66 to 0.87.
    """
    import cv2

    shares = []
    for size, now, before in (((length_px, 1), np.s_[:, 1:], np.s_[:, :-1]), ((1, length_px), np.s_[1:], np.s_[:-1])):
        soft = cv2.blur(gray, size)
        steps = cv2.absdiff(gray[now], gray[before])
        lost = cv2.subtract(steps, cv2.absdiff(soft[now], soft[before]))
        total = float(cv2.sumElems(steps)[0])
        shares.append(1.0 - float(cv2.sumElems(lost)[0]) / total if total else 1.0)
    return max(shares)


def direction_loss(gray: Gray) -> float:
    """How much less detail the weakest direction has than the strongest, 0 (none) ... 1 (all lost).

    A camera or subject that moves while the shutter is open smears detail along one direction only; the two eigenvalues
    of the picture's gradient covariance then drift apart. A picture of stripes looks the same, so this is only a hint.
    """
    import cv2

    across = cv2.Sobel(gray, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    xx, yy, xy = (float((a * b).mean()) for a, b in ((across, across), (down, down), (across, down)))
    middle, reach = (xx + yy) / 2, float(np.hypot((xx - yy) / 2, xy))
    return 1.0 - float(np.sqrt(max(0.0, middle - reach) / (middle + reach))) if middle + reach > 1e-6 else 0.0


@dataclass(frozen=True, slots=True)
class Bars:
    """Black bars around a picture, in pixels."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def inside(self, width_px: int, height_px: int) -> Box:
        """The part of a `width_px` x `height_px` picture that the bars leave."""
        return Box(self.left, self.top, width_px - self.left - self.right, height_px - self.top - self.bottom)

    def __bool__(self) -> bool:
        return bool(self.top or self.bottom or self.left or self.right)


def find_bars(gray: Gray, *, max_mean: float = 26.0, max_level: int = 56, min_share: float = 0.03) -> Bars:
    """Letterbox and pillarbox bars: even dark edge rows or columns, alike on opposite sides, never most of the picture.

    One dark side alone is the picture's own (a night sky, a curtain); bars come in pairs.
    """
    top, bottom = _dark_margins(gray, 1, max_mean, max_level)
    left, right = _dark_margins(gray, 0, max_mean, max_level)
    top, bottom = _as_pair(top, bottom, gray.shape[0], min_share)
    left, right = _as_pair(left, right, gray.shape[1], min_share)
    return Bars(top, bottom, left, right)


def _dark_margins(gray: Gray, across: int, max_mean: float, max_level: int) -> tuple[int, int]:
    """Lines at either end that are dark along their whole length; `across` is the axis that a line runs along."""
    import cv2

    mean = cv2.reduce(gray, across, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()
    brightest = cv2.reduce(gray, across, cv2.REDUCE_MAX).ravel()
    lit = np.flatnonzero((mean > max_mean) | (brightest > max_level))
    return (int(lit[0]), int(gray.shape[1 - across] - 1 - lit[-1])) if lit.size else (0, 0)


def _as_pair(first: int, second: int, length: int, min_share: float) -> tuple[int, int]:
    alike = abs(first - second) <= max(2, 0.03 * length)
    if not alike or min(first, second) < min_share * length or first + second > 0.72 * length:
        return 0, 0
    return first, second


def inside_bars(image: NDArray[np.uint8], bars: Bars) -> NDArray[np.uint8]:
    """The picture, colour or grey, without its bars (a view, not a copy)."""
    height, width = image.shape[:2]
    return image[bars.top : height - bars.bottom, bars.left : width - bars.right]

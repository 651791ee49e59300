"""Which samples are good enough to be offered: sharp, lit, with contrast, and not amid a transition. thesis §4.1, 4.3.

The thesis' fixed thresholds would leave a dark or soft film without a single still, so where
hardly anything passes they follow the video's own median, down to a floor that no video lowers: black, blank and white
never pass.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from keyart.errors import BadSetting
from keyart.stills import metrics
from keyart.stills.sample import MIN_DEVIATION, Sample, is_blank
from keyart.types import Shot

MIN_SHARPNESS = 1.5
"""sigma_L^2 at working size below which nothing in a picture has an edge, film grain apart."""
MIN_BRIGHTNESS, MAX_BRIGHTNESS = 0.008, 0.992


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thesis' theta_sharp, B_min, B_max and theta_contr, and three more, as they hold for one video."""

    sharp: float
    dark: float
    bright: float
    contrast: float
    blur: float
    entropy_bits: float
    spread: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets the usable samples of one video pass."""

    theta_sharp: float | None = None
    """Least sigma_L^2, [0, ...]; None: `sharp_share` of the video's median."""
    sharp_share: float = 0.06
    """Share of the lower quartile of sharpness that a frame must have, [0, 1]; low: a face has a tenth of a page's."""
    max_blur: float = 0.61
    """Most blur share, [0, 1]; `blur_margin` above the median where the whole video is softer. A frame that differs
    much from its neighbours must be crisper: half of its D_t, up to 0.05, is added to its blur."""
    blur_margin: float = 0.12
    """How far above the video's median the blur share may lie, [0, 1]."""
    brightness: tuple[float, float] = (0.10, 0.90)
    """B_min and B_max, [0, 1]; a video that hardly ever lies between them moves them towards its own median."""
    theta_contrast: float = 0.08
    """Least sigma_I, [0, 0.5]; half of the median where hardly a frame has as much."""
    min_spread: float = 0.30
    """Least distance of the 1st and 99th percentile of luma, [0, 1]: what a flash or a fade leaves has less."""
    common_share: float = 0.25
    """Share of the frames that must lie within brightness and contrast for these to hold as they are, [0, 1]."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.brightness[0] < self.brightness[1] <= 1.0:
            raise BadSetting(f"brightness is (least, most) within 0 ... 1, not {self.brightness}")
        if not 0.0 <= self.sharp_share <= 1.0:
            raise BadSetting(f"sharp_share is within 0 ... 1, not {self.sharp_share}")

    def thresholds(self, samples: Sequence[Sample]) -> Thresholds:
        filled = [sample for sample in samples if not is_blank(sample)]
        if not filled:
            return Thresholds(
                self.theta_sharp or MIN_SHARPNESS,
                *self.brightness,
                self.theta_contrast,
                self.max_blur,
                1.0,
                self.min_spread,
            )

        def median(name: str) -> float:
            return metrics.median([getattr(sample, name) for sample in filled])

        def common(name: str, least: float, most: float = float("inf")) -> bool:
            within = sum(least <= float(getattr(sample, name)) <= most for sample in filled)
            return within >= self.common_share * len(filled)

        light, (least, most) = median("brightness"), self.brightness
        lit = common("brightness", least, most)
        return Thresholds(
            sharp=max(MIN_SHARPNESS, self.sharp_share * metrics.percentile([one.sharpness for one in filled], 25))
            if self.theta_sharp is None
            else self.theta_sharp,
            dark=least if lit else max(MIN_BRIGHTNESS, min(least, light * 0.5)),
            bright=most if lit else min(MAX_BRIGHTNESS, max(most, 1.0 - (1.0 - light) * 0.5)),
            contrast=self.theta_contrast
            if common("contrast", self.theta_contrast)
            else max(MIN_DEVIATION, min(self.theta_contrast, median("contrast") * 0.5)),
            blur=max(self.max_blur, median("blur_share") + self.blur_margin),
            entropy_bits=min(1.0, median("entropy_bits") * 0.5),
            spread=min(self.min_spread, median("spread") * 0.5),
        )

    def __call__(self, samples: Sequence[Sample]) -> tuple[Sample, ...]:
        limits = self.thresholds(samples)
        return tuple(sample for sample in samples if passes(sample, limits))


def passes(sample: Sample, limits: Thresholds) -> bool:
    return (
        not is_blank(sample)
        and sample.sharpness >= limits.sharp
        and limits.dark <= sample.brightness <= limits.bright
        and sample.contrast >= limits.contrast
        and sample.blur_share + 0.5 * min(0.1, sample.change) <= limits.blur
        and sample.entropy_bits >= limits.entropy_bits
        and sample.spread >= limits.spread
    )


def shot_at(seconds: float, shots: Sequence[Shot]) -> int:
    """Number of the shot on display, from 0; 0 without shots."""
    return max(0, bisect_right(shots, seconds + 1e-6, key=lambda shot: shot.start) - 1)


def transition_distance(seconds: float, shots: Sequence[Shot], reach: float = 1.0) -> float:
    """Seconds to the nearest change of shot; 0 within a dissolve or fade; infinite for a video of one shot.

    Of a dissolve that part of its length counts on either side of the boundary: all of it unless told otherwise.
    """
    nearest = float("inf")
    for shot in shots:
        if shot.transition != "start":
            # wherever in the transition the detector put the boundary, all of it lies within its length
            away = abs(seconds - shot.start) - reach * shot.transition_seconds
            nearest = min(nearest, max(0.0, away))
    return nearest

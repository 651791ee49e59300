"""Names of features, the seed's feature sets and spaces, and what was measured -> a row of numbers in that order.

A feature is `ARRAY_AGGREGATION` (`ssim_sum`, `jina-clip-v2_ewma_0.1`), `ARRAY_NUMBER` where the array stands as it is
(`jina-clip-v2_7`), or the bare name of a number of the whole clip (`held_share`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyart.review.generated.aggregate import AGGREGATIONS, PLAIN_LENGTH, aggregated, as_it_is
from keyart.review.generated.flow import FLOW_NAMES

Floats = NDArray[np.float64]

PROMPT_MODELS = (
    "HPS",
    "jina-clip-v2",
    "clip-vit-base-patch32",
    "clip-vit-large-patch14",
    "siglip-so400m-patch14-384",
    "siglip-large-patch16-384",
)
"""As the seed's tables name them, in their order (table 3.2)."""
Kind = Literal["aggregated", "plain", "joined"]
KINDS: tuple[Kind, ...] = ("aggregated", "plain", "joined")
"""The seed's aggregated, not aggregated, and both."""
COHERENCE: Mapping[str, tuple[str, ...]] = {
    "L": ("lpips",),
    "S": ("ssim",),
    "OF": tuple(f"raft_{name}" for name in FLOW_NAMES),
}
"""The seed's letters -> arrays of a pair of frames."""
ADDITIONS = ("ONLY", "L", "S", "OF", "L_S", "L_OF", "S_OF", "L_S_OF")
"""What stands beside the features of a prompt model, as the seed's tables name it."""


@dataclass(frozen=True, slots=True)
class Space:
    """One of the seed's 144: a prompt model, how its array is given, and what stands beside it."""

    model: str
    kind: Kind
    addition: str

    @property
    def name(self) -> str:
        return f"{self.model}/{self.kind}/{self.addition}"

    def feature_names(self) -> tuple[str, ...]:
        return (*prompt_features(self.model, self.kind), *coherence_features(self.addition))


def spaces() -> tuple[Space, ...]:
    """All 144: six prompt models, three kinds, eight additions."""
    return tuple(Space(model, kind, more) for kind in KINDS for model in PROMPT_MODELS for more in ADDITIONS)


def feature_sets() -> dict[str, tuple[str, ...]]:
    """The seed's 21 sets: 18 of prompt models, 3 of coherence."""
    sets = {f"{model}/{kind}": prompt_features(model, kind) for model in PROMPT_MODELS for kind in KINDS}
    return sets | {letter: coherence_features(letter) for letter in COHERENCE}


def prompt_features(model: str, kind: Kind) -> tuple[str, ...]:
    names = _aggregated_names((model,)) if kind != "plain" else ()
    plain = tuple(f"{model}_{number}" for number in range(PLAIN_LENGTH)) if kind != "aggregated" else ()
    return (*names, *plain)


def coherence_features(addition: str) -> tuple[str, ...]:
    letters = () if addition == "ONLY" else tuple(addition.split("_"))
    return tuple(name for letter in letters for name in _aggregated_names(COHERENCE[letter]))


def _aggregated_names(arrays: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{array}_{how}" for array in arrays for how in AGGREGATIONS)


def row(series: Mapping[str, Floats], whole: Mapping[str, float], names: Sequence[str]) -> Floats:
    """The features in the order of `names`. Raises `KeyError` with the name of one that was not measured."""
    known: dict[str, Floats] = {}
    return np.array([_feature(name, series, whole, known) for name in names])


def _feature(name: str, series: Mapping[str, Floats], whole: Mapping[str, float], known: dict[str, Floats]) -> float:
    if name in RIGHTED:
        return RIGHTED[name].read(lambda one: _feature(one, series, whole, known))
    if name in METERS:
        return METERS[name].read(lambda one: _feature(one, series, whole, known))
    if name in TOGETHER:
        return TOGETHER[name](np.array([_feature(one, series, whole, known) for one in METERS]))
    if name in whole:
        return float(whole[name])
    array, how = split_name(name)
    if array not in series:
        raise KeyError(name)
    if how.isdigit():
        return float(as_it_is(series[array])[int(how)])
    if array not in known:
        known[array] = aggregated(series[array])
    return float(known[array][list(AGGREGATIONS).index(how)])


_LONGEST_FIRST = sorted(AGGREGATIONS, key=len, reverse=True)
"""`min_to_max` ends as `max` does."""


def split_name(name: str) -> tuple[str, str]:
    """Array and aggregation of a feature's name; the second is empty for a number of the whole clip.

    >>> split_name("raft_flow_sum_min_to_max")
    ('raft_flow_sum', 'min_to_max')
    """
    for how in _LONGEST_FIRST:
        if name.endswith(f"_{how}"):
            return name.removesuffix(f"_{how}"), how
    array, _, number = name.rpartition("_")
    return (array, number) if number.isdigit() and int(number) < PLAIN_LENGTH else (name, "")


# --- what one fault hides of another -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Righted:
    """A feature less what another fault does to it: with that fault, it must not look better."""

    feature: str
    beside: str
    """The feature that tells of the other fault."""
    how: Callable[[float, float], float]
    """The feature, the other one -> the righted one."""

    def read(self, value: Callable[[str], float]) -> float:
        try:
            other = value(self.beside)
        except KeyError:  # its group is switched off
            return value(self.feature)
        return self.how(value(self.feature), other)


TRAILS = "shines_on"
_MOST_TRAILS, _HIDDEN = 0.4, 12.5
"""Where `shines_on` ends, and how much lost motion it stands for: of a mix that keeps g of what was shown 1 - g of each
motion is left, and 1 / (1 - g) is close to this line from g = 0 to 0.83."""


def _bared(value: float, trails: float) -> float:
    return value * (1.0 + _HIDDEN * min(trails, _MOST_TRAILS))


def _firm(value: float, noise: float) -> float:
    return value * (1.0 + 0.45 * noise / (1.0 + 0.1 * noise))


def _faint(value: float, _: float) -> float:
    return float(np.log(value + 0.25))


_HIDDEN_BY_TRAILS = (
    "warp_error_mean",
    "warp_error_median",
    "warp_error_p75",
    "lone_mean",
    "lone_part_mean",
    "bend_mean",
    "bend_median",
    "wobble_mean",
    "wobble_median",
    "wobble_p75",
    "wobble_all_mean",
    "wobble_all_p75",
    "wobble_half_mean",
    "wobble_half_p75",
    "wobble_own_mean",
    "wobble_part_mean",
    "wobble_part_median",
    "flicker_local_mean",
    "jerk_mean",
    "jerk_median",
    "jerk_part_mean",
    "shake_mean",
    "shake_median",
    "shake_p75",
    "leap_most",
    "leap_third",
    "leap_usual",
)
_HIDDEN_BY_NOISE = ("blur_mean", "blur_min", "coarse_part_mean")
RIGHTED: Mapping[str, Righted] = {
    **{f"bare_{name}": Righted(name, TRAILS, _bared) for name in _HIDDEN_BY_TRAILS},
    **{f"firm_{name}": Righted(name, "noise_mean", _firm) for name in _HIDDEN_BY_NOISE},
    "faint_noise_mean": Righted("noise_mean", "noise_mean", _faint),
}
"""Motion as it were without trails, blur as it were without noise, and noise on a scale on which a little is much."""


# --- faults ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meter:
    """A feature as the strength of a fault: 0 where it is as usual, 1 more for each unit, `MOST_FAULT` at most."""

    feature: str
    usual: float
    """Of untouched clips; of blur, noise and smear, which differ most among them, what nine of ten do not exceed."""
    unit: float
    """One level of the rating rule (docs/judge.md), by the middle of the rated set."""

    def read(self, value: Callable[[str], float]) -> float:
        try:
            found = value(self.feature)
        except KeyError:  # its group is switched off
            return 0.0
        return min(MOST_FAULT, max(0.0, (found - self.usual) / self.unit))


MOST_FAULT = 12.0
METERS: Mapping[str, Meter] = {
    "fault_flicker": Meter("flicker_mean", 0.005, 0.026),
    "fault_tint": Meter("tint_way", 0.15, 0.32),
    "fault_held": Meter("held_share", 0.005, 0.048),
    "fault_wobble": Meter("bare_wobble_all_mean", 0.1, 0.045),
    "fault_leap": Meter("leap_most", 1.5, 3.1),
    "fault_blur": Meter("firm_blur_mean", 0.43, 0.04),
    "fault_noise": Meter("noise_mean", 1.4, 1.35),
    "fault_linger": Meter("shines_on", 0.0, 0.04),
    "fault_lone": Meter("bare_lone_mean", 0.4, 0.3),
}
"""How bad each fault is by itself, in levels of the rule: a few trees cannot find out what a clip's worst fault is."""
TOGETHER: Mapping[str, Callable[[Floats], float]] = {
    "faults_worst": lambda faults: float(faults.max()),
    "faults_two": lambda faults: float(np.sort(faults)[-2:] @ (0.5, 1.0)),
    "faults_length": lambda faults: float(np.sqrt((faults**2).sum())),
    "faults_sum": lambda faults: float(faults.sum()),
}
"""What the faults come to: the worst, the worst and half the next, and two sums that every one of them adds to."""


# --- what the shipped forest reads ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sense:
    """A feature of the embedded tier, and what more of it says: -1 worse, +1 better, 0 neither by itself."""

    name: str
    sign: Literal[-1, 0, 1]


_WORSE = (
    "flicker_mean",
    "flicker_median",
    "flicker_max",
    "flicker_p75",
    "tint_step_mean",
    "tint_step_median",
    "tint_range",
    "tint_way",
    "held_share",
    "held_longest",
    "held_runs",
    "jump_most",
    "jump_second",
    "noise_mean",
    "grain_mean",
    "sinks",
    "shines_on",
)
"""Of which more is worse by what they measure, whatever is shown."""
SENSES: tuple[Sense, ...] = (*(Sense(name, -1) for name in (*_WORSE, *RIGHTED, *METERS, *TOGETHER)),)
"""What the shipped forest reads. No sum is among them: a score must not depend on how long a clip is. Faces and
lettering are left to forests that learn from clips which have them: the drawn ones have neither."""

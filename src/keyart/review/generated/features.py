"""Names of features, the seed's feature sets and spaces, and what was measured -> a row of numbers in that order.

A feature is `ARRAY_AGGREGATION` (`ssim_sum`, `jina-clip-v2_ewma_0.1`), `ARRAY_NUMBER` where the array stands as it is
(`jina-clip-v2_7`), or the bare name of a number of the whole clip (`held_share`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def split_name(name: str) -> tuple[str, str]:
    """Array and aggregation of a feature's name; the second is empty for a number of the whole clip.

    >>> split_name("raft_flow_sum_min_to_max")
    ('raft_flow_sum', 'min_to_max')
    """
    for how in AGGREGATIONS:
        if name.endswith(f"_{how}"):
            return name.removesuffix(f"_{how}"), how
    array, _, number = name.rpartition("_")
    return (array, number) if number.isdigit() and int(number) < PLAIN_LENGTH else (name, "")


# --- what the shipped forest reads ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sense:
    """A feature of the embedded tier, and what more of it says: -1 worse, +1 better, 0 neither by itself."""

    name: str
    sign: Literal[-1, 0, 1]


_WORSE = {
    "warp_error": ("mean", "median", "max", "p75"),
    "warp_worst": ("mean", "median", "max", "p75"),
    "warp_left": ("mean", "median", "max"),
    "bend": ("median", "max"),
    "wobble": ("mean", "median", "p75"),
    "wobble_part": ("mean", "median", "p25"),
    "flicker": ("mean", "median", "max", "p75"),
    "flicker_local": ("mean", "median", "max"),
    "tint_step": ("mean", "median"),
    "jerk": ("median", "max"),
    "jerk_part": ("mean", "median", "max"),
    "shake": ("median", "max", "p75"),
    "blur": ("mean", "min", "max"),
    "coarse_part": ("mean", "min", "max"),
    "smear": ("mean", "median"),
    "trail": ("mean", "median"),
    "noise": ("mean", "median", "min"),
    "grain": ("mean", "median", "p25"),
}
"""Arrays of which more is worse by what they measure, whatever is shown."""
_WORSE_WHOLE = (
    "tint_range",
    "tint_way",
    "held_share",
    "held_longest",
    "held_runs",
    "jump_most",
    "jump_second",
    "jump_share",
)
_NEITHER = {
    "ssim": ("mean", "median", "min", "std"),
    "camera_ssim": ("median", "min"),
    "own_motion": ("median",),
    "camera_speed": ("median",),
    "detail": ("median",),
    "change": ("median",),
}
"""What the others are to be seen against: how much moves and how much there is to see."""

SENSES: tuple[Sense, ...] = (
    *(Sense(f"{array}_{how}", -1) for array, ways in _WORSE.items() for how in ways),
    *(Sense(name, -1) for name in _WORSE_WHOLE),
    *(Sense(f"{array}_{how}", 0) for array, ways in _NEITHER.items() for how in ways),
)
"""What the shipped forest reads. No sum is among them: a score must not depend on how long a clip is. Faces and lettering
are left to forests that learn from clips which have them: the drawn ones have neither."""

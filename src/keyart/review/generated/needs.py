"""Names of features -> what has to be measured for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keyart.errors import BadSetting
from keyart.review.generated.features import COHERENCE, METERS, PROMPT_MODELS, RIGHTED, TOGETHER, split_name
from keyart.review.generated.groups import GROUPS
from keyart.review.generated.subjects import OBSERVERS, REFERENCE, REFERENCE_NAMES

GROUP_OF = {
    **{name: key for key, group in GROUPS.items() for name in group.names},
    **{name: key for key, watcher in OBSERVERS.items() for name in watcher.names},
    **dict.fromkeys(REFERENCE_NAMES, REFERENCE),
}
"""Array, or number of the clip -> its group in the embedded tier."""
_ALSO = {"jump": ("held",)}


@dataclass(frozen=True, slots=True)
class Needs:
    groups: tuple[str, ...]
    """Of the embedded tier."""
    prompt_models: tuple[str, ...]
    lpips: bool
    raft: bool
    reference: bool


def needs_of(names: Iterable[str]) -> Needs:
    """Raises `BadSetting` for a feature that nothing measures."""
    wanted = [*names]
    faults = [name for name in wanted if name in METERS or name in TOGETHER]
    read = [METERS[name].feature for name in faults if name in METERS]
    beside = [RIGHTED[name].beside for name in (*wanted, *read) if name in RIGHTED]
    arrays = dict.fromkeys(array_of(name) for name in (*wanted, *read, *beside) if name not in faults)
    groups: set[str] = set()
    for array in arrays:
        if array in GROUP_OF:
            groups |= {GROUP_OF[array], *_ALSO.get(GROUP_OF[array], ())}
        elif array not in (*PROMPT_MODELS, *COHERENCE["L"], *COHERENCE["OF"]):
            raise BadSetting(f"nothing measures a feature called {array!r}")
    return Needs(
        tuple(name for name in (*GROUPS, *OBSERVERS) if name in groups),
        tuple(name for name in PROMPT_MODELS if name in arrays),
        any(name in arrays for name in COHERENCE["L"]),
        any(name in arrays for name in COHERENCE["OF"]),
        REFERENCE in groups,
    )


def array_of(name: str) -> str:
    """What a feature is made from: its array, or itself."""
    if name in RIGHTED:
        return array_of(RIGHTED[name].feature)
    return name if name in GROUP_OF or name in METERS or name in TOGETHER else split_name(name)[0]


def without(names: Sequence[str], groups: Iterable[str]) -> tuple[str, ...]:
    """The features that are left when groups are switched off."""
    off = set(groups)
    return tuple(name for name in names if group_of(name) not in off)


def group_of(name: str) -> str | None:
    """The embedded tier's group that a feature is made from; None for one of the hub's, or of several groups."""
    return GROUP_OF.get(array_of(METERS[name].feature if name in METERS else name))

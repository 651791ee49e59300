"""Values as lines of JSON and back: what goes through pipes and into logs. ASCII alone: file names hold odd bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from cattrs import Converter

T = TypeVar("T")


def plain(value: DataclassInstance) -> dict[str, Any]:
    """A row, an order, a result, as JSON has it; what is as it usually is goes without saying."""
    told = {}
    for one in fields(value):
        found = getattr(value, one.name)
        if found == one.default or found == {}:
            continue
        told[one.name] = _plain(found)
    return told


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return plain(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def value_of(told: Mapping[str, Any], kind: type[T]) -> T:
    """What `plain` made a mapping of; unknown keys, of a later version, are passed over. Raises `ValueError`."""
    try:
        return _converter().structure(told, kind)
    except Exception as err:  # cattrs' errors are groups of many kinds
        raise ValueError(f"no {kind.__name__}: {json.dumps(told)[:200]}") from err


@cache
def _converter() -> Converter:
    from cattrs import Converter

    return Converter()

"""Values as lines of JSON and back: what goes through pipes and into logs. ASCII alone: file names hold odd bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from cattrs import Converter

T = TypeVar("T")


def plain(value: DataclassInstance) -> dict[str, Any]:
    """A row, an order, a result, as JSON has it."""
    return asdict(value)


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

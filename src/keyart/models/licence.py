"""Licence mode: under `permissive` no model whose card is not permissive is loaded, whoever asks for it.

The store asks here before it hands out a file, so no backend can pass it by: a model that is asked for by name is
refused with the cure, and for one that an unnamed default would have chosen `have` says no, so that the default goes on
to the next. One process has one mode: KEYART_LICENCE, or `licensed` around a block.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, cast, get_args

from keyart.errors import BadSetting, LicenceRefused
from keyart.models.card import Card

LicenceMode = Literal["any", "permissive"]

_VARIABLE = "KEYART_LICENCE"


def licence_mode() -> LicenceMode:
    """`any` or `permissive`. Raises `BadSetting` for another word in KEYART_LICENCE."""
    return _checked(os.environ.get(_VARIABLE) or "any", _VARIABLE)


def _checked(mode: str, where: str) -> LicenceMode:
    if mode not in get_args(LicenceMode):
        raise BadSetting(f"{where}: licence cannot be {mode!r}; allowed: {', '.join(get_args(LicenceMode))}")
    return cast(LicenceMode, mode)


@contextmanager
def licensed(mode: str) -> Iterator[None]:
    """The mode for a block, for every thread of the process. Raises `BadSetting`."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = _checked(mode, "--licence")
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def permitted(card: Card) -> bool:
    """Whether the mode allows the model."""
    return card.permissive or licence_mode() == "any"


def refuse(card: Card) -> None:
    """Raises `LicenceRefused` where the mode does not allow the model."""
    if not permitted(card):
        raise LicenceRefused(card.name, card.licence)


def refuse_stranger(path: object) -> None:
    """Raises `LicenceRefused` under `permissive` for files that no card speaks for: their licence is not known."""
    if licence_mode() == "permissive":
        raise LicenceRefused(str(path), "unknown, it has no card")

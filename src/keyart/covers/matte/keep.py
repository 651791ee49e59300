"""The last few mattes: cut-outs, variants and staged covers ask for the same figures, and each costs half a second."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from keyart.shelved import Shelved
from keyart.types import RGB


class Arrays(Protocol):
    """What is kept: a matte."""

    @property
    def alpha(self) -> NDArray[np.float32]: ...

    @property
    def foreground(self) -> RGB: ...


M = TypeVar("M", bound=Arrays)


def _weight(found: tuple[Arrays | None]) -> int:
    (matte,) = found
    return 1000 if matte is None else matte.alpha.nbytes + matte.foreground.nbytes


SHELF: Shelved[tuple[Any]] = Shelved(64_000_000, _weight)
"""Ten stills of 720p, or four of 1080p; that nothing stands out is remembered, too."""


def content_key(image: RGB) -> str:
    """Changes with any pixel."""
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).hexdigest() + str(image.shape)


def kept(key: Hashable, cut_out: Callable[[], M | None]) -> M | None:
    """The matte under the key, made now if it is not among the last few. Its arrays cannot be written to."""

    def made() -> tuple[M | None]:
        matte = cut_out()
        if matte is not None:
            matte.alpha.flags.writeable = matte.foreground.flags.writeable = False
        return (matte,)

    found: M | None = SHELF.get(key, made)[0]
    return found


def forget() -> None:
    """Give the memory back."""
    SHELF.forget(lambda _: True)

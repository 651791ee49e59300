"""The last few mattes: cut-outs, variants and staged covers ask for the same figures, and each costs half a second."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from keyart.types import RGB


class Arrays(Protocol):
    """What is kept: a matte."""

    @property
    def alpha(self) -> NDArray[np.float32]: ...

    @property
    def foreground(self) -> RGB: ...


M = TypeVar("M", bound=Arrays)

MOST_BYTES = 64_000_000
"""Ten stills of 720p, or four of 1080p."""

_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


def content_key(image: RGB) -> str:
    """Changes with any pixel."""
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).hexdigest() + str(image.shape)


def kept(key: Hashable, cut_out: Callable[[], M | None]) -> M | None:
    """The matte under the key, made now if it is not among the last few. Its arrays cannot be written to."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            found: M | None = _kept[key]
            return found
    matte = cut_out()
    if matte is not None:
        matte.alpha.flags.writeable = matte.foreground.flags.writeable = False
    with _lock:
        _kept[key] = matte
        while sum(map(_weight, _kept.values())) > MOST_BYTES and len(_kept) > 1:
            _kept.popitem(last=False)
    return matte


def forget() -> None:
    """Give the memory back."""
    with _lock:
        _kept.clear()


def _weight(matte: Arrays | None) -> int:
    return 1000 if matte is None else matte.alpha.nbytes + matte.foreground.nbytes

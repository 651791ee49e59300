"""The last few mattes: cut-outs, variants and staged covers ask for the same figures, and each costs half a second."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import numpy as np

from keyart.types import RGB

if TYPE_CHECKING:
    from keyart.covers.matte.make import Matte

MOST_BYTES = 64_000_000
"""Ten stills of 720p, or four of 1080p."""

_kept: OrderedDict[Hashable, Matte | None] = OrderedDict()
_lock = threading.Lock()


def content_key(image: RGB) -> str:
    """Changes with any pixel."""
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).hexdigest() + str(image.shape)


def kept(key: Hashable, cut_out: Callable[[], Matte | None]) -> Matte | None:
    """The matte under the key, made now if it is not among the last few. Its arrays cannot be written to."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
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


def _weight(matte: Matte | None) -> int:
    return 1000 if matte is None else matte.alpha.nbytes + matte.foreground.nbytes

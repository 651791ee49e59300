"""Many videos: a folder, a list, a store; by local processes or on a Ray cluster.

One video is one row; paths travel, never frames. `make_library(sources, Order(...))` is the whole of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyart.library.driver import Summary, make_library
    from keyart.library.values import Limits, Order, Result, Row

__all__ = ["Limits", "Order", "Result", "Row", "Summary", "make_library"]

_ROOMS = {"Summary": "driver", "make_library": "driver"}


def __getattr__(name: str) -> Any:
    # a worker enters here too, and needs little of it
    if name not in __all__:
        raise AttributeError(f"module 'keyart.library' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"keyart.library.{_ROOMS.get(name, 'values')}"), name)

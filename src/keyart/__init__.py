"""A video goes in, its whole publishing package comes out.

>>> import keyart
>>> package = keyart.make(keyart.sample_clip())           # doctest: +SKIP
>>> package.titles[0].text, package.stills[0].seconds     # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyart.package import Package, save
    from keyart.pipeline import Recipe, make

__version__ = "0.1.0"
__all__ = ["Package", "Recipe", "make", "save"]

_ROOMS = {"make": "pipeline", "Recipe": "pipeline", "Package": "package", "save": "package"}


def __getattr__(name: str) -> Any:
    # the rooms are entered only when called for: `keyart --help` must answer at once
    if name not in _ROOMS:
        raise AttributeError(f"module 'keyart' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"keyart.{_ROOMS[name]}"), name)

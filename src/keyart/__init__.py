"""A video goes in, its whole publishing package comes out.

>>> import keyart
>>> package = keyart.make(video)                # `video` is the path of a video file
>>> len(package.titles), package.titles[0].supported
(3, True)
>>> still = package.stills[0]                   # the best one, with everything that put it there
>>> still.rank, still.frame.image.shape, bool(still.faces)
(1, (360, 640, 3), True)
>>> [product.path for product in package.of_kind("cover")][0]
'covers/youtube_1.jpg'
>>> saved = keyart.save(package, folder)        # nothing is written before
>>> (saved.folder / "index.html").is_file()
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyart.version import __version__

if TYPE_CHECKING:
    from keyart.package import Package, save
    from keyart.pipeline import make
    from keyart.recipe import Recipe

__all__ = ["Package", "Recipe", "__version__", "make", "save"]

_ROOMS = {"make": "pipeline", "Recipe": "recipe", "Package": "package", "save": "package"}


def __getattr__(name: str) -> Any:
    # the rooms are entered only when called for: `keyart --help` must answer at once
    if name not in _ROOMS:
        raise AttributeError(f"module 'keyart' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"keyart.{_ROOMS[name]}"), name)

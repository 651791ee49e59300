"""Signatures of all that a library has made, kept beside it: which videos show the same, which covers are alike.

Workers add a package when it is made; what a killed worker did not add, the driver adds before the report.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from keyart.errors import KeyartError
from keyart.library.names import PACKAGE
from keyart.library.places import Place
from keyart.library.values import Order

INDEX = "library.near"
"""Below a local output. A store has none: an index is appended to."""


def index_folder(output: str) -> Path | None:
    """Where the signatures of a library's pictures are; None for a store."""
    place = Place(output)
    return place.path / INDEX if place.is_local else None


def keep(folder: Path, order: Order, video: Path) -> tuple[str, ...]:
    """A package's pictures, for the library and for its channel; the channel's warnings, one line each.

    A package is whole without them: nothing is raised of what goes wrong with an index.
    """
    from keyart.channel import find_channel
    from keyart.nearness.told import told

    warnings: list[str] = []
    with contextlib.suppress(KeyartError, OSError):
        warnings = told(folder, find_channel(video, order.channel))
    index = index_folder(order.output)
    if index is not None:
        with contextlib.suppress(KeyartError, OSError):
            _add(folder, index)
    return tuple(warnings)


def fill(output: str, names: Iterable[str]) -> None:
    """Add the packages of these names that the index does not have."""
    from keyart.nearness.index import standing_index

    index = index_folder(output)
    if index is None:
        return
    with contextlib.suppress(KeyartError, OSError):
        there = standing_index(index).packages
        for name in names:
            if f"{name}{PACKAGE}" not in there:
                with contextlib.suppress(KeyartError, OSError):
                    _add(index.parent / f"{name}{PACKAGE}", index)


def _add(folder: Path, index: Path) -> None:
    from keyart.nearness.index import standing_index
    from keyart.nearness.packages import add_package

    add_package(folder, standing_index(index))

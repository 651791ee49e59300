"""HDF5, in which most of the field's files are kept (MATLAB's, too, from version 7.3 on)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingExtra, MissingFile
from keyart.learn.data import BadData

SUFFIXES = (".h5", ".hdf5", ".mat")


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file's root group. Raises `MissingFile`, `MissingExtra`, and `BadData` for what is no HDF5."""
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        import h5py
    except ImportError as err:
        raise MissingExtra("h5py", extra="learn") from err
    try:
        file = h5py.File(path, "r")
    except OSError as err:
        raise BadData(f"{path}: no HDF5 file, or a broken one; get it again") from err
    with file:
        yield file


def array(group: Any, name: str, where: str, *, shape: tuple[int | None, ...], kind: Any) -> NDArray[Any]:
    """A data set of the group as an array of `kind`; None in `shape` stands for any length.

    Raises `BadData` where it is not there, has another shape or holds no numbers.
    """
    values = _read(group, name, where)
    fits = len(values.shape) == len(shape) and all(
        want in (None, got) for want, got in zip(shape, values.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if one is None else str(one) for one in shape)
        raise BadData(f"{where}: {name} has the shape {values.shape}; wanted is ({wanted})")
    if not np.issubdtype(values.dtype, np.number) and values.dtype != np.bool_:
        raise BadData(f"{where}: {name} holds {values.dtype}; wanted are numbers")
    return values.astype(kind)


def scalar(group: Any, name: str, where: str, kind: Callable[[Any], Any] = int) -> Any:
    """The one number of a data set."""
    values = _read(group, name, where)
    if values.size != 1 or not np.issubdtype(values.dtype, np.number):
        raise BadData(f"{where}: {name} is {values.dtype} of the shape {values.shape}; wanted is one number")
    return kind(values.ravel()[0])


def _read(group: Any, name: str, where: str) -> NDArray[Any]:
    if name not in group:
        raise BadData(f"{where}: no {name}; there are: {', '.join(sorted(group))[:200]}")
    try:
        return np.asarray(group[name][()])
    except (OSError, TypeError, AttributeError) as err:  # a group, or a data set that is cut off
        raise BadData(f"{where}: {name} cannot be read as numbers") from err

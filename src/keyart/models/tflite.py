"""TFLite file -> network, run by LiteRT: its kernels take half the time of OpenCV's on networks as small as ours."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.models.cards import CARDS
from keyart.models.loads import note_load
from keyart.models.store import model_path

_networks = threading.local()
_loading = threading.Lock()
"""One at a time: standard error leads elsewhere while the first one loads."""
_greeted = threading.Event()
_GREETING = b"XNNPACK delegate"


class TfliteNetwork:
    """Of one thread: it holds the picture it works on. Raises `ValueError` for a file that is no network."""

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._network: Any = Interpreter(model_path=str(path), num_threads=1)
        self._network.allocate_tensors()
        (self._input,) = self._network.get_input_details()
        self._outputs = {each["name"]: each["index"] for each in self._network.get_output_details()}

    def __call__(self, image: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Outputs by name, copies, shaped as in the file, for a picture, (height, width, 3) as the file wants them."""
        self._network.set_tensor(self._input["index"], image[None])
        self._network.invoke()
        return {name: self._network.get_tensor(index) for name, index in self._outputs.items()}


def tflite_network(name: str) -> TfliteNetwork:
    """A stored model's network, made once per thread."""
    made: dict[str, TfliteNetwork] = _networks.__dict__
    if name not in made:
        path = model_path(name)
        note_load(name)
        with _loading, _without_greeting():
            made[name] = TfliteNetwork(path)
    return made[name]


def answer(name: str, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Outputs by name of a stored model for a picture of its size, (height, width, 3), RGB, 0 ... 255."""
    card = CARDS[name]
    return tflite_network(name)(pixels.astype(np.float32) * card.scale + card.offset)


@contextmanager
def _without_greeting() -> Iterator[None]:
    """LiteRT says hello on standard error with the first network of a process, and nothing turns that off.

    What others write meanwhile is passed on.
    """
    try:
        usual = -1 if _greeted.is_set() else os.dup(2)
    except OSError:  # standard error is closed
        usual = -1
    if usual < 0:
        yield
        return
    reads, writes = os.pipe()
    os.dup2(writes, 2)
    try:
        yield
        _greeted.set()
    finally:
        os.dup2(usual, 2)
        os.close(usual)
        os.close(writes)
        _pass_on(reads)


def _pass_on(reads: int) -> None:
    os.set_blocking(reads, False)  # a child begun meanwhile may hold the other end open
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read() or b""
    for line in said.splitlines(keepends=True):
        if _GREETING not in line:
            os.write(2, line)

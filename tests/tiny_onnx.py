"""A small ONNX network, a convolution and a tanh, written by hand: the ordinary environment has no `onnx`."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FLOAT, INTS = 1, 7
_OPSET = 13


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def piece(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(name: str, values: NDArray[np.float32]) -> bytes:
    dims = b"".join(number(1, side) for side in values.shape)
    raw = struct.pack(f"<{values.size}f", *values.ravel().tolist())
    return dims + number(2, FLOAT) + piece(8, name) + piece(9, raw)


def value_info(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(piece(1, number(1, side) if isinstance(side, int) else piece(2, side)) for side in shape)
    return piece(1, name) + piece(2, piece(1, number(1, FLOAT) + piece(2, dims)))


def node(kind: str, inputs: tuple[str, ...], output: str, **ints: tuple[int, ...]) -> bytes:
    attributes = b"".join(
        piece(5, piece(1, name) + b"".join(number(8, value) for value in values) + number(20, INTS))
        for name, values in ints.items()
    )
    return b"".join(piece(1, name) for name in inputs) + piece(2, output) + piece(4, kind) + attributes


def write_generator(path: Path, shape: tuple[int | str, ...], seed: int = 0) -> NDArray[np.float32]:
    """Writes `tanh(conv(x))`, channels last where the shape ends in 3; gives back the kernel (3, 3, 3, 3)."""
    kernel = (np.random.default_rng(seed).normal(0, 0.2, (3, 3, 3, 3))).astype(np.float32)
    last = shape[-1] == 3
    nodes = [node("Conv", ("first" if last else "x", "kernel"), "mixed", pads=(1, 1, 1, 1))]
    nodes.append(node("Tanh", ("mixed",), "done" if last else "y"))
    if last:
        nodes.insert(0, node("Transpose", ("x",), "first", perm=(0, 3, 1, 2)))
        nodes.append(node("Transpose", ("done",), "y", perm=(0, 2, 3, 1)))
    graph = b"".join(piece(1, one) for one in nodes) + piece(2, "generator") + piece(5, tensor("kernel", kernel))
    graph += piece(11, value_info("x", shape)) + piece(12, value_info("y", shape))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(number(1, 8) + piece(7, graph) + piece(8, piece(1, "") + number(2, _OPSET)))
    return kernel

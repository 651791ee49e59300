"""A trained network -> `.kamodel`: ONNX, so that serving needs no torch; held against the network at other lengths."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keyart.errors import KeyartError, MissingExtra
from keyart.learn.files import written_whole
from keyart.models.kamodel import LearnedCard, packed

Dynamic = Mapping[str, Mapping[int, str]]
MOST_APART = 1e-4
"""Between the network and its export, absolute, in any output."""


class ExportFailed(KeyartError, RuntimeError):
    """No exporter made a file that computes what the network does."""


def write_kamodel(
    path: Path,
    network: Any,
    examples: Sequence[Any],
    inputs: Sequence[str],
    outputs: Sequence[str],
    card: LearnedCard,
    *,
    dynamic: Dynamic,
) -> Path:
    """Write the file whole. `examples`: one tensor an input; `dynamic`: which of an input's axes may have any length.

    Raises `MissingExtra`, `ExportFailed`.
    """
    was_training = network.training
    network.eval()
    try:
        data = exported(network, tuple(examples), inputs, outputs, dynamic)
    finally:
        network.train(was_training)
    written_whole(path, packed(card, data))
    return path


def exported(
    network: Any, examples: tuple[Any, ...], inputs: Sequence[str], outputs: Sequence[str], dynamic: Dynamic
) -> bytes:
    """ONNX bytes. Each of torch's exporters fixes lengths in layers of its own (one in LSTMs, the other in attention):
    the first whose file agrees with the network at other lengths is taken."""
    try:
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
        import torch  # noqa: F401
    except ImportError as err:
        raise MissingExtra(err.name or "torch", extra="learn") from err
    failures = []
    for name, export in EXPORTERS.items():
        try:
            data = _quietly(lambda export=export: export(network, examples, inputs, outputs, dynamic))  # type: ignore[misc]
            apart = farthest(network, data, examples, inputs, dynamic)
        except Exception as err:  # noqa: BLE001  exporters raise whatever their passes raise
            failures.append(f"{name}: {str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__}")
            continue
        if apart <= MOST_APART:
            return data
        failures.append(f"{name}: {apart:.2g} apart from the network")
    raise ExportFailed("the network cannot be exported to ONNX; " + "; ".join(failures))


def farthest(network: Any, data: bytes, examples: tuple[Any, ...], inputs: Sequence[str], dynamic: Dynamic) -> float:
    """Largest difference of any output between the network and the ONNX bytes, at the examples' lengths and others."""
    import torch

    from keyart.models.onnx import open_session

    session, apart = open_session(data), 0.0
    for length in (None, 1, 2, 37):
        fed = tuple(_resized(one, dynamic.get(name, {}), length) for name, one in zip(inputs, examples, strict=True))
        with torch.no_grad():
            wanted = network(*fed)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        made = session.run(None, {name: one.numpy() for name, one in zip(inputs, fed, strict=True)})
        for one, other in zip(wanted, made, strict=True):
            apart = max(apart, float(np.abs(one.numpy() - other).max()))
    return apart


def _resized(example: Any, axes: Mapping[int, str], length: int | None) -> Any:
    """The example cut or repeated to `length` along its free axes."""
    import torch

    for axis in axes if length is not None else ():
        example = torch.cat([example] * (-(-length // example.shape[axis])), axis).narrow(axis, 0, length)  # type: ignore[operator]
    return example.contiguous()


def _traced(
    network: Any, examples: tuple[Any, ...], inputs: Sequence[str], outputs: Sequence[str], dynamic: Dynamic
) -> bytes:
    import torch

    target = io.BytesIO()
    torch.onnx.export(
        network,
        examples,
        target,
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes={name: dict(axes) for name, axes in dynamic.items()},
        opset_version=17,
        dynamo=False,
    )
    return target.getvalue()


def _compiled(
    network: Any, examples: tuple[Any, ...], inputs: Sequence[str], outputs: Sequence[str], dynamic: Dynamic
) -> bytes:
    import torch

    free: dict[str, Any] = {}
    shapes = tuple(
        {axis: free.setdefault(name, torch.export.Dim(name, min=1)) for axis, name in dynamic.get(one, {}).items()}
        for one in inputs
    )
    program = torch.onnx.export(
        network,
        examples,
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_shapes=shapes,
        dynamo=True,
        verbose=False,
    )
    data: bytes = program.model_proto.SerializeToString()
    return data


EXPORTERS: dict[str, Callable[..., bytes]] = {"traced": _traced, "compiled": _compiled}


def _quietly(work: Callable[[], bytes]) -> bytes:
    """Exporters warn of their own deprecation and of packages that they do not need."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return work()
    finally:
        logging.disable(level)

"""ONNX file -> session. One thread by default: small networks run beside a decoder that keeps the cores busy."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from keyart.cores import allowed
from keyart.models.loads import note_load
from keyart.models.store import model_path


def onnx_session(name: str, threads: int = 1) -> Any:
    """onnxruntime session of a stored model, made once per process."""
    return _opened(model_path(name), threads)


@cache
def _opened(path: Path, threads: int) -> Any:
    note_load(path.stem)
    return open_session(path, threads)


def open_session(network: Path | bytes, threads: int = 1) -> Any:
    """Of a file, or of its bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = allowed(threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, not printed as well
    source = network if isinstance(network, bytes) else str(network)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])

"""ONNX file -> session. One thread by default: small networks run beside a decoder that keeps the cores busy."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from keyart.models.store import model_path


def onnx_session(name: str, threads: int = 1) -> Any:
    """onnxruntime session of a stored model, made once per process."""
    return _opened(model_path(name), threads)


@cache
def _opened(path: Path, threads: int) -> Any:
    return open_session(path, threads)


def open_session(path: Path, threads: int = 1) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

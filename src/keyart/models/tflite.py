"""TFLite file -> network, run by OpenCV."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from keyart.models.store import model_path


def tflite_network(name: str) -> Any:
    """cv2.dnn network of a stored model, made once per process."""
    return _opened(model_path(name))


@cache
def _opened(path: Path) -> Any:
    import cv2

    return cv2.dnn.readNetFromTFLite(str(path))

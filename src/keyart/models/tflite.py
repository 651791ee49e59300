"""TFLite file -> network, run by OpenCV."""

from __future__ import annotations

from functools import cache
from typing import Any

from keyart.models.store import model_path


@cache
def tflite_network(name: str) -> Any:
    """cv2.dnn network of a stored model, made once per process."""
    import cv2

    return cv2.dnn.readNetFromTFLite(str(model_path(name)))

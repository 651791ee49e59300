"""TFLite file -> network, run by OpenCV."""

from __future__ import annotations

import threading
from typing import Any

from keyart.models.store import model_path

_networks = threading.local()


def tflite_network(name: str) -> Any:
    """cv2.dnn network of a stored model, made once per thread: it holds the picture it works on."""
    import cv2

    made: dict[str, Any] = _networks.__dict__
    if name not in made:
        made[name] = cv2.dnn.readNetFromTFLite(str(model_path(name)))
    return made[name]

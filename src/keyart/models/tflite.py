"""TFLite file -> network, run by OpenCV."""

from __future__ import annotations

import threading
from typing import Any

from keyart.models.loads import note_load
from keyart.models.store import model_path

_networks = threading.local()
_loading = threading.Lock()
"""OpenCV fills its table of operators while the first network loads, and does not expect a second one meanwhile."""


def tflite_network(name: str) -> Any:
    """cv2.dnn network of a stored model, made once per thread: it holds the picture it works on."""
    import cv2

    made: dict[str, Any] = _networks.__dict__
    if name not in made:
        path = str(model_path(name))
        note_load(name)
        with _loading:
            made[name] = cv2.dnn.readNetFromTFLite(path)
    return made[name]

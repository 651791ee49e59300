"""Where people are in a picture, coarsely: enough to keep lettering off them. Nothing is cut out here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keyart.models import CARDS, have
from keyart.models.tflite import tflite_network
from keyart.types import RGB

PERSON_MODEL = "selfie-segmentation"


def person_map(image: RGB) -> NDArray[np.float64] | None:
    """Probability of a person per cell of a 256x256 grid laid over the picture; None where the model is not stored."""
    if not have(PERSON_MODEL):
        return None
    import cv2

    card = CARDS[PERSON_MODEL]
    assert card.input_px is not None
    small = cv2.resize(image, card.input_px, interpolation=cv2.INTER_AREA).astype(np.float32)
    network = tflite_network(PERSON_MODEL)
    network.setInput(np.ascontiguousarray((small * card.scale + card.offset).transpose(2, 0, 1)[None]))
    return np.clip(np.asarray(network.forward(), np.float64).reshape(card.input_px[::-1]), 0, 1)

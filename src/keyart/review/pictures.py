"""A picture -> verdict: NudeNet, which says what it sees and where, and a classifier of the hub's.

Neither comes with the install: NudeNet is AGPL-3.0 and pulled by name only, the classifier needs the hub extra. Without
one nothing is judged, and that is said.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel
from keyart.models import CARDS, have
from keyart.models.hub import hub_model
from keyart.models.onnx import onnx_session
from keyart.review.verdict import Judgement, Verdict
from keyart.types import RGB, Box


class PictureModerator(Protocol):
    """Looks at one picture. `backend` and `models` go into the manifest."""

    @property
    def backend(self) -> str: ...
    @property
    def models(self) -> tuple[str, ...]: ...
    def __call__(self, image: RGB, product: str = "") -> Verdict: ...


# --- NudeNet ----------------------------------------------------------------------------------------------------

LABELS = (
    "FEMALE_GENITALIA_COVERED", "FACE_FEMALE", "BUTTOCKS_EXPOSED", "FEMALE_BREAST_EXPOSED", "FEMALE_GENITALIA_EXPOSED",
    "MALE_BREAST_EXPOSED", "ANUS_EXPOSED", "FEET_EXPOSED", "BELLY_COVERED", "FEET_COVERED", "ARMPITS_COVERED",
    "ARMPITS_EXPOSED", "FACE_MALE", "BELLY_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_COVERED", "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
)  # fmt: skip
"""What the network's outputs stand for, in their order."""

_BLOCKED = {"FEMALE_BREAST_EXPOSED", "FEMALE_GENITALIA_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_EXPOSED"}
_FLAGGED = {"BUTTOCKS_EXPOSED"}
"""Feet, bellies, armpits and what is covered are nobody's business."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One body part that the network saw."""

    label: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class NudeNet:
    """YOLOv8n on 18 body parts (nudenet 3.4)."""

    backend: str = "nudenet"
    models: tuple[str, ...] = ("nudenet",)
    block_from: float = 0.6
    """Confidence from which an exposed part blocks, 0 ... 1."""
    flag_from: float = 0.45
    """Confidence from which it is flagged: on 340 decent pictures of food, animals and people hands, a sandwich and a
    cat reached 0.43. How much it misses was not measured."""

    def __call__(self, image: RGB, product: str = "") -> Verdict:
        """The gravest sighting decides. Raises `MissingModel`, `LicenceRefused`."""
        exposed = [one for one in self.sightings(image) if one.label in _BLOCKED | _FLAGGED]
        seen = [one for one in exposed if one.confidence >= self.flag_from]
        if not seen:
            return Verdict(product, "pass", "", "", self.backend, max((one.confidence for one in exposed), default=0.0))
        worst = max(seen, key=lambda one: (self._judged(one) == "block", one.confidence))
        told = ", ".join(f"{_plain(one.label)} ({one.confidence:.2f})" for one in seen)
        return Verdict(product, self._judged(worst), "nudity", told, self.backend, worst.confidence, worst.box)

    def _judged(self, one: Sighting) -> Judgement:
        return "block" if one.label in _BLOCKED and one.confidence >= self.block_from else "flag"

    def sightings(self, image: RGB) -> tuple[Sighting, ...]:
        """Everything that the network saw, surest first; boxes in pixels of the picture."""
        pixels, factor = _squared(image)
        output = onnx_session("nudenet").run(None, {"images": pixels})[0][0]
        height, width = image.shape[:2]
        return decoded(output, factor, width, height)


def _plain(label: str) -> str:
    return label.lower().replace("_", " ")


def _squared(image: RGB) -> tuple[NDArray[np.float32], float]:
    """The picture in the upper left corner of a black square as the network wants it, and pixels per its pixel.

    Channels stay RGB: the package swaps those of an OpenCV picture once too often, and scores lower on files for it.
    """
    card = CARDS["nudenet"]
    assert card.input_px is not None
    side = card.input_px[0]
    factor = max(image.shape[:2]) / side
    small = cv2.resize(
        image,
        (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor))),
        interpolation=cv2.INTER_AREA if factor > 1 else cv2.INTER_LINEAR,
    )
    square = np.zeros((side, side, 3), np.float32)
    square[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray((square * card.scale).transpose(2, 0, 1)[None]), factor


def decoded(
    output: NDArray[np.float32], factor: float, width: int, height: int, seen_from: float = 0.25, overlap: float = 0.45
) -> tuple[Sighting, ...]:
    """YOLOv8's output, shape (4 + classes, n): centre x, y, width, height in network pixels, then a score per class.

    Boxes of one class that overlap by more than `overlap` (IoU) are one sighting, its surest. Surest first.
    """
    scores = output[4:]
    kinds = scores.argmax(axis=0)
    best = scores[kinds, np.arange(scores.shape[1])]
    kept: list[Sighting] = []
    for index in np.argsort(-best, kind="stable"):
        if best[index] < seen_from:
            break
        x, y, w, h = (float(one) * factor for one in output[:4, index])
        left, top = max(0.0, x - w / 2), max(0.0, y - h / 2)
        box = Box(left, top, min(width, x + w / 2) - left, min(height, y + h / 2) - top)
        label = LABELS[int(kinds[index])]
        if box.area and all(one.label != label or one.box.iou(box) <= overlap for one in kept):
            kept.append(Sighting(label, float(best[index]), box))
    return tuple(kept)


# --- a classifier of the hub's ----------------------------------------------------------------------------------

_INDECENT = {"nsfw", "porn", "hentai", "sexy", "explicit", "unsafe", "nude", "nudity", "sexual"}
_DECENT = {"normal", "sfw", "neutral", "safe", "drawings", "drawing"}


@dataclass(frozen=True, slots=True)
class PictureClassifier:
    """An image classifier of transformers whose labels tell decent from indecent (nsfw-vit, or a folder)."""

    model: str = "nsfw-vit"
    block_from: float = 0.85
    """Share of the indecent labels from which a picture is blocked, 0 ... 1."""
    flag_from: float = 0.5

    @property
    def backend(self) -> str:
        return f"classifier {self.model}"

    @property
    def models(self) -> tuple[str, ...]:
        return (self.model,)

    def __call__(self, image: RGB, product: str = "") -> Verdict:
        """Raises `MissingModel`, `MissingExtra`, `LicenceRefused`, and `BadModel` where no label is known."""
        shares = self.shares(image)
        share = indecent_share(shares)
        if share is None:
            raise BadModel(f"{self.model}: none of its labels says what is indecent: {', '.join(shares)}")
        judgement: Judgement = "block" if share >= self.block_from else "flag" if share >= self.flag_from else "pass"
        told = "" if judgement == "pass" else f"indecent by {share:.0%}"
        return Verdict(product, judgement, "" if judgement == "pass" else "nudity", told, self.backend, share)

    def shares(self, image: RGB) -> dict[str, float]:
        """Probability of each label."""
        network, processor = hub_model(self.model, "AutoModelForImageClassification", "AutoImageProcessor")
        import torch

        inputs = processor(images=[image], return_tensors="pt").to(network.device)
        with torch.inference_mode():
            logits = network(**inputs).logits[0].float()
        return {network.config.id2label[place]: float(one) for place, one in enumerate(logits.softmax(-1))}


def indecent_share(shares: Mapping[str, float]) -> float | None:
    """What falls on labels that mean indecent; None where no label means that, or only such."""
    low = {label.lower(): share for label, share in shares.items()}
    if not _INDECENT & set(low) and not _DECENT & set(low):
        return None
    if not _INDECENT & set(low):
        return 1.0 - sum(share for label, share in low.items() if label in _DECENT)
    return sum(share for label, share in low.items() if label in _INDECENT)


# --- the choice -------------------------------------------------------------------------------------------------

PICTURE_MODERATORS: dict[str, PictureModerator] = {"classifier": PictureClassifier(), "nudenet": NudeNet()}
"""In the order in which an unnamed default tries them: the permissive one first."""


def picture_moderator(backend: str, model: str = "") -> PictureModerator | None:
    """The named moderator, or for `auto` the first whose model is here and allowed; None where there is none.

    A `model` (card or folder) is one for the classifier.
    """
    if model:
        return PictureClassifier(model)
    if backend != "auto":
        return PICTURE_MODERATORS[backend]
    return next((one for one in PICTURE_MODERATORS.values() if all(map(have, one.models))), None)


def gravest(verdicts: Sequence[Verdict]) -> Verdict:
    """Of several pictures of one product, the verdict that counts."""
    return max(verdicts, key=lambda one: (one.weight, one.score or 0.0))


def _seen(picture: Any) -> Any:
    """As it is seen: what is transparent may hide anything, and is laid on grey."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    from PIL import Image

    ground = Image.new("RGBA", picture.size, (128, 128, 128, 255))
    return Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")


def arrays(data: bytes, most: int = 5) -> tuple[RGB, ...]:
    """The pictures of an image file as RGB arrays: one, or up to `most` spread over an animation."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        count = getattr(picture, "n_frames", 1)
        places = sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})
        found = []
        for place in places:
            picture.seek(place)
            found.append(np.asarray(_seen(picture)))
    return tuple(found)


def video_arrays(data: bytes, every_seconds: float = 1.0) -> tuple[RGB, ...]:
    """Pictures of a short video file as RGB arrays, the first and then one in so many seconds."""
    import av

    found: list[RGB] = []
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            if frame.time is None or frame.time >= len(found) * every_seconds:
                found.append(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
    return tuple(found)

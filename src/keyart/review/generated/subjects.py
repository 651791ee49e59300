"""Measurements that look at the picture itself, a few times a second: faces, lettering, likeness to a reference.

Each is an observer that is made anew for a clip. A clip without a face, without text or without a reference has the
numbers of one in which nothing went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from keyart.review.generated.moments import Moment
from keyart.review.generated.ssim import ssim
from keyart.stills.embed import classical
from keyart.stills.metrics import to_gray
from keyart.stills.objects import FaceDetector, choose_detector
from keyart.stills.text import FindText
from keyart.types import RGB, Box, Gray

Floats = NDArray[np.float64]
LOOKS_PER_SECOND = 5.0
PICTURE_PX = 640


class Observer(Protocol):
    """Sees moments as they pass, `LOOKS_PER_SECOND` of them; has arrays and numbers of the clip for it."""

    def see(self, moment: Moment) -> None: ...

    def series(self) -> Mapping[str, Floats]: ...

    def whole(self) -> Mapping[str, float]: ...


@dataclass
class Faces:
    """Whether the largest face stays the same face: cosine of its descriptor from look to look."""

    detector: FaceDetector = field(default_factory=lambda: choose_detector("auto")[0])
    _counts: list[int] = field(default_factory=list)
    _steps: list[float] = field(default_factory=list)
    _first: list[float] = field(default_factory=list)
    _before: tuple[Box, NDArray[np.float32]] | None = None
    _anchor: NDArray[np.float32] | None = None

    def see(self, moment: Moment) -> None:
        image = moment.picture()
        faces = self.detector.glance(image)
        self._counts.append(len(faces))
        if not faces:
            return
        box = self._followed(tuple(face.box for face in faces))
        print_ = classical(_crop(image, box))
        if self._before is not None and self._before[0].iou(box) > 0.1 and self._anchor is not None:
            self._steps.append(1.0 - float(self._before[1] @ print_))
            self._first.append(1.0 - float(self._anchor @ print_))
        else:
            self._anchor = print_
        self._before = box, print_

    def _followed(self, boxes: tuple[Box, ...]) -> Box:
        before = self._before
        if before is not None and (near := [one for one in boxes if one.iou(before[0]) > 0.1]):
            return max(near, key=lambda one: one.iou(before[0]))
        return max(boxes, key=lambda one: one.area)

    def series(self) -> Mapping[str, Floats]:
        return {"face_step": np.array(self._steps), "face_drift": np.array(self._first)}

    def whole(self) -> Mapping[str, float]:
        counts = np.array(self._counts or [0])
        wavering = float(np.abs(np.diff(counts)).mean()) if counts.size > 1 else 0.0
        return {"face_share": float((counts > 0).mean()), "face_count_change": wavering}


def _crop(image: RGB, box: Box) -> RGB:
    height, width = image.shape[:2]
    left, top = max(0, int(box.x)), max(0, int(box.y))
    right, bottom = min(width, max(left + 2, int(box.right))), min(height, max(top + 2, int(box.bottom)))
    return np.ascontiguousarray(image[min(top, height - 2) : bottom, min(left, width - 2) : right])


@dataclass
class Lettering:
    """Whether text stays legible: its contrast and the number of its lines from look to look."""

    find: FindText = field(default_factory=FindText)
    _lines: list[int] = field(default_factory=list)
    _contrasts: list[float] = field(default_factory=list)

    def see(self, moment: Moment) -> None:
        gray = to_gray(moment.picture())
        lines = self.find(gray)
        self._lines.append(len(lines))
        if lines:
            self._contrasts.append(float(np.mean([_contrast(gray, box) for box in lines])))

    def series(self) -> Mapping[str, Floats]:
        return {"text_contrast": np.array(self._contrasts)}

    def whole(self) -> Mapping[str, float]:
        lines = np.array(self._lines or [0], np.float64)
        if lines.size < 2 or lines.mean() < 0.5:  # less than a line in every other look is no lettering
            return {"text_lines": float(lines.mean()), "text_wavering": 0.0, "text_fading": 0.0}
        contrasts = np.array(self._contrasts)
        return {
            "text_lines": float(lines.mean()),
            "text_wavering": float(np.abs(np.diff(lines)).mean() / lines.mean()),
            "text_fading": float(np.ptp(contrasts) / contrasts.max()) if contrasts.max() > 0 else 0.0,
        }


def _contrast(gray: Gray, box: Box) -> float:
    part = gray[max(0, int(box.y)) : int(np.ceil(box.bottom)), max(0, int(box.x)) : int(np.ceil(box.right))]
    if not part.size:
        return 0.0
    low, high = np.percentile(part, (5, 95))
    return float(high - low) / 255


@dataclass
class Reference:
    """Likeness of the clip to the picture that it was made from (the wish of the seed's conclusion)."""

    image: RGB
    _structures: list[float] = field(default_factory=list)
    _cosines: list[float] = field(default_factory=list)

    def see(self, moment: Moment) -> None:
        picture = moment.picture()
        wanted = filled(self.image, picture.shape[1], picture.shape[0])
        self._cosines.append(float(classical(wanted) @ classical(picture)))
        small = filled(self.image, moment.luma.shape[1], moment.luma.shape[0])
        self._structures.append(ssim(to_gray(small), moment.luma))

    def series(self) -> Mapping[str, Floats]:
        return {"reference_ssim": np.array(self._structures), "reference_cosine": np.array(self._cosines)}

    def whole(self) -> Mapping[str, float]:
        if not self._cosines:
            return {"reference_first": 1.0, "reference_lost": 0.0}
        return {"reference_first": self._cosines[0], "reference_lost": self._cosines[0] - min(self._cosines)}


def filled(image: RGB, width_px: int, height_px: int) -> RGB:
    """The picture scaled and cut in the middle so that it fills a frame: what generators do with their reference."""
    import cv2

    rows, columns = image.shape[:2]
    scale = max(width_px / columns, height_px / rows)
    size = max(width_px, round(columns * scale)), max(height_px, round(rows * scale))
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (size[1] - height_px) // 2, (size[0] - width_px) // 2
    return np.ascontiguousarray(scaled[top : top + height_px, left : left + width_px], np.uint8)


@dataclass(frozen=True, slots=True)
class Watcher:
    what: str
    names: tuple[str, ...]
    make: Callable[[], Observer]


OBSERVERS: Mapping[str, Watcher] = {
    "faces": Watcher(
        "whether a face stays the same face", ("face_step", "face_drift", "face_share", "face_count_change"), Faces
    ),
    "lettering": Watcher(
        "whether text stays legible", ("text_contrast", "text_lines", "text_wavering", "text_fading"), Lettering
    ),
}
"""Name -> what it sees, and how one is made for a clip."""
REFERENCE = "reference"
REFERENCE_NAMES = ("reference_ssim", "reference_cosine", "reference_first", "reference_lost")
"""Of the group that is there where a clip comes with the picture that it was made from."""

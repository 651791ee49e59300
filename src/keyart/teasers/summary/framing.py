"""What of each picture a summary of another shape shows. Until a camera path is handed in: the centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from keyart.teasers.summary.hearing import Span
from keyart.types import RGB, Frame, Shot, VideoInfo


class Camera(Protocol):
    """A path through one piece: which part of a picture is shown, as a picture of the wanted size."""

    @property
    def decision(self) -> str:
        """What the receipt says of it."""
        ...

    def view(self, frame: Frame, size_px: tuple[int, int]) -> RGB: ...


class Framing(Protocol):
    """Finds the camera's path for a stretch of the video; `size_px` is (width, height) of the summary."""

    def __call__(self, info: VideoInfo, span: Span, size_px: tuple[int, int], shots: Sequence[Shot], /) -> Camera: ...


@dataclass(frozen=True, slots=True)
class CentreCamera:
    decision: str = "centre"

    def view(self, frame: Frame, size_px: tuple[int, int]) -> RGB:
        return centre_crop(frame.image, size_px)


def centre(_: VideoInfo, _span: Span, _size_px: tuple[int, int], _shots: Sequence[Shot]) -> Camera:
    """The largest part of the wanted shape around the middle."""
    return CentreCamera()


def centre_crop(image: RGB, size_px: tuple[int, int]) -> RGB:
    """(width, height) of the centre, enlarged or reduced to exactly that."""
    height, width = image.shape[:2]
    scale = min(width / size_px[0], height / size_px[1])
    across, down = max(1, round(size_px[0] * scale)), max(1, round(size_px[1] * scale))
    x, y = (width - across) // 2, (height - down) // 2
    return resized(image[y : y + down, x : x + across], size_px)


def resized(image: RGB, size_px: tuple[int, int]) -> RGB:
    import cv2

    if (image.shape[1], image.shape[0]) == size_px:
        return np.ascontiguousarray(image)
    how = cv2.INTER_AREA if image.shape[1] > size_px[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size_px, interpolation=how), np.uint8)


def longest_px(info: VideoInfo, size_px: tuple[int, int]) -> int:
    """Longer side at which pictures are decoded: no finer than a crop of them needs."""
    scale = max(size_px[0] / max(1, info.width_px), size_px[1] / max(1, info.height_px))
    return max(2, round(max(info.width_px, info.height_px) * min(1.0, scale)))

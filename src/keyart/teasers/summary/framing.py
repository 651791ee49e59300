"""What of each picture a summary of another shape shows: the camera's path through every piece, or the centre."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from keyart.teasers.reframe import CameraPath, Reframe, cropped
from keyart.teasers.summary.hearing import Hearing, Span
from keyart.types import RGB, Box, Frame, Shot, VideoInfo

Size = tuple[int, int]
"""Width and height in pixels."""
_SAME_SHAPE = 0.01


class Camera(Protocol):
    """Shows one piece in another shape."""

    def view(self, frame: Frame, size_px: Size) -> RGB:
        """The picture of exactly that size; `frame` may be smaller than the video."""
        ...

    def enlarges(self, size_px: Size) -> float:
        """By how much its closest window is enlarged; below 1, how far pictures may be decoded smaller."""
        ...

    def facts(self) -> list[dict[str, Any]]:
        """For the receipt: decisions, in order."""
        ...


@dataclass(frozen=True, slots=True)
class CentreCamera:
    """The largest part of the wanted shape around the middle."""

    width_px: int
    height_px: int

    def view(self, frame: Frame, size_px: Size) -> RGB:
        return centre_crop(frame.image, size_px)

    def enlarges(self, size_px: Size) -> float:
        return max(size_px[0] / self.width_px, size_px[1] / self.height_px)

    def facts(self) -> list[dict[str, Any]]:
        return [{"decision": "centre"}]


@dataclass(frozen=True, slots=True, eq=False)
class PathCamera:
    """Follows a path."""

    path: CameraPath

    def view(self, frame: Frame, size_px: Size) -> RGB:
        panes = self.path.part(frame.seconds).panes
        if len(panes) > 1 or panes[0].moves or not _same_shape((panes[0].width_px, panes[0].height_px), size_px):
            return cropped(frame, self.path, *size_px)
        scale = frame.width_px / self.path.width_px, frame.height_px / self.path.height_px
        window = self.path.windows(frame.seconds)[0].scaled(*scale)
        return resized(_cut_out(frame.image, window), size_px)  # a window that stands needs no place between pixels

    def enlarges(self, size_px: Size) -> float:
        return max(size_px[0] / pane.width_px for part in self.path.parts for pane in part.panes)

    def facts(self) -> list[dict[str, Any]]:
        return [part.facts() for part in self.path.parts]


Framing = Callable[[VideoInfo, Sequence[Span], Size, Sequence[Shot], Hearing], list[Camera]]
"""(video, stretches of it, size of the summary, shots, sound) -> a camera for each stretch."""


def centre(
    info: VideoInfo, spans: Sequence[Span], _size: Size, _shots: Sequence[Shot], _hearing: Hearing
) -> list[Camera]:
    return [CentreCamera(info.width_px, info.height_px) for _ in spans]


def smart(
    info: VideoInfo, spans: Sequence[Span], size_px: Size, shots: Sequence[Shot], hearing: Hearing
) -> list[Camera]:
    """Reframed, with one look at all stretches; the centre where the shape is the video's own."""
    if _same_shape((info.width_px, info.height_px), size_px):
        return centre(info, spans, size_px, shots, hearing)
    reframe = Reframe()
    looks = reframe.look(info, spans)
    voice = hearing.segments() if hearing.judged else None
    shape = Fraction(*size_px)
    return [PathCamera(reframe(info, span, shape, shots, looks=looks, voice=voice)) for span in spans]


FRAMINGS: dict[str, Framing] = {"smart": smart, "centre": centre}
"""Name -> framing."""


def _same_shape(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) < _SAME_SHAPE


def _cut_out(image: RGB, window: Box) -> RGB:
    x = min(max(0, round(window.x)), image.shape[1] - 1)
    y = min(max(0, round(window.y)), image.shape[0] - 1)
    return image[y : y + max(1, round(window.height)), x : x + max(1, round(window.width))]


def centre_crop(image: RGB, size_px: Size) -> RGB:
    """The centre of a picture, enlarged or reduced to exactly that size."""
    height, width = image.shape[:2]
    scale = min(width / size_px[0], height / size_px[1])
    across, down = max(1, round(size_px[0] * scale)), max(1, round(size_px[1] * scale))
    x, y = (width - across) // 2, (height - down) // 2
    return resized(image[y : y + down, x : x + across], size_px)


def resized(image: RGB, size_px: Size) -> RGB:
    import cv2

    if (image.shape[1], image.shape[0]) == size_px:
        return np.ascontiguousarray(image)
    how = cv2.INTER_AREA if image.shape[1] > size_px[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size_px, interpolation=how), np.uint8)


def longest_px(info: VideoInfo, cameras: Sequence[Camera], size_px: Size) -> int:
    """Longer side at which pictures are decoded: no finer than the closest window needs."""
    scale = min(1.0, max(one.enlarges(size_px) for one in cameras))
    return max(2, round(max(info.width_px, info.height_px) * scale))

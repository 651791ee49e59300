"""One frame of a clip beside the one before it, and what several measurements share: the flow, the warp, the camera."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from keyart.review.generated.flow import Field, camera_field, camera_motion, dis_flow, moved_back
from keyart.types import RGB, Gray

BLOCK_PX = 16
COARSE_PX = 4
PAST = 8
"""Coarse pictures of earlier frames that are remembered."""
Map = NDArray[np.float32]


class Moment:
    """`before` is let go of once the moment itself is the one before; what was computed from it stays."""

    def __init__(
        self, number: int, seconds: float, luma: Gray, chroma: tuple[float, float], picture: Callable[[], RGB]
    ) -> None:
        self.number, self.seconds, self.luma, self.chroma, self.picture = number, seconds, luma, chroma, picture
        self.before: Moment | None = None
        self.is_paired = False
        """Whether it came after another: whether its flow, once asked for, is known."""
        self.past: tuple[Map, ...] = ()
        """The coarse pictures of the frames before it, the last first, `PAST` at most."""

    def after(self, before: Moment) -> Moment:
        """This moment, beside the one before it."""
        before.before = None
        before.picture = _gone
        self.before, self.is_paired = before, True
        self.past = (before.coarse, *before.past)[:PAST]
        return self

    @property
    def earlier(self) -> Moment:
        assert self.before is not None, "a first frame has none before it"
        return self.before

    @cached_property
    def flow(self) -> Field:
        return dis_flow(self.earlier.luma, self.luma)

    @cached_property
    def coarse(self) -> Map:
        """Means of four by four pixels: what a codec leaves of a change is truer of them than of pixels."""
        import cv2

        size = max(1, self.luma.shape[1] // COARSE_PX), max(1, self.luma.shape[0] // COARSE_PX)
        small = cv2.resize(self.luma.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32).reshape(size[1], size[0])

    @cached_property
    def light(self) -> Map:
        """Means of blocks, in levels."""
        return blocks(self.luma.astype(np.float32))

    @cached_property
    def change(self) -> Map:
        """This frame less the one before, in levels."""
        return self.luma.astype(np.float32) - self.earlier.luma

    @cached_property
    def unexplained(self) -> Map:
        """What the flow does not explain, in levels: this frame moved back, less the one before."""
        return moved_back(self.luma, self.flow).astype(np.float32) - self.earlier.luma

    @cached_property
    def leftovers(self) -> tuple[Map, ...]:
        """By how much the flow fails each block of this pair of frames and of the two pairs before it, the last first;
        each pair is to be asked in its turn."""
        mine = blocks(np.abs(self.unexplained))
        return (mine, *(self.earlier.leftovers if self.earlier.is_paired else ()))[:3]

    @cached_property
    def camera(self) -> NDArray[np.float64]:
        return camera_motion(self.flow)

    @cached_property
    def own_motion(self) -> Field:
        """The flow less the camera's."""
        return self.flow - camera_field(self.camera, self.luma.shape)

    @cached_property
    def detail(self) -> float:
        """Mean step between neighbouring pixels, in levels: how much there is to go wrong."""
        import cv2

        across = cv2.absdiff(self.luma[:, 1:], self.luma[:, :-1])
        down = cv2.absdiff(self.luma[1:], self.luma[:-1])
        return float(cv2.mean(across)[0] + cv2.mean(down)[0])

    @cached_property
    def contrast(self) -> float:
        """Deviation of the coarse picture's light, in levels: unlike `detail`, neither noise nor blur changes it."""
        return float(self.coarse.std())

    @cached_property
    def gains(self) -> Map:
        """By how much each block of the picture became lighter, as a logarithm; motion taken out."""
        then = self.earlier.light
        return np.asarray(np.log((then + blocks(self.unexplained) + 8.0).clip(1.0) / (then + 8.0)), np.float32)


def _gone() -> RGB:
    raise LookupError("the picture of a frame that has passed is not held")


def blocks(values: Map) -> Map:
    """Means of blocks of 16 pixels, shape (height // 16, width // 16); 1 x 1 at least."""
    import cv2

    size = max(1, values.shape[1] // BLOCK_PX), max(1, values.shape[0] // BLOCK_PX)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32).reshape(size[1], size[0])

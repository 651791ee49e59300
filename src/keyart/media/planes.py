"""What lies in the planes of a decoded frame, looked at without converting it: cheap, not upright, not tone-mapped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import av
import numpy as np
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from keyart.types import Gray

COARSE_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a pixel format lies in memory: asked once, as every frame of a video is looked at."""

    has_planes: bool
    """Whether the first plane is luma, sample after sample."""
    has_chroma: bool
    kind: type[np.uint8 | np.uint16]
    surplus_bits: int
    """By how much a sample is shifted down to 8 bits."""


@lru_cache(maxsize=32)
def _layout(name: str) -> _Layout:
    form = av.VideoFormat(name)
    first = form.components[0]
    odd = form.has_palette or form.is_big_endian or form.is_bit_stream
    has_planes = form.is_planar and not odd and first.plane in (0, 2) and first.bits <= 16
    has_chroma = has_planes and len({part.plane for part in form.components}) >= 3
    # P010 and its kin keep their bits at the top of the word
    surplus = 0 if first.bits <= 8 else 8 if name.startswith("p") else first.bits - 8
    return _Layout(has_planes, has_chroma, np.uint16 if first.bits > 8 else np.uint8, surplus)


def coarse_luma(frame: av.VideoFrame) -> Gray:
    """About 64 columns of the first plane. Swscale would cost ten times this strided look."""
    layout = _layout(frame.format.name)
    return _coarse(frame.planes[0], layout, COARSE_COLUMNS) if layout.has_planes else _scaled_luma(frame)


def coarse_chroma(frame: av.VideoFrame) -> tuple[Gray, Gray] | None:
    """About 32 columns each of the second and third plane."""
    layout = _layout(frame.format.name)
    if not layout.has_chroma:
        return None
    planes = frame.planes
    return _coarse(planes[1], layout, COARSE_COLUMNS // 2), _coarse(planes[2], layout, COARSE_COLUMNS // 2)


def reduced_luma(frame: av.VideoFrame, width_px: int) -> Gray:
    """The first plane, averaged down to at most `width_px` on its longer side."""
    import cv2

    scale = min(1.0, width_px / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    layout = _layout(frame.format.name)
    if not layout.has_planes:
        return np.asarray(frame.reformat(*size, format="gray", interpolation="AREA").to_ndarray(), np.uint8)
    plane = samples_of(frame.planes[0], layout.kind)
    if plane.shape != size[::-1]:
        plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))
    return _in_8_bits(plane, layout)


def _coarse(plane: VideoPlane, layout: _Layout, columns: int) -> Gray:
    return _in_8_bits(samples_of(plane, layout.kind, max(1, plane.width // columns)), layout)


def _in_8_bits(samples: NDArray[Any], layout: _Layout) -> Gray:
    """A copy: what lies in the frame's own memory holds the frame."""
    return np.array(samples >> layout.surplus_bits if layout.surplus_bits else samples, np.uint8)


def samples_of(plane: VideoPlane, kind: type[np.uint8 | np.uint16] = np.uint8, step: int = 1) -> NDArray[Any]:
    """Every `step`-th sample of every `step`-th row, not copied: while it is held, so is the frame."""
    width, height, line, each = plane.width, plane.height, plane.line_size, 2 if kind is np.uint16 else 1
    top, left = min(step // 2, height - 1), step // 2
    shape = -(-(height - top) // step), -(-(width - left) // step)
    memory: Any = plane
    return np.ndarray(shape, kind, memory, top * line + left * each, (step * line, step * each))


def _scaled_luma(frame: av.VideoFrame) -> Gray:
    """For packed, palette and other rare formats."""
    height = max(1, round(frame.height * COARSE_COLUMNS / frame.width))
    small = frame.reformat(COARSE_COLUMNS, min(height, 4 * COARSE_COLUMNS), format="gray", interpolation="POINT")
    return np.asarray(small.to_ndarray(), np.uint8)

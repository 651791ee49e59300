"""What lies in the planes of a decoded frame, looked at without converting it: cheap, not upright, not tone-mapped."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from keyart.types import Gray

COARSE_COLUMNS = 64


def coarse_luma(frame: av.VideoFrame) -> Gray:
    """About 64 columns of the first plane. Swscale would cost ten times this strided look."""
    return _coarse(frame, 0, COARSE_COLUMNS) if _has_planes(frame.format) else _scaled_luma(frame)


def coarse_chroma(frame: av.VideoFrame) -> tuple[Gray, Gray] | None:
    """About 32 columns each of the second and third plane."""
    if not _has_planes(frame.format) or len({part.plane for part in frame.format.components}) < 3:
        return None
    return _coarse(frame, 1, COARSE_COLUMNS // 2), _coarse(frame, 2, COARSE_COLUMNS // 2)


def reduced_luma(frame: av.VideoFrame, width_px: int) -> Gray:
    """The first plane, averaged down to at most `width_px` on its longer side."""
    import cv2

    scale = min(1.0, width_px / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    if not _has_planes(frame.format):
        return np.asarray(frame.reformat(*size, format="gray", interpolation="AREA").to_ndarray(), np.uint8)
    plane = _plane(frame, 0)
    shift = _surplus_bits(frame.format)
    if plane.shape != size[::-1]:
        plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))
    return np.array(plane >> shift if shift else plane, np.uint8)  # a copy: the frame's own memory goes with it


def _has_planes(form: av.VideoFormat) -> bool:
    first = form.components[0]
    odd = form.has_palette or form.is_big_endian or form.is_bit_stream
    return form.is_planar and not odd and first.plane in (0, 2) and first.bits <= 16


def _coarse(frame: av.VideoFrame, number: int, columns: int) -> Gray:
    plane = _plane(frame, number)
    step = max(1, plane.shape[1] // columns)
    rows = plane[step // 2 :: step, step // 2 :: step]
    shift = _surplus_bits(frame.format)
    return np.array(rows >> shift if shift else rows, np.uint8)


def _plane(frame: av.VideoFrame, number: int) -> NDArray[Any]:
    """(height, width) of one plane, not copied; 16-bit words where it has more than 8 bits."""
    plane = frame.planes[number]
    kind = np.uint16 if frame.format.components[0].bits > 8 else np.uint8
    samples: NDArray[Any] = np.frombuffer(memoryview(plane), kind)
    return samples.reshape(plane.height, -1)[:, : plane.width]


def _surplus_bits(form: av.VideoFormat) -> int:
    """By how much a sample is shifted down to 8 bits; P010 and its kin keep theirs at the top of the word."""
    bits = form.components[0].bits
    return 0 if bits <= 8 else 8 if form.name.startswith("p") else bits - 8


def _scaled_luma(frame: av.VideoFrame) -> Gray:
    """For packed, palette and other rare formats."""
    height = max(1, round(frame.height * COARSE_COLUMNS / frame.width))
    small = frame.reformat(COARSE_COLUMNS, min(height, 4 * COARSE_COLUMNS), format="gray", interpolation="POINT")
    return np.asarray(small.to_ndarray(), np.uint8)

"""Decoded frame -> picture for the eye: right colours, one moment in time, square pixels, upright, opaque."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from keyart.media.planes import samples_of
from keyart.media.probe import side_data, square_size
from keyart.media.tone import DEFAULT_PEAK_NITS, to_srgb
from keyart.types import RGB, VideoInfo

BACKDROP = 255
"""Grey level behind transparent pictures: white, as on a web page."""
# bit-exact, so that two machines make the same bytes
_QUICK = Interpolation.BITEXACT
_EXACT = Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT
_UNSPECIFIED, _BT709 = 2, 1
_COMBED = 1.1
"""Rows differ this much more from their neighbours than from the next row of their own field: two moments are woven."""
_MIN_COMB = 1.0
_WOVEN_SHARE = 0.001
_BLOCK = 16
_MOST_SCALERS = 8
_HALVED = ("yuv420p", "yuvj420p")
_BAND_PIXELS = 1 << 20


def shown_size(frame: av.VideoFrame, info: VideoInfo, max_side_px: int = 0) -> tuple[int, int]:
    """Width and height of the upright picture; `max_side_px` bounds the longer one, 0 does not."""
    width, height = square_size(frame.width, frame.height, info.sample_aspect)
    scale = min(1.0, max_side_px / max(width, height)) if max_side_px else 1.0
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    return (height, width) if info.rotation_degrees in (90, 270) else (width, height)


def develop(frame: av.VideoFrame, info: VideoInfo, max_side_px: int = 0, *, exact: bool = True) -> RGB:
    """Upright sRGB with square pixels, at the displayed size or with its longer side at most `max_side_px`.

    Not `exact`, colour edges are a pixel coarse (a third of a level on average): for measuring, many times faster.
    """
    width, height = shown_size(frame, info, max_side_px)
    if info.rotation_degrees in (90, 270):
        width, height = height, width
    _name_matrix(frame)
    if frame.interlaced_frame and height > frame.height // 2 and is_combed(frame):
        frame = _one_field(frame)
    while not exact and _may_be_halved(frame, width, height):
        frame = _halved(frame)
    return upright(_to_rgb(frame, info, width, height, _EXACT if exact else _QUICK), info)


def upright(image: RGB, info: VideoInfo) -> RGB:
    if info.mirrored:
        image = image[:, ::-1]
    return np.ascontiguousarray(np.rot90(image, -info.rotation_degrees // 90))


def _name_matrix(frame: av.VideoFrame) -> None:
    """Files often leave the colour matrix unsaid; players then take BT.709 for HD and BT.601 for what is smaller."""
    if int(frame.colorspace) == _UNSPECIFIED and (frame.height >= 720 or frame.width >= 1280):
        frame.colorspace = _BT709


_kept = threading.local()


def _reformatted(frame: av.VideoFrame, width: int, height: int, form: str, how: Interpolation) -> NDArray[np.generic]:
    """By the thread's own scaler for that size: a frame's own would be set up anew each time."""
    scalers: dict[Any, VideoReformatter] = _kept.__dict__
    if (width, height, form) not in scalers and len(scalers) >= _MOST_SCALERS:
        scalers.clear()
    scaler = scalers.setdefault((width, height, form), VideoReformatter())
    return np.asarray(scaler.reformat(frame, width, height, format=form, interpolation=how).to_ndarray())


def _to_rgb(frame: av.VideoFrame, info: VideoInfo, width: int, height: int, care: Interpolation) -> RGB:
    smaller = width < frame.width or height < frame.height
    how = care | (Interpolation.AREA if smaller else Interpolation.BICUBIC)
    if info.transfer != "sdr":
        wide = _reformatted(frame, width, height, "rgb48le", how)
        return to_srgb(np.asarray(wide, np.uint16), info.transfer, _peak_nits(frame))
    if any(part.is_alpha for part in frame.format.components):
        return _on_backdrop(np.asarray(_reformatted(frame, width, height, "rgba", how), np.uint8))
    if (width, height) == (frame.width, frame.height):
        # only colour has to be brought to full size: half the price (libswscale's 16-bit pictures come out dark so)
        how = care | Interpolation.BILINEAR
    return np.asarray(_reformatted(frame, width, height, "rgb24", how), np.uint8)


def _may_be_halved(frame: av.VideoFrame, width: int, height: int) -> bool:
    """Whether means of two by two samples of every plane are a step towards that size."""
    large_enough = frame.width >= 2 * width and frame.height >= 2 * height
    # or the planes of colour would be cut in the middle of a sample
    return large_enough and frame.format.name in _HALVED and not (frame.width % 4 or frame.height % 4)


def _halved(frame: av.VideoFrame) -> av.VideoFrame:
    """Its planes at half their size: with what libswscale then has left to do a fifth of its own time."""
    import cv2

    half = av.VideoFrame(frame.width // 2, frame.height // 2, frame.format.name)
    for plane, target in zip(frame.planes, half.planes, strict=True):
        size = target.width, target.height
        cv2.resize(samples_of(plane), size, dst=samples_of(target), interpolation=cv2.INTER_AREA)
    half.colorspace, half.color_range = frame.colorspace, frame.color_range
    half.color_trc, half.color_primaries = frame.color_trc, frame.color_primaries
    return half


def _on_backdrop(image: NDArray[np.uint8]) -> RGB:
    mixed = np.empty((*image.shape[:2], 3), np.uint8)
    rows = max(1, _BAND_PIXELS // image.shape[1])
    for start in range(0, len(image), rows):  # in bands: 16-bit products of a whole large picture take gigabytes
        band = image[start : start + rows]
        alpha = band[..., 3:].astype(np.uint16)
        mixed[start : start + rows] = (band[..., :3] * alpha + BACKDROP * (255 - alpha) + 127) // 255
    return mixed


def _peak_nits(frame: av.VideoFrame) -> float:
    """MaxCLL, else the mastering display's peak, else 1000."""
    light = side_data(frame, "CONTENT_LIGHT_LEVEL")
    brightest = int(np.frombuffer(light, np.uint32)[0]) if light else 0
    if brightest > 0:
        return float(brightest)
    # AVMasteringDisplayMetadata: ten rationals, of which the last is the peak, then two flags
    mastering = np.frombuffer(side_data(frame, "MASTERING_DISPLAY_METADATA"), np.int32)
    if len(mastering) >= 22 and mastering[21] and mastering[19] > 0:
        return float(mastering[18] / mastering[19])
    return DEFAULT_PEAK_NITS


# --- interlaced pictures ------------------------------------------------------------------------------------------


def is_combed(frame: av.VideoFrame) -> bool:
    """Whether the two fields show different moments; a still scene keeps its full height."""
    plane = frame.planes[0]
    if len(frame.format.components) < 3 or frame.format.components[0].bits != 8 or plane.height < 16:
        return frame.interlaced_frame
    rows = samples_of(plane)[:, ::2]
    rows = rows[: plane.height // _BLOCK * _BLOCK, : rows.shape[1] // _BLOCK * _BLOCK].astype(np.int16)
    if not rows.size:
        return frame.interlaced_frame
    adjacent, same_field = np.zeros(rows.shape, np.int16), np.zeros(rows.shape, np.int16)
    np.abs(rows[1:] - rows[:-1], out=adjacent[1:])
    np.abs(rows[2:] - rows[:-2], out=same_field[2:])
    woven = _blocks(adjacent) > _COMBED * _blocks(same_field) + _MIN_COMB
    return bool(woven.mean() > _WOVEN_SHARE)


def _blocks(values: NDArray[np.int16]) -> NDArray[np.float64]:
    height, width = values.shape
    return np.asarray(values.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).mean(axis=(1, 3)), np.float64)


def _one_field(frame: av.VideoFrame) -> av.VideoFrame:
    """The field shown first, its missing rows traced along edges (libavfilter's estdif needs no other frames)."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 25)
    )
    deinterlace, sink = graph.add("estdif", "mode=frame:deint=all"), graph.add("buffersink")
    source.link_to(deinterlace)
    deinterlace.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    return cast(av.VideoFrame, graph.pull())

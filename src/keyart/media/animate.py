"""Pictures -> GIF and animated WebP, looping for ever, searched down to a size limit."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from keyart.errors import BadSetting
from keyart.media.gif import Packed, assembled, packed
from keyart.media.images import receipt_exif, receipt_json
from keyart.media.palette import paletted
from keyart.types import RGB, Receipt


@dataclass(frozen=True, slots=True, eq=False)
class Animation:
    """An encoded loop and what the search for its size settled on."""

    data: bytes
    width_px: int
    height_px: int
    num_frames: int
    frames_per_second: float
    colors: int = 0
    """Most colours of one palette; 0 where the format has none."""
    quality: int = 0
    """0 ... 100; 0 where the format has none."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """One try of the search for a size: `expected` is its share of the first one's bytes, as measured on films."""

    expected: float
    scale: float
    step: int = 1
    """Every n-th frame."""
    colors: int = 0
    hold: int = 0
    """How far a pixel may drift, in grey levels, before it is drawn again."""
    quality: int = 0


_GIF_RUNGS = (
    _Rung(1.0, 1.0, 1, 255, 5),
    _Rung(0.85, 1.0, 1, 160, 8),
    _Rung(0.71, 0.9, 1, 160, 8),
    _Rung(0.54, 0.8, 1, 128, 8),
    _Rung(0.43, 0.7, 1, 128, 8),
    _Rung(0.32, 0.6, 1, 128, 10),
    _Rung(0.21, 0.5, 1, 96, 10),
    _Rung(0.14, 0.4, 1, 96, 10),
    _Rung(0.068, 0.4, 2, 64, 10),
    _Rung(0.036, 0.3, 2, 48, 12),
    _Rung(0.016, 0.2, 2, 32, 12),
    _Rung(0.003, 0.1, 3, 16, 16),
)
_WEBP_RUNGS = (
    _Rung(1.0, 1.0, quality=78),
    _Rung(0.82, 1.0, quality=65),
    _Rung(0.71, 1.0, quality=50),
    _Rung(0.51, 0.8, quality=50),
    _Rung(0.38, 0.65, quality=45),
    _Rung(0.26, 0.5, quality=40),
    _Rung(0.14, 0.35, quality=30),
    _Rung(0.06, 0.2, quality=20),
    _Rung(0.02, 0.1, quality=10),
)


def encode_gif(
    frames: Sequence[RGB],
    *,
    frames_per_second: float,
    width_px: int = 480,
    max_bytes: int = 0,
    cuts: Iterable[int] = (),
    receipt: Receipt | None = None,
) -> Animation:
    """A GIF that loops for ever, at most `width_px` on its longer side and, unless 0, `max_bytes` large.

    `cuts` are the numbers of frames where another shot begins: each stretch between them gets a palette of its own.
    GIF counts hundredths of a second, so delays alternate where the rate does not divide 100. Over `max_bytes` the
    colours go first, then the size, then every second frame. Raises `BadSetting` where nothing fits.
    """
    _need_frames(frames)
    longest = _longest(frames[0], width_px)

    def at(rung: _Rung) -> Animation:
        return _gif_at(frames, frames_per_second, longest, sorted(cuts), rung, receipt)

    return _largest_that_fits(at, _GIF_RUNGS, max_bytes)


def _largest_that_fits(at: Callable[[_Rung], Animation], rungs: Sequence[_Rung], max_bytes: int) -> Animation:
    """The best try within the limit. The rungs go from large to small; the first guess is nearly always right."""
    made = at(rungs[0])
    if not max_bytes or len(made.data) <= max_bytes:
        return made
    wanted = max_bytes / len(made.data)
    number = next((number for number, rung in enumerate(rungs) if rung.expected <= wanted), len(rungs) - 1)
    made = at(rungs[number])
    while len(made.data) > max_bytes and number + 1 < len(rungs):
        number += 1
        made = at(rungs[number])
    if len(made.data) > max_bytes:
        raise BadSetting(f"max_bytes={max_bytes}: too little for {made.num_frames} frames, which take {len(made.data)}")
    return made


def _gif_at(
    frames: Sequence[RGB], rate: float, longest: int, cuts: Sequence[int], rung: _Rung, receipt: Receipt | None
) -> Animation:
    pictures: list[Packed] = []
    numbers: list[int] = []
    size_px = 0, 0
    for first, last in pairwise([0, *(cut for cut in cuts if 0 < cut < len(frames)), len(frames)]):
        chosen = range(first, last, rung.step)
        shot = [resized(frames[number], max(1, round(longest * rung.scale))) for number in chosen]
        pictures += packed(*paletted(_held(shot, rung.hold), rung.colors))
        numbers += chosen
        size_px = int(shot[0].shape[1]), int(shot[0].shape[0])
    times = [round(number / rate * 100) for number in [*numbers, len(frames)]]
    delays = [after - before for before, after in pairwise(times)]
    data = assembled(size_px, pictures, delays, b"" if receipt is None else receipt_json(receipt).encode("ascii"))
    return Animation(data, *size_px, len(pictures), rate / rung.step, colors=rung.colors)


def _held(shot: Sequence[RGB], hold: int) -> list[RGB]:
    """A pixel keeps its value until it has moved by more than `hold` in one channel.

    Camera noise would otherwise change every pixel of every frame; what does not change costs a GIF nothing.
    """
    kept = list(shot[:1])
    for image in shot[1:]:
        drift = np.maximum(image, kept[-1]) - np.minimum(image, kept[-1]) > hold
        moved = drift[..., 0] | drift[..., 1] | drift[..., 2]
        kept.append(np.where(moved[..., None], image, kept[-1]))
    return kept


def encode_webp(
    frames: Sequence[RGB],
    *,
    frames_per_second: float,
    width_px: int = 640,
    max_bytes: int = 0,
    receipt: Receipt | None = None,
) -> Animation:
    """An animated WebP that loops for ever; limits as in `encode_gif`. the receipt goes where `read_receipt` looks.

    Over `max_bytes` the quality goes first, then the size. Raises `BadSetting` where nothing fits.
    """
    _need_frames(frames)
    longest = _longest(frames[0], width_px)

    def at(rung: _Rung) -> Animation:
        return _webp_at(frames, frames_per_second, max(2, round(longest * rung.scale)), rung.quality, receipt)

    return _largest_that_fits(at, _WEBP_RUNGS, max_bytes)


def _webp_at(frames: Sequence[RGB], rate: float, longest: int, quality: int, receipt: Receipt | None) -> Animation:
    from PIL import Image

    pictures = [Image.fromarray(resized(image, longest)) for image in frames]
    times = [round(number / rate * 1000) for number in range(len(frames) + 1)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=[after - before for before, after in pairwise(times)],
        loop=0,
        quality=quality,
        method=2,
        exif=receipt_exif(receipt),
    )
    width, height = pictures[0].size
    return Animation(buffer.getvalue(), width, height, len(frames), rate, quality=quality)


def resized(image: RGB, longest_px: int) -> RGB:
    """At most `longest_px` on the longer side; never enlarged."""
    height, width = image.shape[:2]
    if max(height, width) <= longest_px:
        return image
    import cv2

    scale = longest_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _longest(image: RGB, width_px: int) -> int:
    return min(width_px, int(max(image.shape[:2])))


def _need_frames(frames: Sequence[RGB]) -> None:
    if not frames:
        raise BadSetting("an animation needs at least one frame, got none")

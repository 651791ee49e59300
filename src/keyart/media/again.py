"""Going on in a file right after a frame that was seen before, without decoding all that lies before it."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
from av.container import InputContainer

from keyart.media.decode import Decoder
from keyart.media.planes import coarse_luma

_RUN_UP_SECONDS = 10.0
"""Before the frame: decoders that have to recover after a seek have done so by then."""


def frames_after(last: av.VideoFrame, container: InputContainer, decoder: Decoder) -> Iterator[av.VideoFrame] | None:
    """The frames after `last`, of a decoder that has not begun; None where a seek does not lead to that very frame.

    What the decoder takes for damage before it comes of the seek, and is forgotten.
    """
    frames = _from_before(last, container, decoder)
    if frames is not None:
        decoder.forget_damage(until_seconds=decoder.seconds(last))
    return frames


def _from_before(last: av.VideoFrame, container: InputContainer, decoder: Decoder) -> Iterator[av.VideoFrame] | None:
    """A decoder's frames, `last` being the one that was taken from it."""
    tick, first = decoder.stream.time_base, decoder.stream.start_time or 0
    if last.pts is None or not tick or (last.pts - first) * tick <= _RUN_UP_SECONDS:
        return None
    try:
        container.seek(last.pts - int(_RUN_UP_SECONDS / tick), stream=decoder.stream, backward=True)
    except av.FFmpegError:
        return None
    frames = decoder.frames(container)
    for frame in frames:
        if frame.pts is None or frame.pts > last.pts:
            return None
        if frame.pts == last.pts:
            return frames if np.array_equal(coarse_luma(frame), coarse_luma(last)) else None
    return None

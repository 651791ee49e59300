"""Path -> what the file says of itself, without decoding it through."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from keyart.errors import MissingFile, UnreadableVideo
from keyart.types import VideoInfo


def probe(path: str | Path) -> VideoInfo:
    """Raises `MissingFile` where there is no regular file, `UnreadableVideo` where nothing in it can be decoded."""
    path = Path(path)
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            return VideoInfo(
                path=path,
                container=container.format.name,
                size_bytes=path.stat().st_size,
                video_index=stream.index,
                codec=context.name,
                pixel_format=context.pix_fmt or "",
                width_px=context.width,
                height_px=context.height,
                coded_width_px=context.width,
                coded_height_px=context.height,
                sample_aspect=Fraction(1),
                rotation_degrees=0,
                mirrored=False,
                frames_per_second=float(stream.average_rate or 0),
                duration_seconds=float((stream.duration or 0) * (stream.time_base or 0)),
                start_seconds=float((stream.start_time or 0) * (stream.time_base or 0)),
            )
    except (av.FFmpegError, IndexError) as err:
        raise UnreadableVideo(f"{path}: not a video that can be decoded") from err

"""The clips that costs per stage are taken on: one edit of real footage (or of moving photographs) in several sizes,
lengths and codecs, subtitles beside each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from bench.clips import BenchClip, bench_clip, repeated, with_subtitles
from bench.record import WORK

FRAMES_PER_SECOND = 30
CODECS: dict[str, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "23"}),
    "hevc": ("libx265", {"preset": "ultrafast", "crf": "26", "x265-params": "log-level=none"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "crf": "34", "b": "0"}),
    "av1": ("libsvtav1", {"preset": "12", "crf": "35", "svtav1-params": "lp=1"}),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One clip of the set."""

    codec: str
    width_px: int
    height_px: int
    seconds: int


SHAPES = (
    Shape("h264", 320, 180, 4),
    Shape("h264", 640, 360, 8),
    Shape("h264", 640, 360, 32),
    Shape("h264", 1280, 720, 8),
    Shape("h264", 1280, 720, 32),
    Shape("h264", 1920, 1080, 8),
    Shape("h264", 1920, 1080, 24),
    Shape("hevc", 1280, 720, 16),
    Shape("vp9", 1280, 720, 16),
    Shape("av1", 1280, 720, 16),
)


def clip_of(shape: Shape, source: BenchClip | None = None) -> Path:
    """The clip, made on the first call."""
    folder = WORK / "scale"
    path = folder / f"{shape.codec}-{shape.width_px}x{shape.height_px}-{shape.seconds}s.mp4"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.mp4")
        _encode(source or bench_clip(60), shape, partial)
        partial.replace(path)
    told = with_subtitles(BenchClip(path, shape.seconds, "", spoken=False))
    return told.path


def _encode(source: BenchClip, shape: Shape, path: Path) -> None:
    """Pictures scaled and coded anew, sound copied."""
    name, options = CODECS[shape.codec]
    with av.open(str(source.path)) as read, av.open(str(path), "w") as written:
        pictures, sound = read.streams.video[0], read.streams.audio[0]
        stream: Any = written.add_stream(name, rate=FRAMES_PER_SECOND, options={**options, "g": "120"})
        stream.width, stream.height, stream.pix_fmt = shape.width_px, shape.height_px, "yuv420p"
        copied = written.add_stream_from_template(sound)
        count = 0
        for packet in read.demux(pictures, sound):
            if packet.dts is None or packet.time_base is None:
                continue
            if packet.stream is sound:
                if float(packet.dts * packet.time_base) < shape.seconds:
                    packet.stream = copied
                    written.mux(packet)
                continue
            for frame in packet.decode():
                if count < shape.seconds * FRAMES_PER_SECOND and isinstance(frame, av.VideoFrame):
                    small = frame.reformat(shape.width_px, shape.height_px, "yuv420p")
                    small.pts, small.time_base = count, Fraction(1, FRAMES_PER_SECOND)
                    written.mux(stream.encode(small))
                    count += 1
        written.mux(stream.encode(None))


def all_clips() -> list[Path]:
    """Every shape's clip, the smallest first; and one ten times over, for what grows with the length alone."""
    source = bench_clip(60)
    return [*(clip_of(shape, source) for shape in SHAPES), long_clip()]


def long_clip(shape: Shape = Shape("h264", 640, 360, 32), times: int = 10) -> Path:
    """The packets of a shape's clip several times over, subtitles to the end."""
    clip_of(shape)
    path = WORK / "scale" / f"{shape.codec}-{shape.width_px}x{shape.height_px}-{shape.seconds}s.mp4"
    return with_subtitles(repeated(BenchClip(path, shape.seconds, "", spoken=False), times)).path

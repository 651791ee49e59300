"""Path -> what the file says of itself. Decodes one picture at most: what a header claims is not always so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import atan2, degrees
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition

from keyart.errors import UnreadableVideo
from keyart.media.container import MAX_PIXELS, MAX_RATIO, is_showable, open_container, packets_of
from keyart.types import AudioStream, Chapter, SubtitleStream, VideoInfo

Turn = Literal[0, 90, 180, 270]
_TURNS: tuple[Turn, ...] = (0, 90, 180, 270)
_PICTURE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_TRANSFERS: dict[int, Literal["pq", "hlg"]] = {16: "pq", 18: "hlg"}
# libavcodec's AVFieldOrder, by which field is displayed first
_FIELD_ORDERS: dict[int, Literal["tff", "bff"]] = {2: "tff", 3: "bff", 4: "bff", 5: "tff"}
_MAX_ASPECT = 8
_MAX_RATE = 300
_MAX_TEXT, _MAX_TAGS, _MAX_CHAPTERS = 10_000, 256, 10_000
"""Letters of one text, and how many: nobody reads more, and a megabyte of title is no title."""
_NEARLY_SQUARE = Fraction(1, 100)
_LARGEST = f"{MAX_PIXELS / 1e6:.0f} million pixels"


def probe(path: str | Path) -> VideoInfo:
    """Raises `MissingFile` where there is no regular file, `UnreadableVideo` where nothing in it can be decoded."""
    path = Path(path)
    with open_container(path) as container:
        notes: list[str] = []
        audio = _audio_streams(container, notes)
        stream = _video_stream(container)
        if stream is None and not audio:
            raise UnreadableVideo(f"{path}: {_why_nothing(container)}")
        seen = _first_look(container, stream) if stream is not None else None
        if stream is not None and seen is None:
            raise UnreadableVideo(f"{path}: {_why_undecoded(stream)}")
        return _checked(_described(path, container, stream, seen, audio, notes))


def _why_undecoded(stream: Any) -> str:
    context = stream.codec_context
    if context.width * context.height > MAX_PIXELS:
        return f"its pictures are said to be {context.width} x {context.height}, more than is decoded ({_LARGEST})"
    return f"not one {context.name} picture in it could be decoded"


def _checked(info: VideoInfo) -> VideoInfo:
    """Raises `UnreadableVideo` for pictures that nothing can be made of."""
    if info.video_index is None or is_showable(info.width_px, info.height_px):
        return info
    size = f"{info.width_px} x {info.height_px}"
    raise UnreadableVideo(
        f"{info.path}: its pictures are {size}; allowed are {_LARGEST}, one side at most {MAX_RATIO} times the other"
    )


@dataclass(frozen=True, slots=True)
class _Looks:
    """What only a decoded picture tells."""

    width_px: int
    height_px: int
    pixel_format: str
    bit_depth: int
    start_seconds: float
    transfer: Literal["sdr", "pq", "hlg"]
    interlaced: bool
    matrix: tuple[int, ...]


def _video_stream(container: InputContainer) -> Any:
    """The stream a player would show: decodable, no cover picture, the default one, the one with most frames."""
    streams = [one for one in container.streams.video if one.codec_context is not None and not _is_picture(one)]
    if not streams:
        return None

    def worth(stream: Any) -> tuple[bool, float, int, int]:
        # a second track of two frames beside the film is a motion photo's still
        several = stream.frames == 0 or stream.frames > 2
        area = stream.codec_context.width * stream.codec_context.height
        return (several, bool(stream.disposition & Disposition.default), area, -stream.index)

    return max(streams, key=worth)


def _is_picture(stream: Any) -> bool:
    return bool(stream.disposition & _PICTURE)


def _why_nothing(container: InputContainer) -> str:
    if any(one.codec_context is None for one in container.streams.video):
        return "its pictures are in a codec that is not known here"
    if container.streams.video:
        return "holds a cover picture only, no video"
    return "holds neither pictures nor sound"


def _first_look(container: InputContainer, stream: Any) -> _Looks | None:
    # frame threads would hold the first picture back until several packets are in
    stream.thread_type = "SLICE"
    try:
        for packet in packets_of(container, stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue  # a damaged start: the first picture that does decode will do
            if frames:
                return _looks(frames[0], stream)
    except av.FFmpegError:
        return None
    return None


def _looks(frame: av.VideoFrame, stream: Any) -> _Looks:
    matrix = side_data(frame, "DISPLAYMATRIX")
    pts = frame.pts if frame.pts is not None else frame.dts or 0
    return _Looks(
        width_px=frame.width,
        height_px=frame.height,
        pixel_format=frame.format.name,
        bit_depth=max((one.bits for one in frame.format.components), default=8),
        start_seconds=float(pts * (stream.time_base or 0)),
        transfer=_TRANSFERS.get(int(frame.color_trc), "sdr"),
        interlaced=frame.interlaced_frame,
        matrix=tuple(np.frombuffer(matrix, np.int32).tolist()),
    )


def side_data(frame: av.VideoFrame, kind: str) -> bytes:
    """What the frame carries beside its pixels under one of libav's names; empty where it carries none."""
    beside: Any = frame.side_data  # iterates over values, whatever its annotation says
    found = next((one for one in beside if one.type.name == kind), None)
    return bytes(found) if found is not None else b""


def orientation(matrix: Sequence[int]) -> tuple[Turn, bool, str]:
    """Clockwise turn, left-right flip before it, and a note where the matrix is no right angle.

    The nine numbers are libav's display matrix [a b u; c d v; x y w]: a point (p, q) is shown at (ap + cq, bp + dq).
    """
    if len(matrix) != 9 or not any(matrix[:2]):
        return 0, False, ""
    a, b, _, c, d = matrix[:5]
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    angle = degrees(atan2(b, a)) % 360
    nearest = round(angle / 90) % 4
    slant = abs((angle - nearest * 90 + 180) % 360 - 180)
    note = f"The display matrix turns the picture by {angle:.0f} degrees; shown at the nearest right angle."
    return _TURNS[nearest], mirrored, note if slant > 1 else ""


def square_size(width_px: int, height_px: int, aspect: Fraction) -> tuple[int, int]:
    """Size with square pixels, before any turn: the height stays, the width takes the sample aspect."""
    return max(1, round(width_px * aspect)), height_px


def _sample_aspect(stream: Any, notes: list[str]) -> Fraction:
    """Aspects within 1 % of square are rounding of encoders: resampling for them would only blur."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if aspect <= 0 or abs(aspect - 1) <= _NEARLY_SQUARE:
        return Fraction(1)
    if not 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
        notes.append(f"The sample aspect ratio {aspect} is beyond belief; square pixels are assumed.")
        return Fraction(1)
    return Fraction(aspect)


def _described(
    path: Path,
    container: InputContainer,
    stream: Any,
    seen: _Looks | None,
    audio: tuple[AudioStream, ...],
    notes: list[str],
) -> VideoInfo:
    subtitles = tuple(
        SubtitleStream(one.index, _codec_name(one), _language(one), one.metadata.get("title", "")[:_MAX_TEXT])
        for one in container.streams.subtitles
    )
    aspect, turn, mirrored = Fraction(1), _TURNS[0], False
    if seen is not None:
        aspect = _sample_aspect(stream, notes)
        turn, mirrored, note = orientation(seen.matrix)
        notes += [note] if note else []
    coded = (seen.width_px, seen.height_px) if seen else (0, 0)
    square = square_size(*coded, aspect) if seen else coded
    shown = square[::-1] if turn in (90, 270) else square
    return VideoInfo(
        path=path,
        container=container.format.name,
        size_bytes=path.stat().st_size,
        video_index=stream.index if stream is not None else None,
        codec=stream.codec_context.name if stream is not None else "",
        pixel_format=seen.pixel_format if seen else "",
        width_px=shown[0],
        height_px=shown[1],
        coded_width_px=coded[0],
        coded_height_px=coded[1],
        sample_aspect=aspect,
        rotation_degrees=turn,
        mirrored=mirrored,
        frames_per_second=_frame_rate(stream),
        duration_seconds=_duration(container, stream),
        start_seconds=seen.start_seconds if seen else 0.0,
        bit_depth=seen.bit_depth if seen else 8,
        transfer=seen.transfer if seen else "sdr",
        field_order=_field_order(stream, seen),
        audio=audio,
        subtitles=subtitles,
        chapters=_chapters(container, seen.start_seconds if seen else 0.0),
        cover_index=next((one.index for one in container.streams.video if _is_picture(one)), None),
        tags={
            key.lower()[:_MAX_TEXT]: value[:_MAX_TEXT] for key, value in islice(container.metadata.items(), _MAX_TAGS)
        },
        notes=tuple(notes),
    )


def _audio_streams(container: InputContainer, notes: list[str]) -> tuple[AudioStream, ...]:
    found = []
    for stream in container.streams.audio:
        context = stream.codec_context
        if context is None or not context.sample_rate:
            notes.append(f"Sound stream {stream.index} is in a codec that is not known here.")
            continue
        found.append(AudioStream(stream.index, context.name, _language(stream), context.channels, context.sample_rate))
    return tuple(found)


def _codec_name(stream: Any) -> str:
    return stream.codec_context.name if stream.codec_context is not None else ""


def _language(stream: Any) -> str:
    language = stream.language or ""
    return "" if language == "und" else language


def _chapters(container: InputContainer, start_seconds: float) -> tuple[Chapter, ...]:
    found = []
    for one in islice(container.chapters(), _MAX_CHAPTERS):
        tick = float(one["time_base"] or 0)
        start, end = (max(0.0, one[side] * tick - start_seconds) for side in ("start", "end"))
        found.append(Chapter(one["metadata"].get("title", "")[:_MAX_TEXT], start, end))
    return tuple(found)


def _frame_rate(stream: Any) -> float:
    if stream is None:
        return 0.0
    rates = (float(rate or 0) for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate))
    # Matroska without a stated rate counts its clock ticks: 1000 frames a second
    return next((rate for rate in rates if 0 < rate <= _MAX_RATE), 0.0)


def _duration(container: InputContainer, stream: Any) -> float:
    """Of the pictures; where the container knows only the whole file's, of that."""
    if stream is not None and stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return max(0.0, (container.duration or 0) / av.time_base)


def _field_order(stream: Any, seen: _Looks | None) -> Literal["progressive", "tff", "bff"]:
    if seen is None:
        return "progressive"
    # the header is often silent; DV is the one family that starts with the bottom field
    unsaid: Literal["tff", "bff"] = "bff" if stream.codec_context.name == "dvvideo" else "tff"
    order = _FIELD_ORDERS.get(int(stream.codec_context.field_order))
    if seen.interlaced:
        return order or unsaid
    return "progressive"

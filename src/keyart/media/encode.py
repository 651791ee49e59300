"""Pictures and sound -> MP4, the same bytes for the same input: fixed threads, no clock, no encoder version inside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.subtitles.subtitle import SubtitleSet

from keyart.errors import BadSetting, OutputProblem
from keyart.media.images import receipt_json
from keyart.media.scan import Scan
from keyart.types import RGB, Chapter, Cue, Receipt, Sound, VideoInfo

THREADS = 2
"""x264's bytes may depend on how many threads share a picture, so their number is not left to the machine."""
_SAME_BYTES = {"mbtree": "0"}
"""x264's macroblock tree is not repeatable on processors with AVX-512: one run in three came out otherwise."""
_TICK = Fraction(1, 90_000)
_BT709 = 1
_MILLISECOND = Fraction(1, 1000)
_MP4: dict[str, Any] = {"format": "mp4", "container_options": {"fflags": "+bitexact", "movflags": "+faststart"}}
_ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,Arial,16,&Hffffff,2
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def encode_mp4(
    frames: Iterable[RGB],
    *,
    frames_per_second: float | Fraction,
    crf: float = 20,
    preset: str = "medium",
    sound: Sound | None = None,
    sample_rate_hz: int = 48_000,
    receipt: Receipt | None = None,
    faststart: bool = True,
) -> bytes:
    """`write_mp4` into memory: for teasers, not for films."""
    with tempfile.TemporaryDirectory(prefix="keyart-mp4-") as folder:
        path = write_mp4(
            Path(folder) / "clip.mp4",
            frames,
            frames_per_second=frames_per_second,
            crf=crf,
            preset=preset,
            sound=sound,
            sample_rate_hz=sample_rate_hz,
            receipt=receipt,
            faststart=faststart,
        )
        return path.read_bytes()


def write_mp4(
    path: Path,
    frames: Iterable[RGB],
    *,
    frames_per_second: float | Fraction,
    crf: float = 20,
    preset: str = "medium",
    sound: Sound | None = None,
    sample_rate_hz: int = 48_000,
    receipt: Receipt | None = None,
    faststart: bool = True,
) -> Path:
    """H.264 (yuv420p, BT.709, even size: an odd last row or column is dropped) and AAC, the index first.

    `crf` 0 ... 51, lower is better and larger. `sound` is mono; it is cut or padded by nobody. The file appears whole
    or not at all. Raises `BadSetting` without frames, `OutputProblem` where the file cannot be written.
    """
    pictures = iter(frames)
    first = next(pictures, None)
    if first is None:
        raise BadSetting("an MP4 needs at least one frame, got none")
    rate = Fraction(frames_per_second).limit_denominator(1001)
    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if faststart else {})
    with whole_file(path) as partial, av.open(str(partial), "w", format="mp4", container_options=options) as container:
        if receipt is not None:
            container.metadata["comment"] = receipt_json(receipt)
        video = _h264_stream(container, _even(first), rate, {"crf": f"{crf:g}", "preset": preset, **_SAME_BYTES})
        audio = None if sound is None else _aac_stream(container, sample_rate_hz)
        strip = BitStreamFilterContext("filter_units=remove_types=6", video)
        for number, image in enumerate(chain([first], pictures)):
            frame = _yuv(_even(image))
            frame.pts, frame.time_base = number, 1 / rate
            _mux(container, strip, video.encode(frame))
        _mux(container, strip, video.encode(None))
        if audio is not None and sound is not None:
            for chunk in _audio_frames(sound, sample_rate_hz):
                container.mux(audio.encode(chunk))
            container.mux(audio.encode(None))
    return path


def transcode(info: VideoInfo, path: Path, *, crf: float = 18) -> str:
    """The video as H.264 without sound, upright, tone-mapped, times kept (thesis §4, table 4.1). Returns the encoder.

    NVENC with preset p6 where a device opens it, libx264 elsewhere. Raises `UnreadableVideo`, `OutputProblem`.
    """
    encoder = "h264_nvenc" if nvenc_opens() else "libx264"
    options = {"preset": "medium", "crf": f"{crf:g}", **_SAME_BYTES}
    if encoder == "h264_nvenc":
        options = {"preset": "p6", "cq": f"{crf:g}"}
    rate = Fraction(info.frames_per_second or 25).limit_denominator(1001)
    with whole_file(path) as partial, av.open(str(partial), "w", **_MP4) as out:
        stream, strip = None, None
        last = -1
        for glimpse in Scan()(info):
            image = _even(glimpse.full().image)
            if stream is None:
                stream = _h264_stream(out, image, rate, options, encoder)
                stream.codec_context.time_base = _TICK
                strip = BitStreamFilterContext("filter_units=remove_types=6", stream)
            frame = _yuv(image)
            # two frames of one time would not survive the muxer
            last = max(last + 1, round(glimpse.seconds / _TICK))
            frame.pts, frame.time_base = last, _TICK
            _mux(out, strip, stream.encode(frame))
        if stream is not None:
            _mux(out, strip, stream.encode(None))
    return encoder


def add_tracks(
    source: Path,
    path: Path,
    *,
    subtitles: Mapping[str, Sequence[Cue]],
    chapters: Sequence[Chapter] = (),
    tags: Mapping[str, str] | None = None,
) -> Path:
    """`source` with subtitle streams (language as ISO 639-2, "eng" -> cues), chapters and tags, nothing re-encoded."""
    with whole_file(path) as partial, av.open(str(source)) as old, av.open(str(partial), "w", **_MP4) as new:
        streams: dict[int, Any] = {one.index: new.add_stream_from_template(one) for one in old.streams}
        texts = {language: _text_stream(new, language) for language in subtitles}
        new.metadata.update(tags or {})
        new.set_chapters([_chapter(number, one) for number, one in enumerate(chapters)])
        for language, cues in subtitles.items():
            for cue in cues:
                new.mux(_text_packet(texts[language], cue))
        for packet in old.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                new.mux(packet)
    return path


def nvenc_opens() -> bool:
    """Whether an H.264 encoder of an NVIDIA device is there and starts."""
    try:
        context: Any = av.CodecContext.create("h264_nvenc", "w")
        context.width, context.height, context.pix_fmt = 256, 256, "yuv420p"
        context.time_base = Fraction(1, 25)
        context.open()
    except (av.FFmpegError, ValueError):  # no device, no driver; or a build of libav without it
        return False
    return True


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that takes its place once everything is on the disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as err:
        raise OutputProblem(f"{path}: cannot be written ({err.strerror})") from err
    finally:
        partial.unlink(missing_ok=True)


def _h264_stream(
    container: Any, image: RGB, rate: Fraction, options: dict[str, str], encoder: str = "libx264"
) -> av.VideoStream:
    stream: Any = container.add_stream(encoder, rate=rate, options=options)
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / rate
    context.thread_count = THREADS
    context.flags |= av.codec.context.Flags.bitexact.value
    context.color_range, context.colorspace = av.video.reformatter.ColorRange.MPEG.value, _BT709
    context.color_primaries = context.color_trc = _BT709
    return stream  # type: ignore[no-any-return]


def _aac_stream(container: Any, sample_rate_hz: int) -> av.AudioStream:
    stream: Any = container.add_stream("aac", rate=sample_rate_hz, layout="mono")
    stream.codec_context.bit_rate = 96_000
    stream.codec_context.flags |= av.codec.context.Flags.bitexact.value
    return stream  # type: ignore[no-any-return]


def _audio_frames(sound: Sound, sample_rate_hz: int) -> Iterator[av.AudioFrame]:
    for start in range(0, len(sound), 1024):
        samples = np.ascontiguousarray(sound[None, start : start + 1024], np.float32)
        chunk = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
        chunk.sample_rate, chunk.pts, chunk.time_base = sample_rate_hz, start, Fraction(1, sample_rate_hz)
        yield chunk


def _text_stream(container: Any, language: str) -> Any:
    stream = container.add_stream("mov_text")
    stream.metadata["language"] = language
    stream.codec_context.time_base = _MILLISECOND
    stream.codec_context.subtitle_header = _ASS_HEADER
    return stream


def _text_packet(stream: Any, cue: Cue) -> Any:
    start, end = round(cue.start * 1000), round(cue.end * 1000)
    event = f"0,0,Default,,0,0,0,,{cue.text}".encode()
    packet = stream.codec_context.encode_subtitle(SubtitleSet.create(event, 0, end - start, start * 1000))
    packet.stream, packet.time_base = stream, _MILLISECOND
    packet.pts = packet.dts = start
    packet.duration = end - start
    return packet


def _chapter(number: int, chapter: Chapter) -> Any:
    start, end = round(chapter.start * 1000), round(chapter.end * 1000)
    title = {"title": chapter.title}
    return {"id": number, "start": start, "end": end, "time_base": _MILLISECOND, "metadata": title}


def _even(image: RGB) -> RGB:
    """yuv420p halves both sides; a single row or column is doubled, an odd last one dropped."""
    height, width = image.shape[:2]
    if min(height, width) < 2:
        image = np.pad(image, ((0, int(height < 2)), (0, int(width < 2)), (0, 0)), "edge")
    return np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])


def _yuv(image: RGB) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(image, "rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def _mux(container: Any, strip: Any, packets: Iterable[Any]) -> None:
    """x264 writes its version and settings into the first picture as user data; `strip` takes it out."""
    for packet in packets:
        for kept in strip.filter(packet):
            container.mux(kept)

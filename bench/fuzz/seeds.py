"""The whole files that are broken: about fifty made clips of a second, of every container and codec that can be written
here; and, where the real videos are at hand, their first 300 kB."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from av.subtitles.subtitle import SubtitleSet

from bench.record import MEDIA, REPO
from keyart.types import RGB

REAL_BYTES = 300_000
_STREAMED = (".ts", ".webm", ".flv", ".mts", ".avi", ".mkv", ".mpg", ".ogv", ".3gp")
"""Formats that can be read from their beginning alone."""
_RATE_HZ = 16000
SUBTITLES = {
    ".srt": "1\n00:00:00,100 --> 00:00:00,500\nThe <i>rocket</i> stands on the pad.\n\n"
    "2\n00:00:00,500 --> 00:00:00,950\nНа рассвете двигатель запустили в первый раз.\n",
    ".vtt": "WEBVTT - made\n\nNOTE a note\n\nSTYLE\n::cue { color: red }\n\n"
    "a\n00:00.100 --> 00:00.500 align:start\n<v Anna>The rocket &amp; the <c.x>pad</c>.\n\n"
    "00:00:00.500 --> 00:00:00.900\nIt starts at dawn.\n",
    ".ass": "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.10,0:00:00.50,Default,,0,0,0,,{\\b1}The rocket\\Nstands on the pad.\n"
    "Dialogue: 0,0:00:00.50,0:00:00.90,Default,,0,0,0,,It starts at dawn.\n",
    ".ttml": '<?xml version="1.0" encoding="utf-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div>\n'
    '<p begin="00:00:00.100" end="0.5s">The rocket<br/>stands on the <span>pad</span>.</p>\n'
    '<p begin="12f" dur="400ms">It starts at dawn.</p></div></body></tt>\n',
    ".sbv": "0:00:00.100,0:00:00.500\nThe rocket stands on the pad.\n\n0:00:00.500,0:00:00.900\nIt starts at dawn.\n",
    ".smi": "<SAMI><HEAD><STYLE TYPE='text/css'><!-- .ENCC {Lang: en-US;} --></STYLE></HEAD><BODY>\n<SYNC Start=100><P "
    "Class=ENCC>The rocket<br>stands on the pad.\n<SYNC Start=500><P Class=ENCC>It starts at dawn.\n</BODY></SAMI>\n",
    ".sub": "{1}{1}10\n{1}{5}The rocket|stands on the pad.\n{5}{9}{y:i}It starts at dawn.\n",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """How a made clip is written."""

    suffix: str
    codec: str = "libx264"
    sound: str = ""
    size: tuple[int, int] = (128, 72)
    frames: int = 10
    per_second: int = 10
    pixels: str = "yuv420p"
    codec_options: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the container."""
    form: str = ""
    """Of the container, where the suffix does not tell."""
    turn: int = 0
    aspect: Fraction = Fraction(1)
    transfer: int = 0
    uneven: bool = False
    """Every third frame is shown twice as long."""
    starts: int = 0
    """Frames of nothing before the first."""
    cover: bool = False
    subtitles: str = ""
    chapters: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    rate_hz: int = _RATE_HZ


_TAGS = {"title": "The rocket and the pad", "artist": "keyart", "comment": "made"}
MADE: dict[str, Clip] = {
    "h264 aac.mp4": Clip(".mp4", sound="aac", tags=_TAGS),
    "h264 silent.mp4": Clip(".mp4", codec_options={"bf": "2"}),
    "h264 turned.mp4": Clip(".mp4", turn=90, sound="aac"),
    "h264 uneven.mp4": Clip(".mp4", uneven=True, frames=14),
    "h264 edit list.mp4": Clip(".mp4", starts=4, sound="aac", codec_options={"bf": "2"}),
    "h264 fragments.mp4": Clip(".mp4", sound="aac", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
                               codec_options={"g": "4"}),
    "h264 dash.mp4": Clip(".mp4", options={"movflags": "frag_keyframe+dash+global_sidx"}, codec_options={"g": "4"}),
    "h264 index first.mp4": Clip(".mp4", sound="aac", options={"movflags": "faststart"}),
    "h264 444.mp4": Clip(".mp4", pixels="yuv444p"),
    "h264 ten bits.mp4": Clip(".mp4", pixels="yuv420p10le"),
    "h264 interlaced.mp4": Clip(".mp4", size=(128, 96), codec_options={"flags": "+ilme+ildct", "x264-params": "tff=1"}),
    "h264 aspect.mp4": Clip(".mp4", aspect=Fraction(16, 11)),
    "h264 cover.mp4": Clip(".mp4", cover=True, sound="aac", tags=_TAGS),
    "h264 subtitles.mp4": Clip(".mp4", subtitles="mov_text", chapters=True, tags=_TAGS),
    "hevc hdr10.mp4": Clip(".mp4", "libx265", pixels="yuv420p10le", transfer=16,
                           codec_options={"x265-params": "log-level=none:pools=none:frame-threads=1:hdr10=1:"
                           "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"}),
    "hevc hlg.mov": Clip(".mov", "libx265", pixels="yuv420p10le", transfer=18, sound="pcm_s16le",
                         codec_options={"x265-params": "log-level=none:pools=none:frame-threads=1"}),
    "av1.mp4": Clip(".mp4", "libsvtav1", codec_options={"preset": "12", "svtav1-params": "lp=1"}, sound="libopus",
                    rate_hz=48000),
    "vp9.mp4": Clip(".mp4", "libvpx-vp9", codec_options={"deadline": "realtime", "cpu-used": "8"}),
    "mpeg4 mp3.mp4": Clip(".mp4", "mpeg4", sound="libmp3lame"),
    "mjpeg pcm.mov": Clip(".mov", "mjpeg", pixels="yuvj420p", sound="pcm_s16le"),
    "prores.mov": Clip(".mov", "prores_ks", pixels="yuv422p10le", frames=6),
    "png alpha.mov": Clip(".mov", "png", pixels="rgba", frames=6),
    "h263 aac.3gp": Clip(".3gp", "h263", size=(128, 96), sound="aac"),
    "h264 srt.mkv": Clip(".mkv", subtitles="subrip", chapters=True, sound="aac", tags=_TAGS),
    "h264 ass.mkv": Clip(".mkv", subtitles="ass"),
    "av1 opus.mkv": Clip(".mkv", "libsvtav1", codec_options={"preset": "12", "svtav1-params": "lp=1"},
                         sound="libopus", rate_hz=48000),
    "hevc flac.mkv": Clip(".mkv", "libx265", sound="flac",
                          codec_options={"x265-params": "log-level=none:pools=none:frame-threads=1"}),
    "ffv1.mkv": Clip(".mkv", "ffv1", frames=6),
    "raw.mkv": Clip(".mkv", "rawvideo", size=(64, 36), frames=6),
    "vp8 opus.webm": Clip(".webm", "libvpx", sound="libopus", rate_hz=48000),
    "vp9 opus.webm": Clip(".webm", "libvpx-vp9", codec_options={"deadline": "realtime", "cpu-used": "8"},
                          sound="libopus", rate_hz=48000),
    "vp9 webvtt.webm": Clip(".webm", "libvpx-vp9", codec_options={"deadline": "realtime", "cpu-used": "8"},
                            subtitles="webvtt"),
    "mpeg4 mp3.avi": Clip(".avi", "mpeg4", sound="libmp3lame"),
    "mjpeg pcm.avi": Clip(".avi", "mjpeg", pixels="yuvj422p", sound="pcm_s16le"),
    "msmpeg4.avi": Clip(".avi", "msmpeg4"),
    "huffyuv.avi": Clip(".avi", "huffyuv", pixels="yuv422p", size=(64, 36), frames=6),
    "cinepak.avi": Clip(".avi", "cinepak", pixels="rgb24", size=(64, 36), frames=6),
    "h264 aac.ts": Clip(".ts", sound="aac", form="mpegts"),
    "mpeg2 mp2.ts": Clip(".ts", "mpeg2video", sound="mp2", form="mpegts"),
    "hevc ac3.ts": Clip(".ts", "libx265", sound="ac3", form="mpegts", rate_hz=48000,
                        codec_options={"x265-params": "log-level=none:pools=none:frame-threads=1"}),
    "mpeg1 mp2.mpg": Clip(".mpg", "mpeg1video", sound="mp2", per_second=25, frames=25, form="mpeg", rate_hz=32000),
    "mpeg2 dvd.vob": Clip(".vob", "mpeg2video", sound="ac3", per_second=25, frames=25, form="vob", rate_hz=48000),
    "flv1 mp3.flv": Clip(".flv", "flv", sound="libmp3lame", rate_hz=22050),
    "h264 aac.flv": Clip(".flv", sound="aac", rate_hz=22050),
    "vp8 flac.ogv": Clip(".ogv", "libvpx", sound="flac", form="ogg"),
    "wmv2.wmv": Clip(".wmv", "wmv2", form="asf", tags=_TAGS),
    "gif.gif": Clip(".gif", "gif", pixels="rgb8", size=(96, 54), frames=6),
    "apng.png": Clip(".png", "apng", pixels="rgb24", size=(96, 54), frames=4, form="apng"),
    "mpeg2.mxf": Clip(".mxf", "mpeg2video", per_second=25, frames=12, form="mxf"),
    "dv.dv": Clip(".dv", "dvvideo", size=(720, 576), pixels="yuv420p", per_second=25, frames=2, form="dv"),
    "h264.264": Clip(".264", form="h264"),
    "mpeg4.nut": Clip(".nut", "mpeg4", sound="mp2", form="nut"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole file, and which one of its folder is broken: the video or what lies beside it."""

    name: str
    video: Path
    beside: str = ""
    """Suffix of the subtitles beside the video, which are then what is broken."""
    real: bool = False

    @property
    def suffix(self) -> str:
        return self.beside or self.video.suffix

    def whole(self) -> bytes:
        """The bytes that a mutator gets."""
        if self.beside:
            return SUBTITLES[self.beside].encode()
        with self.video.open("rb") as file:
            return file.read(REAL_BYTES if self.real else -1)

    def facts(self) -> dict[str, Any]:
        data = self.whole()
        return {"name": self.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def seeds(folder: Path, media: Path = MEDIA) -> tuple[Seed, ...]:
    """Made clips, made on the first call; subtitles; real videos where they are."""
    if not all((folder / name).exists() for name in MADE):
        # in a process of its own: an encoder of AV1 makes its caller a real-time process where it may, and is loud
        subprocess.run(
            [sys.executable, "-m", "bench.fuzz.seeds", str(folder)], cwd=REPO, capture_output=True, check=True
        )
    made = [Seed(name, folder / name) for name in MADE]
    silent = next(one.video for one in made if one.name == "h264 silent.mp4")
    texts = [Seed(f"beside a video{suffix}", silent, suffix) for suffix in SUBTITLES]
    found = sorted(media.glob("video/*.*")) if media.is_dir() else []
    real = [
        Seed(f"real {one.name}", one, real=True)
        for one in found
        if one.suffix != ".json" and (one.stat().st_size <= REAL_BYTES or one.suffix in _STREAMED)
    ]
    return (*made, *texts, *real)


def made_clip(name: str, folder: Path) -> Path:
    """The clip of that name in the folder, written if it is not there yet; the same bytes with the same libraries."""
    clip, path = MADE[name], folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".partial{clip.suffix}"
        _write(partial, clip)
        partial.replace(path)
    return path


def _write(path: Path, clip: Clip) -> None:
    options = {"fflags": "+bitexact", **clip.options}
    with av.open(str(path), "w", format=clip.form or None, options=options) as container:
        container.metadata.update(clip.tags)
        if clip.chapters:
            container.set_chapters([_chapter(number) for number in range(2)])
        video = _video_stream(container, clip)
        sound: Any = container.add_stream(clip.sound, rate=clip.rate_hz, layout="mono") if clip.sound else None
        text: Any = _text_stream(container, clip) if clip.subtitles else None
        if clip.cover:
            _add_cover(container)
        for number, picture in enumerate(_pictures(clip)):
            container.mux(video.encode(_frame(picture, number, clip)))
        container.mux(video.encode(None))
        if sound is not None:
            _add_sound(container, sound, clip)
        if text is not None:
            _add_text(container, text)


def _chapter(number: int) -> Any:
    return {
        "id": number + 1, "start": 500 * number, "end": 500 * number + 500, "time_base": Fraction(1, 1000),
        "metadata": {"title": ("The pad", "The start")[number]},
    }  # fmt: skip


def _video_stream(container: Any, clip: Clip) -> Any:
    usual = {"preset": "ultrafast", "threads": "1", "mbtree": "0"} if clip.codec == "libx264" else {}
    usual |= {"preset": "ultrafast"} if clip.codec == "libx265" else {}
    stream = container.add_stream(clip.codec, rate=clip.per_second, options={**usual, **clip.codec_options})
    stream.width, stream.height = clip.size
    stream.pix_fmt = clip.pixels
    stream.codec_context.time_base = Fraction(1, clip.per_second)
    stream.codec_context.sample_aspect_ratio = clip.aspect
    stream.codec_context.thread_count = 1
    if clip.transfer:
        stream.codec_context.color_trc, stream.codec_context.colorspace = clip.transfer, 9
    if clip.turn:
        stream.set_display_rotation(-clip.turn)
    return stream


def _text_stream(container: Any, clip: Clip) -> Any:
    stream = container.add_stream(clip.subtitles)
    stream.metadata["language"] = "eng"
    stream.codec_context.time_base = Fraction(1, 1000)
    stream.codec_context.subtitle_header = SUBTITLES[".ass"].split("Dialogue")[0].encode()
    return stream


def _add_cover(container: Any) -> None:
    cover = container.add_stream("mjpeg", options={"strict": "unofficial"})
    cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
    cover.disposition = Disposition.attached_pic
    picture = np.full((48, 64, 3), (200, 60, 30), np.uint8)
    container.mux(cover.encode(av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuvj420p")))
    container.mux(cover.encode(None))


def _pictures(clip: Clip) -> Iterator[RGB]:
    """Discs that move over a slope of colours; another picture after half of the frames."""
    width, height = clip.size
    down, across = np.mgrid[0:height, 0:width].astype(np.float32) / (height, width)[0]
    for number in range(clip.frames):
        take = int(number >= clip.frames // 2)
        slope = np.stack([40 + 150 * down, 60 + 90 * across, 200 - 120 * down], axis=2)
        picture = slope[:, :, ::-1] if take else slope
        for disc in range(5):
            x = (0.13 + 0.19 * disc + 0.02 * number) % 1 * width / height
            y = (0.2 + 0.37 * disc + 0.3 * take) % 1
            inside = (across - x) ** 2 + (down - y) ** 2 < (0.06 + 0.03 * disc) ** 2
            picture[inside] = ((250, 240, 40), (20, 30, 60), (230, 60, 70), (240, 250, 250), (30, 160, 90))[disc]
        yield picture.astype(np.uint8)


def _frame(picture: RGB, number: int, clip: Clip) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
    if clip.pixels != "rgb24":
        frame = frame.reformat(format=clip.pixels)
    late = number // 3 if clip.uneven else 0
    frame.pts, frame.time_base = number + late + clip.starts, Fraction(1, clip.per_second)
    return frame


def _add_sound(container: Any, stream: Any, clip: Clip) -> None:
    rate = clip.rate_hz
    times = np.arange(rate * clip.frames // clip.per_second) / rate
    wave = (0.3 * np.sin(2 * np.pi * 330 * times) * np.sin(2 * np.pi * 3 * times)).astype(np.float32)[None]
    resampler = av.AudioResampler(stream.codec_context.format.name, "mono", rate)
    size = stream.codec_context.frame_size or 1024
    for start in range(0, wave.shape[1] - size + 1, size):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, start : start + size]), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for one in resampler.resample(frame):
            container.mux(stream.encode(one))
    container.mux(stream.encode(None))


def _add_text(container: Any, stream: Any) -> None:
    for number, words in enumerate(("The rocket stands on the pad.", "It starts at dawn.")):
        event = f"{number},0,Default,,0,0,0,,{words}".encode()
        start = 100 + 400 * number
        packet = stream.codec_context.encode_subtitle(SubtitleSet.create(event, 0, 390, 1000 * start))
        packet.pts = packet.dts = start
        packet.duration, packet.time_base, packet.stream = 390, Fraction(1, 1000), stream
        container.mux(packet)


if __name__ == "__main__":
    for clip_name in MADE:
        made_clip(clip_name, Path(sys.argv[1]))

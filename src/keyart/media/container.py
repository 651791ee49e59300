"""Path -> open container. Local files only: nothing in a file may send us to the network or to another file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from keyart.errors import MissingFile, UnreadableVideo

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}[^/]")
_LEADS_ELSEWHERE = frozenset(
    ("concat", "dash", "hls", "lavfi", "rtp", "rtsp", "sap", "sdp", "vobsub", "webm_dash_manifest", "x11grab")
)
"""Formats that are lists of other files, addresses or devices."""
MAX_PIXELS = 12288 * 6912
"""Of one picture, from a 12K camera: a hundred bytes can promise gigabytes, and decoders take the memory first."""
MAX_RATIO = 32
"""Of the longer side to the shorter one."""
_NOT_VIDEO = {"tty": "a text file", "image2": "a still picture", "srt": "a subtitle file", "webvtt": "a subtitle file"}


@contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """Raises `MissingFile` where no regular file is, `UnreadableVideo` where no container is recognised."""
    _check_local(path)
    try:
        # the prefix keeps colons in a name from being read as a protocol; the whitelist stops playlists at our door
        container = av.open(
            f"file:{path}", metadata_errors="replace", options=pixel_limit(), container_options=_safe_options()
        )
    except av.FFmpegError as err:
        raise UnreadableVideo(f"{path}: not a video that can be opened ({_reason(path, err)})") from err
    with container:
        name = container.format.name
        kind = _NOT_VIDEO.get(name) or ("a still picture" if name.endswith("_pipe") else "")
        if kind:
            raise UnreadableVideo(f"{path}: is {kind}, not a video")
        for stream in container.streams.video:
            if stream.codec_context is not None:
                stream.codec_context.options = pixel_limit()
        yield container


def is_showable(width_px: int, height_px: int) -> bool:
    """Whether it is a picture that anything can be made of: not too large, no thread of pixels."""
    shorter, longer = sorted((width_px, height_px))
    return shorter > 0 and longer <= MAX_RATIO * shorter and width_px * height_px <= MAX_PIXELS


def pixel_limit() -> dict[str, str]:
    """For every decoder of pictures."""
    return {"max_pixels": str(MAX_PIXELS)}


def packets_of(container: InputContainer, stream: Any) -> Iterator[av.Packet[Any]]:
    """What `demux` yields of a stream, also where another one turns up on the way: PyAV stumbles over its packets."""
    while True:
        try:
            yield from container.demux(stream)
            return
        except IndexError:  # that packet is gone; asked anew, PyAV knows of the stream and leaves it out
            continue


@cache
def _safe_options() -> dict[str, str]:
    formats = sorted(av.formats_available - _LEADS_ELSEWHERE)
    return {"protocol_whitelist": "file,crypto", "format_whitelist": ",".join(formats)}


def _check_local(path: Path) -> None:
    if path.is_file():
        return
    if _ADDRESS.match(str(path)):
        raise MissingFile(f"{path}: is an address; keyart reads local files only, download it first")
    if path.is_dir():
        raise MissingFile(f"{path}: is a folder, not a video file")
    raise MissingFile(f"{path}: {'is no regular file' if path.exists() else 'no such file'}")


def _reason(path: Path, err: av.FFmpegError) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if not head:
        return "the file is empty"
    if head[4:8] == b"ftyp":
        return "its index, the moov atom, is missing or damaged: the recording or download was cut off"
    return (err.strerror or "unknown format").lower()

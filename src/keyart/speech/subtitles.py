"""Subtitle streams inside the container -> cues, times from the first displayed frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyart.speech.markup import clean_cues
from keyart.types import Cue, SubtitleStream, VideoInfo

if TYPE_CHECKING:
    import av
    from av.subtitles.subtitle import AssSubtitle

_PICTURES = ("pgs", "dvd", "dvb", "xsub", "vobsub")
_PARTIAL = ("forced", "signs", "songs", "commentary", "надписи", "форсир", "комментари")
LAST_CUE_SECONDS = 4.0
"""Length given to a cue whose end nobody states and that no other cue follows."""


def is_picture(stream: SubtitleStream) -> bool:
    """Whether the stream draws its subtitles as pictures, which hold no text to read."""
    return any(name in stream.codec.lower() for name in _PICTURES)


def is_partial(stream: SubtitleStream) -> bool:
    """Whether the stream's title says that it does not hold all that is said."""
    return any(word in stream.title.lower() for word in _PARTIAL)


def read_stream(info: VideoInfo, index: int) -> tuple[Cue, ...]:
    """The stream's spoken text. Empty where it holds none; a damaged stream gives what came before the damage."""
    import av  # texts are read without it

    from keyart.media.container import open_container, packets_of

    found: list[tuple[float, float, str]] = []
    try:
        with open_container(info.path) as container:
            stream = container.streams[index]
            for packet in packets_of(container, stream):
                found += _events(packet, info.start_seconds)
    except (av.FFmpegError, IndexError):
        pass  # what was read before the damage is still right
    return clean_cues(_with_ends(found))


def _events(packet: av.Packet[Any], offset_seconds: float) -> list[tuple[float, float, str]]:
    from av.subtitles.subtitle import AssSubtitle

    if packet.pts is None or packet.time_base is None or not packet.size:
        return []
    start = float(packet.pts * packet.time_base) - offset_seconds
    length = float((packet.duration or 0) * packet.time_base)
    texts = [_text(part) for part in packet.decode() if isinstance(part, AssSubtitle)]
    return [(start, start + length, text) for text in texts if text.strip()]


def _text(event: AssSubtitle) -> str:
    # ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text
    fields = event.ass.decode("utf-8", errors="replace").split(",", 8)
    return fields[8] if len(fields) == 9 else fields[-1]


def _with_ends(found: list[tuple[float, float, str]]) -> list[Cue]:
    found = sorted(found)
    cues = []
    for number, (start, stated, text) in enumerate(found):
        longest = start + LAST_CUE_SECONDS
        after = found[number + 1][0] if number + 1 < len(found) else longest
        end = stated if stated > start else min(after, longest)
        if end > 0:
            cues.append(Cue(text, max(0.0, start), end))
    return cues

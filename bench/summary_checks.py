"""A summary, opened again: what is wrong with the file, and which of its cuts fall inside a word."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from keyart.types import VideoInfo

EDGE_SECONDS = 0.05
"""How exact the times of words are that a recogniser gives."""
_VOICE_SECONDS = 0.1


def check_file(path: Path, facts: Mapping[str, Any], budget_seconds: float) -> list[str]:
    """Every promise that is broken, a sentence each: seconds, bytes, size, codecs, order, sound as long as pictures."""
    faults = []
    size = path.stat().st_size
    if facts["max_bytes"] and size > facts["max_bytes"]:
        faults.append(f"{size} bytes, allowed are {facts['max_bytes']}")
    order = [name for name in boxes(path) if name in ("moov", "mdat")]
    if order != ["moov", "mdat"]:
        faults.append(f"order of the file: {order}")
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        frames = sum(1 for _ in container.decode(video))
        seconds = frames / float(video.average_rate or 1)
        kind = (video.codec_context.name, video.codec_context.profile, video.codec_context.pix_fmt)
        if kind != ("h264", "High", "yuv420p"):
            faults.append(f"video is {kind}")
        if [video.codec_context.width, video.codec_context.height] != list(facts["size_px"]):
            faults.append(f"size is {video.codec_context.width} x {video.codec_context.height}")
        if not 23 <= float(video.average_rate or 0) <= 60:
            faults.append(f"{video.average_rate} frames a second")
        sounds = container.streams.audio
        if any(one.codec_context.name != "aac" or one.codec_context.sample_rate > 48_000 for one in sounds):
            faults.append("sound is no AAC of at most 48 kHz")
        lengths = [float((one.duration or 0) * (one.time_base or 0)) for one in sounds]
    if seconds > budget_seconds + 1e-6:
        faults.append(f"{seconds:.3f} s, allowed are {budget_seconds:g}")
    if abs(seconds - facts["seconds"]) > 0.002:
        faults.append(f"{seconds:.3f} s, the receipt says {facts['seconds']}")
    faults += [
        f"sound of {one:.3f} s beside pictures of {seconds:.3f} s" for one in lengths if abs(one - seconds) > 0.05
    ]
    return faults


def boxes(path: Path) -> list[str]:
    """Names of the outermost boxes of an MP4, in order."""
    found = []
    with path.open("rb") as file:
        at, end = 0, path.stat().st_size
        while at + 8 <= end:
            file.seek(at)
            size, name = struct.unpack(">I4s", file.read(8))
            if size == 1:
                (size,) = struct.unpack(">Q", file.read(8))
            found.append(name.decode("latin-1"))
            at += size or end
    return found


def cuts_in_words(cuts: Sequence[float], words: Sequence[tuple[float, float]]) -> int:
    """How many cuts lie inside a word, further from its ends than times of words are exact."""
    return sum(any(start + EDGE_SECONDS < cut < end - EDGE_SECONDS for start, end in words) for cut in cuts)


def cuts_in_voice(cuts: Sequence[float], info: VideoInfo) -> int:
    """How many cuts lie where a voice is sure before, at and after the cut, and no quieter than around it.

    Another way of looking than the one that chose the cuts: the mean loudness of a tenth of a second against that of
    the second around it. A voice that goes on over a cut is as loud there as around it.
    """
    from keyart.media.sound import read_sound
    from keyart.speech.activity import WINDOW, window_probabilities

    if not cuts or not info.audio:
        return 0
    rate = 16_000
    sound = np.concatenate([*read_sound(info), np.zeros(rate, np.float32)])
    voice = np.fromiter(window_probabilities([sound]), np.float32)
    found = 0
    for cut in cuts:
        at = round(cut * rate)
        near = sound[max(0, at - round(_VOICE_SECONDS * rate / 2)) : at + round(_VOICE_SECONDS * rate / 2)]
        around = sound[max(0, at - rate // 2) : at + rate // 2]
        windows = voice[max(0, at // WINDOW - 2) : at // WINDOW + 3]
        loud = float(np.sqrt((near**2).mean())) > 0.5 * float(np.sqrt((around**2).mean()))
        found += bool(len(windows) and windows.min() >= 0.5 and loud)
    return found

"""Shots as other programs read them: PySceneDetect's CSV, CMX 3600 edit decision lists, OpenTimelineIO's JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from keyart.plain import dumps
from keyart.types import Shot, VideoInfo

_SCENES = (
    "Scene Number",
    "Start Frame",
    "Start Timecode",
    "Start Time (seconds)",
    "End Frame",
    "End Timecode",
    "End Time (seconds)",
    "Length (frames)",
    "Length (timecode)",
    "Length (seconds)",
)
_WIPE_CODE = "W001"
"""SMPTE wipe 1, left to right: a list must name one, and which it was is not known."""
_SAME_RATE = 0.01
_USUAL_RATES = (Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001))


def to_csv(_: VideoInfo, shots: Sequence[Shot]) -> str:
    """The columns of PySceneDetect's `list-scenes`: a line of cut timecodes, the header, a line a scene.

    Frames count from 1 there, and the end frame is the scene's last.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["Timecode List:", *(_clock(shot.start) for shot in shots[1:])])
    rows.writerow(_SCENES)
    for number, shot in enumerate(shots, 1):
        rows.writerow(
            [
                number,
                *(shot.start_frame + 1, _clock(shot.start), f"{shot.start:.3f}"),
                *(shot.end_frame, _clock(shot.end), f"{shot.end:.3f}"),
                *(shot.end_frame - shot.start_frame, _clock(shot.seconds), f"{shot.seconds:.3f}"),
            ]
        )
    return text.getvalue()


def to_edl(info: VideoInfo, shots: Sequence[Shot]) -> str:
    """CMX 3600, non-drop frame: one event a shot, with how it begins: C, D (dissolves and fades) or W and their frames.

    The events lie end to end as in the video: a transition is told, not rebuilt.
    """
    rate = _timecode_rate(info)
    lines = [f"TITLE: {_plain(info.stem)[:70]}", "FCM: NON-DROP FRAME", ""]
    for number, shot in enumerate(shots, 1):
        frames = round(shot.transition_seconds * rate)
        code = {"dissolve": "D", "fade": "D", "wipe": _WIPE_CODE}.get(shot.transition, "C") if frames else "C"
        kind = "C        " if code == "C" else f"{code:<5}{min(frames, 999):03d} "
        start, end = _timecode(shot.start_frame, rate), _timecode(shot.end_frame, rate)
        if code != "C":  # what is left, as a cut of no length, and then what comes in
            lines.append(f"{number:03d}  AX       V     C        {start} {start} {start} {start}")
        lines.append(f"{number:03d}  AX       V     {kind}{start} {end} {start} {end}")
        lines.append(f"* FROM CLIP NAME: {_plain(info.name)}")
    return "\n".join(lines) + "\n"


def to_otio(info: VideoInfo, shots: Sequence[Shot]) -> str:
    """A timeline of OpenTimelineIO (schema Timeline.1): a clip a shot on one video track, transitions between them."""
    rate = float(_rate(info))
    children: list[dict[str, Any]] = []
    for before, shot in pairwise([None, *shots]):
        if shot is None:
            continue
        if before is not None and shot.transition_seconds:
            children.append(_otio_transition(before, shot, rate))
        children.append(_otio_clip(info, shot, rate))
    track = {"OTIO_SCHEMA": "Track.1", "name": "shots", "kind": "Video", "children": children}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    timeline = {"OTIO_SCHEMA": "Timeline.1", "name": info.stem, "global_start_time": None, "tracks": stack}
    return dumps(timeline)


EXPORTERS: dict[str, Callable[[VideoInfo, Sequence[Shot]], str]] = {"csv": to_csv, "edl": to_edl, "otio": to_otio}
"""File ending -> the shots of a video as text in that format."""


def _otio_clip(info: VideoInfo, shot: Shot, rate: float) -> dict[str, Any]:
    media = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": info.name, "available_range": None}
    told = {"transition": shot.transition, "structure": shot.structure, "key_frames": list(shot.key_frames)}
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": f"{info.stem} {shot.start_frame}",
        "source_range": _range(shot.start_frame, shot.end_frame - shot.start_frame, rate),
        "media_references": {"DEFAULT_MEDIA": media},
        "active_media_reference_key": "DEFAULT_MEDIA",
        "metadata": {"keyart": told},
    }


def _otio_transition(before: Shot, after: Shot, rate: float) -> dict[str, Any]:
    """Half of it on either side of the cut, and never longer than the clips it joins."""
    half = round(after.transition_seconds * rate / 2)
    kind = "SMPTE_Dissolve" if after.transition in ("dissolve", "fade") else "Custom_Transition"
    return {
        "OTIO_SCHEMA": "Transition.1",
        "name": after.transition,
        "transition_type": kind,
        "in_offset": _time(min(half, before.end_frame - before.start_frame), rate),
        "out_offset": _time(min(half, after.end_frame - after.start_frame), rate),
    }


def _time(frames: int, rate: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": float(frames)}


def _range(start: int, length: int, rate: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(start, rate), "duration": _time(length, rate)}


def _rate(info: VideoInfo) -> Fraction:
    """The exact rate behind a rounded average; 25 where the file does not say."""
    if not info.frames_per_second:
        return Fraction(25)
    near = min(_USUAL_RATES, key=lambda one: abs(float(one) - info.frames_per_second))
    if abs(float(near) - info.frames_per_second) < _SAME_RATE:
        return near
    return Fraction(info.frames_per_second).limit_denominator(100)


def _timecode_rate(info: VideoInfo) -> int:
    """Frames that a second of timecode counts."""
    return max(1, round(_rate(info)))


def _timecode(frame: int, rate: int) -> str:
    seconds, frames = divmod(frame, rate)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"


def _clock(seconds: float) -> str:
    millis = round(1000 * seconds)
    return f"{millis // 3600000:02d}:{millis // 60000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"


def _plain(text: str) -> str:
    """One line: an edit list knows no escapes."""
    return " ".join(text.split())

"""Values -> plain JSON, in the one shape per product that docs/contract.md states.

Seconds are rounded to 1 ms, boxes are [x, y, width, height] in whole displayed pixels, everything else to 4 digits.
"""

from __future__ import annotations

import json
from typing import Any

from keyart.types import Box, Face, Headline, Product, Receipt, Shot, Still, VideoInfo


def dumps(value: Any) -> str:
    """JSON text that is the same for the same value: sorted nowhere, indented, UTF-8, newline at the end.

    A byte of a file's name that is no UTF-8 is told as Python has it, a lone surrogate, escaped as JSON escapes.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def seconds(value: float) -> float:
    return round(float(value), 3) + 0.0


def cue_span(start: float, end: float, point: str = ".") -> str:
    """`HH:MM:SS.mmm --> HH:MM:SS.mmm`, as WebVTT has it; SubRip's decimal `point` is a comma."""
    return f"{_cue_time(start, point)} --> {_cue_time(end, point)}"


def _cue_time(value: float, point: str) -> str:
    whole, thousandths = divmod(round(value * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{thousandths:03}"


def number(value: float) -> float:
    return round(float(value), 4) + 0.0


def box(value: Box) -> list[int]:
    return [round(value.x), round(value.y), round(value.width), round(value.height)]


def video(info: VideoInfo) -> dict[str, Any]:
    """`keyart probe --json`, and `source.video` of a package."""
    return {
        "container": info.container,
        "codec": info.codec,
        "pixel_format": info.pixel_format,
        "width": info.width_px,
        "height": info.height_px,
        "coded_width": info.coded_width_px,
        "coded_height": info.coded_height_px,
        "sample_aspect": f"{info.sample_aspect.numerator}:{info.sample_aspect.denominator}",
        "rotation": info.rotation_degrees,
        "mirrored": info.mirrored,
        "frames_per_second": number(info.frames_per_second),
        "duration": seconds(info.duration_seconds),
        "start": seconds(info.start_seconds),
        "bit_depth": info.bit_depth,
        "transfer": info.transfer,
        "field_order": info.field_order,
        "audio": [
            {
                "index": a.index,
                "codec": a.codec,
                "language": a.language,
                "channels": a.channels,
                "rate": a.sample_rate_hz,
            }
            for a in info.audio
        ],
        "subtitles": [
            {"index": s.index, "codec": s.codec, "language": s.language, "title": s.title} for s in info.subtitles
        ],
        "chapters": [{"title": c.title, "start": seconds(c.start), "end": seconds(c.end)} for c in info.chapters],
        "embedded_cover": info.cover_index is not None,
        "tags": dict(info.tags),
        "notes": list(info.notes),
    }


def shot(value: Shot) -> dict[str, Any]:
    return {
        "start": seconds(value.start),
        "end": seconds(value.end),
        "start_frame": value.start_frame,
        "end_frame": value.end_frame,
        "transition": value.transition,
        "transition_seconds": seconds(value.transition_seconds),
        "structure": value.structure,
        "pulldown_phase": value.pulldown_phase,
        "field_order": value.field_order,
        "key_frames": [seconds(one) for one in value.key_frames],
    }


def face(value: Face) -> dict[str, Any]:
    return {
        "box": box(value.box),
        "confidence": number(value.confidence),
        "eyes_open": None if value.eyes_open is None else number(value.eyes_open),
        "backend": value.backend,
    }


def still(value: Still) -> dict[str, Any]:
    return {
        "rank": value.rank,
        "seconds": seconds(value.seconds),
        "frame": value.frame_number,
        "width": value.frame.width_px,
        "height": value.frame.height_px,
        "score": number(value.score),
        "terms": [
            {"name": t.name, "value": number(t.value), "weight": number(t.weight), "note": t.note} for t in value.terms
        ],
        "faces": [face(one) for one in value.faces],
        "person_fraction": None if value.person_fraction is None else number(value.person_fraction),
        "shot": value.shot,
        "cluster": value.cluster,
        "cluster_size": value.cluster_size,
        "origin": value.origin,
        "text_regions": [box(one) for one in value.avoid],
    }


def headline(value: Headline) -> dict[str, Any]:
    return {
        "text": value.text,
        "start": seconds(value.start),
        "end": seconds(value.end),
        "supported": value.supported,
        "score": number(value.score),
        "language": value.language,
        "angle": value.angle,
        "source": value.source,
        "quote": value.quote,
    }


def receipt(value: Receipt) -> dict[str, Any]:
    return {"product": value.product, **value.facts}


def product(value: Product, sha256: str) -> dict[str, Any]:
    return {
        "path": value.path,
        "kind": value.kind,
        "bytes": len(value.data),
        "sha256": sha256,
        "receipt": receipt(value.receipt),
    }

"""Transcript -> transcript.json, transcript.srt, transcript.vtt."""

from __future__ import annotations

from typing import Any

from keyart.plain import cue_span, dumps
from keyart.types import Cue, Product, Receipt, Transcript

SCHEMA = 1


def transcript_products(transcript: Transcript) -> tuple[Product, ...]:
    """The three files of the package, UTF-8, the same bytes for the same transcript."""
    texts = {
        "json": dumps(transcript_dict(transcript)),
        "srt": transcript_srt(transcript),
        "vtt": transcript_vtt(transcript),
    }
    facts = {"language": transcript.language, "source": transcript.source, "cues": len(transcript.cues)}
    facts |= {"notes": list(transcript.notes)} if transcript.notes else {}
    return tuple(
        Product(path, text.encode(), "transcript", Receipt(path, facts | _span(transcript)))
        for path, text in ((f"transcript.{suffix}", text) for suffix, text in texts.items())
    )


def transcript_dict(transcript: Transcript) -> dict[str, Any]:
    """{"schema", "language", "source", "notes", "cues": [{"start", "end", "text", "confidence"?, "words"?}]}."""
    return {
        "schema": SCHEMA,
        "language": transcript.language,
        "source": transcript.source,
        "notes": list(transcript.notes),
        "cues": [_cue_dict(cue) for cue in transcript.cues],
    }


def _cue_dict(cue: Cue) -> dict[str, Any]:
    found: dict[str, Any] = {"start": round(cue.start, 3), "end": round(cue.end, 3), "text": cue.text}
    if cue.confidence is not None:
        found["confidence"] = round(cue.confidence, 4)
    if cue.words:
        found["words"] = [
            {"start": round(word.start, 3), "end": round(word.end, 3), "text": word.text}
            | ({} if word.confidence is None else {"confidence": round(word.confidence, 4)})
            for word in cue.words
        ]
    return found


def _span(transcript: Transcript) -> dict[str, float]:
    cues = transcript.cues
    return {"start": round(cues[0].start, 3), "end": round(max(cue.end for cue in cues), 3)} if cues else {}


def transcript_srt(transcript: Transcript) -> str:
    parts = [
        f"{number}\n{cue_span(cue.start, cue.end, ',')}\n{cue.text}\n" for number, cue in enumerate(transcript.cues, 1)
    ]
    return "\n".join(parts)


def transcript_vtt(transcript: Transcript) -> str:
    parts = [f"{cue_span(cue.start, cue.end)}\n{_escaped(cue.text)}\n" for cue in transcript.cues]
    return "WEBVTT\n\n" + "\n".join(parts)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

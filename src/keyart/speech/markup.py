"""Subtitle text -> the words that are spoken: no mark-up, sounds, notes, speaker labels, credits, rolling repeats."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from keyart.types import Cue

_DRAWING = re.compile(r"\{[^}]*\\p[1-9][^}]*\}.*?(?:\{[^}]*\\p0[^}]*\}|$)", re.S)
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_TAG = re.compile(r"</?[a-zA-Z0-9_.:]+(?:\s[^<>]*)?/?>|<\d[\d:.]*>")
_NOTES = re.compile(r"[♩♪♫♬♭♯🎵🎶]+|(?<!\w)#(?=\s)|(?<=\s)#(?!\w)")
_SQUARE = re.compile(r"\[[^\[\]]*\]|【[^】]*】")
_ROUND = re.compile(r"\([^()]*\)")
_STARS = re.compile(r"(?<!\S)\*[^*\n]{1,40}\*(?!\S)")
_DASH = re.compile(r"^\s*(?:[-–—‐]+|>{2,}|»>)\s*")
_SHOUTED_LABEL = re.compile(r"^\s*(?:[A-ZА-ЯЁ][A-ZА-ЯЁ .'\-]{1,24}|[A-ZА-ЯЁ]{2,}\s?\d*)\s*:\s+(?=\S)")
_LABEL = re.compile(r"^\s*([A-ZА-ЯЁ][\w.'\-]*(?: [\w.'\-]+){0,2}):\s+(?=\S)")
_CREDIT = re.compile(
    r"субтитр\w*\s+(?:с?дела|подготов|созда|добав|перев|от\b|by)|редактор\s+субтитров|^\s*корректор\s+[А-ЯЁA-Z]\."
    r"|(?:sub(?:title)?s|captions?|captioning|transcri\w+|translat\w+)\s+(?:\w+\s+)?by\b|amara\.org|opensubtitles|addic7ed"
    r"|sync(?:ed|hronized)?\s+(?:and|&)\s+correct|dimatorzok|subtitle\s+edit",
    re.I,
)


def clean_text(raw: str) -> str:
    """One cue's words on one line; empty where nothing is spoken (sounds, music, credits, drawings)."""
    text = _DRAWING.sub(" ", raw)
    text = _OVERRIDE.sub("", text)
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    text = html.unescape(html.unescape(_TAG.sub("", text)))
    text = _TAG.sub("", text).replace("\u200b", "").replace("\ufeff", "")
    text = _SQUARE.sub(" ", text)
    text = _STARS.sub(" ", _NOTES.sub(" ", text))
    text = _ROUND.sub(lambda found: " " if _is_sound(found.group(), text) else found.group(), text)
    lines = [_clean_line(line) for line in text.splitlines()]
    joined = re.sub(r"\s+", " ", " ".join(line for line in lines if line)).strip()
    return "" if _CREDIT.search(joined) or not re.search(r"\w", joined) else joined


def _is_sound(bracketed: str, text: str) -> bool:
    # "(DOOR CLOSES)" and a line of nothing but brackets are sounds; a bracket inside a sentence is speech
    inner = bracketed[1:-1]
    return inner.isupper() or any(line.strip(" -–—") == bracketed for line in text.splitlines())


def _clean_line(line: str) -> str:
    line = _DASH.sub("", line)
    line = _SHOUTED_LABEL.sub("", line)
    return _DASH.sub("", line).strip()


def clean_cues(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """Cues in time order, cleaned; those without words dropped, repeats of rolling captions joined once."""
    ordered = sorted(cues, key=lambda cue: (cue.start, cue.end))
    cleaned = [replace(cue, text=clean_text(cue.text)) for cue in ordered]
    kept = _without_copies([cue for cue in cleaned if cue.text])
    return tuple(unroll(_without_speakers(kept)))


def _without_copies(cues: Sequence[Cue]) -> list[Cue]:
    # styled subtitles draw a line twice (text and shadow) at one time
    kept: list[Cue] = []
    for cue in cues:
        same = [k for k, other in enumerate(kept[-4:], max(0, len(kept) - 4)) if other.text == cue.text]
        if same and cue.start < kept[same[-1]].end - 1e-6:
            kept[same[-1]] = replace(kept[same[-1]], end=max(kept[same[-1]].end, cue.end))
        else:
            kept.append(cue)
    return kept


def _without_speakers(cues: Sequence[Cue]) -> list[Cue]:
    # "Anna: ..." is a speaker only where the same label comes back; "Attention: ..." once is speech
    labels = Counter(found.group(1) for cue in cues if (found := _LABEL.match(cue.text)))
    speakers = {label for label, count in labels.items() if count >= 3}
    kept = []
    for cue in cues:
        found = _LABEL.match(cue.text)
        named = found is not None and found.group(1) in speakers
        kept.append(replace(cue, text=cue.text[found.end() :]) if named and found else cue)
    return kept


def unroll(cues: Sequence[Cue]) -> list[Cue]:
    """Rolling captions (each cue repeats the line before and adds one) -> each word once. Others pass untouched.

    A file counts as rolling when at least 30 % of its cues begin with all the words that the cue before added.
    """
    if len(cues) < 3:
        return list(cues)
    words = [cue.text.split() for cue in cues]
    shared = [0] + [_overlap(before, after) for before, after in pairwise(words)]
    shared = [
        n if k and cue.start - cues[k - 1].end < 0.5 else 0 for k, (cue, n) in enumerate(zip(cues, shared, strict=True))
    ]
    rolling = sum(1 for k, n in enumerate(shared) if n and n >= min(3, len(words[k - 1])))
    if rolling < 0.3 * (len(cues) - 1):
        return list(cues)
    kept: list[Cue] = []
    for cue, own, repeated in zip(cues, words, shared, strict=True):
        if repeated < len(own):
            kept.append(replace(cue, text=" ".join(own[repeated:])))
        elif kept:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, cue.end))
    return kept


def _overlap(before: Sequence[str], after: Sequence[str]) -> int:
    """How many words at the start of `after` repeat the end of `before`."""
    for count in range(min(len(before), len(after)), 0, -1):
        if list(before[-count:]) == list(after[:count]):
            return count
    return 0

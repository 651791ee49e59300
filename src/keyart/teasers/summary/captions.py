"""The words that are heard in the summary: cut to its pieces, moved to its clock, beside it or on its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.speech.products import transcript_srt, transcript_vtt
from keyart.teasers.summary.framing import Size
from keyart.teasers.summary.pieces import Piece
from keyart.types import RGB, Box, Cue, Preset, Product, Receipt, Transcript, Word

BESIDE_CHARACTERS = 84
"""Two lines of 42, as subtitles have them."""
BURNT_CHARACTERS = 40
"""Two short lines that are read at a glance on a phone."""
_LEAST_SHARE = 0.3
"""Less of a cue than this is the error of its times, not something that is heard."""
_GAP_SECONDS = 0.3
"""A caption stays through a pause that is no longer."""
_HOLD_SECONDS = 0.4
"""How long a caption stays after its last word, if the next is not yet due."""
_BLACK = (0, 0, 0)
_FONT_SHARE, _LEAST_FONT_SHARE = 0.05, 0.03


def retimed(transcript: Transcript, pieces: Sequence[Piece], max_characters: int = BESIDE_CHARACTERS) -> Transcript:
    """The words that are heard, in cues of at most `max_characters`, times from the summary's first frame.

    Every cue of `transcript` has times of its words. A cue ends with a cut, so that no words stand under another scene.
    """
    cues = [cue for piece in pieces for one in transcript.cues for cue in _within(one, piece, max_characters)]
    return replace(transcript, cues=tuple(_held(cues, pieces)))


def _within(cue: Cue, piece: Piece, max_characters: int) -> Iterator[Cue]:
    moved = piece.shown_at - piece.start
    heard = [one for one in cue.words if piece.start <= (one.start + one.end) / 2 < piece.end]
    if sum(len(one.text) for one in heard) < _LEAST_SHARE * sum(len(one.text) for one in cue.words):
        return
    for run in _lines(heard, max_characters):
        start, end = max(run[0].start, piece.start) + moved, min(run[-1].end, piece.end) + moved
        words = tuple(replace(one, start=one.start + moved, end=one.end + moved) for one in run)
        yield Cue(" ".join(one.text for one in run), start, max(end, start + 0.05), words, cue.confidence)


def _lines(words: Sequence[Word], max_characters: int) -> list[list[Word]]:
    """Runs of at most so many characters, as even as their number allows, rather broken after a comma or a point."""
    length = sum(len(one.text) + 1 for one in words) - 1
    if length <= max_characters or len(words) < 2:
        return [list(words)] if words else []
    aim = length / -(-length // max_characters)
    best = min(range(1, len(words)), key=lambda at: _break_cost(words, at, aim))
    first, rest = words[:best], words[best:]
    return [*_lines(first, max_characters), *_lines(rest, max_characters)]


def _break_cost(words: Sequence[Word], at: int, aim: float) -> float:
    length = sum(len(one.text) + 1 for one in words[:at]) - 1
    mark = words[at - 1].text[-1:]
    return abs(length - aim) / aim - {".": 0.5, "!": 0.5, "?": 0.5, ",": 0.3, ";": 0.4, ":": 0.4}.get(mark, 0.0)


def _held(cues: Sequence[Cue], pieces: Sequence[Piece]) -> Iterator[Cue]:
    """Each cue stays a little, up to the next one or the cut."""
    cuts = [one.shown_at + one.seconds for one in pieces]
    for cue, after in pairwise([*cues, None]):
        if cue is None:
            continue
        cut = next((one for one in cuts if one > cue.start + 1e-6), cue.end)
        due = after.start if after is not None else cut
        end = due if cue.end <= due <= cue.end + _GAP_SECONDS else min(cue.end + _HOLD_SECONDS, due)
        yield replace(cue, end=max(cue.start + 0.05, min(end, cut)))


def caption_files(heard: Transcript, stem: str) -> Iterator[Product]:
    """`stem`.vtt and `stem`.srt; nothing where no word is heard."""
    for suffix, text in (("vtt", transcript_vtt(heard)), ("srt", transcript_srt(heard))):
        if heard.cues:
            path = f"{stem}.{suffix}"
            facts = {"of": f"{stem}.mp4", "source": heard.source, "cues": len(heard.cues)}
            yield Product(path, text.encode(), "captions", Receipt(path, facts))


# --- on the picture ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Overlay:
    """A caption as it lies on the picture: colours and how much they cover, at (x, y)."""

    x: int
    y: int
    colours: NDArray[np.float32]
    cover: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class BurntIn:
    """Draws the cue of the moment, in type that is found and broken as a cover's headline is."""

    cues: tuple[Cue, ...]
    preset: Preset

    def __post_init__(self) -> None:
        object.__setattr__(self, "_overlay", lru_cache(2)(self._drawn))

    def on(self, image: RGB, seconds: float) -> RGB:
        cue = next((one for one in self.cues if one.start <= seconds < one.end), None)
        overlay: _Overlay | None = self._overlay(cue.text) if cue else None  # type: ignore[attr-defined]  # set above
        if overlay is None:
            return image
        height, width = overlay.cover.shape[:2]
        shown = np.array(image)
        place = shown[overlay.y : overlay.y + height, overlay.x : overlay.x + width]
        place[:] = (place * (1 - overlay.cover) + overlay.colours * overlay.cover + 0.5).astype(np.uint8)
        return shown

    def _drawn(self, text: str) -> _Overlay | None:
        from PIL import Image

        from keyart.covers.draw import cloud, letter, lettering_mask, line_boxes
        from keyart.covers.palette import WHITE

        size, area = (self.preset.width_px, self.preset.height_px), self.preset.safe
        block = _set(text, size, area)
        if block is None:
            return None
        em = block.font_px
        bottom = area.bottom - 0.05 * size[1]
        box = Box(area.x + (area.width - block.width) / 2, bottom - block.height, block.width, block.height)
        # drawn on black and on white: what differs between the two is what the caption covers
        layers: list[Any] = []
        for ground in (_BLACK, WHITE):
            image = Image.new("RGB", size, ground)
            cloud(image, lettering_mask(size, block, box, "center"), _BLACK, 0.35 * em, 0.55)
            letter(image, block, box, "center", WHITE, stroke_px=0.09 * em, stroke=_BLACK)
            layers.append(np.asarray(image, np.float32))
        inked = line_boxes(block, box, "center")
        x0, y0 = (max(0, int(min(getattr(one, side) for one in inked) - em)) for side in ("x", "y"))
        x1, y1 = int(max(one.right for one in inked) + em), int(max(one.bottom for one in inked) + em)
        dark, light = (one[y0:y1, x0:x1] for one in layers)
        cover = np.clip(1 - (light - dark).mean(axis=2, keepdims=True) / 255, 0, 1)
        colours = np.where(cover > 1e-3, dark / np.maximum(cover, 1e-3), 0)
        return _Overlay(x0, y0, colours.astype(np.float32), cover.astype(np.float32))


def _set(text: str, size: Size, area: Box) -> Any:
    from keyart.covers.breaks import ways_to_break
    from keyart.covers.layout import TypeRule, geometric_px, set_in
    from keyart.covers.typefaces import typeface

    face = typeface(text, "bold")
    rule = TypeRule(face, max_size=_FONT_SHARE, min_size=_LEAST_FONT_SHARE, leading=1.16, max_lines=3, pad=0.12)
    return set_in(ways_to_break(text, face), rule, 0.94 * area.width, 0.3 * area.height, geometric_px(*size))

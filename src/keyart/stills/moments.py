"""Moments of a video as a user writes them down."""

from __future__ import annotations

import re

from keyart.errors import BadSetting

OWN_COVER = "cover"
"""Written instead of a time: the cover picture that the author put into the file."""
MOST = 12
"""Moments that can be named at once; each is a full picture in memory."""


def parse_moments(text: str) -> tuple[float | None, ...]:
    """'12.345', '1:02.5', '12.3, 47, cover' -> seconds, None for the author's cover. Raises `BadSetting`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not 1 <= len(words) <= MOST:
        raise BadSetting(f"1 to {MOST} moments can be named, not {len(words)}: {text!r}")
    return tuple(None if word == OWN_COVER else _seconds(word) for word in words)


def _seconds(word: str) -> float:
    if not re.fullmatch(r"(\d{1,3}:)?(\d{1,3}:)?\d{1,7}(\.\d{1,9})?", word, flags=re.ASCII):
        raise BadSetting(f"{word!r} is no moment; write seconds as 12.345, a clock as 1:02.5, or {OWN_COVER}")
    total = 0.0
    for part in word.split(":"):
        total = 60 * total + float(part)
    return total

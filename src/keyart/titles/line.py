"""Kept words -> the line as it is printed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from keyart.titles.russian import Token, is_stray


def quoted_spans(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """(opening mark, closing mark) of every quotation in the sentence, inner ones left out."""
    spans, opened = [], -1
    for token in tokens:
        if token.text in ("«", "“", "„") or (token.text in ('"', "''", "``") and opened < 0):
            opened = token.place if opened < 0 else opened
        elif token.text in ("»", "”", '"', "''") and opened >= 0:
            spans.append((opened, token.place))
            opened = -1
    return spans


def render(
    tokens: Sequence[Token], places: Sequence[int], *, dash_before: int = -1, replaced: dict[int, str] | None = None
) -> str:
    """Kept words in their order; marks between two kept neighbours stay, quotation marks round what is wholly kept."""
    kept = set(places)
    opening, closing = _kept_quotes(tokens, kept)
    out: list[str] = []
    last = -1
    closed = {place for _, place in quoted_spans(tokens)}
    dashed = dash_before < 0
    for token in tokens:
        if token.place in kept:
            if not dashed and token.place >= dash_before and out:
                dashed = True
                out.append(" —")
            plain = token.text.lower() if token.place == 0 and is_stray(token.text) else token.text
            word = (replaced or {}).get(token.place, plain)
            glue = token.glued and token.place - 1 == last and token.place not in opening
            out.append(("" if glue else " ") + ("«" if token.place in opening else "") + word)
            out.append("»" if token.place in closing else "")
            last = token.place
        elif token.place in closed and last == token.place - 1:
            last = token.place  # a comma behind a kept quotation stays
        elif not token.is_word and last == token.place - 1 and _next_word(tokens, token.place) in kept:
            if token.text in ("-", "–", "—") and not token.glued:
                out.append(" —")
                dashed = True
            elif token.text in (",", "-", "/", ":") or (
                token.text == "." and token.glued and tokens[token.place + 1].glued
            ):
                out.append(token.text)
                last = token.place
    return _spaced("".join(out))


def _next_word(tokens: Sequence[Token], place: int) -> int:
    """The place behind, past an opening quotation mark."""
    after = place + 1
    return after + 1 if any(first == after for first, _ in quoted_spans(tokens)) else after


def _kept_quotes(tokens: Sequence[Token], kept: set[int]) -> tuple[set[int], set[int]]:
    """(words that get an opening mark, words that get a closing mark)."""
    opening, closing = set(), set()
    for first, last in quoted_spans(tokens):
        inside = [token.place for token in tokens[first + 1 : last] if token.is_word]
        if inside and set(inside) <= kept:
            opening.add(inside[0])
            closing.add(inside[-1])
    return opening, closing


def _spaced(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip(" ,:;—-")
    return text[:1].upper() + text[1:] if not text.startswith("«") else "«" + text[1:2].upper() + text[2:]

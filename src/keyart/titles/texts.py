"""Titles without a video: a transcript that was read from a file, or JSON lines as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from keyart.errors import BadSetting, KeyartError
from keyart.speech.language import guess_language, language_name, short_code
from keyart.speech.written import from_text
from keyart.titles.products import titles_dict
from keyart.titles.write import LANGUAGES, WriteTitles
from keyart.types import Headline, Outcome, Transcript

Review = Callable[[Sequence[Headline]], tuple[Headline, ...]]
"""Headlines -> those that may be shown."""


def titles_of(writer: WriteTitles, transcript: Transcript) -> Outcome[tuple[Headline, ...]]:
    """As `WriteTitles` itself, but of words alone: there is no file whose name or chapters could help out.

    Raises `MissingModel` for Russian without the models.
    """
    language = short_code(writer.language) or transcript.language or guess_language(transcript.text)
    if language not in LANGUAGES:
        return Outcome((), "skipped", f"no writer for {language_name(language)}; there are: {', '.join(LANGUAGES)}")
    found = writer.write(replace(transcript, language=language))
    backend = "extract-and-compress"
    if len(found) >= writer.count:
        return Outcome(found, backend=backend)
    reason = f"the text supports {len(found)} of {writer.count} headlines"
    return Outcome(found, "degraded" if found else "skipped", reason, backend)


def answer_lines(
    lines: Iterable[str | bytes], writer: WriteTitles, review: Review = tuple
) -> Iterator[tuple[bool, dict[str, Any]]]:
    """JSON lines {"id"?, "text", "language"?} -> (well, {"id"?, "titles", "reason"?}), one for one, as they come.

    A line that cannot be answered gives (False, {"id"?, "line", "error"}); empty lines give nothing.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        asked: dict[str, Any] = {}
        try:
            asked = _asked(line)
            yield True, _answer(asked, writer, review)
        except KeyartError as err:
            yield False, _named(asked) | {"line": number, "error": str(err)}


def _asked(line: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise BadSetting(f"no JSON: {err}") from err
    if not isinstance(value, dict):
        raise BadSetting('a line is an object {"id", "text"}')
    return value


def _answer(asked: dict[str, Any], writer: WriteTitles, review: Review) -> dict[str, Any]:
    if not isinstance(asked.get("text"), str):
        raise BadSetting('"text" is missing, or is no string')
    outcome = titles_of(writer, from_text(asked["text"], language=str(asked.get("language") or "")))
    titles = titles_dict(review(outcome.value))["titles"]
    return _named(asked) | {"titles": titles} | ({"reason": outcome.reason} if outcome.reason else {})


def _named(asked: dict[str, Any]) -> dict[str, Any]:
    return {"id": asked["id"]} if "id" in asked else {}

"""Headlines and description -> titles.json, titles.txt, description.txt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keyart.plain import dumps
from keyart.titles.chapters import chapter_lines, clock
from keyart.types import Headline, Product, Receipt

if TYPE_CHECKING:
    from keyart.titles.describe import Description

SCHEMA = 1


def titles_dict(headlines: Sequence[Headline], id: str | None = None) -> dict[str, Any]:
    """{"id"?, "schema", "titles": [{"text", "start", "end", "supported", "score", "angle", "source", "language",
    "quote"}]}: best first, seconds rounded to 1 ms."""
    named = {} if id is None else {"id": id}
    return named | {"schema": SCHEMA, "titles": [_title(one) for one in headlines]}


def _title(one: Headline) -> dict[str, Any]:
    return {
        "text": one.text,
        "start": round(one.start, 3),
        "end": round(one.end, 3),
        "supported": one.supported,
        "score": round(one.score, 4),
        "angle": one.angle,
        "source": one.source,
        "language": one.language,
        "quote": one.quote,
    }


def description_dict(found: Description) -> dict[str, Any]:
    """{"description": {"text", "sentences": [{"text", "start", "end", "quote"}], "language"}, "chapters": [{"start",
    "end", "title", "time"}], "tags": [...]}: `time` as YouTube writes it; both lists may be empty."""
    whole = found.chapters[-1].start if found.chapters else 0.0
    return {
        "description": {
            "text": found.text,
            "language": found.language,
            "sentences": [
                {"text": one.text, "start": round(one.start, 3), "end": round(one.end, 3), "quote": one.quote}
                for one in found.claims
            ],
        },
        "chapters": [
            {
                "start": round(one.start, 3),
                "end": round(one.end, 3),
                "title": one.title,
                "time": clock(one.start, whole),
            }
            for one in found.chapters
        ],
        "tags": list(found.tags),
    }


def description_text(found: Description) -> str:
    """As one pastes it under a video: the sentences, the chapters, the tags, blank lines between; or nothing."""
    parts = [found.text, chapter_lines(found.chapters).rstrip("\n"), ", ".join(found.tags)]
    shown = "\n\n".join(part for part in parts if part)
    return f"{shown}\n" if shown else ""


def titles_products(
    headlines: Sequence[Headline], id: str | None = None, description: Description | None = None
) -> tuple[Product, ...]:
    """titles.json as in `titles_dict`, with what `description_dict` gives where a description was made; titles.txt with
    one headline a line, best first; description.txt where there is anything to paste."""
    told = description_dict(description) if description is not None else {}
    files = {
        "titles.json": dumps(titles_dict(headlines, id) | told),
        "titles.txt": "".join(f"{one.text}\n" for one in headlines),
    }
    titles = {"titles": titles_dict(headlines)["titles"]}
    facts: dict[str, dict[str, Any]] = {path: titles for path in files}  # noqa: C420  nobody changes it
    pasted = description_text(description) if description is not None else ""
    if pasted:
        files["description.txt"], facts["description.txt"] = pasted, told
    return tuple(Product(path, text.encode(), "titles", Receipt(path, facts[path])) for path, text in files.items())

"""Headlines -> titles.json and titles.txt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from keyart.types import Headline, Product, Receipt

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


def titles_products(headlines: Sequence[Headline], id: str | None = None) -> tuple[Product, ...]:
    """titles.json as in `titles_dict`, titles.txt with one headline a line, best first."""
    facts = {"titles": titles_dict(headlines)["titles"]}
    shown = json.dumps(titles_dict(headlines, id), ensure_ascii=False, indent=1) + "\n"
    lines = "".join(f"{one.text}\n" for one in headlines)
    return tuple(
        Product(path, text.encode(), "titles", Receipt(path, facts))
        for path, text in (("titles.json", shown), ("titles.txt", lines))
    )

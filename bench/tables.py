"""Result of a bench -> the table that the docs show of it. A result with `tables` of its own needs nothing here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Result = Mapping[str, Any]
Table = dict[str, Any]


def stills(result: Result) -> Table:
    """What was planted and offered, and whether the first still shows a face."""
    rows = [
        [
            f"{mode} scan",
            found["clips"],
            found["stills_offered"],
            sum(found["planted_offered"].values()),
            f"{found['face_first']} of {found['clips_with_face']}",
        ]
        for mode, found in result["summary"].items()
    ]
    columns = ["stills", "clips", "offered", "planted frames among them", "first still has a face, where one is due"]
    return {"columns": columns, "align": "lrrrr", "rows": rows}


def shots(result: Result) -> Table:
    """Hard cuts and gradual transitions against hand-made truth."""
    found = result["total"]
    columns = ["shots", "precision", "recall", "F1", "gradual found"]
    rates = [f"{found[name]:.3f}" for name in ("precision", "recall", "f1")]
    gradual = f"{found['gradual_hits']} of {found['gradual_total']}"
    row = [f"{len(result['videos'])} real edits", *rates, gradual]
    return {"columns": columns, "align": "lrrrr", "rows": [row]}


def titles(result: Result) -> Table:
    """ROUGE-L against the titles that people gave, beside what takes no writer and the best sentence in hindsight; each
    set whole and its half that nothing was tuned on."""
    names = ("first headline", "best of three", "first sentence", "TextRank", "random sentence", "best sentence")
    checks = ("grammar check passed %", "supported %", "same from capitals %")
    rows = []
    for name, found in result["sets"].items():
        kept = [f"{found[check]:.1f} %" for check in checks]
        for label, part, said in ((name, found, kept), (f"{name}, held out", found.get("held out"), [""] * len(kept))):
            if part and part["pairs"] > 1:
                rows.append([label, part["pairs"], *(f"{part[f'{one} ROUGE-L']:.1f}" for one in names), *said])
    shown = (*names[:-1], "best sentence, in hindsight")
    columns = [
        "titles, ROUGE-L",
        "texts",
        *shown,
        "pass the grammar check",
        "supported by the text",
        "the same from capitals",
    ]
    return {"columns": columns, "align": "l" + "r" * (len(columns) - 1), "rows": rows}


def covers(result: Result) -> Table:
    """Faces left free, contrast and what an OCR engine reads back, per layout."""
    rows = [
        [
            name,
            found["covers"],
            found["faces_covered"],
            f"{found['contrast_least']:.1f}" if "contrast_least" in found else "",
            *(f"{100 * found[key]:.0f} %" if key in found else "" for key in ("word_recall_ru", "word_recall_en")),
        ]
        for name, found in (*result["templates"].items(), ("all but naive", result["all"]))
    ]
    columns = ["covers at 246x138", "covers", "faces covered", "least contrast", "words read back, ru", "en"]
    return {"columns": columns, "align": "lrrrrr", "rows": rows}


RENDERERS: dict[str, Callable[[Result], Table]] = {
    "stills": stills,
    "shots": shots,
    "titles": titles,
    "covers": covers,
}
"""Name of the result, and of its table -> how it is shown."""

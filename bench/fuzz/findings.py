"""Table of cases -> what the page shows of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from bench.fuzz.mutators import BYTES, FLV, GIF, MATROSKA, MP4, OGG, RIFF, TEXT, TS
from bench.fuzz.outcome import FAULTS, GOOD
from bench.fuzz.seeds import Seed
from bench.fuzz.table import Case, counts
from bench.record import commit, machine

_FAMILIES = {
    "bytes of any file": BYTES, "boxes of MP4": MP4, "elements of Matroska": MATROSKA, "packets of MPEG-TS": TS,
    "chunks of AVI": RIFF, "pages of Ogg": OGG, "tags of FLV": FLV, "GIF": GIF, "subtitles beside": TEXT,
}  # fmt: skip
_COLUMNS = GOOD


def result_of(cases: Sequence[Case], clips: Sequence[Seed], words: str) -> dict[str, Any]:
    """bench/results/fuzz.json: counts by mutator and by format, times, the classes of refusals."""
    good = [one for one in cases if one.outcome in _COLUMNS]
    return {
        "commit": commit(),
        "machine": machine(),
        "command": f"keyart {words} FILE",
        "cases": len(cases),
        "distinct_files": len({one.sha256 for one in cases}),
        "with_these_words": sum(one.words == words for one in cases),
        "outcomes": dict(counts(cases)),
        "faults": [
            {"case": one.number, "clip": one.clip, "mutator": one.mutator, "outcome": one.outcome, "reason": one.reason}
            for one in cases
            if one.outcome in FAULTS
        ],
        "reasons": dict(Counter(one.reason for one in cases if one.outcome != "made").most_common(60)),
        "code": dict(Counter(one.code for one in cases)),
        "clips": [one.facts() for one in clips],
        "tables": {
            "fuzz": _table("mutated", cases, _family),
            "fuzz-formats": _table("format", cases, lambda one: one.clip.rsplit(".", 1)[-1]),
        },
        "facts": {
            "fuzz-cases": f"{len(cases):,}",
            "fuzz-files": f"{len({one.sha256 for one in cases}):,}",
            "fuzz-clips": len(clips),
            "fuzz-faults": sum(one.outcome in FAULTS for one in cases),
            "fuzz-median-seconds": f"{median([one.cpu_seconds for one in good] or [0.0]):.1f}",
            "fuzz-slowest-seconds": f"{max((one.cpu_seconds for one in good), default=0.0):.1f}",
            "fuzz-slowest-clock": f"{max((one.seconds for one in good), default=0.0):.1f}",
            "fuzz-most-megabytes": max((one.peak_mb for one in good), default=0),
        },
    }


def _family(case: Case) -> str:
    first = case.mutator.split(" + ")[0]
    return next((name for name, table in _FAMILIES.items() if first in table), "the whole file")


def _table(title: str, cases: Sequence[Case], kind: Callable[[Case], str]) -> dict[str, Any]:
    kinds: dict[str, list[Case]] = {}
    for one in cases:
        kinds.setdefault(kind(one), []).append(one)
    rows = [[name, *_row(kinds[name])] for name in sorted(kinds, key=lambda name: -len(kinds[name]))]
    columns = [title, "files", *_COLUMNS, "faults", "CPU s, median", "CPU s, most", "MB, most"]
    return {"columns": columns, "align": "l" + "r" * (len(columns) - 1), "rows": [*rows, ["all", *_row(cases)]]}


def _row(cases: Sequence[Case]) -> list[str]:
    found = counts(cases)
    seconds = [one.cpu_seconds for one in cases] or [0.0]
    return [
        f"{len(cases):,}",
        *(str(found[name]) for name in _COLUMNS),
        str(sum(found[name] for name in FAULTS)),
        f"{median(seconds):.1f}",
        f"{max(seconds):.1f}",
        str(max((one.peak_mb for one in cases), default=0)),
    ]

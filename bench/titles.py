"""Titles against their uploaders' own: python -m bench.titles [--limit N] [--out FOLDER].

ROUGE-1 and ROUGE-L F1 with one definition for all: tokens `\\w+`, case folded, HTML unescaped (PyPI's rouge-score drops
Cyrillic). Data: ../shared/gt/ru_text (real machine transcripts with the uploader's title; news texts with headlines).
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.record import RESULTS, commit, machine, write_result
from keyart.titles.check import problems
from keyart.titles.sentences import split_sentences
from keyart.titles.support import missing_words
from keyart.titles.write import WriteTitles
from keyart.types import Cue, Headline, Transcript

DATA = Path(__file__).parents[1] / "../shared/gt/ru_text"
SEED = 0


def rouge_tokens(text: str) -> list[str]:
    return re.findall(r"\w+", html.unescape(text).casefold().replace("ё", "е"))


def rouge_1(candidate: str, reference: str) -> float:
    """F1 of shared words, each counted as often as both have it; 0 ... 1.

    >>> rouge_1("Кот спит", "кот не спит")
    0.8
    """
    left, right = Counter(rouge_tokens(candidate)), Counter(rouge_tokens(reference))
    return _f1(sum((left & right).values()), left.total(), right.total())


def rouge_l(candidate: str, reference: str) -> float:
    """F1 of the longest common subsequence of words; 0 ... 1.

    >>> rouge_l("спит кот дома", "кот спит дома")
    0.6666666666666666
    """
    left, right = rouge_tokens(candidate), rouge_tokens(reference)
    return _f1(_longest_common(left, right), len(left), len(right))


def _f1(shared: int, left: int, right: int) -> float:
    return 2 * shared / (left + right) if shared else 0.0


def _longest_common(left: Sequence[str], right: Sequence[str]) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        before = 0
        for at, other in enumerate(right, 1):
            before, row[at] = row[at], before + 1 if word == other else max(row[at], row[at - 1])
    return row[-1]


Pair = tuple[str, str]


def video_pairs(folder: Path) -> list[Pair]:
    """(title, transcript) of the videos marked clean."""
    with gzip.open(folder / "rutube_transcript_title_dev.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [(row["title"], row["transcript"]) for row in rows if row["clean"]]


def news_pairs(folder: Path) -> list[Pair]:
    lines = (folder / "ru_news_title_text_dev.jsonl").read_text("utf-8").splitlines()
    return [(row["title"], row["text"]) for row in map(json.loads, lines)]


def measure(pairs: Sequence[Pair], write: Callable[[str], Sequence[Headline]]) -> dict[str, Any]:
    """Scores of the writer's first and best headline, and of the baselines, over the pairs; ROUGE in per cent."""
    chance = random.Random(SEED)
    rows: list[dict[str, float]] = []
    lines: list[Headline] = []
    seconds = []
    for title, text in pairs:
        sentences = [one.text for one in split_sentences(transcript_of(text))] or [text]
        started = time.perf_counter()
        found = write(text)
        seconds.append(time.perf_counter() - started)
        lines += found
        texts = [one.text for one in found]
        picks = {
            "first headline": texts[0] if texts else "",
            "first sentence": sentences[0],
            "random sentence": chance.choice(sentences),
        }
        row = {
            f"{name} ROUGE-{kind}": score(pick, title)
            for name, pick in picks.items()
            for kind, score in (("1", rouge_1), ("L", rouge_l))
        }
        row["best of three ROUGE-L"] = max((rouge_l(one, title) for one in texts), default=0.0)
        row["headlines"] = len(texts)
        rows.append(row)
    return _summary(rows, lines) | {"pairs": len(pairs), "median seconds": round(statistics.median(seconds), 3)}


def _summary(rows: Sequence[dict[str, float]], lines: Sequence[Headline]) -> dict[str, Any]:
    means: dict[str, Any] = {
        name: round(statistics.mean(row[name] for row in rows) * (1 if name == "headlines" else 100), 2)
        for name in rows[0]
    }
    angles = Counter(one.angle for one in lines)
    return means | {
        "three offered %": round(100 * statistics.mean(row["headlines"] >= 3 for row in rows), 1),
        "grammar check passed %": round(
            100 * statistics.mean(not problems(one.text, one.language, one.angle) for one in lines), 1
        ),
        "supported %": round(
            100 * statistics.mean(not missing_words(one.text, one.quote, one.language) for one in lines), 1
        ),
        "mean words": round(statistics.mean(len(one.text.split()) for one in lines), 2),
        "mean characters": round(statistics.mean(len(one.text) for one in lines), 1),
        "angles": dict(sorted(angles.items())),
    }


def transcript_of(text: str) -> Transcript:
    return Transcript("ru", "text", (Cue(text, 0.0, max(1.0, len(text) / 15)),))


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m bench.titles", description=__doc__)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--limit", type=int, default=0, help="only the first N pairs of each set")
    options.add_argument("--out", type=Path, default=RESULTS, help="folder for titles.json")
    named = options.parse_args(argv)
    if not named.data.is_dir():
        print(f"{named.data}: no such folder; the titles bench needs the annotated texts", file=sys.stderr)
        return 1
    writer = WriteTitles()
    sets = {"video transcripts": video_pairs(named.data), "news": news_pairs(named.data)}
    writer.write(transcript_of("Кот спит дома."))  # the models load once, outside the timing
    found = {
        name: measure(pairs[: named.limit or None], lambda text: writer.write(transcript_of(text)))
        for name, pairs in sets.items()
    }
    facts = {"schema": 1, "commit": commit(), "machine": machine(("slovnet", "navec", "pymorphy3")), "seed": SEED}
    write_result("titles", facts | {"data": "shared/gt/ru_text", "sets": found}, named.out)
    print(json.dumps(found, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

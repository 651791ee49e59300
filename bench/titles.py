"""Titles against their uploaders' own: python -m bench titles [--limit N] [--page FILE | --speed] [--out FOLDER].

ROUGE-1, -2 and -L F1 with one definition for all systems: tokens `\\w+`, case folded, HTML unescaped, datelines removed
(PyPI's rouge-score drops Cyrillic). Data: ../shared/gt/ru_text (real machine transcripts with the uploader's title;
news texts with headlines). A hash of the title splits the pairs once and for all: the writer was tuned on the
`development` half alone, the `held out` half says what that is worth.
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
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.record import RESULTS, commit, machine, write_result
from bench.textrank import central_sentence, lead_cut, random_sentence
from bench.titles_speed import race
from keyart.titles.check import problems
from keyart.titles.dedup import GuidMaster
from keyart.titles.embed import embedders_for
from keyart.titles.salience import content_lemmas
from keyart.titles.sentences import split_sentences
from keyart.titles.support import missing_words
from keyart.titles.write import WriteTitles
from keyart.types import Cue, Headline, Transcript

DATA = Path(__file__).parents[1] / "../shared/gt/ru_text"
SEED = 0
PAGE_TITLES = 30


# --- scores -----------------------------------------------------------------------------------------------------


def rouge_tokens(text: str) -> list[str]:
    return re.findall(r"\w+", html.unescape(text).casefold().replace("ё", "е"))


def rouge_n(candidate: str, reference: str, n: int = 1) -> float:
    """F1 of shared runs of n words, each counted as often as both have it; 0 ... 1.

    >>> rouge_n("Кот спит", "кот не спит")
    0.8
    >>> rouge_n("кот спит дома", "дома кот спит", 2)
    0.5
    """
    left, right = (_runs(rouge_tokens(text), n) for text in (candidate, reference))
    return _f1(sum((left & right).values()), left.total(), right.total())


def _runs(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))


def rouge_1(candidate: str, reference: str) -> float:
    return rouge_n(candidate, reference, 1)


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


SCORES: Mapping[str, Callable[[str, str], float]] = {
    "1": rouge_1,
    "2": lambda candidate, reference: rouge_n(candidate, reference, 2),
    "L": rouge_l,
}


# --- data -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    title: str
    text: str
    language: str = "ru"

    @property
    def is_development(self) -> bool:
        """Which half it belongs to, for ever."""
        return zlib.crc32(self.title.encode()) % 2 == 0

    @property
    def covered(self) -> float:
        """Share of the title's lemmas that the text says at all, 0 ... 1."""
        wanted = set(content_lemmas(html.unescape(self.title), self.language))
        return len(wanted & set(content_lemmas(self.text, self.language))) / max(1, len(wanted))


def video_pairs(folder: Path) -> list[Pair]:
    """The videos marked clean."""
    with gzip.open(folder / "rutube_transcript_title_dev.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [Pair(row["title"], row["transcript"]) for row in rows if row["clean"]]


def news_pairs(folder: Path) -> list[Pair]:
    lines = (folder / "ru_news_title_text_dev.jsonl").read_text("utf-8").splitlines()
    return [Pair(row["title"], _LOST_BREAK.sub(" ", row["text"])) for row in map(json.loads, lines)]


_LOST_BREAK = re.compile(r"(?<=[^\sA-Za-z])n+(?=[^\sa-z])|(?<![^\s])n(?=[А-ЯЁ])|(?<=[a-z])n(?=[А-Яа-яё.«])")
"""The news set lost the backslash of its line breaks: 'заявилnон.nРанее'. Mended for every system alike."""


def english_pairs(folder: Path) -> list[Pair]:
    """Three English texts whose titles are known: too few for a figure to lean on, enough to see a break."""
    near = folder.parent / "transcripts"
    lecture = json.loads((near / "physicsworks_whisper_medium.json").read_text("utf-8"))
    return [
        Pair("The conservation of mechanical energy", " ".join(one["text"] for one in lecture["segments"]), "en"),
        Pair("The Communist Manifesto", _subtitle_text((near / "manifesto.srt").read_text("utf-8")), "en"),
        Pair("The Tree of Life", _subtitle_text((near / "treeOfLife_en_text_only.vtt").read_text("utf-8")), "en"),
    ]


def _subtitle_text(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return " ".join(
        line for line in lines if line and not line.isdigit() and "-->" not in line and "WEBVTT" not in line
    )


def best_covered(pairs: Sequence[Pair]) -> list[Pair]:
    """The half whose titles the speech covers best, in the old order."""
    order = sorted(range(len(pairs)), key=lambda place: (-pairs[place].covered, place))
    return [pairs[place] for place in sorted(order[: len(pairs) // 2])]


def transcript_of(text: str, language: str = "ru") -> Transcript:
    return Transcript(language, "text", (Cue(text, 0.0, max(1.0, len(text) / 15)),))


# --- measuring --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What every system makes of one text."""

    pair: Pair
    headlines: tuple[Headline, ...]
    picks: Mapping[str, str]
    oracle: str
    seconds: float
    from_capitals: frozenset[str]
    """Headlines of the same text in capitals throughout."""


def tell(pair: Pair, writer: WriteTitles, chance: random.Random) -> Told:
    transcript = transcript_of(pair.text, pair.language)
    sentences = [one.text for one in split_sentences(transcript)] or [pair.text]
    started = time.perf_counter()
    found = writer.write(transcript)
    seconds = time.perf_counter() - started
    picks = {
        "first headline": found[0].text if found else "",
        "first sentence": sentences[0],
        "random sentence": random_sentence(sentences, chance),
        "TextRank": central_sentence(sentences, pair.language),
        "lead, cut": lead_cut(sentences, writer.max_words),
    }
    oracle = max(sentences, key=lambda one: rouge_l(one, pair.title))
    shouted = writer.write(transcript_of(html.unescape(pair.text).upper(), pair.language))
    return Told(pair, found, picks, oracle, seconds, frozenset(one.text for one in shouted))


def summary(told: Sequence[Told]) -> dict[str, Any]:
    """ROUGE in per cent for every system, and what holds of every headline offered."""
    found: dict[str, Any] = {}
    for name in (*told[0].picks, "best sentence"):
        picks = [one.oracle if name == "best sentence" else one.picks[name] for one in told]
        for kind, score in SCORES.items():
            values = [score(pick, one.pair.title) for pick, one in zip(picks, told, strict=True)]
            found[f"{name} ROUGE-{kind}"] = _percent(values)
    best = [max((rouge_l(line.text, one.pair.title) for line in one.headlines), default=0.0) for one in told]
    lines = [(line, one) for one in told for line in one.headlines]
    return found | {"best of three ROUGE-L": _percent(best)} | _holds(told, [line for line, _ in lines])


def _holds(told: Sequence[Told], lines: Sequence[Headline]) -> dict[str, Any]:
    wrong = [problems(line.text, line.language, line.angle) for line in lines]
    return {
        "headlines": round(statistics.mean(len(one.headlines) for one in told), 2),
        "three offered %": _percent([len(one.headlines) >= 3 for one in told], 1),
        "grammar check passed %": _percent([not one for one in wrong], 1),
        "disagreeing %": _percent(
            [any("disagree" in what or "wrong case" in what for what in one) for one in wrong], 1
        ),
        "supported %": _percent([not missing_words(one.text, one.quote, one.language) for one in lines], 1),
        "same from capitals %": _percent([line.text in one.from_capitals for one in told for line in one.headlines], 1),
        "finite verb %": _percent([_has_finite_verb(one) for one in lines], 1),
        "near duplicates %": _percent([_repeats(one) for one in told], 1),
        "mean words": round(statistics.mean(len(one.text.split()) for one in lines), 2),
        "mean characters": round(statistics.mean(len(one.text) for one in lines), 1),
        "angles": dict(sorted(Counter(one.angle for one in lines).items())),
        "pairs": len(told),
        "median seconds": round(statistics.median(one.seconds for one in told), 3),
    }


def _percent(values: Sequence[float], digits: int = 2) -> float:
    return round(100 * statistics.mean(values), digits)


def _has_finite_verb(line: Headline) -> bool:
    if line.language == "en":
        from keyart.titles.english import tag

        return any(kind in ("VBD", "VBZ", "VBP", "MD") for _, kind, _ in tag(line.text))
    from keyart.titles.russian import parse

    return any(token.is_finite for token in parse(line.text))


def _repeats(one: Told) -> bool:
    """Whether two of the headlines offered are one for GuidMaster."""
    texts = [line.text for line in one.headlines]
    verdicts = GuidMaster(WriteTitles().tau)(texts, one.pair.text, embedders_for(one.pair.language)) if texts else ()
    return any(verdict.master != place for place, verdict in enumerate(verdicts))


def measure(pairs: Sequence[Pair], writer: WriteTitles) -> dict[str, Any]:
    """The set as a whole, its two halves, and the half whose titles the text covers best."""
    chance = random.Random(SEED)
    told = [tell(pair, writer, chance) for pair in pairs]
    well = best_covered(pairs)
    parts = {
        "development": [one for one in told if one.pair.is_development],
        "held out": [one for one in told if not one.pair.is_development],
        "best covered half": [one for one in told if one.pair in well],
    }
    return summary(told) | {name: _short(part) for name, part in parts.items() if part}


def _short(told: Sequence[Told]) -> dict[str, Any]:
    return {name: value for name, value in summary(told).items() if "ROUGE-L" in name or name == "pairs"}


def page(pairs: Sequence[Pair], writer: WriteTitles) -> str:
    """Headlines of real texts, to be read by a person; evenly over the set."""
    step = max(1, len(pairs) // PAGE_TITLES)
    parts = []
    for pair in pairs[::step][:PAGE_TITLES]:
        found = writer.write(transcript_of(pair.text, pair.language))
        lines = [f"- **{one.text}** ({one.angle}, {one.score:.2f}): {one.quote[:120]}" for one in found]
        parts.append("\n".join([f"## {pair.title}", *(lines or ["- nothing that can be stood for"])]))
    return "\n\n".join(["# Titles to be read", *parts]) + "\n"


def longest_first(pairs: Sequence[Pair]) -> list[str]:
    return [pair.text for pair in sorted(pairs, key=lambda pair: (-len(pair.text), pair.text))]


def _only_speed(speed: Mapping[str, Any], folder: Path) -> int:
    path = folder / "titles.json"
    if not path.is_file():
        print(f"{path}: no such file; run the bench without --speed first", file=sys.stderr)
        return 1
    write_result("titles", json.loads(path.read_text("utf-8")) | {"speed": speed}, folder)
    print(json.dumps(speed, ensure_ascii=False, indent=1))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m bench titles", description=__doc__)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--limit", type=int, default=0, help="only the first N pairs of each set")
    options.add_argument("--out", type=Path, default=RESULTS, help="folder for titles.json")
    options.add_argument(
        "--page", type=Path, help=f"write {PAGE_TITLES} texts' titles to this file to be read, no figures"
    )
    options.add_argument("--speed", action="store_true", help="measure only the speed, into the result that is there")
    named = options.parse_args(argv)
    if not named.data.is_dir():
        print(f"{named.data}: no such folder; the titles bench needs the annotated texts", file=sys.stderr)
        return 1
    writer = WriteTitles()
    sets = {
        "video transcripts": video_pairs(named.data),
        "news": news_pairs(named.data),
        "English": english_pairs(named.data),
    }
    if named.page:
        named.page.write_text(page(sets["video transcripts"], writer), "utf-8")
        return 0
    speed = {"commit": commit()} | race(longest_first(sets["video transcripts"]))
    if named.speed:
        return _only_speed(speed, named.out)
    writer.write(transcript_of("Кот спит дома."))  # the models load once, outside the timing
    found = {name: measure(pairs[: named.limit or None], writer) for name, pairs in sets.items()}
    facts = {"schema": 1, "commit": commit(), "machine": machine(("slovnet", "navec", "pymorphy3")), "seed": SEED}
    write_result("titles", facts | {"data": "shared/gt/ru_text", "speed": speed, "sets": found}, named.out)
    print(json.dumps({"speed": speed, "sets": found}, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

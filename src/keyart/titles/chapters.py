"""Where the talk turns to something else: TextTiling on lemmas (Hearst 1997), and a true title for each part.

Between any two sentences the words before are compared with the words after; where their cosine falls into a valley,
deep on both sides, the topic shifts.

    cosine  ─╮   ╭──╮      ╭───
             ╰───╯  │      │         depth = (left peak - v) + (right peak - v)
                    ╰──v───╯
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from keyart.titles.salience import Salience, content_lemmas
from keyart.titles.sentences import Sentence

MIN_CHAPTERS = 3
"""YouTube shows no fewer; nor a list that does not begin at 0:00."""
MIN_SECONDS = 10.0
"""YouTube's shortest chapter."""
WINDOW_LEMMAS = (20, 60)
"""Fewest and most words that are compared on either side: a tenth of the talk between the two.

Hearst's blocks hold 6 x 20 tokens, half of them stop words.
"""
SHOT_SECONDS = 1.5
"""A boundary as near to a cut of the picture moves there."""
_SHOT_BONUS = 1.2
_SHORTEST_SHARE = 0.04
"""A chapter is at least this share of the whole, so that a long talk has no more than about twenty-five."""
_SPOKEN_SECONDS = 45.0
"""In a talk of some minutes, nothing shorter is worth a chapter."""

Titler = Callable[[Sequence[Sentence]], Sequence[str]]
"""Sentences of a part -> titles that they support, best first."""


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter: where it starts and ends, seconds, and what it is called."""

    start: float
    end: float
    title: str


def chapters(
    sentences: Sequence[Sentence],
    salience: Salience,
    language: str,
    titler: Titler,
    *,
    duration_seconds: float,
    shot_starts: Sequence[float] = (),
    min_seconds: float = MIN_SECONDS,
) -> tuple[Part, ...]:
    """At least three parts with different titles, the first from 0; none where the talk gives no such list.

    `shot_starts`: seconds, sorted; `min_seconds`: the shortest part.
    """
    shortest = spacing(duration_seconds, min_seconds)
    if len(sentences) < 2 * MIN_CHAPTERS or duration_seconds < MIN_CHAPTERS * shortest or _without_times(sentences):
        return ()
    depths = valley_depths([content_lemmas(one.text, language) for one in sentences], salience.weights)
    gaps = shifts(sentences, depths, shortest, duration_seconds, shot_starts)
    parts = _titled(sentences, [0, *gaps, len(sentences)], titler)
    if len(parts) < MIN_CHAPTERS:
        return ()
    starts = [0.0, *(snapped(sentences[first].start, shot_starts) for first, _ in parts[1:])]
    ends = [*starts[1:], duration_seconds]
    if any(end - start < min_seconds for start, end in zip(starts, ends, strict=True)):
        return ()
    return tuple(Part(start, end, title) for start, end, (_, title) in zip(starts, ends, parts, strict=True))


def spacing(duration_seconds: float, min_seconds: float = MIN_SECONDS) -> float:
    """Seconds that a chapter lasts at least: 10 in a clip, 45 in a talk, a twenty-fifth of a long one."""
    usual = min(_SPOKEN_SECONDS, duration_seconds / 5)
    return max(min_seconds, MIN_SECONDS, usual, duration_seconds * _SHORTEST_SHARE)


def _without_times(sentences: Sequence[Sentence]) -> bool:
    return sentences[-1].end <= sentences[0].start


def valley_depths(lemmas: Sequence[Sequence[str]], weights: Mapping[str, float]) -> list[float]:
    """For each gap before sentence 1, 2 ... how deep the valley of likeness is there, 0 ... 2."""
    least, most = WINDOW_LEMMAS
    size = min(most, max(least, sum(map(len, lemmas)) // 10))
    likeness = [
        _cosine(_block(lemmas[:place][::-1], size), _block(lemmas[place:], size), weights)
        for place in range(1, len(lemmas))
    ]
    smooth = [_mean(likeness[max(0, k - 1) : k + 2]) for k in range(len(likeness))]
    return [_peak(smooth[: k + 1][::-1]) + _peak(smooth[k:]) - 2 * value for k, value in enumerate(smooth)]


def _block(sentences: Sequence[Sequence[str]], size: int) -> Counter[str]:
    """The nearest `size` words, whole sentences."""
    found: Counter[str] = Counter()
    for one in sentences:
        found.update(one)
        if found.total() >= size:
            break
    return found


def _cosine(left: Counter[str], right: Counter[str], weights: Mapping[str, float]) -> float:
    def weight(counts: Counter[str], lemma: str) -> float:
        return counts[lemma] * weights.get(lemma, 0.3)

    shared = sum(weight(left, lemma) * weight(right, lemma) for lemma in sorted(left.keys() & right.keys()))
    norms = [math.sqrt(sum(weight(one, lemma) ** 2 for lemma in sorted(one))) for one in (left, right)]
    return shared / (norms[0] * norms[1]) if all(norms) else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _peak(values: Sequence[float]) -> float:
    """Climb from the first value as long as it goes up."""
    best = values[0]
    for value in values[1:]:
        if value < best:
            break
        best = value
    return best


def shifts(
    sentences: Sequence[Sentence],
    depths: Sequence[float],
    shortest: float,
    duration_seconds: float,
    shot_starts: Sequence[float] = (),
) -> list[int]:
    """Numbers of the sentences that open a part: the deepest valleys, `shortest` seconds apart and from both ends.

    Hearst's bar: no valley less than the mean depth less half its deviation.
    """
    mean = _mean(depths)
    bar = mean - math.sqrt(_mean([(one - mean) ** 2 for one in depths])) / 2
    scored = [
        (depth * (_SHOT_BONUS if snapped(sentences[place].start, shot_starts, moved_only=True) >= 0 else 1.0), place)
        for place, depth in enumerate(depths, 1)
        if depth > max(bar, 0.0)
    ]
    chosen: list[int] = []
    edges = [0.0, duration_seconds]
    for _, place in sorted(scored, key=lambda pair: (-pair[0], pair[1])):
        start = sentences[place].start
        if all(abs(start - edge) >= shortest + SHOT_SECONDS for edge in edges):
            chosen.append(place)
            edges.append(start)
    return sorted(chosen)


def snapped(seconds: float, shot_starts: Sequence[float], *, moved_only: bool = False) -> float:
    """The nearest cut within `SHOT_SECONDS`, else the time itself (or -1)."""
    place = bisect_left(shot_starts, seconds)
    near = [one for one in shot_starts[max(0, place - 1) : place + 1] if abs(one - seconds) <= SHOT_SECONDS]
    if near:
        return min(near, key=lambda one: (abs(one - seconds), one))
    return -1.0 if moved_only else seconds


def _titled(sentences: Sequence[Sentence], edges: Sequence[int], titler: Titler) -> list[tuple[int, str]]:
    """(first sentence, title) of each part; a part that gives no title of its own belongs to the one before."""
    found: list[tuple[int, str]] = []
    taken: set[str] = set()
    for first, after in pairwise(edges):
        titles = [one for one in titler(sentences[first:after]) if one.casefold() not in taken]
        if titles:
            found.append((first if found else 0, titles[0]))
            taken.add(titles[0].casefold())
    return found


def clock(seconds: float, whole_seconds: float) -> str:
    """`M:SS`, or `H:MM:SS` in a list that passes an hour; rounded down, so that nothing is cut off."""
    left = int(seconds)
    if whole_seconds >= 3600:
        return f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
    return f"{left // 60}:{left % 60:02}"


def chapter_lines(parts: Sequence[Part]) -> str:
    """YouTube's format, one chapter a line; empty for none."""
    whole = parts[-1].start if parts else 0.0
    return "".join(f"{clock(one.start, whole)} {one.title}\n" for one in parts)

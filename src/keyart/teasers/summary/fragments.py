"""Shots, pauses and sentences -> fragments: what may be taken or left, cut only where no word is cut.

shots      |-------------------|-------------|----------------------|
speech       wwww www. www ww    www www www.        (music)
fragments  |         |         |             |        |             |
                     ^ sentence ends          ^ shot   ^ a long stretch without words, divided
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from keyart.teasers.summary.hearing import Span
from keyart.types import Shot

Kind = Literal["edge", "shot", "sentence", "pause", "divided"]
_STRENGTH: dict[Kind, int] = {"edge": 9, "shot": 4, "sentence": 3, "pause": 2, "divided": 1}
_LEAD_SECONDS, _TAIL_SECONDS = 0.15, 0.3
"""Of a pause, kept before speech begins and after it ends: shorter sounds clipped."""
_SENTENCE_REACH_SECONDS = 0.7
"""Times of sentences inside a subtitle are shares of its letters; their pause is looked for so far around."""
_PHRASE_PAUSE_SECONDS = 0.35
"""A pause that ends a phrase where no text says so."""
_SHORT_PAUSE_SECONDS = 1.2
"""A longer pause is a stretch of its own."""
_GUARD_SECONDS = 0.05
_IDLE_SECONDS = 3.0
_LEAST_HEARD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Joint:
    """Where two fragments meet: anywhere within [start, end] can be cut. Between shots it is as wide as the dissolve or
    the fade, which neither side shows; a plain cut has no width."""

    start: float
    end: float
    kind: Kind

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Fragment:
    """A stretch between two joints. Cut out alone, the pauses at its ends are trimmed: `start` ... `end`."""

    before: Joint
    after: Joint

    @property
    def start(self) -> float:
        lead = 0.0 if self.before.kind == "shot" else _LEAD_SECONDS
        return max(self.before.middle, self.before.end - lead)

    @property
    def end(self) -> float:
        tail = 0.0 if self.after.kind == "shot" else _TAIL_SECONDS
        return min(self.after.middle, self.after.start + tail)

    @property
    def seconds(self) -> float:
        """With its half of the pauses: neighbours taken together are as long as the sum of theirs."""
        return self.after.middle - self.before.middle


@dataclass(frozen=True, slots=True)
class Cutting:
    """How a video is cut into fragments."""

    min_seconds: float = 1.5
    """Shortest fragment, 0.4 ... 10."""
    max_seconds: float = 6.0
    """A stretch without words is divided into parts no longer than this, 1 ... 60."""
    max_speech_seconds: float = 12.0
    """A longer sentence may be cut at its longest pause, 2 ... 120."""

    def __call__(
        self,
        shots: Sequence[Shot],
        pauses: Sequence[Span],
        sentences: Sequence[Span],
        end_seconds: float,
        lit: Span | None = None,
    ) -> tuple[Fragment, ...]:
        """Fragments that tile [0, end_seconds]; `sentences` may be empty. `lit`: from when until when there is anything
        to see; the black before and after is trimmed as idle pauses are."""
        joints = [*_of_pauses(pauses, sentences), *_of_shots(shots, pauses)]
        joints = _ordered([*_edges(pauses, end_seconds, lit or (0.0, end_seconds)), *joints])
        joints = list(self._divided(joints, pauses))
        joints = self._without_slivers(joints)
        return tuple(Fragment(a, b) for a, b in pairwise(joints))

    def _divided(self, joints: Sequence[Joint], pauses: Sequence[Span]) -> Iterator[Joint]:
        """Long stretches divided: in the silence anywhere, in speech at the longest pauses."""
        for before, after in pairwise(joints):
            yield before
            yield from self._inside(before, after, pauses)
        yield joints[-1]

    def _inside(self, before: Joint, after: Joint, pauses: Sequence[Span]) -> Iterator[Joint]:
        start, end = before.middle, after.middle
        if any(a - 1e-6 <= start and end <= b + 1e-6 for a, b in pauses):
            count = min(int(-(-(end - start) // self.max_seconds)), int((end - start) / self.min_seconds + 1e-6))
            for number in range(1, count):
                at = start + (end - start) * number / count
                yield Joint(at, at, "divided")
        elif end - start > self.max_speech_seconds:
            margin = self.min_seconds
            open_to = [(a, b) for a, b in pauses if start + margin <= a and b <= end - margin]
            if open_to:
                # the middle third first: a sentence that loses a word or two at one end gains nothing
                a, b = max(open_to, key=lambda one: (one[1] - one[0]) * _centred((one[0] + one[1]) / 2, start, end))
                joint = Joint(a, b, "pause")
                yield from self._inside(before, joint, pauses)
                yield joint
                yield from self._inside(joint, after, pauses)

    def _without_slivers(self, joints: list[Joint]) -> list[Joint]:
        """The weaker end of the shortest fragment goes, until none is shorter than `min_seconds`."""
        while len(joints) > 2:
            lengths = [b.middle - a.middle for a, b in pairwise(joints)]
            shortest = min(range(len(lengths)), key=lengths.__getitem__)
            if lengths[shortest] >= self.min_seconds:
                break
            ends = [number for number in (shortest, shortest + 1) if 0 < number < len(joints) - 1]
            joints.pop(min(ends, key=lambda number: (_STRENGTH[joints[number].kind], -number)))
        return joints


def _centred(at: float, start: float, end: float) -> float:
    share = (at - start) / (end - start)
    return min(share, 1 - share)


def _edges(pauses: Sequence[Span], end_seconds: float, lit: Span) -> tuple[Joint, Joint]:
    """The ends of the video, with the pause before the first word and after the last: nobody waits for a summary."""
    opening = next((b for a, b in pauses if a <= 0.05), 0.0)
    closing = next((a for a, b in pauses if b >= end_seconds - 0.05), end_seconds)
    first = opening if opening <= _IDLE_SECONDS else min(opening, lit[0])
    last = closing if end_seconds - closing <= _IDLE_SECONDS else max(closing, lit[1])
    if last - first < _LEAST_HEARD_SECONDS:  # hardly a word: the pictures are what there is
        first, last = min(opening, lit[0]), max(closing, lit[1])
    if last - first < _LEAST_HEARD_SECONDS:
        first, last = 0.0, end_seconds
    return Joint(0.0, first, "edge"), Joint(last, end_seconds, "edge")


def _of_pauses(pauses: Sequence[Span], sentences: Sequence[Span]) -> Iterator[Joint]:
    ends = _sentence_pauses(pauses, sentences)
    for pause in pauses:
        start, end = pause
        if end - start > _SHORT_PAUSE_SECONDS:
            width = _SHORT_PAUSE_SECONDS / 2
            kind: Kind = "sentence" if pause in ends or not _inside_any(pause, sentences) else "pause"
            yield from (Joint(a, b, kind) for a, b in ((start, start + width), (end - width, end)))
        elif pause in ends:
            yield Joint(start, end, "sentence")
        elif end - start >= _PHRASE_PAUSE_SECONDS and not _inside_any(pause, sentences):
            yield Joint(start, end, "pause")


def _inside_any(pause: Span, sentences: Sequence[Span]) -> bool:
    middle = (pause[0] + pause[1]) / 2
    return any(start < middle < end for start, end in sentences)


def _sentence_pauses(pauses: Sequence[Span], sentences: Sequence[Span]) -> set[Span]:
    """For each end of a sentence the longest pause that is near it."""
    found = set()
    for (_, end), (start, _) in pairwise(sentences):
        low, high = end - _SENTENCE_REACH_SECONDS, max(start, end) + _SENTENCE_REACH_SECONDS
        near = [one for one in pauses if one[1] > low and one[0] < high]
        if near:
            found.add(max(near, key=lambda one: (min(one[1], high) - max(one[0], low), -one[0])))
    return found


def _of_shots(shots: Sequence[Shot], pauses: Sequence[Span]) -> Iterator[Joint]:
    """Changes of shot that fall into a pause; one amid a word cannot be cut at."""
    for shot in shots[1:]:
        at, around = shot.start, next(((a, b) for a, b in pauses if a <= shot.start <= b), None)
        if around is not None:
            # a shot begins in the middle of the mix with the one before
            half = shot.transition_seconds / 2 + _GUARD_SECONDS if shot.transition_seconds else 0.0
            reach = min(half, at - around[0], around[1] - at)
            yield Joint(at - reach, at + reach, "shot")


def _ordered(joints: Sequence[Joint]) -> list[Joint]:
    """In order of time; of joints that overlap the stronger stays: a change of shot before the pause around it."""
    kept: list[Joint] = []
    for joint in sorted(joints, key=lambda one: (one.middle, -_STRENGTH[one.kind])):
        if kept and joint.start < kept[-1].end + 0.02:
            if _STRENGTH[joint.kind] > _STRENGTH[kept[-1].kind]:
                kept[-1] = joint
        else:
            kept.append(joint)
    return kept

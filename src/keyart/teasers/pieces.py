"""Stills and shots -> the pieces of a teaser: short stretches from different moments in which something happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from keyart.media.clip import read_clips
from keyart.types import RGB, Frame, Gray, Shot, Still, Term, VideoInfo

LEAST_SECONDS = 0.4
"""A piece shorter than this is a flicker."""
_GUARD_SECONDS = 0.08
"""Kept free at both ends of a shot: a boundary may be a frame or two off."""
BLACK_LEVEL = 24
"""A piece whose lightest parts stay below this shows nothing."""
_UNRANKED_SCORE = 0.3
"""Of a moment that no still stands for, at most: the longest shot's."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A place to look at: the stretch that may be shown around it, and who proposed it."""

    seconds: float
    start: float
    end: float
    shot: int
    score: float
    still_rank: int = 0
    """0 where no still proposed it."""
    cluster: int = -1

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of one shot with its pictures and the visible terms of its score."""

    moment: Moment
    start: float
    end: float
    frames: tuple[Frame, ...]
    frames_per_second: float
    terms: tuple[Term, ...]
    movement: float
    """Mean change from step to step, in grey levels."""
    brightness: float
    """Of the lightest parts of its middle frame, 0 ... 255."""
    thumb: NDArray[np.float32]

    @property
    def score(self) -> float:
        return _score(self.terms)


# --- where to look ----------------------------------------------------------------------------------------------


def moments(
    stills: Sequence[Still],
    shots: Sequence[Shot],
    end_seconds: float,
    *,
    looks: int,
    apart: float,
    damaged: Sequence[tuple[float, float]] = (),
) -> tuple[Moment, ...]:
    """At most `looks` places, `apart` seconds from each other, the most promising and different first.

    Stills come first, then places that no still stands for; shots too short to be seen, and what is damaged (stretches
    of seconds from, to), only where there is nothing else. Each place comes with the inside of its shot around it.
    """
    spans = _insides(shots, end_seconds)
    proposed = [_of_still(still, spans) for still in stills if still.origin == "scan"]
    unranked = list(_unranked(spans, end_seconds, looks))
    chosen: list[Moment] = []
    for group in (proposed, unranked):
        long = [whole for one in group if (whole := _undamaged(one, damaged)) is not None]
        _add_different(chosen, long, looks, apart, end_seconds / (2 * looks))
    if not chosen:
        _add_different(chosen, [*proposed, *unranked], looks, apart, end_seconds / (2 * looks))
    return tuple(chosen)


def _undamaged(moment: Moment, damaged: Sequence[tuple[float, float]]) -> Moment | None:
    """The moment in the whole part of its shot that is nearest to it; None where no part is long enough to be seen."""
    edges = [moment.start, *(edge for span in damaged for edge in span), moment.end]
    edges = [min(max(edge, moment.start), moment.end) for edge in edges]
    parts = [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start >= LEAST_SECONDS]
    if not parts:
        return None
    start, end = min(parts, key=lambda part: max(part[0] - moment.seconds, moment.seconds - part[1], 0.0))
    return replace(moment, seconds=min(max(moment.seconds, start), end), start=start, end=end)


def _add_different(chosen: list[Moment], group: Sequence[Moment], looks: int, apart: float, spaced: float) -> None:
    """Greedy: the best score after what is lost for being like those already chosen."""
    left = list(group)
    while len(chosen) < looks:
        left = [one for one in left if all(abs(one.seconds - other.seconds) >= apart for other in chosen)]
        if not left:
            return
        chosen.append(max(left, key=lambda one: (one.score - _likeness(one, chosen, spaced), -one.seconds)))


def _insides(shots: Sequence[Shot], end_seconds: float) -> list[tuple[float, float]]:
    """The part of each shot that no dissolve or fade touches; may be empty. Without shots, the whole video."""
    if not shots:
        return [(0.0, end_seconds)]
    spans = []
    for number, shot in enumerate(shots):
        after = shots[number + 1].transition_seconds if number + 1 < len(shots) else 0.0
        first = shot.start + (shot.transition_seconds + _GUARD_SECONDS if number else 0.0)
        last = shot.end - (after + _GUARD_SECONDS if number + 1 < len(shots) else 0.0)
        spans.append((first, max(first, last)))
    return spans


def _of_still(still: Still, spans: Sequence[tuple[float, float]]) -> Moment:
    shot = _place(still.seconds, spans)  # a still's shot number may come from another list of shots
    start, end = spans[shot]
    seconds = min(max(still.seconds, start), end)
    return Moment(seconds, start, end, shot, still.score, still.rank, still.cluster)


def shot_at(shots: Sequence[Shot], seconds: float) -> int:
    """Number of the shot that a moment is in, 0 without shots."""
    return _place(seconds, [(one.start, one.end) for one in shots]) if shots else 0


def _place(seconds: float, spans: Sequence[tuple[float, float]]) -> int:
    return next((number for number, (_, end) in enumerate(spans) if seconds < end), len(spans) - 1)


def _unranked(spans: Sequence[tuple[float, float]], end_seconds: float, looks: int) -> Iterator[Moment]:
    """Moments that no still stands for: the middles of the longest shots, then even steps through the video."""
    longest = sorted(range(len(spans)), key=lambda shot: (spans[shot][0] - spans[shot][1], shot))
    for shot in longest[:looks] if len(spans) > 1 else ():
        start, end = spans[shot]
        share = (end - start) / (spans[longest[0]][1] - spans[longest[0]][0] or 1)
        yield Moment((start + end) / 2, start, end, shot, _UNRANKED_SCORE * (0.8 + 0.2 * share))
    for step in range(looks):
        seconds = end_seconds * (step + 0.5) / looks
        shot = _place(seconds, spans)
        start, end = spans[shot]
        yield Moment(min(max(seconds, start), end), start, end, shot, _UNRANKED_SCORE * 0.8)


def _likeness(one: Moment, chosen: Sequence[Moment], spaced: float) -> float:
    """What a moment loses for being in the shot, the cluster or the neighbourhood of one that is chosen."""
    loss = 0.0
    for other in chosen:
        near = max(0.0, 1 - abs(one.seconds - other.seconds) / spaced) if spaced else 1.0
        same = one.cluster == other.cluster and one.cluster >= 0
        loss += 0.3 * near + 0.2 * (one.shot == other.shot) + 0.2 * same
    return loss


# --- looking ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What was read around a moment, and figures of each frame."""

    frames: tuple[Frame, ...]
    frames_per_second: float
    steps: NDArray[np.float32]
    """Mean change to the next frame, in grey levels; one fewer than frames."""
    light: NDArray[np.float32]
    detail: NDArray[np.float32]
    """Mean gradient over contrast: a dark frame is not punished for being dark."""


def best_pieces(
    info: VideoInfo, places: Sequence[Moment], seconds: float, *, frames_per_second: float, longest_px: int
) -> list[Piece]:
    """The best stretch of `seconds` (shorter in a short shot) around each place; none where nothing can be decoded.

    What is read is half as long again as what is shown: the still must stay near.
    """
    spans = [_window(place, 1.5 * seconds) for place in places]
    clips = read_clips(info, spans, frames_per_second=frames_per_second, longest_px=longest_px)
    found = {number: _best(places[number], frames, seconds, frames_per_second) for number, frames in clips if frames}
    return [found[number] for number in sorted(found)]


def _best(moment: Moment, frames: tuple[Frame, ...], seconds: float, frames_per_second: float) -> Piece:
    look = _measured(frames, frames_per_second)
    count = max(1, min(len(frames), round(seconds * frames_per_second)))
    first, last = _uncut(look.steps, len(frames), count)
    count = min(count, last - first)
    stretches = [(at, at + count) for at in range(first, last - count + 1)]
    return _piece(moment, look, *max(stretches, key=lambda one: (_score(_terms(moment, look, *one)), -one[0])))


def _window(moment: Moment, seconds: float) -> tuple[float, float]:
    """`seconds` around the moment, moved to lie inside its shot."""
    if moment.length <= seconds:
        return moment.start, moment.end
    start = min(max(moment.start, moment.seconds - seconds / 2), moment.end - seconds)
    return start, start + seconds


def _measured(frames: tuple[Frame, ...], frames_per_second: float) -> _Look:
    small = np.stack([_thumb(frame.image) for frame in frames])
    steps = np.abs(np.diff(small, axis=0)).mean(axis=(1, 2)) if len(frames) > 1 else np.zeros(1, np.float32)
    detail = np.array([_detail(frame.image[..., 1]) for frame in frames], np.float32)
    return _Look(frames, frames_per_second, steps, small.mean(axis=(1, 2)), detail)


def _thumb(image: RGB) -> NDArray[np.float32]:
    """The green plane in means over blocks, about 80 across: noise and fine texture do not count as movement."""
    block = max(1, max(image.shape[:2]) // 80)
    rows, columns = image.shape[0] // block, image.shape[1] // block
    green = np.ascontiguousarray(image[: rows * block, : columns * block, 1])
    down = np.add.reduce(green.reshape(rows, block, columns * block), axis=1, dtype=np.uint32)
    return np.asarray(down.reshape(rows, columns, block).sum(axis=2) / np.float32(block * block), np.float32)


def _detail(green: Gray) -> float:
    rows = green[::2].astype(np.int16)
    gradient = float(np.abs(np.diff(rows, axis=1)).mean()) if green.shape[1] > 1 else 0.0
    return gradient / (float(rows.std()) + 4)


def _uncut(steps: NDArray[np.float32], num_frames: int, count: int) -> tuple[int, int]:
    """First frame, and the one after the last, of the longest stretch that no missed cut and no flash runs through."""
    jumps = np.flatnonzero(steps > max(12.0, 5 * float(np.median(steps)))) + 1
    bounds = [0, *(int(jump) for jump in jumps), num_frames]
    first, last = max(pairwise(bounds), key=lambda pair: pair[1] - pair[0])
    strobes = last - first < min(count, 4)  # every stretch is cut, so none is spared
    return (0, num_frames) if strobes else (first, last)


def _piece(moment: Moment, look: _Look, first: int, last: int) -> Piece:
    frames, rate = look.frames[first:last], look.frames_per_second
    middle = frames[len(frames) // 2].image
    return Piece(
        moment,
        frames[0].seconds,
        frames[-1].seconds + 1 / rate,
        frames,
        rate,
        _terms(moment, look, first, last),
        _movement(look, first, last),
        float(np.percentile(middle[::4, ::4], 98)),
        _colours(middle),
    )


def _terms(moment: Moment, look: _Look, first: int, last: int) -> tuple[Term, ...]:
    movement = _movement(look, first, last)
    drift = float(np.ptp(look.light[first:last]))
    middle = (look.frames[first].seconds + look.frames[last - 1].seconds) / 2
    away = abs(middle - moment.seconds)
    return (
        Term("still", moment.score, 0.4, f"still {moment.still_rank}" if moment.still_rank else "no still here"),
        Term("movement", _activity(movement), 0.25, f"{movement:.1f} grey levels in 0.1 s"),
        Term("sharpness", min(1.0, float(np.percentile(look.detail[first:last], 25)) / 0.12), 0.15),
        Term("steady light", max(0.0, 1 - drift / 60), 0.1, f"{drift:.0f} grey levels of drift"),
        Term("near the still", max(0.0, 1 - away), 0.1, f"{away:.1f} s away"),
    )


def _movement(look: _Look, first: int, last: int) -> float:
    """Mean change within a tenth of a second, in grey levels."""
    return float(look.steps[first : max(first + 1, last - 1)].mean()) * look.frames_per_second / 10


def _score(terms: Sequence[Term]) -> float:
    return sum(term.value * term.weight for term in terms) / sum(term.weight for term in terms)


def _activity(levels_per_tenth: float) -> float:
    """0 for a still picture, 1 for people who move, back towards 0 for a whip pan."""
    rising = min(1.0, levels_per_tenth / 3)
    falling = 1.0 if levels_per_tenth < 15 else max(0.1, 1 - (levels_per_tenth - 15) / 20)
    return rising * falling


def _colours(image: RGB) -> NDArray[np.float32]:
    """A picture of 8 x 8 points from block means: how two pieces differ at a glance."""
    height, width = image.shape[:2]
    rows = np.array_split(image.astype(np.float32), min(8, height), axis=0)
    return np.array([[block.mean(axis=(0, 1)) for block in np.array_split(row, min(8, width), axis=1)] for row in rows])


# --- choosing ---------------------------------------------------------------------------------------------------


def choose(pieces: Sequence[Piece], count: int, end_seconds: float) -> tuple[Piece, ...]:
    """The `count` pieces that are best together: good, spread in time, unlike each other, disjoint. In time order.

    Fewer where there are not as many; black pieces only where there is nothing else.
    """
    lit = [piece for piece in pieces if piece.brightness >= BLACK_LEVEL] or list(pieces)[:1]
    for number in range(min(count, len(lit)), 1, -1):
        sets = [one for one in combinations(sorted(lit, key=lambda piece: piece.start), number) if _differ(one)]
        if sets:
            return max(sets, key=lambda one: _together(one, end_seconds))
    return (max(lit, key=lambda piece: (piece.score, -piece.start)),) if lit else ()


def _differ(pieces: Sequence[Piece]) -> bool:
    """Whether they share no second and no two are the same still picture."""
    apart = all(one.end <= other.start for one, other in pairwise(pieces))
    return apart and all(
        distance(one, other) > 0.02 or one.movement > 1 or other.movement > 1 for one, other in combinations(pieces, 2)
    )


def _together(pieces: Sequence[Piece], end_seconds: float) -> float:
    gaps = [other.start - one.end for one, other in pairwise(pieces)]
    # far enough is enough: half of the gap that even spacing would give
    spread = min(1.0, 2 * min(gaps) * (len(pieces) + 1) / end_seconds)
    unlike = sum(distance(one, other) for one, other in combinations(pieces, 2)) / (len(pieces) * (len(pieces) - 1) / 2)
    places = len({piece.moment.shot for piece in pieces}) / len(pieces)
    clusters = len({(piece.moment.cluster, piece.moment.cluster < 0 and piece.start) for piece in pieces}) / len(pieces)
    mean = sum(piece.score for piece in pieces) / len(pieces)
    return mean + 0.25 * spread + 0.3 * unlike + 0.2 * places + 0.2 * clusters


def distance(one: Piece, other: Piece) -> float:
    """0 for the same picture ... 1 for pictures that share nothing."""
    return min(1.0, float(np.abs(one.thumb - other.thumb).mean()) / 50)

"""Frames that are held: frozen, repeated in the place of others, or only given twice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from keyart.review.generated.moments import Moment

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Series = Mapping[str, Floats]


def change(moment: Moment) -> Mapping[str, float]:
    """How much the light of blocks changes, in per cent, less what the whole picture's does: neither grain nor flicker
    makes two frames of one picture look unlike."""
    ratio = np.log((moment.light + 8.0) / (moment.earlier.light + 8.0))
    return {"change": 100.0 * float(np.abs(ratio - np.median(ratio)).mean())}


HELD = 0.06
"""Share of the usual change below which a frame is held: where somebody only pauses, more changes."""
_HARDLY = 0.25
"""Share of the usual change below which a frame may be held: of faint motion the encoder makes a little in held frames
too. Such a frame counts as far as the picture then leaps to where it would have been."""
_LEAPS_FROM, _LEAPS_WHOLLY = 1.2, 1.5
"""Change after a held frame, in parts of what is usual around it: no leap up to the first, one from the second on."""
_GOES_ON, _LEAPS_ON = 1.25, 1.4
"""Mean of the changes after frames that are held at even distances: up to the first the picture goes on as usual and
they were only given twice (24 frames a second shown at 30), from the second on each replaced one that is missing."""
_LEAST_DISTANCE, _EVEN, _FEW_RUNS = 3, 0.75, 4
"""Frames from one that is given twice to the next, at least (every second one may as well be a fault); share of the
distances that are alike, or one more; and how many such frames it takes to tell."""
_STOPS, _RESTS = 0.1, 0.25
"""Change within a run of more than two held frames, in parts of the lesser of those right before and right after it:
frozen up to the first, at rest from the second on. What comes to rest slows down first, and begins to move slowly."""
_SINGLE = 2
"""Frames of a run that repeats at most."""
_AROUND = 8
_SEEN_CHANGE = 0.3
"""Change, in per cent, at which a held frame is half seen: in a clip in which hardly anything moves it is not."""
_STILL = 0.01
"""Usual change, in per cent, below which a clip stands still, the whole of it or most."""


def runs_of(flags: Flags) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each run of true values begins, and how long it is."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return edges[::2], edges[1::2] - edges[::2]


def between(low: float, high: float, values: Floats | float) -> Floats:
    """0 up to `low`, 1 from `high` on."""
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0), np.float64)


def held_runs(sure: Floats) -> list[tuple[int, Floats]]:
    """Where each run of what `held_surely` finds begins, and what it finds there."""
    return [(int(start), sure[start : start + length]) for start, length in zip(*runs_of(sure > 0), strict=True)]


def held_whole(series: Series) -> Mapping[str, float]:
    """Frozen and duplicated frames: their share, the longest run, and how many runs there are."""
    steps = series.get("change", np.zeros(0))
    if not steps.size:
        return {"held_share": 0.0, "held_longest": 0.0, "held_runs": 0.0}
    if float(np.percentile(steps, 75)) < _STILL:
        sure = np.ones(steps.size)
    else:
        sure = held_surely(steps)
        sure = sure * _seen(steps, sure > 0)
    runs = [values for _, values in held_runs(sure)]
    return {
        "held_share": float(sure.sum()) / steps.size,
        "held_longest": max((float(one.sum()) for one in runs), default=0.0) / steps.size,
        "held_runs": sum(float(one.max()) for one in runs) / steps.size,
    }


def _seen(steps: Floats, held: Flags) -> Floats:
    """(pairs,) 0 ... 1: how much a run of held frames is seen, by what usually changes or by the leap after it."""
    change = np.full(steps.size, _usual_change(steps))
    for start, length in zip(*runs_of(held), strict=True):
        leap = steps[start + length : start + length + 1].max(initial=0.0)  # none where the clip ends
        change[start : start + length] = max(change[start], leap)
    return change / (change + _SEEN_CHANGE)


def held_surely(steps: Floats) -> Floats:
    """(pairs,) 0 ... 1: how surely the second frame of each pair repeats the first in the place of one that is missing,
    of (pairs,) changes in per cent."""
    share = steps / _usual_around(steps)
    hardly = share < _HARDLY
    leaps, twice = _leaps_after(steps, hardly), np.zeros(steps.size)
    leapt = np.nan_to_num(between(_LEAPS_FROM, _LEAPS_WHOLLY, leaps))
    faintly = between(-_HARDLY, -HELD, -share) * leapt  # the less, the surer
    starts, lengths = runs_of(hardly)
    single = starts[lengths <= _SINGLE]
    twice[single] = _given_twice(single, leaps[single])
    twice[1:] = np.maximum(twice[1:], twice[:-1] * hardly[1:])
    return np.maximum(_frozen(steps, share < HELD), faintly) * (1.0 - twice)


def halted(steps: Floats) -> Flags:
    """(pairs,) whether it is one of frozen frames, or the leap after them."""
    frozen, found = _frozen(steps, steps < HELD * _usual_around(steps)) >= 0.5, np.zeros(steps.size + 1, np.bool_)
    for start, length in zip(*runs_of(frozen), strict=True):
        found[start : start + length + 1] |= length > _SINGLE
    return found[: steps.size]


def _usual_change(steps: Floats) -> float:
    """Of what is not held."""
    moving = steps[steps >= HELD * float(np.percentile(steps, 75))]
    return float(np.percentile(moving, 75)) if moving.size else 0.0


def _usual_around(steps: Floats) -> Floats:
    """Motion grows and dies away within a clip; but a long freeze is not what is usual, though it be all around."""
    least = max(_usual_change(steps), _STILL) / 2
    windows = (steps[max(0, n - _AROUND) : n + _AROUND + 1] for n in range(steps.size))
    return np.array([max(float(np.percentile(one, 75)), least) for one in windows])


def _frozen(steps: Floats, held: Flags) -> Floats:
    """(pairs,) of frames that change less than `HELD`: 1 of one or two of them, of more 0 ... 1, stopped or at rest."""
    found = np.zeros(steps.size)
    for start, length in zip(*runs_of(held), strict=True):
        end = start + length
        beside = [float(np.median(steps[max(0, start - 3) : start]))] if start else []
        beside += [float(steps[end])] if end < steps.size else []
        within = np.median(steps[start:end]) / max(min(beside, default=1.0), 1e-9)
        found[start:end] = 1.0 if length <= _SINGLE else 1.0 - between(_STOPS, _RESTS, within)
    return found


def _leaps_after(steps: Floats, hardly: Flags) -> Floats:
    """(pairs,) in each run the change right after it, in parts of the usual one around it; not a number elsewhere and
    where either is not known."""
    starts, lengths = runs_of(hardly)
    plain, ends, found = ~hardly, starts + lengths, np.full(steps.size, np.nan)
    plain[ends[ends < steps.size]] = False
    for start, end in zip(starts, ends, strict=True):
        around = slice(max(0, start - _AROUND), end + _AROUND + 1)
        usual = steps[around][plain[around]]
        if end < steps.size and usual.size >= 2:
            found[start:end] = steps[end] / np.median(usual)
    return found


def _given_twice(starts: NDArray[np.intp], leaps: Floats) -> float:
    """0 ... 1: whether single held frames lie at even distances and the picture goes on after them as usual."""
    known, distances = leaps[np.isfinite(leaps)], np.diff(starts)
    if known.size < max(_FEW_RUNS, starts.size / 2) or np.median(distances) < _LEAST_DISTANCE:
        return 0.0
    usual = int(np.median(distances))
    even = float(np.isin(distances, (usual, usual + 1)).mean())
    return 1.0 - float(between(_GOES_ON, _LEAPS_ON, known.mean())) if even >= _EVEN else 0.0

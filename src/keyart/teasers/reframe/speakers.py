"""Who speaks: whose mouth moves while a voice is heard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keyart.teasers.reframe.cast import Cast, Floats

_AROUND_SECONDS = 0.8
_STILL_LIPS = 0.012
"""Mean change of the gap between the lips, in lengths of the face from look to look, that a silent face shows too."""
_TALKING_LIPS = 0.035
_LEAST_RATIO = 1.5

Voice = Sequence[tuple[float, float]]
"""(start, end) of each stretch of speech, seconds."""


def movement(cast: Cast) -> Floats:
    """How much each mouth moves around each look, shape (T, N), in lengths of the face a look; 0 where unseen."""
    change = np.abs(np.diff(cast.mouths, axis=0, prepend=cast.mouths[:1]))
    known = np.isfinite(change)
    change[~known] = 0.0
    first = np.searchsorted(cast.seconds, cast.seconds - _AROUND_SECONDS)
    last = np.searchsorted(cast.seconds, cast.seconds + _AROUND_SECONDS, side="right")
    sums, counts = _running(change), _running(known)
    return np.asarray((sums[last] - sums[first]) / np.maximum(counts[last] - counts[first], 1))


def _running(values: NDArray[np.float64] | NDArray[np.bool_]) -> Floats:
    return np.concatenate([np.zeros((1, values.shape[1])), values.cumsum(axis=0)])


def speaking(cast: Cast, voice: Voice | None) -> Floats:
    """How sure it is that each one is who speaks, shape (T, N), 0 ... 1; a row of zeros where nobody is told apart.

    Where no voice is heard nobody speaks; `voice` None: the sound is not known, and mouths alone decide.
    """
    told = np.zeros(cast.mouths.shape)
    if len(cast) < 2:
        return told
    moved = movement(cast)
    active = np.clip((moved - _STILL_LIPS) / (_TALKING_LIPS - _STILL_LIPS), 0.0, 1.0)
    if voice is not None:
        heard = [any(start <= seconds < end for start, end in voice) for seconds in cast.seconds]
        active = active * np.array(heard, np.float64)[:, None]
    ranked = np.sort(moved, axis=1)
    # two mouths that move alike are laughter, chewing or noise: no one is told apart
    clear = ranked[:, -1] >= _LEAST_RATIO * np.maximum(ranked[:, -2], 1e-9)
    best = moved.argmax(axis=1)
    rows = np.flatnonzero(clear)
    told[rows, best[rows]] = active[rows, best[rows]]
    return told

"""A learned GIF generator at work (seed 002): features of each second -> the three seconds that the teaser shows.

What generates is a `.kamodel` of kind "triple"; nothing here needs torch. Training matches with these same functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel
from keyart.media.scan import Glimpse, Scan
from keyart.models.kamodel import Kamodel
from keyart.stills.embed import EMBEDDERS
from keyart.types import VideoInfo

Floats = NDArray[np.floating]

SECONDS = "teasers.seconds"
"""What a card calls the features of this module."""
SHOTS = 3
_WIDTH_PX = 160
_PICTURES_A_SECOND = 4
_SEARCHED = 256
"""Seconds that eq. 10 considers for each place, those likeliest there over the draws: 256^3 triples at most."""


def learned_triple(
    model: Kamodel, features: Floats, seconds: Sequence[float], draws: int = 64, seed: int = 0
) -> tuple[float, float, float] | None:
    """Where the three one-second shots of the GIF start, in the order in which they are to be shown (eq. 10).

    `features` is (n, d), a row for each second on offer, and `seconds` says where each of those starts. None where
    there are fewer than three. Raises `BadModel` for a model of another kind or for other features.
    """
    card = model.card
    if card.kind != "triple":
        raise BadModel(f"{card.name}: a model of kind {card.kind!r}; 'triple' is wanted here")
    if features.ndim != 2 or features.shape[1] != card.feature_size or len(features) != len(seconds):
        want, got = f"({len(seconds)}, {card.feature_size})", "x".join(map(str, features.shape))
        raise BadModel(f"{card.name}: wants {card.features} of shape {want}, got {got}")
    if len(seconds) < SHOTS:
        return None
    size = int(next(one.shape[1] for one in model.session.get_inputs() if one.name == "noise"))
    noise = np.random.default_rng(seed).standard_normal((draws, size))
    generated = model(features=features[None], noise=noise)[0]
    if generated.shape != (draws, SHOTS, card.feature_size) or not np.isfinite(generated).all():
        raise BadModel(f"{card.name}: generated {generated.shape}, or no numbers")
    first, second, third = most_likely(generated, features)
    return seconds[first], seconds[second], seconds[third]


# --- matching ---------------------------------------------------------------------------------------------------


def distances(generated: Floats, features: Floats) -> NDArray[np.float64]:
    """L2 norms (L, 3, n) between generated shots (L, 3, d) and a video's (n, d)."""
    made, shots = np.asarray(generated, np.float64), np.asarray(features, np.float64)
    squares = (made**2).sum(axis=-1)[..., None] + (shots**2).sum(axis=-1) - 2 * made @ shots.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def closest_matching(generated: Floats, features: Floats) -> NDArray[np.int64]:
    """Eq. 4: the numbers (L, 3) of three different shots with the least sum of distances to each generated GIF.

    A place takes one of its own three nearest in the best matching: were it a farther one, one of the three would be
    free, and nearer. Twenty-seven combinations are all there are to try.
    """
    apart = distances(generated, features)
    if apart.shape[-1] < SHOTS:
        raise ValueError(f"{apart.shape[-1]} shots; a GIF takes {SHOTS}")
    nearest = np.argsort(apart, axis=-1, kind="stable")[..., :SHOTS]
    cost = np.take_along_axis(apart, nearest, axis=-1)
    ranks = np.array(list(product(range(SHOTS), repeat=SHOTS)))
    places = np.arange(SHOTS)
    triples, sums = nearest[:, places, ranks], cost[:, places, ranks].sum(axis=-1)
    sums[_repeats(triples)] = np.inf
    return np.asarray(np.take_along_axis(triples, sums.argmin(axis=1)[:, None, None], axis=1)[:, 0], np.int64)


def most_likely(generated: Floats, features: Floats) -> tuple[int, int, int]:
    """Eq. 10: the triple of different shots whose likelihood is the greatest on average over L generated GIFs.

    The likelihood of a triple under one draw is exp(-sum of the three distances), whose logarithm training climbs.
    """
    apart = distances(generated, features)
    nearest = apart.min(axis=-1, keepdims=True)
    shares = np.exp(nearest - apart)  # of the best that each draw can have at each place
    best = nearest.sum(axis=(1, 2))
    weights = np.exp(best.min() - best)
    places = [_likely(weights @ shares[:, place]) for place in range(SHOTS)]
    first, second, third = (shares[:, place, kept] for place, kept in enumerate(places))
    top, found = 0.0, _likeliest_draw(generated, features)  # stays where all likelihoods are too small for a number
    for row, one in enumerate(places[0]):
        sums = (weights[:, None] * first[:, row, None] * second).T @ third
        sums[places[1] == one] = 0.0
        sums[:, places[2] == one] = 0.0
        sums[places[1][:, None] == places[2]] = 0.0
        at = int(sums.argmax())
        if sums.flat[at] > top:
            other, last = divmod(at, len(places[2]))
            top, found = float(sums.flat[at]), (int(one), int(places[1][other]), int(places[2][last]))
    return found


def _likeliest_draw(generated: Floats, features: Floats) -> tuple[int, int, int]:
    triples = closest_matching(generated, features)
    apart = distances(generated, features)
    sums = np.take_along_axis(apart, triples[..., None], axis=-1).sum(axis=(1, 2))
    first, second, third = (int(shot) for shot in triples[sums.argmin()])
    return first, second, third


def _likely(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.sort(np.argsort(-scores, kind="stable")[:_SEARCHED])


def _repeats(triples: NDArray[np.int64]) -> NDArray[np.bool_]:
    one, two, three = triples[..., 0], triples[..., 1], triples[..., 2]
    return np.asarray((one == two) | (two == three) | (one == three))


# --- features ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class SecondsWatcher:
    """Looks on at a pass and keeps the mean descriptor of the pictures in each second, four of them at most."""

    embedder: str = "classical"
    """One of `EMBEDDERS`."""
    _rows: dict[int, list[NDArray[np.float32]]] = field(default_factory=dict)

    def see(self, glimpse: Glimpse) -> None:
        second = int(glimpse.seconds)
        rows = self._rows.setdefault(second, [])
        if len(rows) <= (glimpse.seconds - second) * _PICTURES_A_SECOND:
            rows.append(EMBEDDERS[self.embedder](glimpse.small(_WIDTH_PX)))

    def features(self) -> NDArray[np.float32]:
        """Shape (seconds, d), (0, 0) where nothing was seen; a second in which no picture begins repeats the last."""
        if not self._rows:
            return np.zeros((0, 0), np.float32)
        means = {second: np.mean(rows, axis=0) for second, rows in self._rows.items()}
        row = means[min(means)]
        return np.stack([row := means.get(second, row) for second in range(max(means) + 1)]).astype(np.float32)


def second_features(info: VideoInfo, embedder: str = "classical") -> NDArray[np.float32]:
    """A row for each second of the video, shape (n, d): the mean descriptor of its pictures.

    One decode of the video. Raises `UnreadableVideo` where there are no pictures.
    """
    watcher = SecondsWatcher(embedder)
    for glimpse in Scan()(info):
        watcher.see(glimpse)
    return watcher.features()

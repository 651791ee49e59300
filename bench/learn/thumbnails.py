"""Thumbnails whose worth is known: fine, representative and different from one another (D5.4 §3.2).

Planted, first generator. A video is a run of about 48 rows: three long scenes, three short ones, and single frames
between them. Scenes are of five kinds, which each video uses in its own way: what lasts here is short there.

    long scene     stands for a quarter of the video; one of the three is finer than the others
    short scene    fine, and over after three frames
    cutaway        the finest of all, one frame, of a sixth kind that lasts nowhere: a card, a flash, a logo

The truth is the finest moment of each long scene. The finest three frames are cutaways, and after those frames of the
finest scene. Aesthetics know neither what lasts nor what was shown already. Training sees features and aesthetics,
nobody's choices: that cutaways stand for nothing is learned from the reward alone.

Second generator, written after the recipe and the first bench were committed: about 60 rows that are not negative and
as long as they come out, as the features of ReLU networks are; three looks take turns in short shots and make up most
of the video, two more are rare, and a sponsor's look, the same in all videos and the finest, comes twice. Wanted is the
finest moment of each of the three, wherever it falls.

The null control evaluates on choices whose frames were permuted: any three frames are then as good as any others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.learn.planted import Claim, Planted
from keyart.learn.thumbnails.matching import TOP, hits, top_matching
from keyart.learn.thumbnails.rl_divts import LearnThumbnails, fit, thumbnails
from keyart.learn.thumbnails.videos import ThumbnailVideo
from keyart.learn.training import rng

VIDEOS, HELD_OUT = 24, 60
KINDS, OWN = 6, 10
"""Directions of the features: one a kind, and those in which scenes of one kind differ."""
CUTAWAY = 0
_HERE = Path()


@dataclass(frozen=True, slots=True)
class Scene:
    kind: int
    length: int
    fine: float
    """Mean aesthetics of its frames."""
    wanted: bool
    """Whether a thumbnail of it is."""


@dataclass(frozen=True, slots=True)
class Data:
    train: tuple[ThumbnailVideo, ...]
    test: tuple[ThumbnailVideo, ...]
    name: str


def long_and_short(chance: np.random.Generator) -> list[Scene]:
    """Three long scenes, three short, four cutaways, in an order of their own."""
    kinds = (chance.permutation(KINDS - 1) + 1).tolist()
    finest = int(chance.integers(3))
    long = [Scene(kinds[n], int(chance.integers(10, 14)), 0.62 if n == finest else 0.45, True) for n in range(3)]
    short = [Scene(kinds[3 + n % 2], 3, float(chance.uniform(0.45, 0.7)), False) for n in range(3)]
    cutaways = [Scene(CUTAWAY, 1, float(chance.uniform(0.75, 0.9)), False) for _ in range(4)]
    order = chance.permutation(6).tolist()
    scenes = [[*long, *short][place] for place in order]
    for at, cutaway in zip(sorted(chance.choice(5, 4, replace=False) + 1, reverse=True), cutaways, strict=True):
        scenes.insert(int(at), cutaway)
    return scenes


def filmed(scenes: list[Scene], chance: np.random.Generator) -> ThumbnailVideo:
    """Rows of length one; within a scene alike, aesthetics with one finest moment."""
    rows: list[NDArray[np.float64]] = []
    scores: list[float] = []
    moments: list[tuple[int, int]] = []
    for scene in scenes:
        look = np.concatenate([np.eye(KINDS)[scene.kind], 0.6 * _unit(chance.normal(size=OWN))])
        noise = 0.06 * chance.normal(size=(scene.length, KINDS + OWN))
        rows.extend(_unit(look + one) for one in noise)
        best = int(chance.integers(scene.length))
        away = abs(np.arange(scene.length) - best)
        found = scene.fine + 0.12 * (away == 0) + 0.06 * (away == 1) + 0.02 * chance.normal(size=scene.length)
        if scene.wanted:
            start = len(scores)
            finest = start + int(np.argmax(found))
            moments.append((max(start, finest - 1), min(start + scene.length, finest + 2)))
        scores.extend(found.tolist())
    alike = np.zeros((len(moments), len(rows)), np.bool_)
    for number, (first, end) in enumerate(moments):
        alike[number, first:end] = True
    aesthetics = np.clip(np.array(scores), 0, 1).astype(np.float32)
    return ThumbnailVideo("scenes", np.array(rows, np.float32), aesthetics, alike)


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values / np.linalg.norm(values))


@dataclass(frozen=True, slots=True)
class Look:
    kind: NDArray[np.float64]
    shots: int
    fine: float
    wanted: bool


SPONSOR = np.abs(np.random.default_rng(5).normal(size=20))


def taking_turns(chance: np.random.Generator) -> ThumbnailVideo:
    """Shots of two to five frames of six looks, shuffled."""
    finest = int(chance.integers(3))
    looks = [
        Look(_look(chance), count, float(chance.uniform(0.4, 0.5)) + 0.15 * (n == finest), True)
        for n, count in enumerate((5, 4, 4))
    ]
    looks += [Look(_look(chance), 1, float(chance.uniform(0.45, 0.7)), False) for _ in range(2)]
    looks.append(Look(SPONSOR, 2, float(chance.uniform(0.8, 0.9)), False))
    shots = [number for number, look in enumerate(looks) for _ in range(look.shots)]
    frames = [(look, shot) for shot, look in enumerate(chance.permutation(shots)) for _ in range(chance.integers(2, 6))]
    rows = [looks[look].kind + 0.15 * np.abs(chance.normal(size=len(SPONSOR))) for look, _ in frames]
    scores = np.array([looks[look].fine for look, _ in frames]) + chance.uniform(-0.08, 0.08, len(frames))
    alike = np.zeros((3, len(frames)), np.bool_)
    for look in range(3):
        finest = max((at for at, one in enumerate(frames) if one[0] == look), key=lambda at: float(scores[at]))
        for at in range(max(0, finest - 1), min(len(frames), finest + 2)):
            alike[look, at] = frames[at] == frames[finest]
    aesthetics = np.clip(scores, 0, 1).astype(np.float32)
    return ThumbnailVideo("turns", np.array(rows, np.float32), aesthetics, alike)


def _look(chance: np.random.Generator) -> NDArray[np.float64]:
    """Half of the units of a layer are silent."""
    values = np.abs(chance.normal(size=len(SPONSOR)))
    return np.asarray(values * (chance.random(len(values)) < 0.5))


def run_of_scenes(chance: np.random.Generator) -> ThumbnailVideo:
    return filmed(long_and_short(chance), chance)


Script = Callable[[np.random.Generator], ThumbnailVideo]


def generated(name: str, script: Script, seed: int) -> Data:
    def video(number: int) -> ThumbnailVideo:
        chance = rng("thumbnails", name, seed, number)
        return replace(script(chance), name=f"v{number}")

    videos = tuple(video(number) for number in range(VIDEOS + HELD_OUT))
    return Data(videos[:VIDEOS], videos[VIDEOS:], f"{name} {seed}")


def shuffled(data: Data, seed: int) -> Data:
    """What people chose, and what is like it, falls on other frames."""

    def one(video: ThumbnailVideo) -> ThumbnailVideo:
        order = rng("null", seed, video.name).permutation(video.alike.shape[1])
        return replace(video, alike=video.alike[:, order])

    return replace(data, test=tuple(map(one, data.test)))


# --- what is compared -----------------------------------------------------------------------------------------------

_TINY = LearnThumbnails(_HERE, _HERE, hidden=16, layers=1, epochs=30, batch=4, learning_rate=1e-2)


def _learned(recipe: LearnThumbnails) -> Callable[[Data, int], list[list[int]]]:
    def picks(data: Data, seed: int) -> list[list[int]]:
        mine = replace(recipe, seed=seed)
        network, _ = fit(data.train, mine)
        return [thumbnails(network, one, mine) for one in data.test]

    return picks


def _at_random(data: Data, seed: int) -> list[list[int]]:
    return [rng("picks", seed, one.name).choice(len(one.features), TOP, replace=False).tolist() for one in data.test]


def _finest(data: Data, _: int) -> list[list[int]]:
    return [np.argsort(-one.aesthetics, kind="stable")[:TOP].tolist() for one in data.test]


def _untaught(data: Data, _: int) -> list[list[int]]:
    return [thumbnails(None, one, _TINY) for one in data.test]


METHODS: Mapping[str, Callable[[Data, int], list[list[int]]]] = {
    "random": _at_random,
    "aesthetics": _finest,
    "aesthetics, demoted": _untaught,
    "no diversity": _learned(replace(_TINY, gamma=0.0, demote=False)),
    "RL-DiVTS": _learned(_TINY),
}


_PICKED: dict[tuple[str, int, str], list[list[int]]] = {}
"""What a method picks does not hang on what people chose: the null control has the same picks, computed once."""


def run(data: Data, seed: int, method: str) -> Mapping[str, float]:
    key = data.name, seed, method
    picked = _PICKED[key] if key in _PICKED else _PICKED.setdefault(key, METHODS[method](data, seed))
    pairs = list(zip(picked, data.test, strict=True))
    return {
        "top-3": float(np.mean([top_matching(picks, one.alike) for picks, one in pairs])),
        "hits": float(np.mean([hits(picks, one.alike) for picks, one in pairs])),
        "aesthetics": float(np.mean([one.aesthetics[picks].mean() for picks, one in pairs])),
    }


_SOURCE = "D5.4 §3.2"
PLANTED = Planted(
    name="thumbnails",
    generators={
        "first": lambda seed: generated("first", run_of_scenes, seed),
        "second": lambda seed: generated("second", taking_turns, seed),
    },
    shuffled=shuffled,
    run=run,
    methods=tuple(METHODS),
    claims=tuple(
        Claim("RL-DiVTS", worse, "top-3", source=_SOURCE)
        for worse in ("random", "aesthetics", "aesthetics, demoted", "no diversity")
    ),
    code=("keyart.learn.thumbnails",),
    note="Wanted is the finest moment of each scene that lasts (second: of each frequent look); finer are cutaways.",
)

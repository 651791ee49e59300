"""GIF thumbnails whose reason is known: one story in three acts, told in several valid ways (seed 002).

First generator. A video is some thirty one-second shots in random order. Three stories are in it, and of each the
shots of three tellings: a beginning, a development, an end, each look a random vector of its own. Title shots, loud
as titles are, say which of the stories the video is about. A GIF is right where it tells that story, in one telling,
its acts in their order; one of the stories is told from its end. So there are three right GIFs, and they follow from
the relation of shots: no shot is good by itself, and the order in the video says nothing. Two acts also have a bland
shot, the mean of their three tellings, which is in no GIF. All shots of a video share a tint; each has noise of its
own.

What to expect, from the design but for the fixed prior, which trial runs on seed 0 had shown by then:

    re-seq2seq    has one answer for three right ones: their mean, where the bland shots lie, half a way off
    gevaden       takes one telling by the sample, the story by the prior or by the generator: near 0
    lambda        nothing is planted for the perceptual loss; what it brings, it brings by itself
    fixed prior   the seed has it last, behind re-seq2seq. Here the generator can read the story off the video's vector
                  and leave the telling to the sample; a fixed prior then loses little, and the seed's order fails
    ranked        cannot know the story from a shot, nor the order of acts: a wrong shot is half a way off or more

The trial runs also set how loud the titles are, the length of the features, and the weight of the divergence.
Comments fall on every second, four times as densely on the shots of right GIFs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyart.learn.gif.gevaden import LearnGif, drawing, fit_gif
from keyart.learn.gif.scoring import scored
from keyart.learn.sets.values import GifVideo, Triple
from keyart.learn.training import rng

VIDEOS = (240, 32, 48)
"""To train, validate, test."""
SIZE, STORIES, TELLINGS, ACTS = 24, 3, 3, 3
NORM = 3.0
_HERE = Path()


@dataclass(frozen=True, slots=True)
class Data:
    train: tuple[GifVideo, ...]
    validation: tuple[GifVideo, ...]
    test: tuple[GifVideo, ...]

    @property
    def parts(self) -> tuple[tuple[GifVideo, ...], ...]:
        return self.train, self.validation, self.test


def stories(seed: int) -> Data:
    """The first generator."""
    world = rng("gif stories", seed)
    looks = world.standard_normal((STORIES, ACTS, TELLINGS, SIZE)) * NORM / np.sqrt(SIZE)
    titles = 2 * world.standard_normal((STORIES, SIZE)) * NORM / np.sqrt(SIZE)
    backwards = world.permutation(STORIES) < STORIES // 2

    def video(number: int) -> GifVideo:
        chance = rng("gif stories", seed, number)
        story = int(chance.integers(STORIES))
        bland = [looks[story, act].mean(axis=0) for act in chance.permutation(ACTS)[:2]]
        rows = [*looks.reshape(-1, SIZE), titles[story], titles[story], titles[story], *bland]
        places = chance.permutation(len(rows))
        shots = np.empty((len(rows), SIZE), np.float32)
        shots[places] = rows
        shots += 0.1 * chance.standard_normal(SIZE) / np.sqrt(SIZE) * NORM
        shots += 0.1 * chance.standard_normal(shots.shape) / np.sqrt(SIZE) * NORM
        at = places[: STORIES * ACTS * TELLINGS].reshape(STORIES, ACTS, TELLINGS)[story]
        acts = (2, 1, 0) if backwards[story] else (0, 1, 2)
        gifs = tuple(triple_of(at[list(acts), telling]) for telling in range(TELLINGS))
        return video_of(f"{number}", shots, gifs, chance)

    return parts_of(video)


def triple_of(places: NDArray[np.int64]) -> Triple:
    first, second, third = places.tolist()
    return first, second, third


def video_of(name: str, shots: NDArray[np.float32], gifs: tuple[Triple, ...], chance: np.random.Generator) -> GifVideo:
    rates = np.full(len(shots), 5.0)
    rates[sorted({shot for gif in gifs for shot in gif})] = 20.0
    return GifVideo(name, gifs, chance.poisson(rates), 1.0, len(shots), shots)


def parts_of(video: Callable[[int], GifVideo]) -> Data:
    train, validation, _ = VIDEOS
    made = tuple(video(number) for number in range(sum(VIDEOS)))
    return Data(made[:train], made[train : train + validation], made[train + validation :])


def shuffled(data: Data, seed: int) -> Data:
    """As many GIFs of each video, of shots drawn from all of it; the comments fall as before."""

    def one(video: GifVideo) -> GifVideo:
        chance = rng("null", seed, video.name)
        gifs = tuple(triple_of(chance.permutation(len(video.features))[:3]) for _ in video.gifs)
        return replace(video, gifs=gifs)

    return Data(*(tuple(map(one, part)) for part in data.parts))


METHODS: Mapping[str, Mapping[str, object]] = {
    "gevaden": {},
    "lambda=0": {"perceptual": 0.0},
    "re-seq2seq": {"model": "re-seq2seq"},
    "fixed prior": {"model": "fixed-prior"},
    "ranked": {"model": "ranked"},
}


def recipe(method: str, seed: int) -> LearnGif:
    """The recipe as it stands, in the size of the planted features; they are a tenth as long as pooled features of a
    3D-ResNet, and so is the weight of the divergence beside the regression."""
    small = LearnGif(
        _HERE, _HERE, semantic=48, gif_semantic=32, latent=6, learning_rate=3e-3, beta=0.01, epochs=6, patience=0,
        draws=24, validation_draws=4, seed=seed,
    )  # fmt: skip
    return replace(small, **METHODS[method])  # type: ignore[arg-type]


def run(data: Data, seed: int, method: str) -> Mapping[str, float]:
    own = recipe(method, seed)
    network, _ = fit_gif(data.train, data.validation, own)
    return scored(drawing(network, own), data.test, own.draws).facts()

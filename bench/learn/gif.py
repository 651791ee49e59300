"""GEVADEN and what it is compared with on planted GIFs. The first generator, and the runs, are in `gif_stories`.

Second generator, written when the recipe and the first were frozen. A look is a person's vector turned by a rotation
that stands for what the person does: ask, answer, react. Of six persons three do all of it in a video, in a random
order, and the others do one thing each; a GIF is right where one of the three asks, answers and reacts. Weather shots
say in which order: under one sky the reaction comes first. Two of the roles have a bland shot, the mean of the three
persons, and there are shots of nothing. So what is right hangs on who appears how often, on a sign elsewhere, and on
the roles; the looks are products, not sums, of what they are made of.

What to expect: re-seq2seq again lies at a mean of three; GEVADEN has to learn which three of six are complete before
its samples keep to them, a harder thing than to read a title; the fixed prior has no way to keep to them but the
generator.
"""

from __future__ import annotations

import numpy as np

from bench.learn.gif_stories import METHODS, NORM, SIZE, Data, parts_of, run, shuffled, stories, triple_of, video_of
from bench.learn.planted import Claim, Planted
from keyart.learn.sets.values import GifVideo
from keyart.learn.training import rng

PERSONS, TOLD, ROLES = 6, 3, 3


def persons(seed: int) -> Data:
    """The second generator."""
    world = rng("gif persons", seed)
    people = world.standard_normal((PERSONS, SIZE)) * NORM / np.sqrt(SIZE)
    turns = [np.linalg.qr(world.standard_normal((SIZE, SIZE)))[0] for _ in range(ROLES)]
    looks = np.stack([people @ turn for turn in turns], axis=1)
    skies = 2 * world.standard_normal((2, SIZE)) * NORM / np.sqrt(SIZE)

    def video(number: int) -> GifVideo:
        chance = rng("gif persons", seed, number)
        order = chance.permutation(PERSONS)
        told, others, sky = order[:TOLD], order[TOLD:], int(chance.integers(2))
        bland = [looks[told, role].mean(axis=0) for role in chance.permutation(ROLES)[:2]]
        nothing = chance.standard_normal((4, SIZE)) * NORM / np.sqrt(SIZE)
        single = [looks[person, chance.integers(ROLES)] for person in others]
        rows = [*looks[told].reshape(-1, SIZE), *single, *bland, *nothing, skies[sky], skies[sky]]
        places = chance.permutation(len(rows))
        shots = np.empty((len(rows), SIZE), np.float32)
        shots[places] = rows
        shots += 0.1 * chance.standard_normal(shots.shape) * NORM / np.sqrt(SIZE)
        at = places[: TOLD * ROLES].reshape(TOLD, ROLES)
        roles = (2, 0, 1) if sky else (0, 1, 2)
        return video_of(f"{number}", shots, tuple(triple_of(one[list(roles)]) for one in at), chance)

    return parts_of(video)


CLAIMS = tuple(
    Claim(better, worse, "PME", higher_is_better=False, source="002, table 2")
    for better, worse in (("gevaden", "lambda=0"), ("lambda=0", "re-seq2seq"), ("re-seq2seq", "fixed prior"))
)

PLANTED = Planted(
    name="gif",
    generators={"first": stories, "second": persons},
    shuffled=shuffled,
    run=run,
    methods=tuple(METHODS),
    claims=CLAIMS,
    code=(
        "keyart.learn.gif.gevaden",
        "keyart.learn.gif.nets",
        "keyart.learn.gif.losses",
        "keyart.learn.gif.metrics",
        "keyart.learn.gif.scoring",
        "keyart.teasers.learned",
    ),
    note="Right is a triple that tells the video's story in one of three tellings, its acts in their order (first); or"
    " one of the three persons who ask, answer and react, in the order that the sky says (second).",
)

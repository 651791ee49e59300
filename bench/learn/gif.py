"""GEVADEN and what it is compared with on planted GIFs: see `bench.learn.gif_stories` for what is planted."""

from __future__ import annotations

from bench.learn.gif_stories import METHODS, run, shuffled, stories
from bench.learn.planted import Claim, Planted

CLAIMS = tuple(
    Claim(better, worse, "PME", higher_is_better=False, source="002, table 2")
    for better, worse in (("gevaden", "lambda=0"), ("lambda=0", "re-seq2seq"), ("re-seq2seq", "fixed prior"))
)

PLANTED = Planted(
    name="gif",
    generators={"first": stories},
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
    note="Right is a triple that tells the video's story in one of three tellings, its acts in their order.",
)

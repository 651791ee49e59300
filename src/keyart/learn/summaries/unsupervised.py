"""What summarisers that learn from videos alone share: batches of one length, the way from an h5 file to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting
from keyart.learn.export import write_kamodel
from keyart.learn.protocol import Best
from keyart.learn.sets.values import AnnotatedVideo
from keyart.learn.summaries.pgl_sum_training import (
    MODEL,
    Scorer,
    judged,
    read_videos,
    scores_of,
    splits_of,
    torch_of,
    written,
)
from keyart.learn.training import FREE, Plan, Say, plain_settings, shuffled, stamp_of, train
from keyart.models.kamodel import LearnedCard

Features = NDArray[np.float32]


class Recipe(Protocol):
    """The settings that both have."""

    @property
    def data(self) -> Path: ...
    @property
    def out(self) -> Path: ...
    @property
    def splits(self) -> Path: ...
    @property
    def best(self) -> Best: ...
    @property
    def features(self) -> str: ...
    @property
    def epochs(self) -> int: ...
    @property
    def checkpoint_steps(self) -> int: ...
    @property
    def seed(self) -> int: ...
    def learner(self, videos: Sequence[Features]) -> Any: ...


def learned(recipe: Any, name: str, say: Say, free: Sequence[str] = FREE) -> dict[str, Any]:
    """Train on each split and on all videos, judge, write the model and the facts. `recipe` is a `Recipe`."""
    known: Recipe = recipe
    videos, sha256 = read_videos(known.data)
    stamp = stamp_of(recipe, sha256, (*free, "splits", "best"))

    def fit(chosen: Sequence[AnnotatedVideo], part: str, seed: int) -> Any:
        say(f"{part}: {len(chosen)} videos")
        learner = replace(recipe, seed=seed).learner([one.features for one in chosen])
        names = ",".join(one.name for one in chosen)
        train(learner, Plan(known.epochs, seed, known.checkpoint_steps), known.out / part, f"{stamp} {names}", say)
        return learner.network

    def scorer(chosen: Sequence[AnnotatedVideo], split: int) -> Scorer:
        return scorer_of(fit(chosen, f"split_{split}", known.seed + split))

    found = judged(scorer, videos, splits_of(known.splits, videos, known.seed), known.best)
    network = fit(videos, "all", known.seed).cpu()
    card = LearnedCard(
        name, "frames", name, known.features, feature_size([one.features for one in videos]), known.data.name, sha256,
        found.scores(), plain_settings(recipe), note="scores are of five splits, the model is of all videos",
    )  # fmt: skip
    rows = torch_of(videos[0].features[None, :64])
    write_kamodel(known.out / MODEL, network, (rows,), ("features",), ("scores",), card, dynamic={"features": {1: "n"}})
    return written(recipe, name, known.data, sha256, videos, found)


def scorer_of(network: Any) -> Scorer:
    return lambda video: scores_of(network, video.features)


def feature_size(videos: Sequence[Features]) -> int:
    """The one width of all. Raises `BadSetting` where there are none or several."""
    sizes = {int(one.shape[1]) for one in videos if one.size}
    if len(sizes) != 1 or not all(one.size for one in videos):
        raise BadSetting(f"{len(videos)} videos with features of {sorted(sizes) or 'no'} columns; wanted is one width")
    return sizes.pop()


def batches(videos: Sequence[Features], size: int, seed: int, epoch: int) -> list[Features]:
    """Videos of one length together, at most `size`, (b, n, d), in an order of this epoch."""
    alike: dict[int, list[Features]] = {}
    for one in shuffled(videos, seed, epoch):
        alike.setdefault(len(one), []).append(np.asarray(one, np.float32))
    parts = [rows[at : at + size] for rows in alike.values() for at in range(0, len(rows), size)]
    return [np.stack(part) for part in shuffled(parts, seed, epoch)]
